"""The relationships of the book: who hangs by a thread, whose champion leaves, where nobody of rank is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.core.paginator import Page
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from enishi.accounts.models import Contact, Member
from enishi.accounts.remembering import remembered
from enishi.accounts.search import find_named, named
from enishi.reports.tables import Heading
from enishi.signals.models import AccountState
from enishi.signals.stages import CHURNED
from enishi.stakeholders import api as room
from enishi.stakeholders.models import AccountRelationship, RelationshipRun
from enishi.web import words
from enishi.web.asking import number_in
from enishi.web.pages.account.words import say
from enishi.web.pages.stakeholders.present import role_word, signs_text
from enishi.web.paging import Counted, Deep

PAGE_SIZE = 50
T = TypeVar("T")

FINDINGS: dict[str, Q] = {
    "key": Q(key_leaving__gte=room.LIKELY),
    "leaving": Q(leaving__gte=room.LIKELY),
    "unanswered": Q(key_unanswered__gt=0),
    "single": Q(single_thread=True),
    "executive": Q(executives=0),
    "executive_silent": Q(executives__gt=0, executive_on=None),
    "champion": Q(champions=0),
    "silent": Q(silent=True),
    "dissatisfied": Q(dissatisfied__gt=0),
    "nobody": Q(people=0),
}
SHOWN = ("key", "unanswered", "single", "silent", "champion", "executive", "dissatisfied", "nobody")
TONES = {
    "key": "danger",
    "unanswered": "caution",
    "single": "caution",
    "silent": "caution",
    "nobody": "caution",
}
SORTS = {
    "stake": "account__state__at_stake",
    "strength": "strength",
    "leaving": "key_leaving",
    "last": "last_two_way",
    "executive": "executive_on",
    "people": "people",
    "name": "account__name_kana",
}


def finding_titles() -> dict[str, str]:
    return {
        "key": _("Champion or decision maker likely leaving"),
        "leaving": _("Anybody likely leaving"),
        "unanswered": _("Champion or decision maker does not answer"),
        "single": _("Single thread"),
        "executive": _("Nobody at executive level"),
        "executive_silent": _("Executives known, never answered"),
        "champion": _("No champion"),
        "silent": _("Nobody answers"),
        "dissatisfied": _("Champion or decision maker of negative sentiment"),
        "nobody": _("Nobody is known"),
    }


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for."""

    q: str = ""
    finding: str = ""
    owner: str = ""
    tier: str = ""
    sort: str = "-stake"

    @property
    def filtered(self) -> bool:
        return bool(self.q or self.finding or self.owner or self.tier)


def read_view(query: QueryDict) -> View:
    """An address's wishes; what is not known is left out."""
    sort = query.get("sort", "-stake")
    finding = query.get("finding", "")
    owner = query.get("owner", "")
    return View(
        q=query.get("q", "").strip()[:100],
        finding=finding if finding in FINDINGS else "",
        owner=owner if number_in(owner) is not None else "",
        tier=query.get("tier", "")[:40],
        sort=sort if sort.lstrip("-") in SORTS else "-stake",
    )


def present_customers(member: Member) -> QuerySet[AccountRelationship]:
    """Relationships with those who are still customers, in the member's scope."""
    return room.visible_relationships(member).exclude(account__state__stage=CHURNED)


def select(member: Member, view: View) -> QuerySet[AccountRelationship]:
    """The rows of a view, in its order."""
    rows = present_customers(member)
    if view.q:
        few = find_named(view.q)
        rows = rows.filter(named(view.q, "account__") if few is None else Q(account__in=few))
    if view.finding:
        rows = rows.filter(FINDINGS[view.finding])
    if view.owner:
        rows = rows.filter(account__owner=int(view.owner))
    if view.tier:
        rows = rows.filter(account__state__tier=view.tier)
    field = F(SORTS[view.sort.lstrip("-")])
    order = field.desc(nulls_last=True) if view.sort.startswith("-") else field.asc(nulls_last=True)
    return rows.select_related("account__owner", "account__state").order_by(order, "account_id")


def page_of(member: Member, view: View, number: str | None) -> Page[int]:
    """A page of a view: the numbers of its accounts."""
    total = count(member, view)
    if view.sort == "-stake":
        shown = Counted(_deep(member, view, _by_stake(member, view)), PAGE_SIZE, total).get_page(number)
        if len(list(shown)) == shown.end_index() - shown.start_index() + bool(total):
            return shown  # else it reaches those who were never scored, who come last
    numbers = _deep(member, view, select(member, view).values_list("pk", flat=True))
    return Counted(numbers, PAGE_SIZE, total).get_page(number)


def _deep(member: Member, view: View, numbers: QuerySet[Any, int]) -> Deep:
    def keep(name: str, read: Callable[[], list[int]]) -> list[int]:
        return _kept(member, f"{view}:{numbers.model.__name__}:{name}", read)

    def standing(some: list[int]) -> QuerySet[Any, int]:
        return select(member, view).filter(pk__in=some).order_by().values_list("pk", flat=True)

    return Deep(numbers, keep, standing)


def _by_stake(member: Member, view: View) -> QuerySet[Any, int]:
    """The order of :func:`select` by the index of the money at stake, of those who have been scored."""
    mine = select(member, view).order_by().filter(account=OuterRef("account_id"))
    order = F("at_stake").desc(nulls_last=True)
    return (
        AccountState.objects.filter(Exists(mine))
        .order_by(order, "account_id")
        .values_list("account_id", flat=True)
    )


