"""Fresh messages as Arrow columns, numbered and dated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enishi.store.contracts import Event
from enishi.store.days import days_in, instants
from enishi.store.hashing import Ints
from enishi.store.numbers import Fresh, Key, Numbers

ANONYMOUS = ":anonymous"
_EPOCH = date(1970, 1, 1)

Days = npt.NDArray[np.int32]  # days since the epoch


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two numbers and the day from which they belong together: the earliest of each pair in the batch."""

    left: Ints
    right: Ints
    known_on: Days

    @classmethod
    def earliest(cls, left: Ints, right: Ints, known_on: Days) -> Pairs:
        """Rows in which either number is 0 say nothing."""
        kept = (left != 0) & (right != 0)
        left, right, known_on = left[kept], right[kept], known_on[kept]
        order = np.lexsort((known_on, right, left))
        left, right, known_on = left[order], right[order], known_on[order]
        first = np.ones(len(left), dtype=bool)
        first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
        return cls(left[first], right[first], known_on[first])

    def table(self, left: str, right: str) -> pa.Table:
        days = pa.array(self.known_on, pa.int32()).cast(pa.date32())
        return pa.table({left: self.left, right: self.right, "known_on": days})


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds.

    Args:
        events: the columns of ``pending_events`` without ``batch``.
        fresh_users, fresh_groups: ids seen for the first time.
    """

    events: pa.Table
    fresh_users: list[Fresh]
    fresh_groups: list[Fresh]
    memberships: Pairs
    aliases: Pairs


def build_batch(events: Sequence[Event], hashes: Ints, zone: str, users: Numbers, groups: Numbers) -> Batch:
    """Number the ids of fresh events and compute their days.

    Args:
        events: never seen before, in order; at least one.
        hashes: (n, 2) as of :func:`enishi.store.hashing.message_hashes`.
        zone: the company's time zone.
    """
    columns: Any = Event._make(zip(*events, strict=True))  # each field now holds a column
    user_keys, group_keys, previous_keys = _keys(columns, users)
    user_nos, new_users = users.assign(user_keys)
    previous_nos, new_previous = users.assign(previous_keys)
    group_nos, new_groups = groups.assign(group_keys)
    occurred_at, received_at = instants(columns.occurred_us), instants(columns.received_us)
    day, recorded_on = days_in(zone, occurred_at), days_in(zone, received_at)
    known_on = pc.if_else(pa.array(columns.backfill, pa.bool_()), day, recorded_on)
    table = pa.table(
        {
            "message_id": pa.array(columns.message_id, pa.string()),
            "message_hash": np.ascontiguousarray(hashes[:, 0]),
            "type": pa.array(columns.type, pa.string()),
            "event": pa.array(columns.event, pa.string()),
            "product": pa.array(columns.product, pa.string()),
            "group_no": group_nos,
            "user_no": user_nos,
            "occurred_at": occurred_at,
            "received_at": received_at,
            "day": day,
            "known_on": known_on,
            "recorded_on": recorded_on,
            "properties": pa.array(columns.properties, pa.string()),
            "source": pa.array(columns.source, pa.string()),
        }
    )
    days, known = _as_days(day), _as_days(known_on)
    return Batch(
        table,
        [*_dated(new_users, user_keys, days), *_dated(new_previous, previous_keys, days)],
        _dated(new_groups, group_keys, days),
        Pairs.earliest(group_nos, user_nos, known),
        Pairs.earliest(np.where(previous_nos != user_nos, previous_nos, 0), user_nos, known),
    )


def _as_days(column: pa.Array) -> Days:
    return column.cast(pa.int32()).to_numpy(zero_copy_only=False)


Keys = list[Key | None]


def _keys(columns: Any, users: Numbers) -> tuple[Keys, Keys, Keys]:
    """Dictionary keys by row: of the acting person (the user id, else the anonymous id), of the group, and of
    an earlier id of the same person (the one an alias call replaces, or the anonymous id beside a user id)."""
    systems, user_ids, anonymous_ids = columns.system, columns.user, columns.anonymous
    hidden = {system: system + ANONYMOUS for system in set(systems)}
    person: Keys = [
        (system, user) if user else (hidden[system], anonymous) if anonymous else None
        for system, user, anonymous in zip(systems, user_ids, anonymous_ids, strict=True)
    ]
    group: Keys = [
        (system, value) if value else None for system, value in zip(systems, columns.group, strict=True)
    ]
    earlier: Keys = [
        (hidden[system], anonymous) if user and anonymous else None
        for system, user, anonymous in zip(systems, user_ids, anonymous_ids, strict=True)
    ]
    _resolve_aliases(columns, hidden, users, earlier)
    return person, group, earlier


def _resolve_aliases(columns: Any, hidden: dict[str, str], users: Numbers, earlier: Keys) -> None:
    """The id an alias call names may be of either sort: a user id where one is known, else an anonymous id."""
    named = [(place, value) for place, value in enumerate(columns.previous) if value]
    if not named:
        return
    known = users.find([(columns.system[place], value) for place, value in named])
    for place, value in named:
        key = (columns.system[place], value)
        earlier[place] = key if key in known else (hidden[key[0]], value)


def _dated(fresh: dict[Key, int], keys: Iterable[Key | None], days: Days) -> list[Fresh]:
    """New ids with the earliest day of an event that names them."""
    if not fresh:
        return []
    first: dict[Key, int] = {}
    for key, day in zip(keys, days.tolist(), strict=True):
        if key in fresh and (key not in first or day < first[key]):
            first[key] = day
    return [Fresh(key, number, _EPOCH + timedelta(days=first[key])) for key, number in fresh.items()]
