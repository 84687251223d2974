"""Touch tiers: exactly one per account, with the history of assignments and the pins people set."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account, Member


class TierAssignment(models.Model):
    """The tier of an account from ``since`` until ``until`` (open: now)."""

    class Reason(models.TextChoices):
        SHARE = "share", _("Share of value")
        RULE = "rule", _("Rule")
        PIN = "pin", _("Pinned by a person")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tiers")
    tier = models.CharField(max_length=40)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    detail = models.JSONField(default=dict)  # value, share before the account, rule id
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("account", "-since", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(until__isnull=True), name="tier_one_open"
            )
        ]
        indexes = [models.Index(fields=["tier", "until"], name="tier_members")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.tier} since {self.since}"


class TierPin(models.Model):
    """A person's decision that an account stays in a tier until the pin is taken out or expires."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tier_pins")
    tier = models.CharField(max_length=40)
    reason = models.CharField(_("Reason"), max_length=500)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField(_("Until"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ended_at__isnull=True), name="tier_one_pin"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} pinned to {self.tier}"


class TierSummary(models.Model):
    """What a tier held on a day, kept so that the long tail's revenue has a trend. Money in minor units."""

    day = models.DateField()
    tier = models.CharField(max_length=40)
    accounts = models.PositiveIntegerField()
    mrr = models.BigIntegerField()
    at_risk = models.PositiveIntegerField(default=0)  # accounts in red

    class Meta:
        ordering = ("day", "tier")
        constraints = [models.UniqueConstraint(fields=["day", "tier"], name="tier_summary_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.tier} {self.accounts}"
