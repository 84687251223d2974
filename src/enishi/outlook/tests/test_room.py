"""Statements, renewals judged by people, and targets: kept, scoped, audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from tests.world import NOW, TODAY, World, make_world

from enishi.accounts.models import AuditLine
from enishi.forecasts.simulation import Scenario
from enishi.growth.jobs import stamp as growth_stamp
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.metrics.periods import add_months
from enishi.outlook import facts, jobs, making, measures, reads
from enishi.outlook.actions import Aim, Judged, judge_renewal, set_targets, set_thresholds, withdraw_judgement
from enishi.outlook.keeping import from_bytes, rates_from_json, rates_to_json, shape_of, to_bytes
from enishi.outlook.models import BackTest, Category, Forecast, ForecastBook, RenewalCall, Target
from enishi.risk.models import ForecastRun
from enishi.store.testing import publish

pytestmark = pytest.mark.django_db


def rows(world: World) -> list[dict[str, Any]]:
    """The cast's four customers with dates of renewal, and many small ones of no account in the application, some of
    whom left: what rates are learned from."""
    found: list[dict[str, Any]] = []

    def add(record: int, account: int, started: date, **values: Any) -> None:
        base = {
            "version_id": len(found) + 1, "record_id": record, "account_id": account, "valid_on": started, "known_on": started,
            "recorded_on": started, "deleted": False, "source": "test", "outside_id": f"s{record}", "product": "Desk",
            "plan": "Business", "currency": "JPY", "interval": "month", "recurring": True, "started_on": started,
        }  # fmt: skip
        found.append(base | values)

    for place, name in enumerate(("sakura", "fuji", "acme", "naniwa")):
        on = TODAY + timedelta(days=20 + 40 * place)
        add(
            place + 1,
            world.accounts[name].pk,
            TODAY - timedelta(days=500),
            amount=300_000 + place,
            renewal_on=on,
        )
    for number in range(60):
        started = TODAY - timedelta(days=700 - number * 2)
        add(100 + number, 9_000 + number, started, amount=10_000 + number)
        if number % 4 == 0:
            left = add_months(TODAY.replace(day=1), -(number // 4) - 1)
            told = left - timedelta(days=20)
            add(
                100 + number,
                9_000 + number,
                started,
                amount=10_000,
                notice_on=told,
                ended_on=left,
                known_on=told,
            )
    return found


def with_second(world: World, name: str = "sakura") -> list[dict[str, Any]]:
    """The same, where one customer holds a second, smaller contract that renews on another day."""
    found = rows(world)
    mine = next(row for row in found if row["account_id"] == world.accounts[name].pk)
    second = {"record_id": 50, "version_id": 999, "outside_id": "s50", "amount": 120_000, "product": "Mail"}
    return [*found, mine | second | {"renewal_on": TODAY + timedelta(days=100)}]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> World:
    cache.clear()
    made = make_world()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home.from_environment()
    home.prepare()
    publish(home, "record_subscription", rows(made))
    monkeypatch.setattr(making, "TRIED", 2)
    monkeypatch.setattr(facts, "PAST_MONTHS", 10)
    return made


def made(now: datetime = NOW) -> Forecast:
    return jobs.forecast_today(now)


def test_a_statement_is_made_kept_and_read_back_as_it_was(world: World) -> None:
    forecast = made()
    assert (forecast.status, forecast.kind) == ("done", Forecast.Kind.MONTHLY)
    assert made().pk == forecast.pk
    stated = reads.read_statement(forecast)
    again = from_bytes(
        to_bytes(stated), forecast.day, rates_from_json(rates_to_json(stated.learned)), stated.model
    )
    assert np.array_equal(again.book.path, stated.book.path)
    assert np.allclose(again.left.survival, stated.left.survival, atol=1e-6)
    outlook = reads.read_outlook(reads.view_of(world.suzuki), forecast)
    assert outlook.view.whole
    assert outlook.expected == [month["expected"] for month in forecast.result["months"]]
    assert BackTest.objects.count() == 1
    tomorrow = made(NOW + timedelta(days=1))
    assert tomorrow.kind == Forecast.Kind.DAILY
    jobs.tidy(tomorrow.day + timedelta(days=jobs.DAILY_DAYS + 1))
    eve = forecast.day.replace(day=1) - timedelta(days=1)
    assert list(Forecast.objects.values_list("day", flat=True)) == [forecast.day, eve]


def test_what_rests_on_the_churn_forecasts_is_made_again_when_they_have_spoken_anew(world: World) -> None:
    first, judged_by = made(), growth_stamp()
    ForecastRun.objects.create(kind=ForecastRun.Kind.SCORE, day=TODAY, status="running")
    assert not reads.is_behind(first)
    ForecastRun.objects.update(status="done")
    assert reads.is_behind(first)
    assert growth_stamp() != judged_by
    again = made()
    assert again.pk != first.pk
    assert not reads.is_behind(again)
    assert made().pk == reads.latest().pk == again.pk
    assert Forecast.objects.filter(pk=first.pk, kind=Forecast.Kind.MONTHLY).exists()  # said, and so kept


def test_too_little_history_is_said_and_nothing_is_forecast(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    make_world()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    Home.from_environment().prepare()
    forecast = made()
    assert forecast.result["missing"]["what"] == "months"
    assert not ForecastBook.objects.exists()
    lacking = reads.missing_history()
    assert lacking is not None
    assert lacking.need == 6


def test_an_own_book_is_drawn_for_its_customers_alone(world: World) -> None:
    forecast = made()
    own = reads.read_outlook(reads.view_of(world.takahashi), forecast)
    assert not own.view.whole
    assert set(own.stated.book.accounts.tolist()) <= set(own.view.accounts)
    assert own.new == [0] * len(own.expected)
    worse = reads.read_outlook(own.view, forecast, Scenario(churn=2.0))
    assert (worse.paths.mrr <= own.paths.mrr + 1e-6).all()
    found = measures.by_place(measures.figures(own, 4, {}))
    quarter = measures.running_periods(own.day, 4)["quarter"]
    figure = found[("quarter", quarter.start, "mrr")]
    assert figure.middle == own.expected[own.ends.index(quarter.end)]
    assert figure.bands[0][0] >= figure.bands[2][0]


def test_each_contract_falls_due_on_its_own_day_with_its_own_money(world: World) -> None:
    publish(Home.from_environment(), "record_subscription", with_second(world))
    forecast, pk = made(), world.accounts["sakura"].pk
    stated = reads.read_statement(forecast)
    due = reads.renewals(stated, TODAY, add_months(TODAY, 6), TODAY)
    mine = [(one.contract, one.on, one.mrr) for one in due if one.account_id == pk]
    assert mine == [(1, TODAY + timedelta(days=20), 300_000), (50, TODAY + timedelta(days=100), 120_000)]
    assert {one.contract for one in due if one.account_id != pk} == {0}
    again = from_bytes(to_bytes(stated), forecast.day, rates_from_json(rates_to_json(stated.learned)), "")
    assert reads.renewals(again, TODAY, add_months(TODAY, 6), TODAY) == due
    others = stated.where(stated.book.accounts != pk)
    assert reads.renewals(others, TODAY, add_months(TODAY, 6), TODAY) == [
        one for one in due if one.account_id != pk
    ]
    assert others.book.parts is None
    assert int(stated.book.now[stated.book.accounts == pk][0]) == 420_000


def test_what_an_older_version_kept_of_a_statement_is_not_taken_for_todays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast, reading, unpacked = made(), reads.from_bytes, []
    monkeypatch.setattr(reads, "from_bytes", lambda *what: unpacked.append(1) or reading(*what))
    for shape, times in (("before", 1), ("before", 1), ("now", 2)):
        monkeypatch.setattr(reads, "SHAPE", shape)
        reads.read_statement(forecast)
        assert len(unpacked) == times
    assert shape_of(Forecasted) != shape_of(type("Forecasted", (Further,), {}))


@dataclass
class Forecasted:
    now: int


@dataclass
class Further(Forecasted):
    parts: int


def test_a_word_on_one_contract_leaves_the_others_as_computed(world: World) -> None:
    publish(Home.from_environment(), "record_subscription", with_second(world))
    stated, account = reads.read_statement(made()), world.accounts["sakura"]

    def mine() -> dict[int, str]:
        due = reads.renewals(stated, TODAY, add_months(TODAY, 6), TODAY)
        return {
            one.contract: one.call.category if one.call else "" for one in due if one.account_id == account.pk
        }

    until, by = TODAY + timedelta(days=30), {"member": world.suzuki, "now": NOW}
    judge_renewal(account, Judged("at_risk", "a rival", until), ("likely", 0.2, TODAY), **by, contract=50)
    assert mine() == {1: "", 50: "at_risk"}
    judge_renewal(account, Judged("commit", "signed", until), ("likely", 0.2, TODAY), **by, contract=1)
    assert mine() == {1: "commit", 50: "at_risk"}
    withdraw_judgement(account, **by, contract=50)
    assert mine() == {1: "commit", 50: ""}
    RenewalCall.objects.all().delete()
    day = TODAY + timedelta(days=20)
    judge_renewal(account, Judged("commit", "when it was one", until), ("likely", 0.2, day), **by)
    assert mine() == {1: "commit", 50: ""}, (
        "what was said of the customer's day is of the contract due that day"
    )


def test_a_person_moves_a_renewal_and_both_categories_stay_visible(world: World) -> None:
    forecast = made()
    stated, account = reads.read_statement(forecast), world.accounts["sakura"]
    due = {one.account_id: one for one in reads.renewals(stated, TODAY, add_months(TODAY, 6), TODAY)}
    one = due[account.pk]
    with pytest.raises(EnishiError, match="reason"):
        judge_renewal(
            account, Judged("at_risk", " ", TODAY), (one.computed, 0.1, one.on), member=world.suzuki, now=NOW
        )
    late = Judged("at_risk", "x", TODAY + timedelta(days=400))
    with pytest.raises(EnishiError, match="day"):
        judge_renewal(account, late, (one.computed, 0.1, one.on), member=world.suzuki, now=NOW)
    said = Judged("at_risk", "sponsor leaves", TODAY + timedelta(days=30))
    judge_renewal(account, said, (one.computed, one.probability, one.on), member=world.suzuki, now=NOW)
    moved = {r.account_id: r for r in reads.renewals(stated, TODAY, add_months(TODAY, 6), TODAY)}[account.pk]
    assert (moved.category, moved.computed) == ("at_risk", one.computed)
    late_day = TODAY + timedelta(days=31)
    assert all(r.call is None for r in reads.renewals(stated, TODAY, add_months(TODAY, 6), late_day))
    again = Judged("commit", "signed", TODAY + timedelta(days=30))
    judge_renewal(
        account,
        again,
        (one.computed, one.probability, one.on),
        member=world.suzuki,
        now=NOW + timedelta(hours=1),
    )
    withdraw_judgement(account, member=world.suzuki, now=NOW + timedelta(hours=2))
    assert RenewalCall.objects.get(ended_at=None).category == "at_risk", (
        "what it took the place of holds again"
    )
    withdraw_judgement(account, member=world.suzuki, now=NOW + timedelta(hours=3))
    assert not RenewalCall.objects.filter(ended_at=None).exists()
    verbs = list(AuditLine.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-2:] == ["renewal_judgement_ended"] * 2


def test_thresholds_decide_the_category(world: World) -> None:
    limits = set_thresholds(0.05, 0.2, member=world.sato)
    found = [reads.category_of(p, False, limits) for p in (0.05, 0.1, 0.2)]
    assert found == [Category.COMMIT, Category.LIKELY, Category.AT_RISK]
    assert reads.category_of(0.0, True, limits) == Category.NOTICE
    with pytest.raises(EnishiError):
        set_thresholds(0.5, 0.2, member=world.sato)


def test_targets_are_lines_of_history_and_the_newest_counts(world: World) -> None:
    aim = Aim("nrr", "quarter", date(2026, 10, 1), Decimal("1.05"))
    assert set_targets([aim, aim], member=world.sato, now=NOW) == 1
    assert set_targets([Aim(*aim.key[:3], Decimal("1.10"))], member=world.sato, now=NOW) == 1
    assert reads.targets_in_force()[("nrr", "quarter", date(2026, 10, 1))].value == Decimal("1.10")
    set_targets([Aim(*aim.key[:3], None)], member=world.sato, now=NOW)
    assert reads.targets_in_force() == {}
    assert Target.objects.count() == 3
    line = AuditLine.objects.filter(verb="target_set").order_by("pk")[1]
    assert line.detail == {"aim": "nrr", "aim_period": "FY2026 Q3", "aim_value": ["1.05", "1.1"]}


def test_the_bridge_between_two_statements_adds_up_in_every_view(world: World) -> None:
    earlier = made(datetime(2026, 10, 5, 3, tzinfo=UTC))
    later = made()
    end = measures.running_periods(later.day, 4)["quarter"].end
    for member in (world.suzuki, world.takahashi):
        found = reads.read_moved(reads.view_of(member), earlier, later, end)
        assert found is not None
        assert found.before + sum(found.steps.values()) == found.after
    whole = reads.read_moved(reads.view_of(world.suzuki), earlier, later, end)
    outlook = reads.read_outlook(reads.view_of(world.suzuki), later)
    assert whole is not None
    assert whole.after == outlook.expected[outlook.ends.index(end)]
    assert [one.day for one in reads.earlier_statements(later)] == [earlier.day, date(2026, 9, 30)]


def test_past_quarters_are_tried_with_what_was_known_then(world: World) -> None:
    trials = making.try_past(jobs.read_past(TODAY))
    assert {one.measure for one in trials} >= {"mrr", "churn", "expansion"}
    assert all(one.made_on < one.start <= one.end <= TODAY for one in trials)
