"""Erasing a person: every field that identifies them, in current rows, history, links and the audit log.

This is the one place where what was stated is rewritten, because the law asks for it. The store's part (events and
published files) is done by :mod:`enishi.ingest.erasing`, which calls this first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from enishi.accounts.audit import write_audit
from enishi.accounts.models import AuditLine, Contact, Member, OutsideId, Record, RecordVersion
from enishi.accounts.versions import LINK, lock_versions, row_instant
from enishi.kit.text import fold
from enishi.store.kinds import CONTACT, KINDS

_SHORTEST = 2  # a name of one character is in half of all sentences


@dataclass(frozen=True, slots=True)
class Ids:
    """By what a contact is found.

    Args:
        users: (system, user id) under which the person's events came.
        texts: what names them (mail address, ids), to look for in texts.
        names: what they are called, the longest first.
    """

    users: list[tuple[str, str]]
    texts: list[str]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased, for the rooms that must go on.

    Args:
        contact_id: the number that remains as a husk.
        ids: by what they were found.
        records: how many records about them lost their texts.
    """

    contact_id: int
    ids: Ids
    records: int


def ids_of(contact: Contact) -> Ids:
    """The ids and addresses under which a contact is known."""
    users = set(OutsideId.objects.filter(contact=contact).values_list("system", "value"))
    users |= {(contact.source, text) for text in (contact.user_id, contact.outside_id) if text}
    texts = {text for text in (contact.email, contact.user_id, contact.outside_id) if text}
    return Ids(sorted(users), sorted(texts), names_of(contact))


def names_of(contact: Contact) -> list[str]:
    """What the person is called, the longest first."""
    family_name, given = contact.family_name.strip(), contact.given_name.strip()
    both = (
        [family_name + given, f"{family_name} {given}", f"{given} {family_name}"]
        if family_name and given
        else []
    )
    named = [*both, contact.name, contact.full_name, contact.email, family_name]
    return sorted({name.strip() for name in named if len(name.strip()) >= _SHORTEST}, key=len, reverse=True)


def stands_in(text: str, names: Iterable[str]) -> bool:
    """Whether one of some names stands in a text, in whatever width or script."""
    folded = fold(text)
    return any(fold(name) in folded for name in names)


def lines_about(contact: Contact) -> QuerySet[AuditLine]:
    """Lines of the audit log about the contact itself."""
    return AuditLine.objects.filter(target_kind="contact", target_id=str(contact.pk))


def versions_about(contact: Contact) -> QuerySet[RecordVersion]:
    """The history of the person and of the records about them."""
    own = Q(kind=CONTACT.name, record_id=contact.pk)
    return RecordVersion.objects.filter(own | Q(contact_id=contact.pk) & ~Q(kind=LINK))


def erase_contact(contact: Contact, *, actor: Member | str, now: datetime) -> Erased:
    """Remove everything that identifies the contact; facts that name nobody (a date, a minute count) stay."""
    with transaction.atomic():
        lock_versions()
        contact = Contact.objects.get(pk=contact.pk)
        links = list(OutsideId.objects.filter(contact=contact))
        ids = ids_of(contact)
        records = _blank_records(contact, now)
        _blank_versions(contact, links)
        OutsideId.objects.filter(contact=contact).delete()
        gone = contact.outside_id
        label = _blank_contact(contact, now)
        _blank_deletions(contact.source, gone, label)
        lines_about(contact).update(target_label=label, detail={})
        write_audit(actor, "contact_erased", contact, account=contact.account, detail={"records": records})
    return Erased(contact.pk, ids, records)


def _blank_deletions(source: str, outside_id: str, label: str) -> None:
    """Where the audit log tells the ids of contacts that were taken away."""
    lines = AuditLine.objects.filter(verb="records_deleted", target_label=CONTACT.name, detail__source=source)
    for line in lines:
        ids = [label if one == outside_id else one for one in line.detail["ids"]]
        if ids != line.detail["ids"]:
            AuditLine.objects.filter(pk=line.pk).update(detail=line.detail | {"ids": ids})


def _blank_contact(contact: Contact, now: datetime) -> str:
    for name in CONTACT.personal:
        setattr(contact, name, "")
    contact.extra, contact.search = {}, ""
    contact.outside_id = f"erased-{contact.pk}"
    contact.erased_at, contact.updated_at = now, row_instant(now)
    contact.deleted_at = contact.deleted_at or now
    contact.save()
    return contact.outside_id


def _without(state: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in (*names, "extra")}


def _blank_records(contact: Contact, now: datetime) -> int:
    rows = list(Record.objects.filter(contact=contact))
    for row in rows:
        row.data, row.extra = _without(row.data, KINDS[row.kind].personal), {}
        row.updated_at = row_instant(now)
    Record.objects.bulk_update(rows, ["data", "extra", "updated_at"], batch_size=200)
    return len(rows)


def _blank_versions(contact: Contact, links: list[OutsideId]) -> None:
    """The history of the person, of records about them, and of the ids that led to them."""
    rows = list(versions_about(contact))
    for row in rows:
        row.data = _without(row.data, KINDS[row.kind].personal)
        if row.kind == CONTACT.name:
            row.outside_id = f"erased-{contact.pk}"
    RecordVersion.objects.bulk_update(rows, ["data", "outside_id"], batch_size=200)
    led = RecordVersion.objects.filter(kind=LINK, record_id__in=[link.pk for link in links])
    led = led | RecordVersion.objects.filter(kind=LINK, contact_id=contact.pk)
    led.update(outside_id=f"erased-{contact.pk}", data={}, deleted=True)


def blank_texts(records: Mapping[tuple[str, int], Collection[str]], *, now: datetime) -> int:
    """Take the personal fields out of records that name a person in their text, and out of their history; gives how
    many records. Runs in the caller's transaction.

    Args:
        records: further fields that name the person, by kind and number.
    """
    count = 0
    for kind in {kind for kind, _number in records}:
        gone = {
            number: (*KINDS[kind].personal, *more) for (name, number), more in records.items() if name == kind
        }
        rows = list(Record.objects.filter(kind=kind, pk__in=gone))
        for row in rows:
            row.data, row.extra, row.updated_at = _without(row.data, gone[row.pk]), {}, row_instant(now)
        Record.objects.bulk_update(rows, ["data", "extra", "updated_at"], batch_size=200)
        versions = list(RecordVersion.objects.filter(kind=kind, record_id__in=[row.pk for row in rows]))
        for version in versions:
            version.data = _without(version.data, gone[version.record_id])
        RecordVersion.objects.bulk_update(versions, ["data"], batch_size=200)
        count += len(rows)
    return count
