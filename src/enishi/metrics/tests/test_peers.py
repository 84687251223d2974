from math import isnan

import numpy as np
import pandas as pd
import pytest

from enishi.kit.home import Home
from enishi.metrics.api import attributes, duckdb_facts, panel, peer_percentiles, usage_map
from enishi.metrics.peers import tenure_stage
from enishi.metrics.tests.world import ALPHA, BETA, TODAY, ago, link, use
from enishi.metrics.usagepeers import find_peers
from enishi.store.testing import publish


def test_what_an_account_is(facts):
    found = attributes(facts, [TODAY, ago(31)]).set_index(["as_of", "account_id"])
    now = found.loc[(TODAY, ALPHA)]
    assert (now["product"], now["plan"], now["size"], now["tenure_stage"]) == (
        "P",
        "pro",
        "large",
        "first_year",
    )
    assert found.loc[(ago(31), ALPHA), "plan"] == "basic"
    assert found.loc[(TODAY, BETA), "product"] == "Q"


def test_tenure_stages():
    assert [tenure_stage(d) for d in (-1, 0, 89, 90, 365, 5000, float("nan"))] == [
        "", "first_quarter", "first_quarter", "first_year", "second_year", "later", "",
    ]  # fmt: skip


def frame(n, **columns):
    keys = pd.DataFrame({"as_of": [TODAY] * n, "account_id": range(n)})
    return pd.concat([keys, pd.DataFrame(columns, index=range(n))], axis=1)


def test_percentiles_within_large_groups_and_wider_where_small():
    product = ["A"] * 4 + ["B"] * 2
    kinds = frame(6, product=product, plan="x", size="s", tenure_stage="later")
    values = frame(6, m=[1.0, 2.0, 2.0, 4.0, 3.0, np.nan])
    found = peer_percentiles(values, kinds, least=3)
    assert list(found["m"][:4]) == [12.5, 50, 50, 87.5]
    assert found["m"][4] == pytest.approx(100 * 3.5 / 5)
    assert list(found["m:level"][:5]) == [0, 0, 0, 0, 3]
    assert list(found["m:peers"]) == [4, 4, 4, 4, 5, 0]
    assert isnan(found["m"][5])


def test_panel_against_peers(facts):
    values = panel(facts, [TODAY], ["active_users_28", "nps_latest"])
    found = peer_percentiles(values, attributes(facts, [TODAY]))
    assert list(found["active_users_28"]) == [50, 50]
    assert list(found["active_users_28:level"]) == [4, 4]


def test_usage_map_of_an_account(facts):
    found = usage_map(facts, ALPHA, TODAY, weeks=12)
    assert (found.weeks[0], found.weeks[-1]) == (ago(83), ago(6))
    features = found.features.set_index(["feature", "product"])
    assert features.loc[("Report Made", "P"), "uses"] == 28 + 20
    assert features.loc[("Report Made", "P"), ["w11", "w10"]].tolist() == [8, 6]
    assert features.loc[("Import Made", "P"), "w0"] == 5
    assert features.loc[("Report Made", "Q"), ["uses", "peer_share"]].tolist() == [0, 1]
    assert (len(features[features["uses"] > 0]), found.breadth) == (4, 3), "signing in is no feature"
    assert found.totals[-1] == 9
    assert found.active_users[-2:] == [2, 2]
    assert list(found.people["user_no"]) == [1, 2, 3]
    assert found.people["user_id"][0] == "u1"
    assert (found.seats, found.unused) == (15, 13)
    assert found.peers == 1
    assert isnan(found.peer_median[0])


def test_usage_map_names_the_contact_behind_a_user(facts):
    found = usage_map(facts, BETA, TODAY).people.set_index("user_no")
    assert found.loc[9, "contact_id"] == 21


def test_usage_map_of_a_stranger_is_empty(facts):
    found = usage_map(facts, 999, TODAY)
    assert (found.totals, len(found.people), found.features["uses"].sum()) == ([0] * 12, 0, 0)


def test_peers_of_the_same_stage(tmp_path):
    home, n = Home(tmp_path), 30
    publish(
        home, "record_account", [{"record_id": k, "valid_on": ago(40), "since": ago(40)} for k in range(1, n)]
    )
    publish(home, "record_account", [{"record_id": n, "valid_on": ago(800), "since": ago(800)}])
    publish(
        home, "groups", [{"group_no": k, "group_id": str(k), "first_day": ago(40)} for k in range(1, n + 1)]
    )
    publish(home, "link", [link(k, k, str(k), ago(40)) for k in range(1, n + 1)])
    rows = [
        use(k, 100 * k + u, ago(2), "Share Made") for k in range(2, n + 1) for u in range(2 if k % 2 else 4)
    ]
    publish(home, "usage", [*rows, use(1, 5, ago(1))])
    with duckdb_facts(home) as facts:
        found = usage_map(facts, 1, TODAY, weeks=4)
        old = usage_map(facts, n, TODAY, weeks=4)
    assert (found.peers, found.stage, found.peer_median) == (28, "first_quarter", [0, 0, 0, 3])
    assert (old.peers, old.stage) == (29, "")
    ideas = found.features.set_index("feature")
    assert (ideas.loc["Share Made", "uses"], ideas.loc["Share Made", "peer_share"]) == (0, 1)


