"""Statements of where revenue will land, what people say of single renewals, and what is aimed at.

Everything here is kept: a forecast is never changed after it was made, a target is replaced by a later line.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Account, Member


class Forecast(models.Model):
    """One statement, made from what was known at the end of ``day``."""

    class Kind(models.TextChoices):
        DAILY = "daily", _("Daily")
        MONTHLY = "monthly", _("Monthly")
        ASKED = "asked", _("On demand")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    model = models.CharField(max_length=200, blank=True)  # versions of the churn forecasts that spoke
    rates = models.JSONField(default=dict)  # what was learned: Turnover
    result = models.JSONField(
        default=dict
    )  # by month: expected and intervals; or how much history is missing
    asked_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-day", "-pk")
        indexes = [models.Index(fields=["status", "-day"], name="outlook_latest")]

    def __str__(self) -> str:
        return f"forecast of {self.day} {self.kind}"


class ForecastBook(models.Model):
    """What a statement said of each customer, as compressed arrays (:mod:`enishi.outlook.keeping`): numbers alone."""

    forecast = models.OneToOneField(Forecast, on_delete=models.CASCADE, primary_key=True, related_name="book")
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"book of {self.forecast_id}"


class BackTest(models.Model):
    """Past quarters forecast as of their first day, beside what came."""

    day = models.DateField()
    trials = models.JSONField(default=list)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-day", "-pk")

    def __str__(self) -> str:
        return f"outlook tested on {self.day}"


class Category(models.TextChoices):
    COMMIT = "commit", pgettext_lazy("renewal", "Commit")
    LIKELY = "likely", pgettext_lazy("renewal", "Likely")
    AT_RISK = "at_risk", pgettext_lazy("renewal", "At risk")
    NOTICE = "notice", pgettext_lazy("renewal", "Notice given")


class RenewalCall(models.Model):
    """A person's judgement of a renewal; it stands beside the computed one until it expires."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="renewal_calls")
    contract = models.BigIntegerField(
        default=0
    )  # of a customer who decides on several apart; 0: of all they hold
    renewal_on = models.DateField()
    category = models.CharField(max_length=10, choices=Category.choices)
    computed = models.CharField(max_length=10, choices=Category.choices)
    probability = models.FloatField(null=True)  # not to renew, as computed when this was said
    reason = models.CharField(max_length=500)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["account", "contract"],
                condition=models.Q(ended_at__isnull=True),
                name="renewal_one_call",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.renewal_on} {self.category}"


class Thresholds(models.Model):
    """From which probability not to renew a renewal counts as what; the newest line is in force."""

    commit = models.FloatField(default=0.1)  # up to it: commit
    at_risk = models.FloatField(default=0.3)  # from it on: at risk
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"commit to {self.commit}, at risk from {self.at_risk}"


class Target(models.Model):
    """What is aimed at in a period. The newest line of a measure, period and segment counts; one without a value takes
    the target back. Money in whole minor units, rates as shares."""

    class Measure(models.TextChoices):
        MRR = "mrr", _("MRR at the end")
        ARR = "arr", _("ARR at the end")
        NRR = "nrr", _("NRR, 12 months")
        GRR = "grr", _("GRR, 12 months")
        CHURN = "churn", _("Revenue churn")
        EXPANSION = "expansion", pgettext_lazy("target", "Expansion")

    class Every(models.TextChoices):
        QUARTER = "quarter", _("Quarter")
        YEAR = "year", _("Fiscal year")

    measure = models.CharField(max_length=10, choices=Measure.choices)
    every = models.CharField(max_length=10, choices=Every.choices)
    start = models.DateField()
    dimension = models.CharField(max_length=20, blank=True)
    segment = models.CharField(max_length=200, blank=True)
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    note = models.CharField(max_length=500, blank=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-pk",)
        indexes = [
            models.Index(
                fields=["dimension", "segment", "every", "start", "measure", "-id"], name="target_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.every} {self.start}: {self.value}"
