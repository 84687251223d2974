"""Which inbox this installation uses: a file of its own, or a table where PostgreSQL is configured."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError, connection, transaction

from enishi.ingest.models import InboxBody
from enishi.kit.home import Home
from enishi.store.contracts import Body, InboxStorage, InboxUnavailable, NewBody
from enishi.store.inbox import Inbox

_LOCK = 0x656E697369  # any fixed number


class TableInbox:
    """The inbox as a table of the application database.

    Writers take turns under an advisory lock, so that numbers become visible in their order: the consumer
    reads from the last number it saw, and a lower one committed later would be lost.
    """

    def append(self, bodies: Sequence[NewBody]) -> None:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                rows = [InboxBody(received_us=b.received_us, origin=b.origin, body=b.body) for b in bodies]
                InboxBody.objects.bulk_create(rows, batch_size=500)
        except DatabaseError as error:
            connection.close()
            raise InboxUnavailable(str(error).partition("\n")[0]) from error

    def take(self, after: int, max_bytes: int) -> list[Body]:
        taken: list[Body] = []
        size = 0
        for row in InboxBody.objects.filter(pk__gt=after).order_by("pk").iterator(chunk_size=200):
            taken.append(Body(row.pk, row.received_us, row.origin, bytes(row.body)))
            size += len(row.body) + 100
            if size >= max_bytes:
                break
        return taken

    def forget(self, upto: int) -> None:
        InboxBody.objects.filter(pk__lte=upto).delete()

    def last_waiting(self) -> int:
        return InboxBody.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def last_number(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value, is_called FROM ingest_inboxbody_id_seq")
            value, called = cursor.fetchone()
        return int(value) if called else 0

    def continue_from(self, number: int) -> None:
        """Give waiting and later bodies higher numbers than ``number``."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute("SELECT coalesce(max(id), 0) FROM ingest_inboxbody")
            top = cursor.fetchone()[0]
            cursor.execute("UPDATE ingest_inboxbody SET id = -(id + %s)", [number])
            cursor.execute("UPDATE ingest_inboxbody SET id = -id")
            cursor.execute("SELECT setval('ingest_inboxbody_id_seq', %s)", [number + top])

    def scrub(self) -> None:
        """Deleted rows leave the disk with the database's own vacuum."""
        with connection.cursor() as cursor:
            if not connection.in_atomic_block:
                cursor.execute("VACUUM ingest_inboxbody")


def inbox_of(home: Home) -> InboxStorage:
    """The inbox of this installation."""
    return TableInbox() if connection.vendor == "postgresql" else Inbox(home)
