"""What was read in tickets as facts with a day, so that metrics know it as of then.

A judgement is a pure function of the text and a version of the model, and on each day the version in use on that day
counts; for the days before the first one, the first. So a reading never tells more than could be said on its day:

* A text that came as history (a backfill) is read as it would have been: by the first version from the day it is known, by
  later ones from the day each was put in use. A version whose scorer is no longer there says nothing.
* A text that came live counts from when it was read, within a minute as a rule.
* A new version, a correction and its withdrawal count from their own day. What was said of the days before stands.

Readings ride with the versions of records (kind ``reading``, the record's number) into the published facts; one is written
only where the tone changes, or who says so. Where a source states a tone, that one counts, unless a person corrected it: from
the day of the correction to that of its withdrawal, or of other words in the text (:func:`enishi.metrics.relations.tickets`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from enishi.accounts.company import company_day
from enishi.accounts.models import RecordVersion
from enishi.accounts.versions import lock_versions, write_versions
from enishi.kit.errors import EnishiError
from enishi.texts.models import TextJudgement, TextModel, TextUse
from enishi.texts.scorers import scorer_of
from enishi.texts.sources import SOURCES, Piece, RecordSource

READING = "reading"
KINDS = frozenset(("ticket",))
"""Of which a metric uses the tone. History that arrives makes the past be judged anew: nothing else may cause that."""
TONES = {"positive": 0.7, "neutral": 0.0, "negative": -0.7}
"""A word that was read, on the scale on which sources state a tone: clearly to one side, not its end."""

Tone = float | None


@dataclass(frozen=True, slots=True)
class Wording:
    """Since when a record says what it says now. ``history``: it came afterwards, marked as such."""

    since: datetime
    history: bool
    version: RecordVersion


@dataclass(frozen=True, slots=True)
class Said:
    """A tone and from when it holds; ``model`` 0: a person's word."""

    tone: Tone
    since: datetime
    model: int


def note_readings(
    kind: str, pieces: Sequence[Piece], judged: Mapping[int, TextJudgement], model: TextModel, now: datetime
) -> int:
    """Write the readings that judgements of some texts change; returns how many.

    Args:
        judged: number -> what holds of the text now; without one, nothing does any more.
        model: the version that judged.
    """
    if kind not in KINDS:
        return 0
    with transaction.atomic():
        lock_versions()
        numbers = [piece.number for piece in pieces]
        wordings, before = _wordings(kind, pieces), _last(numbers)
        earlier = _earlier(kind, pieces, wordings, before, model)
        rows = [
            _row(piece.number, wordings[piece.number], said, now)
            for piece in pieces
            if piece.number in wordings
            for said in (
                _over_the_source(
                    wordings[piece.number], before.get(piece.number), judged.get(piece.number), model, now
                )
                if _is_stated(wordings[piece.number])
                else _changes(piece, wordings, before, earlier, judged.get(piece.number), model, now)
            )
        ]
        write_versions(rows)
    return len(rows)


def _wordings(kind: str, pieces: Sequence[Piece]) -> dict[int, Wording]:
    """Record -> its present wording: the first of the last versions that all say the same."""
    source = SOURCES[kind]
    texts = {piece.number: piece.text for piece in pieces}
    found: dict[int, Wording] = {}
    same: set[int] = set()
    rows = RecordVersion.objects.filter(kind=kind, record_id__in=list(texts)).order_by("-pk")
    for row in rows:
        number = row.record_id
        if number not in found:
            same.add(number)
        elif number not in same or row.deleted or _text(source, row) != texts[number]:
            same.discard(number)
            continue
        newest = found[number].version if number in found else row
        found[number] = Wording(row.known_at, row.backfill, newest)
    return found


def _text(source: object, row: RecordVersion) -> str:
    return source.text_of(row.data) if isinstance(source, RecordSource) else ""


def _last(numbers: Collection[int]) -> dict[int, RecordVersion]:
    """Record -> its latest reading."""
    rows = RecordVersion.objects.filter(kind=READING, record_id__in=list(numbers)).order_by("pk")
    return {row.record_id: row for row in rows}


