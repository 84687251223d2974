"""What was said and what came of it follow what is known later: facts told late, a newer forecast of the same day, a
version somebody chose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from enishi.accounts.models import Account, Member, Scope
from enishi.kit.home import Home
from enishi.risk import api, fitting, settling
from enishi.risk.models import ForecastModel, Statement
from enishi.risk.scoring import _state
from enishi.risk.settling import settle_statements
from enishi.signals.tests import world

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
SAID_ON = TODAY - timedelta(days=60)
LOST_ON = SAID_ON + timedelta(days=10)


@pytest.fixture
def model() -> ForecastModel:
    for n in (1, 2, 3):
        Account.objects.create(pk=n, name=f"C{n}", outside_id=f"c{n}")
    return ForecastModel.objects.create(
        horizon=30, version=1, status="in_use", as_of=SAID_ON, outcome="churn:30"
    )


@pytest.fixture
def came(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[float, date | None]]:
    """What became of whom, as the facts have it by now."""
    told: dict[int, tuple[float, date | None]] = {1: (0.0, None), 2: (1.0, LOST_ON)}

    def read(home: Home, days: list[date], outcome: object, **how: object) -> pd.DataFrame:
        rows = [(day, n, label, lost) for day in days for n, (label, lost) in told.items()]
        found = pd.DataFrame(rows, columns=["as_of", "account_id", "label", "lost_on"])
        return found.assign(as_of=pd.to_datetime(found["as_of"]), lost_on=pd.to_datetime(found["lost_on"]))

    monkeypatch.setattr(settling, "read_labels", read)
    return told


def say(model: ForecastModel, account: int, day: date = SAID_ON) -> Statement:
    due = day + timedelta(days=30)
    return Statement.objects.create(
        account_id=account, horizon=30, day=day, probability=0.2, model=model, due_on=due
    )


def outcomes() -> list[tuple[bool | None, date | None]]:
    return list(Statement.objects.order_by("account_id").values_list("outcome", "lost_on"))


def test_an_end_told_late_corrects_what_was_settled(
    model: ForecastModel, came: dict[int, tuple[float, date | None]], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    for account in (1, 2, 3):
        say(model, account)
    assert settle_statements(TODAY, now=NOW, home=home) == 2
    assert outcomes() == [(False, None), (True, LOST_ON), (None, None)]
    assert settle_statements(TODAY, now=NOW, home=home) == 0
    came[1], came[2] = (1.0, LOST_ON), (0.0, None)  # told late; taken back
    assert settle_statements(TODAY, now=NOW, home=home) == 2
    assert outcomes() == [(True, LOST_ON), (False, None), (None, None)]
    came[1] = (np.nan, None)  # its end has moved ahead
    assert settle_statements(TODAY, now=NOW, home=home) == 1
    assert outcomes()[0] == (None, None)
    assert Statement.objects.get(account=1).settled_at is None


def test_what_was_settled_long_ago_is_looked_at_with_each_fit(
    model: ForecastModel, came: dict[int, tuple[float, date | None]], tmp_path: Path
) -> None:
    home, old = Home(tmp_path), TODAY - timedelta(days=400)
    say(model, 1, old)
    assert settle_statements(TODAY, now=NOW, home=home) == 1
    came[1] = (1.0, old + timedelta(days=5))
    assert settle_statements(TODAY, now=NOW, home=home) == 0
    assert settle_statements(TODAY, now=NOW, home=home, whole=True) == 1
    assert outcomes()[0][0] is True


def test_what_is_said_last_of_a_day_is_what_was_said(model: ForecastModel) -> None:
    def said(**of: float) -> pd.DataFrame:
        rows = [(int(name[1:]), p, p / 2, p * 2, 0.5, TODAY) for name, p in of.items()]
        found = pd.DataFrame(rows, columns=["account_id", "probability", "low", "high", "rank", "due_on"])
        return found.assign(renewal_on=None, drivers=None, exits=None)

    def noted(day: date) -> dict[int, float]:
        return dict(Statement.objects.filter(day=day).values_list("account_id", "probability"))

    _state(said(a1=0.2, a2=0.4), model, TODAY - timedelta(days=1))
    _state(said(a1=0.6, a2=0.4), model, TODAY)
    assert noted(TODAY) == {1: 0.6}, "what did not move is not said again"
    newer = ForecastModel.objects.create(horizon=30, version=2, as_of=TODAY, outcome="churn:30")
    _state(said(a1=0.2, a2=0.5), newer, TODAY)
    assert noted(TODAY) == {1: 0.2, 2: 0.5}
    assert set(Statement.objects.filter(day=TODAY).values_list("model", flat=True)) == {newer.pk}
    _state(said(a2=0.4), newer, TODAY)
    assert noted(TODAY) == {2: 0.4}, "of who has left meanwhile nothing is said"


def test_learning_again_from_the_same_facts_is_no_new_version_and_a_choice_by_hand_holds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, now = world.TODAY, world.NOW
    (first,) = fitting.fit_forecasts(day - timedelta(days=90), [30], now=now, home=home)
    (second,) = fitting.fit_forecasts(day, [30], now=now, home=home)
    assert (first.version, second.version, second.status) == (1, 2, "in_use")
    assert fitting.fit_forecasts(day, [30], now=now, home=home) == [second]
    boss = Member.objects.create_user("boss@example.jp", role="manager", scope=Scope.ALL)
    judge = fitting.judge_candidate

    def meanwhile(*given: object) -> object:
        """Somebody goes back to the first version while the fit is judged."""
        monkeypatch.setattr(fitting, "judge_candidate", judge)
        found = judge(*given)
        api.roll_back(30, 1, member=boss, now=now)
        return found

    monkeypatch.setattr(fitting, "_learned_already", lambda made, publish: None)
    monkeypatch.setattr(fitting, "judge_candidate", meanwhile)
    (third,) = fitting.fit_forecasts(day, [30], now=now, home=home)
    assert (third.version, third.status) == (3, "refused")
    standing = api.model_in_use(30)
    assert standing is not None
    assert (standing.version, standing.chosen_at) == (1, now)
    api.roll_back(30, 3, member=boss, now=now)
    assert api.model_in_use(30).chosen_at is None, "with the newest, new fits take over again"
