"""Why, and what would have to change: features in words of the business, and the smallest realistic way down."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.features import NOBODY_KNOWS, OTHER, Feature, numbers
from enishi.forecasts.logistic import expit
from enishi.kit.text import Text
from enishi.metrics.contracts import Metric
from enishi.metrics.shown import show_value, unit_of

Floats = NDArray[np.float64]

GIVEN = frozenset({
    "tenure_days", "days_since_first_use", "events_ever", "days_to_renewal", "time_to_first_value",
    "days_to_value_observed", "usage_slope_90_se", "record_kinds", "seats", "seats_change_90", "mrr", "mrr_change_90",
    "plan_changes_90",
})  # fmt: skip
"""Metrics nobody can change by helping the customer, or which are the sale itself."""
_GIVEN_NAMES = re.compile(
    r"tenure|(^|_)age(_|:|$)|since_(start|first|begin|contract)|^(age|points|missing):", re.IGNORECASE
)
_WORDS = {
    "card": Text("Health score", "ヘルススコア"),
    "stage": Text("Stage", "ステージ"),
    "plan": Text("Plan", "プラン"),
    "size": Text("Size", "企業規模"),
    "industry": Text("Industry", "業種"),
    "region": Text("Region", "地域"),
    "product": Text("Product", "製品"),
    "tier": Text("Tier", "対応区分"),
    "channel": Text("Channel", "獲得チャネル"),
}
_UNITS = {"card": "score"}
GRID = 33
MOST_CHANGES = 3


@dataclass(frozen=True, slots=True)
class Words:
    """What a feature is called and how its values are written."""

    title: Text
    unit: str = ""

    def value(self, value: Any) -> Text:
        if isinstance(value, str):
            return Text(value, value) if value else Text("unknown", "不明")
        if value is None or not np.isfinite(value):
            return Text("no data", "データなし")
        return show_value(float(value), self.unit)

    def as_dict(self) -> dict[str, str]:
        return {"en": self.title.en, "ja": self.title.ja, "unit": self.unit}


def words_of(name: str, metrics: Mapping[str, Metric], given: Mapping[str, Text]) -> Words:
    """Words of a feature: as given, as its metric declares, or its own name."""
    metric = metrics.get(name)
    unit = unit_of(name, metric.unit) if metric else _UNITS.get(name, "")
    if name in given:
        return Words(given[name], unit)
    if metric:
        return Words(metric.title, unit)
    if name in _WORDS:
        return Words(_WORDS[name], unit)
    if name.startswith("points:"):
        inner = words_of(name.removeprefix("points:"), metrics, given).title
        return Words(Text(f"Points for {inner.en}", f"{inner.ja}の評価点"), "score")
    plain = name.replace("_", " ").strip()
    return Words(Text(plain[:1].upper() + plain[1:], plain))


def can_change(feature: Feature, metrics: Mapping[str, Metric], chosen: Collection[str] | None) -> bool:
    """Whether the company can do something about a feature by helping the customer."""
    if chosen is not None:
        return feature.name in chosen
    if feature.kind == "category" or feature.name in GIVEN or _GIVEN_NAMES.search(feature.name):
        return False
    metric = metrics.get(feature.name)
    return metric is None or metric.direction != 0


def grid_of(feature: Feature, whole: bool) -> Floats:
    """Values customers really have, from the 5 to the 95 % quantile, evenly as the model sees them."""
    if feature.typical is None:
        return np.zeros(0)
    low, _, high = feature.typical
    if low == high:
        return np.zeros(0)
    if feature.log:
        first, last = (float(np.sign(x) * np.log1p(abs(x))) for x in (low, high))
        seen = np.linspace(first, last, GRID)
        values = np.sign(seen) * np.expm1(np.abs(seen))
    else:
        values = np.linspace(low, high, GRID)
    return np.unique(np.round(values)) if whole else values


@dataclass(frozen=True, slots=True)
class Way:
    """One feature's values and what each would add to the log-odds."""

    feature: Feature
    values: Floats
    parts: Floats


@dataclass(frozen=True, slots=True)
class Change:
    """From a value to another, and what that adds to the log-odds (negative: less at risk)."""

    name: str
    before: float
    after: float
    gain: float
    reach: float  # how far it is, in the feature's own typical spread


def smallest_change(way: Way, value: float, part: float, needed: float) -> Change | None:
    """The nearest value that takes ``needed`` off the log-odds; None where none does."""
    found = _moves(way, value, part)
    return next((one for one in found if -one.gain >= needed), None)


def best_change(way: Way, value: float, part: float) -> Change | None:
    """The move that takes off most."""
    return min(_moves(way, value, part), key=lambda one: one.gain, default=None)


