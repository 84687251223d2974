"""What customers have brought so far, what they bring a month, and what winning each cost. Pure.

Months of a relation are twelfths of a year from its first day; money is whole minor units, worked out in floats and
rounded where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.lifetime import DAYS_A_MONTH
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import day_of_number, number_of
from enishi.value.contracts import Assumptions, Book

PRIOR_MONTHS = 3.0  # months of an average customer's service laid to each customer's own: a month says little
CHUNK = 2000
COST_WINDOW = 12  # months of acquisition costs laid on the customers won in them


def starts(book: Book) -> pd.Series[Any]:
    """Account -> first day (number) with a contract or an order."""
    won = book.moves[(book.moves["kind"] == "new") & (book.moves["day"] <= book.day)]
    first = pd.concat([won[["account_id", "day"]], book.orders[["account_id", "day"]]])
    return first.groupby("account_id")["day"].min()


def service_costs(book: Book, assumed: Assumptions) -> pd.Series[Any] | None:
    """The cost of each day's service, in the order of ``book.service``; None where nothing says what service costs."""
    rows = book.service
    stated = bool((rows["cost"] > 0).any())
    if assumed.hour_cost is None and assumed.ticket_cost is None and not stated:
        return None
    spent = rows["cost"].astype(float)
    spent = spent + rows["minutes"] / 60 * (assumed.hour_cost or 0)
    return spent + rows["tickets"] * (assumed.ticket_cost or 0)


def service_a_month(book: Book, assumed: Assumptions, began: pd.Series[Any]) -> pd.Series[Any] | None:
    """Cost to serve each account a month, of the last year, drawn to the average of all by three months of it."""
    costs = service_costs(book, assumed)
    if costs is None:
        return None
    window = max(book.day - 365, 0)
    recent = book.service["day"] > window
    own = costs[recent].groupby(book.service.loc[recent, "account_id"]).sum().reindex(began.index).fillna(0.0)
    months = (book.day + 1 - np.maximum(began, window + 1)) / DAYS_A_MONTH
    everyone = float(own.sum()) / max(float(months.sum()), 1.0)
    return (own + PRIOR_MONTHS * everyone) / (months + PRIOR_MONTHS)


def flows(
    book: Book, assumed: Assumptions, accounts: Sequence[int], began: pd.Series[Any]
) -> NDArray[np.float64]:
    """(n, k) margin less cost to serve of each account in each month of its relation; NaN from the month in which the
    book's day lies: it is not whole."""
    ids = pd.Index(accounts)
    start = began.reindex(ids).to_numpy(float)
    whole = np.floor((book.day + 1 - start) / DAYS_A_MONTH).astype(int)
    k = int(max(whole.max(initial=0), 0))
    edges = start[:, None] + np.arange(k + 1) * DAYS_A_MONTH
    earned = _recurring(book, ids, edges) + _at_once(
        book.orders, book.orders["minor"].fillna(0), ids, start, k
    )
    table = np.diff(earned, axis=1) * assumed.margin
    costs = service_costs(book, assumed)
    if costs is not None:
        table -= np.diff(_at_once(book.service, costs, ids, start, k), axis=1)
    table[np.arange(k)[None, :] >= whole[:, None]] = np.nan
    return table


def _recurring(book: Book, ids: pd.Index[Any], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Recurring revenue up to each edge: every movement brings its amount a month from its day on."""
    found = np.zeros(edges.shape)
    moves = book.moves[(book.moves["day"] <= book.day) & book.moves["account_id"].isin(ids)]
    row = ids.get_indexer(pd.Index(moves["account_id"]))
    for begin in range(0, len(moves), CHUNK):
        part = slice(begin, begin + CHUNK)
        since = edges[row[part]] - moves["day"].to_numpy(float)[part, None]
        brought = moves["amount"].to_numpy(float)[part, None] * np.maximum(since, 0) / DAYS_A_MONTH
        np.add.at(found, row[part], brought)
    return found


def _at_once(
    rows: pd.DataFrame, amounts: pd.Series[Any], ids: pd.Index[Any], start: NDArray[np.float64], k: int
) -> NDArray[np.float64]:
    """Amounts of single days up to each edge; what lies before the start counts with the first month."""
    table = np.zeros((len(ids), k + 1))
    mine = rows["account_id"].isin(ids).to_numpy()
    row = ids.get_indexer(pd.Index(rows.loc[mine, "account_id"]))
    since = (rows["day"].to_numpy(float)[mine] - start[row]) / DAYS_A_MONTH
    month = np.maximum(np.floor(since), 0).astype(int) + 1
    inside = month <= k
    np.add.at(table, (row[inside], month[inside]), amounts.to_numpy(float)[mine][inside])
    return np.cumsum(table, axis=1)


def earned_until(book: Book, assumed: Assumptions, began: pd.Series[Any]) -> pd.Series[Any]:
    """Account -> margin less cost to serve up to the book's day, to the day."""
    ids = began.index
    last = np.full((len(ids), 1), book.day + 1.0)
    brought = _recurring(book, ids, last)[:, 0]
    brought = brought + book.orders.groupby("account_id")["minor"].sum().reindex(ids).fillna(0).to_numpy()
    total = pd.Series(brought * assumed.margin, index=ids)
    costs = service_costs(book, assumed)
    if costs is not None:
        total -= costs.groupby(book.service["account_id"]).sum().reindex(ids).fillna(0)
    return total


def cost_of_winning(book: Book, began: pd.Series[Any]) -> pd.Series[Any]:
    """Account -> what its channel cost per customer won, over the twelve months that end with the month in which the
    account was won (of those won in the first year of the records, the first twelve months). NaN where no costs of the
    channel are known, or the account was won before them."""
    channel = book.attributes["channel"].reindex(began.index).fillna("")
    month = began.map(_month)
    found = pd.Series(np.nan, index=began.index)
    if book.costs.empty:
        return found
    spent = book.costs.assign(month=book.costs["month"].map(_month))
    first = int(spent["month"].min())
    for name, rows in spent.groupby("channel"):
        mine = month[(channel == name) & (month >= first)]
        if mine.empty:
            continue
        last = int(max(mine.max(), rows["month"].max()))
        paid = np.bincount(rows["month"] - first, rows["minor"], last - first + 1)
        won = np.bincount(mine - first, minlength=last - first + 1)
        each = _trailing(paid) / np.maximum(_trailing(won), 1)
        each[_trailing(paid) <= 0] = np.nan
        found.loc[mine.index] = each[np.maximum(mine - first, min(COST_WINDOW - 1, last - first))]
    return found


def _trailing(monthly: NDArray[Any]) -> NDArray[np.float64]:
    sums = np.cumsum(monthly, dtype=float)
    before = np.concatenate([np.zeros(COST_WINDOW), sums])[: len(sums)]
    return sums - before


def _month(number: float) -> int:
    day = day_of_number(int(number))
    return day.year * 12 + day.month - 1 if day else 0


def window_of(book: Book, months: int) -> tuple[int, int]:
    """Day numbers of the last so many months up to the book's day, half-open."""
    day = day_of_number(book.day + 1)
    return number_of(add_months(day, -months)) if day else 0, book.day + 1
