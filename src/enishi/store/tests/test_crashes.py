"""A crash at every step the consumer takes: what was accepted is there once afterwards.

Crashes are thrown at each place where something becomes durable, one run for each, before and after it. The
processes themselves are killed in ``tests/crash.py``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

import enishi.store.changing as changing
import enishi.store.consumer as consumer_module
import enishi.store.durable as durable
import enishi.store.publishing as publishing
import enishi.store.withdrawal as withdrawal
from enishi.store.compaction import FAN_IN
from enishi.store.contracts import Erasure, Version, Withdrawal
from enishi.store.erasure import forget_users, numbers_of
from enishi.store.inbox import Inbox
from enishi.store.published import Published
from enishi.store.tests.fakes import START, Bench, FakeApplication, event, us


class Crash(BaseException):
    """Not an Exception, so that nothing on the way can swallow it."""


class Countdown:
    """Lets so many steps pass, then crashes before or after the next."""

    def __init__(self, steps: int, after: bool) -> None:
        self.left, self.after, self.names = steps, after, list[str]()

    def watch(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def step(*arguments: Any, **named: Any) -> Any:
            self.names.append(name)
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Crash(name)
            result = real(*arguments, **named)
            if self.left == 0:
                raise Crash(name)
            return result

        monkeypatch.setattr(owner, name, step)


STEPS: tuple[tuple[Any, str], ...] = (
    (durable, "sync_file"),
    (durable, "sync_folder"),
    (consumer_module, "write_state"),
    (consumer_module, "publish_pending"),
    (consumer_module, "forget_published"),
    (publishing, "write_manifest"),
    (consumer_module, "rewrite"),
    (consumer_module, "forget_users"),
    (Inbox, "forget"),
)


def run_until_crash(
    bench: Bench, steps: int, after: bool, watched: tuple[tuple[Any, str], ...] = STEPS
) -> Countdown:
    countdown = Countdown(steps, after)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for owner, name in watched:
            countdown.watch(monkeypatch, owner, name)
        consumer = consumer_module.Consumer(bench.home, bench.inbox, bench.application, bench.clock)
        try:
            assert consumer.try_open()
            consumer.catch_up()
        except Crash:
            pass
        finally:
            consumer.close()
    return countdown


def version(number: int) -> Version:
    return Version(
        number, "account", number, number, None, date(2026, 3, 1), us(START), us(START), False, False, "crm",
        f"A-{number}", {"name": f"Account {number}"},
    )  # fmt: skip


def prepare(bench: Bench) -> None:
    """Enough published before that the next publish also merges files."""
    for number in range(FAN_IN - 1):
        bench.send(event(f"old{number}"))
        bench.catch_up()
    file: dict[str, Any] = {"delivery": "import:1"}
    bench.send(
        event("a", **file),
        event("b", START - timedelta(days=2), **file),
        event("a", **file),
        event("old0", **file),
    )
    bench.application.known = [version(1), version(2)]


def expect_exact(bench: Bench) -> None:
    bench.send(event("b"), event("c"))
    bench.catch_up()
    ids = sorted(str(row["message_id"]) for row in bench.rows("events"))
    assert ids == sorted([*(f"old{n}" for n in range(FAN_IN - 1)), "a", "b", "c"])
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == len(ids)
    assert bench.application.arrivals == {"import:1": 2}
    assert sorted(int(str(row["version_id"])) for row in bench.rows("record_account")) == [1, 2]
    assert len(bench.rows("users")) == len(bench.rows("groups")) == len(bench.rows("memberships")) == 1
    listed = {path for table in ("events", "usage") for path in Published(bench.home).files(table)}
    assert all(Path(path).exists() for path in listed)


def copy_of(prepared: Bench, folder: Path) -> Bench:
    prepared.inbox.close()
    shutil.copytree(prepared.home.root, folder)
    bench = Bench(folder)
    bench.application.known = prepared.application.known
    return bench


@pytest.mark.slow
def test_a_crash_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    prepared = Bench(tmp_path / "prepared")
    prepare(prepared)
    total = len(run_until_crash(copy_of(prepared, tmp_path / "count"), 10**6, after=False).names)
    assert total > 15
    for steps in range(1, total + 1):
        bench = copy_of(prepared, tmp_path / f"run{steps}")
        run_until_crash(bench, steps, after=steps % 2 == 0)
        expect_exact(bench)


@pytest.mark.slow
def test_an_erasure_cut_short_is_finished_at_the_next_start(tmp_path: Path) -> None:
    erasure = Erasure(1, [("product", "sato")], None)
    for steps in range(1, 14):
        bench = Bench(tmp_path / f"run{steps}")
        bench.send(event("a"), event("b", user="ito"))
        bench.catch_up()
        bench.application.to_erase.append(erasure)
        run_until_crash(bench, steps, after=steps % 2 == 0)
        bench.catch_up()
        assert bench.application.to_erase == []
        assert [row["message_id"] for row in bench.rows("events")] == ["b"]
        assert [row["user_id"] for row in bench.rows("users")] == ["ito"]


# Where something of a withdrawal becomes durable; files that no manifest lists are nothing.
WITHDRAWING = (
    (changing, "write_manifest"),
    (withdrawal, "write_manifest"),
    (withdrawal, "load_dictionaries"),
    (FakeApplication, "withdrawn"),
)


@pytest.mark.slow
def test_a_withdrawal_cut_short_is_finished_at_the_next_start(tmp_path: Path) -> None:
    """Its events are out once, told with their number, and their ids are free: the file comes again whole."""
    file: dict[str, Any] = {"source": "e.csv", "stream": "file", "received_us": us(START) + 1, "user": "ito"}
    prepared = Bench(tmp_path / "prepared")
    prepared.send(event("a"), event("b", **file), event("c", **file))
    prepared.catch_up()
    met: set[str] = set()
    for steps in range(1, len(WITHDRAWING) + 1):
        for after in (False, True):
            bench = copy_of(prepared, tmp_path / f"run{steps}{after}")
            bench.application.to_withdraw.append(Withdrawal("import:1", "e.csv", (us(START) + 1,)))
            met |= set(run_until_crash(bench, steps, after, WITHDRAWING).names)
            bench.catch_up()
            assert [row["message_id"] for row in bench.rows("events")] == ["a"]
            assert bench.application.taken_back == [(2, [])]
            bench.send(event("b", **file), event("c", **file))
            bench.catch_up()
            assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 3
            assert sorted(str(row["user_id"]) for row in bench.rows("users")) == ["ito", "sato"]
    assert met == {name for _owner, name in WITHDRAWING}


class Fragile:
    """A database that fails at one statement."""

    def __init__(self, real: duckdb.DuckDBPyConnection, fails_at: str) -> None:
        self.real, self.fails_at = real, fails_at

    def execute(self, query: str, *more: Any) -> Any:
        if query.startswith(self.fails_at):
            raise Crash(query)
        return self.real.execute(query, *more)


@pytest.mark.parametrize(
    "fails_at", [f"DELETE FROM {table}" for table in ("users", "memberships", "aliases")]
)
def test_a_person_is_forgotten_whole_or_not_at_all(bench: Bench, fails_at: str) -> None:
    """Numbers are found by ids and aliases: were these gone first, the rest would stay for ever."""
    bench.send(
        event("a", anonymous="device"), event("b", user="", anonymous="device"), event("c", user="ito")
    )
    bench.catch_up()
    person = [("product", "sato")]
    with bench.consumer() as consumer:
        numbers = numbers_of(consumer.db, consumer.users, person)
        with pytest.raises(Crash):
            forget_users(cast(Any, Fragile(consumer.db, fails_at)), numbers)
    with bench.consumer() as consumer:
        assert numbers_of(consumer.db, consumer.users, person) == numbers
        assert len(numbers) == 2
        forget_users(consumer.db, numbers)
        left = [
            consumer.db.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
            for name in ("users", "memberships", "aliases")
        ]
        assert left == [1, 1, 0]


def test_readers_see_one_generation_or_the_next(bench: Bench) -> None:
    """The sums of two tables agree at every step at which a reader might look."""
    bench.send(event("a"))
    bench.catch_up()
    sums: list[tuple[int, int]] = []
    real = durable.sync_folder

    def look(folder: Path) -> None:
        real(folder)
        published = Published(bench.home)
        sums.append((published.rows("events"), published.rows("usage")))

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(durable, "sync_folder", look)
        bench.send(event("b", user="ito"))
        bench.catch_up()
    assert set(sums) == {(1, 1), (2, 2)}


def test_a_clock_that_jumps_loses_nothing(bench: Bench) -> None:
    for number, jump in enumerate(
        (timedelta(0), timedelta(days=-400), timedelta(days=3000), timedelta(days=-2600))
    ):
        bench.clock.at += jump
        now = us(bench.clock())
        bench.send(
            event(f"a{number}", received_us=now, occurred_us=now),
            event("same", received_us=now, occurred_us=now),
        )
        bench.catch_up()
    ids = sorted(str(row["message_id"]) for row in bench.rows("events"))
    assert ids == ["a0", "a1", "a2", "a3", "same"]
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 5
