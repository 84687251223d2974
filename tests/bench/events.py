"""Events of a year for measurements; kept if wished. The last 40 days are published with the consumer's own steps;
the months before are written as the consumer would leave them (``tests/test_bench_events.py`` compares the two).

People differ widely in how much they use (log-normal), work on weekdays, come in sessions that begin with a sign-in;
1 event in 100 arrives up to a month late, 1 in 50 does not name the account, so that it is found by its user.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from enishi.kit.home import Home
from enishi.store.compaction import compact, remove_retired
from enishi.store.days import month_end
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.publishing import COUNTED, USAGE_OF, forget_published, publish_pending
from enishi.store.rollups import grow, rolled, write_query
from enishi.store.schema import GROWN, ROLLUPS
from enishi.store.testing import publish
from enishi.store.writer import State, open_writer

FIRST, DAYS = date(2023, 1, 1), 365
LAST = FIRST + timedelta(days=DAYS - 1)
ZONE = "Asia/Tokyo"
PEOPLE = 25  # per account
FEATURES = 25
SESSION = 5.0  # events, on average
LONGEST = 64
LIVE = 40  # the last days are published one by one, those before in bulk, as an import is
EPOCH = date(1970, 1, 1).toordinal()

Rows = list[dict[str, Any]]


def make(folder: Path, events: int, accounts: int, contracts: Rows | None = None) -> Home:
    """A store with so many events; taken as it is where an earlier run has left it.

    Args:
        contracts: of each customer; without them everybody has one from the first day on.
    """
    home, done = Home(folder), folder / "complete"
    if done.exists():
        return home
    if read_manifest(home.published).generation:
        raise SystemExit(f"{folder} holds an unfinished set of events: delete it and start again")
    home.prepare()
    _publish_records(home, accounts, contracts or _lasting(accounts))
    _publish_events(home, events, accounts)
    done.touch()
    return home


def _lasting(accounts: int) -> Rows:
    terms = {"valid_on": FIRST, "started_on": FIRST, "interval": "month", "seats": 20, "product": "core"}
    return [{"record_id": n, "account_id": n, "amount": n, **terms} for n in range(1, accounts + 1)]


def _publish_records(home: Home, accounts: int, contracts: Rows) -> None:
    numbers = range(1, accounts + 1)
    head = {"target": "account", "system": "product", "valid_on": FIRST}
    rows: dict[str, Rows] = {
        "record_account": [{"record_id": n, "valid_on": FIRST, "since": FIRST} for n in numbers],
        "record_subscription": contracts,
        "link": [{"record_id": n, "account_id": n, "value": f"g{n}", **head} for n in numbers],
    }
    for table, listed in rows.items():
        publish(home, table, listed, zone=ZONE)


def _publish_events(home: Home, events: int, accounts: int) -> None:
    users, busy = accounts * PEOPLE, _weekdays(0, DAYS)
    chance = Chance(np.random.default_rng(7), users, accounts, events / busy.sum())
    database, state = open_writer(home), State(0, 0, 0, users + 1, accounts + 1)
    _number_everybody(database, users, accounts)
    state.batch = 1
    publish_pending(home, database, state, ZONE, _noon(0))  # who there is; the events follow
    for low, high in _months(DAYS - LIVE):
        _import_month(home, chance, low, high)
    _grow_past(home)
    for day in range(DAYS - LIVE, DAYS):
        state.batch += 1
        _live_day(home, database, state, chance, day)
    database.close()
    home.writer.unlink()  # only the published facts are read


def _months(stop: int) -> Iterator[tuple[int, int]]:
    """Spans of days ``[low, high)``, each within a month, up to ``stop``."""
    low = 0
    while low < stop:
        end = month_end(FIRST + timedelta(days=low))
        high = min((end - FIRST).days + 1, stop)
        yield low, high
        low = high


def _import_month(home: Home, chance: Chance, low: int, high: int) -> None:
    """History is written where the consumer's files would lie once it has carried and merged it: a file a month."""
    published, part = home.published, f"{FIRST + timedelta(days=low):%Y-%m}"
    with duckdb.connect(config={"memory_limit": "5GB", "temp_directory": str(home.root / "spill")}) as engine:
        engine.execute("SET enable_progress_bar = false").fetchall()
        chance.fill(engine, low, high)
        new = {"events": [write_query(engine, published, "events", "SELECT * FROM bench_rows", part)]}
        engine.read_parquet(str(published / new["events"][0].path)).create_view("events_of_month")
        usage = USAGE_OF.format(rows="events_of_month", counted=COUNTED)
        new["usage"] = [write_query(engine, published, "usage", usage, part)]
        engine.read_parquet(str(published / new["usage"][0].path)).create_view("usage_of_month")
        for table in set(ROLLUPS) - set(GROWN):
            query = rolled(table, "usage_of_month")
            new[table] = [write_query(engine, published, table, query, part)]
    old = read_manifest(published)
    generation = old.generation + 1
    days = {(FIRST + timedelta(days=day)).isoformat(): generation for day in range(low, high)}
    tables = {name: [*old.tables.get(name, []), *files] for name, files in new.items()}
    changed = dict.fromkeys(new, generation)
    write_manifest(
        published,
        msgspec.structs.replace(
            old,
            generation=generation,
            tables=old.tables | tables,
            changed=old.changed | changed,
            days=old.days | days,
        ),
    )


