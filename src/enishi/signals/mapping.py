"""From metric values to points 0-100: piecewise linear, bands, peer percentile. Pure and vectorised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Limits
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import (
    Condition,
    Mapping,
    Pair,
    PercentileMapping,
    PointsMapping,
    StepsMapping,
)
from enishi.definitions.rules import DERIVED_METRICS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TENURE_STAGES = (90, 365, 1095)
"""Ages in days that part the tenure stages: first quarter, first year, first three years, older."""


def map_points(mapping: Mapping, values: Floats, panel: pd.DataFrame) -> Floats:
    """Points of each row; NaN where the value is NaN (or has too few peers)."""
    if isinstance(mapping, PercentileMapping):
        return _percentile_points(mapping, values, panel)
    tenure = column(panel, "tenure_days")
    if isinstance(mapping, PointsMapping):
        points = _interpolate(values, mapping.points, mapping.scale)
        for chosen, table in _tenure_parts(tenure, [t.until_days for t in mapping.by_tenure]):
            rows = mapping.by_tenure[table].points
            points[chosen] = _interpolate(values[chosen], rows, mapping.scale)
        return points
    return _step_mapping(mapping, values, tenure)


def column(panel: pd.DataFrame, name: str) -> Floats:
    """A panel column as floats; all NaN where the panel has none."""
    if name not in panel.columns:
        return np.full(len(panel), np.nan)
    return pd.to_numeric(panel[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def hold(conditions: Sequence[Condition], panel: pd.DataFrame) -> Flags:
    """Rows where every condition holds; a missing value never satisfies one."""
    held = np.ones(len(panel), dtype=bool)
    for condition in conditions:
        held &= compare(column(panel, condition.metric), condition)
    return held


def without_stale(
    panel: pd.DataFrame, names: Iterable[str], freshness: Limits[str, int | None]
) -> pd.DataFrame:
    """The panel with stale values of some metrics taken out: a source that has gone quiet must not look like every
    customer gone, or like what was last heard of standing for ever."""
    hidden = {}
    for name in sorted(names):
        base = DERIVED_METRICS.get(name, name)
        limit = freshness.get(base)
        if limit is None or f"age:{base}" not in panel.columns or name not in panel.columns:
            continue
        stale = column(panel, f"age:{base}") > limit
        if stale.any():
            hidden[name] = np.where(stale, np.nan, column(panel, name))
    return panel.assign(**hidden) if hidden else panel


def compare(values: Floats, condition: Condition) -> Flags:
    """Where a condition holds; a missing value never satisfies one."""
    known = ~np.isnan(values)
    limit = condition.value
    with np.errstate(invalid="ignore"):
        outcome = {
            "<": values < limit,
            "<=": values <= limit,
            ">": values > limit,
            ">=": values >= limit,
            "==": values == limit,
            "!=": values != limit,
        }[condition.op]
    return np.asarray(known & outcome)


def _interpolate(values: Floats, points: Sequence[Pair], scale: str) -> Floats:
    xs = np.array([x for x, _ in points], dtype=float)
    ys = np.array([y for _, y in points], dtype=float)
    at = values
    if scale == "log":
        xs, at = np.log1p(xs), np.log1p(np.maximum(values, 0))
    mapped = np.interp(at, xs, ys)
    mapped[np.isnan(values)] = np.nan
    return mapped


def _step_mapping(mapping: StepsMapping, values: Floats, tenure: Floats) -> Floats:
    points = _steps(values, [(s.at_least, s.points) for s in mapping.steps], mapping.below)
    for chosen, table in _tenure_parts(tenure, [t.until_days for t in mapping.by_tenure]):
        entry = mapping.by_tenure[table]
        rows = [(s.at_least, s.points) for s in entry.steps]
        points[chosen] = _steps(values[chosen], rows, entry.below)
    return points


def _steps(values: Floats, steps: Sequence[Pair], below: float) -> Floats:
    limits = np.array([x for x, _ in steps], dtype=float)
    ladder = np.array([below, *(y for _, y in steps)], dtype=float)
    points = ladder[np.searchsorted(limits, values, side="right")]
    points[np.isnan(values)] = np.nan
    return points


def _tenure_parts(tenure: Floats, limits: Sequence[int | None]) -> list[tuple[Flags, int]]:
    """Which rows each tenure table serves; rows of unknown tenure keep the general table."""
    parts, lower = [], -np.inf
    for index, limit in enumerate(limits):
        upper = np.inf if limit is None else float(limit)
        parts.append(((tenure >= lower) & (tenure < upper), index))
        lower = upper
    return parts


# ------------------------------------------------------------------------------------------ percentiles


def tenure_stage(tenure: Floats) -> NDArray[np.int64]:
    """0 for the youngest stage upward; -1 where the tenure is unknown."""
    stage = np.searchsorted(np.array(TENURE_STAGES, dtype=float), tenure, side="right").astype(np.int64)
    stage[np.isnan(tenure)] = -1
    return stage


def peer_percentile(
    values: Floats, panel: pd.DataFrame, peers: Sequence[str], minimum: int, better: str
) -> tuple[Floats, NDArray[np.int64]]:
    """Mid-rank percentile 0-100 among peers of the same day, and how many peers it was taken from.

    Peers are customers still there (:func:`still_customers`); others are ranked against them. Where fewer than
    ``minimum`` share all keys, the last key is dropped, and so on; with too few on the day altogether the
    percentile is NaN. Only rows of the same day are compared, so no day sees another.
    """
    percentile = np.full(len(panel), np.nan)
    counts = np.zeros(len(panel), dtype=np.int64)
    group, standards = peers_of(values, panel, peers, minimum)
    ranked = np.flatnonzero((group >= 0) & ~np.isnan(values))
    for places in _groups(group[ranked]) if len(ranked) else []:
        rows = ranked[places]
        standard = standards[group[rows[0]]]
        percentile[rows] = _mid_rank(values[rows], standard, better)
        counts[rows] = len(standard)
    return percentile, counts


def peers_of(
    values: Floats, panel: pd.DataFrame, peers: Sequence[str], minimum: int
) -> tuple[NDArray[np.int64], list[Floats]]:
    """Whom each row is ranked among: (n,) number of its group, -1 where there are too few, and the sorted values of each
    group's customers. A row without a value belongs to the group it would be ranked in if it had one."""
    frame = _peer_frame(values, panel, peers)
    counted = still_customers(panel) & ~np.isnan(values)
    group = np.full(len(panel), -1, dtype=np.int64)
    standards: list[Floats] = []
    for keep in range(len(peers), -1, -1):
        waiting = group < 0
        if not waiting.any():
            break
        codes = frame.groupby(["day", *peers[:keep]], sort=False, dropna=False).ngroup().to_numpy()
        for members in _groups(codes):
            rows, standard = members[waiting[members]], np.sort(values[members[counted[members]]])
            if len(standard) >= minimum and len(rows):
                group[rows] = len(standards)
                standards.append(standard)
    return group, standards


