"""Why: features in words of the business, and which of them a company can do something about."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.features import NOBODY_KNOWS, OTHER, Feature, numbers
from enishi.kit.text import Text
from enishi.metrics.contracts import Metric
from enishi.metrics.shown import show_value, unit_of
from enishi.store.kinds import STAGES

Floats = NDArray[np.float64]

GIVEN = frozenset({
    "tenure_days", "days_since_first_use", "events_ever", "days_to_renewal", "time_to_first_value",
    "days_to_value_observed", "usage_slope_90_se", "record_kinds", "seats", "seats_change_90", "mrr", "mrr_change_90",
    "plan_changes_90",
})  # fmt: skip
"""Metrics nobody can change by helping the customer, or which are the sale itself."""
SUMMARIES = frozenset({
    "stickiness", "usage_trend_28", "usage_slope_90", "usage_slope_z", "use_vs_own_past", "own_past_vs_book",
    "power_users_change", "nps_trend", "active_days_364", "outage_minutes_28", "outage_minutes_90", "champions_gone_90",
    "champions_lost", "nps_latest", "csat_latest",
})  # fmt: skip
"""Metrics that sum up what has been: a way out names the use, the contacts, the payments they sum up instead."""
_GIVEN_NAMES = re.compile(
    r"tenure|(^|_)age(_|:|$)|since_(start|first|begin|contract)|^(age|points|missing):|^mentions_",
    re.IGNORECASE,
)
_WORDS = {
    "card": Text("Health score", "ヘルススコア"),
    "stage": Text("Stage", "段階"),
    "plan": Text("Plan", "プラン"),
    "size": Text("Size", "企業規模"),
    "industry": Text("Industry", "業種"),
    "region": Text("Region", "地域"),
    "product": Text("Product", "製品"),
    "tier": Text("Tier", "対応区分"),
    "channel": Text("Channel", "獲得チャネル"),
}
_UNITS = {"card": "score", "own_past_vs_book": "log_ratio"}
_MENTIONS = "mentions_"
_LEVELS = {"stage": dict(STAGES)}


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
    other = "count" if name.startswith(_MENTIONS) else ""
    unit = unit_of(name, metric.unit) if metric else _UNITS.get(name, other)
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
    return Words(Text(plain[:1].upper() + plain[1:], plain), unit)


def can_change(feature: Feature, metrics: Mapping[str, Metric], chosen: Collection[str] | None) -> bool:
    """Whether the company can do something about a feature by helping the customer. A score it cannot change itself:
    only what the score is made of."""
    if chosen is not None:
        return feature.name in chosen and feature.kind != "category"
    if feature.kind != "number" or feature.name in GIVEN | SUMMARIES or _GIVEN_NAMES.search(feature.name):
        return False
    metric = metrics.get(feature.name)
    return metric is None or metric.direction != 0


def family_of(name: str, metrics: Mapping[str, Metric]) -> str:
    """What a feature tells of: the table its metric cannot do without, or itself."""
    metric = metrics.get(name)
    return metric.needs[0] if metric and metric.needs else name


def driver(name: str, words: Words, value: Any, typical: Any, effect: float) -> dict[str, Any]:
    """One reason as JSON: the feature, its value beside the usual one, and what it adds to the log-odds; empty where it is
    written as the usual one is: that says nothing of this customer."""
    shown, usual = told_level(name, words, value), told_level(name, words, typical)
    known = typical is not None and not (isinstance(typical, float) and np.isnan(typical))
    if known and shown == usual:
        return {}
    en = f"{words.title.en}: {shown.en}" + (f" (usually {usual.en})" if known else "")
    ja = f"{words.title.ja}: {shown.ja}" + (f"(通常は{usual.ja})" if known else "")
    return {
        "feature": name, "title_en": words.title.en, "title_ja": words.title.ja, "en": en, "ja": ja,
        "effect": float(effect), "value": _plain(value), "usual": _plain(typical), "unit": words.unit,
        "value_en": shown.en, "value_ja": shown.ja,
    }  # fmt: skip


def told_level(name: str, words: Words, value: Any) -> Text:
    """A value in words; what has a name of its own by that name."""
    named = _LEVELS.get(name, {}).get(value) if isinstance(value, str) else None
    return named or words.value(value)


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
