"""Writing one day's judgement: the state and the score of each account, in batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from numpy.typing import NDArray

from enishi.signals.bands import BANDS, Codes
from enishi.signals.book import SignalBook
from enishi.signals.context import Rules
from enishi.signals.judging import Judgement
from enishi.signals.models import AccountState, HealthScore
from enishi.signals.money import simple_ltv
from enishi.signals.stages import CHURNED
from enishi.signals.states import LineWriter, ReasonWriter, compact_lines, group_tenths, number

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Pass:
    """Everything one day's writing needs. ``now_rows`` and ``week_rows`` are row numbers in the judgement;
    ``week_rows`` is -1 where the account did not exist a week ago."""

    day: date
    now: datetime
    judgement: Judgement
    now_rows: NDArray[np.int64]
    week_rows: NDArray[np.int64]
    bands: Codes
    week_bands: Codes
    trends: NDArray[np.str_]
    stakes: NDArray[np.int64]
    unpriced: NDArray[np.bool_]
    overrides: dict[int, str]
    tiers: dict[int, str]
    worth: dict[int, int]
    monthly_churn: float | None
    margin: float
    keep_lines: bool
    columns: dict[str, NDArray[Any]]  # the frame's columns as plain arrays: rows are read one by one

    @property
    def accounts(self) -> NDArray[np.int64]:
        return self.judgement.accounts[self.now_rows]


_KEEP = {"account", "tier"}


def write_batch(this: Pass, span: range, writer: ReasonWriter, book: SignalBook) -> None:
    lines = [LineWriter(evaluation, this.judgement.rules) for evaluation in this.judgement.evaluations]
    states, scores = [], []
    for i in span:
        state = _make_state(this, i, lines, writer, book)
        states.append(state)
        if (score := _make_score(this, i, state)) is not None:
            scores.append(score)
    fields = [f.name for f in AccountState._meta.fields if f.name not in _KEEP and not f.generated]
    with transaction.atomic():
        AccountState.objects.bulk_create(
            states, update_conflicts=True, update_fields=fields, unique_fields=["account"]
        )
        write_scores(scores)


def write_scores(scores: list[HealthScore]) -> None:
    """Store scores; the same account, scorecard and day again is replaced. An account has one own score a day: one that
    an earlier pass of the day made under another scorecard stands beside it from then on."""
    HealthScore.objects.bulk_create(
        scores,
        batch_size=BATCH,
        update_conflicts=True,
        update_fields=["own", "version", "tenths", "band", "coverage", "groups", "lines", "computed_at"],
        unique_fields=["account", "scorecard", "day"],
    )
    judged: dict[tuple[date, str], list[int]] = {}
    for score in scores:
        if score.own:
            judged.setdefault((score.day, score.scorecard), []).append(score.account_id)
    for (day, scorecard), accounts in judged.items():
        for start in range(0, len(accounts), BATCH):
            others = HealthScore.objects.filter(
                account__in=accounts[start : start + BATCH], day=day, own=True
            )
            others.exclude(scorecard=scorecard).update(own=False)


def _make_state(
    this: Pass, i: int, lines: list[LineWriter], writer: ReasonWriter, book: SignalBook
) -> AccountState:
    row, then = int(this.now_rows[i]), int(this.week_rows[i])
    account = int(this.judgement.accounts[row])
    judged = _judged(this, row, then, lines)
    computed = BANDS[this.bands[i]]
    facts = _facts_of(this, row)
    stated = computed if facts["stage"] == CHURNED else this.overrides.get(account, computed)
    since = book.since(account)
    causes = writer.cause_entries(row, since)
    return AccountState(
        account_id=account,
        day=this.day,
        computed_at=this.now,
        band=stated,
        computed_band=computed,
        band_week_ago=BANDS[this.week_bands[i]] if then >= 0 and not _came_since(this, row, then) else "",
        trend=str(this.trends[i]),
        causes=causes,
        main_cause=causes[0]["cause"] if causes else "",
        alerts=_alerts(this, row, writer, book),
        at_stake=int(this.stakes[i]),
        unpriced=bool(this.unpriced[i]),
        tier=this.tiers.get(account, ""),
        **judged,
        **facts,
        ltv=_worth(this, account, facts["mrr"]),
    )


def _worth(this: Pass, account: int, mrr: int | None) -> int | None:
    """The lifetime value a room above has chosen; where it has none, the simple one."""
    told = this.worth.get(account)
    return told if told is not None else simple_ltv(mrr, this.margin, this.monthly_churn)


def _came_since(this: Pass, row: int, then: int) -> bool:
    """Whether the customer relation began after ``then``: an id leads to its account on days before, too."""
    tenure = this.columns["tenure_days"]
    return bool(pd.isna(tenure[then]) and not pd.isna(tenure[row]))


def _judged(this: Pass, row: int, then: int, lines: list[LineWriter]) -> dict[str, Any]:
    """Score, lines and changes under the row's own scorecard."""
    card = int(this.judgement.chosen[row])
    if card < 0:
        return {"scorecard": "", "tenths": None, "computed_tenths": None, "coverage": 0.0}
    ev = this.judgement.evaluations[card]
    known = bool(ev.known[row])
    compare = then >= 0 and bool(ev.known[then])
    tenths = int(ev.tenths[row]) if known else None
    return {
        "scorecard": this.judgement.rules.cards[card].slug,
        "tenths": tenths,
        "computed_tenths": tenths,
        "coverage": round(float(ev.coverage[row]), 4),
        "tenths_week_ago": int(ev.tenths[then]) if compare else None,
        "lines": lines[card].lines(row),
        "changes": lines[card].changes(row, then) if known and compare else [],
    }


