"""What the editor sends back is the scorecard that was meant, and everything untouched stays as it was."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from enishi.definitions.api import default_body, parse_body
from enishi.web.pages.health.card_form import (
    read_form,
    shares,
    shown_pairs,
    shown_peers,
    shown_tenures,
)

BASE = default_body("scorecard", "default")


def sent(**fields: str | list[str]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in fields.items():
        query.setlist(name.replace("__", ":"), value if isinstance(value, list) else [value])
    return query


def whole_form(body: dict) -> QueryDict:
    """Everything the page would send if nothing were touched."""
    query = QueryDict(mutable=True)
    for measure in body["measures"]:
        key, mapping = f"measure:{measure['id']}", measure["mapping"]
        query[f"{key}:weight"] = str(measure.get("weight", 0))
        query[f"{key}:group"] = measure["group"]
        query[f"{key}:mapping"] = mapping["type"]
        query[f"{key}:freshness_days"] = str(measure.get("freshness_days", ""))
        query[f"{key}:scale"] = mapping.get("scale", "")
        query[f"{key}:below"] = str(mapping.get("below", ""))
        query[f"{key}:minimum"] = str(mapping.get("minimum", ""))
        query[f"{key}:better"] = mapping.get("better", "")
        query.setlist(f"{key}:peers", shown_peers(mapping))
        query.setlist(f"{key}:x", [str(x) for x, _y in shown_pairs(mapping)])
        query.setlist(f"{key}:y", [str(y) for _x, y in shown_pairs(mapping)])
        tables = shown_tenures(mapping)
        query.setlist(f"{key}:tenure", [str(t["until"]) for t in tables])
        for index, table in enumerate(tables):
            query.setlist(f"{key}:tenure:{index}:x", [str(x) for x, _y in table["rows"]])
            query.setlist(f"{key}:tenure:{index}:y", [str(y) for _x, y in table["rows"]])
    return query


def test_sending_the_page_untouched_changes_nothing_that_counts() -> None:
    body = read_form(BASE, whole_form(BASE))
    assert parse_body("scorecard", body) == parse_body("scorecard", BASE)


def test_an_empty_form_keeps_the_body() -> None:
    assert read_form(BASE, QueryDict("")) == BASE


def test_weights_bands_and_rules_are_taken_over() -> None:
    body = read_form(
        BASE,
        sent(**{
            "measure__recency__weight": "40", "measure__recency__group": "usage", "measure__recency__missing": "bad",
            "measure__recency__mapping": "points", "measure__recency__x": ["30", "0", "", "7"],
            "measure__recency__y": ["0", "100", "", "80"], "bands__green": "70", "group__usage__weight": "60",
            "card__minimum_coverage": "0.5",
        }),
    )  # fmt: skip
    recency = next(m for m in body["measures"] if m["id"] == "recency")
    assert recency["weight"] == 40
    assert recency["missing"] == "bad"
    assert recency["mapping"] == {"type": "points", "points": [[0, 100], [7, 80], [30, 0]]}
    assert body["bands"]["green"] == 70
    assert body["bands"]["yellow"] == BASE["bands"]["yellow"]
    assert body["groups"][0]["weight"] == 60
    assert body["minimum_coverage"] == 0.5


def test_a_measure_comes_and_goes() -> None:
    body = read_form(
        BASE,
        sent(**{
            "measure__tone__remove": "1", "new-measure__metric": "orders_90", "new-measure__group": "commercial",
            "new-measure__weight": "5",
        }),
    )  # fmt: skip
    ids = [m["id"] for m in body["measures"]]
    assert "tone" not in ids
    assert ids[-1] == "orders_90"
    parse_body("scorecard", body)


def test_a_cap_needs_only_its_condition() -> None:
    body = read_form(
        BASE,
        sent(**{
            "new-cap__metric": ["days_overdue", ""], "new-cap__op": [">=", "<"], "new-cap__value": ["60", ""],
            "new-cap__at_most": "40", "new-cap__title__ja": "長期延滞", "new-cap__title__en": "Long overdue",
        }),
    )  # fmt: skip
    assert body["caps"][-1] == {
        "id": "long_overdue",
        "title": {"en": "Long overdue", "ja": "長期延滞"},
        "when": [{"metric": "days_overdue", "op": ">=", "value": 60}],
        "at_most": 40,
    }


def test_what_is_no_number_is_left_for_the_check_to_name() -> None:
    body = read_form(BASE, sent(**{"bands__green": "many"}))
    with pytest.raises(Exception, match="bands"):
        parse_body("scorecard", body)


def test_shares_add_up_to_the_whole() -> None:
    assert sum(shares(BASE).values()) == pytest.approx(1)


def test_the_table_for_too_few_peers_is_edited_kept_and_taken_away() -> None:
    key = "measure:volume"
    base = whole_form(BASE)
    before = next(m for m in BASE["measures"] if m["id"] == "volume")["mapping"]["fallback"]

    def fallback(query: QueryDict) -> object:
        body = read_form(BASE, query)
        return next(m for m in body["measures"] if m["id"] == "volume")["mapping"].get("fallback")

    assert fallback(base) == before
    base.setlist(f"{key}:fallback:x", ["0", "50", ""])
    base.setlist(f"{key}:fallback:y", ["10", "90", ""])
    assert fallback(base) == {**before, "points": [[0, 10], [50, 90]]}
    base.setlist(f"{key}:fallback:x", [""])
    base.setlist(f"{key}:fallback:y", [""])
    assert fallback(base) is None
