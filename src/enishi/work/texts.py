"""Notes as texts whose tone and topic are judged; the room below asks for them here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from enishi.texts.models import TextJudgement
from enishi.texts.sources import Piece
from enishi.work.models import Note

_CHANGED = Greatest(
    "made_at",
    Coalesce("edited_at", "made_at"),
    Coalesce("deleted_at", "made_at"),
    output_field=DateTimeField(),
)


class NoteSource:
    """Notes in the order of their last change; then those that are judged nowhere, or at another account, although
    they did not change: brought back, or moved by a merge."""

    def changed(self, after: tuple[datetime, int] | None, limit: int) -> list[Piece]:
        rows = Note.objects.annotate(changed_at=_CHANGED)
        if after is None:
            return _pieces(rows.order_by("changed_at", "pk")[:limit])
        at, number = after
        newer = rows.filter(Q(changed_at__gt=at) | Q(changed_at=at, pk__gt=number))
        found = _pieces(newer.order_by("changed_at", "pk")[:limit])
        if found:
            return found
        here = TextJudgement.objects.filter(
            kind="note", record_id=OuterRef("pk"), account=OuterRef("account")
        )
        return _pieces(rows.filter(~Exists(here), deleted_at=None).exclude(body="").order_by(F("pk"))[:limit])

    def find(self, numbers: Collection[int]) -> dict[int, Piece]:
        rows = Note.objects.annotate(changed_at=_CHANGED).filter(pk__in=list(numbers), deleted_at=None)
        return {piece.number: piece for piece in _pieces(rows)}


def _pieces(rows: QuerySet[Note]) -> list[Piece]:
    return [
        Piece(
            note.pk,
            note.account_id,
            note.made_at,
            note.changed_at,  # type: ignore[attr-defined]
            "" if note.deleted_at else note.body.strip(),
        )
        for note in rows
    ]
