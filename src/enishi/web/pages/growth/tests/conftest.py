"""The cast with the shipped offers in force, and one customer ready for two of them."""

from __future__ import annotations

import pytest
from tests.pages import SignIn, sign_in
from tests.pages import world as cast
from tests.world import NOW, TODAY, World

from enishi.definitions.api import install_defaults
from enishi.growth.models import GrowthRun, Propensity, Readiness

__all__ = ["SignIn", "cast", "sign_in"]
SIGN = {
    "id": "seats_in_use",
    "en": "96% of the seats are in use",
    "ja": "ライセンスの96%を使用中",
    "weight": 2,
    "facts": "usage",
    "since": "2026-11-01",
}


@pytest.fixture
def world(cast: World, tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    install_defaults("system", NOW)
    sakura = cast.accounts["sakura"]
    fit = Propensity.objects.create(kind="seats", horizon=180, day=TODAY, winners=25, least=20, speaks=True)
    Propensity.objects.create(kind="plan", horizon=180, day=TODAY, winners=3, least=20)
    told = {
        "account": sakura,
        "on": TODAY,
        "since": TODAY,
        "day": TODAY,
        "signs": [SIGN],
        "weight": 2,
        "status": "ready",
    }
    Readiness.objects.create(
        **told, offer="more_seats", kind="seats", first=True, shown=True, place=34_560, probability=0.18, low=0.1, high=0.3, uplift=20_000,
        basis="wins", basis_customers=23,
        expected=34_560, target={"product": "desk", "seats": 10}, model=fit,
    )  # fmt: skip
    Readiness.objects.create(
        **told, offer="higher_plan", kind="plan", uplift=50_000, target={"was": "Light", "plan": "Pro"}
    )
    GrowthRun.objects.create(day=TODAY, finished_at=NOW, started_at=NOW, counts={"more_seats": {"ready": 1, "later": 0, "no_sign": 0, "blocked": 3, "against": {"health": 3}}})  # fmt: skip
    return cast
