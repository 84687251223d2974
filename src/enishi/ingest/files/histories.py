"""Files that tell a history: which records they state terms of by their day (:mod:`enishi.accounts.terms`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from enishi.accounts.models import RecordVersion
from enishi.ingest.files.reading import Plan, RowReader
from enishi.ingest.files.tables import Table
from enishi.store.kinds import Kind


def dated_in_file(kind: Kind, plan: Plan, table: Table, reader: RowReader) -> dict[str, date]:
    """The ids of a file with a day from which terms hold, and the first such day; read before the rows are taken in
    portions, for the rows of one id may lie far apart. ``reader`` is for this alone."""
    found: dict[str, date] = {}
    if not {"id", kind.effective} <= plan.columns.keys():
        return found
    for place, cells in table.rows():
        row = reader.read(place, cells)
        if not row.errors and (day := row.values.get(kind.effective)) and (name := row.values.get("id")):
            found[name] = min(day, found.get(name, day))
    return found


def dated_in_import(kind: Kind, import_id: int, ids: Collection[str]) -> dict[str, date]:
    """The same for rows corrected later, by what the rest of their import stated."""
    if not kind.effective:
        return {}
    versions = RecordVersion.objects.filter(
        kind=kind.name, import_id=import_id, undoes=None, outside_id__in=list(ids)
    )
    days = versions.order_by("-valid_on").values_list("outside_id", "valid_on")
    return dict(days)
