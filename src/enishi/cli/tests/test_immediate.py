"""From a fact to a score or an alert by the worker's own jobs, a minute after it was carried, with nobody pressing a button."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_tasks_db.models import DBTaskResult

from enishi.accounts.actions import save_records
from enishi.accounts.company import company_day
from enishi.accounts.models import Account
from enishi.cli import schedule
from enishi.ingest.api import accept_events, drain, event_message
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.models import AccountState, ScoringRun, Signal
from enishi.store.kinds import KINDS

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    return system_clock()


def send(home: Home, now: datetime, ago: int, *people: str, account: str = "c-1") -> None:
    """Events of a company some days ago, live where it is today."""
    at = now - timedelta(days=ago)
    rows = [
        event_message(occurred_at=at, event=event, account=account, user=user)
        for user in people
        for event in ("Report Made", "Plan Shared")
    ]
    accept_events(rows, source="product", backfill=ago > 0, home=home, now=now)


def tick(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the worker does with what is due at a moment."""
    monkeypatch.setattr(schedule, "system_clock", lambda: now)
    for name in schedule.queue_due(now):
        if name in ("refresh", "alerts"):
            schedule.run_job.func(name, "now")
    DBTaskResult.objects.all().delete()


def test_an_empty_installation_has_its_first_score_a_minute_after_the_first_events(
    home: Home, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(now, monkeypatch)
    send(home, now, 0, "aoki", "baba")
    drain(home)
    tick(now + MINUTE, monkeypatch)
    (state,) = AccountState.objects.all()
    assert state.tenths is not None
    assert sum(line["tenths"] for line in state.lines) == state.tenths
    volume = next(line for line in state.lines if line["measure"] == "volume")
    assert "値そのもので採点" in volume["text_ja"]
    assert volume["status"] == "ok"
    told = api.explain(state.pk)
    assert told["limit"] is None

    runs = ScoringRun.objects.count()
    assert api.refresh_scores(now=now + 2 * MINUTE) is None, "no news, no work"
    send(home, now, 0, "chiba")
    drain(home)
    run = ScoringRun.objects.latest("pk")
    started = now + 3 * MINUTE
    ScoringRun.objects.filter(pk=run.pk).update(started_at=started, finished_at=started + 4 * MINUTE)
    assert api.refresh_scores(now=started + 14 * MINUTE) is None, "a large book rests between two passes"
    assert api.refresh_scores(now=started + 15 * MINUTE) is not None
    assert ScoringRun.objects.count() == runs + 1

    ahead, later = now + timedelta(days=400), started + 40 * MINUTE
    api.score_day(company_day(ahead), now=ahead)
    assert api.refresh_scores(now=later) is not None, (
        "a clock that ran ahead does not stop the scoring of today"
    )
    assert AccountState.objects.get().day == company_day(later)
    assert api.refresh_scores(now=later + MINUTE) is None


def test_alerts_fire_as_their_facts_arrive(
    home: Home, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ago in range(15, 57):  # every day until a fortnight ago, the keen ones less and less
        send(home, now, ago, "aoki", *(["baba", "chiba"] if ago > 29 else []))
    send(home, now, 0, "dan", account="c-2")  # the source itself is alive
    drain(home)
    tick(now, monkeypatch)
    account = Account.objects.get(outside_id="c-1")
    fired = set(Signal.objects.filter(until=None, type__startswith="alert:").values_list("type", flat=True))
    assert fired == {"alert:use_stopped", "alert:power_users_falling"}
    today = now.date()
    save = {"source": "crm", "actor": "system", "now": now}
    save_records(KINDS["contact"], [{"id": "k1", "account": account.outside_id, "name": "推進 花子", "role": "champion", "left_on": today - timedelta(days=1)}], **save)  # fmt: skip
    save_records(KINDS["invoice"], [{"id": "i1", "account": account.outside_id, "issued_on": today - timedelta(days=60), "due_on": today - timedelta(days=30), "amount": 1000, "currency": "JPY"}], **save)  # fmt: skip
    save_records(KINDS["incident"], [{"id": "x1", "title": "障害", "started_at": now - timedelta(hours=9), "ended_at": now - timedelta(hours=8)}], **save)  # fmt: skip
    drain(home)
    tick(now + MINUTE, monkeypatch)
    opened = Signal.objects.filter(account=account, until=None, type__startswith="alert:").values_list(
        "type", flat=True
    )
    assert set(opened) - fired == {"alert:champion_gone", "alert:payment_late", "alert:outage_suffered"}
    shown = {alert["alert"] for alert in AccountState.objects.get(pk=account.pk).alerts}
    assert len(shown) == 5


def test_what_keeps_an_account_without_a_score_is_named(home: Home, now: datetime) -> None:
    save = {"source": "crm", "actor": "system", "now": now}
    save_records(KINDS["account"], [{"id": "a1", "name": "株式会社まだ"}], **save)
    drain(home)
    api.score_day(now.date(), now=now)
    told = api.explain(Account.objects.get().pk)
    assert told["tenths"] is None
    assert told["limit"]["code"] == "coverage"
    assert "30%" in told["limit"]["en"]
    assert "利用イベントを送る" in told["limit"]["hint_ja"]
    assert "NPS" in told["limit"]["ja"] or "利用" in told["limit"]["ja"]
