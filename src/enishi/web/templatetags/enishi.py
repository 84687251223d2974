"""What templates of all pages use: ``{% load enishi %}``. See docs/pages-guide.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template.context import Context
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from enishi.accounts.company import get_company
from enishi.kit.text import Text
from enishi.web import assets, badges, drawings, words
from enishi.web.actors import shown_actor
from enishi.web.devices import name_device

register = template.Library()


def _language() -> str:
    return get_language() or "ja"


def _currency(context_currency: str = "") -> str:
    return context_currency or get_company().currency


@register.simple_tag
def to(signed: bool = False) -> str:
    """Between the ends of a range."""
    return words.to(_language(), signed=signed)


@register.simple_tag
def asset(name: str) -> str:
    return assets.asset(name)


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    return assets.icon(str(name), size, str(label))


@register.filter
def t(value: Any, prefix: str = "") -> str:
    """A Text, an {en, ja} mapping or (with ``prefix``) the pair ``prefix_en``/``prefix_ja`` of a mapping."""
    if isinstance(value, Text):
        return value.in_language(_language())
    if isinstance(value, Mapping):
        side = "ja" if words.japanese(_language()) else "en"
        return str(value.get(f"{prefix}_{side}" if prefix else side, ""))
    return "" if value is None else str(value)


@register.filter
def breakable(name: str) -> SafeString:
    """A company's name with places to break beside its legal form."""
    return words.breakable(name)


@register.filter
def money(value: words.Amount | None, currency: str = "") -> str:
    """Whole minor units as the exact amount, in the company's currency unless one is given."""
    return words.unbroken(words.money(value, _currency(currency), _language()))


@register.filter
def money_short(value: words.Amount | None, currency: str = "") -> str:
    return words.unbroken(words.money_short(value, _currency(currency), _language()))


@register.filter
def number(value: words.Amount | None, digits: int = 0) -> str:
    return words.number(value, int(digits))


@register.filter
def percent(value: words.Amount | None, digits: int = 1) -> str:
    return words.percent(None if value == "" else value, int(digits))


@register.filter
def chance(value: words.Amount | None) -> str:
    return words.chance(None if value == "" else value)


@register.filter
def likely(value: words.Amount | None) -> str:
    return words.likely(None if value == "" else value)


@register.filter
def points(tenths: int | None) -> str:
    return words.points(tenths)


@register.filter
def points_change(tenths: int | None) -> str:
    return words.points(tenths, sign=True)


@register.filter
def actor(who: str) -> str:
    """Who did something, as records and audit lines keep it, in words."""
    return shown_actor(who or "", _language())


def _as_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    if isinstance(value, str) and value:
        return date.fromisoformat(value[:10])
    return value or None


@register.filter
def day(value: Any, form: str = "") -> str:
    """A calendar day; ``"short"`` leaves out this year's year."""
    today = timezone.localdate() if form == "short" else None
    return words.day(_as_day(value), _language(), today)


@register.filter
def day_relative(value: Any, asked: date | None = None) -> SafeString | str:
    """``3日前`` with the date on hover; counted from ``asked`` where a page shows a past day."""
    on = _as_day(value)
    if on is None:
        return words.NOTHING
    exact, near = words.day(on, _language()), words.relative_day(on, asked or timezone.localdate())
    return format_html('<time datetime="{}" title="{}">{}</time>', on.isoformat(), exact, near)


@register.filter
def moment(value: datetime | None, form: str = "") -> SafeString | str:
    """``3日前`` with the exact time on hover; ``"exact"`` the other way round."""
    if not value:
        return words.NOTHING
    local = timezone.localtime(value)
    exact, near = words.instant(local, _language()), words.relative(local, timezone.now())
    shown, hover = (exact, near) if form == "exact" else (near, exact)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), hover, shown)


@register.filter
def person(value: Any, form: str = "") -> str:
    """A member's or contact's name, family first; ``"sama"`` addresses them (花子 様)."""
    name = words.person(value)
    return words.addressed(name, _language()) if form == "sama" and value else name


@register.filter
def device(user_agent: Any) -> str:
    """A browser as people call it: ``Chrome · Windows``."""
    return name_device(str(user_agent or ""))


@register.filter
def onchu(name: Any) -> str:
    """A company as one writes to it: ``株式会社花山 御中``."""
    return words.addressed(str(name), _language(), organisation=True)


