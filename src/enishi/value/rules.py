"""The lifetime values of every account, from the facts and the company's assumptions. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.btyd import BetaGeometricNBD
from enishi.forecasts.lifetime import DAYS_A_MONTH, LEAST_LOST, TenureHazard, period_for, spells
from enishi.forecasts.ltv import MIN_CHURNS, NotEnoughHistory, simple_ltv
from enishi.forecasts.ordering import p_order
from enishi.forecasts.profit import break_even
from enishi.forecasts.spending import GammaGamma
from enishi.metrics.revenue import day_of_number, mrr_at
from enishi.value import earnings
from enishi.value.contracts import ATTRIBUTES, Assumptions, Book, Fitted, Segment, Valuation

MOST_MONTHS = 120  # of a customer's own curve
LEAST_REPEATERS = 30  # customers who ordered again, below which no purchases are told
LEVEL = 0.9
Z = 1.645  # of the level
WIDEST = 3.0  # an interval of twentyfold either way says "unknown" as well as a wider one
WEEK = 7.0
SOON = 90.0  # days in which an order is "soon"
WEEKS_A_YEAR = 365.25 / 7


def value_book(book: Book, assumed: Assumptions) -> Valuation:
    """Value every customer there is or was."""
    began = earnings.starts(book)
    accounts = _bases(book, assumed, began)
    figures: dict[str, dict[str, Any]] = {}
    stays = _stays(book)
    figures["simple"] = _add_simple(accounts, stays, book, assumed)
    figures["contractual"], model = _add_contractual(accounts, stays, book, assumed)
    figures["noncontractual"] = _add_noncontractual(accounts, book, assumed)
    _hide_unpriced(accounts, book)
    _choose(accounts, assumed)
    day = day_of_number(book.day)
    if day is None:
        raise ValueError("the book has no day")
    return Valuation(day, accounts, Fitted(figures), segments_of(stays, model))


AMOUNTS = (
    "simple", "simple_low", "simple_high", "contractual", "contractual_low", "contractual_high", "residual",
    "residual_low", "residual_high", "noncontractual", "noncontractual_low", "noncontractual_high", "chosen",
    "months_left", "leaves_in", "multiplier", "age", "order_soon", "order_year",
)  # fmt: skip


def _bases(book: Book, assumed: Assumptions, began: pd.Series[Any]) -> pd.DataFrame:
    """One row per account: what it pays, costs and has brought."""
    day = day_of_number(book.day)
    mrr = mrr_at(book.moves, day).reindex(began.index).fillna(0) if day else 0
    service = earnings.service_a_month(book, assumed, began)
    frame = pd.DataFrame({"start": began, "mrr": mrr})
    frame["service"] = np.nan if service is None else service
    frame["margin"] = np.where(
        frame["mrr"] > 0, frame["mrr"] * assumed.margin - frame["service"].fillna(0), np.nan
    )
    frame["acquisition"] = earnings.cost_of_winning(book, began)
    frame["earned"] = earnings.earned_until(book, assumed, began)
    frame["months"] = np.maximum(np.floor((book.day + 1 - began) / DAYS_A_MONTH), 0).astype(int)
    frame["even_month"], frame["curve"] = _curves(book, assumed, frame)
    frame["near_term"], frame["left"] = False, _left(book, frame["mrr"])
    frame["chosen_by"], frame["near"] = "", None
    return frame.assign(**dict.fromkeys(AMOUNTS, np.nan))


def _left(book: Book, mrr: pd.Series[Any]) -> pd.Series[bool]:
    """Whose contracts are over, without an order since: a customer of the past, whatever orders once were."""
    ended = book.moves[(book.moves["kind"] == "churn") & (book.moves["day"] <= book.day)]
    over = ended.groupby("account_id")["day"].max().reindex(mrr.index)
    ordered = book.orders.groupby("account_id")["day"].max().reindex(mrr.index)
    return (mrr <= 0) & over.notna() & ~(ordered > over)


def _curves(book: Book, assumed: Assumptions, frame: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """The month in which each account's cost of winning it was earned back, and what it had brought by each month."""
    even: list[float] = []
    curves: list[list[int]] = []
    for begin in range(0, len(frame), earnings.CHUNK):
        part = frame.iloc[begin : begin + earnings.CHUNK]
        table = earnings.flows(book, assumed, part.index.tolist(), part["start"])
        sums = np.rint(np.cumsum(np.nan_to_num(table), axis=1)).astype(np.int64)
        for row, months, cost in zip(
            sums, part["months"].tolist(), part["acquisition"].tolist(), strict=True
        ):
            brought = row[: min(months, MOST_MONTHS)]
            curves.append(brought.tolist())
            month = break_even(np.concatenate([[0], brought]) - cost) if np.isfinite(cost) else None
            even.append(np.nan if month is None else month)
    return pd.Series(even, index=frame.index, dtype=float), pd.Series(curves, index=frame.index, dtype=object)


