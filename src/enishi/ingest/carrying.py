"""Carrying what has come in into the store: in this process, or by waiting for the one that does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from enishi.ingest.application import DjangoApplication
from enishi.ingest.failing import Failures
from enishi.ingest.inbox import inbox_of
from enishi.ingest.models import ErasureRequest
from enishi.ingest.withdrawing import withdrawals
from enishi.kit.clock import Clock, system_clock
from enishi.kit.home import Home
from enishi.store.consumer import Consumer
from enishi.store.contracts import ConsumerBusy
from enishi.store.manifest import read_manifest
from enishi.store.rebuild import is_outdated

log = logging.getLogger("enishi.ingest")

_POLL_SECONDS = 0.05
_RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)


def open_consumer(home: Home, clock: Clock = system_clock) -> Consumer | None:
    """The consumer, opened by this process; None where another process is it. The caller closes it."""
    consumer = Consumer(home, inbox_of(home), DjangoApplication(clock), clock)
    return consumer if consumer.try_open() else None


def consume_once(home: Home, clock: Clock = system_clock) -> bool:
    """Carry and publish all there is; False where another process is at it."""
    consumer = open_consumer(home, clock)
    if consumer is None:
        return False
    with consumer:
        consumer.catch_up()
    return True


def drain(home: Home, clock: Clock = system_clock, timeout: float = 120.0) -> int:
    """Return once everything accepted before this call can be read, as this version of the program reads it. Gives the
    generation.

    Raises:
        ConsumerBusy: another process is the consumer and did not get there in time.
    """
    application = DjangoApplication(clock)
    inbox, versions, zone = inbox_of(home).last_waiting(), application.last_version(), application.zone()
    started = time.monotonic()
    while time.monotonic() - started < timeout:
        manifest = read_manifest(home.published)
        carried = manifest.inbox >= inbox and manifest.versions >= versions
        if carried and not _removals_wait() and not is_outdated(manifest, zone):
            return manifest.generation
        if not consume_once(home, clock):
            time.sleep(_POLL_SECONDS)
    raise ConsumerBusy(timeout)


def wait_carried(
    home: Home,
    heard: Callable[[float], None] = lambda _share: None,
    clock: Clock = system_clock,
    patience: float = 120.0,
) -> None:
    """Return once every event accepted before this call can be read, however long it takes while it moves.

    Args:
        heard: told now and then what share of it is done, 0 to 1.
        patience: seconds without any progress.

    Raises:
        ConsumerBusy: another process is the consumer and got nowhere.
    """
    target = inbox_of(home).last_waiting()
    first = reached = read_manifest(home.published).inbox
    moved = time.monotonic()
    while reached < target:
        if not consume_once(home, clock):
            time.sleep(_POLL_SECONDS)
        before, reached = reached, read_manifest(home.published).inbox
        if reached > before:
            moved = time.monotonic()
            heard(min(1.0, (reached - first) / (target - first)))
        elif time.monotonic() - moved > patience:
            raise ConsumerBusy(patience)


def _removals_wait() -> bool:
    return ErasureRequest.objects.filter(done_at__isnull=True).exists() or bool(withdrawals())


def apply_retention(home: Home, now: datetime) -> None:
    """Drop raw events beyond the policy's months. A running consumer does this by itself when it publishes."""
    consume_once(home, lambda: now)


def consumer_loop(home: Home, stop: threading.Event, clock: Clock = system_clock) -> None:
    """Be the consumer until told to stop; wait while another process is. Survives a full disk and a lost
    database: it opens everything anew and goes on where the last transaction ended."""
    failures = Failures(home)
    while not stop.is_set():
        try:
            consumer = open_consumer(home, clock)
            if consumer is None:
                stop.wait(1.0)
                continue
            with consumer:
                consumer.run(stop, failures.over)
        except Exception as error:
            log.exception("the consumer failed and starts again")
            connection.close()
            times = failures.note(error, clock())
            stop.wait(_RETRY_SECONDS[min(times, len(_RETRY_SECONDS)) - 1])
