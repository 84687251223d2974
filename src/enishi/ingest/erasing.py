"""Erasing a person everywhere: records here, events and published files in the store, texts on the desk.

A person is found by the places that say whom something is about, whatever the id; within texts only by what is telling
(:mod:`.sweeping`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.audit import write_audit
from enishi.accounts.erasing import blank_texts, erase_contact
from enishi.accounts.models import AuditLine, Contact, Member, Record, RecordVersion
from enishi.accounts.versions import lock_versions
from enishi.ingest.about import User, names_people, people_of
from enishi.ingest.models import Correction, ErasureRequest, Reject
from enishi.ingest.naming import TEXT
from enishi.ingest.sweeping import Sought, redact_everywhere, rows_naming
from enishi.kit.text import Text
from enishi.store.kinds import KINDS

_EMPTIED = Text(
    "Emptied: it named a person who was erased.", "消去された人物の情報を含んでいたため、内容を消去しました。"
)


def ask_erasure(
    contact: Contact, *, texts: Sequence[tuple[str, int]] = (), actor: Member | str, now: datetime
) -> ErasureRequest:
    """Erase a contact here at once, and ask the consumer to remove the person from the store; it does so with its
    next pass, reads the store back, and notes on the request what is left. The files the person was in are deleted for
    good when readers can no longer hold them (an hour).

    Args:
        texts: (kind, number) of further records whose free text names the person; they lose their texts too.
    """
    with transaction.atomic():
        husk = erase_contact(contact, actor=actor, now=now)
        sought = Sought([*husk.texts, *(user for _, user in husk.users)])
        texts = sorted({*texts, *_records_naming(sought), *_records_about(husk.users)})
        blanked = blank_texts(texts, now=now)
        rejects = _empty_rejects(husk.users, sought)
        _redact(husk.users, sought, f"erased-{husk.contact_id}")
        users = {
            *husk.users,
            *(("", text) for text in husk.texts),
        }  # addresses are looked for at the end, too
        request = _request(sorted(users), husk.contact_id, actor, now)
        request.texts, request.rejects = [list(text) for text in texts], rejects
        request.records = husk.records + blanked
        request.save()
    return request


def ask_user_erasure(system: str, user_id: str, *, actor: Member | str, now: datetime) -> ErasureRequest:
    """The same for a user id that is no contact here."""
    with transaction.atomic():
        lock_versions()
        sought = Sought([user_id])
        request = _request([(system, user_id)], None, actor, now)
        users = [(system, user_id)]
        texts = sorted({*_records_naming(sought), *_records_about(users)})
        request.records, request.texts = blank_texts(texts, now=now), [list(text) for text in texts]
        request.rejects = _empty_rejects(users, sought)
        _redact(users, sought, "erased")
        request.save()
        write_audit(actor, "user_erased", f"{system} user")
    return request


def _records_naming(sought: Sought) -> list[tuple[str, int]]:
    """Records of others whose fields or history name the person: in the store they lose their texts as well."""
    found = {(row.kind, row.pk) for row, _ in rows_naming(sought, Record)}
    found |= {(row.kind, row.record_id) for row, _ in rows_naming(sought, RecordVersion)}
    return sorted(
        (kind, number) for kind, number in found if kind in KINDS and kind not in ("account", "contact")
    )


def _records_about(users: Collection[User]) -> list[tuple[str, int]]:
    """Records about the person that were stated before anybody knew who that is: the id is kept aside."""
    found = Q(pk__in=[])
    for system, user in users:
        found |= Q(source=system, extra__contact=user)
    return list(Record.objects.filter(found).values_list("kind", "pk"))


def _redact(users: Collection[User], sought: Sought, label: str) -> None:
    """Take the person out of what people wrote and were told, and out of the log of where the ids led."""
    redact_everywhere(sought, label)
    led = AuditLine.objects.filter(target_kind="outsideid", detail__target="user")
    led.filter(target_label__in=[f"{system}:{user}" for system, user in users]).update(target_label=label)


def _request(
    users: Sequence[tuple[str, str]], contact_id: int | None, actor: Member | str, now: datetime
) -> ErasureRequest:
    name = actor.email if isinstance(actor, Member) else actor
    return ErasureRequest.objects.create(
        users=[list(user) for user in users], contact_id=contact_id, requested_by=name, requested_at=now
    )


def _empty_rejects(users: Collection[User], sought: Sought) -> int:
    """Items on the desk that are about the person or quote what is telling lose what they quote, and the reasons that
    may; so do corrections."""
    _empty_corrections({user.casefold() for _, user in users}, sought)
    numbers = [row.pk for row, _ in rows_naming(sought, Reject)] + _items_about(set(users))
    rows = Reject.objects.filter(pk__in=numbers)
    rows.filter(status=Reject.Status.OPEN).update(status=Reject.Status.DISCARDED)
    return rows.update(
        payload="{}", content="", message_en=_EMPTIED.en, message_ja=_EMPTIED.ja, closed_by="erasure"
    )


def _items_about(users: set[User]) -> list[int]:
    found = Q(pk__in=[])
    for way in {way for _, user in users for way in (user, json.dumps(user)[1:-1])}:
        found |= Q(payload__contains=way)
    return [row.pk for row in Reject.objects.filter(found) if people_of(row) & users]


def _empty_corrections(ids: set[str], sought: Sought) -> None:
    for correction in Correction.objects.exclude(rule={}):
        values = correction.rule["values"]
        told = [*values, *values.values()]
        if sought.stands_in(told, TEXT) or (names_people(correction) and ids & {v.casefold() for v in told}):
            correction.rule, correction.kept = {}, False
            correction.save(update_fields=["rule", "kept"])
