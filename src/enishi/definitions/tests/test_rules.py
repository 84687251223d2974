from __future__ import annotations

import copy
from typing import Any

import pytest

from enishi.definitions.contracts import PercentileMapping
from enishi.definitions.errors import BadDefinition
from enishi.definitions.names import event_title
from enishi.definitions.reads import default_bodies, default_body
from enishi.definitions.rules import as_json, parse_body

CARD: dict[str, Any] = {
    "title": {"en": "Health", "ja": "ヘルス"},
    "groups": [{"id": "usage", "title": "Usage", "weight": 1}],
    "measures": [
        {
            "id": "recency",
            "metric": "days_since_last_seen",
            "group": "usage",
            "weight": 1,
            "mapping": {"type": "points", "points": [[0, 100], [90, 0]]},
        }
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good card with one place overwritten; ``path`` like ``measures.0.weight``."""
    body = copy.deepcopy(CARD)
    at: Any = body
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        at = at.setdefault(step, {}) if isinstance(step, str) else at[step]
    at[last] = value
    return body


def mistakes(kind: str, body: Any, metrics: set[str] | None = None) -> dict[str, str]:
    with pytest.raises(BadDefinition) as caught:
        parse_body(kind, body, metrics)
    assert all(text.en and text.ja for text in caught.value.fields.values())
    return {place: text.en for place, text in caught.value.fields.items()}


def test_every_shipped_definition_is_good() -> None:
    kinds = [kind for kind, _, _ in default_bodies()]
    assert {"causes", "names", "offer", "scorecard", "stages", "tiers"} <= set(kinds)
    for kind, _, body in default_bodies():
        parse_body(kind, body)


def test_a_body_survives_the_way_through_json() -> None:
    body = default_body("scorecard", "default")
    card = parse_body("scorecard", body)
    assert parse_body("scorecard", as_json(card)) == card
    assert any(isinstance(m.mapping, PercentileMapping) for m in card.measures)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("measures.0.weight", "heavy", "measures[0].weight"),
        ("measures.0.weight", -1, "measures[0].weight"),
        ("measures.0.wieght", 1, "measures[0]"),
        ("measures.0.group", "usgae", "measures[0].group"),
        ("measures.0.id", "Recency!", "measures[0].id"),
        ("measures.0.mapping.points", [[0, 100]], "measures[0].mapping.points"),
        ("measures.0.mapping.points", [[9, 100], [0, 0]], "measures[0].mapping.points"),
        ("measures.0.mapping.points", [[0, 101], [9, 0]], "measures[0].mapping.points"),
        ("measures.0.mapping.scale", "cubic", "measures[0].mapping.scale"),
        ("measures.0.mapping", {"type": "points", "scale": "log", "points": [[-1, 0], [9, 1]]}, "measures[0].mapping.points"),
        ("measures.0.mapping", {"type": "bands", "steps": []}, "measures[0].mapping.steps"),
        ("measures.0.mapping", {"type": "percentile", "points": [[0, 0]]}, "measures[0].mapping.points"),
        ("measures.0.mapping.by_tenure", [{"points": [[0, 0], [1, 1]]}, {"until_days": 3, "points": [[0, 0], [1, 1]]}], "measures[0].mapping.by_tenure"),
        ("measures.0.manual", True, "measures[0].metric"),
        ("measures.0.metric", "", "measures[0].metric"),
        ("groups.0.weight", 0, "measures"),
        ("title", {"de": "Gesundheit"}, "title"),
        ("title", "", "title"),
        ("bands", {"green": 40, "yellow": 60}, "bands"),
        ("bands", {"green": 60, "yellow": 50, "margin": 6}, "bands.margin"),
        ("minimum_coverage", 1.2, "minimum_coverage"),
        ("caps", [{"id": "x", "title": "x", "when": [], "at_most": 10}], "caps[0].when"),
        ("caps", [{"id": "x", "title": "x", "when": [{"metric": "m", "op": "<", "value": 1}], "at_most": 200}], "caps[0].at_most"),
        ("measures", CARD["measures"] * 2, "measures[1].id"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_place(path: str, value: Any, place: str) -> None:
    assert place in mistakes("scorecard", changed(path, value))


def test_a_body_that_is_no_mapping_is_refused() -> None:
    assert "(body)" in mistakes("scorecard", [1])
    assert "kind" in mistakes("wish", {})


def test_an_unknown_metric_gets_a_suggestion() -> None:
    found = mistakes("scorecard", CARD, {"days_since_last_sene"})
    assert "Did you mean 'days_since_last_sene'" in found["measures[0].metric"]
    parse_body("scorecard", CARD, {"days_since_last_seen"})


def test_all_mistakes_come_at_once() -> None:
    body = changed("measures.0.weight", -1)
    body["bands"] = {"green": 1, "yellow": 2}
    error = mistakes("scorecard", body)
    assert {"measures[0].weight", "bands"} <= set(error)


CAUSE_RULE = {
    "id": "r",
    "when": [{"metric": "m", "op": "<", "value": 1}],
    "strength": 50,
    "evidence": {"text": "t"},
}


def causes(**rule: Any) -> dict[str, Any]:
    return {"causes": [{"id": "downturn", "title": "D", "rules": [{**CAUSE_RULE, **rule}]}], "alerts": []}


def test_causes_are_checked() -> None:
    parse_body("causes", causes(), {"m"})
    assert "causes[0].rules[0].strength" in mistakes("causes", causes(strength=101))
    assert "causes[0].rules[0].strength" in mistakes("causes", causes(points=[[0, 1], [1, 2]]))
    assert "causes[0].rules[0].points" in mistakes(
        "causes", causes(strength=None, metric="m", points=[[0, 1]])
    )
    assert "causes[0].rules[0].when[0].metric" in mistakes("causes", causes(), {"x"})
    assert "causes[0].rules[0].evidence.text" in mistakes("causes", causes(evidence={"text": ""}))
    assert "close_below" in mistakes("causes", {**causes(), "open_from": 10})
    alert = {"id": "a", "title": "a", "when": [], "evidence": {"text": "t"}}
    assert "alerts[0].when" in mistakes("causes", {"causes": [], "alerts": [alert]})


def test_causes_may_use_their_own_topics_and_derived_metrics() -> None:
    body = causes(when=[{"metric": "mentions_price", "op": ">", "value": 0}])
    assert mistakes("causes", body, {"m"})
    parse_body("causes", body | {"topics": [{"id": "price", "title": "Price"}]}, {"m"})
    parse_body("causes", causes(when=[{"metric": "usage_slope_z", "op": "<", "value": -2}]), {"m"})


def tiers(*shares: float | None, **more: Any) -> dict[str, Any]:
    return {"tiers": [{"id": f"t{i}", "title": "T", "up_to_share": s} for i, s in enumerate(shares)], **more}


def test_tiers_are_checked() -> None:
    parse_body("tiers", tiers(0.5, None, 1))
    assert "tiers" in mistakes("tiers", tiers(0.5, 0.9))
    assert "tiers" in mistakes("tiers", tiers(0.9, 0.5, 1))
    rule = {"id": "r", "tier": "t9", "title": "r"}
    found = mistakes("tiers", tiers(1, rules=[rule]))
    assert {"rules[0].tier", "rules[0]"} <= set(found)
    when = [{"metric": "x", "op": ">", "value": 1}]
    assert "rules[0].when[0].metric" in mistakes(
        "tiers", tiers(1, rules=[{**rule, "tier": "t0", "when": when}]), {"m"}
    )
    parse_body("tiers", tiers(1, rules=[{**rule, "tier": "t0", "stages": ["onboarding"]}]))


def test_the_error_reads_in_both_languages() -> None:
    with pytest.raises(BadDefinition) as caught:
        parse_body("scorecard", changed("measures.0.weight", "heavy") | {"nope": 1})
    body = caught.value.as_dict("ja")
    assert body["error"] == "bad_definition"
    assert "直して" in str(body["hint"])


def test_a_metric_is_checked_by_its_building_blocks() -> None:
    good = {
        "id": "exports_28",
        "title": {"en": "Exports", "ja": "出力"},
        "type": "count",
        "window": 28,
        "events": ["Export Made"],
    }
    assert parse_body("metric", good) == good
    assert "(body)" in mistakes("metric", ["no"])
    assert "type" in mistakes("metric", {"id": "x", "title": "X", "type": "drop table"})


def test_names_fall_back_to_readable_ids() -> None:
    names = parse_body(
        "names", {"events": {"report_exported": {"en": "Report exported", "ja": "帳票の出力"}}}
    )
    assert event_title(names, "report_exported").ja == "帳票の出力"
    for name, shown in {
        "faq_published": "Faq published", "inquiryAnswered": "Inquiry answered", "Order Completed": "Order Completed",
        "musubi-desk": "Musubi desk", "CSV_export": "CSV export", "帳票.出力": "帳票 出力", "API": "API", "__": "__",
    }.items():  # fmt: skip
        assert event_title(names, name).en == event_title(names, name).ja == shown, name
    with pytest.raises(BadDefinition) as caught:
        parse_body("names", {"products": {"desk": {"en": ""}}})
    assert caught.value.mistakes[0].place == "products.desk"
