"""Drawing the usage beside the loading of the records, in a process of its own, and reading it back week by week.

Events are drawn account by account and wanted in order of time, so they are spooled into one file a week. Memory
holds one spill and one week, however many accounts there are; the disk holds about 30 bytes an event meanwhile.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .events import SCHEMA, event_tables
from .sample import Sample

Told = Callable[[str, float, float | None], None]
ROWS_A_SPILL = 400_000
EVENTS_A_BODY = 1_000
WEEK_US = 7 * 86_400 * 1_000_000
PLACE = "drawn"  # how many accounts the drawing process has done, in the spool's folder


def quiet(what: str, done: float, total: float | None = None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Events being drawn by another process."""

    work: Future[list[Path]]
    folder: Path
    accounts: int
    after: date | None

    def wait(self, told: Told = quiet) -> list[Path]:
        """The files of the weeks, in order, once all are written."""
        while True:
            with suppress(NotYet):
                return self.work.result(timeout=0.5)
            with suppress(OSError, ValueError):
                told("people", int((self.folder / PLACE).read_text()), self.accounts)


@contextmanager
def draw_beside(sample: Sample, after: date | None = None) -> Iterator[Drawn]:
    """Draw the events later than ``after`` while the caller does something else; the files go away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="enishi-sample-"))
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield Drawn(pool.submit(spool, sample, folder, after), folder, sample.accounts, after)
    finally:
        for process in pool._processes.values():  # nobody waits for it where the caller failed
            process.terminate()
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(folder, ignore_errors=True)


def spool(sample: Sample, folder: Path, after: date | None = None) -> list[Path]:
    """Write the events into one file a week; the files in order of time."""
    weeks: dict[int, pa.RecordBatchStreamWriter] = {}
    waiting: list[pa.Table] = []
    rows = 0
    with ExitStack() as files:
        for place, table in enumerate(event_tables(sample, after)):
            waiting.append(table)
            rows += table.num_rows
            if rows > ROWS_A_SPILL:
                _spill(pa.concat_tables(waiting), folder, weeks, files)
                waiting, rows = [], 0
            if place % 20 == 19:
                (folder / PLACE).write_text(f"{place + 1}")
        if waiting:
            _spill(pa.concat_tables(waiting), folder, weeks, files)
    return [_file(folder, week) for week in sorted(weeks)]


def _file(folder: Path, week: int) -> Path:
    return folder / f"{week:06d}.arrow"


def _spill(
    table: pa.Table, folder: Path, weeks: dict[int, pa.RecordBatchStreamWriter], files: ExitStack
) -> None:
    number = table["occurred_at"].cast(pa.int64()).to_numpy() // WEEK_US
    order = np.argsort(number, kind="stable")
    table, number = table.take(pa.array(order)), number[order]
    for week in np.unique(number).tolist():
        first, last = np.searchsorted(number, [week, week + 1]).tolist()
        if week not in weeks:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            stream = pa.ipc.new_stream(str(_file(folder, week)), SCHEMA, options=options)
            weeks[week] = files.enter_context(stream)
        weeks[week].write_table(table.slice(first, last - first).combine_chunks())


def event_bodies(path: Path) -> Iterator[bytes]:
    """A week's events in order of time, as bodies of the Segment protocol."""
    with pa.ipc.open_stream(str(path)) as stream:
        table = stream.read_all().sort_by("occurred_at")
    for first in range(0, table.num_rows, EVENTS_A_BODY):
        texts = _messages(table.slice(first, EVENTS_A_BODY)).to_pylist()
        yield f'{{"batch":[{",".join(texts)}]}}'.encode()


def _messages(rows: pa.Table) -> pa.ChunkedArray:
    """One JSON text an event. The simulator's ids and names hold nothing that JSON would escape."""
    stamps = pc.strftime(rows["occurred_at"], "%Y-%m-%dT%H:%M:%SZ")
    return pc.binary_join_element_wise(
        '{"type":"track","messageId":"', rows["message_id"],
        '","userId":"', rows["user"],
        '","event":"', rows["event"],
        '","timestamp":"', stamps,
        '","context":{"groupId":"', rows["account"],
        '","product":"', rows["product"],
        '"},"properties":', rows["properties"], "}",
        "",
    )  # fmt: skip
