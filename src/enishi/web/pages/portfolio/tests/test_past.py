"""A past day lists what was known then; filters, order, pages and the file ask the same view of it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from tests.world import NOW, TODAY, World, at_hour, make_record, make_world

from enishi.accounts.models import Account, Member, RecordVersion
from enishi.ingest.files.errors import BadFile
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import Import
from enishi.kit.home import Home
from enishi.segments.models import TierAssignment
from enishi.signals.models import AccountState
from enishi.web.pages.portfolio import exports, past_book, past_rows
from enishi.web.pages.portfolio.columns import known_keys
from enishi.web.pages.portfolio.past_present import past_context
from enishi.web.pages.portfolio.query import read_query

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 15)


def known(account: Account, **fields: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "account_id": account.pk, "outside_id": account.outside_id, "name": account.name, "name_kana": "", "domain": "",
        "industry": "", "employees": None, "size": "", "region": "", "country": "", "stage": "adoption", "owner": None,
        "channel": "", "since": None, "tenths": 700, "band": "green", "band_week_ago": "green", "coverage": 1.0,
        "change": 0, "main_cause": "", "causes": [], "alerts": [], "mrr": 100_000, "ltv": None, "at_stake": 0,
        "seats": 10, "active_users": 4, "tenure_days": 400, "tier": "high", "renewal_on": date(2026, 9, 1),
        "last_seen_on": date(2026, 8, 14), "last_contact_on": None, "products": ["P"], "plans": ["Pro"],
        "computed_on": DAY, "version": 1, "published_on": None, "m.mrr_change_90": 0.0, "m.events_28": 5.0,
    }  # fmt: skip
    return entry | fields


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


@pytest.fixture
def book(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pd.DataFrame:
    """Two accounts as known in August: one under an earlier name, in another's hands, not yet in trouble."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    sakura = known(world.sakura, name="さくら商会", owner=world.tanaka.email, mrr=500_000, change=35)
    fuji = known(world.fuji, tenths=310, band="red", band_week_ago="yellow", change=-120, main_cause="no_value",
                 causes=["no_value"], alerts=["champion_gone"], mrr=None, renewal_on=date(2027, 5, 1))  # fmt: skip
    for account in (world.sakura, world.fuji):
        TierAssignment.objects.create(account=account, tier="high", since=DAY - timedelta(days=30))
    frame = pd.DataFrame([sakura, fuji])
    monkeypatch.setattr(past_book, "book_as_of", lambda day, progress=None: frame)
    past_book.make_book(DAY)
    found = past_book.read_book(DAY)
    assert found is not None
    return found


def ask(book: pd.DataFrame, member: Member, text: str) -> list[int]:
    query = read_query(QueryDict(text), known_keys())
    found = past_rows.order(past_rows.select(book, member, query, day=DAY, unit=1), query)
    return [int(pk) for pk in found["account_id"]]


def test_the_list_shows_what_was_known_then(world: World, book: pd.DataFrame) -> None:
    client = Client()
    client.force_login(world.suzuki)
    page = client.get(f"/accounts/?as_of={DAY}").content.decode()
    assert "さくら商会" in page
    assert "500,000円" in page
    assert f"/accounts/{world.sakura.pk}/?as_of={DAY}" in page
    assert 'name="account"' not in page  # nothing is changed in the past
    assert "田中" in page


def test_a_day_before_the_first_fact_says_so_and_leads_to_the_first(
    world: World, book: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_book, "first_known_day", lambda: DAY)
    client = Client()
    client.force_login(world.suzuki)
    page = client.get("/accounts/?as_of=2010-01-01&band=red").content.decode()
    assert "2010年1月1日時点では何も分かっていませんでした" in page
    assert f"as_of={DAY}" in page
    assert "strip-piece" not in page
    assert "<tbody" not in page
    assert "何も分かっていませんでした" not in client.get(f"/accounts/?as_of={DAY}").content.decode()


def test_every_filter_asks_the_day(world: World, book: pd.DataFrame) -> None:
    sakura, fuji = world.sakura.pk, world.fuji.pk
    assert ask(book, world.suzuki, "band=red") == [fuji]
    assert (
        ask(book, world.suzuki, "cause=no_value") == ask(book, world.suzuki, "alert=champion_gone") == [fuji]
    )
    assert ask(book, world.suzuki, f"owner={world.tanaka.pk}") == [sakura]
    assert ask(book, world.suzuki, "moved=worse") == ask(book, world.suzuki, "trend=down") == [fuji]
    assert ask(book, world.suzuki, "renewal=30") == ask(book, world.suzuki, "mrr_min=400000") == [sakura]
    assert ask(book, world.suzuki, "contract=without") == [fuji]
    assert ask(book, world.suzuki, "plan=Pro&product=P&silent=1&tier=high&sort=score") == [fuji, sakura]
    assert ask(book, world.suzuki, "lacking=events_28") == []


