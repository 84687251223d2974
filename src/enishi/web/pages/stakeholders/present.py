"""The stakeholder map of an account, now or as it was known on a past day: every word and link decided here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Contact, Member
from enishi.kit.text import Text
from enishi.stakeholders import api as room
from enishi.stakeholders.contracts import INFLUENCE_STEPS, LevelLine
from enishi.stakeholders.models import ContactMove
from enishi.stakeholders.reads import names_in_notes, tones_of
from enishi.web.pages.account.asked import Asked
from enishi.web.pages.account.known import Person, people_of, records_of
from enishi.web.pages.account.words import say
from enishi.web.pages.stakeholders.past import Change, changes_of

GRID_ROLES = ("decision_maker", "champion", "influencer", "power_user", "finance")
GRID_MORE = ("user", "")  # shown where somebody stands there
INFLUENCE_ROWS = ("high", "medium", "low", "")
DOTS = {"strong": "●●●", "medium": "●●○", "weak": "●○○", "none": "○○○"}
TONES = {"strong": "good", "medium": "c1", "weak": "caution", "none": "unknown"}
SHAPES = {"positive": "▲", "neutral": "◆", "negative": "▼", "": "?"}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a person was before or is now. ``account`` is None where that lies outside the reader's view."""

    move: ContactMove
    account: Account | None
    contact: Contact
    role: str
    former: bool  # whether the other place is the earlier one


@dataclass(slots=True)
class Row:
    """One person as the page shows them."""

    tie: room.Tie
    person: Person
    moves: list[Elsewhere] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def contact(self) -> Contact:
        return self.person.contact

    @property
    def dots(self) -> str:
        return DOTS[self.tie.word]

    @property
    def tone(self) -> str:
        return TONES[self.tie.word]

    @property
    def shape(self) -> str:
        return SHAPES[self.tie.feeling.value]

    @property
    def strength(self) -> str:
        return say(room.STRENGTHS[self.tie.word])

    @property
    def role(self) -> str:
        return role_word(self.tie.person.role)

    @property
    def level(self) -> str:
        return say(room.LEVELS[self.tie.level.value]) if self.tie.level.value else ""

    @property
    def influence(self) -> str:
        return say(room.INFLUENCES[self.tie.influence.value]) if self.tie.influence.value else ""

    @property
    def feeling(self) -> str:
        value = self.tie.feeling.value
        return say(room.FEELINGS[value]) if value else _("Sentiment unknown")

    @property
    def leaving(self) -> str:
        """``likely``, ``watch`` or nothing."""
        return (
            "likely" if self.tie.leaving >= room.LIKELY else "watch" if self.tie.leaving >= room.WATCH else ""
        )


@dataclass(frozen=True, slots=True)
class GridLine:
    """A line of the map: an influence, and the people in each role."""

    influence: str
    title: str
    cells: list[list[Row]]


