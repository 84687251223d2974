"""What customers are worth: the company's assumptions, the last valuation of each account, and what was said before.

Money is whole minor units of the company's currency.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account, Member


class Method(models.TextChoices):
    """The lifetime values, always named."""

    SIMPLE = "simple", _("Simple LTV")
    CONTRACTUAL = "contractual", _("Contractual LTV, from the first day")
    RESIDUAL = "residual", _("Contractual LTV, still to come")
    NONCONTRACTUAL = "noncontractual", _("Repeat-purchase LTV, still to come")


class Ranking(models.TextChoices):
    """Which lifetime value ranks customers."""

    AUTO = "auto", _("What is still to come, else simple")
    SIMPLE = "simple", _("Simple LTV")


class ValueSettings(models.Model):
    """What the company assumes when it values a customer: one row."""

    discount_rate = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal("0.1"))  # a year
    horizon_years = models.PositiveSmallIntegerField(default=10)
    hour_cost = models.BigIntegerField(null=True, blank=True)  # of an hour of the team; None: not stated
    ticket_cost = models.BigIntegerField(null=True, blank=True)  # of answering one; None: not stated
    ranking = models.CharField(max_length=20, choices=Ranking.choices, default=Ranking.AUTO)
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"discount {self.discount_rate}, {self.horizon_years} years"


class ValueRun(models.Model):
    """One valuation of all accounts: its day, its assumptions, the fits behind it."""

    day = models.DateField()
    status = models.CharField(max_length=10, default="running")  # running | done | failed
    progress = models.PositiveSmallIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    assumptions = models.JSONField(default=dict)
    fits = models.JSONField(default=dict)  # method -> parameters, counts, what is missing
    facts_generation = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"valuation {self.day} {self.status}"


class Valued(models.Model):
    """The lifetime values of an account; missing where there is not enough history."""

    simple = models.BigIntegerField(null=True)
    simple_low = models.BigIntegerField(null=True)
    simple_high = models.BigIntegerField(null=True)
    contractual = models.BigIntegerField(null=True)
    contractual_low = models.BigIntegerField(null=True)
    contractual_high = models.BigIntegerField(null=True)
    residual = models.BigIntegerField(null=True)
    residual_low = models.BigIntegerField(null=True)
    residual_high = models.BigIntegerField(null=True)
    noncontractual = models.BigIntegerField(null=True)
    noncontractual_low = models.BigIntegerField(null=True)
    noncontractual_high = models.BigIntegerField(null=True)
    chosen = models.BigIntegerField(null=True)
    chosen_by = models.CharField(max_length=20, choices=Method.choices, blank=True)

    class Meta:
        abstract = True


class AccountValue(Valued):
    """What an account is worth as of ``day``, and what it has brought so far."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="value")
    day = models.DateField()
    run = models.ForeignKey(ValueRun, null=True, on_delete=models.SET_NULL, related_name="values")
    margin = models.BigIntegerField(null=True)  # a month: revenue x gross margin - cost to serve
    service = models.BigIntegerField(null=True)  # cost to serve a month; None: nothing to count it from
    acquisition = models.BigIntegerField(
        null=True
    )  # what winning it cost; None: no costs of its channel known
    earned = models.BigIntegerField(null=True)  # margin since the start, without the cost of winning it
    months = models.PositiveIntegerField(default=0)  # since the start
    even_month = models.PositiveIntegerField(null=True)  # months until the cost of winning it was earned back
    months_left = models.FloatField(null=True)  # expected to stay, undiscounted, within the horizon
    near_term = models.BooleanField(default=False)  # whether a forecast speaks for the near future
    since = models.DateField(null=True)  # first day with a contract or an order
    left = models.BooleanField(default=False)  # its contracts are over, and it has not ordered since
    order_soon = models.FloatField(
        null=True
    )  # chance of an order within 90 days; None: no orders, or too few
    order_year = models.FloatField(null=True)  # the same within a year
    curve = models.JSONField(default=list)  # margin less cost to serve since the start, by whole month
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-chosen", "account"], name="value_by_chosen")]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day}: {self.chosen}"


class ValueStatement(Valued):
    """The lifetime values as said on a day: kept once a month, so that a past day can be asked."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="value_statements")
    day = models.DateField()
    run = models.ForeignKey(ValueRun, null=True, on_delete=models.SET_NULL, related_name="statements")

    class Meta:
        ordering = ("account", "-day")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="value_said_once")]
        indexes = [models.Index(fields=["day"], name="value_said_on")]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day}: {self.chosen}"


class SegmentValue(models.Model):
    """How long the customers of a segment stay, by the run that worked it out. Over the whole company."""

    run = models.ForeignKey(ValueRun, on_delete=models.CASCADE, related_name="segments")
    dimension = models.CharField(max_length=20)  # size | plan | industry | channel; empty: everyone
    segment = models.CharField(max_length=200, blank=True)
    customers = models.PositiveIntegerField()  # relations observed, ended ones included
    lost = models.PositiveIntegerField()
    multiplier = models.FloatField(null=True)  # of the hazard, against everyone
    multiplier_low = models.FloatField(null=True)
    multiplier_high = models.FloatField(null=True)
    curve = models.JSONField(default=list)  # [[months, share still there, low, high, at risk]], Kaplan-Meier

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "dimension", "segment"], name="segment_value_once")
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.segment}"
