"""What belongs to the pages themselves: views a member keeps, and files made for a member to fetch."""

from __future__ import annotations

from pathlib import Path

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Member, Team
from enishi.kit.home import Home


class SavedView(models.Model):
    """A list page's address under a name. Shared ones are seen by the team, or by all where there is none."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=20, default="portfolio")
    name = models.CharField(_("Name of the view"), max_length=80)
    address = models.TextField(blank=True)  # the query string, without page and view
    shared = models.BooleanField(_("Share with the team"), default=False)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["member", "page", "name"], name="saved_view_once"),
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view a member's list page opens with. It may be a colleague's shared one."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="default_views")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=20, default="portfolio")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "page"], name="default_view_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.page}"


class Export(models.Model):
    """A file a member asked for: made by a job, fetched by that member alone, deleted after a week."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="exports")
    page = models.CharField(max_length=20, default="portfolio")
    address = models.TextField(blank=True)  # the view it holds
    scope = models.CharField(max_length=60, blank=True)  # what the member saw when it was made
    accounts = models.JSONField(null=True)  # numbers of those in it; null for a member who sees all
    format = models.CharField(max_length=10)  # csv | cp932 | xlsx | pdf
    language = models.CharField(max_length=5, default="ja")
    status = models.CharField(max_length=10, default="queued")  # queued | running | done | failed
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.page} {self.format} {self.pk}"

    @property
    def ending(self) -> str:
        return self.format if self.format in ("xlsx", "pdf") else "csv"

    @property
    def path(self) -> Path:
        return Home.from_environment().exports / f"{self.page}-{self.pk}.{self.ending}"

    @property
    def percent(self) -> int:
        return min(100, 100 * self.rows_done // self.rows) if self.rows else 0


class Invitation(models.Model):
    """The latest invitation of a member who has not set a password yet. Only the key's digest is kept."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="invitation")
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-sent_at",)

    def __str__(self) -> str:
        return f"invitation of {self.member}"


class BackgroundJob(models.Model):
    """Something long that is watched from the pages: loading the sample, scoring now, scoring the past."""

    PAST = "past"

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(null=True)  # percent, where it is known
    steps_done = models.PositiveIntegerField(default=0)  # days, where the work is counted in days
    steps = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"

    @property
    def over(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.FAILED)
