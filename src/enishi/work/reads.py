"""What the Today page and the account page read of work, within the scope of the person who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member, Scope
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.work.contracts import Judgement, Play, Ranked
from enishi.work.models import Attention, Note, Task
from enishi.work.plays import declared_plays
from enishi.work.rules import FALL_TENTHS, RENEWAL_WINDOW, changed_since, is_news, order, place

PROMISE_DAYS = 7
_PORTION = 200
_MOST_READ = 4_000
_JUDGED = (
    "account_id", "band", "tenths", "tenths_week_ago", "main_cause", "causes", "alerts", "at_stake", "renewal_on",
)  # fmt: skip


class View(StrEnum):
    """Whose accounts a list shows; never more than the member's scope."""

    MINE = "mine"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Aside:
    """An account put aside, and until when."""

    attention: Attention
    account: Account


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the ranked list: ``total`` counts the whole list, ``minutes`` what the shown part usually takes."""

    items: list[Ranked]
    total: int
    offset: int = 0
    day: date | None = None
    computed_at: datetime | None = None
    unscored: int = 0
    aside: list[Aside] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        return sum(item.play.minutes for item in self.items)

    @property
    def shown(self) -> int:
        return self.offset + len(self.items)


def views_of(member: Member) -> list[View]:
    """The lists a member may choose between."""
    views = [View.MINE]
    if member.scope in (Scope.TEAM, Scope.ALL) and member.team_id:
        views.append(View.TEAM)
    if member.scope == Scope.ALL:
        views.append(View.ALL)
    return views


def usual_view(member: Member) -> View:
    """One's own book; for those who own no account, the widest view they have."""
    if Account.objects.filter(owner=member, deleted_at=None, merged_into=None).exists():
        return View.MINE
    return views_of(member)[-1]


def accounts_in(member: Member, view: View) -> QuerySet[Account]:
    accounts = visible_accounts(member)
    if view == View.MINE:
        return accounts.filter(owner=member)
    if view == View.TEAM:
        return accounts.filter(owner__team=member.team)
    return accounts


def judgement_of(account: Account) -> Judgement:
    state = AccountState.objects.filter(account=account).only(*_JUDGED).first()
    return judgement_from(state) if state else Judgement(account.pk, "unknown")


def judgement_from(state: AccountState) -> Judgement:
    return Judgement(
        account_id=state.account_id,
        band=state.band,
        tenths=state.tenths,
        tenths_week_ago=state.tenths_week_ago,
        causes=tuple(state.causes) if state.main_cause else (),
        alerts=tuple(state.alerts),
        at_stake=state.at_stake,
        renewal_on=state.renewal_on,
    )


def ranked_queue(
    member: Member,
    today: date,
    *,
    view: View | None = None,
    offset: int = 0,
    limit: int = 10,
    plays: Sequence[Play] | None = None,
) -> Queue:
    """The accounts in the member's view that need somebody, most pressing first, without those put aside.

    Reads in order of the money at stake and stops as soon as nothing further down can rank higher (urgency is
    at most 1), so that a page costs the same in a book of a hundred accounts and of a hundred thousand.
    """
    view = view or usual_view(member)
    accounts = accounts_in(member, view)
    states = AccountState.objects.filter(account__in=accounts)
    asides = _asides(member, accounts, view, today)
    promised = _promised(member, accounts, today, view)
    calling = states.filter(_calls_for_somebody(today)).exclude(account_id__in=[a.account.pk for a in asides])
    latest = states.order_by("-computed_at").values_list("day", "computed_at").first() or (None, None)
    items = _best(calling, today, plays or declared_plays(), promised, offset + limit)
    return Queue(
        items=items[offset : offset + limit],
        total=calling.count(),
        offset=offset,
        day=latest[0],
        computed_at=latest[1],
        unscored=accounts.filter(state__isnull=True).count(),
        aside=asides,
    )


def _calls_for_somebody(today: date) -> Q:
    """The rule of :func:`enishi.work.rules.reasons_of`, as the database asks it."""
    alerting = Signal.objects.filter(type__gte="alert:", type__lt="alert;", until=None).values("account_id")
    near = Q(renewal_on__gte=today, renewal_on__lte=today + timedelta(days=RENEWAL_WINDOW))
    return (
        Q(band="red")
        | Q(main_cause__gt="")
        | Q(change__lte=-FALL_TENTHS)
        | (Q(band="yellow") & near)
        | Q(account_id__in=alerting)
    )


def _best(
    calling: QuerySet[AccountState], today: date, plays: Sequence[Play], promised: frozenset[int], wanted: int
) -> list[Ranked]:
    read = calling.only(*_JUDGED)
    found = _placed(read.filter(account_id__in=promised), today, plays, promised)
    rest = read.exclude(account_id__in=promised).order_by("-at_stake", "tenths")
    others: list[Ranked] = []
    for start in range(0, _MOST_READ, _PORTION):
        portion = list(rest[start : start + _PORTION])
        others += _placed(portion, today, plays, promised)
        others.sort(key=order)
        if len(portion) < _PORTION or _is_settled(others, wanted, portion[-1].at_stake):
            break
    return sorted(found, key=order) + others


def _placed(
    states: Iterable[AccountState], today: date, plays: Sequence[Play], promised: frozenset[int]
) -> list[Ranked]:
    places = (place(judgement_from(s), today, plays, s.account_id in promised) for s in states)
    return [item for item in places if item]


def _is_settled(ranked: Sequence[Ranked], wanted: int, next_stake: int) -> bool:
    """Whether nothing with less at stake than ``next_stake`` can enter the first ``wanted`` places."""
    return len(ranked) >= wanted and next_stake > 0 and ranked[wanted - 1].priority >= next_stake


