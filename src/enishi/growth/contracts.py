"""The types of the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from enishi.definitions.offers import Offer
from enishi.kit.text import Text

READY, LATER, NO_SIGN, BLOCKED = "ready", "later", "no_sign", "blocked"
PRICES, WINS, DECLARED = "prices", "wins", "declared"


@dataclass(frozen=True, slots=True)
class Listed:
    """An offer of the catalogue in force, by name."""

    slug: str
    body: Offer

    @property
    def title(self) -> Text:
        return Text.parse(self.body.title)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer is not made: the rule's name for machines, the words for people."""

    rule: str
    text: Text


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for the offer, as of the judged day."""

    id: str
    text: Text
    weight: float
    facts: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What a win would bring a month, minor units, and what says so.

    Args:
        basis: ``prices`` that other customers pay for the same; the usual share of past ``wins``; or as ``declared``.
        customers: whose contracts or wins; 0 where declared.
    """

    uplift: int
    basis: str
    customers: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one offer means to one account on a day.

    Args:
        status: ready (now), later (from ``on`` on), no_sign (may be approached, nothing speaks for it), blocked.
        target: what exactly: plan and the plan now, product, seats, months; ids of the facts.
        worth: None where the customer's money is unknown.
    """

    account_id: int
    offer: str
    status: str
    reasons: tuple[Reason, ...] = ()
    signs: tuple[Sign, ...] = ()
    on: date | None = None
    target: Mapping[str, Any] = field(default_factory=dict)
    worth: Worth | None = None

    @property
    def uplift(self) -> int | None:
        """Minor units a month."""
        return self.worth.uplift if self.worth else None

    @property
    def weight(self) -> float:
        return sum(sign.weight for sign in self.signs)
