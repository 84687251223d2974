"""What members state of people at customers, the moves of people between customers, and the book of relationships.

Role and leaving are facts of the contact itself and are kept there; what stands here is judgement.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from enishi.accounts.models import Account, Contact, Member
from enishi.stakeholders.contracts import FEELINGS, INFLUENCES, LEVELS


class Assessment(models.Model):
    """What a member stated of a contact, in one act; the next one takes its place, an undone one gives it back.

    ``before``: role and day of leaving as they were before the act, where it changed them, for the way back.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="assessments")
    influence = models.CharField(max_length=10, blank=True, choices=[(one, one) for one in INFLUENCES])
    level = models.CharField(max_length=10, blank=True, choices=[(one, one) for one in LEVELS])
    feeling = models.CharField(max_length=10, blank=True, choices=[(one, one) for one in FEELINGS])
    feeling_until = models.DateField(null=True, blank=True)
    leaving_on = models.DateField(null=True, blank=True)  # announced, still to come when it was stated
    note = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=dict, blank=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at", "-id")
        indexes = [models.Index(fields=["contact", "-made_at"], name="assessment_of_contact")]
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=models.Q(ended_at=None), name="assessment_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} as of {self.made_at:%Y-%m-%d}"


class ContactMove(models.Model):
    """Two contacts at different accounts that are, or may be, one person. ``reasons`` are ids."""

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        CONFIRMED = "confirmed"
        DISMISSED = "dismissed"

    former = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="moves_on")
    present = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="moves_here")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    points = models.PositiveSmallIntegerField(default=0)
    reasons = models.JSONField(default=list)
    found_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-points", "id")
        constraints = [models.UniqueConstraint(fields=["former", "present"], name="move_once")]
        indexes = [models.Index(fields=["status"], name="move_status")]

    def __str__(self) -> str:
        return f"{self.former_id} to {self.present_id} {self.status}"


class AccountRelationship(models.Model):
    """The relationship with an account as lists show it, as of ``day``; rewritten by the job.

    ``departing``: [{"contact", "leaving", "signs": [id]}]; ``missing``: roles; ``uses``: contact -> [last day, days];
    ``ties``: contact -> [strength, leaving, last two-way day or null, answers]; ``unanswered``: [{"contact", "tried"}].
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="relationship"
    )
    day = models.DateField()
    people = models.PositiveIntegerField(default=0)
    strength = models.PositiveSmallIntegerField(null=True)  # of the strongest tie; None: nobody is known
    their_threads = models.PositiveIntegerField(default=0)
    our_threads = models.PositiveIntegerField(default=0)
    single_thread = models.BooleanField(default=False)  # all contact through one of theirs
    single_member = models.BooleanField(default=False)  # all contact through one of ours
    silent = models.BooleanField(default=False)
    only_contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+")
    executives = models.PositiveIntegerField(default=0)
    executive_on = models.DateField(null=True)
    manager_on = models.DateField(null=True)
    user_on = models.DateField(null=True)
    last_two_way = models.DateField(null=True)
    champions = models.PositiveIntegerField(default=0)
    key_leaving = models.PositiveSmallIntegerField(
        default=0
    )  # strongest signs of a champion or decision maker
    leaving = models.PositiveSmallIntegerField(default=0)  # strongest signs of anybody
    dissatisfied = models.PositiveIntegerField(default=0)  # of champions and decision makers
    departing = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    uses = models.JSONField(default=dict)
    ties = models.JSONField(default=dict)
    unanswered = models.JSONField(default=list)
    key_unanswered = models.PositiveIntegerField(default=0)  # champions and decision makers tried in vain
    judged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["strength"], name="relationship_strength"),
            models.Index(fields=["key_leaving"], name="relationship_leaving"),
            models.Index(
                fields=["account"], condition=models.Q(single_thread=True), name="relationship_single"
            ),
            models.Index(
                fields=["account"], condition=models.Q(executives=0), name="relationship_no_executive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"


class RelationshipRun(models.Model):
    """One pass of the job: what it read and how long it took."""

    day = models.DateField()
    generation = models.BigIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    moves = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"relationships of {self.day}"
