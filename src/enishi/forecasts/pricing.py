"""What a win would bring: by the prices that other customers pay for the very plan or product, or the usual share of past
wins; whichever told past wins better.

Money is minor units a month, like the MRR of the contracts read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from enishi.forecasts.readiness import (
    LEAST_UPLIFTS,
    Companion,
    Rung,
    companions,
    holdings,
    ladders,
    usual_uplift,
)
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import EPOCH, number_of

PRICED: Final = ("plan", "product")
"""The kinds of growth that contracts state a price of."""
LEAST_PAYING: Final = LEAST_UPLIFTS
"""Customers that must pay a price before anybody else's growth is reckoned by it."""
LEAST_TRIED: Final = 5
"""Past wins to try before the usual share may go before prices."""
QUARTERS: Final = 8
"""Past quarters whose wins are tried: each by the contracts and wins up to its first day."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a customer would pay more a month, and how many customers' contracts say so."""

    mrr: float
    customers: int


@dataclass(frozen=True, slots=True)
class Prices:
    """What contracts say things cost. ``rungs``: :func:`ladders`; ``together``: :func:`companions`."""

    rungs: Mapping[str, Sequence[Rung]] = field(default_factory=dict)
    together: Sequence[Companion] = ()

    def of_plan(self, product: str, was: str, became: str, mrr: float) -> Price | None:
        """A contract of ``mrr`` under the plan ``was``, its discount kept, under ``became``; None where one of the two is
        paid by fewer than ``LEAST_PAYING`` customers, or the step leads down."""
        known = {rung.plan: rung for rung in self.rungs.get(product, ())}
        old, new = known.get(was), known.get(became)
        if old is None or new is None or not 0 < old.price < new.price:
            return None
        paying = min(old.customers, new.customers)
        return Price(mrr * (new.price / old.price - 1), paying) if paying >= LEAST_PAYING else None

    def of_product(self, held: Iterable[str], other: str) -> Price | None:
        """What holders of one of the products ``held`` paid for ``other`` at first, the median; None where fewer than
        ``LEAST_PAYING`` did."""
        mine = set(held)
        found = next((one for one in self.together if one.product in mine and one.other == other), None)
        return Price(float(found.mrr), found.both) if found and found.both >= LEAST_PAYING else None


@dataclass(frozen=True, slots=True)
class Trial:
    """Past wins told beforehand in both ways. ``price``, ``share``: by how much each was off, all misses added up, as a share
    of what these wins brought; NaN without any."""

    wins: int = 0
    price: float = np.nan
    share: float = np.nan

    @property
    def prices_lead(self) -> bool:
        """Whether prices go before the usual share: until enough wins were tried, and while they miss no more."""
        return self.wins < LEAST_TRIED or self.price <= self.share


def try_prices(stretches: pd.DataFrame, wins: pd.DataFrame, kind: str, today: date) -> Trial:
    """Tell the wins of the last ``QUARTERS`` quarters by the prices and by the usual share as of the quarter's first day.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods`, as known now.
        wins: :func:`find_wins` of them.

    Returns:
        Only wins that both ways could be asked of count.
    """
    own = wins[(wins["kind"] == kind) & (wins["before"] > 0) & (wins["amount"] > 0)]
    if kind not in PRICED or own.empty:
        return Trial()
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    told: list[tuple[float, float, float]] = []
    for back in range(QUARTERS):
        start = add_months(first, -3 * back)
        end = add_months(start, 3)
        quarter = own[(own["day"] >= number_of(start)) & (own["day"] < number_of(end))]
        usual = usual_uplift(own[own["day"] < number_of(start)], kind)
        if usual.known and len(quarter):
            told += _told(stretches, quarter, kind, start, usual.share)
    if not told:
        return Trial()
    price, share, came = np.array(told).T
    total = came.sum()
    return Trial(
        len(told), float(np.abs(price - came).sum() / total), float(np.abs(share - came).sum() / total)
    )


def _told(
    stretches: pd.DataFrame, wins: pd.DataFrame, kind: str, start: date, share: float
) -> list[tuple[float, float, float]]:
    """Of each win that has a price: by the price, by the share, what came."""
    begun = stretches[stretches["start"] < number_of(start)]
    prices = Prices(ladders(begun, start)) if kind == "plan" else Prices(together=companions(begun))
    found = []
    held = _held_before(begun, wins) if kind == "product" else {}
    rows: Any = wins.itertuples(index=False)
    for win in rows:
        if kind == "plan":
            price = prices.of_plan(win.product, win.was, win.became, float(win.before))
        else:
            price = prices.of_product(held.get(win.account_id, ()), win.product)
        if price is not None:
            found.append((price.mrr, share * float(win.before), float(win.amount)))
    return found


def _held_before(stretches: pd.DataFrame, wins: pd.DataFrame) -> dict[int, list[str]]:
    """Account -> the products it paid for on the eve of its win."""
    mine = stretches[stretches["account_id"].isin(wins["account_id"])]
    found: dict[int, list[str]] = {}
    for day in sorted(set(wins["day"].tolist())):
        accounts = wins.loc[wins["day"] == day, "account_id"]
        held = holdings(mine[mine["account_id"].isin(accounts)], date.fromordinal(int(day) - 1 + EPOCH))
        products = zip(held.index.tolist(), held["products"].tolist(), strict=True)
        found |= {int(account): str(text).split("\t") for account, text in products}
    return found
