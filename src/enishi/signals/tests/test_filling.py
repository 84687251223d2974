"""The past filled in blocks, newest first and with interruptions, is the past filled in one go."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from enishi.kit.home import Home
from enishi.signals import api, filling
from enishi.signals.book import SignalBook
from enishi.signals.models import Cursor, HealthScore, ScoringRun, Signal
from enishi.signals.outdated import outdated_from
from enishi.signals.panel import day_end
from enishi.signals.tests.world import NOW, TODAY
from enishi.store.manifest import read_manifest, write_manifest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts"), pytest.mark.slow]
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


def history_arrives(home: Home, first: date) -> None:
    old = read_manifest(home.published)
    history = [(old.generation + 1, first.isoformat())]
    changed = msgspec.structs.replace(old, generation=old.generation + 1, history=history)
    write_manifest(home.published, changed)


def test_history_that_arrives_later_voids_what_was_judged_without_it(home: Home) -> None:
    api.backfill_scores(END, START, now=NOW, home=home)
    whole = told()
    first = END - 20 * DAY
    ScoringRun.objects.create(day=END - 5 * DAY, started_at=day_end(END - 6 * DAY), status="done")
    scores = HealthScore.objects.filter(day__gte=first)
    scores.update(band="unknown", tenths=None, lines=[])
    last = HealthScore.objects.filter(day=END).order_by("account_id")
    added = last.values_list("account_id", flat=True)[
        0
    ]  # afterwards, to the others of a day that were said on it
    said = last.exclude(account=added)
    said.update(computed_at=day_end(END) - timedelta(hours=1))  # on the day itself
    Signal.objects.update(evidence=[{"en": "without the history", "ja": ""}])
    assert api.backfill_scores(END, START, now=NOW, home=home) == 0
    history_arrives(home, first)
    assert outdated_from(home) == first
    assert api.backfill_scores(END, START, now=NOW, home=home) == 20 * 40 + 1
    assert last.get(account=added).tenths == next(s[2] for s in whole[0] if s[:2] == (END, added))
    assert set(said.values_list("band", flat=True)) == {"unknown"}
    before = HealthScore.objects.filter(day__lt=END).order_by("day", "account_id")
    assert list(before.values_list("day", "account_id", "tenths", "band", "lines")) == [
        score for score in whole[0] if score[0] < END
    ]
    assert not Signal.objects.filter(until__lt=END - 6 * DAY, evidence__0__en="without the history").exists()
    spans = Signal.objects.values_list("account_id", "type", "since")
    assert set(spans) >= {signal[:3] for signal in whole[1] if signal[3] and signal[3] < END - 6 * DAY}
    assert outdated_from(home) is None
    assert api.backfill_scores(END, START, now=NOW, home=home) == 0


@pytest.mark.both
def test_blocks_and_interruptions_leave_no_trace(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.backfill_scores(END, START, now=NOW, home=home) == 48 * 40
    whole = told()
    assert len(whole[1]) > 10
    assert any(signal[3] for signal in whole[1])
    for model in (HealthScore, Signal, Cursor):
        model.objects.all().delete()
    monkeypatch.setattr(filling, "BLOCK_DAYS", 16)
    join = filling._join

    def quick(book: SignalBook, first: date, told_from: date | None) -> None:
        assert not book.noted, "reasons are written before the transaction: it holds up everybody who writes"
        join(book, first, told_from)

    monkeypatch.setattr(filling, "_join", quick)

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
