"""Events of a year for measurements, published with the consumer's own steps; written as a stream, kept if wished.

People differ widely in how much they use (log-normal), work on weekdays, come in sessions that begin with a sign-in;
1 event in 100 arrives up to a month late, 1 in 50 does not name the account, so that it is found by its user.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from enishi.kit.home import Home
from enishi.store.compaction import compact, remove_retired
from enishi.store.manifest import read_manifest
from enishi.store.publishing import forget_published, publish_pending
from enishi.store.schema import EVENTS
from enishi.store.testing import publish
from enishi.store.writer import State, open_writer

FIRST, DAYS = date(2023, 1, 1), 365
LAST = FIRST + timedelta(days=DAYS - 1)
ZONE = "Asia/Tokyo"
PEOPLE = 25  # per account
FEATURES = 25
SESSION = 5.0  # events, on average
LIVE = 40  # the last days are published one by one, those before in bulk, as an import is
BULK = 2_000_000
EPOCH = date(1970, 1, 1).toordinal()


def make(folder: Path, events: int, accounts: int) -> Home:
    """A store with so many events; taken as it is where an earlier run has left it."""
    home, done = Home(folder), folder / "complete"
    if done.exists():
        return home
    if read_manifest(home.published).generation:
        raise SystemExit(f"{folder} holds an unfinished set of events: delete it and start again")
    home.prepare()
    _publish_records(home, accounts)
    _publish_events(home, events, accounts)
    done.touch()
    return home


def _publish_records(home: Home, accounts: int) -> None:
    numbers = range(1, accounts + 1)
    terms = {"valid_on": FIRST, "started_on": FIRST, "interval": "month", "seats": 20, "product": "core"}
    head = {"target": "account", "system": "product", "valid_on": FIRST}
    rows: dict[str, list[dict[str, Any]]] = {
        "record_account": [{"record_id": n, "valid_on": FIRST, "since": FIRST} for n in numbers],
        "record_subscription": [{"record_id": n, "account_id": n, "amount": n, **terms} for n in numbers],
        "link": [{"record_id": n, "account_id": n, "value": f"g{n}", **head} for n in numbers],
    }
    for table, listed in rows.items():
        publish(home, table, listed, zone=ZONE)


def _publish_events(home: Home, events: int, accounts: int) -> None:
    rng, users = np.random.default_rng(7), accounts * PEOPLE
    weights = np.cumsum(rng.lognormal(0.0, 1.2, users))
    database, state, number = open_writer(home), State(0, 0, 0, users + 1, accounts + 1), 0
    _number_everybody(database, users, accounts)
    for low, high, now in _pieces(events):
        share = int(events * _weekdays(low, high).sum() / _weekdays(0, DAYS).sum())
        rows = _rows(rng, weights, low, high, share, accounts, number)
        number += rows.num_rows
        state.batch += 1
        database.register("rows_in", rows)
        database.execute(f"INSERT INTO pending_events BY NAME SELECT *, {state.batch} AS batch FROM rows_in")
        database.unregister("rows_in")
        manifest = publish_pending(home, database, state, ZONE, now)
        forget_published(database, manifest.batch)
        manifest = compact(home, manifest, now.date(), now)
        remove_retired(home, manifest, now, grace=0)
    database.close()
    home.writer.unlink()  # only the published facts are read


def _pieces(events: int) -> Iterator[tuple[int, int, datetime]]:
    """Days ``[low, high)`` published together, and when."""
    size, start = max(1, BULK * DAYS // events), DAYS - LIVE
    for low in range(0, start, size):
        yield low, min(low + size, start), _noon(start)
    for day in range(start, DAYS):
        yield day, day + 1, _noon(day + 1)


def _noon(day: int) -> datetime:
    return datetime.combine(FIRST + timedelta(days=day), time(3), UTC)


def _weekdays(low: int, high: int) -> np.ndarray:
    """How busy each day is."""
    return np.where((np.arange(low, high) + FIRST.weekday()) % 7 < 5, 1.0, 0.25)


def _number_everybody(database: Any, users: int, accounts: int) -> None:
    first = f"DATE '{FIRST}'"
    database.execute(
        f"INSERT INTO groups SELECT range, 'product', 'g' || range, range, {first}, 1 FROM range(1, {accounts + 1});"
        f"INSERT INTO users SELECT range, 'product', 'u' || range, range, {first}, 1 FROM range(1, {users + 1});"
        f"INSERT INTO memberships SELECT (range - 1) % {accounts} + 1, range, {first}, 1 FROM range(1, {users + 1});"
    )


def _rows(
    rng: np.random.Generator, weights: np.ndarray, low: int, high: int, n: int, accounts: int, number: int
) -> pa.Table:
    sessions = max(int(n / SESSION), 1)
    busy = _weekdays(low, high)
    lengths = rng.geometric(1 / SESSION, sessions)
    user = np.repeat(np.searchsorted(weights, rng.random(sessions) * weights[-1]) + 1, lengths)
    day = np.repeat(rng.choice(np.arange(low, high), sessions, p=busy / busy.sum()), lengths)
    feature = np.minimum(rng.geometric(0.15, len(user)), FEATURES)
    feature[np.concatenate([[0], np.cumsum(lengths)[:-1]])] = 0  # a session begins with a sign-in
    number_of = (user - 1) % accounts + 1
    group = np.where(rng.random(len(user)) < 0.02, 0, number_of)
    late = np.where(rng.random(len(user)) < 0.01, rng.integers(1, 31, len(user)), 0)
    day = day + FIRST.toordinal() - EPOCH
    at = day * 86_400_000_000 + rng.integers(0, 50_000_000_000, len(user)) - 9 * 3_600_000_000
    names = pa.array(["login", *(f"feature {k}" for k in range(1, FEATURES + 1))])
    known = _dates(day + late)
    ids = np.arange(number, number + len(user))
    columns = {
        "message_id": pa.array(ids).cast(pa.string()), "message_hash": ids, "type": _same("track", len(user)),
        "event": names.take(pa.array(feature)), "group_no": group, "user_no": user, "day": _dates(day),
        "product": pa.array(["core", "mobile"]).take(pa.array((rng.random(len(user)) < 0.2).astype(int))),
        "known_on": known, "recorded_on": known, "occurred_at": pa.array(at).cast(pa.timestamp("us")),
        "received_at": pa.array(at + late * 86_400_000_000).cast(pa.timestamp("us")),
        "properties": _same('{"plan":"pro","region":"tokyo"}', len(user)), "source": _same("bench", len(user)),
    }  # fmt: skip
    return pa.table(columns).select(EVENTS.names).cast(EVENTS)


def _dates(days: np.ndarray) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _same(text: str, n: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(n, dtype=np.int64)))
