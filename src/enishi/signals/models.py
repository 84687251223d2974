"""Judgements about accounts: scores, causes and alerts, each with its reasons.

:class:`AccountState` is the read model of the pages: one row per account, rewritten by the daily scoring.
History stays in :class:`HealthScore` (daily for 90 days, then weekly) and :class:`Signal`.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account, Member
from enishi.definitions.models import DefinitionVersion


class Band(models.TextChoices):
    GREEN = "green", _("Good")
    YELLOW = "yellow", _("Caution")
    RED = "red", _("Danger")
    UNKNOWN = "unknown", _("Unknown")


class CauseName(models.TextChoices):
    DISVALUATION = "disvaluation", _("Disvaluation")
    DISCONNECTION = "disconnection", _("Disconnection")
    DISENGAGEMENT = "disengagement", _("Disengagement")
    DOWNTURN = "downturn", _("Downturn")


class HealthScore(models.Model):
    """An account's score on a day under one scorecard version. Scores are whole tenths (723 = 72.3)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="scores")
    scorecard = models.CharField(max_length=80)
    own = models.BooleanField(default=True)  # the account's score of the day; not one that stands beside it
    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT)
    day = models.DateField()
    tenths = models.IntegerField(null=True)
    band = models.CharField(max_length=10, choices=Band.choices)
    coverage = models.FloatField()
    groups = models.JSONField(default=dict)  # group id -> tenths
    lines = models.JSONField(
        default=list
    )  # one per measure: id, value, points, weight, tenths contributed, reason
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("account", "scorecard", "-day")
        constraints = [
            models.UniqueConstraint(fields=["account", "scorecard", "day"], name="score_once_a_day")
        ]
        indexes = [models.Index(fields=["day", "scorecard", "band"], name="score_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day} {self.band}"


class Signal(models.Model):
    """Something true of an account from ``since`` until it ends: a cause of churn or an alert.

    ``type`` is ``cause:<name>`` or ``alert:<name>`` (power_users_falling, champion_gone, outage_suffered,
    payment_late, use_stopped).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="signals")
    type = models.CharField(max_length=60)
    strength = models.PositiveSmallIntegerField(default=100)  # 0-100
    tag = models.CharField(max_length=20, blank=True)  # product | competition
    evidence = models.JSONField(default=list)  # [{"en","ja","on","kind","record"}], as of seen_at
    opening = models.JSONField(default=list)  # the evidence when it opened; empty where that was not kept
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-strength", "-since")
        indexes = [
            models.Index(fields=["account", "until"], name="signal_open"),
            models.Index(fields=["type", "until"], name="signal_type"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "type"], condition=models.Q(until=None), name="signal_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.account_id} since {self.since}"


class AccountState(models.Model):
    """All the pages show of an account in a list, as of ``day``. Money is whole minor units of the company's
    currency."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="state")
    day = models.DateField()
    scorecard = models.CharField(max_length=80, blank=True)
    tenths = models.IntegerField(null=True)
    band = models.CharField(max_length=10, choices=Band.choices, default=Band.UNKNOWN)
    computed_tenths = models.IntegerField(null=True)  # before a person's override
    computed_band = models.CharField(max_length=10, choices=Band.choices, default=Band.UNKNOWN)
    coverage = models.FloatField(default=0)
    tenths_week_ago = models.IntegerField(null=True)
    band_week_ago = models.CharField(max_length=10, blank=True)
    trend = models.CharField(max_length=10, blank=True)  # up | down | flat | "" unknown; tested, not noise
    lines = models.JSONField(default=list)
    changes = models.JSONField(default=list)  # contributions of the change since a week ago
    main_cause = models.CharField(max_length=20, blank=True)
    causes = models.JSONField(default=list)  # [{"cause","strength","tag","evidence":[…],"since"}]
    alerts = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)  # metric id -> value
    mrr = models.BigIntegerField(null=True)
    ltv = models.BigIntegerField(null=True)
    at_stake = models.BigIntegerField(default=0)
    unpriced = models.BooleanField(
        default=False
    )  # in a currency without a rate: what is at stake is unknown, not 0
    renewal_on = models.DateField(null=True)
    seats = models.BigIntegerField(null=True)
    active_users = models.BigIntegerField(null=True)
    last_seen_on = models.DateField(null=True)
    last_contact_on = models.DateField(null=True)
    tenure_days = models.IntegerField(null=True)
    stage = models.CharField(max_length=20, blank=True)
    tier = models.CharField(max_length=40, blank=True)
    computed_at = models.DateTimeField(default=timezone.now)
    change = models.GeneratedField(  # tenths gained or lost since a week ago
        expression=models.F("tenths") - models.F("tenths_week_ago"),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )

    class Meta:
        # The portfolio sorts 100,000 rows by any of these; the rows themselves are wide, so that it must never
        # read more of them than it shows.
        indexes = [
            models.Index(fields=["band", "-at_stake"], name="state_band"),
            models.Index(fields=["-at_stake", "account", "stage"], name="state_stake"),
            models.Index(fields=["account", "-at_stake", "stage"], name="state_of_account"),
            models.Index(fields=["account"], condition=models.Q(unpriced=True), name="state_unpriced"),
            models.Index(fields=["tier", "mrr"], name="state_tier"),
            models.Index(fields=["renewal_on"], name="state_renewal"),
            models.Index(fields=["tenths"], name="state_tenths"),
            models.Index(fields=["change"], name="state_change"),
            models.Index(fields=["mrr"], name="state_mrr"),
            models.Index(fields=["ltv"], name="state_ltv"),
            models.Index(fields=["seats"], name="state_seats"),
            models.Index(fields=["active_users"], name="state_active"),
            models.Index(fields=["last_seen_on"], name="state_seen"),
            models.Index(fields=["last_contact_on"], name="state_contact"),
            models.Index(fields=["tenure_days"], name="state_tenure"),
            models.Index(fields=["coverage"], name="state_coverage"),
            models.Index(fields=["main_cause"], name="state_cause"),
            models.Index(fields=["trend"], name="state_trend"),
            models.Index(fields=["band", "band_week_ago", "tier", "mrr"], name="state_strip"),
            models.Index(fields=["stage", "band", "band_week_ago", "tier", "mrr"], name="state_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.band}"


class Override(models.Model):
    """A person's judgement that stands over the computed one until it expires."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="overrides")
    band = models.CharField(max_length=10, choices=Band.choices)
    reason = models.CharField(max_length=500)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{self.account_id} {self.band} until {self.expires_on}"


class ManualMeasure(models.Model):
    """A value a person states for a measure (0-100), with an owner and an expiry."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="manual_measures")
    measure = models.CharField(max_length=80)
    value = models.FloatField()
    note = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)
    expires_on = models.DateField()

    class Meta:
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{self.measure} {self.account_id}"


class Backtest(models.Model):
    """What a scorecard version would have said on past days, and what then happened."""

    version = models.ForeignKey(DefinitionVersion, on_delete=models.CASCADE, related_name="backtests")
    status = models.CharField(max_length=10, default="queued")  # queued | running | done | failed
    progress = models.PositiveSmallIntegerField(default=0)
    parameters = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"backtest of {self.version}"


class ScoringRun(models.Model):
    """One pass of the daily scoring: its day, what it read, how long it took."""

    day = models.DateField()
    status = models.CharField(max_length=10, default="running")
    progress = models.PositiveSmallIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    facts_generation = models.BigIntegerField(default=0)
    common_dip = models.FloatField(default=0.0)  # of the use of all on the day: signals/derived.py
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"scoring {self.day}"


class Cursor(models.Model):
    """How far a follower of the facts has come: the last record version it has dealt with."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
