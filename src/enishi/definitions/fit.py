"""The typed body of fit: who is the right customer, on axes of the company's own."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Literal

from enishi.definitions.base import Body, Pair, Words
from enishi.definitions.checks import (
    check_ids,
    check_metric,
    check_range,
    check_weight,
    check_words,
    unknown_name,
)
from enishi.definitions.errors import Mistake
from enishi.kit.text import Text

FIT_FACTS: dict[str, Text] = {
    "employees": Text("Employees", "従業員数"),
    "seats_share": Text("Seats per employee", "従業員1人あたりのライセンス数"),
    "term_months": Text("Term of the first contract (months)", "最初の契約の期間(月)"),
}
"""What the fit room adds to the metrics: what is known of a customer at the sale."""

FIT_ATTRIBUTES = ("industry", "size", "region", "country", "channel", "plan", "product")
START_DAYS = 90
"""Inputs "of the start" are read at the end of this many days after the sale, or today if that is earlier."""


class ValuePoints(Body, frozen=True):
    """``points`` for each of ``values`` of an attribute, letter case apart."""

    values: tuple[str, ...]
    points: float


class FitInput(Body, frozen=True):
    """One thing an axis is judged by: an attribute, a metric, or a value stated by hand (0-100).

    Args:
        at: ``sale``: what was known on the day of the sale; ``start``: the first 90 days, unknown to the fit at the sale.
        values, otherwise: of an attribute; without ``otherwise`` a value not listed is unknown.
        points: of a metric: [value, points 0-100] in rising order, straight between, flat beyond the ends.
        weight: relative to the axis's other inputs.
    """

    id: str
    title: Words = ""
    attribute: Literal["industry", "size", "region", "country", "channel", "plan", "product", ""] = ""
    metric: str = ""
    stated: bool = False
    at: Literal["sale", "start"] = "sale"
    values: tuple[ValuePoints, ...] = ()
    otherwise: float | None = None
    points: tuple[Pair, ...] = ()
    weight: float = 1


class FitAxis(Body, frozen=True):
    """A question about the customer; its weight is relative to the other axes."""

    id: str
    title: Words
    inputs: tuple[FitInput, ...]
    weight: float = 1
    description: Words = ""


class FitBands(Body, frozen=True):
    """Good from ``good``, poor below ``poor``, fair between."""

    good: float = 65
    poor: float = 40


class Fit(Body, frozen=True):
    """``minimum_coverage``: share of the weight that must be known; below it the fit is unknown."""

    title: Words
    axes: tuple[FitAxis, ...]
    description: Words = ""
    bands: FitBands = FitBands()
    minimum_coverage: float = 0.4


def check_fit(body: Fit, metrics: Collection[str] | None) -> Iterator[Mistake]:
    """Everything that is wrong with the axes, with its place."""
    if metrics is not None:
        metrics = {*metrics, *FIT_FACTS}
    yield from check_words("title", body.title)
    yield from check_ids("axes", [axis.id for axis in body.axes])
    inputs = [one.id for axis in body.axes for one in axis.inputs]
    yield from check_ids("inputs", inputs)
    for i, axis in enumerate(body.axes):
        yield from check_words(f"axes[{i}].title", axis.title)
        yield from check_weight(f"axes[{i}].weight", axis.weight)
        for j, one in enumerate(axis.inputs):
            yield from _check_input(f"axes[{i}].inputs[{j}]", one, metrics)
    if not any(axis.weight > 0 and any(one.weight > 0 for one in axis.inputs) for axis in body.axes):
        text = Text(
            "No axis has a weight and an input, so nothing is judged.",
            "重みと項目を持つ軸が一つもないため、判定できません。",
        )
        yield Mistake("axes", text)
    if not 0 < body.bands.poor < body.bands.good < 100:
        text = Text(
            f"Poor ({body.bands.poor:g}) must end under good ({body.bands.good:g}), both between 0 and 100.",
            f"「低い」の上限({body.bands.poor:g})は「高い」の下限({body.bands.good:g})より低く、ともに0と100の間にしてください。",
        )
        yield Mistake("bands", text)
    if not 0 <= body.minimum_coverage <= 1:
        yield Mistake(
            "minimum_coverage",
            Text("It is a share from 0 to 1 (0 to 100%).", "0から1(0〜100%)の割合で指定してください。"),
        )


def _check_input(place: str, one: FitInput, metrics: Collection[str] | None) -> Iterator[Mistake]:
    yield from check_weight(f"{place}.weight", one.weight)
    if sum((bool(one.attribute), bool(one.metric), one.stated)) != 1:
        text = Text(
            "Name one source: an attribute, a metric, or stated by hand.",
            "属性・指標・手入力のいずれか一つを指定してください。",
        )
        yield Mistake(place, text)
        return
    if one.stated and not one.title:
        yield Mistake(
            f"{place}.title",
            Text("What is stated by hand needs a title.", "手入力の項目には名称が必要です。"),
        )
    if one.attribute:
        yield from _check_values(place, one)
    if one.metric:
        yield from check_metric(f"{place}.metric", one.metric, metrics)
        yield from _check_points(f"{place}.points", one.points)


def _check_values(place: str, one: FitInput) -> Iterator[Mistake]:
    if one.attribute not in FIT_ATTRIBUTES:
        yield Mistake(f"{place}.attribute", unknown_name("attribute", one.attribute, FIT_ATTRIBUTES))
    if one.at == "start":
        text = Text("Attributes are those of the sale.", "属性は販売時点の値を使います。")
        yield Mistake(f"{place}.at", text)
    if not one.values:
        yield Mistake(
            f"{place}.values",
            Text("Give points for at least one value.", "少なくとも一つの値に得点を設定してください。"),
        )
    seen: set[str] = set()
    for k, row in enumerate(one.values):
        yield from check_range(f"{place}.values[{k}].points", row.points)
        for value in row.values:
            if value.casefold() in seen:
                yield Mistake(
                    f"{place}.values[{k}]", Text(f"'{value}' stands twice.", f"「{value}」が重複しています。")
                )
            seen.add(value.casefold())
    if one.otherwise is not None:
        yield from check_range(f"{place}.otherwise", one.otherwise)


def _check_points(place: str, points: tuple[Pair, ...]) -> Iterator[Mistake]:
    if len(points) < 2:
        yield Mistake(place, Text("At least 2 points are needed.", "点は2つ以上必要です。"))
    values = [x for x, _ in points]
    if any(b <= a for a, b in itertools.pairwise(values)):
        yield Mistake(
            place,
            Text(
                "The values must rise from line to line.", "値は小さい順に、重ならないように並べてください。"
            ),
        )
    for _, y in points:
        yield from check_range(place, y)
