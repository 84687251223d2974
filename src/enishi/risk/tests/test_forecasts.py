"""From facts to a version in use, to what it says of each account, to what came of it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from enishi.accounts.models import Account, AuditLine, Member, Scope
from enishi.forecasts import ChurnForecaster
from enishi.forecasts.panel import learnable
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.risk import api, fitting, jobs, scoring
from enishi.risk.agreeing import agreeing_past
from enishi.risk.judging import Verdict
from enishi.risk.models import AccountRisk, ForecastModel, ForecastRun, Statement
from enishi.risk.rows import silent
from enishi.risk.scoring import score_risks
from enishi.risk.settling import settle_statements, thin_statements
from enishi.risk.then import forecast_then, forecast_today, in_use_on, renewals_of, speaks_then
from enishi.signals.behind import CARD
from enishi.signals.models import AccountState, ScoringRun
from enishi.signals.tests.world import NOW, TODAY, stop_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five losses are enough to speak."""
    made = fitting.new_forecaster

    def new(horizon: int, rules: object) -> ChurnForecaster:
        found = made(horizon, rules)
        found.least_left = 5
        return found

    monkeypatch.setattr(fitting, "new_forecaster", new)


def test_what_is_learned_is_kept_and_said_and_judged_by_what_came(
    home: Home, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = TODAY - timedelta(days=60)
    (model,) = fitting.fit_forecasts(early, [30], now=NOW, home=home)
    assert (model.status, model.version, model.outcome, model.speaks) == ("in_use", 1, "silence:30", True)
    assert model.as_of == early
    assert model.trained_on["to"] <= (early - timedelta(days=30)).isoformat(), (
        "its horizon had ended by the day"
    )
    assert model.outcomes >= 5
    assert AuditLine.objects.filter(verb="churn_forecast_published").count() == 1

    run = score_risks(early, now=NOW, home=home)
    assert set(run.drift["30"]) == {"calibration"}
    assert ForecastModel.objects.get(pk=model.pk).report["inputs"]["until"] == model.trained_on["to"]
    said = api.probabilities(30)
    assert said["known"].all()
    assert ((said["low"] <= said["probability"]) & (said["probability"] <= said["high"])).all()
    gone = [n for n in said["account_id"] if (day := stop_day(int(n))) and day <= early - timedelta(days=180)]
    assert not gone, "who left long ago is forecast no more"
    worst = AccountRisk.objects.filter(horizon=30).order_by("-probability")[0]
    assert worst.drivers
    assert {"feature", "en", "ja", "effect"} <= set(worst.drivers[0])
    assert Statement.objects.filter(model=model, day=early).count() == len(said)

    stated = {risk.account_id: risk.drivers for risk in AccountRisk.objects.filter(horizon=30)}
    monkeypatch.setattr(scoring, "EXPLAINED", 3)
    score_risks(early, now=NOW, home=home)
    risks = list(AccountRisk.objects.filter(horizon=30).order_by("-rank"))
    assert [bool(risk.drivers) for risk in risks].count(True) == 3
    for risk in risks[::5]:
        drivers, _ = api.explain(risk, home)
        assert [one["en"] for one in drivers] == [one["en"] for one in stated[risk.account_id]]
    home.forecast_rows.unlink()
    assert api.explain(risks[-1], home) == ([], []), "said to come with the next forecast"

    assert settle_statements(TODAY, now=NOW, home=home) == len(said)
    for statement in Statement.objects.all():
        stop = stop_day(statement.account_id)
        assert statement.outcome == (stop is not None and stop <= early + timedelta(days=1)), statement
    assert settle_statements(TODAY, now=NOW, home=home) == 0


def test_a_horizon_is_judged_by_what_is_shown_of_it(home: Home, few: None) -> None:
    early = TODAY - timedelta(days=60)
    short, longer = fitting.fit_forecasts(early, [60, 30], now=NOW, home=home)
    assert (short.horizon, longer.horizon) == (30, 60)
    assert (short.report["agreed"], longer.report["agreed"]) == ([], [30])
    lessons = fitting.prepare_lessons([30, 60], early, now=NOW, home=home)
    past = {
        horizon: fitting.new_forecaster(horizon, lessons.rules)
        .fit(learnable(lessons.lesson.panel(horizon), early))
        .past_
        for horizon in (30, 60)
    }
    shown = agreeing_past(past[60], [past[30]])["probability"]
    assert (shown > past[60]["probability"]).any(), "somebody's short forecast is above the longer one"
    assert longer.report["evaluation"]["said"] == pytest.approx(shown.mean())


def test_where_no_version_is_in_use_all_are_told_without_a_probability(home: Home, few: None) -> None:
    """A version that was refused speaks of nobody; the order is the scorecard's."""
    (model,) = fitting.fit_forecasts(TODAY, [90], now=NOW, home=home)
    assert model.speaks
    _model, told = forecast_today(home, 90, TODAY, NOW, silent)
    assert {one["probability"] is None for one in told} == {False}
    some = Account.objects.get(outside_id=told[0]["account"])
    AccountState.objects.update_or_create(account=some, defaults={"day": TODAY, "renewal_on": TODAY})
    renewing = [one for one in forecast_today(home, 90, TODAY, NOW, silent)[1] if one["renewal_on"]]
    assert [(one["account"], one["renewal_on"]) for one in renewing] == [(some.outside_id, TODAY)]
    ForecastModel.objects.update(status="refused")
    refused, ranked = forecast_today(home, 90, TODAY, NOW, silent)
    assert (refused.pk, refused.status) == (model.pk, "refused")
    assert {one["account"] for one in ranked} == {one["account"] for one in told}
    assert {(one["probability"], one["low"], one["high"]) for one in ranked} == {(None, None, None)}
    assert {one["base_rate"] for one in ranked} == {model.base_rate}
    assert {*ranked[0]} == {*told[0]}
    assert {one["account"] for one in ranked if one["renewal_on"]} == {some.outside_id}
    assert not AccountRisk.objects.exists()


def test_a_past_day_is_told_by_the_version_of_that_day_and_never_by_a_refused_one(
    home: Home, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = TODAY - timedelta(days=20)
    (stood,) = fitting.fit_forecasts(asked - timedelta(days=7), [90], now=NOW - timedelta(days=27), home=home)
    fitting.fit_forecasts(asked, [90], now=NOW, home=home, publish=False)
    assert ForecastModel.objects.get(as_of=asked).status != "in_use"
    assert forecast_then(home, 90, asked, NOW, silent)[0].pk == stood.pk, "it was in use that day"

    ForecastModel.objects.filter(pk=stood.pk).update(used_from=NOW)
    kept, told = forecast_then(home, 90, asked, NOW, silent)
    assert (kept.as_of, {one["probability"] is None for one in told}) == (asked, {False})
    before = asked - timedelta(days=1)
    never = Verdict(publish=False, reason=Text("no", "不可"))
    monkeypatch.setattr(fitting, "judge_candidate", lambda *_given: never)
    refused, ranked = forecast_then(home, 90, before, NOW, silent)
    assert (refused.as_of, refused.status) == (before, "refused")
    assert {(one["probability"], one["low"]) for one in ranked} == {(None, None)}
    assert not speaks_then(refused)


def test_renewals_of_a_past_day_are_those_known_then() -> None:
    rows = pd.DataFrame({"account_id": [1, 2], "days_to_renewal": [30.0, np.nan]})
    assert renewals_of(rows, TODAY) == {1: TODAY + timedelta(days=30)}
    assert renewals_of(rows[["account_id"]], TODAY) == {}


def test_the_order_without_a_version_is_the_scorecards() -> None:
    rows = pd.DataFrame({"account_id": [1, 2, 3], CARD: [80.0, 20.0, np.nan], "ends_on": TODAY})
    said = scoring.rank_rows(ForecastModel(horizon=90), rows)
    assert said.sort_values("rank", ascending=False)["account_id"].tolist() == [2, 3, 1]
    assert said["probability"].isna().all()


def test_with_few_outcomes_nobody_gets_a_probability_but_all_are_ranked(home: Home) -> None:
    (model,) = fitting.fit_forecasts(TODAY, [30], now=NOW, home=home)
    assert (model.speaks, model.missing > 0) == (False, True)
    assert str(model.missing) in model.reason_en
    score_risks(TODAY, now=NOW, home=home)
    risks = AccountRisk.objects.filter(horizon=30)
    assert risks.exists()
    assert not risks.filter(probability__isnull=False).exists()
    assert not risks.filter(rank=None).exists()
    said = api.probabilities(30)
    assert not said["known"].any()
    assert (said["probability"] == model.base_rate).all()
    assert not Statement.objects.exists()


def test_accounts_that_are_gone_are_forecast_no_more(home: Home) -> None:
    fitting.fit_forecasts(TODAY, [30], now=NOW, home=home)
    score_risks(TODAY, now=NOW, home=home)
    account = AccountRisk.objects.first().account
    Account.objects.filter(pk=account.pk).update(deleted_at=NOW)
    score_risks(TODAY, now=NOW + timedelta(minutes=1), home=home)
    assert not AccountRisk.objects.filter(account=account).exists()
    assert AccountRisk.objects.exists()


# -------------------------------------------------------------------------------------- versions and jobs


@pytest.fixture
def boss(db: None) -> Member:
    return Member.objects.create_user("boss@example.jp", role="manager", scope=Scope.ALL)


def version(number: int, status: str) -> ForecastModel:
    return ForecastModel.objects.create(
        horizon=90, version=number, status=status, as_of=TODAY, outcome="churn:90"
    )


def test_an_earlier_version_may_speak_again(boss: Member) -> None:
    old, new = version(1, "retired"), version(2, "in_use")
    api.roll_back(90, 1, member=boss, now=NOW)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.status, new.status, new.used_until) == ("in_use", "retired", NOW)
    line = AuditLine.objects.get(verb="churn_forecast_rolled_back")
    assert line.detail == {"horizon": "90", "number": 1, "replaced": 2}
    with pytest.raises(EnishiError, match="already"):
        api.roll_back(90, 1, member=boss, now=NOW)
    with pytest.raises(EnishiError):
        api.roll_back(90, 7, member=boss, now=NOW)


def test_a_past_day_keeps_its_version_however_often_others_were_chosen_since(boss: Member) -> None:
    first, second = version(1, "candidate"), version(2, "candidate")
    ForecastModel.objects.filter(pk=second.pk).update(as_of=TODAY - timedelta(days=15))
    ForecastModel.objects.filter(pk=first.pk).update(as_of=TODAY - timedelta(days=50))
    for one, days in ((first, 40), (second, 10), (first, 6), (second, 3)):
        one.refresh_from_db()
        fitting.put_in_use(one, NOW - timedelta(days=days))
    api.roll_back(90, 1, member=boss, now=NOW)
    days_ago = (45, 41, 40, 20, 11, 10, 7, 6, 4, 3, 1, 0)
    spoke = [in_use_on(90, TODAY - timedelta(days=days)) for days in days_ago]
    assert [one.version if one else None for one in spoke] == [None, None, 1, 1, 1, 2, 2, 1, 1, 2, 2, 1]
    ForecastModel.objects.filter(pk=second.pk).update(as_of=TODAY)
    assert in_use_on(90, TODAY - timedelta(days=2)) is None, "what was learned later speaks of no day before"


def test_a_fit_that_waits_is_not_asked_for_twice(boss: Member) -> None:
    first = api.ask_fit(member=boss, now=NOW)
    assert api.ask_fit(member=None, now=NOW) == first
    assert AuditLine.objects.filter(verb="churn_fit_asked").count() == 1


def test_each_day_is_forecast_once_its_scores_are_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(jobs, "score_risks", lambda day, **how: done.append(f"scored {day}"))
    monkeypatch.setattr(jobs, "ask_fit", lambda **how: done.append("fit"))
    jobs.keep_forecasts(NOW)
    assert done == [], "the day has no scores yet"
    ScoringRun.objects.create(day=TODAY, status="done")
    jobs.keep_forecasts(NOW)
    assert done == ["fit"]
    ForecastRun.objects.create(kind="fit", day=TODAY, asked_at=NOW, status="done", facts_generation=10**9)
    version(1, "in_use")
    jobs.keep_forecasts(NOW)
    assert done[1:] == [f"scored {TODAY}"]
    ForecastRun.objects.create(kind="score", day=TODAY, asked_at=NOW, status="done")
    jobs.keep_forecasts(NOW)
    jobs.keep_forecasts(NOW + timedelta(hours=5))
    assert len(done) == 2


@pytest.mark.parametrize(
    ("status", "speaks", "days", "due"),
    [("done", True, 6, False), ("done", True, 7, True), ("done", False, 1, True), ("failed", True, 1, True)],
)
def test_it_learns_weekly_and_daily_while_it_cannot_speak(
    home: Home, status: str, speaks: bool, days: int, due: bool
) -> None:
    ForecastModel.objects.create(
        horizon=90, version=1, status="in_use", as_of=TODAY, outcome="churn:90", speaks=speaks
    )
    run = ForecastRun.objects.create(kind="fit", day=TODAY, asked_at=NOW, status=status)
    assert not jobs.fit_is_due(NOW)
    assert jobs.fit_is_due(NOW + timedelta(days=days)) == due
    ForecastRun.objects.filter(pk=run.pk).update(facts_generation=10**9)
    assert jobs.fit_is_due(NOW + timedelta(days=days)) == (status == "failed"), (
        "without new facts there is nothing new"
    )


def test_old_statements_are_thinned_to_one_a_week(home: Home) -> None:
    model = version(1, "in_use")
    days = [TODAY - timedelta(days=ago) for ago in range(130)]
    Statement.objects.bulk_create(
        Statement(account_id=1, horizon=90, day=day, probability=0.1, model=model) for day in days
    )
    thin_statements(TODAY)
    kept = set(Statement.objects.values_list("day", flat=True))
    recent = {day for day in days if day > TODAY - timedelta(days=90)}
    assert recent <= kept
    weeks = [day.isocalendar()[:2] for day in kept - recent]
    assert len(weeks) <= len(set(weeks)) + 6, "the week on the edge is thinned when it has passed"
    assert len(kept) < len(recent) + 15
