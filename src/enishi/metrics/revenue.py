"""Where recurring revenue moves: every change of MRR is exactly one movement, to the last yen.

Opening + movements = closing, for any period, any choice of accounts and any history, discounts (amounts below
zero) included. All money is whole minor
units of the company's currency, decided once per subscription version (:mod:`enishi.metrics.money`), so the sums
are integers. A foreign subscription keeps the rate of its first version: a movement of the exchange rate is not
a movement of revenue.

The worked example (thousands): start 100, new 20, expansion 15, contraction 5, churn 8:

>>> r = rates(Bridge(opening=100, new=20, expansion=15, contraction=5, churn=8))
>>> round(r.nrr, 4), round(r.grr, 4), round(r.quick_ratio, 2)
(1.02, 0.87, 2.69)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from enishi.metrics.periods import Period
from enishi.metrics.spans import FOREVER

KINDS = ("new", "expansion", "contraction", "churn", "reactivation")
LOSSES = ("contraction", "churn")
EPOCH = date(1970, 1, 1).toordinal()


def number_of(day: date | None) -> int:
    """Days since 1970-01-01; None is never."""
    return FOREVER if day is None or day is pd.NaT else day.toordinal() - EPOCH


def day_of_number(number: int) -> date | None:
    return None if number >= FOREVER else date.fromordinal(int(number) + EPOCH)


def _numbers(days: pd.Series[Any]) -> np.ndarray:
    if pd.api.types.is_integer_dtype(days.dtype):
        return days.to_numpy(dtype=np.int64)
    return np.fromiter((number_of(None if pd.isna(d) else d) for d in days), np.int64, len(days))


def without_rate(periods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The stretches of contracts whose money is known, and those that lack an exchange rate (``mrr`` missing).

    A contract is left out whole, with the days on which its money is known: were single stretches left out, a
    change of currency would look like a churn.
    """
    missing = periods["mrr"].isna()
    if not missing.any():
        return periods.assign(mrr=periods["mrr"].astype("int64")), periods[missing]
    lacking = periods[missing]
    known = periods[~periods["record_id"].isin(lacking["record_id"])]
    return known.assign(mrr=known["mrr"].astype("int64")), lacking


def movements(periods: pd.DataFrame, level: Literal["account", "product"] = "account") -> pd.DataFrame:
    """Every change of MRR.

    Args:
        periods: one row per stretch of unchanged terms of a subscription: account_id, start, stop (first day
            without it; None or NaT: open), mrr (whole minor units; below zero for a discount), and product for ``level="product"``
            and for telling cross-sell from upsell. Days are dates or whole day numbers. Stretches may touch,
            overlap and come in any order. Contracts
            of which money is missing are left out (:func:`without_rate`).
        level: what counts as a customer: the account, or the account's product (then an account's second
            product is new).

    Returns:
        One row per customer and day with a change, by day: account_id[, product], day (number), kind (new:
        never had MRR before; reactivation: had, and none the day before; churn: none left), amount (signed),
        before, after, cross (the part of an expansion which products not held the day before brought).
    """
    keys = ["account_id"] if level == "account" else ["account_id", "product"]
    steps = _steps(without_rate(periods)[0])
    by_day = steps.groupby([*keys, "day"], as_index=False)["amount"].sum()
    by_day = by_day[by_day["amount"] != 0].sort_values([*keys, "day"], kind="stable").reset_index(drop=True)
    after = by_day.groupby(keys)["amount"].cumsum()
    before = after - by_day["amount"]
    first = ~by_day.duplicated(keys)
    kind = np.select(
        [first, before == 0, after == 0, by_day["amount"] > 0],
        ["new", "reactivation", "churn", "expansion"],
        "contraction",
    )
    found = by_day.assign(kind=kind, before=before, after=after)
    found = _with_cross(found, steps, keys)
    return found.sort_values(["day", *keys], kind="stable", ignore_index=True)


def _steps(periods: pd.DataFrame) -> pd.DataFrame:
    """+mrr on the first day of each stretch, -mrr on the first day without it."""
    start, stop = _numbers(periods["start"]), _numbers(periods["stop"])
    valid = (start < stop) & (periods["mrr"].to_numpy() != 0)
    product = periods["product"] if "product" in periods else pd.Series("", index=periods.index)
    base = pd.DataFrame({"account_id": periods["account_id"], "product": product.fillna("")})[valid]
    mrr = periods["mrr"].to_numpy(dtype=np.int64)[valid]
    ups = base.assign(day=start[valid], amount=mrr)
    downs = base.assign(day=stop[valid], amount=-mrr)
    return pd.concat([ups, downs[downs["day"] < FOREVER]], ignore_index=True)


