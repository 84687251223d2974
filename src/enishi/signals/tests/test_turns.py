"""Passes that open signals take turns."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, transaction

from enishi.accounts.models import Account
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.models import Signal
from enishi.signals.tests.world import NOW, TODAY
from enishi.signals.turns import in_turn


def test_who_comes_second_waits_and_sees_what_the_first_opened(home: Home) -> None:
    order: list[str] = []

    def second() -> None:
        with in_turn(home):
            order.append("second")

    with in_turn(home):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize("judge", ["score", "alerts"])
def test_every_pass_waits_for_its_turn(home: Home, monkeypatch: pytest.MonkeyPatch, judge: str) -> None:
    turns: list[Home] = []
    for module in ("scoring", "alerts"):
        monkeypatch.setattr(
            f"enishi.signals.{module}.in_turn", lambda asked: turns.append(asked) or in_turn(asked)
        )
    if judge == "score":
        api.score_day(TODAY, now=NOW, home=home)
    else:
        api.check_alerts([Account.objects.earliest("pk").pk], TODAY, now=NOW, home=home)
    assert turns == [home]


@pytest.mark.django_db
def test_a_signal_stands_open_once() -> None:
    account = Account.objects.create(outside_id="A1", name="A")
    Signal.objects.create(account=account, type="alert:late", since=TODAY, until=TODAY)
    Signal.objects.create(account=account, type="alert:late", since=TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Signal.objects.create(account=account, type="alert:late", since=TODAY)