def _stays(book: Book) -> pd.DataFrame:
    """Every time a customer stayed, with what the customer is."""
    stays = spells(book.moves, book.day)
    known = book.attributes.reindex(stays["account_id"])
    return stays.assign(**{name: known[name].fillna("").to_numpy() for name in ATTRIBUTES})


def _add_simple(
    accounts: pd.DataFrame, stays: pd.DataFrame, book: Book, assumed: Assumptions
) -> dict[str, Any]:
    """Average revenue x gross margin / churn rate, with the rate of the last twelve months over everyone."""
    paying = accounts["mrr"] > 0
    lost, months = _exposure(stays, book.day)
    bound = simple_ltv(1, Decimal(1), lost, max(round(months), 1))
    figures = _of_orders(accounts, book, assumed)
    if isinstance(bound, NotEnoughHistory):
        return figures | {"have": lost, "need": MIN_CHURNS, "months": round(months)}
    from scipy.stats import chi2

    few, many = chi2.ppf([0.05], 2 * lost)[0] / 2, chi2.ppf([0.95], 2 * lost + 2)[0] / 2
    gross = accounts.loc[paying, "mrr"] * assumed.margin
    accounts.loc[paying, "simple"] = gross * months / lost
    accounts.loc[paying, "simple_low"] = gross * months / many
    accounts.loc[paying, "simple_high"] = gross * months / few
    return figures | {"lost": lost, "months": round(months), "monthly_churn": lost / months}


def _exposure(stays: pd.DataFrame, day: int) -> tuple[int, float]:
    """Customers lost in the last 365 days, and the customer-months observed in them."""
    first = day - 365
    stop = stays["start"] + stays["months"] * DAYS_A_MONTH
    lost = int((stays["lost"] & (stop > first)).sum())
    inside = np.minimum(stop, day + 1) - np.maximum(stays["start"], first)
    return lost, float(np.maximum(inside, 0).sum() / DAYS_A_MONTH)


def _of_orders(accounts: pd.DataFrame, book: Book, assumed: Assumptions) -> dict[str, Any]:
    """The commerce form, for customers without a contract: average sale x purchase frequency x average lifetime x
    margin. Who ordered in the year before last and not in the last has gone; the lifetime is one over that rate."""
    days = book.orders.dropna(subset=["minor"])
    days = days[~days["account_id"].isin(accounts.index[accounts["mrr"] > 0])]
    year = book.day - 365
    before = set(days.loc[(days["day"] > year - 365) & (days["day"] <= year), "account_id"])
    after = set(days.loc[days["day"] > year, "account_id"])
    gone = len(before - after)
    if gone < MIN_CHURNS or len(before) < 4 * MIN_CHURNS:
        return {"lapsed": gone, "bought": len(before)}
    rate = 1 - (1 - min(gone / len(before), 0.999)) ** (1 / 12)
    sums = days.groupby("account_id")["minor"].sum()
    months = (book.day + 1 - accounts["start"].reindex(sums.index)) / DAYS_A_MONTH
    accounts.loc[sums.index, "simple"] = sums / np.maximum(months, 1.0) * assumed.margin / rate
    error = np.sqrt((1 - gone / len(before)) / gone)
    for name, sign in (("simple_low", -1), ("simple_high", 1)):
        accounts.loc[sums.index, name] = accounts.loc[sums.index, "simple"] * np.exp(sign * Z * error)
    return {"lapsed": gone, "bought": len(before), "monthly_lapse": rate}


def _add_contractual(
    accounts: pd.DataFrame, stays: pd.DataFrame, book: Book, assumed: Assumptions
) -> tuple[dict[str, Any], TenureHazard | None]:
    lost = int(stays["lost"].sum())
    if lost < LEAST_LOST:
        return {"have": lost, "need": LEAST_LOST, "customers": len(stays)}, None
    model = TenureHazard(ATTRIBUTES, level=LEVEL).fit(stays, period_for(stays["months"], book.terms))
    running = stays[~stays["lost"]].drop_duplicates("account_id", keep="last").set_index("account_id")
    running = running[running.index.isin(accounts.index[accounts["mrr"] > 0])]
    if len(running):
        _add_stays(accounts, running, model, book, assumed)
    base = model.base_
    return {
        "alpha": base.alpha_, "beta": base.beta_, "log_likelihood": base.log_likelihood_, "unit": model.unit_,
        "customers": model.n_, "lost": model.lost_, "trust": model.trust_, "near": sorted(book.near),
        "covariance": base.fit_.covariance.tolist(),
    }, model  # fmt: skip


