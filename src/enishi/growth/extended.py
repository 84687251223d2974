"""What a higher plan extends, as use shows it, and how each customer's use of that is growing."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from enishi.forecasts.readiness import Rung
from enishi.metrics.api import Facts
from enishi.metrics.people import AT, LAST_28, bit_or, bits, in_time, login_words, with_account
from enishi.metrics.session import Session

SPAN = 56
LEAST_CUSTOMERS = 5
"""Customers in use on each of two plans before their features are compared."""
CLEARLY_MORE = 0.25
"""A feature belongs to what the higher plan extends where so much more of its customers use it."""
DAMPING = 3.0


def use_of_features(facts: Facts, day: date) -> pd.DataFrame:
    """Days with use per account, product and feature as known on a day: ``now`` (last 28), ``before`` (the 28 before)."""
    s = Session(facts, [day])

    def build() -> Any:
        t = in_time(s, s.rolled("feature_months", SPAN).join(s.month_windows(SPAN), "month"))
        mask = ((t.days & t.keep_0) << t.left_0) >> t.right_0
        t = with_account(s, t.select("as_of", "group_no", "user_no", "event", "product", mask=mask))
        t = t.filter(~t.event.lower().isin(login_words(s)))
        t = t.group_by([*AT, "product", "event"]).aggregate(mask=bit_or(t["mask"]))
        return t.select(
            "account_id",
            "product",
            "event",
            now=bits(t["mask"] & LAST_28),
            before=bits(t["mask"] & (LAST_28 << 28)),
        )

    return s.rows(("growth: use of features",), build).to_pandas()


def extended_features(
    used: pd.DataFrame, held: pd.DataFrame, rungs: dict[str, list[Rung]]
) -> dict[tuple[str, str], set[str]]:
    """(product, plan) -> features that clearly more customers of the next plan use.

    Args:
        used: :func:`use_of_features`. held: by account: product and plan of its largest contract.
    """
    recent = used[used["now"] > 0].merge(
        held[["product", "plan"]], left_on="account_id", right_index=True, suffixes=("_of", "")
    )
    recent = recent[(recent["product_of"] == recent["product"]) | (recent["product_of"] == "")]
    users = recent.groupby(["product", "plan", "event"])["account_id"].nunique()
    active = recent.groupby(["product", "plan"])["account_id"].nunique()
    found = {}
    for product, plans in rungs.items():
        for lower, higher in pairwise(plans):
            keys = (product, lower.plan), (product, higher.plan)
            if any(active.get(key, 0) < LEAST_CUSTOMERS for key in keys):
                continue
            shares: list[Any] = [users[key] / active[key] for key in keys]
            below, above = shares
            gain = above - below.reindex(above.index, fill_value=0.0)
            found[keys[0]] = set(gain[gain >= CLEARLY_MORE].index)
    return {key: features for key, features in found.items() if features}


def growth_of_use(
    used: pd.DataFrame, held: pd.DataFrame, extended: dict[tuple[str, str], set[str]]
) -> pd.Series[Any]:
    """Account -> damped logarithm of its days of use of those features, last 28 days over the 28 before."""
    wanted = {(*key, feature) for key, features in extended.items() for feature in features}
    if not wanted:
        return pd.Series(dtype=float)
    own = used.drop(columns="product").merge(
        held[["product", "plan"]], left_on="account_id", right_index=True
    )
    keys = pd.MultiIndex.from_frame(own[["product", "plan", "event"]])
    total = own[keys.isin(wanted)].groupby("account_id")[["now", "before"]].sum()
    ratio: pd.Series[Any] = (total["now"] + DAMPING) / (total["before"] + DAMPING)
    return ratio.map(np.log)
