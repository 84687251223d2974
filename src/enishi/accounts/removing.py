"""Taking records away: by their source, or because an import is undone. Nothing stated is rewritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from enishi.accounts.actions import name_of, start_batch
from enishi.accounts.audit import write_audit
from enishi.accounts.dating import Version
from enishi.accounts.models import Member, RecordVersion
from enishi.accounts.saving import REJECTED, UNCHANGED, Batch, RowResult
from enishi.accounts.shapes import Row, Slot, model_of
from enishi.accounts.terms import present
from enishi.accounts.versions import lock_versions, row_instant, write_versions
from enishi.accounts.writing import as_row, update_rows
from enishi.kit.text import Text
from enishi.store.kinds import KINDS, Kind

DELETED = "deleted"


def delete_records(
    kind: Kind, outside_ids: Sequence[str], *, source: str, actor: Member | str, now: datetime
) -> list[RowResult]:
    """Mark records as gone from now on; their past stays. The same id may come again and revives the record.

    Returns:
        one result per id: ``deleted``, ``unchanged`` (gone already) or ``rejected`` (unknown).
    """
    batch = start_batch(kind, source, backfill=False, now=now)
    with transaction.atomic():
        lock_versions()
        slots = batch.shape.load(kind, source, outside_ids)
        results: list[RowResult] = []
        gone: list[Slot] = []
        for index, outside_id in enumerate(outside_ids):
            slot = slots.get(outside_id)
            results.append(_delete(index, slot, outside_id, gone))
        at = row_instant(now)
        for slot in gone:
            slot.row.updated_at, slot.row.deleted_at = at, now
        update_rows(batch.shape.model, [slot.row for slot in gone])
        write_versions(_endings(batch, gone, name_of(actor)))
        if gone:
            detail = {DELETED: len(gone), "source": source, "ids": [s.row.outside_id for s in gone[:20]]}
            write_audit(actor, "records_deleted", kind.name, detail=detail)
    return results


def _delete(index: int, slot: Slot | None, outside_id: str, gone: list[Slot]) -> RowResult:
    if slot is None:
        unknown = Text(f"No record has the id '{outside_id}'.", f"ID「{outside_id}」のデータはありません。")
        return RowResult(index, REJECTED, errors={"id": unknown})
    if slot in gone or slot.row.deleted_at:
        return RowResult(index, UNCHANGED, slot.row.pk)
    gone.append(slot)
    return RowResult(index, DELETED, slot.row.pk)


def _endings(batch: Batch, gone: list[Slot], actor: str) -> Iterator[RecordVersion]:
    """From today on, and in the place of all terms announced for later, which would hold again from their day."""
    today = batch.moment.today
    if batch.kind.effective:
        batch.load_history(gone)
    for slot in gone:
        later = {day: state for day, state in slot.terms.items() if day > today}
        for day, state in {today: slot.state, **later}.items():
            version = Version(state, day, batch.moment.now, slot.account, slot.contact)
            row = as_row(batch, slot, version, actor)
            row.deleted = True
            yield row


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing an import did: records taken away, given back their earlier values, and left alone because
    something else was stated since."""

    removed: int
    restored: int
    kept: int


def undo_import(
    import_id: int,
    *,
    actor: Member | str,
    now: datetime,
    undone: Collection[int] = (),
    audited: bool = True,
) -> Undone:
    """Take back what an import stated, as if it had never been known; where some of it was taken back before, the rest.

    A record that was changed again by something else since then is left alone.

    Args:
        undone: imports undone before. What was left of them because this one had changed the record since goes with it.
        audited: leave a line in the audit log; False where the caller's own line says it too.
    """
    removed = restored = kept = 0
    with transaction.atomic():
        lock_versions()
        stated = RecordVersion.objects.filter(import_id=import_id, undoes=None).order_by("kind", "record_id")
        by_kind: dict[str, list[int]] = defaultdict(list)
        for kind, number in stated.values_list("kind", "record_id").distinct():
            by_kind[kind].append(number)
        for kind, numbers in by_kind.items():
            counts = _undo_kind(KINDS[kind], numbers, import_id, undone, name_of(actor), now)
            removed, restored, kept = removed + counts[0], restored + counts[1], kept + counts[2]
        if audited:
            detail = {"removed": removed, "restored": restored, "kept": kept}
            write_audit(actor, "import_undone", f"import {import_id}", detail=detail)
    return Undone(removed, restored, kept)


