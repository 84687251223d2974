"""The past as it was judged then: reading it and explaining it. What was once said is never rewritten, and reading
writes nothing: the judgement of a day is the same whoever asks for it, and whether or not somebody asked before."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from enishi.accounts.company import company_day, company_remembered, refuse_future
from enishi.accounts.models import Account
from enishi.definitions.models import DefinitionVersion
from enishi.definitions.rules import parse_body
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.signals.asked import judge_day, scores_then
from enishi.signals.asof import KnownRecords
from enishi.signals.bands import BANDS, UNKNOWN
from enishi.signals.context import Card, load_rules
from enishi.signals.evidence import find_facts, newest_mentions
from enishi.signals.judging import Judgement, judge
from enishi.signals.limits import limit_of
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.signals.outdated import rest_on
from enishi.signals.panel import read_frame, week_before
from enishi.signals.provenance import provenance_of, stored_week_ago, week_text
from enishi.signals.scoring import overrides_on, pair_rows
from enishi.signals.states import (
    LineWriter,
    ReasonWriter,
    expand_lines,
    needed_facts,
)
from enishi.signals.writing import write_scores


def scores_as_of(
    day: date, *, home: Home | None = None, now: datetime | None = None, keep: bool = False
) -> dict[int, HealthScore]:
    """Account -> its score of a day: the one kept that day, else what the rules in force say of it from what was known
    then.

    Args:
        keep: save what had to be worked out: somebody asked for the day to be scored, not only to look at it.
    """
    now, home = now or system_clock(), home or Home.from_environment()
    refuse_future(day, now)
    if kept := kept_on(day):
        return kept
    if not keep:
        return judge_day(day, now=now, home=home)
    rest_on(home)
    write_scores(list(judge_day(day, now=now, home=home).values()))
    return kept_on(day)


def drop_future_scores(now: datetime) -> int:
    """Delete scores of days still to come: earlier versions kept them when asked. Returns how many there were."""
    return HealthScore.objects.filter(day__gt=company_day(now)).delete()[0]


def kept_on(day: date) -> dict[int, HealthScore]:
    """The accounts' own scores of the day, under whatever scorecard each had then."""
    scores = HealthScore.objects.filter(day=day, own=True).select_related("version")
    return {score.account_id: score for score in scores}


def lines_of(score: HealthScore, *, home: Home | None = None) -> list[dict[str, Any]]:
    """The lines of a past score in words; computed again as known then where only the score was kept."""
    spoken: list[dict[str, Any]] | None = score.__dict__.get("spoken_lines")
    if spoken is None:
        spoken = score.__dict__["spoken_lines"] = _speak(score, home)
    return spoken


def _speak(score: HealthScore, home: Home | None) -> list[dict[str, Any]]:
    if not score.lines:
        return list(explain(score.account_id, score.day, home=home)["lines"])
    if isinstance(score.lines[0], dict):
        return list(score.lines)
    card = parse_body("scorecard", score.version.body)
    return expand_lines(score.lines, card, load_rules([]))


def explain(account_id: int, day: date | None = None, *, home: Home | None = None) -> dict[str, Any]:
    """Score, lines, changes since a week before, causes and alerts of an account, now or as known on a day.

    Returns:
        The shapes of :class:`AccountState`, with ``account_id``, ``day``, ``scorecard``, ``version``, ``limit``,
        ``judged`` (when and by which version) and ``week_note``. Without ``day`` where today was
        never scored: the last day that was, else as of today.

    Raises:
        NotFound: the account had no facts on that day.
    """
    state = AccountState.objects.filter(pk=account_id).first()
    if state is not None and day in (None, state.day):
        return _explain_state(state)
    if day is None:
        own = HealthScore.objects.filter(account=account_id, own=True)
        last = own.order_by("-day").values_list("day", flat=True)
        day = last.first() or company_day(system_clock())
    with company_remembered():
        return _explain_past(account_id, day, home or Home.from_environment())


_SHOWN = (
    "scorecard", "tenths", "band", "computed_tenths", "computed_band", "coverage", "tenths_week_ago", "band_week_ago",
    "trend", "stage", "lines", "changes", "causes", "alerts",
)  # fmt: skip


def _explain_state(state: AccountState) -> dict[str, Any]:
    version = DefinitionVersion.objects.filter(
        definition__kind="scorecard", definition__slug=state.scorecard, status="published"
    ).first()
    shown = {name: getattr(state, name) for name in _SHOWN}
    told = {"account_id": state.pk, "day": state.day, "version": version.number if version else None, **shown}
    kept = HealthScore.objects.filter(account=state.pk, scorecard=state.scorecard, day=state.day)
    return _with_week(_with_limit(told) | _judged(kept.select_related("version").first()))


