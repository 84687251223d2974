"""The customers behind a figure: who is on the list, in which order, and how little of a page is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.pages import SignIn
from tests.world import NOW, TODAY, World, make_account

from enishi.accounts.models import Account
from enishi.value.api import AccountValue, ValueRun
from enishi.web.pages.value import list_views, listing, reads
from enishi.web.pages.value.figures import here_today
from enishi.web.pages.value.query import Listed, Query

pytestmark = pytest.mark.django_db
LIST = "/revenue/value/accounts/"


@pytest.fixture
def run(world: World) -> ValueRun:
    cache.clear()
    made = ValueRun.objects.create(day=TODAY, status="done", started_at=NOW)
    for place, account in enumerate(world.accounts.values(), 1):
        value(made, account, place)
    return made


def value(run: ValueRun, account: Account, place: int, **facts: Any) -> AccountValue:
    told = {"contractual": place * 1_000, "contractual_low": 1, "contractual_high": place * 2_000}
    usual = {"since": TODAY - timedelta(days=40 * place), "margin": -place, "detail": {"mrr": place}}
    return AccountValue.objects.create(account=account, run=run, day=TODAY, **told | usual | facts)


def listed(
    what: str = "customers", segment: str | None = None, order: str = "-value", by: str = "channel"
) -> Listed:
    return Listed(Query(by=by), what, segment, order)


def test_who_is_there_today_is_the_same_in_the_list_and_in_the_figures(world: World, run: ValueRun) -> None:
    states = product((None, 0, 5), (None, 0, 7), (None, 0.2, 0.5, 0.9), (False, True))
    for place, (mrr, orders, soon, left) in enumerate(states):
        account = make_account(f"state{place}", owner=world.suzuki)
        value(run, account, place, detail={"mrr": mrr}, noncontractual=orders, order_year=soon, left=left)
    rows = reads.read_values(world.suzuki, run)
    found = listing.read_list(world.suzuki, listed(), run)
    assert set(found.ids.tolist()) == set(rows.index[here_today(rows)].tolist())
    assert 0 < len(found) < len(rows)
    assert found.mean == pytest.approx(rows.loc[found.ids, "contractual"].mean())


@pytest.mark.parametrize("order", ["-value", "value", "-margin", "cost", "-cost", "even", "name"])
def test_what_is_unknown_comes_last_in_every_order(world: World, run: ValueRun, order: str) -> None:
    unknown = make_account("unknown", owner=world.suzuki)
    empty = {"contractual": None, "margin": None, "acquisition": None, "even_month": None}
    value(run, unknown, 0, **empty, detail={"mrr": 9})
    AccountValue.objects.exclude(pk=unknown.pk).update(acquisition=1, even_month=1)
    ids = listing.read_list(world.suzuki, listed(order=order), run).ids.tolist()
    if order == "name":
        names = dict(Account.objects.values_list("pk", "name"))
        assert [names[pk] for pk in ids] == sorted(names[pk] for pk in ids)
    else:
        assert ids[-1] == unknown.pk


def test_segments_and_years_hold_the_customers_of_the_figure(world: World, run: ValueRun) -> None:
    Account.objects.update(channel="")
    Account.objects.filter(pk=world.sakura.pk).update(channel="Web")
    rows = reads.read_values(world.suzuki, run)
    web = listing.read_list(world.suzuki, listed(segment="Web"), run)
    assert web.ids.tolist() == [world.sakura.pk]
    none = listing.read_list(world.suzuki, listed(segment="-"), run)
    assert len(none) + len(web) == int(here_today(rows).sum())
    for by, known in (("tier", rows["tier"]), ("owner", rows["owner"])):
        here = known[here_today(rows)]
        for segment in set(here):
            found = listing.read_list(world.suzuki, listed(segment=segment or "-", by=by), run)
            assert set(found.ids.tolist()) == set(here.index[here == segment])
    year = listing.read_list(world.suzuki, listed("cohort", "2026-04-01"), run)
    since = pd.Series(rows["since"])
    assert set(year.ids.tolist()) == set(since.index[since >= date(2026, 4, 1)])
    for odd in ("2026-04-02", "x", ""):
        assert len(listing.read_list(world.suzuki, listed("cohort", odd), run)) == 0


def test_those_won_carry_their_cost_of_the_window_and_are_ordered_by_it(
    world: World, run: ValueRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(AccountValue.objects.order_by("pk").values_list("pk", flat=True))
    won = pd.DataFrame({"account_id": ids, "cost": [np.nan, *range(100, 100 + len(ids) - 1)]})
    costs_of = replace(reads.read_costs(run, 12), won=won)
    monkeypatch.setattr(listing, "read_costs", lambda run, months: costs_of)
    found = listing.read_list(world.suzuki, listed("won", order="-cost"), run)
    shown = listing.rows_of(world.suzuki, found, range(len(found)))
    costs = [row.acquisition for row in shown]
    known = [cost for cost in costs if cost is not None]
    assert known == sorted(known, reverse=True)
    assert costs[-1] is None
    assert {row.pk: row.acquisition for row in shown}[ids[1]] == 100


def test_a_page_reads_its_own_rows_alone(
    world: World, run: ValueRun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(30):
        value(run, make_account(f"more{place}", owner=world.suzuki), place + 1)
    monkeypatch.setattr(list_views, "PAGE_SIZE", 5)
    read: list[int] = []
    made = AccountValue.from_db.__func__  # type: ignore[attr-defined]

    def counted(cls: type[AccountValue], db: str, names: list[str], values: list[Any]) -> AccountValue:
        one: AccountValue = made(cls, db, names, values)
        read.append(one.pk)
        return one

    monkeypatch.setattr(AccountValue, "from_db", classmethod(counted))
    client = sign_in("suzuki")
    assert len(client.get(LIST).context["lines"]) == 5
    assert len(read) == 5
    with CaptureQueriesContext(connection) as caught:
        second = client.get(f"{LIST}?page=2").context
    asked = [one["sql"] for one in caught if "value_accountvalue" in one["sql"]]
    assert len(read) == 10, "the page's rows, and no other"
    assert len(asked) == 1, "the order is kept"
    assert '"curve"' not in asked[0]
    assert second["count"] == 36
    assert not {line["account"] for line in second["lines"]} & set(read[:5])


def test_a_customer_handed_over_since_is_not_shown(world: World, run: ValueRun) -> None:
    mine = listing.read_list(world.takahashi, listed(), run)
    shown = {row.pk for row in listing.rows_of(world.takahashi, mine, range(len(mine)))}
    gone = next(iter(shown))
    Account.objects.filter(pk=gone).update(owner=None)
    after = {row.pk for row in listing.rows_of(world.takahashi, mine, range(len(mine)))}
    assert after == shown - {gone}
