from __future__ import annotations

import copy

from enishi.definitions.diff import describe_changes
from enishi.definitions.reads import default_body

BODY = default_body("scorecard", "default")


def test_the_same_body_has_no_changes() -> None:
    assert describe_changes(BODY, copy.deepcopy(BODY)) == []


def test_changes_are_told_in_words_of_both_languages() -> None:
    after = copy.deepcopy(BODY)
    recency = next(m for m in after["measures"] if m["id"] == "recency")
    weight, green = recency["weight"], after["bands"]["green"]
    recency["weight"], recency["title"] = weight + 3, {"en": "Recency", "ja": "最終利用"}
    after["bands"]["green"] = green - 2
    after["groups"] = [g for g in after["groups"] if g["id"] != "value"]
    after["caps"] = [
        *after["caps"],
        {"id": "new", "title": {"en": "New cap", "ja": "新しい上限"}, "when": [], "at_most": 1},
    ]
    changes = {change.place: change.text for change in describe_changes(BODY, after)}
    assert changes["measures[recency].weight"].en == f"Measure “Recency”, weight: {weight} → {weight + 3}"
    assert changes["measures[recency].weight"].ja == f"項目「最終利用」の重み:{weight} → {weight + 3}"
    assert changes["measures[recency].title"].en.endswith("(none) → Recency")
    assert changes["bands.green"].ja == f"区分の良好の下限:{green} → {green - 2}"
    assert changes["groups[value]"].ja == "グループ「価値実感」を削除"
    assert changes["caps[new]"].en == "Cap “New cap” added"


def test_whole_tables_are_shown_before_and_after() -> None:
    before = {"measures": [{"id": "a", "mapping": {"points": [[0, 1.5]]}}]}
    after = {"measures": [{"id": "a", "mapping": {"points": [[0, 2.5]], "scale": "log"}}]}
    (change,) = describe_changes(before, after)
    assert change.place == "measures[a].mapping"
    assert "[[0, 1.5]]" in change.text.en
    assert "[[0, 2.5]]" in change.text.en
    assert describe_changes({}, {"stake": {"red": 0.5}})[0].text.ja == "リスク金額の割合のred:(なし) → 0.5"
