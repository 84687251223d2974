"""How the work lies on the people who look after customers: who has how much, and what of it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from enishi.accounts.leaving import leaving_among
from enishi.accounts.models import Account, Member
from enishi.signals.models import AccountState
from enishi.work.access import may_act
from enishi.work.book import LARGE, calls_for_somebody, has_left, read_book
from enishi.work.keeping import kept
from enishi.work.models import Task
from enishi.work.reads import PROMISE_DAYS, View, accounts_in, key_of, promised_in, set_aside, within


@dataclass(frozen=True, slots=True)
class Load:
    """One person's book. ``owner`` None: accounts nobody looks after. Money in minor units; ``calling`` accounts need
    somebody, ``at_stake`` is theirs, None where nothing of it is known (no exchange rate); ``due`` counts open tasks due within the week, ``overdue`` those of them late."""

    owner: Member | None
    accounts: int
    mrr: int
    calling: int
    at_stake: int | None
    due: int
    overdue: int

    @property
    def is_stranded(self) -> bool:
        """Whether the customers wait for another owner: theirs may no longer act."""
        return self.owner is not None and self.accounts > 0 and not may_act(self.owner)


Waiting = tuple[int, int, int]  # calling, at stake, and how many of them are of unknown money
Held = dict[int | None, tuple[int, int, Waiting]]  # owner -> accounts, MRR, those who call
_NONE: Waiting = (0, 0, 0)


def loads(member: Member, today: date, view: View) -> list[Load]:
    """The load of everyone whose accounts are in the member's view, most money at stake first."""
    accounts = accounts_in(member, view)
    aside = set_aside(member, accounts, view, today)
    promised = promised_in(member, accounts, view, today) - aside
    held = _as_listed(_held(accounts, today, key_of(member, view)), aside, promised, today)
    tasks = _tasks(accounts, today)
    people = {one.pk: one for one in Member.objects.filter(pk__in=[pk for pk in {*held, *tasks} if pk])}
    found = [
        _load(people.get(pk or 0), held.get(pk, (0, 0, _NONE)), tasks.get(pk, (0, 0)))
        for pk in {*held, *tasks}
    ]
    return sorted(
        found, key=lambda load: (-(load.at_stake or 0), -load.calling, load.owner.pk if load.owner else 0)
    )


def _load(owner: Member | None, held: tuple[int, int, Waiting], tasks: tuple[int, int]) -> Load:
    accounts, mrr, (calling, stake, unpriced) = held
    return Load(owner, accounts, mrr, calling, None if unpriced and not stake else stake, *tasks)


def make_ready(member: Member, today: date, view: View) -> None:
    """Read a large book of a member anew before somebody asks for it."""
    accounts, key = accounts_in(member, view), key_of(member, view)
    read_book(accounts, today, key, anew=True)
    if view != View.MINE:
        _held(accounts, today, key, anew=True)


def _held(accounts: QuerySet[Account], today: date, key: str, anew: bool = False) -> Held:
    """Kept for minutes where the book is large, like :class:`enishi.work.book.Book`."""
    return kept(
        f"loads5:{key}",
        today,
        lambda: _read(accounts, today),
        lambda held: sum(row[0] for row in held.values()) >= LARGE,
        anew,
    )


def _read(accounts: QuerySet[Account], today: date) -> Held:
    states = AccountState.objects.filter(~has_left(), account__in=accounts).order_by()
    whole = states.values_list("account__owner").annotate(all=Count("pk"), money=Sum("mrr"))
    leaving = leaving_among(accounts, today)
    waiting = _by_owner(states.filter(calls_for_somebody(today, leaving)))
    return {owner: (n, mrr or 0, waiting.get(owner, _NONE)) for owner, n, mrr in whole}


def _by_owner(states: QuerySet[AccountState]) -> dict[int | None, Waiting]:
    unknown = Count("pk", filter=Q(unpriced=True))
    rows = states.values_list("account__owner").annotate(all=Count("pk"), money=Sum("at_stake"), n=unknown)
    return {owner: (n, money or 0, unpriced) for owner, n, money, unpriced in rows}


def _as_listed(held: Held, aside: set[int], promised: frozenset[int], today: date) -> Held:
    """What calls, less what is dealt with or handed over, and with what is listed only because something was promised:
    that is read at every asking, as the queue does."""
    few = aside | promised
    if not few:
        return held
    states = AccountState.objects.filter(~has_left(), account__in=few).order_by()
    leaving = leaving_among(Account.objects.filter(pk__in=few), today)
    calling = states.filter(calls_for_somebody(today, leaving))
    less = _by_owner(calling.filter(account__in=aside))
    more = _by_owner(states.filter(account__in=promised).exclude(pk__in=calling.values("pk")))
    listed = {}
    for owner in {*held, *more}:
        n, mrr, waiting = held.get(owner, (0, 0, _NONE))
        parts = zip(waiting, less.get(owner, _NONE), more.get(owner, _NONE), strict=True)
        waits, stake, unpriced = (there - gone + come for there, gone, come in parts)
        listed[owner] = (n, mrr, (waits, stake, unpriced))
    return listed


def _tasks(accounts: QuerySet[Account], today: date) -> dict[int | None, tuple[int, int]]:
    due = Task.objects.filter(
        within(accounts), status=Task.Status.OPEN, due_on__lte=today + timedelta(days=PROMISE_DAYS)
    )
    late = Count("pk", filter=Q(due_on__lt=today))
    rows = due.order_by().values_list("assignee").annotate(all=Count("pk"), late=late)
    return {assignee: (n, overdue) for assignee, n, overdue in rows}
