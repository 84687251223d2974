"""What is wrong with rows that cannot be read: all of it, so that nobody corrects a row twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from enishi.accounts.actions import save_records
from enishi.accounts.saving import EMPTIED
from enishi.ingest.files.parts import lacking
from enishi.ingest.files.reading import Plan, ReadRow
from enishi.ingest.models import Import
from enishi.kit.text import Text
from enishi.store.kinds import Kind


def also_wrong(
    kind: Kind, rows: Sequence[ReadRow], made: Import, system: str, now: datetime
) -> list[dict[str, Text]]:
    """What is wrong with rows that cannot be read, all of it at once: what their other cells say is judged too."""
    stated = [row.values for row in rows]
    judged = save_records(
        kind, stated, source=system, actor=made.made_by, backfill=made.backfill, now=now, dry_run=True
    )
    apart = {spec.name for spec in lacking(kind, Plan.from_json(made.plan))}
    return [
        row.errors
        | {
            name: text
            for name, text in result.errors.items()
            if name not in row.errors and name not in apart and text != EMPTIED
        }
        for row, result in zip(rows, judged, strict=True)
    ]
