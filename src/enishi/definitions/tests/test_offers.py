"""Offers: the shipped ones are good, and every mistake is named by its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from enishi.definitions.errors import BadDefinition
from enishi.definitions.reads import default_bodies
from enishi.definitions.rules import parse_body
from enishi.metrics.api import REGISTRY
from enishi.metrics.custom import compile_metric

OFFERS = {slug: body for kind, slug, body in default_bodies() if kind == "offer"}


def mistakes(**changed: Any) -> set[str]:
    with pytest.raises(BadDefinition) as caught:
        parse_body("offer", {**OFFERS["more_seats"], **changed}, set(REGISTRY))
    assert all(text.en and text.ja for text in caught.value.fields.values())
    return set(caught.value.fields)


def test_the_shipped_offers_name_nothing_of_a_sample():
    assert {body["type"] for body in OFFERS.values()} == {"plan", "seats", "product", "term"}
    for body in OFFERS.values():
        typed = parse_body("offer", body, set(REGISTRY))
        named = (typed.to_plan, typed.to_product, typed.eligible.plans, typed.eligible.products)
        assert not any(named)
        assert "red" not in typed.eligible.bands


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"signals": []}, "signals"),
        ({"least_weight": 99}, "least_weight"),
        ({"eligible": {"bands": ["green", "red"]}}, "eligible.bands"),
        ({"eligible": {"tenure_from_days": -1}}, "eligible.tenure_from_days"),
        ({"eligible": {"when": [{"metric": "nonsense", "op": ">", "value": 1}]}}, "eligible.when[0].metric"),
        ({"uplift": {"unit": "share_of_mrr", "value": 20}}, "uplift.value"),
        ({"uplift": {"unit": "points", "value": 1}}, "uplift.unit"),
        ({"to_plan": "Premium"}, "to_plan"),
        ({"title": ""}, "title"),
        ({"type": "gift"}, "type"),
        ({"colour": "red"}, "(body)"),
    ],
)
def test_a_mistake_is_named_by_its_place(changed, place):
    assert place in mistakes(**changed)


@pytest.mark.parametrize("page", ["offer-more.md", "offer-more.ja.md"])
def test_the_sign_of_a_goal_reached_can_be_declared_as_its_page_shows(page: str):
    text = (Path(__file__).parents[4] / "docs" / "how-to" / page).read_text()
    metric, (sign,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.+?)```", text, re.DOTALL))
    assert (metric.pop("kind"), metric.pop("slug")) == ("metric", metric["id"])
    declared = compile_metric(metric)
    assert (declared.window, declared.unit, declared.null) == (90, "days", "unknown")
    shipped = OFFERS["higher_plan"]
    body = {**shipped, "signals": [*shipped["signals"], sign]}
    typed = parse_body("offer", body, {*REGISTRY, declared.id})
    assert typed.signals[-1].when[0].metric == declared.id
    with pytest.raises(BadDefinition):
        parse_body("offer", body, set(REGISTRY))
