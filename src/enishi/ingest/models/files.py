"""Imports of files and the mappings they leave behind; keys of the REST API and the answers they may replay."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.store.kinds import DEFAULT_SYSTEM

_KEY_PREFIX = "ena_"
_SHOWN = 8


class Mapping(models.Model):
    """How the columns of files with these headings are read; used again when the same headings return."""

    kind = models.CharField(max_length=30)
    fingerprint = models.CharField(max_length=64)  # of the headings, in whatever order
    headings = models.JSONField(default=list)
    body = models.JSONField(default=dict)  # see enishi.ingest.files.reading.Plan
    system = models.CharField(max_length=60, default=DEFAULT_SYSTEM)
    name = models.CharField(_("Name"), max_length=200)
    uses = models.PositiveIntegerField(default=0)
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-used_at", "-id")
        constraints = [models.UniqueConstraint(fields=["kind", "fingerprint"], name="mapping_once")]
        verbose_name = _("Mapping")

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One file on its way in: dropped, mapped, tried, run, perhaps undone."""

    class Status(models.TextChoices):
        MAPPING = "mapping", _("Being prepared")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.MAPPING)
    name = models.CharField(_("File"), max_length=255)
    stored = models.CharField(max_length=300, blank=True)  # name below the uploads folder; empty once removed
    digest = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    form = models.CharField(max_length=10, blank=True)
    details = models.JSONField(default=dict)  # encoding, delimiter, sheet
    headings = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    former = models.JSONField(default=list)  # of events: the earlier plans by which their ids were given too
    system = models.CharField(_("Id system"), max_length=60, default=DEFAULT_SYSTEM)
    backfill = models.BooleanField(_("History"), default=True)
    tried = models.BooleanField(default=False)  # whether the counts are those of a dry run
    total = models.BigIntegerField(null=True)
    done = models.BigIntegerField(default=0)
    orphans = models.JSONField(default=list)  # rows done whose parent account may come later in the file
    received = models.JSONField(default=list)  # microseconds: the instants at which its events were received
    sent = models.BooleanField(default=False)  # all events wait in the inbox, or are stored already
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    warnings = models.JSONField(default=dict)  # field -> [count, first message en, ja]
    error_en = models.TextField(blank=True)
    error_ja = models.TextField(blank=True)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    taken_back = models.JSONField(default=dict)  # counts: of events gone, customers gone, staying; or Undone

    class Meta:
        ordering = ("-id",)
        verbose_name = _("Import")

    def __str__(self) -> str:
        return self.name

    @property
    def origin(self) -> str:
        """What the rejects desk calls it."""
        return f"import:{self.pk}"

    @property
    def delivery(self) -> str:
        """Under what name its new events are counted. A number alone may be given twice: the database may be put
        back to an earlier day, which the store outlives."""
        return f"import:{self.pk}:{self.made_at.timestamp():.6f}"

    @property
    def is_undoable(self) -> bool:
        """Records once they are all saved; events also where a run failed and some had come in."""
        return self.status == self.Status.DONE or (self.status == self.Status.FAILED and bool(self.received))

    @property
    def is_taken_back(self) -> bool:
        """Undone, or about to be: what it could not take is not to be taken any more."""
        return self.status in (self.Status.UNDOING, self.Status.UNDONE)

    @property
    def is_under_way(self) -> bool:
        """Whether it waits for the worker or the consumer, or one of them is at it."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING, self.Status.UNDOING)

    @property
    def share_done(self) -> int | None:
        """Percent, where the number of rows is known."""
        return min(100, self.done * 100 // self.total) if self.total else None

    def error(self, language: str) -> str:
        return self.error_ja if language.lower().startswith("ja") else self.error_en


class Arrival(models.Model):
    """How many events of an import were new, as the consumer counted them; kept until the import is over."""

    delivery = models.CharField(max_length=60, unique=True)
    fresh = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.delivery}: {self.fresh}"


def hash_api_key(key: str) -> str:
    """What is kept of an API key: keys are 32 random bytes, so a plain digest cannot be guessed back."""
    return hashlib.sha256(key.encode()).hexdigest()


class ApiKey(models.Model):
    """Permission to read and write by the REST API. Bound to a member, it sees what the member sees."""

    name = models.CharField(_("Name"), max_length=100, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    shown = models.CharField(_("Key starts with"), max_length=20, editable=False)
    scopes = models.JSONField(default=list)  # read:<kind>, write:<kind>, read:scores, erase:contact
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("Sees what this member sees"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="api_keys",
    )
    system = models.CharField(_("Id system"), max_length=60, default=DEFAULT_SYSTEM)
    created_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("Expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("Last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("Revoked"), null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("API key")

    def __str__(self) -> str:
        return self.name

    def assign(self) -> str:
        """Give this row a new key; returns it in clear for the one time it is shown. The caller saves."""
        key = _KEY_PREFIX + secrets.token_urlsafe(32)
        self.digest, self.shown = hash_api_key(key), key[:_SHOWN] + "…"
        return key


class Answer(models.Model):
    """The answer to a call made under an idempotency key, given again when the call is repeated."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)  # digest of method, path and body
    status = models.PositiveSmallIntegerField(default=0)  # 0 while the first call is under way
    body = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="answer_once")]

    def __str__(self) -> str:
        return self.key
