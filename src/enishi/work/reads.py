"""What the Today page and the account page read of work, within the scope of the person who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Case, Exists, F, JSONField, OuterRef, Q, QuerySet, When

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.leaving import Leaving, leaving_accounts
from enishi.accounts.models import Account, Member, Scope
from enishi.signals.models import AccountState, Signal
from enishi.work.book import Book, read_book
from enishi.work.contracts import Judgement, Play, Ranked
from enishi.work.models import Attention, Note, Task
from enishi.work.plays import declared_plays, declared_rule
from enishi.work.rules import changed_since, is_news, order, place, weakest_of

PROMISE_DAYS = 7
_PORTION = 60
_JUDGED = (
    "account_id", "band", "band_week_ago", "tenths", "tenths_week_ago", "main_cause", "causes", "alerts",
    "at_stake", "renewal_on", "mrr", "stage",
)  # fmt: skip
_UNCLEAR = Case(When(band="red", main_cause="", then=F("lines")), output_field=JSONField())
"""The lines of a score in danger without a cause: of others they are not read, as they are long."""


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
    """A page of the ranked list: ``total`` counts the whole list, ``minutes`` what the shown part usually takes,
    ``weaker`` the accounts left out because their causes are too weak to call."""

    items: list[Ranked]
    total: int
    offset: int = 0
    day: date | None = None
    computed_at: datetime | None = None
    unscored: int = 0
    weaker: int = 0
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


def accounts_in(member: Member, view: View, owner: int | None = None) -> QuerySet[Account]:
    """The accounts of a view; with ``owner`` those one member looks after."""
    accounts = visible_accounts(member)
    if owner is not None:
        accounts = accounts.filter(owner=owner)
    if view == View.MINE:
        return accounts.filter(owner=member)
    if view == View.TEAM:
        return accounts.filter(owner__team=member.team)
    return accounts


def within(accounts: QuerySet[Account]) -> Exists:
    """Rows whose account is among these: asked row by row, so that a few rows cost little in a large book."""
    return Exists(accounts.order_by().filter(pk=OuterRef("account_id")))


def judgement_of(account: Account, today: date) -> Judgement:
    states = AccountState.objects.filter(account=account).annotate(unclear=_UNCLEAR).only(*_JUDGED)
    return next(iter(judgements_from(states, today)), Judgement(account.pk, "unknown"))


def judgements_from(states: Iterable[AccountState], today: date) -> list[Judgement]:
    """What is judged of accounts, and the notices they have given."""
    states = list(states)
    leaving = leaving_accounts([state.account_id for state in states], today)
    return [_judgement(state, leaving.get(state.account_id)) for state in states]


def _judgement(state: AccountState, leaving: Leaving | None) -> Judgement:
    return Judgement(
        account_id=state.account_id,
        band=state.band,
        tenths=state.tenths,
        tenths_week_ago=state.tenths_week_ago,
        band_week_ago=state.band_week_ago,
        causes=tuple(state.causes) if state.main_cause else (),
        alerts=tuple(state.alerts),
        at_stake=state.at_stake,
        renewal_on=state.renewal_on,
        has_left=state.stage == "churned" or (state.mrr == 0 and state.at_stake == 0),
        leaving=leaving,
        weakest=weakest_of(getattr(state, "unclear", None) or ()),
    )


def ranked_queue(
    member: Member,
    today: date,
    *,
    view: View | None = None,
    offset: int = 0,
    limit: int = 10,
    plays: Sequence[Play] | None = None,
    book: Book | None = None,
    weaker: bool = False,
    owner: int | None = None,
) -> Queue:
    """The accounts in the member's view that need somebody, most pressing first, without those put aside.

    With ``weaker`` also those whose causes are too weak to call; with ``owner`` only one member's accounts.

    Reads in order of the money at stake and stops as soon as nothing further down can rank higher (urgency is
    at most 1), so that a page costs the same in a book of a hundred accounts and of a hundred thousand.
    """
    view = view or usual_view(member)
    accounts = accounts_in(member, view, owner)
    book = book or book_of(member, view, today, owner)
    asides, hidden = _asides(member, accounts, view, today)
    promised = promised_in(member, accounts, view, today) - hidden
    placing = _Placing(today, plays or declared_plays(), promised, hour_cost(), weaker)
    listed = _by_stake(book, weaker)
    calling = [(number, stake) for number, stake in listed if number not in hidden]
    items = _best(accounts, calling, placing, offset + limit)
    added = {item.account_id for item in items if item.promise_due} - {number for number, _stake in calling}
    weak = {number for number, _stake in book.weaker}
    total = book.total + (book.weaker_total if weaker else 0)
    return Queue(
        items=items[offset : offset + limit],
        total=total - (len(listed) - len(calling)) + len(added),
        offset=offset,
        day=book.day,
        computed_at=book.computed_at,
        unscored=book.unscored,
        weaker=0 if weaker else book.weaker_total - len(weak & (hidden | added)),
        aside=asides,
    )


def book_of(member: Member, view: View, today: date, owner: int | None = None) -> Book:
    """The member's book in a view; with ``owner`` the part one member looks after."""
    key = key_of(member, view) + (f":{owner}" if owner is not None else "")
    return read_book(accounts_in(member, view, owner), today, key)


