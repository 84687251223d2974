"""A view's book at a glance: who calls, which renewals come, what moved; kept for minutes where the book is large.

A book of some hundred accounts is read anew each time. One of a hundred thousand is read once per scoring and then
kept; what is shown of single accounts, and who may see them, is always read anew by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from enishi.accounts.leaving import leaving_among
from enishi.accounts.models import Account
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.work.keeping import kept
from enishi.work.plays import declared_rule
from enishi.work.rules import changed_since

LARGE = 100  # accounts that call, from which the book is kept
MOST_KEPT = 4_000
SHOWN = 50
STEPS = (30, 60, 90)

Move = tuple[int, str, str]  # account, band before, band now


@dataclass(frozen=True, slots=True)
class Book:
    """``calling``: (account, money at stake) of those who need somebody, most money first; ``weaker``: of those
    whose causes are too weak to call. Money in minor units."""

    day: date | None
    computed_at: datetime | None
    calling: tuple[tuple[int, int], ...]
    total: int
    weaker: tuple[tuple[int, int], ...]
    weaker_total: int
    unscored: int
    renewing: tuple[int, ...]
    steps: tuple[tuple[int, int, int], ...]
    moves: tuple[Move, ...]
    moves_total: int
    alerts: tuple[int, ...]
    alerts_total: int


def read_book(accounts: QuerySet[Account], today: date, key: str, anew: bool = False) -> Book:
    """The book of some accounts on a day. ``key`` names whose accounts these are."""
    return kept(f"book5:{key}", today, lambda: _read(accounts, today), lambda book: book.total >= LARGE, anew)


def _read(accounts: QuerySet[Account], today: date) -> Book:
    states = AccountState.objects.filter(~has_left(), account__in=accounts)
    day, computed_at = _latest(states)
    leaving = leaving_among(accounts, today)
    ordered = states.order_by("-at_stake", "tenths", "account_id").values_list("account_id", "at_stake")
    calling = list(ordered.filter(calls_for_somebody(today, leaving)))
    called = {account for account, _stake in calling}
    weaker = [row for row in ordered.filter(main_cause__gt="") if row[0] not in called]
    renewing, steps = _renewals(states, today)
    moves = _moves(states, day, changed_since(today))
    alerts = _new_alerts(states, changed_since(today))
    return Book(
        day=day,
        computed_at=computed_at,
        calling=tuple(calling[:MOST_KEPT]),
        total=len(calling),
        weaker=tuple(weaker[:MOST_KEPT]),
        weaker_total=len(weaker),
        unscored=accounts.filter(state__isnull=True).count(),
        renewing=renewing,
        steps=steps,
        moves=tuple(moves[:SHOWN]),
        moves_total=len(moves),
        alerts=tuple(alerts[:SHOWN]),
        alerts_total=len(alerts),
    )


def _latest(states: QuerySet[AccountState]) -> tuple[date | None, datetime | None]:
    return states.order_by("-day").values_list("day", "computed_at").first() or (None, None)


def has_left() -> Q:
    """Customers whose contract is over and with whom nothing is at stake any more: they call for nobody."""
    return Q(stage="churned") | Q(mrr=0, at_stake=0)


def calls_for_somebody(today: date, leaving: Iterable[int]) -> Q:
    """The rule of :func:`enishi.work.rules.place` without promises, as the database asks it; ``leaving`` have given
    notice."""
    rule = declared_rule()
    alerting = Signal.objects.filter(type__gte="alert:", type__lt="alert;", until=None).values("account_id")
    near = Q(renewal_on__gte=today, renewal_on__lte=today + timedelta(days=rule.renewal_days))
    return (
        Q(band="red")
        | Q(main_cause__gt="", causes__0__strength__gte=rule.strong_cause)
        | Q(change__lte=-rule.fall_tenths)
        | Q(band="yellow", band_week_ago="green")
        | (Q(band="yellow") & near)
        | Q(account_id__in=alerting)
        | Q(account_id__in=list(leaving))
    )


def _renewals(
    states: QuerySet[AccountState], today: date
) -> tuple[tuple[int, ...], tuple[tuple[int, int, int], ...]]:
    """Accounts by renewal date, and (days, count, yearly revenue) within each step."""
    due = states.filter(renewal_on__gte=today, renewal_on__lte=today + timedelta(days=STEPS[-1]))
    rows = list(due.order_by("renewal_on", "account_id").values_list("account_id", "renewal_on", "mrr"))
    steps = []
    for days in STEPS:
        last = today + timedelta(days=days)
        within = [mrr or 0 for _account, on, mrr in rows if on is not None and on <= last]
        steps.append((days, len(within), 12 * sum(within)))
    return tuple(account for account, _on, _mrr in rows[:SHOWN]), tuple(steps)


def _moves(states: QuerySet[AccountState], day: date | None, since: date) -> list[Move]:
    """Accounts whose band is another than on the last scored day up to ``since``, most money first."""
    if day is None or day < since:
        return []
    base = min(since, day - timedelta(days=1))
    then = HealthScore.objects.filter(
        account_id=OuterRef("account_id"), scorecard=OuterRef("scorecard"), day__lte=base
    ).order_by("-day")
    moved = (
        states.filter(day__gte=since)
        .annotate(before=Subquery(then.values("band")[:1]))
        .filter(before__isnull=False)
        .exclude(before=F("computed_band"))
        .order_by("-at_stake", "account_id")
    )
    return [
        (account, before, after)
        for account, before, after in moved.values_list("account_id", "before", "computed_band")
    ]


def _new_alerts(states: QuerySet[AccountState], since: date) -> list[int]:
    """Alerts that fired since a day and are still open, most money first."""
    fresh = Signal.objects.filter(type__gte="alert:", type__lt="alert;", until=None, since__gte=since)
    ordered = fresh.filter(account__state__in=states).order_by("-account__state__at_stake", "id")
    return list(ordered.values_list("pk", flat=True))
