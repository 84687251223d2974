"""The builder's form says the same as the definition."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from enishi.metrics.api import compile_metric
from enishi.web.pages.health.metric_form import read_metric, shown_block

COUNT = {
    "id": "big_exports", "title": {"en": "Big exports", "ja": "大量出力"}, "type": "count", "direction": 1,
    "events": ["Export Made"], "where": [{"property": "rows", "op": "ge", "value": 1000}], "window": 28,
}  # fmt: skip
RATIO = {
    "id": "share", "title": {"en": "Share", "ja": "割合"}, "type": "ratio", "direction": 1,
    "above": {"type": "distinct", "of": "users", "window": 28, "events": ["Export Made"]},
    "below": {"type": "distinct", "of": "users", "window": 28},
}  # fmt: skip
TREND = {
    "id": "slope", "title": {"en": "Slope", "ja": "傾き"}, "type": "trend", "direction": 1,
    "of": {"type": "sum", "window": 30, "property": "order.total"},
}  # fmt: skip


def form_of(body: dict) -> QueryDict:
    query = QueryDict(mutable=True)
    query["id"], query["type"], query["direction"] = body["id"], body["type"], str(body["direction"])
    query["title:en"], query["title:ja"] = body["title"]["en"], body["title"]["ja"]
    for part in ("a", "b"):
        block = shown_block(body, part)
        for name in ("type", "of", "property", "window"):
            query[f"{part}:{name}"] = str(block[name])
        query.setlist(f"{part}:events", block["events"])
        query.setlist(f"{part}:property_name", [c["property"] for c in block["where"]])
        query.setlist(f"{part}:op", [c["op"] for c in block["where"]])
        query.setlist(f"{part}:value", [str(c["value"]) for c in block["where"]])
    return query


@pytest.mark.parametrize("body", [COUNT, RATIO, TREND])
def test_a_definition_survives_its_form(body: dict) -> None:
    assert read_metric(form_of(body)) == body
    compile_metric(body)


def test_values_keep_their_kind() -> None:
    query = form_of(COUNT)
    query.setlist("a:property_name", ["paid", "name", "rows"])
    query.setlist("a:op", ["eq", "eq", "exists"])
    query.setlist("a:value", ["true", "12a", ""])
    assert [c["value"] for c in read_metric(query)["where"]] == [True, "12a", True]