def _add_stays(
    accounts: pd.DataFrame, running: pd.DataFrame, model: TenureHazard, book: Book, assumed: Assumptions
) -> None:
    ids = running.index
    margin = accounts.loc[ids, "margin"].to_numpy(float)
    age = running["months"].to_numpy(float)
    fresh = model.stay(running, np.zeros(len(ids)), assumed.discount, assumed.horizon)
    near, low, high = (_near(book, ids, column) for column in ("probability", "low", "high"))
    stay = model.stay(running, age, assumed.discount, assumed.horizon, near)
    worst = model.stay(running, age, assumed.discount, assumed.horizon, high).low
    best = model.stay(running, age, assumed.discount, assumed.horizon, low).high
    leaves = _leaving_in(book, ids)
    until = _certain(leaves, assumed)
    told = np.isfinite(leaves)
    for name, months, least, most in (
        ("contractual", fresh.months, fresh.low, fresh.high),
        ("residual", np.where(told, until, stay.months), np.where(told, until, np.minimum(worst, stay.months)),
         np.where(told, until, np.maximum(best, stay.months))),
    ):  # fmt: skip
        ends = np.sort(np.column_stack([least * margin, most * margin]), axis=1)
        accounts.loc[ids, name] = months * margin
        accounts.loc[ids, f"{name}_low"] = ends[:, 0]
        accounts.loc[ids, f"{name}_high"] = ends[:, 1]
    accounts.loc[ids, "multiplier"] = model.multiplier(running)
    accounts.loc[ids, "age"] = age
    accounts.loc[ids, "near"] = pd.Series(_told_near(near, len(ids)), index=ids, dtype=object)
    accounts.loc[ids, "months_left"] = np.where(told, leaves, stay.plain)
    accounts.loc[ids, "leaves_in"] = leaves
    accounts.loc[ids, "near_term"] = (
        np.any([np.isfinite(v) for v in near.values()], axis=0) if near else False
    )


def _near(book: Book, ids: pd.Index[Any], column: str) -> dict[int, NDArray[np.float64]]:
    """Days ahead -> the probabilities of these accounts, NaN where no model speaks of one."""
    found = {}
    for days, said in book.near.items():
        values = said[column].fillna(said["probability"])
        found[days] = values.reindex(ids).to_numpy(float)
    return found


def _told_near(near: dict[int, NDArray[np.float64]], n: int) -> list[dict[int, float]]:
    """By account, days ahead -> the probability to have left by then; empty where no model speaks of it."""
    columns = [(days, said.tolist()) for days, said in near.items()]
    return [{days: said[i] for days, said in columns if np.isfinite(said[i])} for i in range(n)]


def _leaving_in(book: Book, ids: pd.Index[Any]) -> NDArray[np.float64]:
    """Months until the end a customer has announced; NaN where nothing is announced. One that will go on with another
    contract has announced none: it does not churn."""
    ahead = book.moves[(book.moves["day"] > book.day) & (book.moves["kind"] == "churn")]
    on = ahead.drop_duplicates("account_id", keep="first").set_index("account_id")["day"]
    return np.asarray((on.reindex(ids) - book.day - 1) / DAYS_A_MONTH, float)


def _certain(months: NDArray[np.float64], assumed: Assumptions) -> NDArray[np.float64]:
    """Discounted months of a stay whose end is known."""
    left = np.clip(np.nan_to_num(months), 0, assumed.horizon)
    return np.asarray(left * (1 + assumed.discount) ** (-left / 24))


def _add_noncontractual(accounts: pd.DataFrame, book: Book, assumed: Assumptions) -> dict[str, Any]:
    """What orders still bring: BG/NBD for how many, Gamma-Gamma for how much, gross margin, discounted."""
    days = book.orders.dropna(subset=["minor"])
    history = purchase_history(days, book.day)
    repeaters = int((history["frequency"] > 0).sum())
    spending = int(((history["frequency"] > 0) & (history["mean"] > 0)).sum())
    if min(repeaters, spending) < LEAST_REPEATERS:
        return {"have": min(repeaters, spending), "need": LEAST_REPEATERS, "customers": len(history)}
    purchases = BetaGeometricNBD(LEVEL).fit(history["frequency"], history["recency"], history["T"])
    known = history["frequency"].where(history["mean"] > 0, 0)
    spend = GammaGamma(LEVEL).fit(known, history["mean"])
    weekly = (1 + assumed.discount) ** (1 / WEEKS_A_YEAR) - 1
    count, error = purchases.discounted_purchases(
        history["frequency"],
        history["recency"],
        history["T"],
        assumed.horizon / 12 * WEEKS_A_YEAR,
        weekly,
    )
    each = np.asarray(spend.expected_spend(known, history["mean"]))
    spread = np.exp(np.minimum(Z * np.hypot(error, spend.relative_error(known, history["mean"])), WIDEST))
    value = count * each * assumed.margin
    ids = history.index
    accounts.loc[ids, "noncontractual"] = value
    asked = (history["frequency"], history["recency"], history["T"])
    accounts.loc[ids, "order_soon"] = p_order(purchases, SOON / WEEK, *asked)
    accounts.loc[ids, "order_year"] = p_order(purchases, WEEKS_A_YEAR, *asked)
    accounts.loc[ids, "noncontractual_low"] = value / spread
    accounts.loc[ids, "noncontractual_high"] = value * spread
    return {
        "r": purchases.r_, "alpha": purchases.alpha_, "a": purchases.a_, "b": purchases.b_,
        "log_likelihood": purchases.log_likelihood_, "p": spend.p_, "q": spend.q_, "v": spend.v_,
        "correlation": spend.correlation_, "customers": len(history), "repeaters": repeaters,
    }  # fmt: skip


