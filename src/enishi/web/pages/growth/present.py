"""What the list and the panels of Growth are given, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.growth.contracts import DECLARED, PRICES, WINS
from enishi.growth.models import Propensity, Readiness
from enishi.kit.text import Text
from enishi.web.pages.portfolio.words import product_words
from enishi.web.pages.risk.words import driver_words
from enishi.web.words import likely, to

FACTS = {"usage": "usage", "people": "people", "tickets": "tickets", "revenue": "revenue", "surveys": "timeline",
         "incidents": "timeline", "timeline": "timeline"}  # fmt: skip


def language() -> str:
    return get_language() or "ja"


def kind_words() -> dict[str, str]:
    return {
        "plan": pgettext("offer", "Higher plan"),
        "seats": pgettext("offer", "More seats"),
        "product": pgettext("offer", "Related product"),
        "term": pgettext("offer", "Longer term"),
    }


def target_words(kind: str, target: Mapping[str, Any], products: Mapping[str, str]) -> str:
    """What exactly is offered: "Light → Standard", "Desk", "30 seats now"."""
    if kind == "plan" and target.get("plan"):
        return f"{target.get('was', '')} → {target['plan']}"
    if kind == "product" and target.get("product"):
        return products.get(target["product"], target["product"])
    if kind == "seats" and target.get("seats"):
        return _("%(n)s seats now") % {"n": f"{target['seats']:,}"}
    if kind == "term" and target.get("months"):
        return _("%(n)s months now") % {"n": target["months"]}
    return ""


def basis_words(basis: str, customers: int) -> str:
    """What the uplift of a win rests on; empty where no judging has said so yet."""
    words = {
        PRICES: _("by the prices of %(n)s customers"),
        WINS: _("by past wins of %(n)s customers"),
        DECLARED: _("declared"),
    }
    return words[basis] % {"n": f"{customers:,}"} if basis in words else ""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign with its evidence: the words, since when, and the page of the facts behind it."""

    text: str
    since: date | None
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list."""

    row: Readiness
    title: str
    target: str
    signs: list[Sign]
    early: str  # instead of a probability, how much is missing; empty where one is known
    shared: bool  # the probability is the rate of all customers

    @property
    def likely(self) -> str:
        return likely(self.row.probability)

    @property
    def basis(self) -> str:
        """What the uplift rests on."""
        return basis_words(self.row.basis, self.row.basis_customers)

    @property
    def drivers(self) -> list[str]:
        """What makes the win likelier or less likely than of the average customer."""
        return [f"{'↑' if d['effect'] > 0 else '↓'} {driver_words(d)}" for d in self.row.drivers]

    @property
    def between(self) -> str:
        return f"{likely(self.row.low)}{to(language())}{likely(self.row.high)}"


def signs_of(row: Readiness) -> list[Sign]:
    """The signs of a stored row, the weightiest first."""
    ordered = sorted(row.signs, key=lambda sign: -float(sign.get("weight") or 0))
    return [
        Sign(
            Text(sign["en"], sign["ja"]).in_language(language()),
            date.fromisoformat(sign["since"]) if sign.get("since") else None,
            facts_address(row.account_id, sign.get("facts", "")),
        )
        for sign in ordered
    ]


def facts_address(account_id: int, facts: str) -> str:
    return reverse("account-tab", args=[account_id, FACTS[facts]]) if facts in FACTS else ""


def early_words(fit: Propensity | None) -> str:
    """Why there is no probability, with the number missing."""
    if fit is None:
        return _("not learned yet")
    return _("too early: %(n)s of %(least)s wins") % {"n": fit.winners, "least": fit.least}


def lines(
    rows: Iterable[Readiness], titles: Mapping[str, Text], fits: Mapping[str, Propensity]
) -> list[Line]:
    rows = list(rows)
    products = product_words({r.target["product"] for r in rows if r.target.get("product")})
    return [line(row, titles, fits, products) for row in rows]


def line(
    row: Readiness, titles: Mapping[str, Text], fits: Mapping[str, Propensity], products: Mapping[str, str]
) -> Line:
    title = titles.get(row.offer)
    fit = fits.get(row.kind)
    return Line(
        row,
        title.in_language(language()) if title else row.offer,
        target_words(row.kind, row.target, products),
        signs_of(row),
        "" if row.probability is not None else early_words(fit),
        row.probability is not None and not (row.model and row.model.speaks),
    )
