"""The application's side of the consumer: decoding, rejects, identities, versions, time zone."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)

from enishi.accounts.company import company_zone
from enishi.accounts.models import RecordVersion
from enishi.accounts.versions import last_version_id, version_batches
from enishi.ingest.contracts import Channel, Origin, channel_of_file, decode_origin
from enishi.ingest.corrections import Rule, kept_of_messages
from enishi.ingest.decoding import decode_bodies
from enishi.ingest.erasing import label_of, words_of
from enishi.ingest.keys import channel_of_key
from enishi.ingest.leaving import leave
from enishi.ingest.models import Arrival, ErasureRequest, Reject, StorePolicy, WriteKey
from enishi.ingest.settling import settle_messages, waiting_messages
from enishi.ingest.sweeping import Sought, count_naming
from enishi.ingest.traits import apply_identities, keep_failed
from enishi.ingest.withdrawing import note_withdrawn, withdrawals
from enishi.kit.clock import Clock, microseconds, system_clock
from enishi.store.columns import Events
from enishi.store.contracts import Body, Erasure, Event, Unheard, Version, Withdrawal

log = logging.getLogger("enishi.ingest")

_SETTINGS_SECONDS = 2.0


class DjangoApplication:
    """See :class:`enishi.store.contracts.Application`. Lives as long as one consumer."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.clock = clock
        self._read_at = float("-inf")
        self._keys: dict[int, Channel] = {}
        self._names: dict[str, Channel] = {}
        self._files: dict[str, Channel] = {}
        self._rules: dict[str, list[Rule]] = {}
        self._waiting: set[str] = set()
        self._zone = ""

    def _settings(self) -> None:
        """Keys and zone, read again now and then."""
        if time.monotonic() - self._read_at < _SETTINGS_SECONDS:
            return
        self._keys = {row.pk: channel_of_key(row) for row in WriteKey.objects.all()}
        self._names = {channel.name: channel for channel in self._keys.values()}
        self._rules = kept_of_messages()
        self._waiting = waiting_messages()
        self._zone = company_zone().key
        self._read_at = time.monotonic()

    def _channel(self, origin: Origin) -> Channel:
        if not origin.key:
            channel = channel_of_file(origin)
            self._files[channel.name] = channel
            return channel
        found = self._keys.get(origin.key)
        if found is None:
            self._read_at = float("-inf")
            self._settings()
            found = self._keys.get(origin.key)
        return found or Channel(f"key {origin.key}", creates_accounts=False, stream=f"gone:{origin.key}")

    def _rules_of(self, source: str) -> Sequence[Rule]:
        return self._rules.get(source, ())

    def streams(self) -> dict[str, str]:
        self._settings()
        return {name: channel.stream for name, channel in self._names.items()}

    def decode(self, bodies: Sequence[Body]) -> Events:
        self._settings()
        events, rejects = decode_bodies(bodies, self._channel, self._rules_of, ZoneInfo(self._zone))
        if rejects:
            Reject.objects.bulk_create(rejects, batch_size=200, ignore_conflicts=True)
            self._waiting.update(reject.content for reject in rejects if reject.content)
        settle_messages(events, self._waiting, self.clock())
        return events

    def accept(self, events: Sequence[Event], groups: Sequence[Event]) -> None:
        """A database that is busy or away is waited for; what it will never take may not hold up all others."""
        now = self.clock()
        try:
            self._apply(events, groups, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("identities could not be applied together; trying each alone")
            for event in groups:
                self._accept_alone([], [event], now)
            for event in events:
                self._accept_alone([event], [], now)

    def _apply(self, events: Sequence[Event], groups: Sequence[Event], now: datetime) -> None:
        """All or nothing: after a failure PostgreSQL takes no further word within the same transaction."""
        with transaction.atomic():
            apply_identities(events, groups, self._by_name, now)

    def _accept_alone(self, events: list[Event], groups: list[Event], now: datetime) -> None:
        try:
            self._apply(events, groups, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("an identity could not be applied")
            keep_failed((*events, *groups)[0], error, now)

    def _by_name(self, name: str) -> Channel | None:
        return self._names.get(name) or self._files.get(name)

    def is_passing(self, error: Exception) -> bool:
        return isinstance(error, DatabaseError | InterfaceError) and not isinstance(
            error, DataError | IntegrityError
        )

    def set_aside(self, item: Event | Body, error: Exception) -> None:
        leave(item, decode_origin(item.origin) if isinstance(item, Body) else self._origin(item), error)

    def _origin(self, event: Event) -> Origin:
        """Under which a message that was understood would come again."""
        channel = self._by_name(event.source)
        for number, known in self._keys.items():
            if known == channel:
                return Origin(key=number, route="import" if event.backfill else "batch")
        return Origin(
            source=event.source,
            system=event.system,
            creates_accounts=channel is not None and channel.creates_accounts,
            backfill=event.backfill,
            delivery=event.delivery,
        )

    def arrived(self, fresh: Mapping[str, int]) -> None:
        for delivery, count in fresh.items():
            Arrival.objects.update_or_create(delivery=delivery, defaults={"fresh": count})

    def versions(self, after: int, limit: int) -> list[Version]:
        return [_version(row) for row in version_batches(after, limit)]

    def last_version(self) -> int:
        return last_version_id()

    def zone(self) -> str:
        self._settings()
        return self._zone

    def raw_months(self) -> int | None:
        policy = StorePolicy.objects.first()
        return policy.raw_months if policy else None

    def erasures(self) -> list[Erasure]:
        return [self._erasure(row) for row in ErasureRequest.objects.filter(done_at__isnull=True)]

    def _erasure(self, row: ErasureRequest) -> Erasure:
        self._settings()
        sought, label = Sought([user for _system, user in row.users]), label_of(row.contact_id)
        return Erasure(
            row.pk,
            [(system, user) for system, user in row.users],
            row.contact_id,
            tuple((kind, number, tuple(*fields)) for kind, number, *fields in row.texts),
            words_of(sought, label, self._names),
        )

    def erased(self, erasure: Erasure, rows: int, blanked: int, traces: int) -> None:
        """What is left is read back here, too."""
        request = ErasureRequest.objects.filter(pk=erasure.number)
        kept = [(kind, number) for found in request for kind, number in found.kept]
        left = count_naming(Sought([user for _system, user in erasure.users]), kept)
        request.update(done_at=self.clock(), users=[], rows=rows, blanked=blanked, traces=traces + left)

    def withdrawals(self) -> list[Withdrawal]:
        return withdrawals()

    def withdrawn(self, withdrawal: Withdrawal, rows: int, unheard: Unheard) -> None:
        note_withdrawn(withdrawal, rows, unheard, self.clock())


def _version(row: RecordVersion) -> Version:
    return Version(
        row.pk,
        row.kind,
        row.record_id,
        row.account_id,
        row.contact_id,
        row.valid_on,
        microseconds(row.known_at),
        microseconds(row.recorded_at),
        row.deleted,
        row.backfill,
        row.source,
        row.outside_id,
        row.data,
    )
