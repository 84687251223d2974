"""Fresh messages as Arrow columns, numbered and dated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enishi.store.contracts import Event
from enishi.store.days import days_in, instants
from enishi.store.hashing import Ints
from enishi.store.numbers import Key, Numbers

ANONYMOUS = ":anonymous"


def user_key(event: Event) -> Key | None:
    """Under which dictionary key the acting person stands: the user id, else the anonymous id."""
    if event.user:
        return event.system, event.user
    return (event.system + ANONYMOUS, event.anonymous) if event.anonymous else None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two numbers and the day from which they belong together: the earliest of each pair in the batch."""

    left: list[int]
    right: list[int]
    known_on: list[Any]

    @classmethod
    def earliest(cls, rows: Sequence[tuple[int, int, Any]]) -> Pairs:
        first: dict[tuple[int, int], Any] = {}
        for left, right, day in rows:
            known = first.get((left, right))
            if known is None or day < known:
                first[left, right] = day
        return cls([key[0] for key in first], [key[1] for key in first], list(first.values()))

    def table(self, left: str, right: str) -> pa.Table:
        return pa.table(
            {
                left: pa.array(self.left, pa.int64()),
                right: pa.array(self.right, pa.int64()),
                "known_on": pa.array(self.known_on, pa.date32()),
            }
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds.

    Args:
        events: the columns of ``pending_events`` without ``batch``.
        fresh_users, fresh_groups: (key, number, first day) of ids seen for the first time.
    """

    events: pa.Table
    fresh_users: list[tuple[Key, int, Any]]
    fresh_groups: list[tuple[Key, int, Any]]
    memberships: Pairs
    aliases: Pairs


def build_batch(events: Sequence[Event], hashes: Ints, zone: str, users: Numbers, groups: Numbers) -> Batch:
    """Number the ids of fresh events and compute their days.

    Args:
        events: never seen before, in order.
        hashes: (n, 2) as of :func:`enishi.store.hashing.message_hashes`.
        zone: the company's time zone.
    """
    (ids, types, names, products, _, _, _, _, _, occurred, received, backfill, properties, sources) = (
        zip(*events, strict=True) if events else ((),) * len(Event._fields)
    )
    user_keys = [user_key(event) for event in events]
    previous_keys = _previous_keys(events, users)
    group_keys = [(event.system, event.group) if event.group else None for event in events]
    user_numbers, new_users = users.assign(k for k in (*user_keys, *previous_keys) if k)
    group_numbers, new_groups = groups.assign(k for k in group_keys if k)
    user_nos = [user_numbers[key] if key else 0 for key in user_keys]
    group_nos = [group_numbers[key] if key else 0 for key in group_keys]
    occurred_at, received_at = instants(occurred), instants(received)
    day, recorded_on = days_in(zone, occurred_at), days_in(zone, received_at)
    known_on = pc.if_else(pa.array(backfill, pa.bool_()), day, recorded_on)
    known = known_on.to_pylist()
    table = pa.table(
        {
            "message_id": pa.array(ids, pa.string()),
            "message_hash": np.ascontiguousarray(hashes[:, 0]),
            "type": pa.array(types, pa.string()),
            "event": pa.array(names, pa.string()),
            "product": pa.array(products, pa.string()),
            "group_no": pa.array(group_nos, pa.int64()),
            "user_no": pa.array(user_nos, pa.int64()),
            "occurred_at": occurred_at,
            "received_at": received_at,
            "day": day,
            "known_on": known_on,
            "recorded_on": recorded_on,
            "properties": pa.array(properties, pa.string()),
            "source": pa.array(sources, pa.string()),
        }
    )
    days = day.to_pylist()
    first_user = _first_days(
        [*zip(user_keys, days, strict=True), *zip(previous_keys, days, strict=True)], set(new_users)
    )
    first_group = _first_days(zip(group_keys, days, strict=True), set(new_groups))
    return Batch(
        table,
        [(key, user_numbers[key], first_user[key]) for key in new_users],
        [(key, group_numbers[key], first_group[key]) for key in new_groups],
        Pairs.earliest([row for row in zip(group_nos, user_nos, known, strict=True) if row[0] and row[1]]),
        Pairs.earliest(
            [
                (user_numbers[previous], user, day)
                for previous, user, day in zip(previous_keys, user_nos, known, strict=True)
                if previous and user and user_numbers[previous] != user
            ]
        ),
    )


def _previous_keys(events: Sequence[Event], users: Numbers) -> list[Key | None]:
    """The earlier key of the same person: the id an alias call replaces, or the anonymous id beside a user id.

    The id an alias call names may be of either sort: a user id where one is known, else an anonymous id.
    """
    named = {(event.system, event.previous) for event in events if event.previous}
    known = users.find(sorted(named)) if named else {}
    keys: list[Key | None] = []
    for event in events:
        if event.previous:
            key = (event.system, event.previous)
            keys.append(key if key in known else (event.system + ANONYMOUS, event.previous))
        elif event.user and event.anonymous:
            keys.append((event.system + ANONYMOUS, event.anonymous))
        else:
            keys.append(None)
    return keys


def _first_days(pairs: Any, wanted: set[Key]) -> dict[Key, Any]:
    first: dict[Key, Any] = {}
    if not wanted:
        return first
    for key, day in pairs:
        if key in wanted and (key not in first or day < first[key]):
            first[key] = day
    return first
