"""The inbox and its group commit: durable in order, honest about a full disk."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from enishi.kit.home import Home
from enishi.store.contracts import InboxUnavailable, NewBody, Overloaded
from enishi.store.group_commit import GroupCommit
from enishi.store.inbox import Inbox
from enishi.store.tests.fakes import Bench, event


def body(text: str = "x") -> NewBody:
    return NewBody(1, "test", text.encode())


@pytest.fixture
def inbox(bench: Bench) -> Inbox:
    return bench.inbox


def test_bodies_come_back_in_order_and_numbers_are_never_used_again(inbox: Inbox) -> None:
    inbox.append([body("a"), body("b")])
    first = inbox.take(0, 1 << 20)
    assert [(taken.number, taken.body) for taken in first] == [(1, b"a"), (2, b"b")]
    inbox.forget(2)
    inbox.append([body("c")])
    assert [taken.number for taken in inbox.take(0, 1 << 20)] == [3]
    assert inbox.last_number() == 3


def test_taking_is_bounded_but_never_stuck(inbox: Inbox) -> None:
    inbox.append([body("x" * 500) for _ in range(10)])
    assert len(inbox.take(0, 1200)) == 2
    assert len(inbox.take(0, 1)) == 1


def test_commits_reach_the_disk(inbox: Inbox) -> None:
    inbox.append([body()])
    connection = inbox._connection()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_too_little_space_is_refused_before_anything_is_written(bench: Bench) -> None:
    greedy = Inbox(bench.home, reserve_bytes=1 << 60)
    with pytest.raises(InboxUnavailable):
        greedy.append([body()])
    assert bench.inbox.take(0, 100) == []


def _fill(folder: Path, pipe: Any) -> None:
    """In a process that may write no file beyond 300 KB: what a full disk does to SQLite."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    inbox = Inbox(Home(folder), reserve_bytes=0)
    accepted = 0
    try:
        for _ in range(100):
            inbox.append([body("y" * 20_000)])
            accepted += 1
    except InboxUnavailable as error:
        pipe.send((accepted, error.status))
        return
    pipe.send((accepted, 0))


def test_a_disk_that_fills_up_loses_nothing_it_accepted(bench: Bench) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_fill, args=(bench.home.root, theirs))
    process.start()
    accepted, status = ours.recv()
    process.join()
    assert status == 503
    assert 0 < accepted < 100
    assert len(bench.inbox.take(0, 1 << 30)) == accepted
    bench.inbox.append([body("again")])
    assert bench.inbox.last_number() >= accepted + 1


def _send_batch(folder: Path, text: bytes) -> None:
    inbox = Inbox(Home(folder))
    for _ in range(20):
        inbox.append([NewBody(1, "test", text)])


def test_the_same_batch_from_two_processes_counts_once(bench: Bench) -> None:
    import json

    text = json.dumps([event(f"m{number}") for number in range(30)]).encode()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_send_batch, args=(bench.home.root, text)) for _ in range(2)]
    for process in processes:
        process.start()
    with bench.consumer() as consumer:
        while any(process.is_alive() for process in processes):
            consumer.catch_up()
        consumer.catch_up()
    assert [process.exitcode for process in processes] == [0, 0]
    assert bench.inbox.last_number() == 40
    assert len(bench.rows("events")) == 30
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 30


class Gate:
    """A storage whose commits wait until the gate is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.commits: list[int] = []
        self.error: Exception | None = None

    def append(self, bodies: Any) -> None:
        self.open.wait(5)
        if self.error:
            raise self.error
        self.commits.append(len(bodies))


def test_requests_that_wait_together_share_a_commit() -> None:
    gate = Gate()

    async def run() -> None:
        group = GroupCommit(gate)  # type: ignore[arg-type]
        waiting = [asyncio.create_task(group.put(body(str(n)))) for n in range(50)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        gate.open.set()
        await asyncio.gather(*waiting)
        await group.close()

    asyncio.run(run())
    assert sum(gate.commits) == 50
    assert len(gate.commits) <= 2


def test_a_failed_commit_fails_every_request_in_it() -> None:
    gate = Gate()
    gate.error = InboxUnavailable("full")
    gate.open.set()

    async def run() -> list[Any]:
        group = GroupCommit(gate)  # type: ignore[arg-type]
        results = await asyncio.gather(*(group.put(body()) for _ in range(5)), return_exceptions=True)
        await group.close()
        return results

    assert all(isinstance(result, InboxUnavailable) for result in asyncio.run(run()))


@pytest.mark.parametrize("limits", [{"max_waiting": 3}, {"max_waiting_bytes": 3}])
def test_beyond_its_bounds_it_refuses_at_once(limits: dict[str, int]) -> None:
    gate = Gate()

    async def run() -> list[Any]:
        group = GroupCommit(gate, **limits)  # type: ignore[arg-type]
        first = [asyncio.create_task(group.put(body())) for _ in range(4)]
        await asyncio.sleep(0.05)
        later = [asyncio.create_task(group.put(body())) for _ in range(4)]
        await asyncio.sleep(0.05)
        gate.open.set()
        results = await asyncio.gather(*first, *later, return_exceptions=True)
        await group.put(body())
        await group.close()
        return results

    results = asyncio.run(run())
    refused = [result for result in results if isinstance(result, Overloaded)]
    assert 0 < len(refused) < 8
    assert sum(gate.commits) == 8 - len(refused) + 1


def test_what_waits_at_shutdown_is_committed() -> None:
    gate = Gate()

    async def run() -> None:
        group = GroupCommit(gate)  # type: ignore[arg-type]
        waiting = asyncio.create_task(group.put(body()))
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(group.close())
        await asyncio.sleep(0.02)
        gate.open.set()
        await asyncio.gather(waiting, closing)
        with pytest.raises(InboxUnavailable):
            await group.put(body())

    asyncio.run(run())
    assert gate.commits == [1]


def test_scrubbing_leaves_nothing_of_forgotten_bodies(bench: Bench) -> None:
    bench.inbox.append([body("very-private-text")])
    bench.inbox.forget(1)
    bench.inbox.scrub()
    assert not any(b"very-private-text" in path.read_bytes() for path in bench.home.root.glob("inbox*"))


def test_a_busy_file_is_said_not_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enishi.store.inbox._BUSY_SECONDS", 0.05)
    inbox = Inbox(bench.home)
    inbox.append([body()])
    with sqlite3.connect(bench.home.inbox, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InboxUnavailable):
            inbox.append([body()])
        other.execute("ROLLBACK")
    other.close()
    inbox.append([body()])
    assert len(inbox.take(0, 1000)) == 2
    assert os.path.exists(bench.home.inbox)