def test_a_notice_counts_from_the_day_it_was_given_and_known(world: World, book: pd.DataFrame) -> None:
    contract = make_record(
        world.sakura, "subscription", at_hour(DAY - timedelta(days=300)), started_on="2025-01-01"
    )
    said = contract.data | {"notice_on": (DAY - timedelta(days=1)).isoformat(), "ended_on": "2027-01-01"}
    RecordVersion.objects.create(
        kind="subscription", record_id=contract.pk, account_id=world.sakura.pk, source="crm", valid_on=DAY,
        outside_id=contract.outside_id, data=said, known_at=at_hour(DAY + timedelta(days=1)),
    )  # fmt: skip
    assert ask(book, world.suzuki, "contract=noticed") == [], "learned a day later"
    RecordVersion.objects.filter(record_id=contract.pk).update(known_at=at_hour(DAY))
    assert ask(book, world.suzuki, "contract=noticed") == [world.sakura.pk]
    assert ask(book, world.suzuki, "contract=noticed&contract=without") == [world.sakura.pk, world.fuji.pk]


def test_search_finds_the_name_of_then_and_order_puts_the_unknown_last(
    world: World, book: pd.DataFrame
) -> None:
    sakura, fuji = world.sakura.pk, world.fuji.pk
    assert ask(book, world.suzuki, "q=さくら商会") == [sakura]
    assert ask(book, world.suzuki, "sort=mrr") == ask(book, world.suzuki, "sort=-mrr") == [sakura, fuji]
    assert ask(book, world.suzuki, "sort=-change") == [sakura, fuji]
    assert ask(book, world.suzuki, "sort=m.events_28") == sorted([sakura, fuji])


def test_movers_and_tiers_of_a_past_day_are_those_of_the_view(world: World, book: pd.DataFrame) -> None:
    for text, fell, rose in (("", 1, 1), ("band=red", 1, 0), ("q=さくら商会", 0, 1)):
        query = read_query(QueryDict(text), known_keys())
        context = past_context(world.suzuki, query, book, day=DAY, today=TODAY, unit=1)
        assert (len(context["fell"]), len(context["rose"])) == (fell, rose), text
        assert sum(tier["count"].accounts for tier in context["tiers"]) == fell + rose, text


def test_scope_holds_in_the_past_too(world: World, book: pd.DataFrame) -> None:
    assert ask(book, world.smith, "") == []


def test_the_file_holds_the_same(world: World, book: pd.DataFrame) -> None:
    query = read_query(QueryDict(f"as_of={DAY}&cols=score,mrr&sort=-score"), known_keys())
    made = exports.ask_export(world.suzuki, query, "csv", 2, "en")
    rows = list(csv.DictReader(io.StringIO(made.path.read_bytes().decode("utf-8-sig"))))
    assert (rows[0]["Account"], rows[0]["Health"]) == ("さくら商会", "70")
    assert len(rows) == 2


@pytest.mark.parametrize(("language", "kind"), [("ja", ""), ("en", "account")])
def test_a_list_of_a_past_day_that_comes_back_is_refused(
    world: World, book: pd.DataFrame, language: str, kind: str
) -> None:
    """Who is in charge today is not who was then; an empty cell would leave a customer with nobody."""
    query = read_query(QueryDict(f"as_of={DAY}&cols=owner,score"), known_keys())
    made = exports.ask_export(world.suzuki, query, "csv", 2, language)
    with pytest.raises(BadFile, match="a past day") as refusal:
        import_file(Home.from_environment(), made.path, kind, actor="test", now=NOW)
    assert refusal.value.code == "past_list"
    assert not Import.objects.exists()


