"""The doors of the way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from enishi.ingest.accepting import Accepted, accept_messages, append_bodies, event_message
from enishi.ingest.carrying import (
    apply_retention,
    consume_once,
    consumer_loop,
    drain,
    open_consumer,
    wait_carried,
)
from enishi.ingest.contracts import Origin
from enishi.ingest.erasing import ask_erasure, ask_user_erasure, forget_with_texts
from enishi.ingest.inbox import inbox_of as open_inbox
from enishi.ingest.reads import (
    UnmatchedGroup,
    UnmatchedUser,
    count_unmatched_groups,
    list_unmatched_groups,
    list_unmatched_users,
)
from enishi.ingest.replaying import StillRefused, discard_reject, replay_reject
from enishi.kit.clock import microseconds, system_clock
from enishi.kit.home import Home
from enishi.store.kinds import DEFAULT_SYSTEM

__all__ = [
    "Accepted",
    "StillRefused",
    "UnmatchedGroup",
    "UnmatchedUser",
    "accept_bodies",
    "accept_events",
    "apply_retention",
    "ask_erasure",
    "ask_user_erasure",
    "consume",
    "consume_once",
    "consumer_loop",
    "count_unmatched_groups",
    "discard_reject",
    "drain",
    "event_message",
    "forget_with_texts",
    "list_unmatched_groups",
    "list_unmatched_users",
    "open_consumer",
    "open_inbox",
    "replay_reject",
    "wait_carried",
]

consume = consumer_loop

# So many events may wait in the inbox while a file is read, before they are carried on.
_CARRY_EVERY = 500_000


def accept_events(
    messages: Iterable[Mapping[str, Any]],
    *,
    source: str,
    backfill: bool = False,
    system: str = DEFAULT_SYSTEM,
    product: str = "",
    creates_accounts: bool = True,
    delivery: str = "",
    home: Home | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Put the events of a file into the inbox, durable on return. See :func:`accept_messages`.

    Long files are carried on into the store as they are read, so that memory and inbox stay small; call
    :func:`drain` afterwards to read them.

    Args:
        home, now: the installation and the instant of receiving; by default this one's, and the present.
    """
    place = home or Home.from_environment()
    result = Accepted()
    carried = 0
    for result in accept_messages(
        open_inbox(place),
        messages,
        source=source,
        now=now or system_clock(),
        backfill=backfill,
        system=system,
        product=product,
        creates_accounts=creates_accounts,
        delivery=delivery,
    ):
        if result.count - carried >= _CARRY_EVERY:
            consume_once(place)
            carried = result.count
    return result


def accept_bodies(
    bodies: Iterable[bytes],
    *,
    source: str,
    backfill: bool = False,
    system: str = DEFAULT_SYSTEM,
    home: Home | None = None,
    now: datetime | None = None,
) -> int:
    """Put whole bodies of the Segment protocol (``{"batch": […]}``) into the inbox, durable on return; gives their
    bytes. As :func:`accept_events`, for callers who make the bodies themselves: nothing is looked at before it is
    carried."""
    origin = Origin(source=source, system=system, product="", creates_accounts=True, backfill=backfill)
    received_us = microseconds(now or system_clock())
    return sum(append_bodies(open_inbox(home or Home.from_environment()), bodies, origin, received_us))
