"""Forecasts in words of the reader: shares that stay apart when small, reasons with the names and money of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.definitions.api import get_names, product_title
from enishi.kit.text import Text
from enishi.metrics.api import Metric
from enishi.store.kinds import STAGES
from enishi.web.words import money, percent

_STAGES = dict(STAGES)


def likely(value: float | None) -> str:
    """A probability: without decimals from ten percent on; one too small for a decimal is under 0.1%, not 0%."""
    if value is not None and 0 < value < 0.001:
        return _("<%(share)s") % {"share": percent(0.001, 1)}
    return percent(value, 0 if (value or 0) >= 0.1 else 1)


def driver_words(driver: Mapping[str, Any]) -> str:
    """A reason as it was kept, but for words that have another name today and money, which needs its currency."""
    kept = Text(str(driver["en"]), str(driver["ja"])).in_language(_language())
    if "usual" not in driver:
        return kept
    shown, usual = _named(driver, driver.get("value")), _named(driver, driver["usual"])
    if shown is None or usual is None:
        return kept
    title = Text(str(driver["title_en"]), str(driver["title_ja"])).in_language(_language())
    return _("%(title)s: %(value)s (usually %(usual)s)") % {"title": title, "value": shown, "usual": usual}


def speaks_against(driver: Mapping[str, Any], metrics: Mapping[str, Metric]) -> bool:
    """Whether a reason turns against what its value is known for: a worse one than usual that lowers the risk, or a better one
    that raises it. The linear fit is free to learn so where inputs go together; to the reader it is no comfort and no warning.

    Args:
        metrics: what is declared of the company's metrics, by id.
    """
    name, value, usual = str(driver["feature"]), driver.get("value"), driver.get("usual")
    if not isinstance(value, int | float) or not isinstance(usual, int | float):
        return False
    metric = metrics.get(name)
    better = metric.direction if metric else int(name == "card" or name.startswith("points:"))
    return (value - usual) * better * driver["effect"] > 0


def exit_words(way: Mapping[str, Any]) -> str:
    """A way out as it was kept, money in its currency."""
    if not way.get("changes"):
        return Text(str(way["en"]), str(way["ja"])).in_language(_language())
    return pgettext("ways out", " and ").join(_change_words(change) for change in way["changes"])


def _change_words(change: Mapping[str, Any]) -> str:
    if change.get("unit") != "money":
        return Text(str(change["en"]), str(change["ja"])).in_language(_language())
    title = Text(str(change["title_en"]), str(change["title_ja"])).in_language(_language())
    before, after = (
        money(round(change[name]), get_company().currency, _language()) for name in ("before", "after")
    )
    return f"{title}: {before} → {after}"


def _named(driver: Mapping[str, Any], value: Any) -> str | None:
    """What a value is called by a name or an amount; None where the words that were kept say it."""
    if driver.get("unit") == "money" and isinstance(value, int | float):
        return money(round(value), get_company().currency, _language())
    if driver["feature"] == "stage" and value in _STAGES:
        return _STAGES[str(value)].in_language(_language())
    if driver["feature"] == "product" and value:
        return product_title(get_names(), str(value)).in_language(_language())
    return None


def _language() -> str:
    return get_language() or "ja"
