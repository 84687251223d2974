"""The past filled in blocks, newest first and with interruptions, is the past filled in one go."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from enishi.kit.home import Home
from enishi.signals import api, filling
from enishi.signals.models import Cursor, HealthScore, Signal
from enishi.signals.tests.world import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]
DAY = timedelta(days=1)
END = TODAY - 250 * DAY  # while many are slowing down
START = END - 47 * DAY


class Interrupted(Exception):
    pass


def told() -> tuple[list[Any], list[Any]]:
    scores = HealthScore.objects.order_by("day", "account_id").values_list(
        "day", "account_id", "tenths", "band", "lines"
    )
    signals = Signal.objects.order_by("account_id", "type", "since")
    return list(scores), list(
        signals.values_list("account_id", "type", "since", "until", "strength", "evidence")
    )


def test_blocks_and_interruptions_leave_no_trace(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.backfill_scores(END, START, now=NOW, home=home) == 48 * 40
    whole = told()
    assert len(whole[1]) > 10
    assert any(signal[3] for signal in whole[1])
    for model in (HealthScore, Signal, Cursor):
        model.objects.all().delete()
    monkeypatch.setattr(filling, "BLOCK_DAYS", 16)

    def stop(done: float, total: float) -> None:
        if done:
            raise Interrupted(done, total)

    days: list[date] = []
    for filled in (16, 32):
        with pytest.raises(Interrupted):
            api.backfill_scores(END, START, now=NOW, home=home, progress=stop)
        days = sorted(HealthScore.objects.order_by().values_list("day", flat=True).distinct())
        assert (days[0], days[-1], len(days)) == (END - (filled - 1) * DAY, END, filled)
    told_progress: list[tuple[float, float]] = []
    api.backfill_scores(END, START, now=NOW, home=home, progress=lambda *p: told_progress.append(p))
    assert told_progress == [(0, 16), (16, 16)]
    scores, signals = told()
    assert scores == whole[0]
    assert signals == whole[1]
    assert api.backfill_scores(END, START, now=NOW, home=home) == 0


def test_a_signal_of_today_turns_out_to_be_older(home: Home) -> None:
    api.score_day(END, now=NOW, home=home)
    first = set(Signal.objects.filter(until=None).values_list("account_id", "type", "since"))
    assert {since for *_, since in first} == {END}
    api.backfill_scores(END - DAY, END - 10 * DAY, now=NOW, home=home)
    now = Signal.objects.filter(until=None)
    assert {(s.account_id, s.type) for s in now} == {(account, name) for account, name, _ in first}
    assert any(s.since < END for s in now)
