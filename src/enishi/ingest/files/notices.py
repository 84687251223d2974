"""Contracts of which a file says that notice was given, and nothing that ends them: they run on, which is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from enishi.accounts.models import Record
from enishi.accounts.references import slices
from enishi.accounts.saving import RowResult
from enishi.ingest.files.reading import ReadRow
from enishi.kit.text import Text
from enishi.store.kinds import SUBSCRIPTION, Kind


def mark_running_on(
    kind: Kind, rows: Sequence[ReadRow], results: Sequence[RowResult], system: str, today: date
) -> None:
    """Warn of saved rows by which notice was given up to today, where neither they nor the record says an end."""
    if kind.name != SUBSCRIPTION.name:
        return
    last = {str(row.values.get("id")): (row, result) for row, result in zip(rows, results, strict=True)}
    noticed = {
        name: (on, result)
        for name, (row, result) in last.items()
        if not result.errors and (on := _noticed(row, today))
    }
    for part in slices(noticed):
        known = Record.objects.filter(kind=kind.name, source=system, outside_id__in=part, deleted_at=None)
        for name in known.filter(data__ended_on__isnull=False).values_list("outside_id", flat=True):
            del noticed[name]
    for on, result in noticed.values():
        result.warnings["ended_on"] = _runs_on(on)


def _noticed(row: ReadRow, today: date) -> date | None:
    on = row.values.get("notice_on")
    return on if isinstance(on, date) and on <= today and not row.values.get("ended_on") else None


def _runs_on(on: date) -> Text:
    return Text(
        f"Notice was given on {on}, but no end is stated: the contract runs on and stays in the revenue. Where that day is the "
        "end, match its column to 'Ended on' (--map ended_on=COLUMN).",
        f"解約申出日({on})はありますが契約終了日がないため、契約は継続中として売上に残ります。その日に終了している場合は、同じ列を"
        "「契約終了日」にも対応付けてください(--map ended_on=列名)。",
    )