def _grow_past(home: Home) -> None:
    """What only grows, of all that was imported: one file, as after months of merging."""
    old = read_manifest(home.published)
    found = {table: grow(home.published, table, old.tables[source]) for table, source in GROWN.items()}
    changed = old.changed | dict.fromkeys(found, old.generation + 1)
    new = msgspec.structs.replace(
        old, generation=old.generation + 1, tables=old.tables | found, changed=changed
    )
    write_manifest(home.published, new)


def _live_day(
    home: Home, database: duckdb.DuckDBPyConnection, state: State, chance: Chance, day: int
) -> None:
    """A day of the consumer: its own steps."""
    now = _noon(day + 1)
    chance.fill(database, day, day + 1)
    database.execute(f"INSERT INTO pending_events BY NAME SELECT *, {state.batch} AS batch FROM bench_rows")
    manifest = publish_pending(home, database, state, ZONE, now)
    forget_published(database, manifest.batch)
    manifest = compact(home, manifest, now.date(), now)
    remove_retired(home, manifest, now, grace=0)


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


_UNIFORM = "(hash(id, {salt}) >> 11)::DOUBLE / 9007199254740992"
_ROWS = f"""
CREATE OR REPLACE TEMP VIEW bench_rows AS
WITH e AS (SELECT first_id + unnest(range(length)) AS id, first_id, user_no, day FROM bench_sessions),
     f AS (SELECT *, DATE '1970-01-01' + CAST(day AS INTEGER) AS on_day,
                  CASE WHEN {_UNIFORM.format(salt=3)} < 0.01 THEN 1 + CAST(hash(id, 4) % 30 AS INTEGER) ELSE 0 END AS late,
                  make_timestamp(CAST(day * 86400000000 + hash(id, 6) % 50000000000 AS BIGINT) - 32400000000) AS happened_at FROM e)
SELECT CAST(id AS VARCHAR) AS message_id, id AS message_hash, 'track' AS type,
       CASE WHEN id = first_id THEN 'login'
            ELSE 'feature ' || least({FEATURES}, 1 + CAST(floor(ln(1 - {_UNIFORM.format(salt=1)}) / ln(0.85)) AS INTEGER))
       END AS event,
       CASE WHEN {_UNIFORM.format(salt=5)} < 0.2 THEN 'mobile' ELSE 'core' END AS product,
       CASE WHEN {_UNIFORM.format(salt=2)} < 0.02 THEN 0 ELSE (user_no - 1) % {{accounts}} + 1 END AS group_no, user_no,
       happened_at AS occurred_at, happened_at + to_days(late) AS received_at, on_day AS day, on_day + late AS known_on,
       on_day + late AS recorded_on, '{{{{"plan":"pro","region":"tokyo"}}}}' AS properties, 'bench' AS source FROM f
"""


class Chance:
    """Who comes when: the same for the same size."""

    def __init__(self, rng: np.random.Generator, users: int, accounts: int, events_a_weekday: float) -> None:
        self.rng, self.accounts, self.rate = rng, accounts, events_a_weekday
        self.weights = np.cumsum(rng.lognormal(0.0, 1.2, users))
        self.next_id = 1

    def fill(self, engine: duckdb.DuckDBPyConnection, low: int, high: int) -> None:
        """``bench_rows``: the events of the days ``[low, high)``, made from sessions that begin with a sign-in."""
        busy = _weekdays(low, high)
        count = max(int(self.rate * busy.sum() / SESSION), 1)
        draws = self.rng.random(count) * self.weights[-1]
        lengths = np.minimum(self.rng.geometric(1 / SESSION, count), LONGEST)
        day = self.rng.choice(np.arange(low, high), count, p=busy / busy.sum())
        sessions = {
            "first_id": self.next_id + np.arange(count) * LONGEST,
            "length": lengths,
            "user_no": np.searchsorted(self.weights, draws) + 1,
            "day": day + FIRST.toordinal() - EPOCH,
        }
        self.next_id += count * LONGEST
        engine.register("sessions_in", pa.table(sessions))
        engine.execute("CREATE OR REPLACE TEMP TABLE bench_sessions AS FROM sessions_in")
        engine.unregister("sessions_in")
        engine.execute(_ROWS.format(accounts=self.accounts))
