"""Running back-tests: as a function, and as a job with progress that keeps its result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django_tasks import task

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, company_remembered
from enishi.accounts.models import Account, Member
from enishi.definitions.contracts import Scorecard
from enishi.definitions.models import DefinitionVersion
from enishi.definitions.reads import find_published, get_default_scorecard, list_scorecards
from enishi.definitions.rules import parse_body
from enishi.forecasts.panel import snapshot_days
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.signals.backtest import DRAWS, Snapshots, band_moves, report, snapshots
from enishi.signals.bands import UNKNOWN
from enishi.signals.context import Card, Rules, load_rules
from enishi.signals.judging import judge, walk_bands
from enishi.signals.mapping import column
from enishi.signals.models import Backtest, ManualMeasure, ScoringRun
from enishi.signals.outcomes import Outcome, read_labels
from enishi.signals.outoftime import forecast_past
from enishi.signals.panel import living_rows, read_frame
from enishi.signals.scoring import bands_before, overrides_on
from enishi.signals.stages import have_left
from enishi.store.api import Published

DAYS_AT_ONCE = 26
BASE_METRICS = ("days_since_last_seen", "events_90", "tenure_days")
HISTORY_DAYS = 730
RECORD_GOOD_FOR_DAYS = 7
LEAST_DAYS_OF_RECORD = 180
HELD = "held_band"

Progress = Callable[[float, float], object]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: a scorecard against the one in force, over snapshots of the past, for an outcome."""

    draft: Scorecard
    outcome: Outcome
    days: tuple[date, ...]
    published: Scorecard | None = None
    today: date | None = None
    every: str = ""
    seed: int = 0
    draws: int = DRAWS


