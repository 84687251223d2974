"""Whether the world still looks as it did when a forecast was learned: its inputs, and what comes of what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.evaluation import clustered_rate
from enishi.forecasts.features import NOBODY_KNOWS, OTHER, Design, as_text, numbers
from enishi.kit.text import Text

Floats = NDArray[np.float64]

SOME, MUCH = 0.1, 0.25
"""Population stability index from which a feature has moved somewhat, and much (Siddiqi 2006, ch. 8)."""
_LEAST = 1e-3
LEAST_EXPECTED = 5.0
FALSE_ALARMS = 1.0
"""How many inputs may be told to have moved in a year of month-ends in which nothing but chance has, all inputs together."""
LEAST_SNAPSHOTS, NEWEST = 6, 12
"""Past snapshots with others before them, below which it is not known how far apart they usually lie; and how many are looked at,
the newest: the first months of a company lie far from everything."""


def shares_of(
    design: Design, panel: pd.DataFrame, days: pd.Series[Any] | None = None, gap_days: int = 0
) -> dict[str, dict[str, Any]]:
    """How the features' values lie, as JSON: the reference later values are held against.

    Args:
        days: the snapshot day of each row; with them it is known how far each snapshot used to lie from those at least
            ``gap_days`` before it: tenure only grows, and nobody works on Sundays.

    Returns:
        By feature ``cuts`` (deciles, or None) with ``shares`` between them and ``missing`` last; of a category its
        ``levels``; ``chance``: how far a snapshot lies from those before it by chance (:func:`chance_limit` of the newest,
        where there are enough).
    """
    found = _reference(design, panel)
    if days is None:
        return found
    stamps = pd.to_datetime(days).to_numpy()
    codes, known = pd.factorize(stamps, sort=True)
    gaps = np.timedelta64(max(gap_days, 1), "D")
    pairs = [(place, known <= day - gaps) for place, day in enumerate(known) if (known <= day - gaps).any()]
    if len(pairs) < LEAST_SNAPSHOTS:
        return found
    pairs = pairs[-NEWEST:]
    for name, then in found.items():
        counts = _counts(then, panel[name], codes, len(known))
        apart = [stability(_of_one(counts[at]), _of_one(counts[before].sum(axis=0))) for at, before in pairs]
        then["chance"] = chance_limit(apart, len(found))
    return found


def chance_limit(apart: Sequence[float], inputs: int) -> float:
    """How far another snapshot lies by chance, from how far past ones lay.

    The logarithm of the index is taken as normal; its prediction limit (Student's t: the fewer snapshots, the wider) leaves
    each input so small a chance that all of them together exceed theirs :data:`FALSE_ALARMS` times in twelve month-ends.
    The expected number adds up whether or not inputs move together.

    Args:
        apart: population stability indices of past snapshots, at least two.
        inputs: how many inputs are watched.
    """
    from scipy.stats import t  # slow to import: not in every process

    logs = np.log(np.maximum(np.asarray(apart, float), _LEAST))
    rate = min(FALSE_ALARMS / (12 * max(inputs, 1)), 0.5)
    reach = t.ppf(1 - rate, len(logs) - 1) * np.sqrt(1 + 1 / len(logs))
    return float(np.exp(logs.mean() + reach * logs.std(ddof=1)))


def _of_one(counts: Floats) -> Floats:
    return np.asarray(counts / max(float(counts.sum()), 1.0))


def _counts(then: Mapping[str, Any], values: pd.Series[Any], codes: Any, days: int) -> Floats:
    """(days, bins): how many rows of each snapshot lie in each bin of the reference."""
    if "levels" in then:
        levels = list(then["levels"])
        names = as_text(values)
        known = np.where(np.isin(names, [level for level in levels if level != OTHER]), names, OTHER)
        bins = pd.Categorical(known, categories=levels).codes.astype(np.intp)
        width = len(levels)
    else:
        bins = _bins(numbers(values), np.asarray(then["cuts"]))
        width = len(then["cuts"]) + 2
    flat = np.bincount(codes * width + bins, minlength=days * width)
    return flat.reshape(days, width).astype(float)


def _reference(design: Design, panel: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for feature in design.features:
        if feature.name not in panel:
            continue
        if feature.kind == "category":
            levels = [*feature.levels, NOBODY_KNOWS]
            found[feature.name] = {"levels": _levels(panel[feature.name], levels)}
            continue
        raw = numbers(panel[feature.name])
        known = raw[~np.isnan(raw)]
        cuts = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9))) if known.size else np.zeros(0)
        found[feature.name] = {"cuts": cuts.tolist(), "shares": _shares(raw, cuts).tolist()}
    return found


def _bins(raw: Floats, cuts: Floats) -> NDArray[np.intp]:
    place = np.searchsorted(cuts, np.nan_to_num(raw), side="left")
    return np.where(np.isnan(raw), len(cuts) + 1, place).astype(np.intp)


def _shares(raw: Floats, cuts: Floats) -> Floats:
    return np.bincount(_bins(raw, cuts), minlength=len(cuts) + 2) / max(len(raw), 1)


def _levels(values: pd.Series[Any], levels: list[str]) -> dict[str, float]:
    names = as_text(values)
    known = np.where(np.isin(names, [level for level in levels if level != OTHER]), names, OTHER)
    shares = pd.Series(known).value_counts(normalize=True)
    return {
        str(level): float(shares.get(level, 0.0)) for level in dict.fromkeys([*levels, OTHER, NOBODY_KNOWS])
    }


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


def moved(psi: float, chance: float | None) -> str:
    """``much``, ``some`` or ``little``: beyond the usual bounds, and farther than chance takes a snapshot."""
    if chance is not None and psi <= chance:
        return "little"
    return "much" if psi >= MUCH else "some" if psi >= SOME else "little"


def stability(now: Floats, then: Floats) -> float:
    """Population stability index of two lists of shares."""
    now, then = np.maximum(now, _LEAST), np.maximum(then, _LEAST)
    return float(((now - then) * np.log(now / then)).sum())


def told_drift(
    reference: Mapping[str, Mapping[str, Any]], titles: Mapping[str, Text], panel: pd.DataFrame
) -> list[dict[str, Any]]:
    """How far each input has moved, most first: ``feature, en, ja, psi, chance, moved``."""
    chance = {name: then.get("chance") for name, then in reference.items()}
    return [
        {
            "feature": name, "en": titles[name].en, "ja": titles[name].ja, "psi": psi, "chance": chance[name],
            "moved": moved(psi, chance[name]),
        }
        for name, psi in sorted(input_drift(reference, panel).items(), key=lambda pair: -pair[1])
    ]  # fmt: skip


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
