"""Axes of fit: the shipped ones are good, and every mistake is named by its place."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from enishi.definitions.errors import BadDefinition
from enishi.definitions.fit import FIT_FACTS
from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.metrics.api import REGISTRY


def mistakes(body: dict[str, Any]) -> set[str]:
    with pytest.raises(BadDefinition) as caught:
        parse_body("fit", body, set(REGISTRY))
    assert all(text.en and text.ja for text in caught.value.fields.values())
    return set(caught.value.fields)


def test_the_shipped_axes_are_the_three_of_the_right_customer_and_name_nothing_of_a_sample():
    typed = parse_body("fit", default_body("fit", "default"), set(REGISTRY))
    assert [axis.id for axis in typed.axes] == ["success", "importance", "size"]
    inputs = [one for axis in typed.axes for one in axis.inputs]
    assert not any(one.attribute for one in inputs), "values of attributes are each company's own"
    assert {one.metric for one in inputs} & set(FIT_FACTS)
    assert all(any(one.at == "sale" and not one.stated for one in axis.inputs) for axis in typed.axes)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"metric": "nonsense", "points": [[0, 1], [1, 2]]}, "axes[0].inputs[0].metric"),
        ({"metric": "seats", "points": [[0, 1]]}, "axes[0].inputs[0].points"),
        ({"metric": "seats", "points": [[3, 1], [1, 2]]}, "axes[0].inputs[0].points"),
        ({"metric": "seats", "points": [[0, 1], [1, 200]]}, "axes[0].inputs[0].points"),
        ({"metric": "seats", "stated": True}, "axes[0].inputs[0]"),
        ({"stated": True}, "axes[0].inputs[0].title"),
        ({"attribute": "industry"}, "axes[0].inputs[0].values"),
        (
            {"attribute": "industry", "at": "start", "values": [{"values": ["a"], "points": 1}]},
            "axes[0].inputs[0].at",
        ),
        (
            {"attribute": "size", "values": [{"values": ["A"], "points": 1}, {"values": ["a"], "points": 2}]},
            "axes[0].inputs[0].values[1]",
        ),
        ({"metric": "seats", "points": [[0, 1], [1, 2]], "weight": -1}, "axes[0].inputs[0].weight"),
    ],
)
def test_a_mistake_of_an_input_is_named_by_its_place(changed, place):
    body = deepcopy(default_body("fit", "default"))
    body["axes"][0]["inputs"][0] = {"id": "mine", **changed}
    assert place in mistakes(body)


def test_bands_and_weights_must_make_sense():
    body = default_body("fit", "default")
    assert "bands" in mistakes({**body, "bands": {"good": 30, "poor": 40}})
    assert "minimum_coverage" in mistakes({**body, "minimum_coverage": 2})
    assert "axes" in mistakes({**body, "axes": []})
    twice = deepcopy(body)
    twice["axes"][1]["inputs"][0]["id"] = "people_known"
    assert any(place.startswith("inputs[") for place in mistakes(twice))
