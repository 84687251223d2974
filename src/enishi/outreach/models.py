"""Messages on their way out, and what people have agreed to receive."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account, Contact, Member


class Channel(models.TextChoices):
    MAIL = "mail", _("Mail")


class Purpose(models.TextChoices):
    """Why a message is sent: what decides whether consent is needed."""

    SERVICE = "service", _("Needed for the service")
    MARKETING = "marketing", _("Information and offers")


class Message(models.Model):
    """One message to one person. The key makes it one: asking again with the same key sends nothing more."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")
        REFUSED = "refused", _("Not allowed")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    kind = models.CharField(max_length=60)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.SERVICE)
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    address = models.CharField(_("Mail address"), max_length=254)
    language = models.CharField(max_length=5, default="ja")
    subject = models.CharField(_("Subject"), max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at", "-id")
        indexes = [
            models.Index(fields=["status", "due_at"], name="message_due"),
            models.Index(fields=["-made_at", "-id"], name="message_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"


class Consent(models.Model):
    """What a contact agreed to or withdrew, when and how. Append only; the latest line holds."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    granted = models.BooleanField()
    source = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=["contact", "channel", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.channel} {'yes' if self.granted else 'no'}"
