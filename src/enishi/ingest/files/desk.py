"""Rejected rows of files on the rejects desk: kept with their reason, corrected in place, tried again alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from enishi.accounts.actions import RowResult, save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.coercion import plain_json
from enishi.accounts.models import Member
from enishi.accounts.saving import CREATED, REJECTED
from enishi.ingest.accepting import Identities
from enishi.ingest.api import accept_events
from enishi.ingest.files.events import as_message, tried_event
from enishi.ingest.files.histories import dated_in_import
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.known import by_system
from enishi.ingest.files.parts import drop_emptied, refuse_strangers
from enishi.ingest.files.reading import (
    LINE,
    REASON_HEADINGS,
    ROW,
    ROW_TITLE,
    Plan,
    ReadRow,
    RowReader,
    reader_for,
    stated_headings,
)
from enishi.ingest.files.receiving import habits
from enishi.ingest.files.standing import content_of
from enishi.ingest.models import Import, Reject
from enishi.ingest.returning import note_place
from enishi.ingest.withdrawing import note_received
from enishi.kit.cells import harmless
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text

MOST_REJECTS = 20_000  # kept per import; beyond, they are counted only
REASON = "row_rejected"

Errors = dict[str, Text]


def keep_rejects(made: Import, rows: Sequence[ReadRow], before: Mapping[int, Reject]) -> None:
    """Put rejected rows on the desk.

    Args:
        before: the items as which rows stand there already (:func:`.standing.standing`): they move to this import
            with their new reason, and keep what a person corrected of them.
    """
    for row in rows:
        if row.place in before:
            _move(before[row.place], made, row)
    new = [row for row in rows if row.place not in before]
    if not new or Reject.objects.filter(origin=made.origin).count() >= MOST_REJECTS:
        return
    Reject.objects.bulk_create(
        [_reject(made, row) for row in new],
        batch_size=200,
        update_conflicts=True,
        unique_fields=["origin", "position"],
        update_fields=["payload", "content", "reason", "message_en", "message_ja", "place", "context"],
    )


def _reject(made: Import, row: ReadRow) -> Reject:
    reject = Reject(
        kind=made.kind,
        source=made.name[:100],
        origin=made.origin,
        position=row.place,
        content=content_of(made, row),
        payload=_payload(row.cells),
        context={"import": made.pk},
        made_at=made.started_at or made.made_at,
    )
    _explain(reject, made, row.errors, row.reason)
    return reject


def _payload(cells: Mapping[str, Any]) -> str:
    return json.dumps(plain_json(dict(cells)), ensure_ascii=False)


def _move(reject: Reject, made: Import, row: ReadRow) -> None:
    if reject.origin != made.origin and reject.status != Reject.Status.REPLAYED:
        note_place(reject)
    reject.origin, reject.position, reject.source = made.origin, row.place, made.name[:100]
    if reject.status != Reject.Status.REPLAYED:
        reject.context = {**reject.context, "import": made.pk}
    if reject.status == Reject.Status.OPEN:
        if reject.pk == row.number:  # corrected in the downloaded list
            reject.payload, reject.content = _payload(row.cells), content_of(made, row)
        if reject.payload == _payload(row.cells):
            _explain(reject, made, row.errors, row.reason)
    reject.save()


def _explain(reject: Reject, made: Import, errors: Mapping[str, Text], reason: str = "") -> None:
    reject.reason = reason or REASON
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    titles = {spec.name: spec.title for spec in kind.fields} | {ROW: ROW_TITLE}
    told = [(titles.get(name, Text(name, name)), text) for name, text in errors.items()]
    reject.message_en = "\n".join(f"{title.en}: {text.en}" for title, text in told)
    reject.message_ja = "\n".join(f"{title.ja}: {text.ja}" for title, text in told)
    reject.place = ", ".join(plan.columns.get(name, name) for name in errors if name != ROW)[:200]
    reject.context = {**reject.context, "fields": {name: plan.columns.get(name, "") for name in errors}}


class StillRejected(EnishiError):
    """The corrected row cannot be taken either."""

    status = 422

    def __init__(self, errors: Mapping[str, Text], made: Import) -> None:
        columns = Plan.from_json(made.plan).columns
        super().__init__(
            "still_rejected",
            Text("The row still cannot be taken.", "この行はまだ取り込めません。"),
            Text(
                "Correct the marked cells and try again.", "印の付いた項目を修正してもう一度お試しください。"
            ),
            {columns.get(name, name): text for name, text in errors.items()},
        )


def retry_row(
    home: Home, reject: Reject, cells: Mapping[str, Any], *, actor: Member | str, now: datetime
) -> Reject:
    """Try a rejected row again with corrected cells, alone; taken, it leaves the desk.

    Raises:
        StillRejected: with messages by heading; the corrected cells and new reasons are kept on the desk.
        Conflict: it is no open row of a file.
    """
    with transaction.atomic():
        row = Reject.objects.select_for_update().get(pk=reject.pk)
        made = _import_of(row)
        reader = _reader(made)
        read = reader.read(row.position, _in_order(made, cells, json.loads(row.payload)))
        result = RowResult(0, REJECTED, errors=read.errors)
        if not read.errors:
            result = _take(home, made, row, reader, read, actor, now)
        errors = result.errors
        row.payload = _payload(read.cells)
        if errors:
            _explain(row, made, errors, read.reason)
        else:
            _close(row, made, result.status, actor, now)
        row.save()
    if errors:
        raise StillRejected(errors, made)
    return row


def _in_order(made: Import, cells: Mapping[str, Any], kept: Mapping[str, Any]) -> list[Any]:
    """Cells in the file's order; what the row held under names without a heading comes last."""
    late = {name: value for name, value in kept.items() if name not in (LINE, *made.headings)}
    found = [cells.get(heading) for heading in made.headings]
    return [*found, late] if late else found