def _alerts(this: Pass, row: int, writer: ReasonWriter, book: SignalBook) -> list[dict[str, Any]]:
    """The alerts that stand: fired today, or not yet quiet for long enough."""
    account = int(this.judgement.accounts[row])
    fired = this.judgement.causes.alerts[row]
    entries = []
    for alert, holds in zip(this.judgement.causes.body.alerts, fired, strict=True):
        signal = book.open.get((account, f"alert:{alert.id}"))
        if signal and holds:
            entries.append(writer.alert_entry(row, alert, signal.since))
        elif signal:
            since = signal.since.isoformat()
            entries.append({"alert": alert.id, "since": since, "evidence": signal.evidence})
    return entries


def _facts_of(this: Pass, row: int) -> dict[str, Any]:
    """What the lists show beside the score."""
    values = _Values(this.columns, row)
    return {
        "metrics": values.all(this.judgement.rules),
        "mrr": values.whole("mrr"),
        "renewal_on": values.day_from(this.day, "days_to_renewal", 1),
        "seats": values.whole("seats"),
        "active_users": values.whole("active_users_28"),
        "last_seen_on": values.day_from(this.day, "days_since_last_seen", -1),
        "last_contact_on": values.day_from(this.day, "days_since_contact", -1),
        "tenure_days": values.whole("tenure_days"),
        "stage": str(values.raw("stage") or ""),
    }


class _Values:
    """One row of the frame."""

    def __init__(self, columns: dict[str, NDArray[Any]], row: int) -> None:
        self.columns = columns
        self.row = row

    def raw(self, name: str) -> Any:
        values = self.columns.get(name)
        return None if values is None else values[self.row]

    def number(self, name: str) -> float | None:
        value = self.raw(name)
        return None if value is None or pd.isna(value) else float(value)

    def whole(self, name: str) -> int | None:
        value = self.number(name)
        return None if value is None else round(value)

    def day_from(self, day: date, name: str, sign: int) -> date | None:
        value = self.whole(name)
        return None if value is None else day + timedelta(days=sign * value)

    def all(self, rules: Rules) -> dict[str, Any]:
        return {name: number(self.number(name)) for name in rules.metrics if name in self.columns}


def _make_score(this: Pass, i: int, state: AccountState) -> HealthScore | None:
    row = int(this.now_rows[i])
    card = int(this.judgement.chosen[row])
    if card < 0 or (version := this.judgement.rules.cards[card].version) is None:
        return None
    return HealthScore(
        account_id=state.account_id,
        scorecard=state.scorecard,
        version=version,
        day=this.day,
        tenths=state.computed_tenths,
        band=state.computed_band,
        coverage=state.coverage,
        groups=group_tenths(this.judgement.evaluations[card], row),
        lines=compact_lines(state.lines) if this.keep_lines else [],
        computed_at=this.now,
    )
