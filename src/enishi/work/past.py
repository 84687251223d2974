"""Notes as they stood on a past day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from enishi.accounts.company import company_zone
from enishi.accounts.models import Account, Member
from enishi.kit.clock import end_of_day
from enishi.work.models import Note, NoteText


@dataclass(frozen=True, slots=True)
class PastNote:
    """A note of a past day. ``body`` is None where it was changed since and nobody had kept the wording of then."""

    pk: int
    author: Member | None
    made_at: datetime
    body: str | None
    edited_at: datetime | None  # the last change by the end of the day
    changed_on: datetime | None = None  # the change since that took the wording


def notes_on(account: Account, day: date) -> list[PastNote]:
    """The notes there were at the end of a day, newest first, worded as they were then; deleted since or not."""
    end = end_of_day(day, company_zone())
    notes = Note.objects.filter(account=account, made_at__lt=end).filter(
        Q(deleted_at=None) | Q(deleted_at__gte=end)
    )
    kept = notes.order_by("-made_at", "-pk").select_related("author").prefetch_related("texts")
    return [_on(note, end) for note in kept]


def _on(note: Note, end: datetime) -> PastNote:
    now = NoteText(note=note, body=note.body, written_at=note.edited_at or note.made_at)
    worded = [text for text in (*note.texts.all(), now) if text.written_at < end]
    text = max(worded, key=lambda one: one.written_at, default=None)
    if text is None or (text.replaced_at and text.replaced_at < end):
        first = min(one.written_at for one in (*note.texts.all(), now) if one.written_at >= end)
        return PastNote(note.pk, note.author, note.made_at, None, None, first)
    edited = text.written_at if text.written_at > note.made_at else None
    return PastNote(note.pk, note.author, note.made_at, text.body, edited)