def _reader(made: Import) -> RowReader:
    return reader_for(FILE_KINDS[made.kind], made.headings, Plan.from_json(made.plan), habits())


def judge_rows(made: Import, rows: Sequence[tuple[int, Mapping[str, Any]]], now: datetime) -> list[Errors]:
    """What would still be wrong with corrected rows (place, cells) of an import, by heading; nothing is written."""
    reader = _reader(made)
    read = [reader.read(place, _in_order(made, cells, cells)) for place, cells in rows]
    errors = [dict(row.errors) for row in read]
    for system, places in by_system(read, made.system).items():
        good = [n for n in places if not read[n].errors]
        if made.kind == EVENT.name:
            judged = [tried_event(n, read[n], reader, system, now) for n in good]
        else:
            judged = _saved(
                made, [read[n] for n in good], source=system, actor=made.made_by, now=now, dry_run=True
            )
        for n, result in zip(good, judged, strict=True):
            errors[n] = result.errors
    columns = Plan.from_json(made.plan).columns
    return [{columns.get(name, name): text for name, text in found.items()} for found in errors]


def keep_corrected(made: Import, row: Reject, cells: Mapping[str, Any], errors: Errors) -> None:
    """Note a row that was corrected in part, with what is still wrong by heading."""
    fields = {heading: name for name, heading in Plan.from_json(made.plan).columns.items()}
    row.payload = _payload(cells)
    _explain(row, made, {fields.get(heading, heading): text for heading, text in errors.items()})
    row.save(update_fields=["payload", "reason", "message_en", "message_ja", "place", "context"])


def _import_of(row: Reject) -> Import:
    made = Import.objects.filter(pk=row.context.get("import", 0)).first()
    if made is None or made.is_taken_back or row.status != Reject.Status.OPEN:
        raise Conflict(
            "reject_closed", Text("This row is no longer open.", "この行はすでに処理されています。")
        )
    return made


def _take(
    home: Home,
    made: Import,
    row: Reject,
    reader: RowReader,
    read: ReadRow,
    actor: Member | str,
    now: datetime,
) -> RowResult:
    if made.kind == EVENT.name:
        return _take_event(home, made, row, reader, read, now)
    dated = dated_in_import(FILE_KINDS[made.kind], made.pk, [read.values.get("id", "")])
    return _saved(made, [read], source=read.system or made.system, actor=actor, now=now, dated=dated)[0]


def _saved(made: Import, rows: Sequence[ReadRow], **how: Any) -> list[RowResult]:
    """Save rows as the import would have, or judge them; what became of each."""
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    refuse_strangers(kind, plan, rows, how["source"])
    good = [row for row in rows if not row.errors]

    def save() -> list[RowResult]:
        stated = [row.values for row in good]
        return save_records(kind, stated, backfill=made.backfill, import_id=made.pk, **how)

    results = save()
    emptied = [drop_emptied(row, result.errors) for row, result in zip(good, results, strict=True)]
    found = iter(save() if any(emptied) else results)
    return [
        RowResult(n, REJECTED, errors=dict(row.errors)) if row.errors else next(found)
        for n, row in enumerate(rows)
    ]


def _take_event(
    home: Home, made: Import, row: Reject, reader: RowReader, read: ReadRow, now: datetime
) -> RowResult:
    if (tried := tried_event(0, read, reader, made.system, now)).errors:
        return tried
    message = as_message(read, reader)
    message.setdefault("messageId", _event_id(made, row, message))
    note_received(made, now)
    accept_events([message], source=made.name, backfill=made.backfill, system=made.system, home=home, now=now)
    return RowResult(0, CREATED)


def _event_id(made: Import, row: Reject, message: Mapping[str, Any]) -> str:
    """The id the file itself would give the event, so that the same file dropped again counts it no second time."""
    name = Identities(made.system).name(message)
    row.context = {**row.context, "content": name}
    before = Reject.objects.filter(
        origin=made.origin, status=Reject.Status.REPLAYED, context__content=name
    ).count()
    return f"{name}:{before + 1}" if before else name


def _close(row: Reject, made: Import, status: str, actor: Member | str, now: datetime) -> None:
    row.status, row.closed_at = Reject.Status.REPLAYED, now
    row.closed_by = actor.email if isinstance(actor, Member) else actor
    row.message_en = row.message_ja = ""
    Import.objects.filter(pk=made.pk).update(**{"rejected": F("rejected") - 1, status: F(status) + 1})
    write_audit(actor, "reject_replayed", row, detail={"import": made.pk, "row": row.position})


def rejected_table(made: Import, language: str) -> Iterator[list[str]]:
    """Headings, then the open rejected rows of an import with number, reason and place, as cells for a file that people
    open with a spreadsheet, correct, and import again, under whatever name."""
    stated = stated_headings(made.headings)
    yield [
        *map(harmless, stated),
        *(REASON_HEADINGS[:3] if language.startswith("ja") else REASON_HEADINGS[3:]),
    ]
    rows = Reject.objects.filter(origin=made.origin, status=Reject.Status.OPEN).order_by("position")
    for row in rows.iterator(chunk_size=500):
        cells = json.loads(row.payload)
        own = [harmless(str(cells[h])) if cells.get(h) is not None else "" for h in stated]
        yield [*own, str(row.pk), harmless(row.message(language).replace("\n", " / ")), str(row.position)]
