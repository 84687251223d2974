"""One pass over a frame: every row's scorecard, score, causes and alerts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.signals.bands import UNKNOWN, Codes, next_bands
from enishi.signals.card import Evaluation, evaluate
from enishi.signals.causes import CauseEvaluation, judge_causes
from enishi.signals.context import Rules, metrics_of_causes
from enishi.signals.mapping import Flags, without_stale
from enishi.signals.select import choose_cards
from enishi.signals.stages import have_left


@dataclass(frozen=True)
class Judgement:
    """What the rules say of n rows. ``evaluations[i]`` is scorecard i over all n rows."""

    rules: Rules
    rows: pd.DataFrame
    chosen: NDArray[np.int64]
    evaluations: tuple[Evaluation, ...]
    causes: CauseEvaluation

    @cached_property
    def accounts(self) -> NDArray[np.int64]:
        return self.rows["account_id"].to_numpy(dtype=np.int64)

    def pick(self, name: str) -> NDArray[Any]:
        """A row-wise array of each row's own scorecard: ``tenths``, ``known`` or ``coverage``."""
        out = np.zeros(len(self.rows), dtype=bool if name == "known" else float)
        for i, evaluation in enumerate(self.evaluations):
            own = self.chosen == i
            out[own] = getattr(evaluation, name)[own]
        return out

    @cached_property
    def tenths(self) -> NDArray[np.int64]:
        return self.pick("tenths").astype(np.int64)

    @cached_property
    def known(self) -> Flags:
        return self.pick("known")

    def bands_after(self, rows: NDArray[np.int64], before: Codes) -> Codes:
        """Bands of some rows, given the bands their accounts held so far."""
        tenths, known = self.tenths, self.known
        codes = np.full(len(rows), UNKNOWN, dtype=np.int8)
        for i, card in enumerate(self.rules.cards):
            own = self.chosen[rows] == i
            picked = rows[own]
            codes[own] = next_bands(tenths[picked], known[picked], before[own], card.body.bands)
        return codes


def judge(rows: pd.DataFrame, rules: Rules) -> Judgement:
    """Score every row by every scorecard (peers are everyone, whatever their card) and name the causes.

    Former customers have no scorecard, no causes and no alerts: a contract's end is no danger any more.
    """
    bodies = [card.body for card in rules.cards]
    left = have_left(rows)
    chosen = np.where(left, -1, choose_cards(bodies, rows))
    evaluations = tuple(evaluate(body, rows, rules.freshness, rules.compared) for body in bodies)
    fresh = without_stale(rows, metrics_of_causes(rules.causes), rules.freshness)
    causes = judge_causes(rules.causes, fresh).without(left)
    return Judgement(rules, rows, chosen, evaluations, causes)


def rows_by_day(judgement: Judgement) -> dict[pd.Timestamp, NDArray[np.int64]]:
    """Row numbers of each day, days in order."""
    days = judgement.rows["as_of"]
    return {day: np.flatnonzero((days == day).to_numpy()) for day in sorted(days.unique())}


def walk_bands(judgement: Judgement, start: dict[int, int]) -> Codes:
    """Bands of every row with hysteresis from day to day.

    Args:
        start: band codes the accounts held before the first day.
    """
    codes = np.full(len(judgement.rows), UNKNOWN, dtype=np.int8)
    held = dict(start)
    accounts = judgement.accounts
    for rows in rows_by_day(judgement).values():
        before = np.array([held.get(int(a), UNKNOWN) for a in accounts[rows]], dtype=np.int8)
        codes[rows] = judgement.bands_after(rows, before)
        held.update(zip(accounts[rows].tolist(), codes[rows].tolist(), strict=True))
    return codes
