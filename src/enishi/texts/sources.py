"""Where texts stand: records of three kinds here, and whatever rooms above supply (:func:`provide_source`)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q

from enishi.accounts.models import Record

Position = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and where it stands. ``account_id`` None or an empty ``text``: there is nothing to judge (any more)."""

    number: int
    account_id: int | None
    written_at: datetime
    changed_at: datetime
    text: str

    @property
    def digest(self) -> str:
        return digest_of(self.text)


class Source(Protocol):
    """Texts of one kind, in the order in which they changed."""

    def changed(self, after: Position | None, limit: int) -> Sequence[Piece]:
        """What changed after a position, oldest first: new, reworded, moved to another account, deleted, erased."""
        ...

    def find(self, numbers: Collection[int]) -> dict[int, Piece]:
        """Pieces by number, as they are now; those that are gone are left out."""
        ...


def digest_of(text: str) -> str:
    """Tells whether a text is still the same, and nothing else."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RecordSource:
    """Current records of a kind; ``fields`` are read one below the other."""

    kind: str
    fields: tuple[str, ...]

    def changed(self, after: Position | None, limit: int) -> list[Piece]:
        rows = Record.objects.filter(kind=self.kind)
        if after:
            at, number = after
            rows = rows.filter(Q(updated_at__gt=at) | Q(updated_at=at, pk__gt=number))
        return [self._piece(row) for row in rows.order_by("updated_at", "pk")[:limit]]

    def find(self, numbers: Collection[int]) -> dict[int, Piece]:
        rows = Record.objects.filter(kind=self.kind, pk__in=list(numbers), deleted_at=None)
        return {row.pk: self._piece(row) for row in rows}

    def _piece(self, row: Record) -> Piece:
        text = "" if row.deleted_at else self.text_of(row.data)
        return Piece(row.pk, row.account_id, row.happened_at, row.updated_at, text)

    def text_of(self, data: Mapping[str, Any]) -> str:
        """The text of a record with these values."""
        parts = [str(data.get(name) or "").strip() for name in self.fields]
        return "\n".join(part for part in parts if part)


SOURCES: dict[str, Source] = {
    "ticket": RecordSource("ticket", ("subject", "body")),
    "survey_answer": RecordSource("survey_answer", ("comment",)),
    "interaction": RecordSource("interaction", ("subject", "body")),
}


def provide_source(kind: str, source: Source) -> None:
    """Say where texts of a further kind stand; for the room that keeps them, when it is made ready."""
    SOURCES[kind] = source
