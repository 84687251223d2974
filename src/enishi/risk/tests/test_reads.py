"""What is said of accounts, now and on past days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from enishi.accounts.models import Account, Member, Scope
from enishi.kit.errors import NotFound
from enishi.risk import api
from enishi.risk.models import AccountRisk, ForecastModel, Statement

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def model() -> ForecastModel:
    for n in (1, 2, 3):
        Account.objects.create(pk=n, name=f"C{n}", outside_id=f"c{n}")
    return ForecastModel.objects.create(
        horizon=90, version=1, status="in_use", as_of=TODAY, outcome="churn:90"
    )


def test_where_no_model_may_speak_the_base_rate_stands(model: ForecastModel) -> None:
    AccountRisk.objects.create(
        account_id=1, horizon=90, day=TODAY, probability=0.4, low=0.3, high=0.5, base_rate=0.1
    )
    AccountRisk.objects.create(account_id=2, horizon=90, day=TODAY, base_rate=0.1)
    AccountRisk.objects.create(account_id=3, horizon=90, day=TODAY)
    found = api.probabilities(90)
    assert found["known"].tolist() == [True, False, False]
    assert found["probability"].tolist()[:2] == [0.4, 0.1]
    assert found["probability"].isna().tolist() == [False, False, True]
    assert api.probabilities(90, [2, 9])["account_id"].tolist() == [2]
    assert list(api.probabilities(30).columns) == list(found.columns)


def test_what_was_said_stands_until_it_is_said_again(model: ForecastModel) -> None:
    for ago, p in ((9, 0.1), (5, 0.2), (0, 0.3)):
        day = TODAY - timedelta(days=ago)
        Statement.objects.create(account_id=1, horizon=90, day=day, probability=p, model=model)
    on = api.statements_on(90, TODAY - timedelta(days=1))
    assert on["probability"].tolist() == [0.2]
    assert on["model"].tolist() == [model.pk]
    assert api.statements_on(90, TODAY - timedelta(days=20)).empty
    assert len(api.forecast_days(90)) == 3


def test_members_read_within_their_view_alone(model: ForecastModel) -> None:
    everyone = Member.objects.create_user("boss@example.jp", role="manager", scope=Scope.ALL)
    nobody = Member.objects.create_user("new@example.jp", role="csm", scope=Scope.OWN)
    AccountRisk.objects.create(account_id=1, horizon=90, day=TODAY, probability=0.4, rank=1.0, model=model)
    said = Statement.objects.create(
        account_id=1, horizon=90, day=TODAY, probability=0.4, model=model, outcome=True, due_on=TODAY
    )
    assert [line.known for line in api.account_risks(everyone, 1)] == [True]
    assert api.record(everyone, 90)["outcome"].tolist() == [True]
    assert api.account_record(everyone, 1, 90) == [said]
    assert api.account_record(everyone, 1, 90)[0].model.version == 1, "which version said it"
    assert [risk.account_id for risk in api.list_risks(everyone, 90)] == [1]
    assert api.record(nobody, 90).empty
    assert not api.list_risks(nobody, 90).exists()
    with pytest.raises(NotFound):
        api.account_risks(nobody, 1)
