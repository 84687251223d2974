"""Forecasts of leaving: what was learned, what it says of each account today, and what it said before.

A *horizon* is a number of days (30, 90, 180), or 0 for the next renewal. :class:`AccountRisk` is the read model of the
pages; the history stands in :class:`Statement`, and each of its rows names the :class:`ForecastModel` that made it.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Account, Member

HORIZONS = (30, 90, 180, 0)
RENEWAL = 0


class ForecastModel(models.Model):
    """One learned forecast of a horizon. Versions of a horizon count up; at most one of them is in use."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        IN_USE = "in_use", _("In use")
        RETIRED = "retired", _("Retired")
        REFUSED = "refused", _("Refused")

    horizon = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CANDIDATE)
    kind = models.CharField(max_length=40)  # which estimator stands: see selection_ of the forecaster
    outcome = models.CharField(max_length=20)  # churn:90 | silence:180 | renewal
    as_of = models.DateField()  # trained with what was known at the end of this day, and nothing later
    speaks = models.BooleanField(default=True)  # False: too few outcomes for any probability
    missing = models.PositiveIntegerField(default=0)  # outcomes still missing until it may speak
    base_rate = models.FloatField(null=True)
    rows = models.PositiveIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    outcomes = models.PositiveIntegerField(default=0)  # accounts that left within the training span
    facts_generation = models.BigIntegerField(default=0)
    trained_on = models.JSONField(
        default=dict
    )  # snapshots, features, what was left out and why, scorecard versions
    state = models.JSONField(default=dict)  # the learned state: ChurnForecaster.to_dict()
    report = models.JSONField(default=dict)  # ChurnForecaster.report(); `inputs`: how they lie since
    reason_en = models.TextField(blank=True)
    reason_ja = models.TextField(blank=True)
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)
    used_from = models.DateTimeField(null=True)
    used_until = models.DateTimeField(null=True)
    earlier_uses = models.JSONField(default=list)  # [[from, until], …] before it was put in use once more
    chosen_at = models.DateTimeField(
        null=True
    )  # when a person put it in use although newer fits are there: these replace it only where better since
    recalibrated = (
        models.ForeignKey(  # the version of which this is the same fit, its level adjusted to late outcomes
            "self", null=True, on_delete=models.SET_NULL, related_name="recalibrations"
        )
    )

    class Meta:
        ordering = ("horizon", "-version")
        constraints = [
            models.UniqueConstraint(fields=["horizon", "version"], name="forecast_version_once"),
            models.UniqueConstraint(
                fields=["horizon"], condition=models.Q(status="in_use"), name="forecast_one_in_use"
            ),
        ]

    @property
    def waits_for_stayed(self) -> bool:
        """Whether it cannot speak for want of accounts that stayed, rather than of accounts that left."""
        from enishi.risk.judging import stayed_are_missing  # slow to import: not with the models

        return stayed_are_missing(self.outcomes, self.missing)

    def __str__(self) -> str:
        return f"forecast {self.horizon} v{self.version} {self.status}"


class AccountRisk(models.Model):
    """What the forecast in use says of an account as of ``day``. ``probability`` is missing where no model may speak;
    an account without a row is not forecast: it has given notice, has left, or was never a customer."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="risks")
    horizon = models.PositiveSmallIntegerField()
    day = models.DateField()
    probability = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    base_rate = models.FloatField(null=True)
    rank = models.FloatField(
        null=True
    )  # 0-1 among all forecast, 1 most at risk; known before any probability is
    due_on = models.DateField(null=True)  # the day by which it will be known
    renewal_on = models.DateField(null=True)  # of the next renewal: its date, some days before ``due_on``
    drivers = models.JSONField(default=list)  # [{"feature","en","ja","effect","value"}], strongest first
    exits = models.JSONField(
        default=list
    )  # [{"feature","en","ja",…}]: what would bring it below the threshold
    model = models.ForeignKey(ForecastModel, null=True, on_delete=models.SET_NULL, related_name="risks")
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("horizon", "-probability")
        constraints = [models.UniqueConstraint(fields=["account", "horizon"], name="risk_once")]
        indexes = [
            models.Index(fields=["horizon", "-probability", "account"], name="risk_by_probability"),
            models.Index(fields=["horizon", "-rank", "account"], name="risk_by_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} within {self.horizon}: {self.probability}"


class Statement(models.Model):
    """A probability as it was said, and what came of it.

    Written when it is the first, a week after the one before, or differs from that noticeably; it stands until the next.
    ``outcome``: whether the account had left by ``due_on``; missing until that day has passed.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="statements")
    horizon = models.PositiveSmallIntegerField()
    day = models.DateField()
    probability = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    model = models.ForeignKey(ForecastModel, on_delete=models.PROTECT, related_name="statements")
    due_on = models.DateField(null=True)
    outcome = models.BooleanField(null=True)
    lost_on = models.DateField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("account", "horizon", "-day")
        constraints = [
            models.UniqueConstraint(fields=["account", "horizon", "day"], name="statement_once_a_day")
        ]
        indexes = [
            models.Index(fields=["horizon", "day"], name="statement_day"),
            models.Index(
                fields=["horizon", "due_on"], condition=models.Q(outcome=None), name="statement_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.horizon} {self.day}: {self.probability}"


class ForecastRun(models.Model):
    """One pass: a fit of a horizon, or the scoring of a day; shows progress and keeps the error of one that failed."""

    class Kind(models.TextChoices):
        FIT = "fit", pgettext_lazy("forecast", "Fit")
        SCORE = "score", _("Score")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    horizon = models.PositiveSmallIntegerField(null=True)  # of a fit; a scoring is of all
    day = models.DateField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    model = models.ForeignKey(ForecastModel, null=True, on_delete=models.SET_NULL, related_name="runs")
    drift = models.JSONField(default=dict)  # of a scoring: what came of what was said, by horizon
    facts_generation = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        indexes = [models.Index(fields=["kind", "status", "day"], name="forecast_run")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.day} {self.status}"
