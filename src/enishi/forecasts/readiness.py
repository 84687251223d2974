"""What customers grew by in the past, and what they could grow by next: facts of contracts in, wins and labels out.

Four kinds of growth: ``plan`` (a higher plan of the same product), ``seats`` (more of them), ``product`` (another one),
``term`` (bound for longer). A win is read from the contracts themselves, never from what a person hoped for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd

from enishi.metrics.revenue import number_of, without_rate

Kind = Literal["plan", "seats", "product", "term"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
HORIZON: Final = 180
"""Days within which a win counts."""
LEAST_WINNERS: Final = 20
"""Customers that must have grown in a kind before a probability is stated."""
LEAST_UPLIFTS: Final = 10
"""Customers that must have grown before their usual uplift replaces the declared one."""

_WIN = ["account_id", "day", "kind", "product", "was", "became", "before", "amount"]


def find_wins(stretches: pd.DataFrame) -> pd.DataFrame:
    """Every growth of a contract, and every further product.

    A higher plan is one with a higher price per seat (per contract, where no seats are stated). Where plan and seats
    rise on one day, the seats have what they would have cost under the old plan and the plan has the rest. A longer
    term needs both terms stated; it may cost less a month.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods`.

    Returns:
        One row per win, by day: account_id, day (number), kind, product, was, became (plan names, seats, products,
        months), before (MRR of the contract, of the account for ``product``), amount (MRR gained, minor units).
    """
    known = without_rate(stretches)[0]
    if known.empty:
        return pd.DataFrame(columns=_WIN)
    parts = [*_changes(known), _further(known)]
    found = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=_WIN)])
    return found[_WIN].sort_values(["day", "account_id", "kind"], ignore_index=True)


def _changes(known: pd.DataFrame) -> list[pd.DataFrame]:
    """Plans, seats and terms: what changed from one stretch of a contract to the one that touches it."""
    t = known.sort_values(["record_id", "start"], kind="stable").reset_index(drop=True)
    t["plan"] = t["plan"].fillna("").astype(str)
    columns = ["record_id", "plan", "seats", "mrr", "term_months", "stop"]
    old = t[columns].shift(1).add_prefix("old_")
    touching = (old["old_record_id"] == t["record_id"]) & (old["old_stop"] == t["start"])
    t = pd.concat([t, old], axis=1)[touching.to_numpy(dtype=bool)]
    if t.empty:
        return []
    seats, was = _float(t["seats"]), _float(t["old_seats"])
    mrr, before = _float(t["mrr"]), _float(t["old_mrr"])
    gained = mrr - before
    priced = (seats > 0) & (was > 0)
    unit, unit_was = (
        np.where(priced, money / np.where(priced, count, 1), money)
        for money, count in ((mrr, seats), (before, was))
    )
    higher = (t["plan"] != t["old_plan"]) & (t["plan"] != "") & (t["old_plan"] != "") & (unit > unit_was)
    more = priced & (seats > was) & (gained > 0)
    of_seats = np.where(higher & more, (seats - was) * unit_was, gained)
    of_plan = np.where(higher & more, gained - of_seats, gained)
    longer = _float(t["term_months"]) > _float(t["old_term_months"])
    base = pd.DataFrame(
        {"account_id": t["account_id"], "day": t["start"], "product": t["product"], "before": before}
    )
    return [
        _wins(base, "plan", higher & (of_plan > 0), t["old_plan"], t["plan"], of_plan),
        _wins(base, "seats", more & (of_seats > 0), _whole(was), _whole(seats), of_seats),
        _wins(base, "term", longer, _whole(_float(t["old_term_months"])), _whole(_float(t["term_months"])), gained),
    ]  # fmt: skip


def _wins(base: pd.DataFrame, kind: str, held: Any, was: Any, became: Any, amount: Any) -> pd.DataFrame:
    rows = base.assign(kind=kind, was=np.asarray(was), became=np.asarray(became), amount=np.asarray(amount))
    rows = rows[np.asarray(held, dtype=bool)]
    return rows.assign(before=rows["before"].astype("int64"), amount=rows["amount"].round().astype("int64"))


def _further(known: pd.DataFrame) -> pd.DataFrame:
    """First contracts for a product by customers who already paid for another."""
    paid = known[(known["mrr"] > 0) & (known["product"].fillna("") != "")]
    first = paid.sort_values("start", kind="stable").drop_duplicates(["account_id", "product"])
    first = first.rename(columns={"start": "day", "mrr": "amount"})[
        ["account_id", "product", "day", "amount"]
    ]
    held = paid[["account_id", "product", "start", "stop", "mrr"]].rename(columns={"product": "other"})
    both = first.merge(held, on="account_id")
    both = both[
        (both["other"] != both["product"]) & (both["start"] < both["day"]) & (both["stop"] >= both["day"])
    ]
    found = both.sort_values(["mrr", "other"], ascending=[False, True]).groupby(
        ["account_id", "product", "day", "amount"], as_index=False
    )
    rows = found.agg(before=("mrr", "sum"), was=("other", "first"))
    return rows.assign(kind="product", became=rows["product"])


def _float(column: pd.Series[Any]) -> np.ndarray:
    return np.asarray(
        pd.to_numeric(column, errors="coerce").astype("Float64").to_numpy(float, na_value=np.nan)
    )


def _whole(values: np.ndarray) -> list[str]:
    return [f"{value:.0f}" if value == value else "" for value in values]


def label_wins(
    held: pd.DataFrame, wins: pd.DataFrame, day: date, observed_until: date, horizon_days: int = HORIZON
) -> pd.DataFrame:
    """Who of those who could grow on a day did so within the horizon.

    Who left without growing did not grow (0). While the horizon reaches beyond what has been observed nobody is labelled
    (NaN): those who have not grown yet are no refusals, and without them the rest would be winners alone.

    Args:
        held: ``account_id`` of the customers who could grow on the day.
        wins: :func:`find_wins` of one kind, as known by now.

    Returns:
        ``as_of, account_id, label, lost_on`` (the day of the win: the name the estimators know); NaT unless won.
    """
    today, end = number_of(day), number_of(day) + horizon_days
    soon = wins[(wins["day"] > today) & (wins["day"] <= end)].groupby("account_id")["day"].min()
    accounts = held["account_id"].drop_duplicates().to_numpy()
    won = pd.Series(accounts).map(soon).to_numpy(dtype=float)
    complete = end <= number_of(observed_until)
    label = np.where(~np.isnan(won), 1.0, 0.0) if complete else np.full(len(accounts), np.nan)
    on = pd.to_datetime(won, unit="D", origin="unix")
    return pd.DataFrame({"as_of": pd.Timestamp(day), "account_id": accounts, "label": label, "lost_on": on})


# ------------------------------------------------------------------------------------------ what is sold


@dataclass(frozen=True, slots=True)
class Rung:
    """A plan on its product's ladder: price per seat and month (per contract where seats are unknown), how many pay it."""

    plan: str
    price: float
    customers: int


def ladders(stretches: pd.DataFrame, day: date) -> dict[str, list[Rung]]:
    """Product -> its plans from the cheapest to the dearest, by the median price of the contracts in force on a day.

    Plans nobody holds on the day are taken from their latest contracts.
    """
    known = without_rate(stretches)[0]
    known = known[(known["mrr"] > 0) & (known["start"] <= number_of(day)) & (known["plan"].fillna("") != "")]
    if known.empty:
        return {}
    now = known["stop"] > number_of(day)
    keys = ["product", "plan"]
    named = known.assign(product=known["product"].fillna(""), now=now)
    running = named.groupby(keys)["now"].transform("any")
    counted = named[named["now"] | ~running]
    kept = counted.assign(price=_price(counted))
    kept = kept[kept["price"].notna()]
    table = kept.groupby(keys, as_index=False).agg(
        price=("price", "median"), customers=("account_id", "nunique")
    )
    found: dict[str, list[Rung]] = {}
    rows: Any = table.sort_values(["product", "price"]).itertuples(index=False)
    for row in rows:
        found.setdefault(str(row.product), []).append(
            Rung(str(row.plan), float(row.price), int(row.customers))
        )
    return found


def _price(contracts: pd.DataFrame) -> np.ndarray:
    """A contract's price a seat, or the whole where the product goes by a flat fee: whichever differs less between
    contracts of one plan. NaN for a contract without seats of a product that goes by seats."""
    whole, seats = _float(contracts["mrr"]), _float(contracts["seats"])
    each = whole / np.where(seats > 0, seats, np.nan)
    logs = pd.DataFrame({"whole": np.log(whole), "each": np.log(each)}, index=contracts.index)
    spread = logs.groupby([contracts["product"], contracts["plan"]]).transform("std").pow(2)
    mean = spread.groupby(contracts["product"]).transform("mean")
    known = pd.Series(seats > 0, index=contracts.index).groupby(contracts["product"]).transform("mean") >= 0.5
    flat = ~known | (mean["whole"] < mean["each"]).fillna(False)
    return np.where(flat, whole, each)


def holdings(stretches: pd.DataFrame, day: date) -> pd.DataFrame:
    """What each customer pays for on a day, indexed by account: product, plan, seats, main (MRR) of the largest contract,
    products (all, sorted, joined by a tab), held (how many), months (the longest term stated), paid (MRR of all)."""
    known = without_rate(stretches)[0]
    at = number_of(day)
    now = known[(known["start"] <= at) & (known["stop"] > at) & (known["mrr"] > 0)]
    columns = ["product", "plan", "seats", "main", "products", "held", "months", "paid"]
    if now.empty:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="account_id"))
    now = now.assign(
        product=now["product"].fillna(""), plan=now["plan"].fillna(""),
        seats=_float(now["seats"]), months=_float(now["term_months"]),
    )  # fmt: skip
    main = now.sort_values(["mrr", "record_id"], ascending=[False, True]).drop_duplicates("account_id")
    main = main.rename(columns={"mrr": "main"})
    found = main.set_index("account_id")[["product", "plan", "seats", "main"]].sort_index()
    by = now.sort_values("product").groupby("account_id")
    names = now[now["product"] != ""].drop_duplicates(["account_id", "product"]).sort_values("product")
    listed = names.groupby("account_id")["product"]
    found["products"] = listed.agg("\t".join).reindex(found.index).fillna("")
    found["held"] = listed.size().reindex(found.index).fillna(0).astype(int)
    found["months"], found["paid"] = by["months"].max(), by["mrr"].sum()
    return found


def next_plans(held: pd.DataFrame, rungs: dict[str, list[Rung]]) -> pd.DataFrame:
    """The plan above each customer's own and how many times its price, indexed like ``held``: ``next_plan`` ("" where
    there is none or the plan is unknown), ``step`` (NaN there), ``place`` (0 the lowest plan … 1 the highest)."""
    table = {}
    for product, plans in rungs.items():
        for at, rung in enumerate(plans):
            above = plans[at + 1] if at + 1 < len(plans) else None
            place = at / (len(plans) - 1) if len(plans) > 1 else 1.0
            step = above.price / rung.price if above and rung.price > 0 else np.nan
            table[(product, rung.plan)] = (above.plan if above else "", step, place)
    none = ("", np.nan, np.nan)
    pairs = zip(held["product"], held["plan"], strict=True)
    rows = [table.get(pair, none) for pair in pairs]
    return pd.DataFrame(rows, columns=["next_plan", "step", "place"], index=held.index)


@dataclass(frozen=True, slots=True)
class Companion:
    """Of ``base`` customers who ever paid for ``product``, ``both`` also paid for ``other``; MRR is what those paid for it
    at first, the median."""

    product: str
    other: str
    base: int
    both: int
    mrr: int

    @property
    def share(self) -> float:
        return self.both / self.base if self.base else 0.0


def companions(stretches: pd.DataFrame) -> list[Companion]:
    """Which products go together, most often first."""
    known = without_rate(stretches)[0]
    paid = known[(known["mrr"] > 0) & (known["product"].fillna("") != "")].sort_values("start", kind="stable")
    first = paid.drop_duplicates(["account_id", "product"])[["account_id", "product", "mrr"]]
    base = first.groupby("product").size()
    both = first.merge(first, on="account_id", suffixes=("", "_other"))
    both = both[both["product"] != both["product_other"]]
    found = [
        Companion(str(a), str(b), int(base[str(a)]), len(rows), int(rows["mrr_other"].median()))
        for (a, b), rows in both.groupby(["product", "product_other"])
    ]
    return sorted(found, key=lambda one: (-one.share, one.product, one.other))


@dataclass(frozen=True, slots=True)
class Uplift:
    """What a win of a kind usually brought: the median share of the MRR before, its quartiles, and of how many customers.
    ``share`` is NaN without any."""

    share: float
    low: float
    high: float
    customers: int

    @property
    def known(self) -> bool:
        return self.customers >= LEAST_UPLIFTS


def usual_uplift(wins: pd.DataFrame, kind: str) -> Uplift:
    """The uplift of past wins of a kind, per customer's latest."""
    own = wins[(wins["kind"] == kind) & (wins["before"] > 0)].drop_duplicates("account_id", keep="last")
    if own.empty:
        return Uplift(np.nan, np.nan, np.nan, 0)
    low, middle, high = np.quantile((own["amount"] / own["before"]).to_numpy(dtype=float), (0.25, 0.5, 0.75))
    return Uplift(float(middle), float(low), float(high), len(own))


def can_grow(kind: str, held: pd.DataFrame) -> np.ndarray:
    """Which customers could buy a kind at all.

    Args:
        held: :func:`holdings` joined with :func:`next_plans`, and ``sold``: how many products the company sells.
    """
    if kind == "plan":
        return (held["next_plan"] != "").to_numpy(dtype=bool)
    if kind == "seats":
        return (held["seats"] > 0).to_numpy(dtype=bool)
    if kind == "product":
        return (held["held"] < held["sold"]).to_numpy(dtype=bool)
    return held["months"].notna().to_numpy(dtype=bool)


def days_since_win(wins: pd.DataFrame, accounts: Sequence[int], day: date) -> np.ndarray:
    """Days since each account's last win up to a day; NaN where there was none."""
    last = wins[wins["day"] <= number_of(day)].groupby("account_id")["day"].max()
    return number_of(day) - pd.Series(list(accounts)).map(last).to_numpy(dtype=float)