def rank_points(mapping: PercentileMapping, values: Floats, standard: Floats) -> Floats:
    """Points of values ranked among given peers (their sorted values)."""
    percentile = _mid_rank(values, standard, mapping.better)
    return _interpolate(percentile, mapping.points, "linear") if mapping.points else percentile


def _groups(codes: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Row numbers of each group."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _mid_rank(values: Floats, standard: Floats, better: str) -> Floats:
    below = np.searchsorted(standard, values, side="left")
    up_to = np.searchsorted(standard, values, side="right")
    share = (below + up_to) / 2 / len(standard)
    return np.asarray(100 * (share if better == "higher" else 1 - share))


GONE_AFTER_DAYS = 180


def still_customers(panel: pd.DataFrame) -> Flags:
    """Rows fit to be compared with: not marked as churned, not with every contract ended and no orders, not silent for
    half a year. Where no contract was ever known the MRR is missing, and that makes nobody a former customer."""
    there = np.ones(len(panel), dtype=bool)
    if "stage" in panel.columns:
        there &= (panel["stage"] != "churned").to_numpy(dtype=bool)
    with np.errstate(invalid="ignore"):
        there &= ~(column(panel, "days_since_last_seen") >= GONE_AFTER_DAYS)
        there &= ~((column(panel, "mrr") <= 0) & ~(column(panel, "orders_90") > 0))
    return there


LEAST_HISTORY_DAYS = 7


def strangers(panel: pd.DataFrame) -> Flags:
    """Rows of which only use speaks, while records speak of others, and all of that use within a week: perhaps no
    customer but a mistyped id."""
    span = column(panel, "days_since_first_use") - column(panel, "days_since_last_seen")
    with np.errstate(invalid="ignore"):
        return np.asarray((column(panel, "record_kinds") == 0) & ~(span >= LEAST_HISTORY_DAYS))


def _peer_frame(values: Floats, panel: pd.DataFrame, peers: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame({"day": panel["as_of"].to_numpy(), "value": values})
    for key in peers:
        if key == "tenure":
            frame[key] = tenure_stage(column(panel, "tenure_days"))
        elif key in panel.columns:
            frame[key] = panel[key].fillna("").astype(str).to_numpy()
        else:
            frame[key] = ""
    return frame


def _percentile_points(mapping: PercentileMapping, values: Floats, panel: pd.DataFrame) -> Floats:
    percentile, counts = peer_percentile(values, panel, mapping.peers, mapping.minimum, mapping.better)
    points = _interpolate(percentile, mapping.points, "linear") if mapping.points else percentile
    if mapping.fallback is None:
        return points
    return np.where(counts > 0, points, map_points(mapping.fallback, values, panel))


def without_peers(mapping: Mapping, values: Floats, panel: pd.DataFrame) -> Flags:
    """Rows whose points come from the amount itself, as there are too few peers."""
    if not isinstance(mapping, PercentileMapping) or mapping.fallback is None:
        return np.zeros(len(panel), dtype=bool)
    # The coarsest comparison is with everyone of the day: with too few of those there is none at all.
    counted = still_customers(panel) & ~np.isnan(values)
    present = pd.Series(counted).groupby(panel["as_of"].to_numpy()).transform("sum").to_numpy()
    return np.asarray((present < mapping.minimum) & ~np.isnan(values))
