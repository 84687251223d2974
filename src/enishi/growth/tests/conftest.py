"""The cast with the shipped offers in force, and contracts of its customers in the store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.world import NOW, TODAY, World, make_world

from enishi.definitions.api import install_defaults
from enishi.kit.home import Home
from enishi.signals.models import AccountState, ScoringRun
from enishi.store.testing import publish

SEATS = {"metrics": {"licence_utilisation": 0.96, "use_vs_own_past": 0.4, "nps_latest": 10}}


def contract(account: int, record: int, **more: object) -> dict[str, object]:
    """A yearly contract of the store, four months old."""
    start = TODAY - timedelta(days=120)
    base = {
        "product": "desk", "plan": "Light", "amount": Decimal(10_000), "currency": "JPY", "interval": "month", "seats": 10,
        "recurring": True, "started_on": start, "valid_on": start, "term_months": 12,
    }  # fmt: skip
    return {"record_id": record, "account_id": account, **base, **more}


@pytest.fixture
def world(db: None, tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    made = make_world()
    install_defaults("system", NOW)
    rows = [contract(made.accounts[name].pk, at + 1) for at, name in enumerate(("sakura", "fuji"))]
    publish(Home.from_environment(), "record_subscription", rows)
    AccountState.objects.filter(account=made.accounts["sakura"]).update(
        band="green", stage="established", mrr=10_000, tenure_days=700, **SEATS
    )
    AccountState.objects.filter(account=made.accounts["fuji"]).update(
        band="red", stage="established", mrr=10_000, tenure_days=700, **SEATS
    )
    ScoringRun.objects.create(day=TODAY, status="done", finished_at=NOW)
    return made
