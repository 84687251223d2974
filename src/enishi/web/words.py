"""Numbers, money, days and names as people read them, in both languages. Pure: the present is handed in."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from babel.dates import get_timezone_location
from babel.numbers import format_compact_currency, format_currency, get_currency_precision
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.kit.text import MINUS, rounded

NOTHING = "–"
_JA_CURRENCY = {"JPY": "円", "USD": "ドル", "EUR": "ユーロ", "GBP": "ポンド"}
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Amount = int | float | Decimal


class Named(Protocol):
    """Someone with a name: a member or a contact."""

    @property
    def full_name(self) -> str: ...


def japanese(language: str) -> bool:
    return language.lower().startswith("ja")


def whole(minor: Amount, currency: str) -> Decimal:
    """Minor units (sen, cents) as whole units: 1999 USD cents are 19.99."""
    return Decimal(str(minor)).scaleb(-get_currency_precision(currency))


def money(minor: Amount | None, currency: str, language: str) -> str:
    """The exact amount: ``4,500,000円`` or ``¥4,500,000``."""
    if minor is None:
        return NOTHING
    amount = whole(minor, currency)
    if japanese(language) and currency == "JPY":
        return f"{rounded(amount)}円"
    return str(format_currency(amount, currency, locale="ja" if japanese(language) else "en")).replace(
        "-", MINUS
    )


def money_short(minor: Amount | None, currency: str, language: str) -> str:
    """The amount in at most three figures: ``4.5億円`` or ``¥450M``."""
    if minor is None:
        return NOTHING
    amount = whole(minor, currency)
    if not japanese(language):
        if abs(amount) < 100:
            short = format_currency(amount, currency, locale="en")
        else:  # Babel rounds thousands alone
            digits = 1 if abs(amount) >= 1000 else 0
            exact = amount if digits else amount.quantize(Decimal(1))
            short = format_compact_currency(exact, currency, fraction_digits=digits, locale="en")
        return str(short).replace("-", MINUS)
    return _ja_short(amount) + _JA_CURRENCY.get(currency, f" {currency}")


def _ja_short(amount: Decimal) -> str:
    for size, mark in ((Decimal(10) ** 12, "兆"), (Decimal(10) ** 8, "億"), (Decimal(10) ** 4, "万")):
        if abs(amount) >= size:
            value = amount / size
            text = rounded(value, 1 if abs(value) < 100 else 0)
            return text.removesuffix(".0") + mark
    return rounded(amount)


def number(value: Amount | None, digits: int = 0) -> str:
    """Grouped by thousands, ``–`` for what is not known."""
    return NOTHING if value is None else rounded(value, digits)


def chance(value: Amount | None) -> str:
    """A probability from draws: none of them is no certainty, so ``<1%`` and ``>99%`` at the ends."""
    if value is None:
        return NOTHING
    return "<1%" if value < 0.01 else ">99%" if value > 0.99 else percent(value, 0)


def likely(value: Amount | None) -> str:
    """A probability of one customer, the same on every page: ``18%``, below a tenth with one digit: ``2.3%``."""
    return NOTHING if value is None else percent(value, 0 if value >= 0.1 else 1)


def unbroken(text: str) -> str:
    """An amount below zero whose sign stays with the currency at the end of a line (U+2060 joins them)."""
    return f"{MINUS}\u2060{text[1:]}" if text.startswith(MINUS) and not text[1:2].isdecimal() else text


def percent(value: Amount | None, digits: int = 1) -> str:
    """A share of one as a percentage: 0.873 is ``87.3%``."""
    return NOTHING if value is None else f"{rounded(float(value) * 100, digits)}%"


def time_zone(name: str, language: str) -> str:
    """A time zone by its country: ``日本時間(Asia/Tokyo)``, ``Japan Time (Asia/Tokyo)``."""
    place, known = zone_place(name, language), name.replace("_", " ")
    return f"{place}({known})" if japanese(language) else f"{place} ({known})"


def zone_place(name: str, language: str) -> str:
    """Where a time zone is kept."""
    if name == "UTC":
        return "協定世界時" if japanese(language) else "Coordinated Universal Time"
    try:
        return str(get_timezone_location(name, locale="ja" if japanese(language) else "en"))
    except (LookupError, ValueError):
        return name


def to(language: str, *, signed: bool = False) -> str:
    """What stands between the ends of a range: ``10%〜30%``, ``10%–30%``; ``−0.01 to 0.03`` where an end may be below zero."""
    if japanese(language):
        return "〜"
    return " to " if signed else "–"


def points(tenths: int | None, sign: bool = False) -> str:
    """Whole tenths as points: 723 is ``72.3``; with ``sign`` +72.3 and −72.3."""
    if tenths is None:
        return NOTHING
    text = f"{abs(tenths) // 10}.{abs(tenths) % 10}"
    if tenths < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if sign and tenths > 0 else text


def day(value: date | None, language: str, today: date | None = None) -> str:
    """``2026年11月21日`` or ``21 Nov 2026``; without the year where ``today`` is given and shares it."""
    if value is None:
        return NOTHING
    same_year = today is not None and today.year == value.year
    if japanese(language):
        return f"{value.month}月{value.day}日" if same_year else f"{value.year}年{value.month}月{value.day}日"
    text = f"{value.day} {_EN_MONTHS[value.month - 1]}"
    return text if same_year else f"{text} {value.year}"


def instant(value: datetime, language: str) -> str:
    """``2026年11月18日 14:05 JST``: the exact time in the zone ``value`` carries."""
    return f"{day(value.date(), language)} {value:%H:%M} {value.tzname()}"


def relative_day(value: date, today: date) -> str:
    """``3日前``, ``今日``, ``あと12日``."""
    ahead = (value - today).days
    if ahead == 0:
        return _("today")
    if ahead == -1:
        return _("yesterday")
    if ahead == 1:
        return _("tomorrow")
    if ahead > 0:
        return ngettext("in %(count)s day", "in %(count)s days", ahead) % {"count": f"{ahead:,}"}
    return ngettext("%(count)s day ago", "%(count)s days ago", -ahead) % {"count": f"{-ahead:,}"}


def relative(value: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits; beyond a day in calendar days of ``value``'s zone."""
    gone = now - value
    if timedelta(0) <= gone < timedelta(minutes=1):
        return _("just now")
    if timedelta(0) <= gone < timedelta(hours=1):
        minutes = int(gone.total_seconds() // 60)
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    if timedelta(0) <= gone < timedelta(days=1):
        hours = int(gone.total_seconds() // 3600)
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    return relative_day(value.date(), now.astimezone(value.tzinfo).date())


def person(someone: Named | None) -> str:
    """The name as :func:`enishi.kit.text.full_name` orders it; something of the mail address where there is no name."""
    return NOTHING if someone is None else someone.full_name


_LEGAL_FORM = re.compile("((?:株式|有限|合同|合資|合名)会社)")


def breakable(name: str) -> SafeString:
    """A company's name that breaks beside its legal form rather than within a word."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in _LEGAL_FORM.split(name) if part))


def addressed(name: str, language: str, *, organisation: bool = False) -> str:
    """A name as one writes to it: 様 for a person, 御中 for a company; English adds nothing."""
    if not japanese(language) or not name:
        return name
    return f"{name} {'御中' if organisation else '様'}"
