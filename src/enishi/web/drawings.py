"""Small pictures drawn on the server as SVG, and a chart's numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from babel.numbers import get_currency_precision
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from enishi.web import words


def bar(value: float | None, most: float, tone: str, label: str) -> SafeString:
    """A bar of ``value`` out of ``most``; an empty track where the value is not known. Without a label it is
    decoration beside a number."""
    share = 0.0 if value is None or not most else max(0.0, min(1.0, float(value) / float(most)))
    return format_html(
        '<svg class="bar" {} preserveAspectRatio="none" viewBox="0 0 100 8">'
        '<rect class="fill-track" width="100" height="8"/><rect class="fill-{}" width="{}" height="8"/></svg>',
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        tone,
        f"{share * 100:.2f}",
    )


def sparkline(values: Sequence[float | None], label: str, width: int, height: int) -> SafeString:
    """A line through ``values`` from zero up; gaps where a value is missing."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return format_html('<span class="quiet">{}</span>', words.NOTHING)
    low, high = min(0.0, *known), max(0.0, *known) or 1.0
    step = width / max(1, len(values) - 1)
    path, pen = [], "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = height - 2 - (float(value) - low) / (high - low) * (height - 4)
        path.append(f"{pen}{index * step:.1f} {y:.1f}")
        pen = "L"
    return format_html(
        '<svg class="spark" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}"><path d="{}"/></svg>',
        label or _("Course over time"),
        width,
        height,
        width,
        height,
        " ".join(path),
    )


def chart_table(spec: Mapping[str, Any], currency: str, language: str) -> SafeString:
    """Rows of a chart's spec (line, bar, fan, bridge, heatmap, scatter), formatted like its axis."""
    head, rows = _chart_rows(spec)
    show = _formatter(spec, currency, language)
    headers = format_html_join(
        "",
        '<th scope="col"{}>{}</th>',
        ((mark_safe(' class="num"') if index else "", name) for index, name in enumerate(head)),
    )
    # By hand: a year of days takes thirty times as long piece by piece.
    drawn = []
    for first, *cells in rows:
        numbers = "".join([f'<td class="num">{escape(show(cell))}</td>' for cell in cells])
        drawn.append(f'<tr><th scope="row">{escape(first)}</th>{numbers}</tr>')
    body = mark_safe("".join(drawn))  # noqa: S308 - every part escaped
    return format_html(
        '<table class="grid"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', headers, body
    )


def _chart_rows(spec: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    kind = spec.get("kind")
    if kind == "bridge":
        return ["", spec.get("name") or _("Amount")], [
            [step["name"], step["value"]] for step in spec["steps"]
        ]
    if kind == "scatter":
        axes = [
            (spec.get(axis) or {}).get("axis") or letter for axis, letter in (("xAxis", "x"), ("yAxis", "y"))
        ]
        return ["", *axes], [[point.get("label", ""), point["x"], point["y"]] for point in spec["points"]]
    if kind == "heatmap":
        cells = {(cell[0], cell[1]): cell[2] for cell in spec["cells"]}
        names = list(spec["x"])
        return ["", *names], [
            [name, *(cells.get((x, y)) for x in range(len(names)))] for y, name in enumerate(spec["y"])
        ]
    if kind == "fan":
        columns = [(spec["pastName"], spec["past"]), (spec["middleName"], spec["middle"])]
        for one in spec["bands"]:
            columns += [(f"{one['name']} ↓", one["low"]), (f"{one['name']} ↑", one["high"])]
        if spec.get("other"):
            columns.append((spec["otherName"], spec["other"]))
        if any(goal is not None for goal in spec.get("goals") or ()):
            columns.append((spec["goalName"], spec["goals"]))
    else:
        columns = [(one["name"], one["values"]) for one in spec["series"]]
    if any(spec.get("remarks") or ()):
        columns.append((_("Remarks"), spec["remarks"]))
    return ["", *(name for name, _values in columns)], [
        [x, *(values[index] for _name, values in columns)] for index, x in enumerate(spec["x"])
    ]


def _formatter(spec: Mapping[str, Any], currency: str, language: str) -> Any:
    currency = spec.get("currency") or currency

    def show(value: Any) -> str:
        if value is None:
            return words.NOTHING
        if spec.get("format") == "percent":
            return words.percent(value)
        if spec.get("format") == "money":
            return words.money(value * 10 ** get_currency_precision(currency), currency, language)
        if isinstance(value, int | float):
            text = words.number(value, 0 if float(value).is_integer() else 2)
            return f"{text}{spec.get('unit') or ''}" if words.japanese(language) else text
        return str(value)

    return show
