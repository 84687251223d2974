"""Declared things and their versions: metrics, scorecards, tiers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Member


class Definition(models.Model):
    """A named declaration. ``kind`` is metric, scorecard, causes, tiers, stages, names, offer or fit."""

    kind = models.CharField(max_length=20)
    slug = models.SlugField(max_length=80)
    builtin = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "slug")
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="definition_once")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"


class DefinitionVersion(models.Model):
    """One version of a definition. A draft may change; a published one never does."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced")

    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    body = models.JSONField()
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("definition", "-number")
        constraints = [
            models.UniqueConstraint(fields=["definition", "number"], name="definition_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.definition} v{self.number}"
