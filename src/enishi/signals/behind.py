"""The measures behind the score, for asking what the score would be if a customer did otherwise.

Points are a known function of a measure: a curve, steps, or the rank among the peers of the day, who stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import Cap, Measure, PercentileMapping
from enishi.signals.card import Evaluation
from enishi.signals.judging import Judgement
from enishi.signals.mapping import Flags, Floats, column, compare, map_points, peers_of, rank_points

CARD = "card"


@dataclass
class ScoresBehind:
    """The scores of some accounts of one day and what they are made of, as
    :class:`enishi.forecasts.ways.Behind` asks.

    Args:
        judgement: of all accounts of the day, so that ranks are taken among everyone.
        rows: for each account asked about the row of the judgement.
    """

    judgement: Judgement
    rows: Sequence[int]
    _kept: dict[tuple[int, int, object, bytes], Floats] = field(default_factory=dict)
    _peers: dict[tuple[int, int], tuple[NDArray[np.int64], list[Floats]]] = field(default_factory=dict)
    _read: dict[str, Floats] = field(default_factory=dict)

    @property
    def feature(self) -> str:
        return CARD

    def of(self, accounts: Sequence[int]) -> ScoresBehind:
        """The same for these accounts, in this order."""
        place = {int(account): row for row, account in enumerate(self.judgement.accounts)}
        rows = [place[int(account)] for account in accounts]
        return ScoresBehind(self.judgement, rows, self._kept, self._peers, self._read)

    def _column(self, name: str) -> Floats:
        if name not in self._read:
            self._read[name] = column(self.judgement.rows, name)
        return self._read[name]

    def after(self, row: int, changes: Mapping[str, float], name: str, values: Floats) -> Floats:
        """(k,) The score if ``name`` had each of these values, besides the changes; NaN for a row without a score."""
        at = self.rows[row]
        chosen = int(self.judgement.chosen[at])
        if chosen < 0 or not self.judgement.evaluations[chosen].known[at]:
            return np.full(len(values), np.nan)
        told = self.judgement.evaluations[chosen]
        asked = {other: np.full(len(values), after) for other, after in changes.items()} | {name: values}
        tenths = np.full(len(values), float(told.exact[at, :-1].sum()))
        for i, measure in enumerate(told.card.measures):
            if not measure.manual and measure.metric in asked and told.weight[at, i] > 0:
                points = self._points(chosen, i, at, asked[measure.metric])
                moved = told.weight[at, i] * 10 * (points - told.points[at, i])
                tenths += np.where(np.isnan(moved), 0.0, moved)
        return self._capped(told, at, asked, np.floor(tenths + 0.5 + 1e-9)) / 10

    def _points(self, chosen: int, i: int, at: int, values: Floats) -> Floats:
        """Points of a measure at each value, had the customer of a row that value."""
        measure = self.judgement.evaluations[chosen].card.measures[i]
        tenure = float(self._column("tenure_days")[at])
        group = self._group(chosen, i, at)
        key = (chosen, i, (group, _table(measure, tenure)), values.tobytes())
        if key not in self._kept:
            self._kept[key] = self._mapped(chosen, i, group, tenure, values)
        return self._kept[key]

    def _group(self, chosen: int, i: int, at: int) -> int:
        """The number of a row's peers; -1 where points do not depend on any."""
        mapping = self.judgement.evaluations[chosen].card.measures[i].mapping
        if not isinstance(mapping, PercentileMapping):
            return -1
        if (chosen, i) not in self._peers:
            values = self.judgement.evaluations[chosen].values[:, i]
            self._peers[chosen, i] = peers_of(values, self.judgement.rows, mapping.peers, mapping.minimum)
        return int(self._peers[chosen, i][0][at])

    def _mapped(self, chosen: int, i: int, group: int, tenure: float, values: Floats) -> Floats:
        mapping = self.judgement.evaluations[chosen].card.measures[i].mapping
        if isinstance(mapping, PercentileMapping):
            if group >= 0:
                return rank_points(mapping, values, self._peers[chosen, i][1][group])
            if mapping.fallback is None:
                return np.full(len(values), np.nan)
            mapping = mapping.fallback
        return map_points(mapping, values, pd.DataFrame({"tenure_days": np.full(len(values), tenure)}))

    def _capped(self, told: Evaluation, at: int, asked: Mapping[str, Floats], tenths: Floats) -> Floats:
        """Lowest cap that would still apply: one that binds may be lifted by the change, or come to bind."""
        for cap in told.card.caps:
            tenths = np.where(self._holds(cap, at, asked), np.minimum(tenths, cap.at_most * 10), tenths)
        return tenths

    def _holds(self, cap: Cap, at: int, asked: Mapping[str, Floats]) -> Flags:
        held = np.ones(len(next(iter(asked.values()))), dtype=bool)
        for condition in cap.when:
            value = asked.get(condition.metric)
            known = value if value is not None else self._column(condition.metric)[[at]]
            held &= compare(known, condition)
        return held


def _table(measure: Measure, tenure: float) -> int:
    """Which of a measure's tables by tenure serves a customer."""
    given = measure.mapping
    mapping = given.fallback if isinstance(given, PercentileMapping) else given
    limits = [entry.until_days for entry in mapping.by_tenure] if mapping else []
    return next((i for i, limit in enumerate(limits) if limit is None or tenure < limit), -1)