def key_of(member: Member, view: View) -> str:
    """Names whose accounts a view shows: the same for all who see the same."""
    whose = member.pk if view == View.MINE or member.scope == Scope.OWN else f"team{member.team_id}"
    return f"{view}:{'all' if view == View.ALL and member.scope == Scope.ALL else whose}"


@dataclass(frozen=True, slots=True)
class _Placing:
    """What every place in one list is decided with."""

    today: date
    plays: Sequence[Play]
    promised: frozenset[int]
    hour_cost: int
    weaker: bool

    @property
    def best_chance(self) -> float:
        return max(play.chance for play in self.plays)

    def places(self, states: Iterable[AccountState]) -> list[Ranked]:
        found = (
            place(
                judgement,
                self.today,
                self.plays,
                judgement.account_id in self.promised,
                hour_cost=self.hour_cost,
                weaker=self.weaker,
            )
            for judgement in judgements_from(states, self.today)
        )
        return [item for item in found if item]


def hour_cost() -> int:
    """Of one hour's work, in minor units of the company's currency; 0 where none is declared."""
    return declared_rule().hour_cost.get(get_company().currency, 0)


def _by_stake(book: Book, weaker: bool) -> list[tuple[int, int]]:
    if not weaker:
        return list(book.calling)
    return sorted([*book.calling, *book.weaker], key=lambda row: (-row[1], row[0]))


def _best(
    accounts: QuerySet[Account], calling: Sequence[tuple[int, int]], placing: _Placing, wanted: int
) -> list[Ranked]:
    read = AccountState.objects.filter(within(accounts)).annotate(unclear=_UNCLEAR).only(*_JUDGED)
    found = placing.places(read.filter(account_id__in=placing.promised))
    rest = [(number, stake) for number, stake in calling if number not in placing.promised]
    others: list[Ranked] = []
    for start in range(0, len(rest), _PORTION):
        portion = rest[start : start + _PORTION]
        others += placing.places(read.filter(account_id__in=[number for number, _stake in portion]))
        others.sort(key=order)
        if _is_settled(others, wanted, portion[-1][1] * placing.best_chance):
            break
    return sorted(found, key=order) + others


def _is_settled(ranked: Sequence[Ranked], wanted: int, most: float) -> bool:
    """Whether nothing that can save ``most`` at best can enter the first ``wanted`` places."""
    return len(ranked) >= wanted and most > 0 and ranked[wanted - 1].priority >= most


