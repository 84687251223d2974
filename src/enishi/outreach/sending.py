"""The sender: takes due messages one by one, hands them to the mail server, and tries again what failed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Q

from enishi.outreach.models import Message
from enishi.outreach.rules import CLAIM, wait_after

log = logging.getLogger("enishi.outreach")
Status = Message.Status


def send_due(clock: Callable[[], datetime], limit: int = 100) -> dict[str, int]:
    """Send what is due, at most ``limit`` messages.

    Several senders may run: a message is claimed by one conditional update. One whose sender died is taken over
    after :data:`CLAIM`; it keeps its Message-ID, so that a mail that had gone out is recognised as the same.

    Returns:
        How many were ``sent``, will be tried again (``later``) or were given up (``dead``).
    """
    counts = {"sent": 0, "later": 0, "dead": 0}
    connection: BaseEmailBackend | None = None
    for _ in range(limit):
        message = _claim(clock())
        if message is None:
            break
        connection = connection or get_connection()
        counts[_send_one(message, connection, clock)] += 1
    if connection is not None:
        connection.close()
    return counts


def _claim(now: datetime) -> Message | None:
    stale = Q(status=Status.SENDING, claimed_at__lt=now - CLAIM)
    for message in Message.objects.filter(Q(status=Status.QUEUED, due_at__lte=now) | stale).order_by(
        "due_at", "id"
    )[:5]:
        mine = Message.objects.filter(
            pk=message.pk, status=message.status, claimed_at=message.claimed_at
        ).update(status=Status.SENDING, claimed_at=now, attempts=F("attempts") + 1)
        if mine:
            message.refresh_from_db()
            return message
    return None


def _send_one(message: Message, connection: BaseEmailBackend, clock: Callable[[], datetime]) -> str:
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        settings.DEFAULT_FROM_EMAIL,
        [message.address],
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        mail.send()
    except (SMTPException, OSError, ValueError) as error:
        connection.close()
        return _failed(message, error, clock())
    Message.objects.filter(pk=message.pk).update(
        status=Status.SENT, sent_at=clock(), error="", claimed_at=None
    )
    return "sent"


def _failed(message: Message, error: Exception, now: datetime) -> str:
    wait = wait_after(message.attempts)
    reason = f"{type(error).__name__}: {error}"[:2000]
    log.warning("message %s failed (%s tries): %s", message.pk, message.attempts, reason)
    Message.objects.filter(pk=message.pk).update(
        status=Status.QUEUED if wait else Status.DEAD,
        due_at=now + wait if wait else now,
        error=reason,
        claimed_at=None,
    )
    return "later" if wait else "dead"


def message_id(message: Message) -> str:
    """The same for every try of the same message."""
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{digest}@{domain}>"
