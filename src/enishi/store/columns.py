"""Many messages as columns: one list for each field of :class:`~enishi.store.contracts.Event`.

A transaction carries some 20,000 messages; an object for each would cost more than everything else done to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    delivery: list[str]

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

    def adder(self) -> Callable[..., None]:
        """Adds one message by what it says itself: all fields up to ``properties``. :meth:`fill` completes them.

        No object is made for the message: what the garbage collector has to look at costs more than adding.
        """
        message_id, type_, event = self.message_id.append, self.type.append, self.event.append
        product, group, user = self.product.append, self.group.append, self.user.append
        anonymous, previous = self.anonymous.append, self.previous.append
        occurred_us, properties = self.occurred_us.append, self.properties.append

        def add(
            m: str, t: str, e: str, p: str, g: str, u: str, a: str, before: str, at: int, said: str
        ) -> None:
            message_id(m)
            type_(t)
            event(e)
            product(p)
            group(g)
            user(u)
            anonymous(a)
            previous(before)
            occurred_us(at)
            properties(said)

        return add

    def fill(self, shared: tuple[Any, ...]) -> None:
        """Give the messages added last the fields from ``system`` on, which they share."""
        missing = len(self.message_id) - len(self.system)
        for name, value in zip(Event._fields[-len(shared) :], shared, strict=True):
            getattr(self, name).extend([value] * missing)

    def keep(self, places: Sequence[int]) -> Self:
        """The messages at some ascending positions."""
        if len(places) == len(self):
            return self
        kept = type(self)()
        for name in Event._fields:
            column = getattr(self, name)
            setattr(kept, name, [column[place] for place in places])
        return kept
