"""The consumer meets a full disk at whatever step, and goes on when there is room again."""

from __future__ import annotations

import multiprocessing
import resource
from pathlib import Path
from typing import Any

import pytest

from enishi.store.published import Published
from enishi.store.tests.fakes import Bench, event


def _carry(folder: Path, limit: int, pipe: Any) -> None:
    """Carry on in a process that may write no file beyond ``limit`` bytes."""
    bench = Bench(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        bench.catch_up()
    except Exception as error:
        pipe.send(type(error).__name__)
        return
    pipe.send("")


@pytest.mark.parametrize("limit", [2_000, 60_000, 400_000, 1_500_000])
def test_a_full_disk_stops_the_consumer_and_loses_nothing(bench: Bench, limit: int) -> None:
    for part in range(20):
        bench.send(*(event(f"m{part}-{n}", properties=f'{{"n":"{part * n:>400}"}}') for n in range(100)))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_carry, args=(bench.home.root, limit, theirs))
    process.start()
    process.join()
    failure = ours.recv() if ours.poll() else f"exit {process.exitcode}"
    assert failure or Published(bench.home).rows("events") == 2000
    bench.catch_up()
    assert len({row["message_id"] for row in bench.rows("events")}) == len(bench.rows("events")) == 2000
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 2000
