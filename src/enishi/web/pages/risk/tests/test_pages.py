"""Health → Forecast and the forecast of one customer: what is said, what is missing, and who may change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
import pytest
from django.test import Client
from django.utils.translation import override
from tests.world import NOW, World

from enishi.accounts.models import AuditLine, Record
from enishi.forecasts import ChurnForecaster
from enishi.forecasts.tests.leavers import make_panel, without_truth
from enishi.risk.api import AccountRisk, ForecastModel, ForecastRun
from enishi.web.pages.risk.present import verdict

SignIn = Callable[[str], Client]
REASON = {"reason_en": "The first.", "reason_ja": "最初の版です。"}


@pytest.fixture(scope="module")
def fitted() -> ChurnForecaster:
    panel = without_truth(make_panel(80, 6, seed=3)).drop(columns="card")
    return ChurnForecaster(90).fit(panel.assign(lost_on=pd.NaT))


def make_model(fitted: ChurnForecaster, version: int = 1, **more: object) -> ForecastModel:
    values = {
        "horizon": 90, "version": version, "status": "in_use", "kind": "logistic", "outcome": "churn:90",
        "as_of": NOW.date(), "base_rate": fitted.base_rate_, "rows": fitted.rows_, "accounts": fitted.accounts_,
        "outcomes": fitted.outcomes_, "report": fitted.report(), "trained_on": {"threshold": 0.2}, "made_at": NOW, **REASON,
    }  # fmt: skip
    return ForecastModel.objects.create(**values | more)


def test_the_record_stands_beside_recency_and_the_base_rate(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    make_model(fitted)
    text = sign_in("takahashi").get("/health/forecast/").content.decode()
    assert fitted.selection_["ja"] in text
    for word in (
        "予測した確率と実際の解約率",
        "一律の解約率に対する改善",
        "順位付けの比較",
        "全体の解約率を一律に適用",
    ):
        assert word in text
    assert f"{fitted.report()['evaluation']['auc']['value']:.3f}" in text


def test_too_few_outcomes_are_counted_and_nothing_learned_is_said(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    client = sign_in("takahashi")
    assert "まだ学習していません" in client.get("/health/forecast/?horizon=30").content.decode()
    make_model(fitted, speaks=False, missing=13, report={})
    text = client.get("/health/forecast/").content.decode()
    assert "あと13社必要" in text
    assert client.get("/health/forecast/?horizon=x").status_code == 200


@pytest.mark.parametrize(
    ("skill", "ahead", "ece", "tone"),
    [(0.02, 0.01, 0.01, "good"), (0.02, -0.01, 0.01, "info"), (-0.01, 0.01, 0.01, "caution"), (0.02, 0.01, 0.05, "caution")],
)  # fmt: skip
def test_whether_it_deserves_trust_is_answered(skill: float, ahead: float, ece: float, tone: str) -> None:
    judged = {
        "skill": {"low": skill}, "ece": {"value": ece, "high": 0.03},
        "others": {"scorecard": {"ahead": {"low": ahead}}},
    }  # fmt: skip
    with override("en"):
        said = verdict(judged)
    assert said["tone"] == tone
    assert ("further from what came" in said["text"]) == (ece > 0.03)


def test_a_learning_without_a_new_version_is_told(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    make_model(fitted)
    run = ForecastRun.objects.create(kind="fit", status="done", day=NOW.date(), asked_at=NOW, finished_at=NOW)
    client = sign_in("takahashi")
    assert "使用中の版を継続しています" not in client.get("/health/forecast/").content.decode()
    later = NOW + timedelta(hours=1)
    ForecastRun.objects.filter(pk=run.pk).update(asked_at=later, finished_at=later)
    assert "使用中の版を継続しています" in client.get("/health/forecast/").content.decode()


def test_a_leader_goes_back_to_a_version_and_nobody_else(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    make_model(fitted, 1, status="retired")
    make_model(fitted, 2)
    assert sign_in("takahashi").post("/health/forecast/90/1/use/").status_code == 403
    assert sign_in("sato").post("/health/forecast/90/1/use/").status_code == 302
    assert ForecastModel.objects.get(status="in_use").version == 1
    assert AuditLine.objects.filter(verb="churn_forecast_rolled_back").exists()


def test_an_account_shows_probability_reasons_and_ways_out(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    account = world.accounts["sakura"]
    model = make_model(fitted)
    drivers = [{"feature": "x", "en": "Use: 2", "ja": "利用: 2", "effect": 0.5}]
    exits = [{"feature": "x", "en": "Use: 2 → 9", "ja": "利用: 2 → 9", "probability": 0.12}]
    AccountRisk.objects.create(
        account=account, horizon=90, day=NOW.date(), probability=0.41, low=0.3, high=0.52, base_rate=0.1, drivers=drivers,
        exits=exits, model=model,
    )  # fmt: skip
    text = sign_in("takahashi").get(f"/accounts/{account.pk}/forecast/").content.decode()
    for word in ("41%", "30%〜52%", "利用: 2", "利用: 2 → 9", "12%", "/health/forecast/?horizon=90"):
        assert word in text
    assert sign_in("takahashi").get("/accounts/999999/forecast/").status_code == 404
    assert "複数ある契約のうちの1件" not in text
    renewal = make_model(fitted, horizon=0, outcome="renewal")
    AccountRisk.objects.create(
        account=account, horizon=0, day=NOW.date(), renewal_on=NOW.date() + timedelta(days=25), probability=0.6, low=0.5,
        high=0.7, base_rate=0.1, model=renewal,
    )  # fmt: skip
    holds = {"kind": "subscription", "account": account, "happened_at": NOW, "source": "two"}
    running = {"started_on": "2024-01-01", "recurring": True}
    Record.objects.filter(account=account, kind="subscription").delete()
    Record.objects.create(**holds, outside_id="a", data=running)
    Record.objects.create(**holds, outside_id="b", data=running | {"notice_on": "2024-06-01"})
    text = sign_in("takahashi").get(f"/accounts/{account.pk}/forecast/").content.decode()
    assert "複数ある契約のうちの1件" not in text, "of one contract, whatever the other horizons say"
    Record.objects.create(**holds, outside_id="c", data=running)
    text = sign_in("takahashi").get(f"/accounts/{account.pk}/forecast/").content.decode()
    assert "複数ある契約のうちの1件" in text


def test_a_reason_that_turns_against_what_its_value_is_known_for_is_marked(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    account, model = world.accounts["sakura"], make_model(fitted)

    def reason(name: str, effect: float, value: float, usual: float) -> dict[str, object]:
        words = {
            "title_en": name,
            "title_ja": name,
            "en": f"{name}: {value}",
            "ja": f"{name}: {value}",
            "unit": "",
        }
        return words | {"feature": name, "effect": effect, "value": value, "usual": usual}

    risk = AccountRisk.objects.create(
        account=account, horizon=90, day=NOW.date(), probability=0.41, low=0.3, high=0.52, base_rate=0.1, model=model,
        drivers=[reason("decision_makers", 0.4, 0, 1), reason("card", -0.3, 80, 60), reason("tenure_x", -0.2, 3, 1)],
    )  # fmt: skip

    def shown() -> str:
        return sign_in("takahashi").get(f"/accounts/{account.pk}/forecast/").content.decode()

    assert "因果関係を証明するものではありません" in shown()
    assert "一般的な傾向とは逆" not in shown()
    risk.drivers = [
        reason("decision_makers", -0.4, 0, 1),
        reason("days_since_last_seen", -0.3, 10, 0),
        reason("points:usage", 0.2, 90, 60),
        reason("tenure_x", -0.2, 3, 1),
    ]
    risk.save()
    text = shown()
    assert text.count("一般的な傾向とは逆</small>") == 3
    assert text.index("tenure_x") > text.rindex("一般的な傾向とは逆</small>")
    assert "安心材料や対応の根拠とはせず" in text


def watched(**more: object) -> dict[str, object]:
    missing = {
        "feature": "use", "en": "Use", "ja": "利用", "kind": "missing", "word": None, "value": 1.0, "low": 0.0, "high": 0.15,
        "beyond": 9.0, "moved": "much", "up": True, "since": "2026-09-30",
    }  # fmt: skip
    level = missing | {
        "feature": "seats", "ja": "席数", "kind": "level", "value": 0.3, "low": 0.38, "high": 0.61, "moved": "some", "up": False,
        "of": "median", "then": {"en": "9", "ja": "9件"}, "now": {"en": "4", "ja": "4件"},
    }  # fmt: skip
    plan = level | {
        "feature": "plan",
        "ja": "プラン",
        "kind": "share",
        "word": {"en": "Pro", "ja": "プロ"},
        "moved": "little",
    }
    told = {
        "day": "2026-10-31", "until": "2026-07-31", "months": 10, "missing": 0, "accounts": 300, "judged": 3,
        "inputs": [missing, level, plan], "swinging": [{"en": "Outages", "ja": "障害"}],
    }  # fmt: skip
    return told | more


def test_inputs_that_moved_are_told_with_value_limits_and_since_when(
    world: World, sign_in: SignIn, fitted: ChurnForecaster
) -> None:
    model = make_model(fitted, report=fitted.report() | {"inputs": watched()})
    client = sign_in("takahashi")
    text = client.get("/health/forecast/").content.decode()
    for words in (
        "3項目のうち2項目", "値のある顧客が減っています", "100%", "0%〜15%", "9月30日", "大きな変化", "想定より低くなっています",
        "学習時9件、現在4件", "38%〜61%", "変わっても判断できません", "障害",
    ):  # fmt: skip
        assert words in text, words
    assert "「プロ」" not in text, "what lies within is not listed beside what moved"

    def page(**more: object) -> str:
        model.report = fitted.report() | {"inputs": watched(**more)}
        model.save()
        return client.get("/health/forecast/").content.decode()

    plan = watched()["inputs"][2]  # type: ignore[index]
    assert "「プロ」の割合は通常どおりです" in page(inputs=[plan])
    early = page(missing=2, inputs=[], judged=0)
    assert "あと2回分必要です(現在10回分)" in early
    assert "想定の範囲内" not in early
    assert "まだ月末を迎えていません" in page(day=None, inputs=[], judged=0)
    assert "顧客が12社では" in page(accounts=12, inputs=[], judged=0)
    model.report = fitted.report()
    model.save()
    assert "毎週の学習のたびに確認します" in client.get("/health/forecast/").content.decode()
