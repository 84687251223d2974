"""Values of metrics in words of both languages: "12 people", "12人"."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from enishi.kit.text import Text, rounded


def _plain(value: float) -> str:
    if float(value).is_integer():
        return rounded(value)
    return rounded(value, 1) if abs(value) >= 10 else rounded(value, 2).rstrip("0").rstrip(".")


def _counted(one: str, many: str, ja: str) -> Callable[[float], Text]:
    def show(value: float) -> Text:
        number = _plain(value)
        return Text(f"{number} {one if abs(value) == 1 else many}", f"{number}{ja}")

    return show


def _percent(value: float) -> Text:
    shown = f"{rounded(100 * value)}%"
    return Text(shown, shown)


def _money(value: float) -> Text:
    shown = rounded(value)
    return Text(shown, shown)


def _log_ratio(value: float) -> Text:
    """A bounded log ratio as a change in percent."""
    shown = f"{rounded(100 * (math.exp(value) - 1), sign=True)}%"
    return Text(shown, shown)


def _score(value: float) -> Text:
    """A mean of answers with one digit; a tone (−1 to 1) with two."""
    shown = rounded(value, 1 if abs(value) >= 1 else 2)
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return Text(shown, shown)


def _number(value: float) -> Text:
    return Text(_plain(value), _plain(value))


_SHOWN: dict[str, Callable[[float], Text]] = {
    "people": _counted("person", "people", "人"),
    "days": _counted("day", "days", "日"),
    "events": _counted("time", "times", "回"),
    "count": _counted("", "", "件"),
    "minutes": _counted("minute", "minutes", "分"),
    "hours": _counted("hour", "hours", "時間"),
    "ratio": _percent,
    "log_ratio": _log_ratio,
    "money": _money,
    "score": _score,
}


@lru_cache(maxsize=100_000)
def show_value(value: float, unit: str) -> Text:
    """A value with its unit; plain where the unit is a bare number."""
    shown = _SHOWN.get(unit, _number)(value)
    return Text(shown.en.strip(), shown.ja)


LOG_RATIOS = frozenset({"usage_trend_28", "use_vs_own_past"})
"""Metrics kept as a log ratio and read by people as a change in percent."""


def unit_of(metric: str, unit: str) -> str:
    return "log_ratio" if metric in LOG_RATIOS else unit
