"""Judging what was written: following every source from the last change seen, and judging anew under a new version."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from enishi.accounts.models import Record
from enishi.forecasts.api import Judged, TextScorer
from enishi.texts.learning import ensure_model
from enishi.texts.models import TextCorrection, TextCursor, TextJudgement, TextModel
from enishi.texts.readings import note_readings
from enishi.texts.scorers import scorer_of
from enishi.texts.sources import SOURCES, Piece

BATCH = 500
SECONDS = 20.0
"""So long one call works; what is left waits for the next."""
_WRITTEN = (
    "account", "written_at", "language", "tone", "topic", "tone_confidence", "topic_confidence", "corrected",
    "digest", "model", "judged_at",
)  # fmt: skip


def judge_new_texts(now: datetime, *, seconds: float = SECONDS) -> bool:
    """Judge what is new, reworded or moved; forget what is gone. Made to be called every minute.

    Returns:
        False where there is more than fits into ``seconds``.
    """
    until = time.monotonic() + seconds
    for kind, source in SOURCES.items():
        while pieces := source.changed(_position(kind), BATCH):
            model = ensure_model(now)
            judge_pieces(kind, pieces, model, scorer_of(model), now)
            _follow(kind, pieces[-1])
            if time.monotonic() > until:
                return False
    return rejudge(now, until)


def _position(kind: str) -> tuple[datetime, int] | None:
    cursor = TextCursor.objects.filter(kind=kind).first()
    return (cursor.changed_at, cursor.number) if cursor else None


def _follow(kind: str, last: Piece) -> None:
    """Note how far it came; a source may show pieces again that did not change."""
    if (_position(kind) or (last.changed_at, -1)) < (last.changed_at, last.number):
        TextCursor.objects.update_or_create(
            kind=kind, defaults={"changed_at": last.changed_at, "number": last.number}
        )


def rejudge(now: datetime, until: float) -> bool:
    """Let the version in use judge what another one judged, the newest texts first; False where some are left."""
    model = TextModel.objects.defer("state").filter(status=TextModel.Status.IN_USE).first()
    if model is None:
        return True
    for kind, source in SOURCES.items():
        while time.monotonic() <= until:
            old = TextJudgement.objects.filter(kind=kind).exclude(model=model)
            numbers = list(old.order_by("-written_at").values_list("record_id", flat=True)[:BATCH])
            if not numbers:
                break
            found = source.find(numbers)
            judge_pieces(kind, list(found.values()), model, scorer_of(model), now)
            forget(kind, [number for number in numbers if number not in found])
        else:
            return False
    return True


def judge_pieces(
    kind: str, pieces: Sequence[Piece], model: TextModel, scorer: TextScorer, now: datetime
) -> int:
    """Judge some texts of one kind and keep the judgements; how many were kept. May be repeated."""
    living = [piece for piece in pieces if piece.text and piece.account_id]
    judged = scorer.judge([piece.text for piece in living])
    said = _corrections(kind, living)
    rows = [
        _judgement(kind, piece, one, said.get(piece.number), model, now)
        for piece, one in zip(living, judged, strict=True)
    ]
    with transaction.atomic():
        note_readings(kind, pieces, {row.record_id: row for row in rows}, model, now)
        forget(kind, [piece.number for piece in pieces if not (piece.text and piece.account_id)])
        TextJudgement.objects.bulk_create(
            rows,
            batch_size=200,
            update_conflicts=True,
            unique_fields=["kind", "record_id"],
            update_fields=_WRITTEN,
        )
    return len(rows)


def _corrections(kind: str, pieces: Sequence[Piece]) -> dict[int, TextCorrection]:
    """What people said of these texts as they are worded now."""
    digests = {piece.number: piece.digest for piece in pieces}
    rows = TextCorrection.objects.filter(kind=kind, record_id__in=list(digests), withdrawn_at=None)
    return {row.record_id: row for row in rows if digests[row.record_id] == row.digest}


def _judgement(
    kind: str, piece: Piece, judged: Judged, said: TextCorrection | None, model: TextModel, now: datetime
) -> TextJudgement:
    return TextJudgement(
        kind=kind,
        record_id=piece.number,
        account_id=piece.account_id or 0,
        written_at=piece.written_at,
        language=judged.language,
        tone=said.tone if said else judged.tone or "",
        topic=said.topic if said else judged.topic or "",
        tone_confidence=judged.tone_confidence,
        topic_confidence=judged.topic_confidence,
        corrected=said is not None,
        digest=piece.digest,
        model=model,
        judged_at=now,
    )


def forget(kind: str, numbers: Sequence[int]) -> None:
    """Take away what is known of texts that are gone, corrections too."""
    for start in range(0, len(numbers), BATCH):
        gone = {"kind": kind, "record_id__in": numbers[start : start + BATCH]}
        TextJudgement.objects.filter(**gone).delete()
        TextCorrection.objects.filter(**gone).delete()


def forget_person(contact_id: int | None, places: Sequence[tuple[str, int]]) -> None:
    """Forget what was read in the records of an erased contact, and in further records that were emptied."""
    for kind, numbers in _of_person(contact_id, places).items():
        forget(kind, numbers)


def count_of_person(contact_id: int | None, places: Sequence[tuple[str, int]]) -> dict[str, int]:
    """How many judgements and corrections :func:`forget_person` would take away."""
    found = {"readings": 0, "corrections": 0}
    for kind, numbers in _of_person(contact_id, places).items():
        for start in range(0, len(numbers), BATCH):
            part = {"kind": kind, "record_id__in": numbers[start : start + BATCH]}
            found["readings"] += TextJudgement.objects.filter(**part).count()
            found["corrections"] += TextCorrection.objects.filter(**part).count()
    return found


def _of_person(contact_id: int | None, places: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    """The texts about a contact and further ones, once each, by kind."""
    own: set[tuple[str, int]] = set()
    if contact_id is not None:
        own = set(
            Record.objects.filter(contact_id=contact_id, kind__in=list(SOURCES)).values_list("kind", "pk")
        )
    by_kind: dict[str, list[int]] = {}
    for kind, number in sorted(own | set(places)):
        by_kind.setdefault(kind, []).append(number)
    return by_kind
