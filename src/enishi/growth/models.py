"""Who is ready for what, what was proposed, and what came of it.

:class:`Readiness` is the read model of the pages, rewritten by the daily judging: offers a customer is ready for, now or
from a day on. Why another offer is not made is worked out when somebody asks. Money is whole minor units of the company's
currency, a month.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Account, Member
from enishi.work.models import Task


class Propensity(models.Model):
    """A fit of how likely customers are to grow in a way within the horizon, learned from past wins of the company.

    ``report``: the test on later time, counts, and baselines, as plain JSON. ``speaks`` is False while too few customers
    have grown, and then nothing states a probability.
    """

    kind = models.CharField(max_length=20)  # plan | seats | product | term
    horizon = models.PositiveIntegerField()
    day = models.DateField()
    speaks = models.BooleanField(default=False)
    winners = models.PositiveIntegerField(default=0)  # customers with such a win among those learned from
    least = models.PositiveIntegerField(default=0)
    reason_en = models.CharField(max_length=500, blank=True)
    reason_ja = models.CharField(max_length=500, blank=True)
    state = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    in_use = models.BooleanField(default=True)
    # An earlier fit somebody went back to: later ones are learned and shown, and wait until one is put in use.
    chosen_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    chosen_at = models.DateTimeField(null=True)
    facts_generation = models.BigIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("kind", "-made_at")
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(in_use=True), name="propensity_in_use_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class Readiness(models.Model):
    """An offer a customer is ready for, now or from ``on`` on."""

    class Status(models.TextChoices):
        READY = "ready", pgettext_lazy("offer", "Ready now")
        LATER = "later", pgettext_lazy("offer", "Ready later")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="readiness")
    offer = models.CharField(max_length=80)  # slug of the definition
    kind = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status.choices)
    first = models.BooleanField(default=False)  # the one to make: one push at a time
    on = models.DateField()  # when to make it
    since = models.DateField()  # ready without a break since
    day = models.DateField()
    signs = models.JSONField(default=list)  # [{"id","en","ja","weight","facts","value","since"}]
    weight = models.FloatField(default=0)
    target = models.JSONField(default=dict)
    probability = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    drivers = models.JSONField(default=list)  # [{"feature","en","ja","effect"}]
    uplift = models.BigIntegerField(null=True)
    basis = models.CharField(max_length=10, blank=True)  # of the uplift: prices | wins | declared
    basis_customers = models.PositiveIntegerField(default=0)  # whose contracts or wins say so
    expected = models.BigIntegerField(null=True)  # probability x a year's uplift x margin
    # What the list goes by: the expected value; without one below all that have one, by weight, then uplift.
    place = models.BigIntegerField(default=0)
    hidden = models.BooleanField(default=False)  # decided about since the judging
    shown = models.BooleanField(default=False)  # stands for its customer in the list: :func:`show_one`
    model = models.ForeignKey(Propensity, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-place", "id")
        constraints = [models.UniqueConstraint(fields=["account", "offer"], name="readiness_once")]
        indexes = [
            models.Index(fields=["shown", "-place", "id"], name="readiness_shown"),
            models.Index(fields=["offer", "hidden", "-place", "id"], name="readiness_offer"),
            models.Index(fields=["hidden", "-place", "id"], name="readiness_every"),
            models.Index(fields=["shown", "on", "id"], name="readiness_on"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.offer} {self.status}"


def show_one(rows: Sequence[Readiness]) -> None:
    """Of the offers to one customer the list shows one: the first, or else the one whose time comes soonest."""
    open_rows = [row for row in rows if not row.hidden]
    waiting = [row for row in open_rows if row.status == Readiness.Status.LATER]
    chosen = next((row for row in open_rows if row.first), None) or min(
        waiting, key=lambda row: (row.on, -row.place, row.offer), default=None
    )
    for row in rows:
        row.shown = row is chosen


class GrowthRun(models.Model):
    """One judging of the whole book: what was sold then, how many are kept from each offer by which rule."""

    day = models.DateField()
    facts_generation = models.BigIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    counts = models.JSONField(
        default=dict
    )  # offer -> {"ready", "later", "no_sign", "blocked", "against": {rule: n}}
    sold = models.JSONField(
        default=dict
    )  # {"ladders": {product: [[plan, price, customers]]}, "companions": [...]}
    uplifts = models.JSONField(default=dict)  # kind -> {"share", "low", "high", "customers"}
    trials = models.JSONField(default=dict)  # kind -> {"wins", "price", "share"}: past wins told in both ways
    stamp = models.CharField(max_length=120, blank=True)  # of the catalogue and the fits judged by
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"growth {self.day}"


class Proposal(models.Model):
    """What somebody decided about an offer to a customer, and what came of it.

    ``seen_on`` and ``amount`` are what the contracts say, whatever was recorded by hand.
    """

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("offer", "Under discussion")
        WON = "won", pgettext_lazy("offer", "Won")
        LOST = "lost", pgettext_lazy("offer", "Declined")
        SET_ASIDE = "set_aside", pgettext_lazy("offer", "Set aside")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="proposals")
    offer = models.CharField(max_length=80)
    kind = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status.choices)
    before = models.CharField(max_length=10, blank=True)  # the status an undo leads back to
    reason = models.CharField(pgettext_lazy("offer", "Reason"), max_length=500, blank=True)
    until = models.DateField(null=True, blank=True)
    target = models.JSONField(default=dict)
    probability = models.FloatField(null=True)  # as stated when it was made
    uplift = models.BigIntegerField(null=True)
    amount = models.BigIntegerField(null=True)  # MRR gained
    seen_on = models.DateField(null=True)
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_on = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    closed_on = models.DateField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)
        indexes = [
            models.Index(fields=["account", "offer", "-made_at"], name="proposal_account"),
            models.Index(fields=["status", "-made_on"], name="proposal_status"),
        ]

    def __str__(self) -> str:
        return f"{self.offer} {self.account_id} {self.status}"


class Effort(models.Model):
    """Declared until measured: what an hour of work is taken to move. One row, kept with its history in the audit log.

    Minutes are for the first point a year of 100 customers: as much work serves each customer, whoever looks at how many.
    Shares of one: ``floor`` is churn a year that no work of ours prevents, ``ceiling`` the expansion a year nobody exceeds.
    """

    churn_minutes = models.PositiveIntegerField(default=2400)
    expansion_minutes = models.PositiveIntegerField(default=1800)
    floor = models.FloatField(default=0.02)
    ceiling = models.FloatField(default=0.4)
    months = models.PositiveSmallIntegerField(default=36)
    changed_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.churn_minutes} / {self.expansion_minutes} min"


class CommerceTrial(models.Model):
    """Which way of naming the next product was best on later orders, and is therefore used."""

    day = models.DateField()
    enough = models.BooleanField(default=False)
    used = models.CharField(max_length=20)  # model | best_sellers | repeat_last
    cases = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)  # k, split day, items, rates, ahead
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{self.used} {self.day}"


class NextItems(models.Model):
    """The products a customer who orders is likely to order next, the likeliest first."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="next_items"
    )
    day = models.DateField()
    items = models.JSONField(default=list)  # [{"item", "reason", "score"}]
    last_item = models.CharField(max_length=300, blank=True)
    last_on = models.DateField(db_index=True)
    orders = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-last_on", "account")

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"
