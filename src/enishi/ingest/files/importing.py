"""Running an import: rows in portions, each one transaction, with counts, rejected rows and progress.

An import that was cut off goes on where it stopped: the counts stand in the same transaction as the rows. Running
a whole file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from enishi.accounts.actions import RowResult, save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member
from enishi.accounts.renaming import rename_records
from enishi.accounts.saving import EMPTIED, REJECTED, UNCHANGED
from enishi.ingest.api import drain, wait_carried
from enishi.ingest.files.capitals import apart_from_older, told_apart
from enishi.ingest.files.desk import keep_rejects
from enishi.ingest.files.events import send_events, tried_event
from enishi.ingest.files.former import (
    EventNames,
    former_clocks,
    former_readers,
    keep_times,
    mark_renamed,
    note_former,
    renames,
    with_former_ids,
    with_former_times,
)
from enishi.ingest.files.habits import (
    LOOK,
    contradictions,
    date_columns,
    first_proofs,
    number_columns,
    settle_habits,
    unclear_numbers,
)
from enishi.ingest.files.histories import dated_in_file
from enishi.ingest.files.judging import also_wrong
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.known import CAPITALS, Twins, by_system, check_system
from enishi.ingest.files.newcomers import (
    NEWCOMERS,
    Strangers,
    last_version,
    made_by_events,
    told_newcomers,
)
from enishi.ingest.files.notices import mark_running_on
from enishi.ingest.files.parts import drop_emptied, refuse_strangers
from enishi.ingest.files.reading import Plan, ReadRow, RowReader, fits_without, reader_for
from enishi.ingest.files.receiving import (
    check_plan,
    find_mapping,
    habits,
    known_in,
    open_stored,
    receive_file,
    remember,
    remove_stored,
    settle_system,
    with_choices,
)
from enishi.ingest.files.remarks import REMEMBERED, Remark, remarks_of
from enishi.ingest.files.repeats import without_repeats, without_waiting
from enishi.ingest.files.standing import standing
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Arrival, Import, Reject
from enishi.ingest.settling import settle_rows
from enishi.ingest.withdrawing import note_received, withdrawals
from enishi.kit.clock import day_of
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import Kind

PORTION = 2000
_MOST_ORPHANS = 20_000
_PATIENCE = 3600.0  # seconds
_TRIED = 20_000  # rows a dry run looks at

Progress = Callable[[int, int | None], None]
Judged = tuple[ReadRow, RowResult]
_COUNTED = ("created", "updated", "unchanged", "rejected")


@dataclass(slots=True)
class Tally:
    """What a run or a dry run found so far. ``remarks``: what was to be known of the file beforehand."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    warnings: dict[str, list[Any]] = field(default_factory=dict)
    examples: list[tuple[ReadRow, dict[str, Text]]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, row: ReadRow, result: RowResult) -> None:
        self.counts[result.status] += 1
        for name, text in result.warnings.items():
            count = self.warnings.setdefault(name, [0, text.en, text.ja])
            count[0] += 1
        if result.errors and len(self.examples) < 100:
            self.examples.append((row, result.errors))

    def note_newcomers(self, names: Sequence[str]) -> None:
        """The ids of customers that events make."""
        if names:
            text = told_newcomers(names)
            self.warnings[NEWCOMERS] = [len(names), text.en, text.ja]


