"""Numbers kept day by day are those worked out afresh, whatever happened in between.

Days go by, events come in time, late or as history, people are joined by aliases, erased, linked and unlinked, accounts
merged and parted; after each step the store has only added to what it had. In the end the panel is asked three ways: from
the roll-ups kept along the way, from roll-ups made of all raw events at once, and without any roll-up.
"""

from datetime import date, timedelta

import duckdb
import msgspec
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.kit.home import Home
from enishi.metrics.api import REGISTRY, duckdb_facts, panel
from enishi.store.contracts import Erasure, Version
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.published import Published
from enishi.store.publishing import COUNTED, USAGE_OF
from enishi.store.schema import ROLLUPS, USAGE
from enishi.store.testing import publish
from enishi.store.tests.fakes import START, Bench, event, us

METRICS = [m.id for m in REGISTRY.values() if m.family == "usage"] + ["time_to_first_value", "tenure_days"]
USERS, GROUPS, ACCOUNTS = ("ann", "bob", "cho"), ("acme", "beta", "gamma"), (1, 2, 3)

events = st.fixed_dictionaries(
    {
        "user": st.sampled_from(("", *USERS)),
        "group": st.sampled_from(("", *GROUPS)),
        "event": st.sampled_from(("Login", "Report Made", "Export Made")),
        "product": st.sampled_from(("", "mobile")),
        "ago": st.one_of(st.integers(0, 3), st.integers(0, 120)),
        "backfill": st.booleans(),
    }
)
steps = st.one_of(
    st.tuples(st.just("events"), st.lists(events, min_size=1, max_size=12)),
    st.tuples(st.just("days"), st.integers(1, 40)),
    st.tuples(st.just("link"), st.tuples(st.sampled_from(GROUPS), st.sampled_from((*ACCOUNTS, None)))),
    st.tuples(st.just("user link"), st.tuples(st.sampled_from(USERS), st.sampled_from((*ACCOUNTS, None)))),
    st.tuples(st.just("merge"), st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from((*ACCOUNTS, None)))),
    st.tuples(st.just("alias"), st.tuples(st.sampled_from(USERS), st.sampled_from(USERS))),
    st.tuples(st.just("erase"), st.sampled_from(USERS)),
)


class Story:
    """One installation to which things happen."""

    def __init__(self, folder):
        self.bench, self.number = Bench(folder), 0
        for account in ACCOUNTS:
            self.version("account", account, account, backfill=True)
        for account, group in zip(ACCOUNTS[:2], GROUPS, strict=False):
            self.link(group, account, "account", backfill=True)

    @property
    def today(self) -> date:
        return self.bench.clock().date()

    def next(self) -> int:
        self.number += 1
        return self.number

    def version(self, kind, record, account, backfill=False, deleted=False, **data):
        day = date(2025, 10, 1) if backfill else self.today
        known = us(START - timedelta(days=160)) if backfill else us(self.bench.clock())
        head = (self.next(), kind, record, account, None, day, known, us(self.bench.clock()))
        self.bench.application.known.append(
            Version(*head, deleted, backfill, "test", f"{kind}-{record}", data)
        )

    def link(self, value, account, target, backfill=False):
        record = 100 + (*GROUPS, *USERS).index(value)
        words = {"system": "product", "value": value, "target": target}
        self.version("link", record, account or 1, backfill, account is None, **words)

    def happen(self, what, how):
        if what == "days":
            self.bench.clock.advance(days=how)
        elif what == "events":
            self.bench.send(*(self.message(event_=one.pop("event"), **one) for one in map(dict, how)))
        elif what == "link":
            self.link(*how, "account")
        elif what == "user link":
            self.link(*how, "user")
        elif what == "merge" and how[0] != how[1]:
            self.version("merge", how[0], how[1])
        elif what == "alias" and how[0] != how[1]:
            self.bench.send(self.message(how[1], "", "alias", "", 0, False, type="alias", previous=how[0]))
        elif what == "erase":
            self.bench.application.to_erase = [Erasure(self.next(), [("product", how)], None)]
        self.bench.catch_up()

    def message(self, user, group, event_, product, ago, backfill, **more):
        now = self.bench.clock()
        words = {"user": user, "group": group, "event": event_, "product": product, "backfill": backfill}
        head = event(f"m{self.next()}", now - timedelta(days=ago), received_us=us(now))
        return head | words | more

    def panels(self, home: Home, known, grain):
        days = [self.today, self.today - timedelta(days=17), self.today - timedelta(days=62)]
        with duckdb_facts(home) as facts:
            return panel(facts, days, METRICS, grain=grain, known=known)