def _undo_kind(
    kind: Kind, numbers: list[int], import_id: int, undone: Collection[int], actor: str, now: datetime
) -> tuple[int, int, int]:
    stated = _stated(kind, numbers)
    model: Any = model_of(kind)
    rows = model.objects.in_bulk(numbers)
    removed = restored = kept = 0
    batch = start_batch(kind, "", backfill=False, now=now)
    new: list[RecordVersion] = []
    changed: list[Row] = []
    at = row_instant(now)
    for number in numbers:
        told, row = _Told.of(stated[number], import_id, undone), rows.get(number)
        if not told.own:
            continue
        if row is None or any(v.pk > told.own[-1].pk for v in told.others):
            kept += 1
            continue
        new += [_taken_back(kind, version, told.others, import_id, actor, now) for version in told.places()]
        changed.append(row)
        row.updated_at = at
        if not told.others or told.others[-1].deleted:
            row.deleted_at, removed = now, removed + 1
        else:
            _give_back(batch, row, told.others)
            restored += 1
    update_rows(model, changed)
    write_versions(new)
    return removed, restored, kept


@dataclass(frozen=True, slots=True)
class _Told:
    """The versions of a record, as the undoing of an import sees them.

    Args:
        own: what the import stated; nothing where it was taken back before.
        others: what others stated and nobody has taken back.
        given_back: what earlier undoings wrote. It repeats what they left standing, and goes with that.
        left: what imports undone before had to leave, as something else was stated since.
    """

    own: list[RecordVersion]
    others: list[RecordVersion]
    given_back: list[RecordVersion]
    left: list[RecordVersion]

    @classmethod
    def of(cls, versions: list[RecordVersion], import_id: int, undone: Collection[int]) -> _Told:
        given_back = [v for v in versions if v.undoes is not None]
        gone = {v.undoes for v in given_back}
        standing = [v for v in versions if v.undoes is None and v.import_id not in gone]
        own = [v for v in standing if v.import_id == import_id]
        rest = [v for v in standing if v.import_id != import_id]
        left = [v for v in rest if v.import_id in undone]
        return cls(own, [v for v in rest if v.import_id not in undone], given_back, left)

    def places(self) -> list[RecordVersion]:
        """One version for each place in time that is to be stated anew."""
        return list({(v.valid_on, v.known_at): v for v in (*self.given_back, *self.left, *self.own)}.values())


def _stated(kind: Kind, numbers: list[int]) -> dict[int, list[RecordVersion]]:
    found: dict[int, list[RecordVersion]] = defaultdict(list)
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        for version in RecordVersion.objects.filter(kind=kind.name, record_id__in=part).order_by("pk"):
            found[version.record_id].append(version)
    return found


def _taken_back(
    kind: Kind,
    version: RecordVersion,
    before: list[RecordVersion],
    import_id: int,
    actor: str,
    now: datetime,
) -> RecordVersion:
    """What stood before in the place of a version: the values then in force, or nothing."""
    held = [v for v in before if not kind.effective or v.valid_on <= version.valid_on]
    earlier = max(
        held, key=lambda v: (v.valid_on if kind.effective else version.valid_on, v.pk), default=None
    )
    stood = earlier or version
    return RecordVersion(
        kind=version.kind,
        record_id=version.record_id,
        account_id=stood.account_id,
        contact_id=stood.contact_id,
        source=version.source,
        outside_id=version.outside_id,
        valid_on=version.valid_on,
        known_at=version.known_at,
        recorded_at=now,
        deleted=earlier is None or earlier.deleted,
        data=stood.data,
        actor=actor,
        import_id=earlier.import_id if earlier else None,
        undoes=import_id,
    )


def _give_back(batch: Batch, row: Row, before: list[RecordVersion]) -> None:
    terms = {v.valid_on: v.data for v in before}
    last = before[-1]
    state = present(terms, batch.moment.today) if batch.kind.effective else last.data
    root = batch.accounts.root(last.account_id) if last.account_id else None
    slot = Slot(row, fresh=False, state=dict(state), root=root, contact=last.contact_id)
    batch.shape.fill(batch.kind, slot, batch.members, batch.moment.zone)
