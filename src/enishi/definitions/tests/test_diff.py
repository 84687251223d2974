from __future__ import annotations

import copy

from enishi.definitions.compare import full_body
from enishi.definitions.diff import describe_changes
from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.kit.text import Text

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
    points, scale = describe_changes(before, after)
    assert points.place == "measures[a].mapping.points"
    assert points.text.en == "Measure “a”, points table, points: 1.5 points at 0 → 2.5 points at 0"
    assert points.text.ja == "項目「a」の得点表の得点:0で1.5点 → 0で2.5点"
    assert scale.text.ja.endswith("目盛:(なし) → 対数")
    assert describe_changes({}, {"stake": {"red": 0.5}})[0].text.ja == "リスク金額の割合の危険:(なし) → 0.5"


def test_names_of_events_are_told_in_the_language_that_changed() -> None:
    before = {"events": {"saved": {"en": "Saved", "ja": "保存"}, "old": {"ja": "旧"}}}
    after = {"events": {"saved": {"en": "Saved", "ja": "保管"}}, "products": {"desk": "Desk"}}
    assert [change.text.ja for change in describe_changes(before, after)] == [
        "イベント「saved」の日本語名:保存 → 保管",
        "イベント「old」の日本語名:旧 → (なし)",
        "製品「desk」の日本語名:(なし) → Desk",
        "製品「desk」の英語名:(なし) → Desk",
    ]


def test_what_is_left_unsaid_equals_its_default() -> None:
    said = full_body("scorecard", BODY)
    assert describe_changes(said, full_body("scorecard", said)) == []
    assert parse_body("scorecard", said) == parse_body("scorecard", BODY)


def test_metrics_groups_and_choices_are_named_as_people_know_them() -> None:
    before = {"groups": [{"id": "use", "title": {"en": "Use", "ja": "利用"}}],
              "measures": [{"id": "n", "metric": "events_90", "group": "", "missing": "reweight"}]}  # fmt: skip
    after = copy.deepcopy(before)
    after["measures"][0] |= {"group": "use", "missing": "bad"}
    found = describe_changes(before, after, {"events_90": Text("Uses (90 d)", "利用回数(90日)")})
    assert [change.text.ja for change in found] == [
        "項目「利用回数(90日)」のグループ:(なし) → 利用",
        "項目「利用回数(90日)」の値がないとき:除外して残りで按分 → 0点とみなす",
    ]
