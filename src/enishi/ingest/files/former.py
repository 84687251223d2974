"""Files whose headings came before under another mapping, or in another time zone of the company. A row is the same
whatever its columns are taken for: it is found under the id it was given then, so that a corrected mapping or zone never
counts it twice. A time that names no zone stays as it was read first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from enishi.accounts.coercion import Refused, Setting, coerce_instant
from enishi.accounts.company import company_zone
from enishi.accounts.saving import UNCHANGED, UPDATED, RowResult
from enishi.accounts.shapes import shape_of
from enishi.ingest.accepting import Identities
from enishi.ingest.files.events import as_message, event_result
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.reading import NATURAL_IDS, Plan, ReadRow, RowReader, fingerprint, reader_for
from enishi.ingest.files.receiving import habits
from enishi.ingest.models import Import
from enishi.store.kinds import Kind, Type

# An import of events whose events are not all gone again still decides on the ids of their rows.
_CAME = Q(status__in=(Import.Status.DONE, Import.Status.RUNNING, Import.Status.FAILED)) | Q(
    taken_back__staying__gt=0
)


def former_plans(made: Import) -> list[Plan]:
    """The other mappings by which rows of files with these headings were given their ids, the first first.

    Another id system is another world: the same number there is somebody else's.
    """
    plan = _zoned(made.plan)
    found: list[Plan] = []
    for body in _bodies(made):
        other = _zoned(body)
        if all(_naming(made.kind, other) != _naming(made.kind, p) for p in found):
            found.append(other)
    if made.kind == EVENT.name:
        return found if [_naming(made.kind, p) for p in found] != [_naming(made.kind, plan)] else []
    return [other for other in found if _naming(made.kind, other) != _naming(made.kind, plan)]


def note_former(made: Import) -> None:
    """Note by which mappings the ids of an import's events are given: they are as good as its own for as long as it
    stands, also when the imports they came with are undone."""
    made.former = [plan.as_json() for plan in former_plans(made)]
    made.save(update_fields=["former"])


def _bodies(made: Import) -> Iterator[Mapping[str, Any]]:
    yield from made.former
    before = Import.objects.filter(_CAME, kind=made.kind, system=made.system, started_at__isnull=False)
    own = fingerprint(made.headings)
    rows = before.exclude(pk=made.pk).order_by("pk").values_list("headings", "former", "plan")
    for headings, former, plan in rows:
        if fingerprint(headings) == own:
            yield from (*former, plan)


def mapped_otherwise(made: Import) -> bool:
    """Whether these headings came before under another mapping; the same one in another zone is none."""
    own = _naming(made.kind, replace(Plan.from_json(made.plan), zone=""))
    return any(_naming(made.kind, replace(plan, zone="")) != own for plan in former_plans(made))


def _zoned(body: Mapping[str, Any]) -> Plan:
    plan = Plan.from_json(body)
    return replace(plan, zone=plan.zone or company_zone().key)


def _naming(kind: str, plan: Plan) -> Any:
    """What of a mapping decides on the ids of rows."""
    if kind == EVENT.name:
        return {**plan.as_json(), "made_ids": False}
    if plan.columns.get("id"):
        return plan.columns["id"]
    return [plan.columns.get(name, "") for name in NATURAL_IDS.get(kind, ())]


def former_readers(made: Import, headings: Sequence[str]) -> list[RowReader]:
    kind = FILE_KINDS[made.kind]
    return [reader_for(kind, headings, plan, habits()) for plan in former_plans(made)]


def former_clocks(made: Import, headings: Sequence[str]) -> list[RowReader]:
    """Readers by the zones in which files with these headings were read before, as far as it has times at all."""
    kind, plan = FILE_KINDS[made.kind], _zoned(made.plan)
    zones = {_zoned(body).zone for body in _bodies(made)} - {plan.zone} if _instants(kind) else set()
    return [reader_for(kind, headings, replace(plan, zone=zone), habits()) for zone in sorted(zones)]


def _instants(kind: Kind) -> list[str]:
    return [spec.name for spec in kind.fields if spec.type is Type.INSTANT]


def with_former_times(readers: Sequence[RowReader], rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """The rows, each noted with its times as they were read while the company kept other zones."""
    for row in rows:
        for reader in readers:
            values = reader.read(row.place, _cells(row, reader)).values
            row.times += ({name: _kept(values.get(name), reader.zone) for name in _instants(reader.kind)},)
        yield row


def _kept(value: Any, zone: ZoneInfo) -> str:
    try:
        return coerce_instant(value, Setting(zone, ""))
    except Refused:
        return ""


def keep_times(kind: Kind, rows: Iterable[ReadRow], system: str) -> None:
    """Have rows that come again say the times their records hold, where those were read from the same cells."""
    again = {str(row.values.get("id")): row for row in rows if row.times}
    for outside_id, slot in shape_of(kind).load(kind, system, set(again)).items():
        values = again[outside_id].values
        for name, text in (item for times in again[outside_id].times for item in times.items()):
            if text and slot.state.get(name) == text:
                values[name] = text


def with_former_ids(readers: Sequence[RowReader], rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """The rows, each noted with the ids it had under earlier mappings."""
    for row in rows:
        for reader in readers:
            earlier = reader.read(row.place, _cells(row, reader))
            row.before += (str(earlier.values.get("id") or ""), *earlier.before)
        yield row


def _cells(row: ReadRow, reader: RowReader) -> list[Any]:
    return [row.cells.get(heading) for heading in reader.headings]


def renames(kind: Kind, portion: Sequence[ReadRow]) -> dict[str, str]:
    """Earlier id -> id now, of rows that can be read."""
    found: dict[str, str] = {}
    for row in portion:
        new = str(row.values.get("id") or "")
        if new and not row.errors:
            found |= {old: new for old in row.before if old and old != new and old not in found}
    return found


def mark_renamed(portion: Sequence[ReadRow], results: Sequence[RowResult], given: set[str]) -> None:
    """A record that only got its id is changed."""

    for row, result in zip(portion, results, strict=True):
        if result.status == UNCHANGED and str(row.values.get("id")) in given:
            result.status = UPDATED


class EventNames:
    """The ids of a file's events: each by the first mapping that could read its row."""

    def __init__(self, made: Import, headings: Sequence[str]) -> None:
        self._readers = former_readers(made, headings)
        self._names = Identities(made.system)

    def name(self, row: ReadRow, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message with its id; as it is where its own content names it."""
        if not self._readers:
            return message
        for reader in self._readers:
            earlier = reader.read(row.place, _cells(row, reader))
            if not event_result(0, earlier).errors:
                first = as_message(earlier, reader)
                return {**message, "messageId": first.get("messageId") or self._names.name(first)}
        return {**message, "messageId": message.get("messageId") or self._names.name(message)}
