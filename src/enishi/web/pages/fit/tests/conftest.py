"""The cast with the shipped axes in force, and one customer judged: a poor fit at the sale that came to nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pages import SignIn, sign_in
from tests.pages import world as cast
from tests.world import NOW, TODAY, World

from enishi.definitions.api import install_defaults
from enishi.definitions.models import DefinitionVersion
from enishi.fit.models import AccountFit, FitRun, FitStatement

__all__ = ["SignIn", "cast", "sign_in"]
AXES = [
    {
        "id": "success", "en": "Success within reach", "ja": "成功への到達しやすさ", "points": 20.0, "share": 1.0, "tenths": 200,
        "inputs": [{
            "id": "people_known", "en": "Contacts known", "ja": "把握している関係者", "text_en": "0 people", "text_ja": "0人",
            "points": 20.0, "share": 1.0, "tenths": 200, "source": "metric", "at": "sale",
        }],
    }
]  # fmt: skip
REASON = {
    "code": "left_early",
    "en": "Decided to leave 3 months after the sale",
    "ja": "販売から3か月で解約を決定",
}


@pytest.fixture
def world(cast: World, tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    install_defaults("system", NOW)
    version = DefinitionVersion.objects.get(definition__kind="fit")
    early = {"fit": None, "have": 1, "need": 20, "n": 3}
    record = {
        "sold": 5, "observed": 3, "known": 3, "lost": 1, "base": {"value": 0.67, "low": 0.2, "high": 0.9}, "nrr": None,
        "stayed": early, "grew": early, "verdict": "early", "bands": [{"band": "good", "n": 3, "need": 10, "kept": None, "nrr": None}],
    }  # fmt: skip
    run = FitRun.objects.create(
        day=TODAY,
        status="done",
        version=version,
        record=record,
        suggestion={"have": 1, "need": 40},
        started_at=NOW,
    )
    sakura = cast.accounts["sakura"]
    AccountFit.objects.create(
        account=sakura, run=run, sold_on=TODAY - timedelta(days=60), seller="山田 太郎", sale_tenths=200, sale_band="poor",
        sale_coverage=0.5, sale_axes=AXES, stated_on=TODAY, tenths=200, band="poor", coverage=0.5, axes=AXES, regret=True,
        reasons=[REASON],
    )  # fmt: skip
    FitStatement.objects.create(
        account=sakura,
        day=TODAY - timedelta(days=10),
        version=version,
        tenths=450,
        band="fair",
        coverage=0.5,
        axes=AXES,
    )
    return cast
