"""A band somebody has set says so wherever it is listed, can be looked for, and is no recovery of the week."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pandas as pd
import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from tests.world import World, make_world

from enishi.accounts.company import company_day
from enishi.kit.clock import system_clock
from enishi.signals.models import AccountState
from enishi.web.pages.portfolio import exports, past_rows, reads
from enishi.web.pages.portfolio.columns import known_keys
from enishi.web.pages.portfolio.query import Query, read_query
from enishi.work.api import end_override, override_band

pytestmark = pytest.mark.django_db
BADGE = ">手動</span>"


def ask(text: str = "") -> Query:
    return read_query(QueryDict(text), known_keys())


@pytest.fixture
def world() -> World:
    """Sakura was red all week, until somebody set her to caution."""
    cache.clear()
    made = make_world()
    AccountState.objects.filter(account__in=[made.sakura, made.fuji]).update(
        band="red", computed_band="red", band_week_ago="red", stage="adoption"
    )
    now = system_clock()
    today = company_day(now)
    override_band(
        made.takahashi, made.sakura.pk, "yellow", reason="商談中", expires_on=today + timedelta(days=9), today=today, now=now,
    )  # fmt: skip
    return made


def page(world: World, address: str) -> str:
    client = Client()
    client.force_login(world.takahashi)
    return client.get(address).content.decode()


def test_the_list_and_today_mark_it(world: World) -> None:
    table = page(world, "/accounts/?all=1").partition('id="accounts"')[2]
    assert table.count(BADGE) == 1
    assert table.partition(BADGE)[0].rpartition("data-open>")[2].startswith(world.sakura.name)
    assert page(world, "/").count(BADGE) >= 1


def test_the_money_at_stake_is_that_of_the_band_that_stands(world: World) -> None:
    def stake() -> int:
        return AccountState.objects.get(account=world.sakura).at_stake

    yearly = 12 * 800_000
    AccountState.objects.filter(account=world.sakura).update(causes=[])
    given = {
        "reason": "商談中",
        "expires_on": company_day(system_clock()),
        "today": company_day(system_clock()),
    }
    for band, share in (("green", 0.05), ("yellow", 0.2), ("red", 0.5)):
        override_band(world.takahashi, world.sakura.pk, band, **given, now=system_clock())
        assert stake() == yearly * share
    AccountState.objects.filter(account=world.sakura).update(computed_band="yellow")
    end_override(world.takahashi, world.sakura.pk, now=system_clock())
    assert stake() == yearly * 0.2
    AccountState.objects.filter(account=world.sakura).update(causes=[{"cause": "downturn", "strength": 80}])
    override_band(world.takahashi, world.sakura.pk, "green", **given, now=system_clock())
    assert stake() == yearly * 0.4, "a strong cause counts whatever the band"


def test_it_can_be_looked_for_and_left_out(world: World) -> None:
    link = f'/accounts/{world.sakura.pk}/" data-open'
    other = f'/accounts/{world.fuji.pk}/" data-open'
    by_hand, computed = page(world, "/accounts/?set=hand"), page(world, "/accounts/?set=rules")
    assert link in by_hand
    assert other not in by_hand
    assert link not in computed
    assert other in computed


@pytest.mark.parametrize("member", ["suzuki", "takahashi"])
def test_it_is_no_recovery_of_the_week(world: World, member: str) -> None:
    today, asked = company_day(system_clock()), world.members[member]
    for query in (ask(), ask("q=" + world.sakura.name)):
        strip = {
            one.band: one for one in reads.band_strip(reads.distribution(asked, query, today=today, unit=1))
        }
        assert strip["red"].movement == 0
        assert strip["yellow"].movement == 0
        assert strip["yellow"].accounts >= 1
    rows, _more = reads.read_page(asked, ask("moved=better"), today=today, unit=1)
    assert world.sakura not in rows


def test_a_past_day_knows_the_bands_set_then(world: World) -> None:
    today = company_day(system_clock())
    book = pd.DataFrame(
        {"account_id": [world.sakura.pk, world.fuji.pk], "band": ["yellow", "yellow"], "band_week_ago": ["red", "red"], "stage": ["adoption"] * 2}
    )  # fmt: skip

    def chosen(text: str, days_ago: int = 0) -> set[int]:
        day = today - timedelta(days=days_ago)
        return set(past_rows.select(book, world.suzuki, ask(text), day=day, unit=1)["account_id"])

    assert chosen("set=hand") == {world.sakura.pk}
    assert chosen("set=rules") == chosen("moved=better") == {world.fuji.pk}
    assert chosen("set=hand", days_ago=3) == set()


def test_the_file_says_it(world: World) -> None:
    order = exports.ask_export(world.suzuki, ask("cols=score,mrr"), "csv", 6, "ja")
    lines = list(csv.DictReader(io.StringIO(order.path.read_text("utf-8-sig"))))
    said = {line["顧客企業"] if "顧客企業" in line else line["企業名"]: line["区分の設定"] for line in lines}
    assert said[world.sakura.name] == "手動"
    assert said[world.fuji.name] == ""
