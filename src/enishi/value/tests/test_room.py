"""Valuing everybody: what is kept, who is told, what is assumed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.world import NOW, TODAY, World, make_world

from enishi.accounts.models import Account, AuditLine
from enishi.kit.errors import EnishiError
from enishi.metrics.revenue import number_of
from enishi.risk.api import AccountRisk
from enishi.signals.hooks import worth_on
from enishi.signals.models import AccountState
from enishi.value import actions, jobs
from enishi.value.api import AccountValue, ValueRun, ValueStatement, get_settings, save_settings, values
from enishi.value.tests.test_rules import _book

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The cast; all facts are contracts of its customers, and of sixty who left."""
    world = make_world()
    accounts = [account.pk for account in world.accounts.values()]

    def read(day: date, **_other: Any) -> tuple[Any, int]:
        today = number_of(day)
        rows: list[tuple[int, int, int | None, int]] = [(pk, today - 500, None, 100_000) for pk in accounts]
        for n in range(60):
            start = today - 400 - 20 * n
            rows.append((10**6 + n, start, start + 365 * (1 + n % 3) if n % 3 < 1 else None, 50_000))
        return _book(rows, day=today), 7

    monkeypatch.setattr(actions, "read_book", read)
    return world


def test_the_present_is_replaced_and_one_statement_a_month_is_kept(world: World) -> None:
    run = actions.value_accounts(now=NOW)
    assert (run.status, run.day, run.facts_generation) == ("done", TODAY, 7)
    living = Account.objects.filter(deleted_at=None, merged_into=None).count()
    assert AccountValue.objects.count() == ValueStatement.objects.count() == living
    again = actions.value_accounts(now=NOW + timedelta(hours=1))
    assert set(AccountValue.objects.values_list("run", flat=True)) == {again.pk}
    assert ValueStatement.objects.count() == living, "the first of a month stays"
    sakura = AccountValue.objects.get(account=world.accounts["sakura"])
    assert sakura.residual_low < sakura.residual < sakura.residual_high
    assert (sakura.chosen, sakura.chosen_by) == (sakura.residual, "residual")
    assert sakura.months == len(sakura.curve) == 16
    assert AccountState.objects.get(account=sakura.account_id).ltv == sakura.chosen
    assert worth_on(TODAY)[sakura.account_id] == sakura.chosen
    frame = values([sakura.account_id])
    assert frame.loc[0, "residual"] == sakura.residual


def test_a_past_day_is_valued_as_known_then_and_only_said(world: World) -> None:
    last_month = TODAY.replace(day=1) - timedelta(days=1)
    assert jobs.missing_month(TODAY) == last_month
    actions.value_accounts(last_month, now=NOW)
    assert not AccountValue.objects.exists()
    assert set(ValueStatement.objects.values_list("day", flat=True)) == {last_month}
    assert worth_on(last_month + timedelta(days=3))
    assert worth_on(last_month - timedelta(days=3)) == {}, "nothing is said of a day before"
    assert jobs.missing_month(TODAY) < last_month


def test_everybody_is_valued_again_once_when_something_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.Published, "generation", 7)
    assert jobs.renew(NOW)
    later = NOW + timedelta(hours=1)
    assert jobs.renew(later), "a month of the past"
    assert ValueRun.objects.filter(day=TODAY).count() == 1
    save_settings(world.suzuki, {"horizon_years": 5}, later)
    assert jobs.renew(later + timedelta(minutes=1))
    assert ValueRun.objects.filter(day=TODAY).count() == 2
    AccountRisk.objects.create(
        account=world.accounts["sakura"],
        horizon=90,
        day=TODAY,
        probability=0.4,
        computed_at=later + timedelta(hours=1),
    )
    assert jobs.renew(later + timedelta(hours=2)), "forecasts began to speak"
    assert ValueRun.objects.filter(day=TODAY).count() == 3


def test_a_failure_is_kept_with_its_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_all: Any, **_named: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(actions, "read_book", fail)
    with pytest.raises(RuntimeError):
        actions.value_accounts(now=NOW)
    assert ValueRun.objects.get().error == "the disk is full"


def test_assumptions_are_checked_and_audited(world: World) -> None:
    save_settings(world.suzuki, {"discount_rate": Decimal("0.12"), "hour_cost": 6000}, NOW)
    assert (get_settings().discount_rate, get_settings().hour_cost) == (Decimal("0.12"), 6000)
    line = AuditLine.objects.get(verb="value_settings_changed")
    assert line.detail == {"discount_rate": ["0.1", "0.12"], "hour_cost": ["", "6000"]}
    save_settings(world.suzuki, {"hour_cost": 6000}, NOW)
    assert AuditLine.objects.filter(verb="value_settings_changed").count() == 1
    for wrong in ({"discount_rate": Decimal("1.5")}, {"horizon_years": 0}, {"ranking": "by name"}):
        with pytest.raises(EnishiError):
            save_settings(world.suzuki, wrong, NOW)
