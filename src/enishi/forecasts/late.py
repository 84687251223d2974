"""What was written down afterwards: taken as known only when it arrived, so that no forecast learns from hindsight.

A bulk import of old history counts from when it happened: that is what the history is for. But once a source delivers,
a record dated back into the time it already delivered was not there on its day. Were it taken for known then, a forecast
would learn from, say, the tickets somebody filed about a customer after that customer had left.

What cannot be told: a source whose whole history arrived in one import says of no single record when it was written.
There a record dated back looks like any other, and only :mod:`enishi.forecasts.leaks` may notice it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import msgspec
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.metrics.api import Facts, FactSettings, duckdb_facts
from enishi.store.api import Published
from enishi.store.kinds import KINDS
from enishi.store.manifest import File, read_manifest, write_manifest

_JOINED = """
from read_parquet($files) as t
left join (select source, min(recorded_on) as began from read_parquet($files) group by 1) as feed
  on t.source is not distinct from feed.source
"""
_LATE = "t.known_on >= feed.began and t.recorded_on > t.known_on"


@contextmanager
def without_hindsight(home: Home) -> Iterator[tuple[Home, dict[str, int]]]:
    """The facts with records told late taken as known on the day they arrived.

    Yields:
        A data folder to read published facts from (the very one, where nothing was told late), and by kind how many
        versions were told late.
    """
    late = count_late(home)
    if not late:
        yield home, {}
        return
    with tempfile.TemporaryDirectory(prefix="enishi-") as folder:
        yield _shadow(home, Path(folder), late), late


@contextmanager
def honest_facts(home: Home, settings: FactSettings | None = None) -> Iterator[Facts]:
    """The facts to read past days from, where something is learned from them or judged by them: none told late.

    What is known today is the same as in :func:`enishi.metrics.api.duckdb_facts`; only past days know less.
    """
    with without_hindsight(home) as (honest, _), duckdb_facts(honest, settings) as facts:
        yield facts


def count_late(home: Home) -> dict[str, int]:
    """How many versions of records of each kind were told late; kinds without any are left out."""
    published, counts = Published(home), {}
    with duckdb.connect() as connection:
        for kind in KINDS:
            if files := published.files(f"record_{kind}"):
                sql = f"select count(*) {_JOINED} where {_LATE}"
                (count,) = connection.execute(sql, {"files": files}).fetchone() or (0,)
                if count:
                    counts[kind] = int(count)
    return counts


def _shadow(home: Home, folder: Path, late: dict[str, int]) -> Home:
    """A folder with the same published facts, but for the kinds with records told late."""
    shadow = Home(folder)
    shadow.published.mkdir(parents=True)
    manifest = read_manifest(home.published)
    for path in home.published.iterdir():
        if path.is_dir():
            (shadow.published / path.name).symlink_to(path.resolve(), target_is_directory=True)
    rewritten = {f"record_{kind}": [_rewrite(home, shadow, f"record_{kind}")] for kind in late}
    write_manifest(
        shadow.published, msgspec.structs.replace(manifest, tables={**manifest.tables, **rewritten})
    )
    if home.plans.is_dir() and home.plans.is_relative_to(home.root):
        shadow.plans.parent.mkdir(parents=True, exist_ok=True)
        shadow.plans.symlink_to(home.plans.resolve(), target_is_directory=True)
    return shadow


def _rewrite(home: Home, shadow: Home, table: str) -> File:
    files = Published(home).files(table)
    path = shadow.published / f"as-arrived-{table}.parquet"
    known = f"if({_LATE}, t.recorded_on, t.known_on) as known_on"
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"select t.* replace ({known}) {_JOINED}", params={"files": files}
        ).to_arrow_table()
    pq.write_table(rows.cast(Published(home).schema(table)), path)
    return File(path=path.name, rows=rows.num_rows, bytes=path.stat().st_size)
