"""Rows, counts and order, each within the scope of the member who asks."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from tests.world import TODAY, World, make_account, make_world

from enishi.accounts.models import Account
from enishi.signals.models import AccountState
from enishi.web.pages.portfolio import reads
from enishi.web.pages.portfolio.query import DEFAULT_COLUMNS, Query, read_query
from enishi.web.pages.portfolio.ranks import forget_ranks

pytestmark = pytest.mark.django_db
KNOWN = frozenset({*DEFAULT_COLUMNS, "at_stake", "name", "industry", "m.active_users_28"})


@pytest.fixture
def world() -> World:
    cache.clear()
    forget_ranks()
    return make_world()


def ask(text: str = "") -> Query:
    return read_query(QueryDict(text), KNOWN)


def names(world: World, member: str, text: str = "") -> list[str]:
    rows, _more = reads.read_page(world.members[member], ask(text), today=TODAY, unit=1)
    known = {account.pk: name for name, account in world.accounts.items()}
    return [known[row.pk] for row in rows]


def movers(world: World, member: str, text: str = "") -> tuple[list[int], list[int]]:
    asked = world.members[member]
    shifts = reads.read_shifts(asked, ask(text), today=TODAY, unit=1)
    fell, rose = reads.read_movers(asked, shifts)
    return [a.pk for a in fell], [a.pk for a in rose]


def tiers(world: World, text: str = "") -> dict[str, reads.TierCount]:
    slices = reads.distribution(world.suzuki, ask(text), today=TODAY, unit=1)
    changes = reads.read_shifts(world.suzuki, ask(text), today=TODAY, unit=1).mrr
    return {t.tier: t for t in reads.count_tiers(slices, ask(text), ["high", "low", "tech"], changes)}


def test_the_most_at_stake_stands_first_and_the_unknown_last(world: World) -> None:
    assert names(world, "suzuki") == ["naniwa", "sakura", "acme", "fuji", "hokuto", "minato"]


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("smith", ["acme"]),
        ("tanaka", ["naniwa"]),
        ("takahashi", ["sakura", "acme", "fuji", "hokuto", "minato"]),
        ("watanabe", ["naniwa", "sakura", "acme", "fuji", "hokuto", "minato"]),
    ],
)
def test_each_sees_their_own_book(world: World, member: str, expected: list[str]) -> None:
    assert names(world, member) == expected
    slices = reads.distribution(world.members[member], ask(), today=TODAY, unit=1)
    assert reads.total_accounts(slices, ask()) == len(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("band=red", ["naniwa", "sakura", "acme"]),
        ("band=unknown", ["minato"]),
        ("tier=high&band=red", ["naniwa", "sakura", "acme"]),
        ("stage=adoption", ["acme", "fuji"]),
        ("industry=製造", ["fuji"]),
        ("industry=-", ["naniwa", "hokuto", "minato"]),
        ("cause=disvaluation", ["sakura"]),
        ("cause=disengagement", ["naniwa", "fuji"]),
        ("alert=payment_late&alert=champion_gone", ["sakura", "acme"]),
        ("renewal=60", ["sakura", "hokuto"]),
        ("mrr_min=500000", ["naniwa", "sakura", "acme"]),
        ("mrr_max=300000", ["fuji", "hokuto"]),
        ("product=ソラデスク&mrr_max=200000", ["hokuto"]),
        ("moved=worse", ["sakura"]),
        ("trend=down", ["sakura", "fuji"]),
        ("q=ｻｸﾗ", ["sakura"]),
        ("q=acme corp", ["acme"]),
        ("q=ふじせいき", ["fuji"]),
        ("q=どこにもない", []),
    ],
)
def test_each_filter_keeps_whom_it_says(world: World, text: str, expected: list[str]) -> None:
    assert names(world, "suzuki", text) == expected
    slices = reads.distribution(world.suzuki, ask(text), today=TODAY, unit=1)
    assert reads.total_accounts(slices, ask(text)) == len(expected)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("score", ["naniwa", "sakura", "acme", "fuji", "hokuto", "minato"]),
        ("-score", ["hokuto", "fuji", "acme", "sakura", "naniwa", "minato"]),
        ("change", ["sakura", "fuji", "acme", "naniwa", "hokuto", "minato"]),
        ("renewal", ["sakura", "hokuto", "acme", "fuji", "minato", "naniwa"]),
        ("-m.active_users_28", ["sakura", "fuji", "hokuto", "minato", "acme", "naniwa"]),
    ],
)
def test_any_column_sorts_and_the_unknown_stay_last(world: World, sort: str, expected: list[str]) -> None:
    assert names(world, "suzuki", f"sort={sort}") == expected


def test_pages_follow_one_another_across_known_and_unknown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "PAGE_SIZE", 2)
    pages = [names(world, "suzuki", f"page={n}") for n in (1, 2, 3, 4)]
    assert pages == [["naniwa", "sakura"], ["acme", "fuji"], ["hokuto", "minato"], []]
    by_metric = [names(world, "suzuki", f"sort=-m.active_users_28&page={n}") for n in (1, 2, 3)]
    assert by_metric == [["sakura", "fuji"], ["hokuto", "minato"], ["acme", "naniwa"]]


def test_an_account_never_scored_is_in_the_book(world: World) -> None:
    make_account("新規株式会社", owner=world.takahashi)
    assert len(reads.read_page(world.suzuki, ask(), today=TODAY, unit=1)[0]) == 7
    slices = reads.distribution(world.suzuki, ask(), today=TODAY, unit=1)
    strip = {count.band: count.accounts for count in reads.band_strip(slices)}
    assert strip == {"red": 3, "yellow": 1, "green": 1, "unknown": 2}


def test_the_strip_says_who_moved_since_last_week(world: World) -> None:
    slices = reads.distribution(world.suzuki, ask(), today=TODAY, unit=1)
    moved = {count.band: count.movement for count in reads.band_strip(slices)}
    assert moved == {"red": 1, "yellow": -1, "green": 0, "unknown": 0}
    AccountState.objects.filter(account=world.acme).update(band="red", band_week_ago="")
    cache.clear()
    slices = reads.distribution(world.suzuki, ask(), today=TODAY, unit=1)
    newcomer = {count.band: count.movement for count in reads.band_strip(slices)}
    assert newcomer == {"red": 2, "yellow": -1, "green": 0, "unknown": 0}


def test_counts_of_the_whole_book_leave_out_the_merged_and_deleted(world: World) -> None:
    Account.objects.filter(pk=world.acme.pk).update(deleted_at=TODAY.isoformat() + "T00:00Z")
    by_index = reads.distribution(world.suzuki, ask(), today=TODAY, unit=1)
    by_filter = reads.distribution(world.suzuki, ask("mrr_min=0"), today=TODAY, unit=1)
    assert reads.total_accounts(by_index, ask()) == 5
    assert sum(s.mrr for s in by_index) == sum(s.mrr for s in by_filter)


def test_movers_are_the_largest_changes_in_scope(world: World) -> None:
    assert movers(world, "suzuki") == (
        [world.sakura.pk, world.fuji.pk, *sorted([world.acme.pk, world.naniwa.pk])],
        [world.hokuto.pk],
    )
    assert movers(world, "tanaka") == ([world.naniwa.pk], [])


def test_movers_are_those_of_the_view(world: World) -> None:
    assert movers(world, "suzuki", "q=ふじせいき") == ([world.fuji.pk], [])
    assert movers(world, "suzuki", "band=green") == ([], [world.hokuto.pk])
    assert movers(world, "suzuki", "tier=low&band=yellow") == ([world.fuji.pk], [])


def test_a_page_never_reads_the_wide_explanations(world: World) -> None:
    with CaptureQueriesContext(connection) as caught:
        reads.read_page(world.suzuki, ask(), today=TODAY, unit=1)
    read = " ".join(query["sql"].split(" FROM ")[0] for query in caught.captured_queries)
    assert '"lines"' not in read
    assert '"metrics"' not in read
    assert len(caught) <= 4


def test_tiers_show_the_tail_with_its_revenue(world: World) -> None:
    AccountState.objects.filter(pk=world.fuji.pk).update(metrics={"mrr_change_90": -20_000})
    shown = tiers(world)
    assert (shown["high"].accounts, shown["high"].mrr) == (3, 2_200_000)
    assert shown["low"].mrr_change == -20_000
    assert sum(t.share for t in shown.values()) == pytest.approx(1)


def test_money_that_nobody_knows_is_not_nothing(world: World) -> None:
    green = AccountState.objects.filter(band="green")
    green.update(mrr=None, unpriced=True)
    for text in ("", "stage=active,onboarding"):
        slices = reads.distribution(world.suzuki, ask(text), today=TODAY, unit=1)
        strip = {count.band: count.mrr for count in reads.band_strip(slices)}
        assert strip["green"] is None
        assert strip["red"]
    tier = green.get().tier
    AccountState.objects.filter(tier=tier).update(mrr=0)
    green.update(mrr=None)
    reads.forget_counts()
    assert tiers(world)[tier].mrr is None


def test_the_whole_line_of_a_tier_speaks_of_the_same_accounts(world: World) -> None:
    """Search and every filter but the tier itself narrow all four columns alike."""
    AccountState.objects.filter(pk=world.fuji.pk).update(metrics={"mrr_change_90": -20_000})
    AccountState.objects.filter(pk=world.acme.pk).update(metrics={"mrr_change_90": 7_000})
    for text, account, change in (("q=acme corp", "acme", 7_000), ("band=yellow", "fuji", -20_000)):
        state = AccountState.objects.get(account=world.accounts[account])
        lines = [t for t in tiers(world, text).values() if t.accounts or t.mrr or t.share or t.mrr_change]
        assert lines == [reads.TierCount(state.tier, 1, state.mrr or 0, 1.0, change)]
    assert tiers(world, "tier=low") == tiers(world)


def test_accounts_without_a_metric_can_be_asked_for(world: World) -> None:
    assert names(world, "suzuki", "lacking=active_users_28") == ["naniwa", "acme", "fuji", "hokuto", "minato"]


def test_those_without_recurring_revenue_can_be_set_aside(world: World) -> None:
    assert "minato" not in names(world, "suzuki", "contract=paying")
    assert names(world, "suzuki", "contract=without") == ["minato"]
    assert len(names(world, "suzuki", "contract=without&contract=paying")) == 6


def test_former_customers_are_listed_only_where_they_are_asked_for(world: World) -> None:
    AccountState.objects.filter(account=world.accounts["sakura"]).update(
        stage="churned", tenths=None, band="unknown"
    )
    assert names(world, "suzuki") == ["naniwa", "acme", "fuji", "hokuto", "minato"]
    assert names(world, "takahashi", "band=unknown") == ["minato"]
    assert names(world, "suzuki", "stage=churned") == ["sakura"]
    assert names(world, "suzuki", "q=さくら") == ["sakura"] or names(world, "suzuki", "q=サクラ") == [
        "sakura"
    ]
    for member, expected in (("suzuki", 5), ("takahashi", 4)):
        slices = reads.distribution(world.members[member], ask(), today=TODAY, unit=1)
        assert reads.total_accounts(slices, ask()) == expected
