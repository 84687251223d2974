"""Erasing a person everywhere: records here, events and published files in the store, texts on the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.audit import write_audit
from enishi.accounts.erasing import blank_texts, erase_contact
from enishi.accounts.models import Contact, Member
from enishi.ingest.models import Correction, ErasureRequest, Reject


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
        blanked = blank_texts(texts, now=now)
        rejects = _empty_rejects([*husk.texts, *(user for _, user in husk.users)])
        request = _request(husk.users, husk.contact_id, actor, now)
        request.texts, request.rejects = [list(text) for text in texts], rejects
        request.records = husk.records + blanked
        request.save()
    return request


def ask_user_erasure(system: str, user_id: str, *, actor: Member | str, now: datetime) -> ErasureRequest:
    """The same for a user id that is no contact here."""
    with transaction.atomic():
        request = _request([(system, user_id)], None, actor, now)
        request.rejects = _empty_rejects([user_id])
        request.save()
        write_audit(actor, "user_erased", f"{system} user")
    return request


def _request(
    users: Sequence[tuple[str, str]], contact_id: int | None, actor: Member | str, now: datetime
) -> ErasureRequest:
    name = actor.email if isinstance(actor, Member) else actor
    return ErasureRequest.objects.create(
        users=[list(user) for user in users], contact_id=contact_id, requested_by=name, requested_at=now
    )


def _empty_rejects(texts: Sequence[str]) -> int:
    """Items on the desk that quote one of the texts lose what they quote; so do corrections."""
    found = Q(pk__in=[])
    for text in texts:
        for quoted in {json.dumps(text), json.dumps(text, ensure_ascii=False)}:
            found |= Q(payload__contains=quoted)
    for correction in Correction.objects.exclude(rule={}):
        values = correction.rule["values"]
        if {text.casefold() for text in texts} & {part.casefold() for part in (*values, *values.values())}:
            correction.rule, correction.kept = {}, False
            correction.save(update_fields=["rule", "kept"])
    rows = Reject.objects.filter(found)
    rows.filter(status=Reject.Status.OPEN).update(status=Reject.Status.DISCARDED)
    return rows.update(payload="{}", closed_by="erasure")
