"""Judgements made afterwards, of days of which more became known since: history was imported after them.

What was said on a day itself stays for good; what was worked out later only stands for it, and is worked out anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Min

from enishi.accounts.company import company_day
from enishi.kit.home import Home
from enishi.signals.models import Cursor, HealthScore, ScoringRun, Signal
from enishi.signals.panel import day_end
from enishi.signals.provenance import CLOSED_AFTER
from enishi.signals.turns import in_turn
from enishi.store.api import Published

HISTORY = "history"  # the generation of facts which judgements of the past rest on at least
SIGNALS_FROM = "signals_from"
GAPS = "gaps"  # stands while scores of past days were taken away that nobody has made again; days from it on are whole


def outdated_from(home: Home) -> date | None:
    """The first day whose judgement lacks history that is there by now; None where none does."""
    cursor = Cursor.objects.filter(name=HISTORY).first()
    return Published(home).history_since(cursor.position) if cursor else None


def is_behind(home: Home) -> bool:
    """Whether scores of past days wait to be made anew: some were taken away, or lack history that is there by now."""
    cursors = dict(Cursor.objects.filter(name__in=(GAPS, HISTORY)).values_list("name", "position"))
    return GAPS in cursors or (
        HISTORY in cursors and Published(home).history_since(cursors[HISTORY]) is not None
    )


def partly_scored(days: Iterable[date]) -> list[date]:
    """Where a filling was asked for, the days that may have kept the scores of some accounts alone, as only those said
    on the day itself were never taken away; less those mended since (:func:`note_whole`)."""
    gaps, live_from = Cursor.objects.filter(name=GAPS).first(), _first_live_day()
    if gaps is None or live_from is None:
        return []
    return [day for day in days if day >= live_from and not 0 < gaps.position <= day.toordinal()]


def note_whole(first: date) -> None:
    """Note that from a day on every account has its scores."""
    Cursor.objects.filter(name=GAPS).update(position=first.toordinal())


def close_gaps() -> None:
    """Note that every day has its scores again."""
    Cursor.objects.filter(name=GAPS).delete()


def rest_on(home: Home) -> None:
    """Note, before the past is first judged, which facts that rests on."""
    Cursor.objects.get_or_create(name=HISTORY, defaults={"position": Published(home).generation})


def drop_outdated(home: Home) -> int:
    """Forget the scores and signals of the past that history has overtaken; returns the number of scores."""
    rest_on(home)
    generation, first = Published(home).generation, outdated_from(home)
    if first is None:
        return 0
    live_from = _first_live_day()
    days = HealthScore.objects.filter(day__gte=first).order_by().values_list("day", flat=True).distinct()
    dropped = sum(_drop_scores(day, live_from) for day in sorted(days))
    with in_turn(home), transaction.atomic():
        if dropped:
            Cursor.objects.update_or_create(name=GAPS, defaults={"position": 0})
        if live_from is not None and first < live_from:
            _drop_signals(live_from)
        Cursor.objects.filter(name=HISTORY).update(position=generation)
    for kept in home.past.glob("*"):
        kept.unlink(missing_ok=True)
    return dropped


def _first_live_day() -> date | None:
    """The day of the first scoring: those before it were all judged afterwards."""
    first = ScoringRun.objects.filter(status="done").aggregate(first=Min("started_at"))["first"]
    return company_day(first) if first else None


def _drop_scores(day: date, live_from: date | None) -> int:
    """Of one day, those that were not made on it."""
    scores = HealthScore.objects.filter(day=day)
    if live_from is not None and day >= live_from:
        scores = scores.filter(computed_at__gt=day_end(day + CLOSED_AFTER))
    return scores.delete()[0]


def _drop_signals(live_from: date) -> None:
    """Those told of days before the first scoring; what stood then is joined to its past again by the filling."""
    Signal.objects.filter(until__lte=live_from).delete()
    Signal.objects.filter(since__lt=live_from).update(since=live_from, opening=[])
    Cursor.objects.update_or_create(name=SIGNALS_FROM, defaults={"position": live_from.toordinal()})
