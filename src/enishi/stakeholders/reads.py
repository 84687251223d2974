"""People and what passed with them, read from the application's rows; the book of all accounts is read in :mod:`.book`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import Account, Contact, Member, Record
from enishi.kit.clock import end_of_day
from enishi.kit.text import split_name
from enishi.stakeholders.contracts import (
    CAME_TO_US,
    TALKS,
    KeptTie,
    News,
    Relationship,
    Said,
    Someone,
    Touch,
    Use,
)
from enishi.stakeholders.judging import judge
from enishi.stakeholders.leaving import speaks_of_parting
from enishi.stakeholders.models import AccountRelationship, Assessment, ContactMove
from enishi.stakeholders.news import DEPARTURE, about, whole_names

NEWS = "news"
TOUCH_KINDS = ("interaction", *CAME_TO_US)
CUSTOMER_TALKS = ("call", "meeting", "visit")  # in these the customer takes part where nobody says otherwise
_PRESENT = Q(deleted_at=None, erased_at=None)


def relationship_now(account: Account, today: date) -> Relationship:
    """The relationship from the current rows. The caller has checked that the account may be seen."""
    contacts = list(Contact.objects.filter(_PRESENT, account=account))
    rows = Record.objects.filter(account=account, deleted_at=None, kind__in=TOUCH_KINDS).only(
        "kind", "contact_id", "happened_at", "data"
    )
    names, tones = names_in_notes(contacts), tones_of([account.pk])
    touches = [
        touch_of(row.kind, row.pk, row.contact_id, company_day(row.happened_at), row.data, names, tones)
        for row in rows
    ]
    told = Record.objects.filter(account=account, deleted_at=None, kind=NEWS)
    news = [news_of(row.contact_id, company_day(row.happened_at), row.source, row.data) for row in told]
    people = people_from(contacts, today, news=[one for one in news if one])
    return judge(people, [touch for touch in touches if touch], today)


def news_of(contact: int | None, on: date, source: str, data: Mapping[str, Any]) -> News | None:
    """An item of news that tells that somebody leaves; None for any other, and for one emptied by an erasure."""
    headline = data.get("headline")
    if data.get("type") != DEPARTURE or not headline:
        return None
    return News(on, headline, data.get("url") or "", source, contact)


def names_in_notes(contacts: Iterable[Contact]) -> dict[int, str]:
    """By what our own notes name each person."""
    return {one.pk: name_in_notes(one.family_name, one.name) for one in contacts}


def name_in_notes(family: str, name: str) -> str:
    return family or split_name(name)[0] or name


def people_from(
    contacts: Collection[Contact], day: date, *, past: bool = False, news: Collection[News] = ()
) -> list[Someone]:
    """Contacts with what members stated of them and their use of the product, as known on ``day``.

    Args:
        past: the contacts bear what was known on a past day; use is not read for those.
        news: of the whole account; each person gets the items about them.
    """
    numbers = [one.pk for one in contacts]
    said = said_of(numbers, day if past else None)
    uses = {} if past else uses_of({one.account_id for one in contacts})
    found = []
    for one in contacts:
        told = about(news, one.pk, whole_names(one.family_name, one.given_name, one.name))
        found.append(someone(one, said.get(one.pk, Said()), uses.get(one.pk), day, told))
    return found


def someone(contact: Contact, said: Said, use: Use | None, day: date, news: tuple[News, ...] = ()) -> Someone:
    """One person. A day of leaving still to come counts as announced."""
    left_on = contact.left_on
    if left_on is not None and left_on > day:
        said = said if said.leaving_on else _leaving(said, left_on)
        left_on = None
    return Someone(
        contact.pk,
        contact.role,
        contact.title,
        contact.department,
        left_on,
        contact.bounced_on,
        said,
        use,
        news,
    )


def _leaving(said: Said, on: date) -> Said:
    return Said(said.influence, said.level, said.feeling, said.feeling_until, on, said.on, said.by, said.note)


def touch_of(
    kind: str,
    number: int,
    contact: int | None,
    on: date,
    data: Mapping[str, Any],
    names: Mapping[int, str] = MappingProxyType({}),
    tones: Mapping[tuple[str, int], float] = MappingProxyType({}),
) -> Touch | None:
    """What a record says passed between us and somebody; None for notes of our own.

    Args:
        names: by what notes name people, so that a note on somebody's leaving is found.
        tones: what was read in texts (see :func:`tones_of`), where no source states a tone.
    """
    tone, read = tone_of(kind, number, data.get("tone"), tones)
    if kind == "interaction":
        return _talk(number, contact, on, data, names.get(contact or 0, ""), tone)
    if kind == "survey_answer":
        score = data.get("score")
        points = None if score is None else float(score)
        return Touch(on, kind, contact, record=number, measure=data.get("measure") or "", score=points)
    tone = data.get("tone")
    parting = kind == "ticket" and speaks_of_parting(_words(data))
    return Touch(on, kind, contact, record=number, tone=tone, parting=parting, read=read)


def tone_of(
    kind: str, number: int, stated: Any, tones: Mapping[tuple[str, int], float]
) -> tuple[float | None, bool]:
    """A record's tone, and whether it was read by the text model; a source's own word comes first."""
    if stated is not None:
        return float(stated), False
    found = tones.get((kind, number))
    return found, found is not None


def tones_of(accounts: Collection[int]) -> dict[tuple[str, int], float]:
    """(kind, record) -> the tone that was read in tickets and in notes of talks, or that somebody corrected it to."""
    from enishi.texts.api import TextJudgement

    rows = TextJudgement.objects.filter(account__in=accounts, kind__in=("ticket", "interaction")).exclude(
        tone=""
    )
    return {
        (kind, number): TONES.get(tone, 0.0)
        for kind, number, tone in rows.values_list("kind", "record_id", "tone")
    }


TONES = {"positive": 0.7, "neutral": 0.0, "negative": -0.7}


def _talk(
    number: int, contact: int | None, on: date, data: Mapping[str, Any], name: str, tone: float | None
) -> Touch | None:
    talk = data.get("type") or "note"
    if talk not in TALKS:
        return None
    return Touch(
        on,
        talk,
        contact,
        two_way=is_two_way(data.get("two_way"), talk),
        member=data.get("member") or "",
        record=number,
        tone=tone,
        read=tone is not None,
        parting=bool(name) and speaks_of_parting(_words(data), name),
    )


def _words(data: Mapping[str, Any]) -> str:
    return f"{data.get('subject') or ''} {data.get('body') or ''}"


def is_two_way(stated: bool | None, talk: str) -> bool:
    """As stated; where nobody said, calls, meetings and visits are, as the metrics count it."""
    return talk in CUSTOMER_TALKS if stated is None else bool(stated)


def said_of(contacts: Iterable[int], day: date | None) -> dict[int, Said]:
    """What members stated of contacts: what is in force, or what was at the end of a past day."""
    found = Assessment.objects.filter(contact__in=contacts, undone_at=None).select_related("member")
    if day is None:
        found = found.filter(ended_at=None)
    else:
        end = end_of_day(day, company_zone())
        found = found.filter(Q(ended_at=None) | Q(ended_at__gte=end), made_at__lt=end)
    return {one.contact_id: said_by(one) for one in found}


def said_by(one: Assessment) -> Said:
    return Said(
        one.influence,
        one.level,
        one.feeling,
        one.feeling_until,
        one.leaving_on,
        company_day(one.made_at),
        one.member.email if one.member else "",
        one.note,
    )


def uses_of(accounts: Iterable[int]) -> dict[int, Use]:
    """Contact -> use of the product, as the last pass over the book found it."""
    rows = AccountRelationship.objects.filter(account__in=list(accounts)).values_list("uses", flat=True)
    return {
        int(number): Use(date.fromisoformat(last), int(days))
        for uses in rows
        for number, (last, days) in uses.items()
    }


def ties_of(accounts: Iterable[int]) -> dict[int, KeptTie]:
    """Contact -> the tie with everybody present at some accounts, as the last pass over the book found it."""
    rows = AccountRelationship.objects.filter(account__in=list(accounts)).values_list("ties", flat=True)
    return kept_ties(rows)


def kept_ties(rows: Iterable[Mapping[str, Any] | None]) -> dict[int, KeptTie]:
    """Contact -> the tie, from what rows of the book keep; None: the account has no row yet."""
    return {
        int(number): KeptTie(strength, leaving, date.fromisoformat(last) if last else None, answers)
        for ties in rows
        for number, (strength, leaving, last, answers) in (ties or {}).items()
    }


def moves_of(contacts: Collection[int], day: date | None) -> list[ContactMove]:
    """Moves from or to some contacts that were not dismissed; on a past day those confirmed by then."""
    here = Q(former__in=contacts) | Q(present__in=contacts)
    gone = Q(former__erased_at__isnull=False) | Q(present__erased_at__isnull=False)
    found = (
        ContactMove.objects.filter(here)
        .exclude(gone)
        .select_related("former__account", "present__account", "decided_by")
    )
    if day is None:
        return list(found.exclude(status=ContactMove.Status.DISMISSED))
    end = end_of_day(day, company_zone())
    return list(found.filter(status=ContactMove.Status.CONFIRMED, decided_at__lt=end))


def dismissed_of(contacts: Collection[int]) -> list[ContactMove]:
    """Proposals that were dismissed, so that one can be taken up again."""
    here = Q(former__in=contacts) | Q(present__in=contacts)
    return list(
        ContactMove.objects.filter(here, status=ContactMove.Status.DISMISSED).select_related(
            "former__account", "present__account", "decided_by"
        )
    )


def visible_relationships(member: Member) -> QuerySet[AccountRelationship]:
    """The book's rows within the member's scope, asked row by row: a page of a large book looks at few of them."""
    seen = visible_accounts(member).order_by().filter(pk=OuterRef("account_id"))
    return AccountRelationship.objects.filter(Exists(seen))


def assessments_of(contact: Contact, until: datetime | None = None) -> list[Assessment]:
    """Everything stated of a contact, newest first, without what was undone."""
    found = Assessment.objects.filter(contact=contact, undone_at=None).select_related("member")
    return list(found if until is None else found.filter(made_at__lt=until))
