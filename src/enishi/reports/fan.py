"""The fan of a forecast as a still picture (SVG), for paper: past as a line, nested ranges, targets as marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 210
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 10, 26
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
    least, most = least - room, most + room
    count = len(spec["x"])

    def x(place: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * place / max(1, count - 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - least) / (most - least))

    parts = [_axis(least + (most - least) * k / 4, y, show) for k in range(5)]
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
    every = max(1, count // 9)
    parts += [
        f'<text x="{x(i):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(str(name))}</text>'
        for i, name in enumerate(spec["x"])
        if i % every == 0
    ]
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-size="9" fill="{INK}">{body}</svg>'


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