@dataclass(frozen=True, slots=True)
class Level:
    line: LevelLine
    title: str
    who: Row | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A role nobody has, and who might have it by their title."""

    role: str
    title: str
    needed: bool
    maybe: Row | None


def people_context(asked: Asked) -> Mapping[str, Any]:
    """What the tab is given."""
    people = {person.contact.pk: person for person in people_of(asked.account, asked.as_of)}
    found = relationship_of(asked, people.values())
    rows = [Row(tie, people[tie.number]) for tie in found.ties]
    by_number = {row.tie.number: row for row in rows}
    proposals, dismissed = _add_moves(asked, by_number)
    for number, changes in changes_of(asked, list(people)).items():
        by_number[number].changes = changes
    here = [row for row in rows if row.tie.present]
    columns = [*GRID_ROLES, *(role for role in GRID_MORE if any(row.tie.person.role == role for row in here))]
    return {
        "relationship": found,
        "rows": here,
        "gone": [row for row in rows if not row.tie.present],
        "departing": [by_number[tie.number] for tie in found.departing],
        "grid_roles": [role_word(role) for role in columns],
        "grid": _grid(here, columns),
        "levels": _levels(found.levels, by_number),
        "missing": _missing(found, by_number),
        "only_theirs": by_number.get(found.theirs.only) if isinstance(found.theirs.only, int) else None,
        "only_ours": _our_only(found),
        "proposals": proposals,
        "dismissed": dismissed,
        "formula": say(room.FORMULA),
        "window": room.WINDOW,
    }


def relationship_of(asked: Asked, people: Iterable[Person]) -> room.Relationship:
    """The relationship from what was known on the day shown."""
    contacts = [person.contact for person in people]
    names = names_in_notes(contacts)
    tones = {} if asked.as_of else tones_of([asked.account.pk])
    touches = []
    for known in records_of(asked.account, asked.as_of, *room.TOUCH_KINDS):
        touch = room.touch_of(
            known.kind, known.pk, known.contact_id, company_day(known.happened_at), known.data, names, tones
        )
        if touch:
            touches.append(touch)
    past = asked.as_of is not None
    news = [
        room.news_of(known.contact_id, company_day(known.happened_at), known.source, known.data)
        for known in records_of(asked.account, asked.as_of, room.NEWS)
    ]
    told = [one for one in news if one]
    return room.judge(room.people_from(contacts, asked.day, past=past, news=told), touches, asked.day)


def role_word(role: str) -> str:
    title = room.ROLE_TITLES.get(role)
    return say(title) if title else pgettext("stakeholder", "no role stated")


def _grid(rows: Collection[Row], columns: list[str]) -> list[GridLine]:
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row.tie.influence.value, row.tie.person.role].append(row)
    unknown = any(influence == "" for influence, _role in cells)
    return [
        GridLine(
            influence,
            say(INFLUENCE_STEPS[influence]) if influence else pgettext("influence", "Unknown"),
            [cells[influence, role] for role in columns],
        )
        for influence in INFLUENCE_ROWS
        if influence or unknown
    ]


def _levels(lines: Iterable[LevelLine], rows: Mapping[int, Row]) -> list[Level]:
    found = []
    for line in lines:
        if line.level or line.known:
            title = say(room.LEVELS[line.level]) if line.level else _("Level unknown")
            found.append(Level(line, title, rows.get(line.with_whom or 0)))
    return found


def _missing(found: room.Relationship, rows: Mapping[int, Row]) -> list[Missing]:
    return [
        Missing(role, role_word(role), role in room.NEEDED_ROLES, rows.get(found.candidates.get(role, 0)))
        for role in found.missing
    ]


def _our_only(found: room.Relationship) -> str:
    """The one member of ours all contact goes through, by name."""
    if not found.ours.single:
        return ""
    mail = str(found.ours.only)
    member = Member.objects.filter(email__iexact=mail).first()
    return member.full_name if member else mail


# ---- moves ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two contacts that may be one person; ``here`` is the one of this account."""

    move: ContactMove
    here: Row
    there: Elsewhere
    reasons: list[str]
    may_decide: bool


def _add_moves(asked: Asked, rows: Mapping[int, Row]) -> tuple[list[Proposal], list[Proposal]]:
    """Put confirmed moves to the people, and give the proposals to decide on and those dismissed."""
    moves = room.moves_of(list(rows), asked.as_of)
    refused = [] if asked.as_of else room.dismissed_of(list(rows))
    seen = _visible(asked.member, [*moves, *refused])
    confirmed = ContactMove.Status.CONFIRMED
    open_ones = []
    for move in moves:
        for row, there in _ends(move, rows, seen):
            if move.status == confirmed:
                row.moves.append(there)
            elif there.account:  # what lies outside the view is nobody's to guess at
                open_ones.append(_proposal(move, row, there))
    dropped = [
        _proposal(move, row, there)
        for move in refused
        for row, there in _ends(move, rows, seen)
        if there.account
    ]
    return open_ones, dropped


def _visible(member: Member, moves: Iterable[ContactMove]) -> dict[int, Account]:
    numbers = {contact.account_id for move in moves for contact in (move.former, move.present)}
    return visible_accounts(member).in_bulk(numbers) if numbers else {}


def _ends(
    move: ContactMove, rows: Mapping[int, Row], seen: Mapping[int, Account]
) -> Iterable[tuple[Row, Elsewhere]]:
    for mine, other, former in ((move.present, move.former, True), (move.former, move.present, False)):
        if mine.pk in rows:
            role = role_word(other.role) if other.role else ""
            yield rows[mine.pk], Elsewhere(move, seen.get(other.account_id), other, role, former)


def _proposal(move: ContactMove, row: Row, there: Elsewhere) -> Proposal:
    reasons = [say(room.REASONS[reason]) for reason in move.reasons if reason in room.REASONS]
    return Proposal(move, row, there, reasons, there.account is not None)


def signs_text(signs: Iterable[str]) -> list[Text]:
    """What the ids of signs mean, for lists."""
    return [SIGN_TITLES[sign] for sign in signs if sign in SIGN_TITLES]


SIGN_TITLES = {
    "announced": Text("leaving was announced", "離任の予定あり"),
    "bounced": Text("mail bounces", "メール不達"),
    "news": Text("leaving in the news", "退任・異動のニュース"),
    "parting": Text("speaks of leaving", "退職・異動への言及"),
    "quiet": Text("silent after regular contact", "定期的な応答が途絶"),
    "unused": Text("stopped using the product", "利用が途絶"),
}


def age_in_days(day: date | None, today: date) -> int | None:
    return None if day is None else (today - day).days
