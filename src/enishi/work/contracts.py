"""What the queue is decided from, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from enishi.accounts.leaving import Leaving
from enishi.kit.text import Text


@dataclass(frozen=True, slots=True)
class Play:
    """A declared thing to do, with a draft to start from (``definitions/plays.yaml``)."""

    id: str
    when: tuple[str, ...]
    title: Text
    act: Text
    channel: str
    minutes: int
    chance: float
    rest_days: int
    contacts: tuple[str, ...]
    subject: Text
    body: Text
    internal: bool = False


@dataclass(frozen=True, slots=True)
class CallRule:
    """When an account calls for a person, and what an hour costs (``definitions/plays.yaml``).

    ``hour_cost`` is in minor units by currency; a currency not named leaves the time unpriced.
    """

    strong_cause: int
    fall_tenths: int
    renewal_days: int
    hour_cost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is judged true of an account, as the ranking needs it. Money is whole minor units.

    ``has_left``: the contract is over and nothing is at stake any more. ``leaving``: notice has been given. ``weakest``: what
    costs a score in danger most, told where no cause is.
    """

    account_id: int
    band: str
    tenths: int | None = None
    tenths_week_ago: int | None = None
    band_week_ago: str = ""
    causes: tuple[dict[str, Any], ...] = ()
    alerts: tuple[dict[str, Any], ...] = ()
    at_stake: int = 0
    renewal_on: date | None = None
    has_left: bool = False
    leaving: Leaving | None = None
    weakest: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """Whose matter a cause is beside the CSM's own (product, competition), and the words that say so."""

    tag: str
    evidence: Text
    on: date | None = None
    kind: str = ""
    record_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why an account needs somebody: ``trigger`` names it as plays do, strongest first in lists.

    ``calls``: enough by itself to put the account on the list; a weaker one only adds to others.
    """

    trigger: str
    weight: int
    since: date | None = None
    evidence: Text | None = None
    on: date | None = None
    kind: str = ""
    record_id: int | None = None
    calls: bool = True
    routing: Routing | None = None


@dataclass(frozen=True, slots=True)
class UrgencyPart:
    """A share of the urgency, in points of 100, with its reason in words."""

    points: int
    why: Text


@dataclass(frozen=True, slots=True)
class Ranked:
    """An account in the queue: how much is at stake, how urgent and why, and what to do.

    ``gain`` is the part of the money ``at_stake`` the act is expected to save less the ``cost`` of its minutes, all in
    minor units; ``priority`` orders by it, and takes one that does not pay its time for nothing.
    """

    account_id: int
    at_stake: int
    gain: int
    cost: int
    urgency: int
    parts: tuple[UrgencyPart, ...]
    reasons: tuple[Reason, ...]
    play: Play
    promise_due: bool = False

    @property
    def priority(self) -> int:
        return max(0, self.gain)

    @property
    def main(self) -> Reason:
        return self.reasons[0]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text ready to send or to speak from, in the language of the person addressed."""

    language: str
    subject: str
    body: str
    contact_id: int | None = None
    to: str = ""
    why: Text | None = None  # why this person


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person had seen when they put an account aside: ``tokens`` to the day (YYYYMMDD) up to which each is known,
    empty where the day does not matter."""

    severity: int
    tokens: dict[str, str] = field(default_factory=dict)
