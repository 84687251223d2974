"""Whether customers are the right ones: the last judgement of each, what was said before, and what people stated."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from enishi.accounts.models import Account, Member
from enishi.definitions.models import DefinitionVersion


class FitRun(models.Model):
    """One judging of all accounts: its day, the axes it went by, and whether the fit at the sale told what came."""

    day = models.DateField()
    status = models.CharField(max_length=10, default="running")  # running | done | failed
    version = models.ForeignKey(DefinitionVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    accounts = models.PositiveIntegerField(default=0)
    record = models.JSONField(default=dict)  # the test against who stayed and grew; see forecasts/fitness.py
    suggestion = models.JSONField(default=dict)  # weights that fit the past
    observed_from = models.DateField(null=True)  # sales before it are known only of those who stayed
    read_anew = models.BooleanField(default=False)  # all sales were read again, not only the new ones
    facts_generation = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"fit {self.day} {self.status}"


class AccountFit(models.Model):
    """The fit of an account as of ``day``, and what it was at the sale, by the same axes.

    ``axes``: ``[{"id", "en", "ja", "points" (0-100|null), "share" (0-1), "tenths", "inputs": [{"id", "en", "ja", "text_en",
    "text_ja", "points", "share", "tenths", "source", "at"}]}]``; the tenths add up to the score.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="fit")
    run = models.ForeignKey(FitRun, on_delete=models.CASCADE, related_name="fits")
    sold_on = models.DateField(null=True)  # first day with money on record, else the stated start
    seller = models.CharField(max_length=200, blank=True)
    sale_tenths = models.IntegerField(null=True)  # None: too little was known
    sale_band = models.CharField(max_length=10, blank=True)  # good | fair | poor | "": unknown
    sale_coverage = models.FloatField(default=0)
    sale_axes = models.JSONField(default=list)
    stated_on = models.DateField(null=True)  # the day the present fit is of; None: no customer any more
    tenths = models.IntegerField(null=True)
    band = models.CharField(max_length=10, blank=True)
    coverage = models.FloatField(default=0)
    axes = models.JSONField(default=list)
    left_on = models.DateField(null=True)  # the earlier of notice and end
    regret = models.BooleanField(default=False)  # poor at the sale, and it came to nothing
    reasons = models.JSONField(default=list)  # [{"code", "en", "ja"}]: what came
    facts = models.JSONField(default=dict)  # what was known at the sale, after its first 90 days, and now

    class Meta:
        indexes = [
            models.Index(fields=["sold_on", "account", "sale_band", "regret", "seller"], name="fit_by_sale"),
            models.Index(fields=["sale_tenths", "account"], name="fit_by_score"),
            models.Index(fields=["tenths", "account"], name="fit_by_score_now"),
            models.Index(fields=["left_on", "account"], name="fit_by_leaving"),
            models.Index(fields=["seller", "account"], name="fit_by_seller"),
            models.Index(fields=["sold_on", "account"], condition=Q(regret=True), name="fit_regretted"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.sale_tenths} at the sale, {self.tenths} now"


class FitStatement(models.Model):
    """The fit as said on a day: kept when its band or the axes changed, and once a month."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="fit_statements")
    day = models.DateField()
    version = models.ForeignKey(DefinitionVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    tenths = models.IntegerField(null=True)
    band = models.CharField(max_length=10, blank=True)
    coverage = models.FloatField(default=0)
    axes = models.JSONField(default=list)
    sale_tenths = models.IntegerField(null=True)
    sale_band = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ("account", "-day")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="fit_said_once")]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day}: {self.tenths}"


class FitOpinion(models.Model):
    """A value a person stated for an input of the axes, with its reason, until it expires or is withdrawn."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="fit_opinions")
    input = models.CharField(max_length=80)  # id of the input
    points = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    stated_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    stated_on = models.DateField()
    expires_on = models.DateField(null=True)  # the last day it holds
    withdrawn_on = models.DateField(null=True)
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaced")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("account", "input", "-made_at")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "input"], condition=Q(withdrawn_on=None), name="fit_opinion_in_force_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.input}: {self.points}"
