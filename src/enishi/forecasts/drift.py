"""Whether the world still looks as it did when a forecast was learned: its inputs, and what comes of what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.evaluation import clustered_rate
from enishi.forecasts.features import NOBODY_KNOWS, OTHER, Design, as_text, numbers

Floats = NDArray[np.float64]

SOME, MUCH = 0.1, 0.25
"""Population stability index from which a feature has moved somewhat, and much (Siddiqi 2006, ch. 8)."""
_LEAST = 1e-3
LEAST_EXPECTED = 5.0


def shares_of(design: Design, panel: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """How the features' values lie, as JSON: the reference later values are held against.

    Returns:
        By feature ``cuts`` (deciles, or None) with ``shares`` between them and ``missing`` last; of a category its
        ``levels``.
    """
    found: dict[str, dict[str, Any]] = {}
    for feature in design.features:
        if feature.name not in panel:
            continue
        if feature.kind == "category":
            found[feature.name] = {"levels": _levels(panel[feature.name], list(feature.levels))}
            continue
        raw = numbers(panel[feature.name])
        known = raw[~np.isnan(raw)]
        cuts = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))) if known.size else np.zeros(0)
        found[feature.name] = {"cuts": cuts.tolist(), "shares": _shares(raw, cuts).tolist()}
    return found


def _shares(raw: Floats, cuts: Floats) -> Floats:
    gone = np.isnan(raw)
    place = np.where(gone, len(cuts) + 1, np.searchsorted(cuts, np.nan_to_num(raw), side="left"))
    return np.bincount(place, minlength=len(cuts) + 2) / max(len(raw), 1)


def _levels(values: pd.Series[Any], levels: list[str]) -> dict[str, float]:
    names = as_text(values)
    known = np.where(np.isin(names, [level for level in levels if level != OTHER]), names, OTHER)
    shares = pd.Series(known).value_counts(normalize=True)
    return {str(level): float(shares.get(level, 0.0)) for level in {*levels, OTHER, NOBODY_KNOWS}}


def input_drift(reference: Mapping[str, Mapping[str, Any]], panel: pd.DataFrame) -> dict[str, float]:
    """Population stability index of each feature: sum over bins of ``(now - then) ln(now / then)``; 0: nothing moved."""
    told = {}
    for name, then in reference.items():
        if name not in panel or not len(panel):
            continue
        if "levels" in then:
            now = _levels(panel[name], list(then["levels"]))
            pair = [(now.get(level, 0.0), share) for level, share in then["levels"].items()]
            told[name] = stability(np.array([p[0] for p in pair]), np.array([p[1] for p in pair]))
        else:
            told[name] = stability(
                _shares(numbers(panel[name]), np.asarray(then["cuts"])), np.asarray(then["shares"])
            )
    return told


def stability(now: Floats, then: Floats) -> float:
    """Population stability index of two lists of shares."""
    now, then = np.maximum(now, _LEAST), np.maximum(then, _LEAST)
    return float(((now - then) * np.log(now / then)).sum())


def calibration_drift(
    labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike, seed: int = 0
) -> dict[str, Any]:
    """How many left against how many were expected to, in a recent window.

    Returns:
        ``n, said`` (mean probability), ``observed`` with ``low`` and ``high`` (95 %, over accounts), ``expected``
        (how many of the rows were expected to leave), ``left``; ``off``: the interval does not hold what was said, and
        at least five were expected.
    """
    y, p = np.asarray(labels, float), np.asarray(probabilities, float)
    if not y.size:
        return {"n": 0, "said": None, "observed": None, "low": None, "high": None, "off": False}
    rate = clustered_rate(y, groups, 400, seed)
    said = float(p.mean())
    outside = rate.low is not None and rate.high is not None and not rate.low <= said <= rate.high
    return {
        "n": int(y.size), "said": said, "observed": rate.value, "low": rate.low, "high": rate.high,
        "expected": float(p.sum()), "left": int(y.sum()), "off": bool(outside and p.sum() >= LEAST_EXPECTED),
    }  # fmt: skip