@register.filter
def initial(value: Any) -> str:
    """The first letter of a name, for the round mark beside it."""
    return words.person(value)[:1].upper()


@register.filter
def band(value: str) -> SafeString:
    return badges.band(value)


@register.filter
def band_shape(value: str) -> SafeString:
    """The band's shape alone, with its word for screen readers."""
    return badges.shape(value)


@register.filter
def tier(value: str) -> SafeString | str:
    return badges.tier(value)


@register.filter
def cause(value: str) -> str:
    """A cause of churn in the user's words."""
    return badges.cause(value)


@register.filter
def role(value: str) -> str:
    return badges.role(value)


@register.simple_tag
def bar(value: float | None, most: float = 100, tone: str = "c1", label: str = "") -> SafeString:
    return drawings.bar(value, most, tone, label)


@register.simple_tag
def sparkline(
    values: Sequence[float | None], label: str = "", width: int = 96, height: int = 24
) -> SafeString:
    return drawings.sparkline(values, label, width, height)


@register.simple_tag
def widget(field: BoundField, **attributes: Any) -> SafeString:
    """A form field's control with the house's classes and its help and errors announced."""
    kind = getattr(field.field.widget, "input_type", "")
    select = kind == "select"
    classes = {"checkbox": "form-check-input", "radio": "form-check-input", "hidden": ""}.get(
        kind, "form-select" if select else "form-control"
    )
    extra: dict[str, Any] = {"class": f"{field.field.widget.attrs.get('class', '')} {classes}".strip()}
    described = [
        f"{field.auto_id}_{part}"
        for part, there in (("help", field.help_text), ("error", field.errors))
        if there
    ]
    if described:
        extra["aria-describedby"] = " ".join(described)
    if field.errors:
        extra["aria-invalid"] = "true"
    return field.as_widget(attrs=extra | {key.replace("_", "-"): value for key, value in attributes.items()})


@register.simple_tag(takes_context=True)
def sort_header(context: Context, name: str, label: str, numeric: bool = False, help: str = "") -> SafeString:
    """A ``<th>`` whose link sorts by ``name``; the order stands in the address as ``sort=name`` or ``-name``."""
    request: HttpRequest = context["request"]
    chosen = request.GET.get("sort", context.get("sort", ""))
    descending = chosen == f"-{name}"
    ascending = chosen == name
    wanted = f"-{name}" if ascending or (numeric and not descending) else name
    query = request.GET.copy()
    query["sort"] = wanted
    query.pop("page", None)
    order = 'aria-sort="ascending"' if ascending else 'aria-sort="descending"' if descending else ""
    arrow = assets.icon("arrow-up" if ascending else "arrow-down", "small") if ascending or descending else ""
    return format_html(
        '<th scope="col" {} {}{}><a href="?{}">{}{}</a></th>',
        mark_safe('class="num"') if numeric else "",
        mark_safe(order),  # noqa: S308 one of two constants
        format_html(' title="{}"', help) if help else "",
        query.urlencode(),
        label,
        arrow,
    )


@register.simple_tag(takes_context=True)
def page_query(context: Context, name: str, value: Any) -> str:
    """The present query string with ``name`` set to ``value``."""
    query = context["request"].GET.copy()
    query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def chart_data(spec: Mapping[str, Any], element: str) -> SafeString:
    """The chart's JSON in a script element, safe against closing tags in names."""
    text = json.dumps(spec, ensure_ascii=False, default=str)
    for letter, code in (("<", "\\u003C"), (">", "\\u003E"), ("&", "\\u0026")):
        text = text.replace(letter, code)
    return format_html('<script type="application/json" id="{}">{}</script>', element, mark_safe(text))  # noqa: S308


@register.simple_tag
def chart_table(spec: Mapping[str, Any]) -> SafeString:
    """The chart's numbers as a table."""
    return drawings.chart_table(spec, get_company().currency, _language())


@register.filter
def as_json(value: Any) -> SafeString:
    """A value as JSON for a data attribute."""
    return mark_safe(escape(json.dumps(value, ensure_ascii=False, default=str)))  # noqa: S308 escaped


@register.filter
def get(value: Mapping[str, Any] | None, key: str) -> Any:
    """One entry of a mapping by a name held in a variable."""
    return value.get(key) if value else None


@register.filter
def has(values: Iterable[Any] | None, wanted: Any) -> bool:
    return wanted in (values or ())
