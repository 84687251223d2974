"""How much each source brought on each day: what tells whether data are whole and fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

from enishi.store.kinds import KINDS
from enishi.store.published import Published


@dataclass(frozen=True, slots=True)
class Volume:
    """What one source brought on one day.

    Args:
        what: ``event``, or the name of a kind of record.
        day: the company's day of arrival.
        rows: events or record versions that arrived.
        last_at: the latest arrival of an event, aware, UTC; None for records.
    """

    source: str
    what: str
    day: date
    rows: int
    last_at: datetime | None


def list_volumes(published: Published, first: date, last: date) -> list[Volume]:
    """Arrivals per source, kind and day of the closed span, by day of arrival. One pass over a few columns."""
    parts: list[str] = []
    values: list[object] = []
    # Events are filed by the day they happened, so files of earlier days may hold late arrivals: all are asked,
    # and Parquet's statistics skip those whose rows all arrived before.
    for table, what in [("events", "event"), *((f"record_{name}", name) for name in KINDS)]:
        files = published.files(table)
        if not files:
            continue
        last_at = "max(received_at)" if table == "events" else "NULL::TIMESTAMP"
        parts.append(
            f"SELECT source, ? AS what, recorded_on AS day, count(*) AS n, {last_at} AS last_at "  # noqa: S608
            "FROM read_parquet(?) WHERE recorded_on BETWEEN ? AND ? GROUP BY ALL"
        )
        values += [what, files, first, last]
    if not parts:
        return []
    with duckdb.connect() as connection:
        rows = connection.execute(" UNION ALL ".join(parts) + " ORDER BY 1, 2, 3", values).fetchall()
    return [
        Volume(source, what, day, n, at.replace(tzinfo=UTC) if at else None)
        for source, what, day, n, at in rows
    ]