def _asides(
    member: Member, accounts: QuerySet[Account], view: View, today: date
) -> tuple[list[Aside], set[int]]:
    """Accounts put aside with nothing new since, and their numbers. In one's own list one's own word counts,
    elsewhere anyone's."""
    in_force = Attention.objects.filter(within(accounts), undone_at=None, until__gt=today)
    if view == View.MINE:
        in_force = in_force.filter(member=member)
    read = AccountState.objects.filter(account_id__in=in_force.values("account_id")).only(*_JUDGED)
    judged = {judgement.account_id: judgement for judgement in judgements_from(read, today)}
    latest: dict[int, Aside] = {}
    for attention in in_force.select_related("account", "member", "task__assignee"):
        judgement = judged.get(attention.account_id)
        if judgement and not is_news(judgement, attention.fingerprint):
            latest.setdefault(attention.account_id, Aside(attention, attention.account))
    ordered = sorted(latest.values(), key=lambda aside: (aside.attention.until, aside.account.pk))
    return ordered, set(latest)


def set_aside(member: Member, accounts: QuerySet[Account], view: View, today: date) -> set[int]:
    """The accounts that the queue of a view leaves out."""
    return _asides(member, accounts, view, today)[1]


def promised_in(member: Member, accounts: QuerySet[Account], view: View, today: date) -> frozenset[int]:
    """Accounts with an open task due by today: in one's own list one's own, as others keep their promises themselves;
    in a wider view anyone's."""
    due = Task.objects.filter(within(accounts), status=Task.Status.OPEN, due_on__lte=today)
    if view == View.MINE:
        due = due.filter(assignee=member)
    return frozenset(due.values_list("account_id", flat=True))


def my_promises(member: Member, today: date, days: int = PROMISE_DAYS) -> QuerySet[Task]:
    """The member's open tasks that are overdue or fall due within ``days``, earliest first."""
    return (
        Task.objects.filter(
            within(visible_accounts(member)),
            assignee=member,
            status=Task.Status.OPEN,
            due_on__lte=today + timedelta(days=days),
        )
        .select_related("account", "contact", "made_by")
        .order_by("due_on", "id")
    )


def later_tasks(member: Member, today: date, days: int = PROMISE_DAYS) -> QuerySet[Task]:
    """The member's open tasks due later, or without a date."""
    late = Q(due_on__gt=today + timedelta(days=days)) | Q(due_on=None)
    return Task.objects.filter(
        late, within(visible_accounts(member)), assignee=member, status=Task.Status.OPEN
    ).select_related("account")


def handed_over(member: Member) -> QuerySet[Task]:
    """Open tasks the member gave to others, earliest first."""
    return (
        Task.objects.filter(within(visible_accounts(member)), made_by=member, status=Task.Status.OPEN)
        .exclude(assignee=member)
        .select_related("account", "assignee")
        .order_by("due_on", "id")
    )


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


def overnight(member: Member, today: date, view: View, limit: int = 8, book: Book | None = None) -> Overnight:
    """Band changes and new alerts since the last working day."""
    book, accounts = book or book_of(member, view, today), accounts_in(member, view)
    numbers = [number for number, _before, _after in book.moves[:limit]]
    by_number = {account.pk: account for account in accounts.filter(pk__in=numbers)}
    moves = [
        BandMove(by_number[n], before, after) for n, before, after in book.moves[:limit] if n in by_number
    ]
    signals = Signal.objects.filter(within(accounts), pk__in=book.alerts[:limit]).select_related("account")
    place_of = {number: place for place, number in enumerate(book.alerts)}
    ordered = sorted(signals, key=lambda signal: place_of[signal.pk])
    return Overnight(changed_since(today), moves, book.moves_total, ordered, book.alerts_total)


@dataclass(frozen=True, slots=True)
class Renewals:
    """Renewals of the next 90 days: the first ones by date, and count and money within 30, 60 and 90 days."""

    items: list[AccountState]
    steps: list[tuple[int, int, int]]

    @property
    def total(self) -> int:
        return self.steps[-1][1]


def renewals(member: Member, today: date, view: View, limit: int = 8, book: Book | None = None) -> Renewals:
    """Money is yearly recurring revenue in minor units."""
    book = book or book_of(member, view, today)
    read = AccountState.objects.filter(
        within(accounts_in(member, view)), account_id__in=book.renewing[:limit]
    )
    first = read.select_related("account").only("account__name", "band", "renewal_on", "account_id")
    return Renewals(
        sorted(first, key=lambda state: (state.renewal_on or today, state.account_id)), list(book.steps)
    )
