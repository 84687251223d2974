"""The score of every row of a panel under one scorecard. Pure: a frame and a body in, arrays out.

For measure m of group g with points p (0-100), weight w_m within the group and W_g of the group, over what is
present:  score = sum_g W_g/sum(W) * sum_m w_m/sum(w) * p_m, then the lowest cap that applies. Everything shown is
cut to whole tenths by largest remainder, so that the lines add up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import Measure, Scorecard
from enishi.metrics.api import Compared
from enishi.signals.apportion import apportion
from enishi.signals.mapping import (
    Flags,
    Floats,
    column,
    hold,
    map_points,
    strangers,
    without_peers,
    without_stale,
)

OK, MISSING, STALE, OBSERVED = 0, 1, 2, 3
STATUS = ("ok", "missing", "stale", "observed")
NEUTRAL_POINTS = 50.0

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a scorecard says of n rows with m measures, g groups and c caps.

    ``tenths`` is meaningful only where ``known``; the lines of an unknown row are 0. ``exact`` holds the
    contributions in tenths before rounding, the cap's (0 or negative) in the last column, and ``lines`` the whole
    tenths that add up to ``tenths``.
    """

    card: Scorecard
    as_of: NDArray[Any]
    account: NDArray[Any]
    values: Floats  # (n, m)
    points: Floats  # (n, m), NaN where missing
    weight: Floats  # (n, m) effective share of the score
    status: NDArray[np.int8]  # (n, m)
    alone: Flags  # (n, m) points of the amount itself, as there are too few peers
    exact: Floats  # (n, m + 1)
    lines: Whole  # (n, m + 1)
    groups: Whole  # (n, g) tenths carried by each group
    tenths: Whole  # (n,)
    known: Flags  # (n,)
    coverage: Floats  # (n,) share of the nominal weight that had fresh values
    cap: NDArray[np.int64]  # (n,) index of the cap that bound, -1 where none did
    amounts: Mapping[int, Floats]  # measure -> (n, 2): what a damped ratio compares, now and before

    def __len__(self) -> int:
        return len(self.tenths)


def evaluate(
    card: Scorecard,
    panel: pd.DataFrame,
    freshness: Mapping[str, int | None] | None = None,
    compared: Mapping[str, Compared] | None = None,
) -> Evaluation:
    """Score every row.

    Args:
        panel: columns ``as_of``, ``account_id``, one per metric, ``tenure_days``, the peer keys, optionally
            ``age:<metric>`` (days since the value was true) and ``manual:<measure>`` (0-100, NaN once expired).
            Rows of :func:`strangers` have no score.
        freshness: the metrics' own limits in days, used where the measure declares none.
        compared: the metrics that are told by two amounts.
    """
    values = np.column_stack([_value(measure, panel) for measure in card.measures])
    stale = np.column_stack([_stale(measure, panel, freshness or {}) for measure in card.measures])
    points = np.column_stack(
        [map_points(measure.mapping, values[:, i], panel) for i, measure in enumerate(card.measures)]
    )
    alone = np.column_stack(
        [without_peers(measure.mapping, values[:, i], panel) for i, measure in enumerate(card.measures)]
    )
    status, points = _judge(card, points, stale)
    weight, coverage = _weights(card, points, status)
    raw = np.nansum(weight * np.nan_to_num(points), axis=1)
    known = (coverage >= card.minimum_coverage - 1e-9) & (weight.sum(axis=1) > 0) & ~strangers(panel)
    tenths = np.where(known, np.floor(raw * 10 + 0.5 + 1e-9), 0).astype(np.int64)
    named = {condition.metric for one in card.caps for condition in one.when}
    capped, cap = _capped(card, without_stale(panel, named, freshness or {}), tenths, known)
    exact = np.column_stack([weight * np.nan_to_num(points) * 10, (capped - tenths).astype(float)])
    exact[~known] = 0.0
    lines = np.column_stack([apportion(exact[:, :-1], tenths), capped - tenths])
    return Evaluation(
        card=card,
        as_of=panel["as_of"].to_numpy(),
        account=panel["account_id"].to_numpy(),
        values=values,
        points=points,
        weight=np.where(known[:, None], weight, 0.0),
        status=status,
        alone=alone,
        exact=exact,
        lines=lines,
        groups=_by_group(card, lines),
        tenths=capped,
        known=known,
        coverage=coverage,
        cap=cap,
        amounts=_amounts(card, panel, compared or {}),
    )


