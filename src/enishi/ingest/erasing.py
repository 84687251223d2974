"""Erasing a person everywhere: records here, events and published files in the store, texts on the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.audit import write_audit
from enishi.accounts.erasing import blank_texts, erase_contact
from enishi.accounts.models import Contact, Member, Record, RecordVersion
from enishi.accounts.versions import lock_versions
from enishi.ingest.models import Correction, ErasureRequest, Reject
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
        named = [*husk.texts, *(user for _, user in husk.users)]
        sought = Sought(named)
        texts = sorted({*texts, *_records_naming(sought)})
        blanked = blank_texts(texts, now=now)
        rejects = _empty_rejects(named, sought)
        redact_everywhere(sought, f"erased-{husk.contact_id}")
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
        texts = _records_naming(sought)
        request.records, request.texts = blank_texts(texts, now=now), [list(text) for text in texts]
        request.rejects = _empty_rejects([user_id], sought)
        redact_everywhere(sought, "erased")
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


def _request(
    users: Sequence[tuple[str, str]], contact_id: int | None, actor: Member | str, now: datetime
) -> ErasureRequest:
    name = actor.email if isinstance(actor, Member) else actor
    return ErasureRequest.objects.create(
        users=[list(user) for user in users], contact_id=contact_id, requested_by=name, requested_at=now
    )


def _empty_rejects(texts: Sequence[str], sought: Sought) -> int:
    """Items on the desk that quote one of the texts lose what they quote, and the reasons that may; so do
    corrections."""
    found = Q(pk__in=[row.pk for row, _ in rows_naming(sought, Reject)])
    for text in texts:
        for quoted in {json.dumps(text), json.dumps(text, ensure_ascii=False)}:
            found |= Q(payload__contains=quoted)
    for correction in Correction.objects.exclude(rule={}):
        values = correction.rule["values"]
        if {text.casefold() for text in texts} & {part.casefold() for part in (*values, *values.values())}:
            correction.rule, correction.kept = {}, False
            correction.save(update_fields=["rule", "kept"])
    numbers = list(Reject.objects.filter(found).values_list("pk", flat=True))
    rows = Reject.objects.filter(pk__in=numbers)
    rows.filter(status=Reject.Status.OPEN).update(status=Reject.Status.DISCARDED)
    return rows.update(
        payload="{}", content="", message_en=_EMPTIED.en, message_ja=_EMPTIED.ja, closed_by="erasure"
    )
