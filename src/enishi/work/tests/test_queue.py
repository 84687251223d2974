"""The queue as a person sees it: scoped, paged, and without what was put aside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.world import (
    NOW,
    TODAY,
    World,
    at_hour,
    make_account,
    make_alert,
    make_cause,
    make_record,
    make_state,
    make_world,
)

from enishi.accounts.models import Account, AuditLine, Member, Record
from enishi.kit.errors import EnishiError, NotAllowed, NotFound
from enishi.signals.models import AccountState, Signal
from enishi.work import api
from enishi.work.api import View
from enishi.work.reads import judgements_from
from enishi.work.rules import rank

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    cache.clear()  # a large book is kept
    return make_world()


def names(queue: api.Queue) -> list[int]:
    return [item.account_id for item in queue.items]


def test_mine_team_and_all_stay_within_the_scope(world: World) -> None:
    assert names(api.ranked_queue(world.takahashi, TODAY)) == [world.sakura.pk, world.fuji.pk]
    team = api.ranked_queue(world.takahashi, TODAY, view=View.TEAM)
    assert names(team) == [world.sakura.pk, world.acme.pk, world.fuji.pk]
    everything = api.ranked_queue(world.suzuki, TODAY)
    assert set(names(everything)) == {world.sakura.pk, world.acme.pk, world.fuji.pk, world.naniwa.pk}
    assert names(api.ranked_queue(world.smith, TODAY, view=View.ALL)) == [world.acme.pk]
    assert api.views_of(world.smith) == [View.MINE]
    assert api.views_of(world.takahashi) == [View.MINE, View.TEAM]
    assert api.usual_view(world.suzuki) == View.ALL


def give_notice(account: Account, on: date, *, ends: date | None = None, **terms: Any) -> Record:
    started = at_hour(TODAY - timedelta(days=500))
    said = {"notice_on": on.isoformat(), "ended_on": (ends or TODAY + timedelta(days=60)).isoformat()}
    return make_record(
        account, "subscription", started, started_on=started.date().isoformat(), **said, **terms
    )


def test_a_notice_comes_first_whatever_the_band(world: World) -> None:
    calm = make_account("平穏株式会社", owner=world.takahashi)
    make_state(calm, "green", 950, mrr=9_000_000, at_stake=12 * 9_000_000)
    assert calm.pk not in names(api.ranked_queue(world.takahashi, TODAY))
    contract = give_notice(calm, TODAY - timedelta(days=3), ends=TODAY + timedelta(days=45))
    queue = api.ranked_queue(world.takahashi, TODAY)
    first = queue.items[0]
    assert (first.account_id, first.main.trigger) == (calm.pk, "notice:given")
    assert (first.at_stake, first.play.id) == (12 * 9_000_000, "answer_the_notice")
    assert first.main.evidence is not None
    assert "2026年11月" in first.main.evidence.ja
    assert first.main.record_id == contract.pk
    assert sum(load.at_stake or 0 for load in api.loads(world.suzuki, TODAY, View.ALL)) >= 12 * 9_000_000
    api.mark_done(world.takahashi, calm.pk, today=TODAY, now=NOW)
    assert calm.pk not in names(api.ranked_queue(world.takahashi, TODAY))
    contract.data |= {"notice_on": TODAY.isoformat()}  # taken back, and given again
    contract.save()
    assert calm.pk in names(api.ranked_queue(world.takahashi, TODAY))


def test_a_notice_of_one_of_two_contracts_calls_too(world: World) -> None:
    calm = make_account("平穏株式会社", owner=world.takahashi)
    make_state(calm, "green", 950, mrr=9_000_000, at_stake=100)
    give_notice(calm, TODAY - timedelta(days=3))
    make_record(calm, "subscription", at_hour(TODAY - timedelta(days=400)), started_on="2025-10-01")
    item = next(i for i in api.ranked_queue(world.takahashi, TODAY).items if i.account_id == calm.pk)
    assert (item.main.trigger, item.at_stake) == ("notice:given", 100)


def test_a_notice_that_is_over_calls_for_nobody(world: World) -> None:
    calm = make_account("平穏株式会社", owner=world.takahashi)
    make_state(calm, "green", 950, mrr=9_000_000, at_stake=100)
    give_notice(calm, TODAY - timedelta(days=90), ends=TODAY)
    assert calm.pk not in names(api.ranked_queue(world.takahashi, TODAY))


def test_paging_keeps_the_total(world: World) -> None:
    first = api.ranked_queue(world.suzuki, TODAY, limit=3)
    rest = api.ranked_queue(world.suzuki, TODAY, offset=3, limit=3)
    assert (first.total, len(first.items), len(rest.items)) == (4, 3, 1)
    assert not set(names(first)) & set(names(rest))
    assert first.minutes == sum(item.play.minutes for item in first.items)


def test_the_database_and_the_rule_agree_on_who_calls(world: World) -> None:
    for number, (band, tenths, before, days) in enumerate(
        [("green", 700, 850, None), ("green", 700, 790, 5), ("yellow", 500, 500, 90), ("yellow", 500, 500, 91),
         ("yellow", 500, 500, None), ("red", 200, 200, None), ("unknown", None, None, 10), ("red", 100, 300, 3)]
    ):  # fmt: skip
        renewal = None if days is None else TODAY + timedelta(days=days)
        account = make_account(f"会社{number}", owner=world.sato)
        make_state(account, band, tenths, week_ago=before, at_stake=number, renewal_on=renewal)
    for number, (strength, fell) in enumerate([(69, False), (70, False), (100, False), (0, True)]):
        account = make_account(f"原因{number}", owner=world.sato)
        causes = [make_cause("disvaluation", strength, TODAY)] if strength else []
        state = make_state(account, "yellow" if fell else "green", 800, at_stake=number, causes=causes)
        if fell:
            AccountState.objects.filter(pk=state.pk).update(band_week_ago="green")
    for number, (band, given) in enumerate([("green", -10), ("green", 1), ("yellow", -400), ("red", -1)]):
        account = make_account(f"解約{number}", owner=world.sato)
        make_state(account, band, 800, at_stake=number)
        give_notice(account, TODAY + timedelta(days=given))
    queue = api.ranked_queue(world.suzuki, TODAY, limit=100)
    states = judgements_from(AccountState.objects.all(), TODAY)
    ruled = rank(states, TODAY, api.declared_plays(), hour_cost=api.hour_cost())
    assert names(queue) == [item.account_id for item in ruled]
    assert queue.total == len(ruled)


def test_reading_stops_early_and_still_gives_the_true_order(
    world: World, django_assert_max_num_queries: object
) -> None:
    owner = world.tanaka
    for number in range(450):
        account = make_account(f"顧客{number}", owner=owner)
        AccountState.objects.create(
            account=account,
            day=TODAY,
            band="red",
            tenths=300,
            tenths_week_ago=300 + number % 190,
            at_stake=number * 1000,
        )
    page = api.ranked_queue(owner, TODAY, limit=5)
    states = AccountState.objects.filter(account__owner=owner)
    ruled = rank(judgements_from(states, TODAY), TODAY, api.declared_plays(), hour_cost=api.hour_cost())
    assert names(page) == [item.account_id for item in ruled[:5]]
    assert page.total == 451


def test_a_snooze_hides_until_its_day_or_until_news(world: World) -> None:
    api.snooze(
        world.takahashi, world.sakura.pk, TODAY + timedelta(days=7), today=TODAY, now=NOW, reason="出張"
    )
    queue = api.ranked_queue(world.takahashi, TODAY)
    assert names(queue) == [world.fuji.pk]
    assert queue.total == 1
    assert [aside.account for aside in queue.aside] == [world.sakura]
    assert world.sakura.pk in names(api.ranked_queue(world.takahashi, TODAY + timedelta(days=7)))
    state = AccountState.objects.get(account=world.sakura)
    state.alerts = [*state.alerts, make_alert("use_stopped", TODAY)]
    state.save()
    assert names(api.ranked_queue(world.takahashi, TODAY))[0] == world.sakura.pk
    line = AuditLine.objects.get(verb="account_snoozed")
    assert line.account == world.sakura
    assert line.detail["reason"] == "出張"


def test_history_that_moves_an_alert_back_leaves_done_what_is_done(world: World) -> None:
    def fired(on: date) -> list[int]:
        AccountState.objects.filter(account=world.sakura).update(alerts=[make_alert("use_stopped", on)])
        return names(api.ranked_queue(world.takahashi, TODAY + timedelta(days=2)))

    assert world.sakura.pk in fired(TODAY)
    api.mark_done(world.takahashi, world.sakura.pk, today=TODAY, now=NOW)
    assert world.sakura.pk not in fired(TODAY - timedelta(days=2))
    assert world.sakura.pk in fired(TODAY + timedelta(days=1))


def test_anothers_snooze_does_not_empty_my_list_but_counts_in_the_wide_view(world: World) -> None:
    api.mark_done(world.takahashi, world.acme.pk, today=TODAY, now=NOW)
    assert names(api.ranked_queue(world.smith, TODAY)) == [world.acme.pk]
    assert world.acme.pk not in names(api.ranked_queue(world.suzuki, TODAY))


def test_undo_brings_it_back(world: World) -> None:
    attention = api.mark_done(world.takahashi, world.sakura.pk, today=TODAY, now=NOW, rest_days=7)
    assert attention.until == TODAY + timedelta(days=7)
    api.undo(world.takahashi, attention.pk, now=NOW)
    assert world.sakura.pk in names(api.ranked_queue(world.takahashi, TODAY))
    with pytest.raises(NotFound):
        api.undo(world.suzuki, attention.pk, now=NOW)


def test_a_snooze_needs_a_day_ahead(world: World) -> None:
    for days in (0, -1, 181):
        with pytest.raises(EnishiError, match="within the next 180 days"):
            api.snooze(world.takahashi, world.fuji.pk, TODAY + timedelta(days=days), today=TODAY, now=NOW)


def test_delegating_makes_a_task_and_undo_drops_it(world: World) -> None:
    due = TODAY + timedelta(days=3)
    task, attention = api.delegate(
        world.takahashi, world.acme.pk, world.smith, "Call the buyer", due_on=due, today=TODAY, now=NOW
    )
    assert task.assignee == world.smith
    assert list(api.my_promises(world.smith, TODAY)) == [task]
    api.undo(world.takahashi, attention.pk, now=NOW)
    task.refresh_from_db()
    assert task.status == "dropped"


def test_readers_may_not_act_and_nobody_beyond_their_scope(world: World) -> None:
    for reader in (world.ito, world.watanabe):
        with pytest.raises(NotAllowed):
            api.mark_done(reader, world.sakura.pk, today=TODAY, now=NOW)
    with pytest.raises(NotFound):
        api.mark_done(world.smith, world.sakura.pk, today=TODAY, now=NOW)


def test_a_due_promise_lifts_its_account(world: World) -> None:
    api.create_task(world.takahashi, world.fuji.pk, "見積を送る", now=NOW, due_on=TODAY)
    queue = api.ranked_queue(world.takahashi, TODAY)
    assert names(queue)[0] == world.fuji.pk
    assert queue.items[0].promise_due


def test_who_leads_counts_the_promises_of_others_as_they_do(world: World) -> None:
    calm = make_account("約束", owner=world.takahashi)
    make_state(calm, "green", 900, at_stake=1)
    api.create_task(world.takahashi, calm.pk, "資料を送る", now=NOW, due_on=TODAY)

    def calling(member: Member, view: View) -> int:
        loads = api.loads(member, TODAY, view)
        return next(load.calling for load in loads if load.owner == world.takahashi)

    assert calling(world.suzuki, View.ALL) == calling(world.takahashi, View.TEAM)
    own = api.ranked_queue(world.suzuki, TODAY, view=View.ALL, owner=world.takahashi.pk)
    assert names(own)[0] == calm.pk
    assert own.total == calling(world.suzuki, View.ALL) == api.ranked_queue(world.takahashi, TODAY).total
    kept_by_a_colleague = make_account("同僚の約束", owner=world.takahashi)
    make_state(kept_by_a_colleague, "green", 900, at_stake=1)
    api.create_task(world.suzuki, kept_by_a_colleague.pk, "資料を送る", now=NOW, due_on=TODAY)
    assert kept_by_a_colleague.pk not in names(api.ranked_queue(world.takahashi, TODAY, view=View.MINE))


def test_overnight_shows_band_moves_and_new_alerts(world: World) -> None:
    state = AccountState.objects.get(account=world.hokuto)
    state.computed_band = state.band = "yellow"
    state.save()
    Signal.objects.create(account=world.hokuto, type="alert:use_stopped", since=TODAY)
    seen = api.overnight(world.takahashi, TODAY, View.MINE)
    assert [(move.account, move.before, move.after) for move in seen.moves] == [
        (world.hokuto, "green", "yellow")
    ]
    assert {signal.account for signal in seen.signals} == {world.hokuto, world.fuji}
    assert api.overnight(world.smith, TODAY, View.MINE).is_empty


def test_renewals_count_and_sum_by_step(world: World) -> None:
    found = api.renewals(world.takahashi, TODAY, View.MINE)
    assert [state.account for state in found.items] == [world.sakura, world.hokuto]
    assert found.steps == [(30, 0, 0), (60, 2, 12 * 950_000), (90, 2, 12 * 950_000)]


def test_an_account_without_a_score_is_counted_not_ranked(world: World) -> None:
    make_account("新規", owner=world.takahashi)
    assert api.ranked_queue(world.takahashi, TODAY).unscored == 1


def test_weak_causes_without_a_main_one_do_not_call(world: World) -> None:
    account = make_account("静か", owner=world.tanaka)
    state = make_state(account, "green", 900, causes=[make_cause("downturn", 10, TODAY)])
    state.main_cause = ""
    state.save()
    assert account.pk not in names(api.ranked_queue(world.tanaka, TODAY))


def test_weaker_signs_are_counted_and_shown_on_request(world: World) -> None:
    account = make_account("弱い兆候", owner=world.tanaka)
    make_state(account, "green", 800, at_stake=90_000_000, causes=[make_cause("disvaluation", 40, TODAY)])
    usual = api.ranked_queue(world.tanaka, TODAY)
    assert account.pk not in names(usual)
    wide = api.ranked_queue(world.tanaka, TODAY, weaker=True)
    assert account.pk in names(wide)
    assert (usual.weaker, wide.weaker, wide.total) == (1, 0, usual.total + 1)


def test_a_promise_brings_a_calm_account_to_the_top(world: World) -> None:
    account = make_account("約束", owner=world.takahashi)
    make_state(account, "green", 900, at_stake=1)
    before = api.ranked_queue(world.takahashi, TODAY).total
    api.create_task(world.takahashi, account.pk, "資料を送る", now=NOW, due_on=TODAY)
    queue = api.ranked_queue(world.takahashi, TODAY)
    assert names(queue)[0] == account.pk
    assert queue.total == before + 1


def test_money_at_stake_that_nobody_knows_is_not_nothing(world: World) -> None:
    states = AccountState.objects.filter(account__owner=world.takahashi)
    states.update(mrr=None, at_stake=0, unpriced=True)

    def stake() -> int | None:
        loads = api.loads(world.suzuki, TODAY, View.ALL)
        return next(load.at_stake for load in loads if load.owner == world.takahashi)

    assert stake() is None
    states.filter(band="red").update(at_stake=7)
    assert stake()


def test_the_load_of_the_team_counts_what_the_queue_lists(world: World) -> None:
    def both() -> tuple[int, int]:
        queue = api.ranked_queue(world.suzuki, TODAY, view=View.ALL)
        return queue.total, sum(load.calling for load in api.loads(world.suzuki, TODAY, View.ALL))

    before = both()
    first = api.ranked_queue(world.suzuki, TODAY, view=View.ALL).items[0]
    api.mark_done(world.suzuki, first.account_id, today=TODAY, now=NOW)
    after = both()
    assert after == (before[0] - 1, before[1] - 1)
    calm = make_account("約束", owner=world.takahashi)
    make_state(calm, "green", 900, at_stake=1)
    task, _next = (
        api.create_task(world.suzuki, number, "資料を送る", now=NOW, due_on=TODAY)
        for number in (calm.pk, first.account_id)
    )
    assert both() == before, "listed only for its promise, which does not bring back what is dealt with"
    api.complete_task(world.suzuki, task.pk, now=NOW)
    assert both() == after
