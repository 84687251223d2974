"""Many messages as columns: one list for each field of :class:`~enishi.store.contracts.Event`.

A transaction carries some 20,000 messages; an object for each would cost more than everything else done to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

from enishi.store.contracts import Event


class Events:
    """Understood messages in order; position i of every list is message i. All lists have the same length."""

    __slots__ = Event._fields

    message_id: list[str]
    type: list[str]
    event: list[str]
    product: list[str]
    group: list[str]
    user: list[str]
    anonymous: list[str]
    previous: list[str]
    occurred_us: list[int]
    properties: list[str]
    system: list[str]
    received_us: list[int]
    backfill: list[bool]
    source: list[str]
    stream: list[str]

    def __init__(self, events: Iterable[Event] = ()) -> None:
        rows = list(events)
        columns: Iterable[Sequence[Any]] = (
            zip(*rows, strict=True) if rows else [()] * len(Event._fields)
        )  # each field as a column
        for name, column in zip(Event._fields, columns, strict=True):
            setattr(self, name, list(column))

    def __len__(self) -> int:
        return len(self.message_id)

    def __getitem__(self, place: int) -> Event:
        return Event._make(getattr(self, name)[place] for name in Event._fields)

    def __iter__(self) -> Iterator[Event]:
        return (self[place] for place in range(len(self)))

    def extend(self, own: Sequence[tuple[Any, ...]], shared: tuple[Any, ...]) -> None:
        """Add the messages of one body.

        Args:
            own: for each its first fields.
            shared: the last fields, the same for all.
        """
        first = len(Event._fields) - len(shared)
        for name, column in zip(Event._fields[:first], zip(*own, strict=True), strict=bool(own)):
            getattr(self, name).extend(column)
        for name, value in zip(Event._fields[first:], shared, strict=True):
            getattr(self, name).extend([value] * len(own))

    def keep(self, places: Sequence[int]) -> Self:
        """The messages at some ascending positions."""
        if len(places) == len(self):
            return self
        kept = type(self)()
        for name in Event._fields:
            column = getattr(self, name)
            setattr(kept, name, [column[place] for place in places])
        return kept
