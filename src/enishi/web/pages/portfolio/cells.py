"""One cell of the table as HTML. In Python, because ten thousand template nodes cost more than the query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from enishi.accounts.leaving import Leaving
from enishi.accounts.models import Account
from enishi.web import badges, words
from enishi.web.pages.portfolio import likelihood
from enishi.web.pages.portfolio.columns import Column
from enishi.web.pages.risk.words import likely

Names = Mapping[str, Mapping[str, str]]
NOTHING = format_html('<span class="quiet">{}</span>', words.NOTHING)


@dataclass(frozen=True, slots=True)
class Setting:
    """What every cell of a page shares."""

    names: Names
    currency: str
    language: str
    today: date
    past: bool = False
    leaving: Mapping[int, Leaving] = field(default_factory=dict)  # who has given notice


def _score(account: Account, setting: Setting) -> SafeString:
    state = getattr(account, "state", None)
    if state is None or state.tenths is None:
        return badges.band("unknown")
    return format_html("{} {}", badges.shape(state.band), words.points(state.tenths))


def _change(value: Any, setting: Setting) -> SafeString:
    tenths = round(value * 10)
    direction = "up" if tenths > 0 else "down" if tenths < 0 else "flat"
    return format_html('<span class="change-{}">{}</span>', direction, words.points(tenths, sign=True))


def _day(value: date, setting: Setting) -> SafeString:
    exact = words.day(value, setting.language)
    near = words.relative_day(value, setting.today)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, near)


def _ending(leaving: Leaving, setting: Setting) -> SafeString:
    """Where a renewal would stand: the end of a contract under notice."""
    if leaving.ends_on is None:
        return format_html('<span class="ink-caution">{}</span>', _("Notice given"))
    near = words.relative_day(leaving.ends_on, setting.today)
    return format_html(
        '<span class="ink-caution" title="{}">{}</span>',
        words.day(leaving.ends_on, setting.language),
        (pgettext("relative day", "ended %(day)s") if leaving.ends_on < setting.today else _("ends %(day)s"))
        % {"day": near},
    )


def _too_early() -> SafeString:
    why = _("Too few customers have left so far for a probability")
    return format_html('<span class="quiet" title="{}">{}</span>', why, _("too early"))


def _alerts(value: str, setting: Setting) -> SafeString:
    names = setting.names["alert"]
    return format_html_join(
        " ", '<span class="badge-plain tone-danger">{}</span>', ((names.get(n, n),) for n in value.split())
    )


def _tags(value: Sequence[str], setting: Setting) -> SafeString:
    return format_html_join(" ", '<span class="badge-plain">{}</span>', ((name,) for name in value))


def _number(value: float, setting: Setting) -> str:
    return words.number(value, 0 if float(value).is_integer() else 2)


def _money(value: int, setting: Setting) -> str:
    return words.money(value, setting.currency, setting.language)


LOOKS: dict[str, Callable[[Any, Setting], str | SafeString]] = {
    "change": _change,
    "day": _day,
    "alerts": _alerts,
    "tags": _tags,
    "number": _number,
    "money": _money,
    "percent": lambda value, _setting: words.percent(value, 0),
    "likely": lambda value, _setting: likely(value),
    "band": lambda value, _setting: badges.band(value),
}


def opening(column: Column) -> str:
    """The start of a column's ``<td>``."""
    kind = "num" if column.numeric else "wraps" if column.look == "cause" else ""
    return f'<td class="{kind}">' if kind else "<td>"


def draw_row(columns: Sequence[tuple[Column, str]], account: Account, setting: Setting) -> SafeString:
    """The cells of an account, each column given with its :func:`opening`."""
    cells = [
        f"{start}{conditional_escape(_content(column, account, setting))}</td>" for column, start in columns
    ]
    return SafeString("".join(cells))


def _content(column: Column, account: Account, setting: Setting) -> Any:
    if column.look == "score":
        return _score(account, setting)
    value = column.value(account)
    if value is None or value in ("", []):
        if column.key == "owner" and setting.past:
            short, whole = pgettext("owner", "unknown"), _("not on record on that day")
            return format_html('<span class="quiet" title="{}">{}</span>', whole, short)
        if column.key == likelihood.COLUMN and likelihood.too_early(account):
            return _too_early()
        leaving = setting.leaving.get(account.pk) if column.key == "renewal" else None
        return _ending(leaving, setting) if leaving else NOTHING
    if column.look in LOOKS:
        return LOOKS[column.look](value, setting)
    names = setting.names.get(column.look)
    return names.get(value, value) if names else value
