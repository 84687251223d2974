"""The append-only history of records: written here, read by the consumer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

from enishi.accounts.bulk import insert_rows
from enishi.accounts.models import RecordVersion
from enishi.kit.clock import system_clock

# From before anything Enishi is asked about: for facts of identity, which hold for the past too.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)

LINK, MERGE = "link", "merge"
_LOCK = 0x656E69736869  # any fixed number


def lock_versions() -> None:
    """Let versions become visible in the order of their ids; call it in the transaction, before reading.

    The consumer reads from the last id it saw. Were a lower id committed later, it would be lost. SQLite has one
    writer at a time by itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def row_instant(now: datetime) -> datetime:
    """When rows change, for ``updated_at``; call it after :func:`lock_versions`.

    ``now`` was read before the lock was waited for. Who reads on from the last change seen would miss rows that
    come to light later with an earlier instant.
    """
    return max(now, system_clock())


def write_versions(versions: Iterable[RecordVersion]) -> None:
    insert_rows(RecordVersion, versions)


def version_batches(after_id: int, limit: int) -> list[RecordVersion]:
    """Versions with a higher id, in order of id, at most ``limit``: what the consumer carries on next.

    ``data`` holds the kind's own fields in kept form (dates and instants ISO, money decimal text, ``parent``
    the number of an account, members by mail address) without the empty ones, and further columns under
    ``extra``; for links ``system``, ``value`` and ``target``.
    """
    return list(RecordVersion.objects.filter(pk__gt=after_id).order_by("pk")[:limit])


def last_version_id() -> int:
    """The highest id written so far; 0 where there is none."""
    return RecordVersion.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