def afresh(home: Home, folder) -> Home:
    """The same facts in another store, all usage counted at once from the raw events."""
    other, published, counted = Home(folder), Published(home), ("usage", *ROLLUPS)
    other.prepare()
    whole = duckdb.connect()
    # An erasure may leave a table without any file.
    for table in (t for t in published.manifest.tables if t not in (*counted, "seen") and published.has(t)):
        publish(other, table, whole.read_parquet(published.files(table)).to_arrow_table())
    if published.has("events"):
        whole.read_parquet(published.files("events")).create_view("raw")
        usage = whole.sql(USAGE_OF.format(rows="raw", counted=COUNTED)).to_arrow_table()
        publish(other, "usage", usage.select(USAGE.names).cast(USAGE))
    return other


@pytest.mark.slow
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(steps, min_size=6, max_size=12),
    st.sampled_from(("then", "now")),
    st.sampled_from(("account", "product", "user")),
)
def test_day_by_day_equals_afresh(tmp_path_factory, happened, known, grain):
    folder = tmp_path_factory.mktemp("story")
    story = Story(folder / "kept")
    for what, how in happened:
        story.happen(what, how)
    home = story.bench.home
    kept = story.panels(home, known, grain)
    pd.testing.assert_frame_equal(
        story.panels(afresh(home, folder / "afresh"), known, grain), kept, check_exact=True
    )
    manifest = read_manifest(home.published)
    write_manifest(home.published, msgspec.structs.replace(manifest, rolled=0))
    pd.testing.assert_frame_equal(story.panels(home, known, grain), kept, check_exact=True)


def test_the_story_of_a_group_linked_late(tmp_path):
    """Before its group is linked, an event counts for the account to which its user is."""
    story = Story(tmp_path)
    one = {"user": "ann", "event_": "Report Made", "product": "", "ago": 0, "backfill": False}
    story.link("ann", 1, "user")
    story.bench.send(story.message(group="gamma", **one), story.message(group="beta", **one))
    story.bench.catch_up()
    story.happen("days", 3)
    story.link("gamma", 3, "account")
    story.bench.catch_up()
    days = [story.today - timedelta(days=1), story.today]
    with duckdb_facts(story.bench.home) as facts:
        found = panel(facts, days, ["events_28", "feature_breadth_28"]).set_index(["as_of", "account_id"])
    assert found["events_28"].loc[days[0]].to_dict() == {
        1: 1,
        2: 1,
        3: pytest.approx(float("nan"), nan_ok=True),
    }
    assert found["events_28"].loc[days[1]].fillna(-1).to_dict() == {1: -1, 2: 1, 3: 1}


def test_a_day_told_twice_is_one_day(tmp_path):
    """In two publishes, once without its group, and once under an earlier id of the same person."""
    story = Story(tmp_path)
    one = {"user": "ann", "event_": "Report Made", "product": "", "backfill": True}
    for days in (*range(120), *range(120)):
        story.bench.send(story.message(group="acme", ago=days, **one))
        if days in (40, 80):
            story.bench.catch_up()
    story.bench.send(*(story.message(group="", ago=days, **one) for days in range(120)))
    story.bench.catch_up()
    with duckdb_facts(story.bench.home) as facts:
        found = panel(facts, [story.today], METRICS).set_index("account_id").loc[1]
    assert (found["active_days_28"], found["active_users_28"], found["power_users"]) == (28, 1, 1)
    assert found["events_28"] == 3 * 28
    assert found["use_vs_own_past"] == 0.0


def test_use_of_every_day_is_the_usual_use(tmp_path):
    """For longer than the days of any one word of bits, as of any day of a month."""
    story = Story(tmp_path)
    one = {"user": "ann", "group": "acme", "event_": "Report Made", "product": "", "backfill": True}
    story.bench.send(*(story.message(ago=days, **one) for days in range(230)))
    story.bench.catch_up()
    days = [story.today - timedelta(days=k) for k in range(31)]
    with duckdb_facts(story.bench.home) as facts:
        found = panel(facts, days, METRICS).set_index("account_id").loc[1]
    assert len(found) == len(days)
    assert set(found["use_vs_own_past"]) == {0.0}
    assert list(found["active_days_364"]) == [230 - k for k in range(31)][::-1]
    assert set(found["active_days_28"]) == {28}
