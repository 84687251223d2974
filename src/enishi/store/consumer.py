"""The one writer: inbox bodies and record versions become stored, then published facts.

Every transaction carries rows and positions together, so a crash at any moment leaves either both or neither.
Publishing comes after and is repeatable: the manifest names the last transaction its files hold, and rows stay
pending until it is on the disk.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Self
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from enishi.kit.clock import Clock, day_of, system_clock
from enishi.kit.home import Home
from enishi.store.batch import Batch, Pairs, build_batch
from enishi.store.columns import Events
from enishi.store.compaction import compact, remove_retired, remove_strays
from enishi.store.contracts import Application, Body, Event, InboxStorage, Version
from enishi.store.erasure import (
    blank_texts,
    cutoff,
    drop_raw,
    erase,
    find_traces,
    forget_users,
    numbers_of,
)
from enishi.store.hashing import Ints, message_hashes
from enishi.store.lock import ConsumerLock
from enishi.store.manifest import read_manifest
from enishi.store.memory import COLUMNS, needs_streams, tell_streams_apart
from enishi.store.numbers import Key, Numbers
from enishi.store.pins import remove_dead_pins
from enishi.store.publishing import forget_published, publish_pending, to_ipc
from enishi.store.rebuild import carry_records_anew, chunks, is_outdated, rebuild, restore_writer
from enishi.store.redaction import redact
from enishi.store.rollups import roll_history
from enishi.store.seen import Seen
from enishi.store.versions import versions_to_tables
from enishi.store.withdrawal import free_ids, withdraw
from enishi.store.writer import open_writer, read_state, rewrite, transaction, write_state

log = logging.getLogger("enishi.store")

TAKE_BYTES = 6 << 20  # about 20,000 events a transaction
TAKE_VERSIONS = 20_000
PUBLISH_ROWS = 200_000  # pending rows beyond which publishing does not wait
PUBLISH_SECONDS = 1.0  # a publish costs several files, however few the rows
LONGEST_SECONDS = 3.0  # readers wait no longer, however slow the machine
IDLE_SECONDS = 0.25
LOOK_SECONDS = 1.0

# Failures of what is around the data, but for those of the data.
_AROUND = (OSError, MemoryError, sqlite3.Error, duckdb.Error)
_DATA = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)

# What the application hears of before the commit: messages that say something beyond "this was used".
TOLD_TYPES = frozenset({"identify", "group", "alias"})


class Consumer:
    """Carries the inbox and new record versions into the store.

    Use as a context manager after a successful :meth:`try_open`, or let :func:`consume` do both.

    Args:
        home: the installation's data folder.
        inbox: where bodies wait.
        application: decodes bodies, hears of identities, gives record versions and the time zone.
        clock: the present instant.
    """

    def __init__(
        self, home: Home, inbox: InboxStorage, application: Application, clock: Clock = system_clock
    ) -> None:
        self.home, self.inbox, self.application, self.clock = home, inbox, application, clock
        self.lock = lock_of(home)
        self.database: duckdb.DuckDBPyConnection | None = None
        self._pending = 0
        self._published_at = 0.0
        self._publish_took = 0.0
        self._looked_at = 0.0

    def try_open(self) -> bool:
        """Become the one consumer and mend what a crash left; False where another process is."""
        if not self.lock.take():
            return False
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return True

    def _open(self) -> None:
        self.home.prepare()
        manifest = read_manifest(self.home.published)
        if strays := remove_strays(self.home, manifest):
            log.info("removed %d unfinished files", strays)
        remove_dead_pins(self.home)
        restore_writer(self.home, self.application.streams())
        self._connect()
        if self.state.batch < manifest.batch:  # an older copy was put back
            self.db.close()
            self.home.writer.unlink()
            restore_writer(self.home, self.application.streams())
            self._connect()
        self.zone = manifest.zone if manifest.generation else self.application.zone()
        self._follow()
        roll_history(self.home, read_manifest(self.home.published), self.clock())
        self._check_versions()

    def _connect(self) -> None:
        self.database = open_writer(self.home)
        manifest = read_manifest(self.home.published)
        forget_published(self.db, manifest.batch)
        if needs_streams(self.db):
            events = chunks(self.home, manifest.tables.get("events", []), COLUMNS)
            tell_streams_apart(self.home, self.db, events, self.application.streams(), self.clock())
        free_ids(self.home, self.db, self.clock())
        self._recall()
        if self.inbox.last_number() < self.state.inbox:
            log.warning("the inbox was made anew; its numbers go on from %d", self.state.inbox)
            self.inbox.continue_from(self.state.inbox)
        self.seen = Seen(self.db)
        waiting = self.db.execute("SELECT count(*) FROM pending_events").fetchall()[0][0]
        self._pending = waiting + self.state.batch - read_manifest(self.home.published).batch

    def _recall(self) -> None:
        """Stand where the last transaction ended."""
        self.state = read_state(self.db)
        self.users = Numbers(self.db, "users", self.state.next_user)
        self.groups = Numbers(self.db, "groups", self.state.next_group)

    @property
    def db(self) -> duckdb.DuckDBPyConnection:
        if self.database is None:
            raise RuntimeError("the consumer is not open")
        return self.database

    def close(self) -> None:
        """Give up the database and the lock."""
        if self.database is not None:
            self.database.close()
            self.database = None
        self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def step(self) -> bool:
        """Carry the next bodies and versions in one transaction; False where there was nothing."""
        bodies = self.inbox.take(self.state.inbox, TAKE_BYTES)
        try:
            return self._carry(self.application.decode(bodies) if bodies else Events(), bodies)
        except Exception as error:
            if not bodies or self._is_passing(error):
                raise
            log.exception("a step failed; what can be carried is carried without the rest")
        self._carry_apart(bodies)
        return True

    def _carry_apart(self, bodies: Sequence[Body]) -> None:
        """Nothing a sender managed to write may hold up all others: what fails even alone is left to people."""
        self._recall()
        self._carry(Events(), [])  # where this fails, too, it is not the bodies' fault
        for body in bodies:
            try:
                events = self.application.decode([body])
            except Exception as error:
                self._set_aside(body, error)
            else:
                self._carry_by_halves(events)
        self._carry(Events(), bodies)

    def _carry_by_halves(self, events: Events) -> None:
        """Should it end in the middle, the bodies come again, and what was carried of them is known."""
        try:
            self._carry(events, [])
        except Exception as error:
            self._recall()
            if len(events) == 1 or self._is_passing(error):
                self._set_aside(events[0], error)
                return
            middle = len(events) // 2
            self._carry_by_halves(events.keep(range(middle)))
            self._carry_by_halves(events.keep(range(middle, len(events))))

    def _set_aside(self, item: Event | Body, error: Exception) -> None:
        """Leave an item to people, unless it may yet be carried."""
        if self._is_passing(error):
            raise error
        log.error("an item cannot be carried", exc_info=error)
        self.application.set_aside(item, error)

    def _is_passing(self, error: Exception) -> bool:
        """Whether the same may succeed later: a disk is full, a database away or not up to date. What the data
        themselves cause comes again and again."""
        return self.application.is_passing(error) or (
            isinstance(error, _AROUND) and not isinstance(error, _DATA)
        )

    def _carry(self, events: Events, bodies: Sequence[Body]) -> bool:
        fresh, hashes = self._fresh(events) if len(events) else (events, message_hashes([]))
        if len(fresh):
            self._tell(fresh)
        versions = self.application.versions(self.state.versions, TAKE_VERSIONS)
        if not bodies and not len(fresh) and not versions:
            return False
        with transaction(self.db):
            self.state.batch += 1
            if len(fresh):
                self._insert_events(build_batch(fresh, hashes, self.zone, self.users, self.groups))
                self.seen.insert(hashes)
                self._count_arrivals(fresh)
            self._insert_versions(versions)
            self._move_on(bodies, versions)
        self._pending += len(fresh) + len(versions) + 1
        return True

    def _tell(self, fresh: Events) -> None:
        """Let the application hear of identities and new groups before they are stored."""
        told = [place for place, type_ in enumerate(fresh.type) if type_ in TOLD_TYPES]
        named = {key for key in zip(fresh.system, fresh.group, strict=True) if key[1]}
        unknown = self.groups.unknown(sorted(named))
        if told or unknown:
            first = _earliest(fresh, set(unknown))
            self.application.accept([fresh[place] for place in told], [fresh[first[key]] for key in unknown])

    def _fresh(self, events: Events) -> tuple[Events, Ints]:
        kept, hashes = self.seen.fresh(message_hashes(events.message_id), events.stream)
        return events.keep(kept.tolist()), hashes

    def _insert_events(self, batch: Batch) -> None:
        number = self.state.batch
        self._insert("pending_events", batch.events)
        self.users.insert(batch.fresh_users, number)
        self.groups.insert(batch.fresh_groups, number)
        self._insert_pairs("memberships", "group_no", batch.memberships)
        self._insert_pairs("aliases", "previous_no", batch.aliases)

    def _insert(self, table: str, rows: pa.Table) -> None:
        self.db.register("rows_in", rows)
        self.db.execute(f"INSERT INTO {table} BY NAME SELECT *, {self.state.batch} AS batch FROM rows_in")  # noqa: S608
        self.db.unregister("rows_in")

    def _count_arrivals(self, fresh: Events) -> None:
        """In the transaction of the rows themselves, so that a crash neither loses nor doubles one."""
        for delivery, count in Counter(filter(None, fresh.delivery)).items():
            self.db.execute("INSERT INTO arrivals VALUES (?, ?, ?)", [delivery, count, self.state.batch])

    def _tell_arrivals(self) -> None:
        """Whoever waits for the manifest finds the count of a delivery when it is there."""
        found = self.db.execute(
            "SELECT delivery, sum(fresh)::BIGINT FROM arrivals WHERE delivery IN "
            "(SELECT delivery FROM arrivals WHERE batch > ?) GROUP BY delivery",
            [read_manifest(self.home.published).batch],
        ).fetchall()
        if found:
            self.application.arrived(dict(found))

    def _insert_pairs(self, table: str, left: str, pairs: Pairs) -> None:
        """Keep a pair if it is new, or known from an earlier day than before."""
        if not len(pairs.left):
            return
        self.db.register("pairs_in", pairs.table(left, "user_no"))
        self.db.execute(
            f"INSERT INTO {table} BY NAME SELECT *, {self.state.batch} AS batch FROM pairs_in p WHERE NOT EXISTS "  # noqa: S608
            f"(FROM {table} t WHERE t.{left} = p.{left} AND t.user_no = p.user_no AND t.known_on <= p.known_on)"
        )
        self.db.unregister("pairs_in")

    def _insert_versions(self, versions: Sequence[Version]) -> None:
        for name, rows in versions_to_tables(versions, ZoneInfo(self.zone)).items():
            self.db.execute(
                "INSERT INTO pending_versions VALUES (?, ?, ?)", [self.state.batch, name, to_ipc(rows)]
            )

    def _move_on(self, bodies: Sequence[Body], versions: Sequence[Version]) -> None:
        if bodies:
            self.state.inbox = bodies[-1].number
        if versions:
            self.state.versions = versions[-1].version_id
        self.state.next_user, self.state.next_group = self.users.next_number, self.groups.next_number
        write_state(self.db, self.state)

    def publish(self) -> int:
        """Make everything carried so far visible to readers; returns the generation."""
        started = time.monotonic()
        now = self.clock()
        self._tell_arrivals()
        manifest = publish_pending(self.home, self.db, self.state, self.zone, now)
        forget_published(self.db, manifest.batch)
        self.inbox.forget(manifest.inbox)
        self._pending = 0
        manifest = compact(self.home, manifest, self._today(), now)
        if months := self.application.raw_months():
            before = cutoff(self._today(), months)
            manifest = drop_raw(self.home, manifest, before, now, self.application.streams())
        manifest = remove_retired(self.home, manifest, now)
        self._published_at = time.monotonic()
        self._publish_took = self._published_at - started
        return manifest.generation

    def _today(self) -> date:
        return day_of(self.clock(), ZoneInfo(self.zone))

    def catch_up(self) -> int:
        """Carry everything there is, publish it, and remove what to remove; returns the generation."""
        self._carry_all()
        self._erase_all()
        if self._withdraw_all():
            self._carry_all()  # what the application then says of its records
        return read_manifest(self.home.published).generation

    def _carry_all(self) -> None:
        while self.step():
            if self._pending >= PUBLISH_ROWS:
                self.publish()
        self.publish()

    def _erase_all(self) -> None:
        """Remove everyone whose removal was asked for; what they sent before has been carried and published."""
        for erasure in self.application.erasures():
            numbers = numbers_of(self.db, self.users, erasure.users)
            streams = self.application.streams()
            removed = erase(self.home, numbers, erasure.contact_id, self.clock(), streams)
            texts = blank_texts(self.home, erasure.records, self.clock(), streams)
            redact(self.home, erasure.words, self.clock(), streams)
            forget_users(self.db, numbers)
            self._rewrite()
            traces = find_traces(self.home, erasure)
            self.application.erased(erasure, removed.rows, removed.blanked + texts.blanked, traces)

    def _withdraw_all(self) -> int:
        """Take back every delivery that shall be; gives how many. What is in them has been carried and published."""
        waiting = self.application.withdrawals()
        for withdrawal in waiting:
            rows = withdraw(self.home, withdrawal, self.clock(), self.application.streams())
            self._disconnect()
            self._connect()  # frees the ids
            self.application.withdrawn(withdrawal, rows, self.groups.unknown)
        return len(waiting)

    def _rewrite(self) -> None:
        """Leave nothing of removed rows in the writer's file and the inbox."""
        self._disconnect()
        rewrite(self.home)
        self._connect()
        self.inbox.scrub()

    def _disconnect(self) -> None:
        self.db.execute("CHECKPOINT")
        self.db.close()
        self.database = None

    def _follow(self) -> None:
        """Compute all days again where the company has changed its time zone, or record tables theirs."""
        zone = self.application.zone()
        if is_outdated(read_manifest(self.home.published), zone):
            self.publish()
            rebuild(self.home, self.application, zone, self.clock())
        self.zone = zone

    def _check_versions(self) -> None:
        """Carry all records anew where the application database was put back to an earlier day: it gives numbers a
        second time, and what bears one that was carried before would never be carried."""
        at = self.state.versions
        found = self.application.versions(at - 1, 1) if at else []
        if not at or (found and found[0].version_id == at):
            return
        log.warning("version %d is no longer there: the application database is an older copy", at)
        self.publish()
        last = carry_records_anew(self.home, self.application, self.zone, self.clock())
        with transaction(self.db):
            self.state.versions = last
            write_state(self.db, self.state)

    def _is_due(self, worked: bool) -> bool:
        waited = time.monotonic() - self._published_at
        pause = min(4 * self._publish_took, LONGEST_SECONDS) if worked else 0.0
        return self._pending >= PUBLISH_ROWS or waited >= max(PUBLISH_SECONDS, pause)

    def run(self, stop: threading.Event, went: Callable[[], object] = bool) -> None:
        """Carry and publish until told to stop; ``went`` hears whenever all there was is published."""
        while not stop.is_set():
            worked = self.step()
            if self._pending and self._is_due(worked):
                self.publish()
            self._now_and_then()
            if not self._pending:
                went()
            if not worked:
                stop.wait(IDLE_SECONDS)
        self.publish()

    def _now_and_then(self) -> None:
        """What need not be looked at after every transaction: time zone, what to remove, files past their grace."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        if self.application.zone() != self.zone:
            self._follow()
        if self.application.erasures() or self.application.withdrawals():
            self.catch_up()
        remove_retired(self.home, read_manifest(self.home.published), self.clock())


def _earliest(events: Events, groups: set[Key]) -> dict[Key, int]:
    """The position of the earliest event that names each of some groups."""
    first: dict[Key, int] = {}
    if groups:
        for place, key in enumerate(zip(events.system, events.group, strict=True)):
            if key in groups and (
                key not in first or events.occurred_us[place] < events.occurred_us[first[key]]
            ):
                first[key] = place
    return first


def lock_of(home: Home) -> ConsumerLock:
    """The lock that only one consumer of an installation holds."""
    return ConsumerLock(home.writer.with_name("consumer.lock"))
