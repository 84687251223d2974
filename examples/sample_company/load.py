"""Bringing the sample company in, through the same doors as any customer's data.

Members and the company's name are set up as an administrator would; records go through ``save_records`` and
events through the inbox, both marked as history.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.accounts.actions import save_records
from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Team
from enishi.kit.home import Home
from enishi.store.kinds import KINDS

from . import people
from .events import SCHEMA, event_tables
from .records import chunks, company_rows
from .sample import Sample
from .strangers import stranger_messages

SOURCE = "sample"
ROWS_A_CALL = 2_000
EVENTS_A_CALL = 20_000
NOTE = "sample.json"  # in the data folder: which sample this is and how far it has been told

Told = Callable[[str, float, float | None], None]


def quiet(what: str, done: float, total: float | None = None) -> None:
    """Tell nobody."""


# ---- what is already there -----------------------------------------------------------------------------------


def loaded(home: Home) -> Sample | None:
    """The sample in this installation, as far as it has been told; None where there is none."""
    note = home.root / NOTE
    if not note.exists():
        return None
    said = json.loads(note.read_text())
    return Sample(
        until=date.fromisoformat(said["until"]),
        accounts=said["accounts"],
        months=said["months"],
        seed=said["seed"],
        activity=said["activity"],
        first_day=date.fromisoformat(said["first_day"]),
    )


def remember(home: Home, sample: Sample) -> None:
    said = asdict(sample) | {"first_day": sample.start}
    (home.root / NOTE).write_text(json.dumps(said, default=str))


# ---- loading -------------------------------------------------------------------------------------------------


def load(sample: Sample, home: Home, *, now: datetime, told: Told = quiet, after: date | None = None) -> None:
    """Load the company; with ``after`` only what happened since that day."""
    if after is None:
        set_up_company()
        save_members()
    load_records(sample, now=now, told=told, after=after)
    load_events(sample, home, now=now, told=told, after=after)
    remember(home, sample)


def set_up_company() -> None:
    """Name the vendor: yen, Tokyo, a year that starts in April."""
    company = get_company()
    company.name, company.sample, company.fiscal_year_start = people.VENDOR_NAME, True, 4
    company.save()
    write_audit(SYSTEM, "sample_company_set_up", company)


def save_members() -> None:
    """The vendor's people. They cannot sign in until somebody gives them a password (``enishi member``)."""
    teams = {name: Team.objects.get_or_create(name=name)[0] for name in people.TEAMS}
    for mailbox, family, given, kana, role, scope, team, language in people.MEMBERS:
        email = f"{mailbox}@{people.VENDOR_DOMAIN}"
        if not Member.objects.filter(email=email).exists():
            member = Member.objects.create_user(
                email, None, family_name=family, given_name=given, name_kana=kana, role=role, scope=scope,
                team=teams.get(team), language=language,
            )  # fmt: skip
            write_audit(SYSTEM, "member_added", member)


def load_records(sample: Sample, *, now: datetime, told: Told = quiet, after: date | None = None) -> None:
    """Save every record, some accounts at a time; a row that is refused is a fault of the sample."""
    for kind, rows in company_rows(sample, sample.until).items():
        _save(kind, rows, now)
    done = 0
    for gathered in chunks(sample, after):
        for kind, rows in gathered.items():
            _save(kind, rows, now)
        done = min(done + 200, sample.accounts)
        told("records", done, sample.accounts)


def _save(kind: str, rows: list[dict[str, Any]], now: datetime) -> None:
    for first in range(0, len(rows), ROWS_A_CALL):
        results = save_records(
            KINDS[kind],
            rows[first : first + ROWS_A_CALL],
            source=SOURCE,
            actor=SYSTEM,
            backfill=True,
            now=now,
        )
        for result in results:
            if result.status == "rejected":
                raise ValueError(f"sample {kind} {rows[first + result.index]} was refused: {result.errors}")


def load_events(
    sample: Sample, home: Home, *, now: datetime, told: Told = quiet, after: date | None = None
) -> None:
    """Send the events in order of time, a month at a time: the store keeps days, not accounts."""
    from enishi.ingest.api import accept_events, drain

    with tempfile.TemporaryDirectory(prefix="enishi-sample-") as folder:
        months = spool(sample, Path(folder), told, after)
        for place, month in enumerate(months):
            for messages in as_messages(month):
                accept_events(messages, source=SOURCE, system=SOURCE, backfill=True, home=home, now=now)
            drain(home)
            told("events", place + 1, len(months))
    strangers = stranger_messages(sample, after)
    accept_events(
        strangers, source=SOURCE, system=SOURCE, backfill=True, creates_accounts=False, home=home, now=now
    )
    drain(home)


def spool(sample: Sample, folder: Path, told: Told, after: date | None) -> list[Path]:
    """Write the events, drawn account by account, into one file a month. Memory stays bounded."""
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: list[pa.Table] = []
    rows = 0
    for place, table in enumerate(event_tables(sample, after)):
        waiting.append(table)
        rows += table.num_rows
        if rows > 500_000:
            _spill(pa.concat_tables(waiting), folder, writers)
            waiting, rows = [], 0
        if place % 20 == 19:
            told("people", place + 1, sample.accounts)
    if waiting:
        _spill(pa.concat_tables(waiting), folder, writers)
    for writer in writers.values():
        writer.close()
    return [folder / f"{month}.parquet" for month in sorted(writers)]


def _spill(table: pa.Table, folder: Path, writers: dict[str, pq.ParquetWriter]) -> None:
    months = pc.strftime(table["occurred_at"], "%Y-%m")
    for month in pc.unique(months).to_pylist():
        if month not in writers:
            writers[month] = pq.ParquetWriter(folder / f"{month}.parquet", SCHEMA)
        writers[month].write_table(table.filter(pc.equal(months, month)))


def as_messages(path: Path) -> Iterator[list[dict[str, Any]]]:
    """A month's events in order of time, as messages of the Segment protocol."""
    table = pq.read_table(path).sort_by("occurred_at")
    stamps = pc.strftime(table["occurred_at"], "%Y-%m-%dT%H:%M:%SZ")
    table = table.set_column(1, "occurred_at", stamps)
    for batch in table.to_batches(EVENTS_A_CALL):
        yield [_message(row) for row in batch.to_pylist()]


_parsed = cache(json.loads)  # a few dozen different texts


def _message(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": row["message_id"],
        "userId": row["user"],
        "event": row["event"],
        "timestamp": row["occurred_at"],
        "context": {"groupId": row["account"], "product": row["product"]},
        "properties": _parsed(row["properties"]),
    }