def contract(number, account, product, started, ended=None):
    return {
        "record_id": number, "account_id": account, "valid_on": started, "started_on": started, "ended_on": ended,
        "product": product, "recurring": True,
    }  # fmt: skip


@pytest.fixture
def market(tmp_path):
    """Account 1; 2-11 with product A in use; 12-16 with B, 12 and 13 using it; 17-26 left a month ago. A person of
    each has been known from the beginning."""
    home, n = Home(tmp_path), 26
    begun = ago(300)
    publish(
        home, "record_account", [{"record_id": k, "valid_on": begun, "since": begun} for k in range(1, n + 1)]
    )
    publish(
        home, "groups", [{"group_no": k, "group_id": str(k), "first_day": begun} for k in range(1, n + 1)]
    )
    publish(home, "link", [link(k, k, str(k), begun) for k in range(1, n + 1)])
    publish(home, "memberships", [{"group_no": k, "user_no": k, "known_on": begun} for k in range(1, n + 1)])
    contracts = [contract(100 + k, k, "A" if k < 12 else "B", begun) for k in range(1, 17)]
    contracts += [contract(100 + k, k, "A", begun, ago(30)) for k in range(17, n + 1)]
    publish(home, "record_subscription", contracts)
    using = [use(k, k, ago(2), "Share Made", product="A") for k in range(2, 12)]
    using += [use(k, k, ago(3), "Chart Made", product="B") for k in (12, 13)]
    publish(home, "usage", [*using, *(use(k, k, ago(45), "Share Made", product="A") for k in range(17, 27))])
    return home


def test_peers_are_customers_of_the_day(market):
    with duckdb_facts(market) as facts:
        now, then = usage_map(facts, 1, TODAY, weeks=4), usage_map(facts, 1, ago(40), weeks=4)
    assert now.peers == 15, "those who left are no peers"
    assert then.peers == 25, "they were customers then"


def test_a_share_is_taken_of_the_peers_who_have_the_product(market):
    with duckdb_facts(market) as facts:
        features = usage_map(facts, 1, TODAY, weeks=4).features.set_index("feature")
    assert features.loc["Share Made", "peer_share"] == pytest.approx(1)
    assert features.loc["Chart Made", "peer_share"] == pytest.approx(2 / 5)


def test_without_contracts_a_peer_is_one_who_used_it_lately(tmp_path):
    home = Home(tmp_path)
    publish(
        home, "groups", [{"group_no": k, "group_id": str(k), "first_day": ago(300)} for k in range(1, 13)]
    )
    publish(home, "link", [link(k, k, str(k), ago(300)) for k in range(1, 13)])
    publish(home, "record_account", [{"record_id": k, "valid_on": ago(300)} for k in range(1, 13)])
    publish(home, "usage", [use(k, k, ago(5 if k < 8 else 200), "Share Made") for k in range(1, 13)])
    with duckdb_facts(home) as facts:
        assert usage_map(facts, 1, TODAY).peers == 6
        assert usage_map(facts, 1, ago(100)).peers == 5, "as known then: the others had used it lately"


@pytest.fixture
def late(tmp_path):
    """Without contracts, 30 accounts which used it 100 days ago. What else is in the files was learned 10 days ago: 30
    itself, and that 2 had used it 200 days ago."""
    home, n = Home(tmp_path), 30
    publish(home, "record_account", [{"record_id": k, "valid_on": ago(300)} for k in range(1, n + 1)])
    first = {k: ago(200 if k == 2 else 100) for k in range(1, n + 1)}
    publish(
        home, "groups", [{"group_no": k, "group_id": str(k), "first_day": day} for k, day in first.items()]
    )
    publish(home, "link", [link(k, k, str(k), ago(300)) for k in range(1, n + 1)])
    uses = [use(k, k, ago(100), known_on=ago(10 if k == n else 100)) for k in range(1, n + 1)]
    publish(home, "usage", [*uses, use(2, 2, ago(200), known_on=ago(10))])
    return home


def test_a_use_learned_later_makes_no_peer_of_a_past_day(late):
    with duckdb_facts(late) as facts:
        assert find_peers(facts, ago(50), 1).accounts == list(range(2, 30))
        assert find_peers(facts, TODAY, 1).accounts == list(range(2, 31))


def test_a_use_learned_later_moves_no_stage_of_a_past_day(late):
    with duckdb_facts(late) as facts:
        assert find_peers(facts, ago(50), 2).stage == "first_quarter"
        assert find_peers(facts, TODAY, 2).stage == "first_year"


def test_a_customer_is_a_peer_once_somebody_of_it_was_heard_of(market):
    publish(market, "record_account", [{"record_id": 27, "valid_on": ago(300)}])
    publish(market, "groups", [{"group_no": 27, "group_id": "27", "first_day": ago(300)}])
    publish(market, "link", [link(27, 27, "27", ago(300))])
    publish(market, "record_subscription", [contract(127, 27, "A", ago(300))])
    publish(market, "memberships", [{"group_no": 27, "user_no": 27, "known_on": ago(1)}])
    with duckdb_facts(market) as facts:
        then, now = (find_peers(facts, day, 1).accounts for day in (ago(2), TODAY))
    assert (27 in then, 27 in now) == (False, True)
