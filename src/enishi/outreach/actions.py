"""Putting messages into the outbox, and what a person may do with one there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Contact, Member
from enishi.kit.errors import Conflict
from enishi.kit.text import Text
from enishi.outreach.letters import Letter, render
from enishi.outreach.models import Consent, Message, Purpose
from enishi.outreach.rules import Recipient, refusal

Status = Message.Status


def write_to_member(key: str, kind: str, member: Member, letter: Letter, *, now: datetime) -> Message:
    """Queue a service mail to a member, once per ``key``. Members need no consent, but it is recorded."""
    return _queue(
        key,
        letter,
        member.language,
        now,
        kind=kind,
        member=member,
        address=member.email,
        purpose=Purpose.SERVICE,
    )


def write_to_contact(
    key: str, kind: str, contact: Contact, letter: Letter, *, purpose: Purpose, language: str, now: datetime
) -> Message:
    """Queue a mail to a contact, once per ``key``; where it is not allowed the refusal is what is recorded."""
    reason = refusal(_recipient(contact), marketing=purpose == Purpose.MARKETING)
    return _queue(
        key,
        letter,
        language,
        now,
        kind=kind,
        contact=contact,
        account=contact.account,
        address=contact.email,
        purpose=purpose,
        status=Status.REFUSED if reason else Status.QUEUED,
        error=reason.in_language(language) if reason else "",
    )


def _recipient(contact: Contact) -> Recipient:
    latest = Consent.objects.filter(contact=contact, channel="mail").first()
    return Recipient(
        address=contact.email,
        left=contact.left_on is not None,
        bounced=contact.bounced_on is not None,
        erased=contact.erased_at is not None,
        consent=latest.granted if latest else None,
    )


def _queue(key: str, letter: Letter, language: str, now: datetime, **fields: object) -> Message:
    body = render(letter, language)
    message, made = Message.objects.get_or_create(
        key=key,
        defaults={
            "language": language,
            "subject": body.subject[:300],
            "text": body.text,
            "html": body.html,
            "made_at": now,
            "due_at": now,
            **fields,
        },
    )
    if made and message.status == Status.QUEUED:
        from enishi.outreach.jobs import ask_to_send

        transaction.on_commit(ask_to_send)
    return message


def record_consent(
    contact: Contact, granted: bool, *, source: str, actor: Member | str, now: datetime
) -> Consent:
    """Write down what a contact agreed to or withdrew for mail."""
    with transaction.atomic():
        consent = Consent.objects.create(contact=contact, granted=granted, source=source, at=now)
        verb = "consent_given" if granted else "consent_withdrawn"
        write_audit(actor, verb, contact, account=contact.account, detail={"source": source})
    return consent


def send_again(message: Message, actor: Member, now: datetime) -> None:
    """Put a message that was given up back into the queue."""
    with transaction.atomic():
        changed = Message.objects.filter(pk=message.pk, status=Status.DEAD).update(
            status=Status.QUEUED, attempts=0, due_at=now, error=""
        )
        if not changed:
            raise _not_in_state(message)
        write_audit(actor, "message_sent_again", message, account=message.account)
        from enishi.outreach.jobs import ask_to_send

        transaction.on_commit(ask_to_send)


def cancel(message: Message, actor: Member) -> None:
    """Stop a message that has not gone out."""
    with transaction.atomic():
        changed = Message.objects.filter(pk=message.pk, status__in=[Status.QUEUED, Status.DEAD]).update(
            status=Status.CANCELLED
        )
        if not changed:
            raise _not_in_state(message)
        write_audit(actor, "message_cancelled", message, account=message.account)


def _not_in_state(message: Message) -> Conflict:
    message.refresh_from_db()
    return Conflict(
        "message_state",
        Text(
            f"The message is already {message.get_status_display()}.",
            f"このメッセージはすでに「{message.get_status_display()}」です。",
        ),
        Text("Reload the list.", "一覧を再読み込みしてください。"),
    )