def run_backtest(
    trial: Trial, *, home: Home | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Try a scorecard on the past; see :func:`enishi.signals.backtest.report` for the result."""
    home, tell = home or Home.from_environment(), progress or (lambda done, total: None)
    with company_remembered():
        drafted, published, base = _judge_past(trial, home, lambda done, total: tell(45 * done / total, 100))
        labels = read_labels(home, trial.days, trial.outcome)
        told = forecast_past(
            home,
            trial.days,
            trial.outcome,
            load_rules([Card("draft", trial.draft)]),
            first_use(home),
            lambda done, total: tell(45 + 50 * done / total, 100),
        )
        result = report(drafted, base, labels, trial.outcome, published, trial.seed, trial.draws, told)
        result |= {
            "every": trial.every,
            "from": (trial.days[0] + timedelta(days=1)).isoformat() if trial.days else None,
            "to": (trial.days[-1] + timedelta(days=1)).isoformat() if trial.days else None,
            **_today(trial, home),
        }
    return _named(result)


def _rules(trial: Trial) -> Rules:
    cards = [Card("draft", trial.draft)]
    if trial.published is not None:
        cards.append(Card("published", trial.published))
    return load_rules(cards)


def _judge_past(
    trial: Trial, home: Home, progress: Progress
) -> tuple[Snapshots, Snapshots | None, pd.DataFrame]:
    rules = _rules(trial)
    parts: list[list[Snapshots]] = [[] for _ in rules.cards]
    bases, held = [], [dict[int, int]() for _ in rules.cards]
    with KnownRecords(home) as records:
        for start in range(0, len(trial.days), DAYS_AT_ONCE):
            days = trial.days[start : start + DAYS_AT_ONCE]
            frame = read_frame(home, days, rules, records=records)
            bases.append(_base(frame.rows))
            for i in range(len(rules.cards)):
                parts[i].append(_snapshots(frame.rows, rules, i, held[i]))
            progress(start + len(days), len(trial.days))
    joined = [Snapshots(pd.concat([p.rows for p in part], ignore_index=True)) for part in parts]
    return joined[0], joined[1] if len(joined) > 1 else None, pd.concat(bases, ignore_index=True)


def _base(rows: pd.DataFrame) -> pd.DataFrame:
    base = rows[["as_of", "account_id"]].copy()
    for name in BASE_METRICS:
        base[name] = column(rows, name)
    return base


def _snapshots(rows: pd.DataFrame, rules: Rules, number: int, held: dict[int, int]) -> Snapshots:
    """One scorecard over some days, of those who were customers then; ``held`` carries the bands on to the next
    part."""
    alone = Rules((rules.cards[number],), rules.causes, rules.metrics, rules.stages)
    judgement = judge(rows, alone)
    codes = walk_bands(judgement, held)
    last = rows.groupby("account_id").tail(1).index
    held.update(zip(rows.loc[last, "account_id"].tolist(), codes[last].tolist(), strict=True))
    here = ~have_left(rows)
    return snapshots(rows[here], judgement.tenths[here], judgement.known[here], codes[here])


def _today(trial: Trial, home: Home) -> dict[str, Any]:
    """Who would change band today."""
    if trial.today is None:
        return {"moves": [], "move_counts": {}, "accounts_today": 0}
    rules = _rules(trial)
    with KnownRecords(home) as records:
        rows = _with_held(
            living_rows(read_frame(home, [trial.today], rules, records=records)).rows, trial.today
        )
    before = None if trial.published is None else _standing(rows, rules, 1, trial.today)
    return band_moves(before, _standing(rows, rules, 0, trial.today))


def _with_held(rows: pd.DataFrame, today: date) -> pd.DataFrame:
    """The frame of today with the band each account held before, as the scoring of today takes it."""
    held = bands_before(today, set(rows["account_id"].tolist()))
    return rows.assign(**{HELD: rows["account_id"].map(held).fillna(UNKNOWN).astype(int)})


def _standing(rows: pd.DataFrame, rules: Rules, number: int, today: date) -> Snapshots:
    """What stands today under one scorecard: the margin counts from the band held, and a band somebody set stays."""
    held = dict(zip(rows["account_id"].tolist(), rows[HELD].tolist(), strict=True))
    found = _snapshots(rows, rules, number, held).rows
    stated, own = overrides_on(today), zip(found["account_id"].tolist(), found["band"].tolist(), strict=True)
    return Snapshots(found.assign(band=[stated.get(account, band) for account, band in own]))


def _named(result: dict[str, Any]) -> dict[str, Any]:
    """Put the accounts' names beside their numbers."""
    entries = [*result["missed"], *result["moves"]]
    ids = {entry["account_id"] for entry in entries}
    names = dict(Account.objects.filter(pk__in=ids).values_list("pk", "name"))
    for entry in entries:
        entry["name"] = names.get(entry["account_id"], "")
    return result


def default_outcome(home: Home) -> Outcome:
    """Recorded churn where contracts have ended, else half a year of silence."""
    with KnownRecords(home) as records:
        if records.has("subscription"):
            files = records.published.files("record_subscription")
            row = records.connection.execute(
                "select count(*) from read_parquet($files) where ended_on is not null", {"files": files}
            ).fetchone()
            if row and row[0]:
                return Outcome("churn", 90)
    return Outcome("silence", 180)


def default_start(home: Home, end: date) -> date:
    """Where a back-test begins if nobody says: two years before its end, and not before the first use.

    Accounts are often known for years before their use is; judging those days would only count unknowns.
    """
    earliest, used = end - timedelta(days=HISTORY_DAYS), first_use(home)
    first = used + timedelta(days=1) if used else earliest  # a snapshot shows the end of the day before it
    return first if earliest < first <= end else earliest


def first_use(home: Home) -> date | None:
    """The first day anybody used anything; None before that."""
    days = [date.fromisoformat(file.first) for file in Published(home).entries("usage") if file.first]
    return min(days, default=None)


def scorecard_in_force(slug: str = "default") -> Scorecard:
    """The published scorecard of a name; the shipped one where there is none."""
    found = find_published("scorecard", slug)
    return found.body if found else get_default_scorecard()


# ------------------------------------------------------------------------------------------------ jobs


def ask_backtest(
    version: DefinitionVersion,
    *,
    member: Member | None,
    now: datetime,
    outcome: str = "",
    every: str = "month",
    start: date | None = None,
    end: date | None = None,
) -> Backtest:
    """Queue the back-test of a scorecard version; its row shows progress and keeps the result."""
    home = Home.from_environment()
    chosen = Outcome.parse(outcome) if outcome else default_outcome(home)
    today = company_day(now)
    end = end or today
    start = start or default_start(home, end)
    snapshot_days(every, start, end)
    parameters = {"outcome": str(chosen), "every": every, "from": start.isoformat(), "to": end.isoformat()}
    with transaction.atomic():
        row = Backtest.objects.create(version=version, parameters=parameters, asked_by=member, asked_at=now)
        write_audit(member or "system", "backtest_asked", version, detail=parameters)
        transaction.on_commit(lambda: _enqueue(row.pk, today))
    return row


def renew_records(now: datetime) -> list[Backtest]:
    """Queue the back-test of each scorecard in force that was not tried for a week, once half a year of use is there:
    whether the score deserves trust is answered before anybody asks."""
    used = first_use(Home.from_environment())
    if used is None or (company_day(now) - used).days < LEAST_DAYS_OF_RECORD:
        return []
    recent = Backtest.objects.filter(asked_at__gt=now - timedelta(days=RECORD_GOOD_FOR_DAYS))
    tried = set(recent.values_list("version_id", flat=True))
    versions = [entry.version for entry in list_scorecards()]
    return [ask_backtest(version, member=None, now=now) for version in versions if version.pk not in tried]


def _enqueue(number: int, today: date) -> None:
    backtest_job.enqueue(number, today.isoformat())


@task()
def backtest_job(number: int, today: str) -> None:
    """Run one queued back-test. May be repeated: the result is written over."""
    row = Backtest.objects.select_related("version__definition").get(pk=number)
    Backtest.objects.filter(pk=number).update(status="running", progress=0, error="")
    try:
        result = run_backtest(_trial_of(row, date.fromisoformat(today)), progress=_keeper(number))
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        Backtest.objects.filter(pk=number).update(status="failed", error=message, finished_at=system_clock())
        raise
    Backtest.objects.filter(pk=number).update(
        status="done", progress=100, result=result, finished_at=system_clock()
    )


def _keeper(number: int) -> Progress:
    def keep(done: float, total: float) -> None:
        Backtest.objects.filter(pk=number).update(progress=int(100 * done / total))

    return keep


def _trial_of(row: Backtest, today: date) -> Trial:
    given = row.parameters
    published = find_published("scorecard", row.version.definition.slug)
    same = published is not None and published.version.pk == row.version_id
    return Trial(
        draft=parse_body("scorecard", row.version.body),
        outcome=Outcome.parse(given["outcome"]),
        days=tuple(
            snapshot_days(given["every"], date.fromisoformat(given["from"]), date.fromisoformat(given["to"]))
        ),
        published=None if published is None or same else published.body,
        today=today,
        every=given["every"],
    )


def preview(
    body: dict[str, Any],
    today: date,
    *,
    slug: str = "default",
    accounts: Collection[int] | None = None,
    home: Home | None = None,
) -> dict[str, Any]:
    """Who would change band today under an unsaved scorecard, with the distribution before and after.

    Args:
        accounts: count and list only these (peers are still everyone).

    Raises:
        BadDefinition: the body has mistakes.
    """
    card: Scorecard = parse_body("scorecard", body)
    trial = Trial(card, Outcome("silence", 180), (), published=scorecard_in_force(slug), today=today)
    rules = _rules(trial)
    home = home or Home.from_environment()
    rows = _rows_of_today(home, today, rules)
    after, before = (_only(_standing(rows, rules, i, today), accounts) for i in (0, 1))
    moved = _named({"missed": [], **band_moves(before, after)})
    return {
        **{name: moved[name] for name in ("moves", "move_counts", "accounts_today")},
        "before": before.rows["band"].value_counts().to_dict(),
        "after": after.rows["band"].value_counts().to_dict(),
        "histogram": _histogram(after.rows["tenths"]),
    }


def _only(found: Snapshots, accounts: Collection[int] | None) -> Snapshots:
    if accounts is None:
        return found
    return Snapshots(found.rows[found.rows["account_id"].isin(accounts)])


_today_rows: dict[tuple[Any, ...], pd.DataFrame] = {}


def _rows_of_today(home: Home, today: date, rules: Rules) -> pd.DataFrame:
    """The frame of today with every metric and the bands held, read once per published generation and scoring: an
    editor asks at each change."""
    stated = sorted(m.id for card in rules.cards for m in card.body.measures if m.manual)
    with company_remembered(), KnownRecords(home) as records:
        scored = ScoringRun.objects.order_by("-pk").values_list("pk", flat=True).first()
        key = (home.root, records.published.generation, today, scored, *stated, ManualMeasure.objects.count())
        if key not in _today_rows:
            frame = living_rows(read_frame(home, [today], rules, records=records, every_metric=True))
            _today_rows.clear()
            _today_rows[key] = _with_held(frame.rows, today)
        return _today_rows[key]


def _histogram(tenths: Sequence[float] | pd.Series[float]) -> list[int]:
    """Accounts by score in ten steps of ten points."""
    known = pd.Series(tenths).dropna()
    counts, _ = np.histogram(known, bins=np.arange(0, 1101, 100)[:11])
    return [int(n) for n in counts]