def _asides(member: Member, accounts: QuerySet[Account], view: View, today: date) -> list[Aside]:
    """Accounts put aside with nothing new since. In one's own list one's own word counts, elsewhere anyone's."""
    in_force = Attention.objects.filter(undone_at=None, until__gt=today, account__in=accounts)
    if view == View.MINE:
        in_force = in_force.filter(member=member)
    read = AccountState.objects.filter(account_id__in=in_force.values("account_id")).only(*_JUDGED)
    judged = {state.account_id: judgement_from(state) for state in read}
    latest: dict[int, Aside] = {}
    for attention in in_force.select_related("account", "member"):
        judgement = judged.get(attention.account_id)
        if judgement and not is_news(judgement, attention.fingerprint):
            latest.setdefault(attention.account_id, Aside(attention, attention.account))
    return sorted(latest.values(), key=lambda aside: (aside.attention.until, aside.account.pk))


def _promised(member: Member, accounts: QuerySet[Account], today: date, view: View) -> frozenset[int]:
    """Accounts with an open task due by today: one's own tasks, or anyone's in a wider view."""
    due = Task.objects.filter(status=Task.Status.OPEN, due_on__lte=today, account__in=accounts)
    if view == View.MINE:
        due = due.filter(assignee=member)
    return frozenset(due.values_list("account_id", flat=True))


def my_promises(member: Member, today: date, days: int = PROMISE_DAYS) -> QuerySet[Task]:
    """The member's open tasks that are overdue or fall due within ``days``, earliest first."""
    return (
        Task.objects.filter(
            assignee=member,
            status=Task.Status.OPEN,
            due_on__lte=today + timedelta(days=days),
            account__in=visible_accounts(member),
        )
        .select_related("account", "contact", "made_by")
        .order_by("due_on", "id")
    )


def later_tasks(member: Member, today: date, days: int = PROMISE_DAYS) -> QuerySet[Task]:
    """The member's open tasks due later, or without a date."""
    late = Q(due_on__gt=today + timedelta(days=days)) | Q(due_on=None)
    return Task.objects.filter(
        late, assignee=member, status=Task.Status.OPEN, account__in=visible_accounts(member)
    ).select_related("account")


def tasks_of(account: Account) -> QuerySet[Task]:
    """An account's tasks, open ones first. The caller holds the right to see the account."""
    return Task.objects.filter(account=account).select_related("assignee", "made_by", "contact")


def notes_of(account: Account) -> QuerySet[Note]:
    """An account's notes, pinned ones first, without deleted ones."""
    return Note.objects.filter(account=account, deleted_at=None).select_related("author")


@dataclass(frozen=True, slots=True)
class BandMove:
    """An account whose band is another than on the last scored day before ``since``."""

    account: Account
    before: str
    after: str
    at_stake: int


@dataclass(frozen=True, slots=True)
class Overnight:
    """What changed since the last working day, most money first, with whole counts."""

    since: date
    moves: list[BandMove]
    moves_total: int
    signals: list[Signal]
    signals_total: int

    @property
    def is_empty(self) -> bool:
        return not (self.moves_total or self.signals_total)


def overnight(member: Member, today: date, view: View, limit: int = 8) -> Overnight:
    """Band changes and new alerts since the last working day."""
    accounts = accounts_in(member, view)
    since = changed_since(today)
    moves = _band_moves(accounts, since)
    fresh = Signal.objects.filter(
        account__in=accounts, type__gte="alert:", type__lt="alert;", until=None, since__gte=since
    )
    signals = fresh.select_related("account", "account__state").order_by("-account__state__at_stake", "id")
    return Overnight(since, moves[:limit], len(moves), list(signals[:limit]), fresh.count())


def _band_moves(accounts: QuerySet[Account], since: date) -> list[BandMove]:
    day = AccountState.objects.filter(account__in=accounts).aggregate(day=Max("day"))["day"]
    if day is None:
        return []
    base = min(since, day - timedelta(days=1))
    then = HealthScore.objects.filter(
        account_id=OuterRef("account_id"), scorecard=OuterRef("scorecard"), day__lte=base
    ).order_by("-day")
    moved = (
        AccountState.objects.filter(account__in=accounts, day__gte=since)
        .annotate(before=Subquery(then.values("band")[:1]))
        .exclude(before=F("computed_band"))
        .filter(before__isnull=False)
        .select_related("account")
        .only("account__name", "account__name_kana", "computed_band", "at_stake", "scorecard", "account_id")
        .order_by("-at_stake", "account_id")
    )
    return [BandMove(s.account, s.before, s.computed_band, s.at_stake) for s in moved]


@dataclass(frozen=True, slots=True)
class Renewals:
    """Renewals of the next 90 days: the first ones by date, and count and money within 30, 60 and 90 days."""

    items: list[AccountState]
    steps: list[tuple[int, int, int]]

    @property
    def total(self) -> int:
        return self.steps[-1][1]


def renewals(member: Member, today: date, view: View, limit: int = 8) -> Renewals:
    """Money is yearly recurring revenue in minor units."""
    due = AccountState.objects.filter(
        account__in=accounts_in(member, view),
        renewal_on__gte=today,
        renewal_on__lte=today + timedelta(days=RENEWAL_WINDOW),
    )
    steps = []
    for days in (30, 60, RENEWAL_WINDOW):
        found = due.filter(renewal_on__lte=today + timedelta(days=days)).aggregate(
            n=Count("pk"), mrr=Sum("mrr")
        )
        steps.append((days, found["n"], 12 * (found["mrr"] or 0)))
    first = due.select_related("account").defer("lines", "changes", "metrics").order_by("renewal_on", "-mrr")
    return Renewals(list(first[:limit]), steps)