def _with_cross(found: pd.DataFrame, steps: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    if keys != ["account_id"] or found.empty:
        return found.assign(cross=0)
    by = ["account_id", "product"]
    each = steps.groupby([*by, "day"], as_index=False)["amount"].sum()
    each = each[each["amount"] != 0].sort_values([*by, "day"], kind="stable")
    held = each.groupby(by)["amount"].cumsum() - each["amount"]
    fresh = each[held == 0].groupby(["account_id", "day"])["amount"].sum().rename("fresh").reset_index()
    joined = found.merge(fresh, on=["account_id", "day"], how="left")["fresh"].fillna(0).astype("int64")
    cross = np.clip(joined.to_numpy(), 0, np.maximum(found["amount"].to_numpy(), 0))
    return found.assign(cross=np.where(found["kind"] == "expansion", cross, 0))


@dataclass(frozen=True, slots=True)
class Bridge:
    """What happened to MRR in a period; contraction and churn are numbers that are taken away.

    Below zero are only new, reactivation and churn, and only by customers (or products) whose MRR is below zero as
    a whole, a discount on a line of its own: its coming lowers MRR, its end raises it.

    Args:
        customers: with MRR at the start; won, lost, back: customers with such a movement.
        upsold, cross_sold: customers with an expansion of what they had, or by a product they had not.
    """

    opening: int = 0
    new: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    reactivation: int = 0
    customers: int = 0
    won: int = 0
    lost: int = 0
    back: int = 0
    upsold: int = 0
    cross_sold: int = 0

    @property
    def closing(self) -> int:
        grown = self.opening + self.new + self.expansion + self.reactivation
        return grown - self.contraction - self.churn

    @property
    def customers_closing(self) -> int:
        return self.customers + self.won + self.back - self.lost


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, not percentages; NaN where the base is empty."""

    nrr: float
    grr: float
    quick_ratio: float
    logo_churn: float
    revenue_churn: float
    upsell_rate: float
    cross_sell_rate: float


def rates(bridge: Bridge) -> Rates:
    """The rates of a period's movements (methods.md, section 2).

    NRR = (opening + expansion - contraction - churn) / opening; GRR leaves expansion out. In a period in which
    customers were also won, what those did later in it is part of the bridge: for the customers of the start
    alone use :func:`retention`.
    """
    b = bridge
    return Rates(
        nrr=_share(b.opening + b.expansion - b.contraction - b.churn, b.opening),
        grr=_share(b.opening - b.contraction - b.churn, b.opening),
        quick_ratio=_share(b.new + b.expansion + b.reactivation, b.contraction + b.churn),
        logo_churn=_share(b.lost, b.customers),
        revenue_churn=_share(b.churn, b.opening),
        upsell_rate=_share(b.upsold, b.customers),
        cross_sell_rate=_share(b.cross_sold, b.customers),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole > 0 else nan


def bridge(moves: pd.DataFrame, start: date, end: date) -> Bridge:
    """The movements of ``[start, end)``."""
    return bridges(moves, [Period(start, end, None)])[0]  # type: ignore[arg-type]


def bridges(moves: pd.DataFrame, periods: Sequence[Period]) -> list[Bridge]:
    """One bridge per period (periods may be apart or overlap)."""
    day, amount = moves["day"].to_numpy(dtype=np.int64), moves["amount"].to_numpy(dtype=np.int64)
    running = np.concatenate([[0], np.cumsum(amount)])
    gained = moves["kind"].isin(["new", "reactivation"]).to_numpy()
    customers = np.concatenate([[0], np.cumsum(gained.astype(int) - (moves["kind"] == "churn").to_numpy())])
    found = []
    for period in periods:
        low, high = np.searchsorted(day, [number_of(period.start), number_of(period.end)])
        found.append(_bridge(moves.iloc[low:high], int(running[low]), int(customers[low])))
    return found


def _bridge(part: pd.DataFrame, opening: int, customers: int) -> Bridge:
    amounts = part.groupby("kind")["amount"].sum()
    who = _customer(part)
    logos = who.groupby(part["kind"]).size()
    grown = part["kind"] == "expansion"
    return Bridge(
        opening=opening,
        **{kind: int(amounts.get(kind, 0)) * (-1 if kind in LOSSES else 1) for kind in KINDS},
        customers=customers,
        won=int(logos.get("new", 0)),
        lost=int(logos.get("churn", 0)),
        back=int(logos.get("reactivation", 0)),
        upsold=int(who[grown & (part["amount"] > part["cross"])].nunique()),
        cross_sold=int(who[grown & (part["cross"] > 0)].nunique()),
    )


def _customer(moves: pd.DataFrame) -> pd.Series[Any]:
    if "product" not in moves:
        return moves["account_id"]
    return moves["account_id"].astype(str) + "\x1f" + moves["product"].astype(str)


def bridges_by(
    moves: pd.DataFrame, periods: Sequence[Period], groups: Mapping[int, Any], other: Any = None
) -> dict[Any, list[Bridge]]:
    """Bridges per group of accounts (segment, tier, channel …); they add up to the whole.

    Args:
        groups: account -> group; accounts not in it fall under ``other``.
    """
    named = moves["account_id"].map(groups)
    named = named.where(named.notna(), other) if other is not None else named
    return {g: bridges(part, periods) for g, part in moves.groupby(named, dropna=False, sort=True)}


def mrr_at(moves: pd.DataFrame, day: date) -> pd.Series[int]:
    """MRR per account at the end of a day (those with any)."""
    total = moves[moves["day"] <= number_of(day)].groupby("account_id")["amount"].sum()
    return total[total != 0]


@dataclass(frozen=True, slots=True)
class Retention:
    """What became of the customers who were there at the start, by its end.

    Args:
        opening: their MRR at the start, of those above zero; kept: what of it is still there (GRR x opening);
            closing: with their growth (NRR x opening). A customer who left and came back is lost: the return is
            outside both. One whose MRR fell below zero has kept nothing.
        customers, stayed: how many.
    """

    opening: int
    kept: int
    closing: int
    customers: int
    stayed: int

    @property
    def grr(self) -> float:
        return _share(self.kept, self.opening)

    @property
    def nrr(self) -> float:
        return _share(self.closing, self.opening)

    @property
    def logo_churn(self) -> float:
        return _share(self.customers - self.stayed, self.customers)

    @property
    def revenue_churn(self) -> float:
        """Gross: what was lost by leaving and by shrinking."""
        return 1 - self.grr


def retention(
    moves: pd.DataFrame, start: date, end: date, accounts: Sequence[int] | None = None
) -> Retention:
    """GRR and NRR of the customers at the start of ``[start, end)``, each netted over the period.

    Use twelve months back for the trailing rates. Netting per customer keeps GRR between 0 and 100 % however
    often a customer's seats went up and down in between.

    Args:
        accounts: only these of the customers (a cohort, a segment).
    """
    if accounts is not None:
        moves = moves[moves["account_id"].isin(list(accounts))]
    return retentions(moves, [(start, end)])[0]


def retentions(moves: pd.DataFrame, spans: Sequence[tuple[date, date]]) -> list[Retention]:
    """:func:`retention` of many spans, in one pass over the movements."""
    edges = sorted({number_of(day) for span in spans for day in span})
    held, left = _at(moves, edges)[1:]
    found = []
    for start, end in spans:
        first, last = edges.index(number_of(start)), edges.index(number_of(end))
        opening, closing = _kept(held, left, first, last)
        there = opening > 0
        found.append(
            Retention(
                opening=int(opening[there].sum()),
                kept=int(np.minimum(opening, closing)[there].sum()),
                closing=int(closing[there].sum()),
                customers=int(there.sum()),
                stayed=int((closing[there] > 0).sum()),
            )
        )
    return found


def retention_by_account(moves: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    """The same per customer of the start: opening, kept, closing (indexed by account; drill-down)."""
    customers, held, left = _at(moves, [number_of(start), number_of(end)])
    opening, closing = _kept(held, left, 0, 1)
    table = pd.DataFrame(
        {"opening": opening, "kept": np.minimum(opening, closing), "closing": closing}, index=customers
    )
    return table[opening > 0]


def _at(moves: pd.DataFrame, edges: Sequence[int]) -> tuple[pd.Index[Any], np.ndarray, np.ndarray]:
    """The customers, and of each (row) when each of the ascending day numbers ``edges`` begins (column): MRR in force,
    and how often it had churned."""
    grouped = moves.groupby(["account_id", "product"] if "product" in moves else ["account_id"])
    customers = grouped.size().index
    column = np.searchsorted(edges, moves["day"].to_numpy(dtype=np.int64), side="right")
    inside = column < len(edges)
    places = grouped.ngroup().to_numpy()[inside], column[inside]
    held, left = (np.zeros((len(customers), len(edges)), dtype=np.int64) for _ in range(2))
    np.add.at(held, places, moves["amount"].to_numpy(dtype=np.int64)[inside])
    np.add.at(left, places, (moves["kind"] == "churn").to_numpy(dtype=np.int64)[inside])
    return customers, held.cumsum(axis=1), left.cumsum(axis=1)


def _kept(held: np.ndarray, left: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """MRR at the first edge, and what the same customers still have of it, or have more, at the last."""
    gone = left[:, last] > left[:, first]
    return held[:, first], np.where(gone, 0, np.maximum(held[:, last], 0))