def _moves(way: Way, value: float, part: float) -> list[Change]:
    """Moves that help, in the declared direction where there is one, nearest first."""
    if not np.isfinite(value):
        return []
    gains = way.parts - part
    allowed = gains < -1e-9
    if way.feature.direction:
        allowed &= (way.values - value) * way.feature.direction > 0
    seen = way.feature.seen(np.r_[way.values, value])
    reach = np.abs(seen[:-1] - seen[-1]) / (way.feature.size or 1.0)
    order = np.argsort(reach, kind="stable")
    return [
        Change(way.feature.name, value, float(way.values[i]), float(gains[i]), float(reach[i]))
        for i in order
        if allowed[i]
    ]


def ways_down(
    ways: Sequence[Way], row: pd.Series[Any], parts: Mapping[str, float], needed: float
) -> list[list[Change]]:
    """The sets of changes that each take ``needed`` off the log-odds: single ones, nearest first; where no single one
    does, the fewest together.
    """
    values = {way.feature.name: float(numbers(pd.Series([row.get(way.feature.name)]))[0]) for way in ways}
    single = [
        change
        for way in ways
        if (change := smallest_change(way, values[way.feature.name], parts[way.feature.name], needed))
    ]
    if single:
        return [[change] for change in sorted(single, key=lambda one: one.reach)]
    together = _together(ways, values, parts, needed)
    return [together] if together else []


def _together(
    ways: Sequence[Way], values: Mapping[str, float], parts: Mapping[str, float], needed: float
) -> list[Change]:
    best = [
        (change, way)
        for way in ways
        if (change := best_change(way, values[way.feature.name], parts[way.feature.name]))
    ]
    best.sort(key=lambda pair: pair[0].gain)
    taken: list[Change] = []
    left = needed
    for change, way in best[:MOST_CHANGES]:
        name = way.feature.name
        enough = smallest_change(way, values[name], parts[name], left)
        if enough:
            return [*taken, enough]
        taken.append(change)
        left += change.gain
    return []


def driver(name: str, words: Words, value: Any, typical: Any, effect: float) -> dict[str, Any]:
    """One reason as JSON: the feature, its value beside the usual one, and what it adds to the log-odds."""
    shown, usual = words.value(value), words.value(typical)
    known = typical is not None and not (isinstance(typical, float) and np.isnan(typical))
    en = f"{words.title.en}: {shown.en}" + (f" (usually {usual.en})" if known else "")
    ja = f"{words.title.ja}: {shown.ja}" + (f"(通常は{usual.ja})" if known else "")
    return {
        "feature": name, "title_en": words.title.en, "title_ja": words.title.ja, "en": en, "ja": ja,
        "effect": float(effect), "value": _plain(value), "usual": _plain(typical), "unit": words.unit,
        "value_en": shown.en, "value_ja": shown.ja,
    }  # fmt: skip


def _plain(value: Any) -> str | float | None:
    if isinstance(value, str):
        return value
    return None if value is None or not np.isfinite(value) else float(value)


def value_of(feature: Feature, raw: Any) -> Any:
    """A row's value of a feature, as it is told."""
    if feature.kind != "category":
        return float(numbers(pd.Series([raw]))[0])
    known = raw is not None and not (isinstance(raw, float) and np.isnan(raw))
    return str(raw) if known and str(raw) != NOBODY_KNOWS else ""


def typical_of(feature: Feature) -> Any:
    """The usual value: the median, or the commonest level."""
    if feature.kind != "category":
        return feature.typical[1] if feature.typical else None
    named = {level: share for level, share in feature.levels.items() if level not in (OTHER, NOBODY_KNOWS)}
    return max(named, key=lambda level: named[level]) if len(feature.levels) > 1 and named else None


def exit_of(changes: Sequence[Change], words: Mapping[str, Words], logit: float) -> dict[str, Any]:
    """One way down as JSON."""
    told: list[dict[str, Any]] = []
    for change in changes:
        spoken = words[change.name]
        before, after = spoken.value(change.before), spoken.value(change.after)
        told.append({
            "feature": change.name, "title_en": spoken.title.en, "title_ja": spoken.title.ja,
            "before": change.before, "after": change.after,
            "en": f"{spoken.title.en}: {before.en} → {after.en}", "ja": f"{spoken.title.ja}: {before.ja} → {after.ja}",
        })  # fmt: skip
    reached = float(expit(logit + sum(change.gain for change in changes)))
    return {
        "feature": told[0]["feature"],
        "en": " + ".join(one["en"] for one in told),
        "ja": "、".join(one["ja"] for one in told),
        "probability": reached,
        "changes": told,
    }