def _judged(score: HealthScore | None) -> dict[str, Any]:
    """``judged``: when, and by which version; None where no score was kept."""
    return {"judged": provenance_of(score).as_json() if score else None}


def _with_week(told: dict[str, Any]) -> dict[str, Any]:
    """``week_note``: said where the score kept a week ago is another than the present version gives for that day."""
    stored = stored_week_ago(told["account_id"], told["scorecard"], told["day"], told.get("tenths_week_ago"))
    note = week_text(stored) if stored is not None else None
    return {**told, "week_note": {"en": note.en, "ja": note.ja, "tenths": stored} if note else None}


def _with_limit(told: dict[str, Any]) -> dict[str, Any]:
    """``limit``: what keeps the account without a score or its score down, in both languages; None where nothing."""
    limit = limit_of(told["scorecard"], told["tenths"], told["coverage"], told["lines"])
    return {**told, "limit": limit.as_json() if limit else None}


def _explain_past(account_id: int, day: date, home: Home) -> dict[str, Any]:
    own = HealthScore.objects.filter(account=account_id, day=day, own=True)
    stored = own.select_related("version").first()
    rules = load_rules(_card_of(stored))
    with KnownRecords(home) as records:
        frame = read_frame(home, [week_before(day), day], rules, records=records)
        facts = find_facts(records, needed_facts(rules), day) | newest_mentions(records, frame.mentions, day)
    judgement = judge(frame.rows, rules)
    rows, then_rows = pair_rows(judgement, day, week_before(day), {account_id})
    if not len(rows):
        raise _nothing_known(account_id, day)
    row, then = int(rows[0]), int(then_rows[0])
    score = stored or scores_then(judgement, rows, {}, day, system_clock()).get(account_id)
    band = score.band if score else BANDS[UNKNOWN]
    told = {
        "account_id": account_id,
        "day": day,
        "band": overrides_on(day).get(account_id, band),
        "computed_band": band,
        "stage": str(judgement.rows["stage"].iloc[row]),
        **_explain_row(judgement, row, then),
        **_reasons(judgement, row, ReasonWriter(judgement, facts), account_id, day),
    }
    return _with_week(_with_limit(told) | _judged(score))


def _card_of(stored: HealthScore | None) -> list[Card] | None:
    if stored is None:
        return None
    return [Card(stored.scorecard, parse_body("scorecard", stored.version.body), stored.version)]


def _explain_row(judgement: Judgement, row: int, then: int) -> dict[str, Any]:
    number = int(judgement.chosen[row])
    if number < 0:
        return {"scorecard": "", "version": None, "tenths": None, "coverage": 0.0, "lines": [], "changes": []}
    ev, card = judgement.evaluations[number], judgement.rules.cards[number]
    writer = LineWriter(ev, judgement.rules)
    known, before = bool(ev.known[row]), then >= 0 and bool(ev.known[then])
    tenths = int(ev.tenths[row]) if known else None
    return {
        "scorecard": card.slug,
        "version": card.version.number if card.version else None,
        "tenths": tenths,
        "computed_tenths": tenths,
        "coverage": round(float(ev.coverage[row]), 4),
        "tenths_week_ago": int(ev.tenths[then]) if before else None,
        "lines": writer.lines(row),
        "changes": writer.changes(row, then) if known and before else [],
    }


def _reasons(
    judgement: Judgement, row: int, writer: ReasonWriter, account_id: int, day: date
) -> dict[str, Any]:
    signals = Signal.objects.filter(account=account_id, since__lte=day).exclude(until__lte=day)
    since = dict(signals.values_list("type", "since"))
    alerts = zip(judgement.causes.body.alerts, judgement.causes.alerts[row], strict=True)
    return {
        "causes": writer.cause_entries(row, since),
        "alerts": [
            writer.alert_entry(row, alert, since.get(f"alert:{alert.id}", day))
            for alert, fired in alerts
            if fired
        ],
    }


def _nothing_known(account_id: int, day: date) -> NotFound:
    name = Account.objects.filter(pk=account_id).values_list("name", flat=True).first() or str(account_id)
    return NotFound(
        "nothing_known",
        Text(f"Nothing was known of “{name}” on {day}.", f"「{name}」の{day}時点の情報はありません。"),
        Text("Ask for a later day.", "より後の日付を指定してください。"),
    )
