"""Usage events as they are kept: read from the published store, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import msgspec
import pyarrow as pa

from enishi.kit.home import Home
from enishi.metrics.api import Facts, duckdb_facts
from enishi.metrics.people import with_account
from enishi.metrics.session import Session
from enishi.store.batch import ANONYMOUS
from enishi.store.schema import EVENT_TABLES

Row = dict[str, Any]
Place = tuple[datetime, int]  # the instant of an event and its hash: the order of all
_SHOWN = (
    "message_hash", "message_id", "type", "event", "product", "group_no", "user_no", "occurred_at", "received_at",
    "properties", "source",
)  # fmt: skip
_NUMBERS = {"group": "group_no", "user": "sent_by"}


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are wanted.

    Args:
        since, until: of their happening; the first included, the second not.
        accounts: of these accounts only; None for all, also those that belong to no account.
        after: the last event had already (instant and hash), the next ones are wanted.
        limit: at most so many.
    """

    since: datetime
    until: datetime
    accounts: Sequence[int] | None
    after: Place | None
    limit: int


def read_events(home: Home, query: EventQuery) -> tuple[list[Row], Place | None]:
    """Events with the ids they came with and the account they lead to today (null: none); and where the last of them
    stands, if more may follow."""
    with duckdb_facts(home) as facts:
        session = Session(facts, [query.until.date()], "now")
        _bind(facts, query)
        page = facts.engine.rows(_sql(_wanted(session, query)))
        facts.engine.put("page", page)
        owned = with_account(session, ibis.table(ibis.Schema.from_pyarrow(page.schema), name="page"))
        owners = facts.engine.rows(_sql(owned.select("message_hash", "account_id")))
        names = {
            key: _names(facts, key, page[number].unique().to_pylist()) for key, number in _NUMBERS.items()
        }
    account_of = dict(zip(*(owners[name].to_pylist() for name in owners.column_names), strict=True))
    rows = page.to_pylist()
    told = [_told(row, names, account_of.get(row["message_hash"])) for row in rows]
    return told, (_aware(rows[-1]["occurred_at"]), rows[-1]["message_hash"]) if len(
        rows
    ) == query.limit else None


def _sql(expression: Any) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


def _bind(facts: Facts, query: EventQuery) -> None:
    """Know the events of the days asked for, and no others."""
    zone = ZoneInfo(facts.zone)
    start = max(query.since, query.after[0]) if query.after else query.since
    first, last = (at.astimezone(zone).date() for at in (start, query.until))
    files = facts.files.files("events", first, last)
    where = f"day >= DATE '{first}' AND day <= DATE '{last}'"
    facts.engine.read("some_events", files, EVENT_TABLES["events"], where)


def _wanted(s: Session, query: EventQuery) -> Any:
    schema = ibis.Schema.from_pyarrow(EVENT_TABLES["events"])
    t = ibis.table(schema, name="some_events").select(*_SHOWN)
    t = t.filter(t.occurred_at >= _naive(query.since), t.occurred_at < _naive(query.until))
    if query.after:
        at, number = _naive(query.after[0]), query.after[1]
        t = t.filter((t.occurred_at > at) | ((t.occurred_at == at) & (t.message_hash > number)))
    # Who sent it is told as it came: that several ids are one person is a matter of the metrics.
    t = t.mutate(as_of=ibis.literal(s.first), sent_by=t.user_no)
    if query.accounts is not None:
        owned = with_account(s, t)
        t = owned.filter(owned.account_id.isin(s.chosen(query.accounts).chosen_id)).select(*t.columns)
    return t.order_by("occurred_at", "message_hash").limit(query.limit)


def _naive(at: datetime) -> datetime:
    """As the store keeps instants: UTC without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _names(facts: Facts, key: str, numbers: Sequence[int]) -> dict[int, str]:
    """Outside ids of groups or users by their numbers."""
    facts.bind(f"{key}s")
    facts.engine.put("numbers", pa.table({"number": pa.array(numbers, pa.int64())}))
    rows = facts.engine.rows(
        f"SELECT {key}_no, system, {key}_id FROM {key}s JOIN numbers ON number = {key}_no"  # noqa: S608 - two words
    )
    return {
        number: "" if system.endswith(ANONYMOUS) else name
        for number, system, name in zip(*(column.to_pylist() for column in rows.columns), strict=True)
    }


def _told(row: Row, names: dict[str, dict[int, str]], account: int | None) -> Row:
    return {
        "id": row["message_id"],
        "type": row["type"],
        "event": row["event"],
        "occurred_at": _aware(row["occurred_at"]).isoformat(),
        "received_at": _aware(row["received_at"]).isoformat(),
        "account": names["group"].get(row["group_no"]) or None,
        "account_number": account,
        "user": names["user"].get(row["sent_by"]) or None,
        "product": row["product"] or None,
        # As it is stored: what is neither read nor written anew cannot fail, whatever numbers it holds.
        "properties": msgspec.Raw((row["properties"] or "{}").encode()),
        "source": row["source"],
    }
