import json
from datetime import timedelta
from math import isnan, log

import pandas as pd
import pytest

from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.metrics.api import compile_metric, duckdb_facts, panel, preview_metric, spark_facts
from enishi.metrics.tests.test_engines import sail
from enishi.metrics.tests.world import ago, at, link, use
from enishi.store.testing import publish

__all__ = ["sail"]
T = ago(0)

EVENTS = [
    (1, 1, 2, "Export Made", {"rows": 1500, "plan": {"name": "pro"}, "ok": True}),
    (1, 1, 3, "Export Made", {"rows": 20.5, "plan": {"name": "basic"}, "ok": False}),
    (1, 2, 10, "Export Made", {"rows": "300", "plan": {"name": "pro"}, "note": 'it\'s 日本 "x"'}),
    (1, 2, 40, "Export Made", {"rows": 7}),
    (1, 3, 5, "Import Made", {"rows": None, "名前": "値"}),
    (2, 4, 6, "Export Made", {"rows": "many", "plan": "pro"}),
    (2, 4, 70, "Import Made", {}),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("custom"))
    publish(home, "record_account", [{"record_id": n, "valid_on": ago(300)} for n in (1, 2, 3)])
    publish(home, "groups", [{"group_no": n, "group_id": str(n), "first_day": ago(300)} for n in (1, 2)])
    publish(home, "link", [link(n, n, str(n), ago(300)) for n in (1, 2)])
    rows = [(g, u, ago(d), e, p) for g, u, d, e, p in EVENTS]
    publish(home, "events", [
        {"group_no": g, "user_no": u, "day": d, "event": e, "properties": json.dumps(p, ensure_ascii=False), "occurred_at": at(d)}
        for g, u, d, e, p in rows
    ])  # fmt: skip
    publish(home, "usage", [use(g, u, d, e) for g, u, d, e, _ in rows])
    return home


def definition(**more):
    return {"id": "mine", "title": {"en": "Mine", "ja": "自社指標"}, "type": "count", **more}


def where(property, op="eq", value=None):
    return [{"property": property, "op": op, "value": value}]


CASES = [
    (definition(), 4, 1),
    (definition(events=["Export Made"], window=7), 2, 1),
    (definition(events="Export Made", window=60), 4, 1),
    (definition(type="distinct"), 3, 1),
    (definition(type="distinct", of="days", window=60), 5, 1),
    (definition(type="distinct", of="features"), 2, 1),
    (definition(type="distinct", of="property", property="plan.name"), 2, 0),
    (definition(where=where("plan.name", "eq", "pro")), 2, 0),
    (definition(where=where("plan.name", "ne", "pro")), 2, 1),
    (definition(where=where("rows", "ge", 300)), 2, 0),
    (definition(where=where("rows", "eq", 20.5)), 1, 0),
    (definition(where=where("rows", "in", [300, 1500])), 2, 0),
    (definition(where=where("rows", "in", ["many", "x"])), 0, 1),
    (definition(where=where("rows", "exists")), 3, 1),
    (definition(where=where("rows", "exists", False)), 1, 0),
    (definition(where=where("ok", "eq", True)), 1, 0),
    (definition(where=where("note", "contains", "日本 \"x")), 1, 0),
    (definition(where=where("note", "contains", "it's")), 1, 0),
    (definition(where=where("名前", "eq", "値")), 1, 0),
    (definition(where=where("rows", "lt", 1000) + where("plan.name", "eq", "pro")), 1, 0),
    (definition(type="sum", property="rows"), 1820.5, 0),
    (definition(type="last", property="rows"), 1500, float("nan")),
    (definition(type="days_since", events=["Import Made"]), 5, 70),
    (definition(type="ratio", above={"type": "count", "events": ["Import Made"]}, below={"type": "count"}), 0.25, 0),
    (definition(type="trend", of={"type": "count", "window": 14}), log(9 / 5), log(6 / 5)),
]  # fmt: skip


