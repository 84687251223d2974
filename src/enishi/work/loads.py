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
from enishi.work.reads import PROMISE_DAYS, View, accounts_in, key_of, set_aside, within


@dataclass(frozen=True, slots=True)
class Load:
    """One person's book. ``owner`` None: accounts nobody looks after. Money in minor units; ``calling`` accounts need
    somebody, ``at_stake`` is theirs; ``due`` counts open tasks due within the week, ``overdue`` those of them late."""

    owner: Member | None
    accounts: int
    mrr: int
    calling: int
    at_stake: int
    due: int
    overdue: int

    @property
    def is_stranded(self) -> bool:
        """Whether the customers wait for another owner: theirs may no longer act."""
        return self.owner is not None and self.accounts > 0 and not may_act(self.owner)


Held = dict[int | None, tuple[int, int, int, int]]  # owner -> accounts, MRR, calling, at stake


def loads(member: Member, today: date, view: View) -> list[Load]:
    """The load of everyone whose accounts are in the member's view, most money at stake first."""
    accounts = accounts_in(member, view)
    held = _without(
        _held(accounts, today, key_of(member, view)), set_aside(member, accounts, view, today), today
    )
    tasks = _tasks(accounts, today)
    people = {one.pk: one for one in Member.objects.filter(pk__in=[pk for pk in {*held, *tasks} if pk])}
    found = [
        Load(people.get(pk or 0), *held.get(pk, (0, 0, 0, 0)), *tasks.get(pk, (0, 0)))
        for pk in {*held, *tasks}
    ]
    return sorted(found, key=lambda load: (-load.at_stake, -load.calling, load.owner.pk if load.owner else 0))


def make_ready(member: Member, today: date, view: View) -> None:
    """Read a large book of a member anew before somebody asks for it."""
    accounts, key = accounts_in(member, view), key_of(member, view)
    read_book(accounts, today, key, anew=True)
    if view != View.MINE:
        _held(accounts, today, key, anew=True)


def _held(accounts: QuerySet[Account], today: date, key: str, anew: bool = False) -> Held:
    """Kept for minutes where the book is large, like :class:`enishi.work.book.Book`."""
    return kept(
        f"loads4:{key}",
        today,
        lambda: _read(accounts, today),
        lambda held: sum(row[0] for row in held.values()) >= LARGE,
        anew,
    )


def _read(accounts: QuerySet[Account], today: date) -> Held:
    states = AccountState.objects.filter(~has_left(), account__in=accounts).order_by()
    whole = states.values_list("account__owner").annotate(all=Count("pk"), money=Sum("mrr"))
    leaving = leaving_among(accounts, today)
    calling = states.filter(calls_for_somebody(today, leaving)).values_list("account__owner")
    waiting = {
        owner: (n, sum_ or 0) for owner, n, sum_ in calling.annotate(all=Count("pk"), money=Sum("at_stake"))
    }
    return {owner: (n, mrr or 0, *waiting.get(owner, (0, 0))) for owner, n, mrr in whole}


def _without(held: Held, aside: set[int], today: date) -> Held:
    """What calls, less what is dealt with or handed over: that is read at every asking, as the queue does."""
    if not aside:
        return held
    states = AccountState.objects.filter(~has_left(), account__in=aside).order_by()
    leaving = leaving_among(Account.objects.filter(pk__in=aside), today)
    resting = states.filter(calls_for_somebody(today, leaving)).values_list("account__owner")
    less = {
        owner: (n, sum_ or 0) for owner, n, sum_ in resting.annotate(all=Count("pk"), money=Sum("at_stake"))
    }
    return {
        owner: (n, mrr, calling - less.get(owner, (0, 0))[0], stake - less.get(owner, (0, 0))[1])
        for owner, (n, mrr, calling, stake) in held.items()
    }


def _tasks(accounts: QuerySet[Account], today: date) -> dict[int | None, tuple[int, int]]:
    due = Task.objects.filter(
        within(accounts), status=Task.Status.OPEN, due_on__lte=today + timedelta(days=PROMISE_DAYS)
    )
    late = Count("pk", filter=Q(due_on__lt=today))
    rows = due.order_by().values_list("assignee").annotate(all=Count("pk"), late=late)
    return {assignee: (n, overdue) for assignee, n, overdue in rows}
