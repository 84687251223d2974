"""The events of the bench lie in the store as the consumer would have laid them there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from enishi.kit.home import Home
from enishi.store.api import Published
from enishi.store.compaction import compact
from enishi.store.publishing import forget_published, publish_pending
from enishi.store.rollups import folded
from enishi.store.schema import GROWN, ROLLUPS
from enishi.store.writer import State, open_writer
from tests.bench import events as bench


def carried(made: Home, folder: Path) -> Home:
    """The same events, all of them published and merged by the consumer's steps, a week at a time."""
    home, state = Home(folder), State(0, 0, 0, 1, 1)
    home.prepare()
    database = open_writer(home)
    rows = f"read_parquet({Published(made).files('events')})"
    for low in range(0, bench.DAYS, 7):
        state.batch += 1
        start, now = f"DATE '{bench.FIRST}' + {low}", bench._noon(min(low + 7, bench.DAYS))
        database.execute(
            f"INSERT INTO pending_events BY NAME SELECT *, {state.batch} AS batch FROM {rows} "
            f"WHERE day >= {start} AND day < {start} + 7"
        )
        manifest = publish_pending(home, database, state, bench.ZONE, now)
        forget_published(database, manifest.batch)
        compact(home, manifest, now.date(), now)
    database.close()
    return home


def content(home: Home, table: str) -> list[tuple[object, ...]]:
    rows = f"read_parquet({Published(home).files(table)})"
    query = folded(table, rows) if table in ROLLUPS else f"FROM {rows}"
    return duckdb.sql(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall()


@pytest.mark.slow
def test_the_benchs_events_lie_as_the_consumer_lays_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PEOPLE", 3)
    monkeypatch.setattr(bench, "DAYS", 100)
    made = bench.make(tmp_path / "made", 3000, 20)
    real = carried(made, tmp_path / "real")
    for table in ("events", "usage", *ROLLUPS):
        assert content(made, table) == content(real, table), table
        if table in GROWN:  # how much of it has become one past depends on how often it was looked at
            continue
        mine, theirs = (Published(home).entries(table) for home in (made, real))
        assert {file.part for file in mine} == {file.part for file in theirs}, table
        months = [file for file in mine if file.part < "2023-03"]
        assert len(months) == len({file.part for file in months}), table
    assert Published(made).rolled
    assert set(Published(made).manifest.days) >= set(Published(real).manifest.days)
