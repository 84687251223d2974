"""The fan of a forecast as a still picture (SVG), for paper: past as a line, nested ranges, targets as marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 28, 26
LABEL = 78  # room for the name of a month
TICKS = 5
INK, BLUE = "#1c2536", "#1f5fbf"


def draw_fan(spec: Mapping[str, Any], show: Callable[[float], str]) -> str:
    """The picture of a ``fan`` chart.

    Args:
        spec: as for the chart on screen.
        show: a value of the axis in words.
    """
    lows = [v for band in spec["bands"] for v in band["low"] if v is not None]
    highs = [v for band in spec["bands"] for v in band["high"] if v is not None]
    seen = [v for v in (*spec["past"], *lows, *highs, *spec.get("goals", ())) if v is not None]
    least, most = min(seen), max(seen)
    room = (most - least) * 0.06 or abs(most) * 0.1 or 1.0
    ticks = round_ticks(least - room, most + room)
    least, most = ticks[0], ticks[-1]
    count = len(spec["x"])

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / max(1, count - 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - least) / (most - least))

    parts = [_axis(value, y, show) for value in ticks]
    for band in spec["bands"]:
        upper = [(x(i), y(v)) for i, v in enumerate(band["high"]) if v is not None]
        lower = [(x(i), y(v)) for i, v in enumerate(band["low"]) if v is not None]
        parts.append(
            f'<polygon points="{_points([*upper, *reversed(lower)])}" fill="{BLUE}" fill-opacity="{band["shade"]}"/>'
        )
    parts.append(_line(spec["past"], x, y, INK, ""))
    parts.append(_line(spec["middle"], x, y, BLUE, ' stroke-dasharray="5 3"'))
    for place, goal in enumerate(spec.get("goals") or ()):
        if goal is not None:
            cx, cy = x(place), y(goal)
            marks = [(cx, cy - 5), (cx + 5, cy), (cx, cy + 5), (cx - 5, cy)]
            parts.append(
                f'<polygon points="{_points(marks)}" fill="#fff" stroke="{INK}" stroke-width="1.6"/>'
            )
    every = max(1, ceil(count * LABEL / (WIDTH - LEFT - RIGHT)))
    parts += [
        f'<text x="{x(i):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(str(name))}</text>'
        for i, name in enumerate(spec["x"])
        if i % every == 0
    ]
    body = "".join([*parts, *_legend(spec)])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-size="9" fill="{INK}">{body}</svg>'


def round_ticks(least: float, most: float) -> list[float]:
    """Round values around a range, at even steps of 1, 2, 2.5 or 5 times a power of ten.

    >>> round_ticks(1551, 2243)
    [1400.0, 1600.0, 1800.0, 2000.0, 2200.0, 2400.0]
    """
    rough = (most - least) / (TICKS - 1)
    power = 10.0 ** floor(log10(rough))
    step = next(unit * power for unit in (1, 2, 2.5, 5, 10) if unit * power >= rough * 0.999)
    first, last = floor(least / step), ceil(most / step)
    return [place * step for place in range(first, last + 1)]


def _legend(spec: Mapping[str, Any]) -> list[str]:
    """What the lines, shades and marks are, above the picture."""
    parts, at = [], float(LEFT)

    def name(words: str) -> None:
        nonlocal at
        parts.append(f'<text x="{at + 28:.1f}" y="15">{escape(words)}</text>')
        at += 28 + 16 + sum(9.2 if ord(sign) > 0x2E7F else 5.2 for sign in words)

    for words, colour, dash in (
        (spec.get("pastName"), INK, ""),
        (spec.get("middleName"), BLUE, ' stroke-dasharray="5 3"'),
    ):
        if words:
            parts.append(
                f'<line x1="{at:.1f}" y1="12" x2="{at + 22:.1f}" y2="12" stroke="{colour}" stroke-width="1.8"{dash}/>'
            )
            name(str(words))
    for band in spec["bands"]:
        if band.get("name"):
            parts.append(
                f'<rect x="{at:.1f}" y="6" width="22" height="11" fill="{BLUE}" fill-opacity="{band["shade"]}"/>'
            )
            name(str(band["name"]))
    if spec.get("goalName") and any(goal is not None for goal in spec.get("goals") or ()):
        marks = [(at + 11, 7), (at + 16, 12), (at + 11, 17), (at + 6, 12)]
        parts.append(f'<polygon points="{_points(marks)}" fill="#fff" stroke="{INK}" stroke-width="1.6"/>')
        name(str(spec["goalName"]))
    return parts


def _axis(value: float, y: Callable[[float], float], show: Callable[[float], str]) -> str:
    at = y(value)
    line = f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#d9dee7" stroke-width="0.7"/>'
    return f'{line}<text x="{LEFT - 6}" y="{at + 3:.1f}" text-anchor="end">{escape(show(value))}</text>'


def _line(
    values: Sequence[float | None],
    x: Callable[[int], float],
    y: Callable[[float], float],
    colour: str,
    dash: str,
) -> str:
    points = [(x(i), y(v)) for i, v in enumerate(values) if v is not None]
    return f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
