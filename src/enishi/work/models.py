"""What people do about it: tasks, snoozes, notes. A logged interaction is a record of kind ``interaction``."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Account, Contact, Member


class Task(models.Model):
    """A promise or a piece of work for a person, about an account."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("task", "Open")
        DONE = "done", pgettext_lazy("task", "Done")
        DROPPED = "dropped", pgettext_lazy("task", "Dropped")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tasks")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL)
    title = models.CharField(pgettext_lazy("task", "What"), max_length=300)
    note = models.TextField(pgettext_lazy("task", "Note"), blank=True)
    assignee = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="tasks")
    due_on = models.DateField(pgettext_lazy("task", "Due"), null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("due_on", "id")
        indexes = [
            models.Index(fields=["assignee", "status", "due_on"], name="task_queue"),
            models.Index(fields=["account", "status"], name="task_account"),
        ]

    def __str__(self) -> str:
        return self.title


class Attention(models.Model):
    """What a person decided about an account on their Today page: snoozed or dealt with, until when.

    It holds only while nothing worse happens: ``fingerprint`` names what was seen, and a new cause or alert
    brings the account back at once.
    """

    class Verb(models.TextChoices):
        SNOOZED = "snoozed", pgettext_lazy("attention", "Snoozed")
        DONE = "done", pgettext_lazy("attention", "Done")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="attention")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="attention")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    until = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    fingerprint = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-made_at",)
        indexes = [models.Index(fields=["member", "until"], name="attention_until")]

    def __str__(self) -> str:
        return f"{self.verb} {self.account_id} until {self.until}"


class Note(models.Model):
    """A member's free text on an account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    body = models.TextField(pgettext_lazy("note", "Note"))
    pinned = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pinned", "-made_at")

    def __str__(self) -> str:
        return self.body[:60]


class NoteText(models.Model):
    """What a note said before it was changed, so that a past day shows the wording of then."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="texts")
    body = models.TextField()
    written_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ("written_at", "id")

    def __str__(self) -> str:
        return self.body[:60]


class Tag(models.Model):
    """A word the vendor's people put on an account, to find and list it by. Everybody who sees the account sees it.

    ``folded`` is what tells tags apart: width, case and kana kind do not. After a merge the survivor may hold the
    same tag twice, so that undoing gives each back.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(pgettext_lazy("account", "Tag"), max_length=40)
    folded = models.CharField(max_length=80)
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("folded", "id")
        indexes = [models.Index(fields=["folded", "account"], name="tag_accounts")]

    def __str__(self) -> str:
        return self.name
