"""Fresh messages as Arrow columns, numbered and dated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enishi.store.columns import Events
from enishi.store.days import days_in, instants
from enishi.store.hashing import Ints
from enishi.store.numbers import Days, Newcomers, Numbers

ANONYMOUS = ":anonymous"


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
    fresh_users: Newcomers
    fresh_groups: Newcomers
    memberships: Pairs
    aliases: Pairs


def build_batch(events: Events, hashes: Ints, zone: str, users: Numbers, groups: Numbers) -> Batch:
    """Number the ids of fresh events and compute their days.

    Args:
        events: never seen before, in order; at least one.
        hashes: (n, 2), by stream, as of :func:`enishi.store.hashing.message_hashes`.
        zone: the company's time zone.
    """
    occurred_at, received_at = instants(events.occurred_us), instants(events.received_us)
    day, recorded_on = days_in(zone, occurred_at), days_in(zone, received_at)
    known_on = pc.if_else(pa.array(events.backfill, pa.bool_()), day, recorded_on)
    days, known = _as_days(day), _as_days(known_on)
    new_users, new_groups = users.newcomers(), groups.newcomers()
    people = _number_people(events, users, new_users, days)
    group_nos = groups.assign(events.system, events.group, new_groups)
    new_groups.date(group_nos, days)
    table = pa.table(
        {
            "message_id": pa.array(events.message_id, pa.string()),
            "message_hash": np.ascontiguousarray(hashes[:, 0]),
            "type": pa.array(events.type, pa.string()),
            "event": pa.array(events.event, pa.string()),
            "product": pa.array(events.product, pa.string()),
            "group_no": group_nos,
            "user_no": people.person,
            "occurred_at": occurred_at,
            "received_at": received_at,
            "day": day,
            "known_on": known_on,
            "recorded_on": recorded_on,
            "properties": pa.array(events.properties, pa.string()),
            "source": pa.array(events.source, pa.string()),
        }
    )
    return Batch(
        table,
        new_users,
        new_groups,
        Pairs.earliest(group_nos, people.person, known),
        Pairs.earliest(np.where(people.earlier != people.person, people.earlier, 0), people.person, known),
    )


def _as_days(column: pa.Array) -> Days:
    return column.cast(pa.int32()).to_numpy(zero_copy_only=False)


@dataclass(frozen=True, slots=True)
class _People:
    """Numbers by row: of the acting person (the user id, else the anonymous id), and of an earlier id of the same
    person (the one an alias call replaces, or the anonymous id beside a user id); 0 where there is none."""

    person: Ints
    earlier: Ints


def _number_people(events: Events, users: Numbers, fresh: Newcomers, days: Days) -> _People:
    user_nos = users.assign(events.system, events.user, fresh)
    fresh.date(user_nos, days)
    person, earlier = user_nos, np.zeros_like(user_nos)
    if any(events.anonymous):
        hidden = [system + ANONYMOUS for system in events.system]
        anonymous_nos = users.assign(hidden, events.anonymous, fresh)
        fresh.date(anonymous_nos, days)
        person = np.where(user_nos != 0, user_nos, anonymous_nos)
        earlier = np.where(user_nos != 0, anonymous_nos, 0)
    if any(events.previous):
        _number_previous(events, users, fresh, days, earlier)
    return _People(person, earlier)


def _number_previous(events: Events, users: Numbers, fresh: Newcomers, days: Days, earlier: Ints) -> None:
    """The id an alias call names may be of either sort: a user id where one is known, else an anonymous id."""
    places = [place for place, value in enumerate(events.previous) if value]
    keys = [(events.system[place], events.previous[place]) for place in places]
    unknown = set(users.unknown(keys))
    systems = [system + ANONYMOUS if (system, value) in unknown else system for system, value in keys]
    numbers = users.assign(systems, [value for _, value in keys], fresh)
    fresh.date(numbers, days[places])
    earlier[places] = numbers