def check(facts):
    metrics = [compile_metric({**d, "id": f"m{i}"}) for i, (d, _, _) in enumerate(CASES)]
    found = panel(facts, [T], metrics).set_index("account_id")
    for metric, (given, *expected) in zip(metrics, CASES, strict=True):
        for account, value in zip((1, 2), expected, strict=True):
            got = found.loc[account, metric.id]
            assert (isnan(got) and isnan(value)) or got == pytest.approx(value), (given, account)
        assert isnan(found.loc[3, metric.id])
    return panel(facts, [T, ago(20)], metrics, grain="user")


def test_every_block_and_operator(home):
    with duckdb_facts(home) as facts:
        check(facts)


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
def test_the_same_on_spark_connect(home, sail):
    with duckdb_facts(home) as facts:
        pd.testing.assert_frame_equal(check(facts), check(spark_facts(home, sail)), check_exact=True)


def test_history_at_once_and_preview(home):
    with duckdb_facts(home) as facts:
        days = [ago(k) for k in (0, 30, 60)]
        found = preview_metric(facts, definition(), days, [1])
    assert list(found["mine"].fillna(-1)) == [-1, 1, 4]
    assert list(found["as_of"]) == sorted(days)


def test_changing_a_definition_changes_its_values(home):
    with duckdb_facts(home) as facts:
        first = preview_metric(facts, definition(window=7), [T], [1])["mine"][0]
        second = preview_metric(facts, definition(window=60), [T], [1])["mine"][0]
    assert (first, second) == (3, 5)


def test_where_raw_events_were_dropped_their_metrics_are_unknown(home):
    with duckdb_facts(home) as facts:
        raw = compile_metric(definition(where=where("rows", "exists"), window=14))

        class Files:
            raw_from = T - timedelta(days=10)

            def __getattr__(self, name):
                return getattr(published, name)

        published, facts.files = facts.files, Files()
        assert isnan(panel(facts, [T], [raw])["mine"][0])
        assert panel(facts, [T], [compile_metric(definition())])["mine"][0] == 4


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "Bad Id"}, "id"), ({"title": ""}, "title"), ({"title": {"fr": "x"}}, "title"),
        ({"type": "select"}, "type"), ({"window": 0}, "window"), ({"window": True}, "window"), ({"window": 9999}, "window"),
        ({"events": [1]}, "events"), ({"grain": "planet"}, "grain"), ({"unit": "furlong"}, "unit"), ({"null": "x"}, "null"),
        ({"sql": "DROP"}, "sql"), ({"type": "sum"}, "property"), ({"type": "distinct", "of": "x"}, "of"),
        ({"property": "x"}, "property"), ({"where": "x"}, "where"),
        ({"where": [{"property": "a'b"}]}, "where[0].property"), ({"where": [{"property": "a[0]"}]}, "where[0].property"),
        ({"where": [{"property": "$"}]}, "where[0].property"), ({"where": [{"property": "a..b"}]}, "where[0].property"),
        ({"where": [{"property": "a", "op": "like", "value": 1}]}, "where[0].op"),
        ({"where": [{"property": "a", "op": "gt", "value": "1"}]}, "where[0].value"),
        ({"where": [{"property": "a", "op": "in", "value": [1, "x"]}]}, "where[0].value"),
        ({"where": [{"property": "a", "op": "eq", "value": {}}]}, "where[0].value"),
        ({"type": "ratio", "above": {"type": "count"}}, "below"),
        ({"type": "ratio", "above": {"type": "ratio"}, "below": {"type": "count"}}, "above.type"),
        ({"type": "trend", "of": {"type": "count", "window": 500}}, "of.window"),
        ({"type": "ratio", "above": {"type": "count", "x": 1}, "below": {"type": "count"}}, "above.x"),
    ],
)  # fmt: skip
def test_a_wrong_definition_names_the_place(change, place):
    with pytest.raises(EnishiError) as refused:
        compile_metric(definition(**change))
    assert refused.value.code == "invalid_metric"
    assert place in refused.value.fields
    assert place in refused.value.message.en
    assert refused.value.fields[place].ja


def test_hostile_names_are_only_text(home):
    nasty = ["'; DROP TABLE x; --", '"', "\\", "`", "日本"]
    with duckdb_facts(home) as facts:
        found = preview_metric(
            facts, definition(events=nasty, where=where("plan.name", "in", nasty)), [T], [1]
        )
    assert found["mine"][0] == 0