def purchase_history(days: pd.DataFrame, until: int) -> pd.DataFrame:
    """Order days as BG/NBD and Gamma-Gamma take them, in weeks.

    Returns:
        Index account: ``frequency`` (order days after the first), ``recency``, ``T`` (weeks), ``mean`` (amount of the
        order days after the first; 0 without).
    """
    grouped = days.groupby("account_id")
    first, last = grouped["day"].min(), grouped["day"].max()
    frequency = grouped["day"].nunique() - 1
    opening = days.loc[grouped["day"].idxmin()].set_index("account_id")["minor"]
    rest = grouped["minor"].sum() - opening
    return pd.DataFrame(
        {
            "frequency": frequency.astype(float),
            "recency": (last - first) / WEEK,
            "T": (until + 1 - first) / WEEK,
            "mean": (rest / frequency.where(frequency > 0)).fillna(0.0),
        }
    )


def _hide_unpriced(accounts: pd.DataFrame, book: Book) -> None:
    """Of whose money a part is unknown, nothing is told."""
    hidden = accounts.index.isin(list(book.unpriced))
    accounts.loc[hidden, [*AMOUNTS, "margin", "earned", "even_month"]] = np.nan


def _choose(accounts: pd.DataFrame, assumed: Assumptions) -> None:
    """What ranks customers: contract and orders still to come, where told; else the simple value."""
    ahead = accounts[["residual", "noncontractual"]].sum(axis=1, min_count=1)
    paying, told = accounts["mrr"] > 0, accounts["residual"].notna()
    ahead = ahead.where(told | ~paying)  # half of what a customer is worth ranks it wrongly
    if assumed.ranking == "simple":
        ahead = ahead * np.nan
    accounts["chosen"] = ahead.fillna(accounts["simple"])
    by = np.where(told, "residual", "noncontractual")
    accounts["chosen_by"] = np.where(ahead.notna(), by, np.where(accounts["simple"].notna(), "simple", ""))


def segments_of(stays: pd.DataFrame, model: TenureHazard | None) -> list[Segment]:
    """Kaplan-Meier by segment, with the multiplier of its hazard where one was learned."""
    found = [_segment("", "", stays, None)] if len(stays) else []
    for name in ATTRIBUTES:
        for value, part in stays.groupby(name):
            if value:
                found.append(_segment(name, str(value), part, model))
    return found


def _segment(dimension: str, value: str, part: pd.DataFrame, model: TenureHazard | None) -> Segment:
    return Segment(
        dimension,
        value,
        len(part),
        int(part["lost"].sum()),
        _multiplier(dimension, value, model),
        survival_curve(part["months"], part["lost"]),
    )


def _multiplier(dimension: str, value: str, model: TenureHazard | None) -> tuple[float, float, float] | None:
    if model is None:
        return None
    table = model.coefficients_
    mine = table[(table["attribute"] == dimension) & (table["value"] == value)]
    if mine.empty:
        return None
    row = mine.iloc[0]
    return (float(np.exp(row["log"])), float(np.exp(row["low"])), float(np.exp(row["high"])))


def survival_curve(months: pd.Series[Any], lost: pd.Series[Any], every: int = 3) -> list[list[float]]:
    """Kaplan-Meier at every third month while anybody is observed: [months, share still there, low, high, at risk]."""
    from enishi.forecasts.survival import time_to_event

    found = time_to_event(months, lost)
    if found is None:
        return []
    curve = found.curve
    rows = []
    for month in range(0, int(months.max()) + 1, every):
        at = curve[curve["day"] <= month].iloc[-1]
        left = int((months >= month).sum())
        if left == 0:
            break
        rows.append([month, 1 - at["share"], 1 - at["high"], 1 - at["low"], left])
    return [[round(float(v), 5) for v in row] for row in rows]