def test_a_day_not_at_hand_is_asked_of_the_worker_once(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    asked: list[str] = []
    monkeypatch.setattr(type(past_book.past_book), "enqueue", lambda self, day: asked.append(day))
    client = Client()
    client.force_login(world.suzuki)
    for _ in range(2):
        assert f"/accounts/past/{DAY}/" in client.get(f"/accounts/?as_of={DAY}").content.decode()
    assert asked == [str(DAY)]
    monkeypatch.setattr(
        past_book, "book_as_of", lambda day, progress=None: pd.DataFrame([known(world.sakura)])
    )
    past_book.past_book.func(str(DAY))
    assert client.get(f"/accounts/past/{DAY}/")["HX-Redirect"].endswith(f"as_of={DAY}")
    assert Home.from_environment().past.exists()


def test_scores_made_afterwards_say_so_on_the_list_and_in_the_file(
    world: World, book: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(world.suzuki)
    later = book.assign(published_on=date(2026, 8, 1))
    later.loc[later["account_id"] == world.fuji.pk, "computed_on"] = pd.Timestamp(2026, 11, 20)
    monkeypatch.setattr(past_book, "book_as_of", lambda day, progress=None: later)
    past_book.make_book(DAY)
    said = "後日計算(2026年11月20日に、2026年8月1日公開の第1版で算出)"
    assert client.get(f"/accounts/?as_of={DAY}").content.decode().count(said) == 1
    query = read_query(QueryDict(f"as_of={DAY}&cols=score&sort=-score"), known_keys())
    made_file = exports.ask_export(world.suzuki, query, "csv", 2, "ja")
    rows = list(csv.reader(io.StringIO(made_file.path.read_bytes().decode("utf-8-sig"))))
    assert [row[-1] for row in rows] == ["スコアの算出", "", said]
    live = exports.ask_export(world.suzuki, read_query(QueryDict("cols=score"), known_keys()), "csv", 2, "ja")
    assert "スコアの算出" not in live.path.read_text("utf-8-sig")


def test_those_who_are_customers_no_longer_are_told_apart_from_the_unknown(
    world: World, book: pd.DataFrame
) -> None:
    """Then and now add up: whoever is in no band today is counted by what became of it."""
    AccountState.objects.filter(account=world.sakura).update(stage="churned", band="unknown", tenths=None)
    Account.objects.filter(pk=world.fuji.pk).update(merged_into=world.hokuto)
    client = Client()
    client.force_login(world.suzuki)
    page = client.get(f"/accounts/?as_of={DAY}").content.decode()
    assert ("その後解約 1社" in page, "その後統合 1社" in page) == (True, True)
    assert ("解約済み</span></td>" in page, "統合済み</span></td>" in page) == (True, True)
    context = past_context(world.suzuki, read_query(QueryDict(""), known_keys()), book, day=DAY, today=TODAY, unit=1)  # fmt: skip
    assert sum(piece["count"].before for piece in context["strip"]) + sum(context["fates"].values()) == 2
    narrowed = past_context(world.suzuki, read_query(QueryDict("tier=low"), known_keys()), book, day=DAY, today=TODAY, unit=1)  # fmt: skip
    assert narrowed["fates"] == {}


def test_on_days_before_tiers_were_recorded_today_s_are_shown_and_said_to_be_so(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    TierAssignment.objects.all().delete()
    given = {"account": world.sakura, "reason": "share"}
    TierAssignment.objects.create(**given, tier="high", since=date(2026, 10, 1), until=date(2026, 11, 1))
    TierAssignment.objects.create(**given, tier="low", since=date(2026, 11, 1))
    monkeypatch.setattr(past_book, "book_as_of", lambda day, progress=None: pd.DataFrame([known(world.sakura, tier="")]))  # fmt: skip
    client = Client()
    client.force_login(world.suzuki)
    for day, tier, said in ((DAY, "low", True), (date(2026, 10, 15), "high", False)):
        assert list(past_book.make_book(day)["tier"]) == [tier]
        page = client.get(f"/accounts/?as_of={day}").content.decode()
        assert ("階層は現在のものです(記録は2026年10月1日から)" in page) == said
        account = client.get(f"/accounts/{world.sakura.pk}/notes/?as_of={day}").content.decode()
        assert ("現在の階層" in account) == said
        revenue = client.get(f"/revenue/?as_of={day}").content.decode()
        assert ("階層も現在のものです" in revenue) == said


@pytest.mark.parametrize("day", ["2099-05-01", "someday"])
def test_a_day_that_is_not_past_and_a_number_that_is_none_are_said(world: World, day: str) -> None:
    client = Client()
    client.force_login(world.suzuki)
    page = client.get(f"/accounts/?as_of={day}&mrr_min=abc&renewal=-5&band=amber&tier=gold").content.decode()
    assert page.count("現在の状態を表示しています") == 1
    assert page.count("この条件は適用していません") == 3
    assert "区分: 「amber」" in page
    assert "階層: gold" in page
    assert "「abc」" in page
    assert (
        "現在の状態を表示しています"
        in client.get(f"/accounts/{world.sakura.pk}/?as_of={day}").content.decode()
    )
    plain = client.get("/accounts/?all=1&mrr_min=5&renewal=").content.decode()
    assert "適用していません" not in plain + client.get(f"/accounts/{world.sakura.pk}/").content.decode()
