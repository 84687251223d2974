"""Judging a book, what people decide about offers, and what the contracts then show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.world import NOW, TODAY

from enishi.accounts.models import AuditLine
from enishi.growth import api as growth
from enishi.growth.actions import use_fit
from enishi.growth.jobs import learn, note_what_came, stamp
from enishi.growth.models import GrowthRun, Propensity, Proposal, Readiness
from enishi.growth.reads import Came, Wanted, said_and_came, sold_now
from enishi.growth.tests.conftest import contract
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.home import Home
from enishi.store.testing import publish
from enishi.work.models import Task

pytestmark = pytest.mark.django_db


def test_the_book_is_judged_and_only_what_is_known_is_said(world):
    assert growth.renew(NOW)
    row = Readiness.objects.get()
    assert (row.account, row.offer, row.status, row.first) == (
        world.accounts["sakura"],
        "more_seats",
        "ready",
        True,
    )
    assert row.probability is None, "nobody has grown yet"
    assert row.expected is None
    assert row.uplift == 2_000
    run = GrowthRun.objects.get()
    assert run.counts["more_seats"]["against"]["health"] >= 1
    fits = {fit.kind: fit for fit in Propensity.objects.filter(in_use=True)}
    assert not any(fit.speaks for fit in fits.values())
    assert "0 of 20" in fits["seats"].reason_en
    assert not growth.renew(NOW + timedelta(minutes=5)), "nothing has changed"


def test_each_sees_their_own_book(world):
    growth.judge_book(NOW)
    seen = growth.list_ready(world.members["takahashi"], Wanted(), TODAY)
    assert [row.account for row in seen] == [world.accounts["sakura"]]
    stranger = world.members["takahashi"]
    stranger.scope, stranger.team = "own", None
    world.accounts["sakura"].owner = None
    world.accounts["sakura"].save()
    assert not growth.list_ready(stranger, Wanted(), TODAY)
    with pytest.raises(NotFound):
        growth.propose(stranger, world.accounts["sakura"].pk, "more_seats", "x", now=NOW)


def test_an_offer_made_is_a_task_and_nothing_else_is_pushed(world):
    growth.judge_book(NOW)
    member, account = world.members["takahashi"], world.accounts["sakura"].pk
    made = growth.propose(member, account, "more_seats", "席の追加をご相談", now=NOW)
    assert (made.status, made.uplift, made.task.title) == ("open", 2_000, "席の追加をご相談")
    assert not growth.list_ready(member, Wanted(), TODAY)
    with pytest.raises(Conflict):
        growth.propose(member, account, "higher_plan", "x", now=NOW)
    chances, best = growth.chances_of(world.accounts["sakura"], TODAY)
    assert best is None
    assert {one.verdict.reasons[0].rule for one in chances} == {"discussed"}
    growth.undo(member, made.pk, now=NOW)
    assert Task.objects.get(pk=made.task_id).status == "dropped"
    assert growth.list_ready(member, Wanted(), TODAY)


def test_a_result_closes_the_task_and_can_be_taken_back(world):
    member, account = world.members["takahashi"], world.accounts["sakura"].pk
    made = growth.propose(member, account, "more_seats", "x", now=NOW)
    with pytest.raises(EnishiError, match="reason"):
        growth.record_result(member, made.pk, False, now=NOW)
    growth.record_result(member, made.pk, False, reason="予算がない", now=NOW)
    made.refresh_from_db()
    assert (made.status, made.task.status) == ("lost", "done")
    assert growth.chances_of(world.accounts["sakura"], TODAY)[0][0].verdict.reasons[0].rule == "rest"
    growth.undo(member, made.pk, now=NOW)
    made.refresh_from_db()
    assert (made.status, made.task.status, made.closed_on) == ("open", "open", None)
    assert set(AuditLine.objects.values_list("verb", flat=True)) >= {
        "offer_made",
        "offer_lost",
        "offer_undone",
    }


def test_an_offer_set_aside_rests_until_the_day_and_not_longer(world):
    growth.judge_book(NOW)
    member, account = world.members["takahashi"], world.accounts["sakura"].pk
    with pytest.raises(EnishiError, match="next year"):
        growth.set_aside(member, account, "more_seats", "x", TODAY, now=NOW)
    growth.set_aside(member, account, "more_seats", "来期に", TODAY + timedelta(days=30), now=NOW)
    assert not growth.list_ready(member, Wanted(), TODAY)
    growth.judge_book(NOW + timedelta(days=10))
    assert not growth.list_ready(member, Wanted(), TODAY)
    growth.judge_book(NOW + timedelta(days=30))
    assert growth.list_ready(member, Wanted(), TODAY)


def test_the_contracts_say_what_came_of_an_offer(world):
    member, account = world.members["takahashi"], world.accounts["sakura"].pk
    made = growth.propose(member, account, "more_seats", "x", now=NOW)
    grown = contract(account, 1, seats=15, amount=Decimal(15_000), valid_on=TODAY + timedelta(days=20))
    publish(Home.from_environment(), "record_subscription", [grown])
    assert note_what_came(sold_now(TODAY)) == 0, "not known yet"
    assert note_what_came(sold_now(TODAY + timedelta(days=21))) == 1
    made.refresh_from_db()
    assert (made.status, made.amount, made.seen_on) == ("won", 5_000, TODAY + timedelta(days=20))
    assert growth.record_by_offer(member)["more_seats"].rate == 1


def test_assumptions_are_the_leaders_and_audited(world):
    values = {"churn_minutes": 600, "expansion_minutes": 500, "floor": 0.01, "ceiling": 0.5, "months": 24}
    with pytest.raises(EnishiError):
        growth.declare_effort(world.members["takahashi"], now=NOW, **values)
    growth.declare_effort(world.members["suzuki"], now=NOW, **values)
    growth.declare_effort(world.members["suzuki"], now=NOW, **{**values, "months": 36})
    assert growth.get_effort().months == 36
    assert AuditLine.objects.filter(verb="effort_declared").first().detail == {"months": [24, 36]}
    assert Proposal.objects.count() == 0


def test_an_earlier_fit_speaks_again_until_somebody_chooses_another(world):
    old, new = (
        Propensity.objects.create(
            kind="seats", horizon=180, day=TODAY, in_use=n == 1, made_at=NOW + timedelta(days=n)
        )
        for n in range(2)
    )
    before = stamp()
    with pytest.raises(EnishiError):
        use_fit(world.members["takahashi"], old.pk, now=NOW)
    kept = use_fit(world.members["suzuki"], old.pk, now=NOW)
    assert (kept.in_use, kept.chosen_by) == (True, world.members["suzuki"])
    assert stamp() != before, "the book is judged by it"
    assert AuditLine.objects.filter(verb="growth_fit_used").count() == 1
    learn(NOW + timedelta(days=8))
    assert Propensity.objects.get(kind="seats", in_use=True).pk == old.pk, "what was learned since waits"
    newest = Propensity.objects.filter(kind="seats").first()
    assert use_fit(world.members["suzuki"], newest.pk, now=NOW).chosen_at is None
    learn(NOW + timedelta(days=16))
    assert Propensity.objects.get(kind="seats", in_use=True).pk not in (old.pk, new.pk, newest.pk)


def test_what_was_said_of_offers_is_compared_once_their_days_are_over(world):
    member, account = world.members["suzuki"], world.accounts["sakura"]

    def made(days: int, **values: Any) -> None:
        on = TODAY - timedelta(days=days)
        Proposal.objects.create(
            account=account, offer="more_seats", kind="seats", made_on=on, probability=0.25, **values
        )

    made(200, status="won", seen_on=TODAY - timedelta(days=100))
    made(200, status="won", seen_on=TODAY - timedelta(days=5))
    made(200, status="open")
    made(100, status="lost", closed_on=TODAY)
    assert said_and_came(member, TODAY) == Came(3, 0.25, 1), "won too late, still open, and not over yet"
