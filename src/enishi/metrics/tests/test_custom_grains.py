"""Every building block per account, product and user, over history, on both engines; and texts that stay texts."""

import json
from math import log

import pandas as pd
import pytest

from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.metrics.api import compile_metric, duckdb_facts, panel, spark_facts
from enishi.metrics.tests.test_engines import sail
from enishi.metrics.tests.world import ago, at, link, use
from enishi.store.testing import publish

__all__ = ["sail"]
NASTY = ["'; DROP TABLE usage; --", 'a"b', "back\\slash", "`tick`", "%s {0} $1", "日本'語", "\\' OR 1=1 --"]

#: user, product, days ago, event, rows
USED = [
    (1, "app", 1, "Export", 10), (1, "app", 3, "Export", 5), (1, "web", 3, "Import", 2), (2, "web", 9, "Export", 4),
    (2, "web", 33, "Export", 100), (1, "app", 36, "Import", 7),
]  # fmt: skip

#: definition, then the value today: of the account; of its products app, web; of its users 1, 2
BLOCKS = {
    "count": ({"type": "count", "events": ["Export"]}, 3, (2, 1), (2, 1)),
    "count_where": ({"type": "count", "where": [{"property": "rows", "op": "ge", "value": 5}]}, 2, (2, 0), (2, 0)),
    "users": ({"type": "distinct", "of": "users"}, 2, (1, 2), (1, 1)),
    "days": ({"type": "distinct", "of": "days"}, 3, (2, 2), (2, 1)),
    "features": ({"type": "distinct", "of": "features"}, 2, (1, 2), (2, 1)),
    "values": ({"type": "distinct", "of": "property", "property": "rows"}, 4, (2, 2), (3, 1)),
    "sum": ({"type": "sum", "property": "rows"}, 21, (15, 6), (17, 4)),
    "last": ({"type": "last", "property": "rows", "events": ["Export"]}, 10, (10, 4), (10, 4)),
    "since": ({"type": "days_since", "events": ["Import"]}, 3, (36, 3), (3, None)),
    "ratio": ({"type": "ratio", "above": {"type": "count", "events": ["Import"]}, "below": {"type": "count"}},
              1 / 4, (0, 1 / 2), (1 / 3, 0)),
    "trend": ({"type": "trend", "of": {"type": "sum", "property": "rows", "window": 14}},
              log(26 / 5), (log(20 / 5), log(11 / 5)), (log(22 / 5), log(9 / 5))),
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("grains"))
    publish(home, "record_account", [{"record_id": 1, "valid_on": ago(300)}])
    publish(home, "groups", [{"group_no": 1, "group_id": "1", "first_day": ago(300)}])
    publish(home, "link", [link(1, 1, "1", ago(300))])
    named = [(3, "nasty", 50, name, 1) for name in NASTY]
    publish(home, "events", [
        {"group_no": 1, "user_no": user, "product": product, "day": ago(days), "event": event, "occurred_at": at(ago(days)),
         "properties": json.dumps({"rows": rows, "name": event})}
        for user, product, days, event, rows in [*USED, *named]
    ])  # fmt: skip
    publish(home, "usage", [use(1, u, ago(d), e, p) for u, p, d, e, _ in [*USED, *named]])
    return home


def own(name, body, **more):
    return compile_metric({"id": name, "title": {"en": name, "ja": name}, **body, **more})


def check(facts):
    metrics = [own(name, body) for name, (body, *_) in BLOCKS.items()]
    frames = {
        grain: panel(facts, [ago(0), ago(30)], metrics, grain=grain)
        for grain in ("account", "product", "user")
    }
    today = {grain: frame[frame["as_of"] == ago(0)] for grain, frame in frames.items()}
    products, users = today["product"].set_index("product"), today["user"].set_index("user_no")
    for name, (_, whole, by_product, by_user) in BLOCKS.items():
        found = [*today["account"][name], *products[name].loc[["app", "web"]], *users[name].loc[[1, 2]]]
        expected = [whole, *by_product, *by_user]
        assert found == pytest.approx([float("nan") if v is None else v for v in expected], nan_ok=True), name
    past = frames["account"].set_index("as_of").loc[ago(30)]
    assert (past["count"], past["sum"], past["last"], past["since"]) == (1, 107 + len(NASTY), 100, 6)
    return pd.concat(frames.values())


def test_every_block_at_every_grain(home):
    with duckdb_facts(home) as facts:
        check(facts)


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
def test_every_block_at_every_grain_on_spark_connect(home, sail):
    with duckdb_facts(home) as facts:
        pd.testing.assert_frame_equal(check(facts), check(spark_facts(home, sail)), check_exact=True)


def hostile():
    """One metric per hostile text and place: each text names one event and its property, and nothing else."""
    for place, name in enumerate(NASTY):
        yield own(f"event_{place}", {"type": "count", "events": [name]}, window=60)
        for op, value in (("eq", name), ("contains", name), ("in", [name, "x"])):
            where = [{"property": "name", "op": op, "value": value}]
            yield own(f"{op}_{place}", {"type": "count", "where": where}, window=60)


def test_a_hostile_text_means_itself(home):
    with duckdb_facts(home) as facts:
        found = panel(facts, [ago(0)], list(hostile())).drop(columns=["as_of", "account_id"]).iloc[0]
    assert found.to_dict() == dict.fromkeys(found.index, 1.0)


@pytest.mark.engines
@pytest.mark.filterwarnings("ignore")
def test_a_hostile_text_means_itself_on_spark_connect(home, sail):
    found = (
        panel(spark_facts(home, sail), [ago(0)], list(hostile()))
        .drop(columns=["as_of", "account_id"])
        .iloc[0]
    )
    assert found.to_dict() == dict.fromkeys(found.index, 1.0)


@pytest.mark.parametrize("name", [n for n in NASTY if set(n) & set("'\"`\\$")])
def test_a_property_name_with_signs_of_a_query_is_refused_with_what_to_do(name):
    with pytest.raises(EnishiError) as refused:
        own("mine", {"type": "sum", "property": name})
    said = refused.value.fields["property"]
    assert "without quotes" in said.en
    assert "使えません" in said.ja


def test_a_property_name_of_any_letters_is_a_name(home):
    metric = own("mine", {"type": "sum", "property": "売上 合計-%s(税込)"})
    with duckdb_facts(home) as facts:
        assert panel(facts, [ago(0)], [metric])["mine"].tolist() == [0]
