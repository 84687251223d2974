"""A person's right to be forgotten, through every room: records, history, rejected rows, events."""

from __future__ import annotations

import json
from datetime import datetime

from django.db import transaction

from enishi.accounts.erasing import Erased, erase_contact
from enishi.accounts.models import Contact, Member
from enishi.ingest.models import Reject


def erase_person(contact: Contact, *, actor: Member | str, now: datetime) -> Erased:
    """Erase a contact here at once, and ask the consumer to remove the person from the store.

    Rejected rows and messages that name the person are emptied and closed.
    """
    with transaction.atomic():
        erased = erase_contact(contact, actor=actor, now=now)
        for text in erased.texts:
            quoted = json.dumps(text, ensure_ascii=False)
            Reject.objects.filter(payload__icontains=quoted).update(
                payload="{}", context={}, status=Reject.Status.DISCARDED, closed_at=now, closed_by="erasure"
            )
    return erased