def import_file(
    home: Home,
    path: Path,
    kind: str,
    *,
    actor: Member | str,
    now: datetime,
    mapping: dict[str, str] | None = None,
    day_order: str = "",
    decimal: str = "",
    constants: dict[str, str] | None = None,
    backfill: bool | None = None,
    system: str = "",
    encoding: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> tuple[Import, Tally]:
    """Import a file in one go (the command line's way).

    Args:
        mapping: field -> heading, over the guess or the saved mapping; empty heading leaves the field out.
        day_order: of dates written as bare numbers (``dmy``, ``mdy``, ``ymd``), for every column that needs one.
        decimal: the mark before decimals (``.`` or ``,``) in every column of numbers; empty: found out.
        constants: field -> one value for every row.
        backfill: history, known from when it happened; None: as long as there is nothing of the kind.
        system: to which the ids belong; empty: the one in which most of them are known (:func:`.known.likely_system`),
            else as remembered, else the vendor's product.
        encoding: of a CSV file; empty: found out.
        dry_run: look at the first rows and say what would happen; nothing stays.

    Raises:
        EnishiError: the file cannot be read, the mapping cannot work, or it is open whose ids these are. Single bad rows
            go to the desk.
    """
    made = receive_file(home, path, path.name, kind=kind, encoding=encoding, actor=actor, now=now)
    remembered = find_mapping(made.kind, made.headings) is not None
    plan = with_choices(Plan.from_json(made.plan), mapping or {})
    rows = list(islice(open_stored(home, made).rows(), LOOK))
    unclear = _settle(made, plan, [cells for _place, cells in rows], day_order, decimal)
    mixed = contradictions(FILE_KINDS[made.kind], plan, made.headings, rows)
    plan.constants.update(constants or {})
    made.plan, made.system = plan.as_json(), system or made.system
    known = known_in(made, rows) if system else settle_system(made, rows)
    made.backfill = made.backfill if backfill is None else backfill
    made.save()
    known = replace(known, newcomers=())  # the tally tells them of all rows
    remarks = [*([REMEMBERED] if remembered else []), *remarks_of(made, known, unclear, mixed)]
    try:
        if not system:
            check_system(known, made.system)
        tally = try_import(home, made, now) if dry_run else run_import(home, made, now, progress)
    finally:
        remove_stored(home, made)
        if made.started_at is None:  # only tried, or refused before its first row
            made.delete()
    tally.remarks = remarks
    return made, tally


def _settle(
    made: Import, plan: Plan, sample: Sequence[Sequence[Any]], day_order: str, decimal: str
) -> dict[str, str]:
    """How days and numbers are read, as stated for the whole file or found; gives what stays unclear of numbers."""
    kind, delimiter = FILE_KINDS[made.kind], made.details.get("delimiter", "")
    if day_order:
        plan.day_orders.update(dict.fromkeys(date_columns(kind, plan), day_order))
    if decimal:
        plan.mixed.update(dict.fromkeys(number_columns(kind, plan), decimal))
    settle_habits(kind, plan, made.headings, sample, delimiter)
    if decimal:
        plan.decimals.update(dict.fromkeys(number_columns(kind, plan), decimal))
        return {}
    return unclear_numbers(kind, plan, made.headings, sample, delimiter)


def _checked(home: Home, made: Import) -> tuple[Table, Kind, RowReader]:
    table, kind, plan = open_stored(home, made), FILE_KINDS[made.kind], Plan.from_json(made.plan)
    check_plan(made, table)
    proofs = first_proofs(kind, plan, table.columns, list(islice(table.rows(), LOOK)))
    return table, kind, reader_for(kind, table.columns, plan, habits(), proofs)


def _dated(made: Import, table: Table, kind: Kind) -> dict[str, date]:
    plan = Plan.from_json(made.plan)
    return dated_in_file(kind, plan, table, reader_for(kind, table.columns, plan, habits()))


def try_import(home: Home, made: Import, now: datetime, most: int = _TRIED) -> Tally:
    """What importing would do, judged by the first rows; nothing is written but the counts."""
    table, kind, reader = _checked(home, made)
    tally, dated, twins, strangers = Tally(), _dated(made, table, kind), Twins(kind, made.system), Strangers()
    for portion in portions(_rows(made, table, kind, reader, most)):
        results = _try(kind, portion, made, reader, now, dated)
        if kind.name == EVENT.name:
            strangers.add(row.values.get("account") for row in portion if not row.errors)
        else:
            twins.mark(portion, results)
        told, _before = _told(made, list(zip(portion, results, strict=True)))
        for row, result in told:
            tally.add(row, result)
    tally.note_newcomers(strangers.unknown(made.system))
    made.tried = True
    _note(made, tally)
    made.save()
    return tally


def _try(
    kind: Kind,
    portion: list[ReadRow],
    made: Import,
    reader: RowReader,
    now: datetime,
    dated: Mapping[str, date],
) -> list[RowResult]:
    if kind.name == EVENT.name:
        return [tried_event(n, row, reader, made.system, now) for n, row in enumerate(portion)]
    with transaction.atomic():
        results = _saved(kind, portion, made, now, dated, dry_run=True)
        transaction.set_rollback(True)  # of the ids that were changed
    return results


def _rows(
    made: Import, table: Table, kind: Kind, reader: RowReader, most: int | None = None
) -> Iterator[ReadRow]:
    rows: Iterator[ReadRow] = (reader.read(place, cells) for place, cells in islice(table.rows(), most))
    if kind.name == EVENT.name:
        return rows
    rows = with_former_ids(former_readers(made, table.columns), without_waiting(made, rows))
    return without_repeats(kind, reader.plan, with_former_times(former_clocks(made, table.columns), rows))


def _told(made: Import, judged: Sequence[Judged]) -> tuple[list[Judged], dict[int, Reject]]:
    """Rows with their results, and the items as which rejected ones stand on the desk from before; what a person
    settled there counts as unchanged."""
    before = standing(made, [row for row, result in judged if result.errors])
    done = {place for place, item in before.items() if item.status != Reject.Status.OPEN}
    told = [
        (row, RowResult(result.index, UNCHANGED) if result.errors and row.place in done else result)
        for row, result in judged
    ]
    return told, before


def _keep(made: Import, tally: Tally, judged: Sequence[Judged]) -> None:
    """Count results, and put what was rejected on the desk."""
    told, before = _told(made, judged)
    for row, result in told:
        tally.add(row, result)
    for row, result in judged:
        row.errors = result.errors
    keep_rejects(made, [row for row, result in judged if result.errors], before)


def portions(rows: Iterator[ReadRow]) -> Iterator[list[ReadRow]]:
    while portion := list(islice(rows, PORTION)):
        yield portion


def run_import(home: Home, made: Import, now: datetime, progress: Progress | None = None) -> Tally:
    """Import the file; a run that was cut off before goes on.

    Raises:
        EnishiError: the file or its mapping cannot work. The import is marked as failed.
    """
    try:
        table, kind, reader = _checked(home, made)
        _start(made, now)
        tally = _resumed(made)
        if kind.name == EVENT.name:
            _run_events(home, made, table, reader, tally, now, progress)
        else:
            dated = _dated(made, table, kind)
            _run_records(made, kind, _rows(made, table, kind, reader), tally, now, dated, progress)
        settle_rows(made, table, reader, now)
    except EnishiError as error:
        made.status = Import.Status.FAILED
        made.error_en, made.error_ja = error.message.en, error.message.ja
        made.finished_at = now
        made.save()
        raise
    _finish(made, tally, now)
    return tally


def _start(made: Import, now: datetime) -> None:
    if made.status != Import.Status.RUNNING or made.tried:
        made.done, made.sent, made.tried, made.warnings = 0, False, False, {}
        for name in _COUNTED:
            setattr(made, name, 0)
    if not made.plan.get("zone"):
        made.plan = {**made.plan, "zone": company_zone().key}
    made.status, made.started_at = Import.Status.RUNNING, made.started_at or now
    made.error_en = made.error_ja = ""
    made.save()
    remember(made, made.made_by, now)


def _resumed(made: Import) -> Tally:
    return Tally({name: getattr(made, name) for name in _COUNTED}, dict(made.warnings))


def _note(made: Import, tally: Tally) -> None:
    for name, count in tally.counts.items():
        setattr(made, name, count)
    made.warnings = tally.warnings


def _finish(made: Import, tally: Tally, now: datetime) -> None:
    with transaction.atomic():
        _note(made, tally)
        made.status, made.finished_at, made.total = Import.Status.DONE, now, made.done
        made.save()
        Arrival.objects.filter(delivery=made.delivery).delete()
        write_audit(made.made_by, "file_imported", made, detail={**tally.counts, "kind": made.kind})


def _run_records(
    made: Import,
    kind: Kind,
    rows: Iterator[ReadRow],
    tally: Tally,
    now: datetime,
    dated: Mapping[str, date],
    progress: Progress | None,
) -> None:
    waiting, twins = set(made.orphans), Twins(kind, made.system)
    orphans = [row for row in islice(rows, made.done) if row.place in waiting]
    for portion in portions(rows):
        with transaction.atomic():
            results = _saved(kind, portion, made, now, dated)
            twins.mark(portion, results)
            judged = list(zip(portion, results, strict=True))
            late = [row for row, result in judged if "parent" in result.warnings]
            orphans += late[: _MOST_ORPHANS - len(orphans)]
            _keep(made, tally, judged)
            made.done += len(portion)
            made.orphans = [row.place for row in orphans]
            _note(made, tally)
            made.save()
        if progress:
            progress(made.done, made.total)
    _adopt(kind, orphans, made, tally, now)


def _adopt(kind: Kind, orphans: list[ReadRow], made: Import, tally: Tally, now: datetime) -> None:
    """Accounts whose parent came later in the file."""
    for start in range(0, len(orphans), PORTION):
        results = _saved(kind, orphans[start : start + PORTION], made, now, {})
        found = sum(1 for result in results if "parent" not in result.warnings)
        if found and "parent" in tally.warnings:
            tally.warnings["parent"][0] -= found
            tally.warnings = {k: v for k, v in tally.warnings.items() if v[0] > 0}


def _saved(
    kind: Kind,
    portion: Sequence[ReadRow],
    made: Import,
    now: datetime,
    dated: Mapping[str, date],
    *,
    dry_run: bool = False,
) -> list[RowResult]:
    """Save the readable rows of a portion; results for all, in order."""
    results = [RowResult(n, REJECTED) for n in range(len(portion))]
    given, plan = set[str](), Plan.from_json(made.plan)
    for system, places in by_system(portion, made.system).items():
        if names := renames(kind, [portion[n] for n in places]):
            given |= rename_records(
                kind, names, source=system, actor=made.made_by, now=now, import_id=made.pk
            )
        refuse_strangers(kind, plan, [portion[n] for n in places], system)
        refused = [n for n in places if portion[n].errors]
        judged = also_wrong(kind, [portion[n] for n in refused], made, system, now)
        for n, errors in zip(refused, judged, strict=True):
            results[n].errors = errors
        waiting = [n for n in places if not portion[n].errors]
        keep_times(kind, [portion[n] for n in waiting], system)
        while waiting:
            saved = save_records(
                kind,
                [portion[n].values for n in waiting],
                source=system,
                actor=made.made_by,
                backfill=made.backfill,
                now=now,
                dry_run=dry_run,
                import_id=made.pk,
                dated=dated,
            )
            for n, result in zip(waiting, saved, strict=True):
                result.index, results[n] = n, result
            emptied = _drop_emptied(made, portion, results, waiting)
            waiting = [
                n for n in waiting if n in emptied or fits_without(kind, portion[n], results[n].errors)
            ]
        here = [portion[n] for n in places], [results[n] for n in places]
        mark_running_on(kind, *here, system, day_of(now, company_zone()))
    for row, result in zip(portion, results, strict=True):
        result.warnings |= row.remarks
    mark_renamed(portion, results, given)
    return results


def _drop_emptied(
    made: Import, portion: Sequence[ReadRow], results: Sequence[RowResult], places: Sequence[int]
) -> set[int]:
    """Of the places those of known records whose row leaves empty what these must have: it is kept. A row that was
    settled on the desk stays as it was settled there."""
    some = [n for n in places if any(text == EMPTIED for text in results[n].errors.values())]
    before = standing(made, [portion[n] for n in some]) if some else {}
    settled = {place for place, item in before.items() if item.status != Reject.Status.OPEN}
    return {
        n for n in some if portion[n].place not in settled and drop_emptied(portion[n], results[n].errors)
    }


def _run_events(
    home: Home,
    made: Import,
    table: Table,
    reader: RowReader,
    tally: Tally,
    now: datetime,
    progress: Progress | None,
) -> None:
    """Events go to the inbox as one stream; a run that was cut off starts again, and what came before is dropped
    there. What was new the consumer knows once it has carried them: it counts over all runs of an import."""
    tally.counts.update(dict.fromkeys(_COUNTED, 0))
    tally.warnings.clear()
    made.done, made.sent = 0, False
    if withdrawals():
        drain(home, timeout=_PATIENCE)  # what is being taken back would make repetitions of the same rows
    last = last_version(made)
    note_received(made, now)
    note_former(made)

    def told(rows: list[Judged]) -> None:
        _keep(made, tally, rows)

    def passed(count: int) -> None:
        made.done = count
        made.rejected = tally.counts["rejected"]
        made.save(update_fields=["done", "rejected", "sent"])
        if progress:
            progress(count, made.total)

    def carried(share: float) -> None:
        if progress:
            progress(int(share * made.done), made.done)

    count = send_events(home, made, table, reader, now, told, passed, EventNames(made, table.columns).name)
    made.sent = True
    made.save(update_fields=["sent"])
    wait_carried(home, carried)
    fresh = Arrival.objects.filter(delivery=made.delivery).values_list("fresh", flat=True).first() or 0
    newcomers = made_by_events(made, last)
    tally.note_newcomers(sorted(newcomers.values(), key=lambda name: (len(name), name)))
    if apart := list(apart_from_older(newcomers, made.system)):
        text = told_apart(*apart[0])
        tally.warnings[CAPITALS] = [len(apart), text.en, text.ja]
    settled = tally.counts["unchanged"]
    tally.counts.update(created=fresh, unchanged=count - fresh + settled)
