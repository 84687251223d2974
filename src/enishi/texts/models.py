"""What was read in texts, by which version of the model, and what people corrected.

Nobody's words are kept here: a judgement names the record or note it is about, and a digest tells whether that still
says the same.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Account, Member


class TextKind(models.TextChoices):
    TICKET = "ticket", _("Ticket")
    SURVEY_ANSWER = "survey_answer", _("Survey answer")
    INTERACTION = "interaction", _("Interaction")
    NOTE = "note", pgettext_lazy("note", "Note")


class TextModel(models.Model):
    """A version of the model that reads texts: the one shipped, those learned from corrections, or another scorer."""

    class Status(models.TextChoices):
        TRAINING = "training", pgettext_lazy("text model", "Learning")
        IN_USE = "in_use", pgettext_lazy("text model", "In use")
        RETIRED = "retired", pgettext_lazy("text model", "Replaced")
        REFUSED = "refused", pgettext_lazy("text model", "Not published")
        FAILED = "failed", pgettext_lazy("text model", "Failed")

    number = models.PositiveIntegerField(unique=True)
    scorer = models.CharField(max_length=80, default="enishi")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TRAINING)
    progress = models.PositiveSmallIntegerField(default=0)
    reason = models.JSONField(default=dict)  # {"en", "ja"}: why it is, or is not, in use
    corpus = models.CharField(max_length=16, blank=True)  # digest of the sentences shipped
    corrections = models.PositiveIntegerField(default=0)  # it learned from so many
    corrected_until = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)  # on the fixed test part; see TextReader.report
    state = models.BinaryField(default=bytes)  # arrays of numbers, see TextReader.to_bytes
    error = models.TextField(blank=True)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    used_from = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="in_use"), name="text_model_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"text model {self.number}"


class TextUse(models.Model):
    """From when a version was in use: until the next one was. Append only, so that each day has its version."""

    model = models.ForeignKey(TextModel, on_delete=models.CASCADE, related_name="uses")
    since = models.DateTimeField()

    class Meta:
        ordering = ("since", "id")

    def __str__(self) -> str:
        return f"{self.model_id} from {self.since:%Y-%m-%d %H:%M}"


class TextJudgement(models.Model):
    """Tone and topic of a ticket, a survey comment, an interaction or a note; empty: unknown.

    ``tone`` and ``topic`` are what holds: the model's word, or a person's where ``corrected``. The confidences are the
    model's.
    """

    kind = models.CharField(max_length=20, choices=TextKind.choices)
    record_id = models.BigIntegerField()  # of accounts.Record, or of the note
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="text_judgements")
    written_at = models.DateTimeField()
    language = models.CharField(max_length=5)
    tone = models.CharField(max_length=10, blank=True)
    topic = models.CharField(max_length=40, blank=True)
    tone_confidence = models.FloatField(default=0)
    topic_confidence = models.FloatField(default=0)
    corrected = models.BooleanField(default=False)
    digest = models.CharField(max_length=16)
    model = models.ForeignKey(TextModel, on_delete=models.PROTECT, related_name="judgements")
    judged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-written_at", "-id")
        constraints = [models.UniqueConstraint(fields=["kind", "record_id"], name="text_judged_once")]
        indexes = [
            models.Index(fields=["account", "-written_at"], name="text_of_account"),
            models.Index(fields=["-written_at", "-id"], name="text_recent"),
            models.Index(fields=["topic", "-written_at", "-id"], name="text_by_topic"),
            models.Index(fields=["tone", "-written_at", "-id"], name="text_by_tone"),
            models.Index(fields=["kind", "-written_at", "-id"], name="text_by_kind"),
            models.Index(fields=["language", "-written_at", "-id"], name="text_by_language"),
            models.Index(
                fields=["-written_at", "-id"],
                condition=models.Q(corrected=True),
                name="text_put_right",
            ),
            models.Index(fields=["written_at", "topic", "tone", "account"], name="text_topics"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}: {self.tone or '?'}, {self.topic or '?'}"


class TextCorrection(models.Model):
    """What a person says a text's tone and topic are. The newest that was not withdrawn holds.

    It keeps the text's place and digest, never the text: where that changes or is erased, nothing is learned from it.
    """

    kind = models.CharField(max_length=20, choices=TextKind.choices)
    record_id = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=5)
    digest = models.CharField(max_length=16)
    tone = models.CharField(max_length=10, blank=True)
    topic = models.CharField(max_length=40, blank=True)
    before = models.JSONField(default=dict)  # tone and topic that stood there
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "record_id"],
                condition=models.Q(withdrawn_at=None),
                name="text_corrected_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}: {self.tone}, {self.topic}"


class TextCursor(models.Model):
    """How far the reading of one kind of text has come: the last change seen."""

    kind = models.CharField(max_length=20, primary_key=True)
    changed_at = models.DateTimeField()
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} until {self.changed_at:%Y-%m-%d %H:%M}"