def _amounts(card: Scorecard, panel: pd.DataFrame, compared: Mapping[str, Compared]) -> dict[int, Floats]:
    return {
        i: np.column_stack([column(panel, side.id) for side in (pair.now, pair.before)])
        for i, measure in enumerate(card.measures)
        if (pair := compared.get(measure.metric))
    }


def _value(measure: Measure, panel: pd.DataFrame) -> Floats:
    return column(panel, f"manual:{measure.id}" if measure.manual else measure.metric)


def _stale(measure: Measure, panel: pd.DataFrame, freshness: Mapping[str, int | None]) -> Flags:
    limit = measure.freshness_days or freshness.get(measure.metric)
    if limit is None or measure.manual:
        return np.zeros(len(panel), dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(column(panel, f"age:{measure.metric}") > limit)


def _judge(card: Scorecard, points: Floats, stale: Flags) -> tuple[NDArray[np.int8], Floats]:
    """Each cell's status, and its points after the declared rules for missing and stale values."""
    status = np.full(points.shape, OK, dtype=np.int8)
    status[stale & ~np.isnan(points)] = STALE
    status[np.isnan(points)] = MISSING
    filled = points.copy()
    for i, measure in enumerate(card.measures):
        if measure.stale == "missing":
            filled[status[:, i] == STALE, i] = np.nan
        gone = np.isnan(filled[:, i])
        if measure.missing != "reweight":
            filled[gone, i] = NEUTRAL_POINTS if measure.missing == "neutral" else 0.0
        if measure.weight == 0:
            status[status[:, i] == OK, i] = OBSERVED
    return status, filled


def _weights(card: Scorecard, points: Floats, status: NDArray[np.int8]) -> tuple[Floats, Floats]:
    """Effective shares (rows sum to 1, or 0 where nothing is present) and the coverage."""
    present = ~np.isnan(points)
    own = np.array([measure.weight for measure in card.measures], dtype=float)
    member = np.array([[m.group == g.id for g in card.groups] for m in card.measures], dtype=float)
    group_weight = np.array([group.weight for group in card.groups], dtype=float)
    in_group = (present * own) @ member
    active = (in_group > 0) * group_weight
    total = active.sum(axis=1, keepdims=True)
    group_share = np.divide(active, total, out=np.zeros_like(active), where=total > 0)
    scale = np.divide(group_share, in_group, out=np.zeros_like(in_group), where=in_group > 0)
    weight = present * own * (scale @ member.T)
    nominal = _nominal(own, member, group_weight)
    fresh = (status == OK) | ((status == STALE) & present)
    return weight, fresh @ nominal


def _nominal(own: Floats, member: Floats, group_weight: Floats) -> Floats:
    """Each measure's share of the score when nothing is missing; sums to 1."""
    in_group = own @ member
    active = np.where(in_group > 0, group_weight, 0.0)
    share = np.divide(active, in_group, out=np.zeros_like(in_group), where=in_group > 0)
    nominal = own * (member @ share)
    return np.asarray(nominal / nominal.sum())


def nominal_weights(card: Scorecard) -> Floats:
    """Each measure's share of the score when nothing is missing; sums to 1."""
    own = np.array([measure.weight for measure in card.measures], dtype=float)
    member = np.array([[m.group == g.id for g in card.groups] for m in card.measures], dtype=float)
    return _nominal(own, member, np.array([group.weight for group in card.groups], dtype=float))


def _capped(
    card: Scorecard, panel: pd.DataFrame, tenths: Whole, known: Flags
) -> tuple[Whole, NDArray[np.int64]]:
    capped, which = tenths.copy(), np.full(len(tenths), -1, dtype=np.int64)
    for i, cap in enumerate(card.caps):
        limit = round(cap.at_most * 10)
        binds = known & hold(cap.when, panel) & (capped > limit)
        capped[binds], which[binds] = limit, i
    return capped, which


def _by_group(card: Scorecard, lines: Whole) -> Whole:
    member = np.array([[m.group == g.id for g in card.groups] for m in card.measures], dtype=np.int64)
    return np.asarray(lines[:, :-1] @ member)


def change_lines(now: Evaluation, then: Evaluation, pairs: NDArray[np.int64]) -> Whole:
    """Whole tenths by which each measure (last: the cap) moved the score between two rows.

    Args:
        pairs: (k, 2) row numbers in ``now`` and ``then``; both must be known and of the same scorecard.

    Returns:
        (k, m + 1); every row sums to the difference of the two scores.
    """
    here, there = pairs[:, 0], pairs[:, 1]
    exact = now.exact[here] - then.exact[there]
    return apportion(exact, now.tenths[here] - then.tenths[there])