def rows_of(numbers: Sequence[int]) -> list[AccountRelationship]:
    """Rows by their accounts, in this order, without what the list does not show of them."""
    wide = [f"account__state__{name}" for name in ("lines", "changes", "causes", "alerts", "metrics")]
    rows = AccountRelationship.objects.filter(pk__in=list(numbers)).select_related(
        "account__owner", "account__state"
    )
    found = rows.defer(*wide, "uses", "account__extra", "account__search").in_bulk()
    return [found[number] for number in numbers if number in found]


def counts(member: Member) -> dict[str, int]:
    """How many customers have each finding, and how many there are (``all``)."""

    def read() -> dict[str, int]:
        each = {name: Count("pk", filter=condition) for name, condition in FINDINGS.items()}
        return present_customers(member).order_by().aggregate(all=Count("pk"), **each)

    return _kept(member, "counts", read)


def count(member: Member, view: View) -> int:
    """How many rows a view has."""
    asked = replace(view, sort="")
    return _kept(member, f"{asked}", lambda: select(member, view).order_by().count())


def _kept(member: Member, name: str, read: Callable[[], T]) -> T:
    newest = RelationshipRun.objects.exclude(finished_at=None).values_list("pk", flat=True).first()
    return remembered(member, "relations", name, read, newest=newest)


@dataclass(frozen=True, slots=True)
class Leaver:
    contact: Contact
    role: str
    signs: str
    leaving: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A champion or decision maker tried in vain, and how often."""

    contact: Contact
    role: str
    tried: int


@dataclass(frozen=True, slots=True)
class Line:
    """An account of the list."""

    row: AccountRelationship
    findings: list[tuple[str, str]]  # (title, tone)
    only: Contact | None
    leavers: list[Leaver]
    unanswered: list[Unanswered]
    missing: str
    strength: str


def lines_of(rows: Iterable[AccountRelationship]) -> Iterator[Line]:
    """Rows with the words and people they show."""
    rows = list(rows)
    people = _people(rows)
    titles = finding_titles()
    for row in rows:
        yield Line(
            row,
            [(titles[name], TONES.get(name, "")) for name in SHOWN if _holds(row, name)],
            people.get(row.only_contact_id or 0),
            [leaver for one in row.departing if (leaver := _leaver(one, people))],
            [
                Unanswered(people[number], role_word(people[number].role), int(one["tried"]))
                for one in row.unanswered
                if (number := int(one["contact"])) in people
            ],
            pgettext("list", ", ").join(role_word(role) for role in row.missing),
            say(room.STRENGTHS[_word(row)]),
        )


def _word(row: AccountRelationship) -> str:
    if row.strength is None:
        return "none"
    return "strong" if row.strength >= 60 else "medium" if row.strength >= 30 else "weak"


def _holds(row: AccountRelationship, name: str) -> bool:
    """The same as :data:`FINDINGS` of a row in hand."""
    return {
        "key": row.key_leaving >= room.LIKELY,
        "unanswered": row.key_unanswered > 0,
        "single": row.single_thread,
        "silent": row.silent,
        "champion": row.champions == 0 and row.people > 0,
        "executive": row.executives == 0 and row.people > 0,
        "dissatisfied": row.dissatisfied > 0,
        "nobody": row.people == 0,
    }[name]


def _people(rows: Iterable[AccountRelationship]) -> dict[int, Contact]:
    numbers = {int(one["contact"]) for row in rows for one in (*row.departing, *row.unanswered)}
    numbers |= {row.only_contact_id for row in rows if row.only_contact_id}
    return Contact.objects.filter(erased_at=None).in_bulk(numbers)


def _leaver(one: Mapping[str, Any], people: Mapping[int, Contact]) -> Leaver | None:
    contact = people.get(int(one["contact"]))
    if contact is None:
        return None
    signs = pgettext("list", ", ").join(say(text) for text in signs_text(one["signs"]))
    return Leaver(contact, role_word(contact.role), signs, int(one["leaving"]))


# ---- the file ------------------------------------------------------------------------------------------------


def headings() -> list[Heading]:
    return [
        Heading(_("Account")),
        Heading(_("Owner")),
        Heading(_("Findings")),
        Heading(_("Strongest tie"), "number"),
        Heading(_("People known"), "number"),
        Heading(_("People in touch"), "number"),
        Heading(_("Last answered"), "day"),
        Heading(_("Executives known"), "number"),
        Heading(_("Last executive contact"), "day"),
        Heading(_("Missing roles")),
        Heading(_("Likely leaving")),
        Heading(_("Do not answer")),
    ]


def cells_of(rows: Iterable[AccountRelationship]) -> Iterator[list[Any]]:
    """The rows of the file, in portions so that memory does not grow with them."""
    portion: list[AccountRelationship] = []
    for row in rows:
        portion.append(row)
        if len(portion) == 500:
            yield from (_cells(line) for line in lines_of(portion))
            portion = []
    yield from (_cells(line) for line in lines_of(portion))


def _cells(line: Line) -> list[Any]:
    row, joined = line.row, pgettext("list", ", ")
    leavers = [f"{words.person(one.contact)} ({one.signs})" for one in line.leavers]
    return [
        row.account.name,
        words.person(row.account.owner) if row.account.owner else None,
        joined.join(title for title, _tone in line.findings),
        row.strength,
        row.people,
        row.their_threads,
        row.last_two_way,
        row.executives,
        row.executive_on,
        line.missing,
        joined.join(leavers),
        joined.join(words.person(one.contact) for one in line.unanswered),
    ]