def _earlier(
    kind: str,
    pieces: Sequence[Piece],
    wordings: Mapping[int, Wording],
    before: Mapping[int, RecordVersion],
    model: TextModel,
) -> dict[int, list[Said]]:
    """What the versions that were in use before the present one say of history that had not been read."""
    spans = _spans()[:-1]
    if not spans:
        return {}
    new = [
        piece
        for piece in pieces
        if piece.text and (one := wordings.get(piece.number)) and one.history
        and _is_new(one, before.get(piece.number))
    ]  # fmt: skip
    found: dict[int, list[Said]] = {piece.number: [] for piece in new}
    for version, since, until in spans:
        due = [piece for piece in new if until is None or wordings[piece.number].since < until]
        for piece, tone in zip(due, _tones(version, [piece.text for piece in due]), strict=True):
            found[piece.number].append(Said(tone, max(since, wordings[piece.number].since), version.number))
    return found


def _spans() -> list[tuple[TextModel, datetime, datetime | None]]:
    """The versions in the order in which they were in use, each with its first instant and that of the next; the first
    one stands for all days before, too."""
    uses = list(TextUse.objects.select_related("model").defer("model__state"))
    if not uses:
        return []
    later = [use.since for use in uses[1:]]
    begins = [datetime.min.replace(tzinfo=uses[0].since.tzinfo), *later]
    return list(zip((use.model for use in uses), begins, [*later, None], strict=True))


def _tones(version: TextModel, texts: Sequence[str]) -> list[Tone]:
    if not texts:
        return []
    try:
        judged = scorer_of(version).judge(texts)
    except EnishiError:  # a scorer of the company's own that is no longer named
        return [None] * len(texts)
    return [TONES.get(one.tone or "") for one in judged]


def _is_stated(wording: Wording) -> bool:
    return wording.version.data.get("tone") is not None


def _over_the_source(
    wording: Wording,
    last: RecordVersion | None,
    judgement: TextJudgement | None,
    model: TextModel,
    now: datetime,
) -> Iterator[Said]:
    """What a person says of a text whose tone a source states, and the end of it; what the model reads there is not noted."""
    if judgement is not None and judgement.corrected:
        said = Said(TONES.get(judgement.tone), now, 0)
        held = last is not None and _by_person(last) and last.account_id == wording.version.account_id
        if last is None or not held or last.data.get("tone") != said.tone:
            yield said
    elif last is not None and _by_person(last):
        yield Said(None, now, model.number)


def _by_person(row: RecordVersion) -> bool:
    return row.data.get("model") == 0


def _is_new(wording: Wording, before: RecordVersion | None) -> bool:
    """Whether the wording came after what was last read of the record."""
    return before is None or before.known_at < wording.since


def _changes(
    piece: Piece,
    wordings: Mapping[int, Wording],
    before: Mapping[int, RecordVersion],
    earlier: Mapping[int, Sequence[Said]],
    judgement: TextJudgement | None,
    model: TextModel,
    now: datetime,
) -> Iterator[Said]:
    """What is to be noted of a text: each change of the tone, in order."""
    wording, last = wordings[piece.number], before.get(piece.number)
    past = earlier.get(piece.number, ())
    tone = TONES.get(judgement.tone) if judgement else None
    model_number = 0 if judgement and judgement.corrected else model.number
    history = wording.history and judgement is not None and _is_new(wording, last)
    since = max(wording.since, model.used_from or now) if past else wording.since
    if model_number == 0 or not history:
        since = now
    held: Tone = last.data.get("tone") if last else None
    person = last is not None and _by_person(last)
    moved = last is not None and held is not None and last.account_id != wording.version.account_id
    for said in (*past, Said(tone, since, model_number)):
        if said.tone != held or moved or (said.model == 0) != person:
            yield said
        held, person, moved = said.tone, said.model == 0, False


def _row(number: int, wording: Wording, said: Said, now: datetime) -> RecordVersion:
    like = wording.version
    return RecordVersion(
        kind=READING,
        record_id=number,
        account_id=like.account_id,
        source=like.source,
        outside_id="",
        valid_on=company_day(said.since),
        known_at=said.since,
        recorded_at=now,
        backfill=said.since < now,
        data={"model": said.model} | ({} if said.tone is None else {"tone": said.tone}),
        actor="enishi",
    )
