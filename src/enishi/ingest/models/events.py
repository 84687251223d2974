"""Write keys, refused items, and the inbox where PostgreSQL is configured."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.store.kinds import DEFAULT_SYSTEM

_KEY_PREFIX = "enw_"
_SHOWN = 8


def hash_key(key: str) -> str:
    """What is kept of a write key. Keys are 32 random bytes, so a plain digest cannot be guessed back."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_stream() -> str:
    """The name of a new application's stream of messages."""
    return secrets.token_hex(8)


class WriteKey(models.Model):
    """Permission to send events, held by a product's code. The key itself is shown once and not kept.

    ``stream`` names the application that sends: message ids count once within it. A key that replaces another one
    takes over its stream.
    """

    name = models.CharField(_("Name"), max_length=100, unique=True)
    product = models.CharField(_("Product"), max_length=100, blank=True)
    system = models.CharField(_("Id system"), max_length=60, default=DEFAULT_SYSTEM)
    stream = models.CharField(max_length=40, default=new_stream, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    shown = models.CharField(_("Key starts with"), max_length=20, editable=False)
    creates_accounts = models.BooleanField(_("Unknown groups become accounts"), default=True)
    updates_records = models.BooleanField(_("Traits update accounts and contacts"), default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_used_at = models.DateTimeField(_("Last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("Revoked"), null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("Write key")

    def __str__(self) -> str:
        return self.name

    def assign(self) -> str:
        """Give this row a new key; returns it in clear for the one time it is shown. The caller saves."""
        return self.assign_known(_KEY_PREFIX + secrets.token_urlsafe(32))

    def assign_known(self, key: str) -> str:
        """Use a key made elsewhere (a migration from another tool, a test)."""
        self.digest, self.shown = hash_key(key), key[:_SHOWN] + "…"
        return key


class Reject(models.Model):
    """Something that was taken in but could not be understood: an event of a batch, or a row of a file.

    ``origin`` and ``position`` say where it stood (``inbox:17``, item 3; ``import:5``, row 120) and are
    unique, so that a consumer or an import that runs again never makes a second line.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        REPLAYED = "replayed", _("Replayed")
        DISCARDED = "discarded", _("Discarded")

    kind = models.CharField(max_length=30, default="event")  # "event", or the name of a kind of record
    source = models.CharField(max_length=100, blank=True)  # name of the write key or import
    origin = models.CharField(max_length=60)
    position = models.BigIntegerField()
    content = models.CharField(max_length=64, blank=True)  # digest of a file's row as it came
    payload = models.TextField()  # the item as it came, JSON where it was JSON
    reason = models.CharField(max_length=60)  # code of the error
    message_en = models.TextField()
    message_ja = models.TextField()
    place = models.CharField(max_length=200, blank=True)  # JSON path or column heading
    context = models.JSONField(default=dict, blank=True)  # what replaying needs: route, key, received_at
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=["origin", "position"], name="reject_once")]
        indexes = [
            models.Index(fields=["status", "-id"], name="reject_desk"),
            models.Index(fields=["content"], name="reject_content"),
        ]
        verbose_name = _("Rejected item")

    def __str__(self) -> str:
        return f"{self.kind} {self.origin}#{self.position}: {self.reason}"

    def message(self, language: str) -> str:
        """The reason in the reader's language."""
        return self.message_ja if language.lower().startswith("ja") else self.message_en


class Correction(models.Model):
    """What a person said once for many rejected items alike, what became of them, and whether it is kept for later
    ones: of the source, or of files with the same headings (``fingerprint``)."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=30)
    source = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=60)
    place = models.CharField(max_length=200, blank=True)  # the name at fault in the items
    fingerprint = models.CharField(max_length=64, blank=True)
    rule = models.JSONField(default=dict)  # see enishi.ingest.corrections.Rule; empty once erased
    kept = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    total = models.PositiveIntegerField(default=0)  # items that waited
    done = models.PositiveIntegerField(default=0)  # of them looked at
    taken = models.PositiveIntegerField(default=0)
    nearer = models.PositiveIntegerField(default=0)  # mended here, but something else is wrong too
    refused = models.PositiveIntegerField(default=0)  # still wrong, left as they were
    reasons = models.JSONField(default=dict)  # why items were not taken -> how many
    failure = models.CharField(max_length=200, blank=True)  # the kind of error that stopped it
    failed_item = models.BigIntegerField(null=True)  # at which item, where that is known
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("Correction")

    def __str__(self) -> str:
        return f"{self.kind} {self.source}: {self.place}"

    @property
    def share_done(self) -> int:
        """Percent."""
        return 100 if not self.total else min(100, self.done * 100 // self.total)


class InboxBody(models.Model):
    """The inbox where PostgreSQL is configured (the embedded installation keeps a file of its own)."""

    received_us = models.BigIntegerField()
    origin = models.TextField()
    body = models.BinaryField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.pk}: {self.origin}"


class StorePolicy(models.Model):
    """How long the store keeps what: one row."""

    raw_months = models.PositiveSmallIntegerField(
        _("Keep raw events for months"), null=True, blank=True, help_text=_("Empty: for ever.")
    )

    def __str__(self) -> str:
        return f"raw events: {self.raw_months or 'for ever'}"


class ErasureRequest(models.Model):
    """A person to be removed from the store; the ids are blanked once it is done."""

    users = models.JSONField(default=list)  # [[system, user id], …]
    contact_id = models.BigIntegerField(null=True)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    rows = models.BigIntegerField(default=0)
    blanked = models.BigIntegerField(default=0)
    # [[kind, record number, [field, …]], …]: records of others that name the person, and where beside personal fields
    texts = models.JSONField(default=list)
    kept = models.JSONField(default=list)  # the same of those looked through and left as they are
    records = models.PositiveIntegerField(default=0)  # rows of the application database that lost their texts
    rejects = models.PositiveIntegerField(default=0)  # items of the desk that were emptied
    traces = models.BigIntegerField(null=True)  # rows that still name the person, read back; null until then

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"erasure {self.pk}"
