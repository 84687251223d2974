"""Small measurements of a running installation, for ``doctor`` and ``backup``."""

from __future__ import annotations

from datetime import date, datetime

from enishi.kit.home import Home
from enishi.store.published import Published


def consumer_is_running(home: Home) -> bool:
    """Whether some process holds the consumer's lock."""
    from enishi.store.consumer import lock_of

    if not home.writer.parent.exists():
        return False
    lock = lock_of(home)
    if lock.take():
        lock.release()
        return False
    return True


def inbox_lag(home: Home, now: datetime) -> tuple[int, float]:
    """How many bodies wait, and for how many seconds the oldest does."""
    from enishi.ingest.api import open_inbox

    after = Published(home).manifest.inbox
    bodies = open_inbox(home).take(after, 1 << 24)
    if not bodies:
        return 0, 0.0
    return len(bodies), max(0.0, now.timestamp() - bodies[0].received_us / 1e6)


def worker_last_seen() -> datetime | None:
    """When a job last began or ended; the schedule queues one every minute."""
    from django.db.models import Max
    from django_tasks_db.models import DBTaskResult

    found = DBTaskResult.objects.aggregate(began=Max("started_at"), ended=Max("finished_at"))
    return max((at for at in found.values() if at is not None), default=None)


def last_usage_day(home: Home) -> date | None:
    days = [file.last for file in Published(home).entries("usage") if file.last]
    return date.fromisoformat(max(days)) if days else None


def has_usage(home: Home) -> bool:
    return bool(Published(home).files("usage"))


def usage_names_users(home: Home) -> bool:
    """Whether any counted use is somebody's."""
    import duckdb

    from enishi.ingest.reads import table_of

    with duckdb.connect() as engine:
        query = f"SELECT 1 FROM {table_of(Published(home), 'usage')} WHERE user_no > 0 LIMIT 1"  # noqa: S608 - our own files
        return engine.execute(query).fetchone() is not None


def open_rejects() -> int:
    from enishi.ingest.models import Reject

    return Reject.objects.filter(status="open").count()
