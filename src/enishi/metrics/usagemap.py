"""The usage map of one account: who uses what, week by week, beside peers of the same stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from enishi.metrics.panel import panel
from enishi.metrics.people import AT, known_by, login_words, usage_days, with_account
from enishi.metrics.session import Facts, Session
from enishi.metrics.usagepeers import Peers, find_peers

_PERSON = (
    "active_days_28",
    "events_28",
    "events_90",
    "logins_28",
    "days_since_last_seen",
    "feature_breadth_28",
)


@dataclass(frozen=True)
class UsageMap:
    """Features by weeks, people, and what peers do.

    Args:
        weeks: first day of each week, oldest first; the last week ends on the day asked for.
        features: one row per feature: feature, product, uses per week (``w0`` oldest …), users (of all weeks),
            uses (of all weeks), peer_share (of the peers who have its product by contract or in use, the share that
            used it in the last 28 days), most used first; then features other than signing in that at least a quarter
            of those peers use and this account does not (``uses`` 0).
        totals: uses per week.
        active_users: people active per week.
        peer_median: median active users per week of the peers, NaN with fewer than 5. Peers are customers on the day,
            of the same tenure stage.
        people: one row per person: user_no, system, user_id, contact_id, the metrics of the user grain, and uses
            per week; most active first.
        peers: how many accounts the comparison rests on. stage: their tenure stage.
        breadth: different features used in all weeks, counted like ``feature_breadth_28``: signing in is none, and one
            of two products is one.
        seats: licences bought; unused: those beyond the people active in 28 days (NaN without licences).
    """

    weeks: list[date]
    features: pd.DataFrame
    totals: list[int]
    active_users: list[int]
    peer_median: list[float]
    people: pd.DataFrame
    peers: int
    stage: str
    breadth: int
    seats: float
    unused: float


def usage_map(facts: Facts, account_id: int, day: date, weeks: int = 12) -> UsageMap:
    """What an account's people do, as known on a day.

    Args:
        weeks: how many weeks back, 1 to 52.
    """
    if not 1 <= weeks <= 52:
        raise ValueError(f"a usage map shows 1 to 52 weeks, not {weeks}")
    peers = find_peers(facts, day, account_id)
    few = facts.scoped([account_id, *peers.accounts])
    try:
        return _usage_map(few, account_id, day, weeks, peers)
    finally:
        few.close_if_not(facts)


def _usage_map(facts: Facts, account_id: int, day: date, weeks: int, peers: Peers) -> UsageMap:
    s = Session(facts, [day])
    rows = _account_rows(s, account_id, weeks)
    rows["week"] = weeks - 1 - rows["ago"] // 7
    features, weekly = _features(s, rows, peers, weeks), _peer_median(s, peers.accounts, weeks)
    own = facts.scoped([account_id])
    try:
        numbers = panel(own, [day], ["seats", "active_users_28"], accounts=[account_id])
        people = _people(own, rows, account_id, day, weeks)
    finally:
        own.close_if_not(facts)
    seats = float(numbers["seats"].iloc[0]) if len(numbers) else np.nan
    active = float(numbers["active_users_28"].iloc[0]) if len(numbers) else np.nan
    return UsageMap(
        weeks=[day - timedelta(days=7 * (weeks - k) - 1) for k in range(weeks)],
        features=features,
        totals=_per_week(rows, weeks),
        active_users=[int(n) for n in _users_per_week(rows, weeks)],
        peer_median=weekly,
        people=people,
        peers=len(peers.accounts),
        stage=peers.stage,
        breadth=int(rows["event"][~rows["event"].str.lower().isin(login_words(s))].nunique()),
        seats=seats,
        unused=max(seats - (0 if np.isnan(active) else active), 0) if not np.isnan(seats) else np.nan,
    )


def _map(s: Session, weeks: int) -> Any:
    """One row per account, person, product, feature and day: ``n``."""

    def build() -> Any:
        u = s.usage(7 * weeks).join(s.windows(7 * weeks), "day")
        u = u.select("as_of", "ago", "group_no", "user_no", "event", "product", "known_on", "n")
        t = with_account(s, known_by(s, u).drop("known_on"))
        return t.group_by(["account_id", "user_no", "event", "product", "ago"]).aggregate(n=t.n.sum())

    return s.kept(f"usage_map_{weeks}", build)


def _account_rows(s: Session, account_id: int, weeks: int) -> pd.DataFrame:
    one = s.chosen([account_id])

    def build() -> Any:
        t = _map(s, weeks)
        return t.semi_join(one, t.account_id == one.chosen_id)

    return s.rows(("usage map", weeks), build).to_pandas()


def _per_week(rows: pd.DataFrame, weeks: int) -> list[int]:
    return [int(n) for n in rows.groupby("week")["n"].sum().reindex(range(weeks), fill_value=0)]


def _users_per_week(rows: pd.DataFrame, weeks: int) -> pd.Series[int]:
    known = rows[rows["user_no"] > 0]
    return known.groupby("week")["user_no"].nunique().reindex(range(weeks), fill_value=0)


def _wide(rows: pd.DataFrame, by: list[str], weeks: int) -> pd.DataFrame:
    table = rows.pivot_table(index=by, columns="week", values="n", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=range(weeks), fill_value=0).astype("int64")
    return table.rename(columns=lambda k: f"w{k}").rename_axis(columns=None)


def _features(s: Session, rows: pd.DataFrame, peers: Peers, weeks: int) -> pd.DataFrame:
    table = _wide(rows, ["event", "product"], weeks)
    people = rows[rows["user_no"] > 0].groupby(["event", "product"])["user_no"].nunique()
    table["users"] = people.reindex(table.index, fill_value=0)
    table["uses"] = table[[f"w{k}" for k in range(weeks)]].sum(axis=1)
    share = _peer_share(s, peers)
    missing = share[share >= 0.25].index.difference(table.index)
    missing = missing[~missing.get_level_values(0).str.lower().isin(login_words(s))]
    table = pd.concat([table, pd.DataFrame(0, index=missing, columns=table.columns)])
    table.index = pd.MultiIndex.from_tuples(list(table.index), names=["feature", "product"])
    table["peer_share"] = share.reindex(table.index)
    table = table.reset_index()
    return table.sort_values(
        ["uses", "peer_share", "feature"], ascending=[False, False, True], ignore_index=True
    )


def _peer_share(s: Session, peers: Peers) -> pd.Series[float]:
    """Of the peers who have the product, the share that used each (feature, product) in the last 28 days."""

    def build() -> Any:
        t = usage_days(s)
        return t.filter(t.ago < 28).select("account_id", "event", "product").distinct()

    rows = s.rows(("features of accounts",), build).to_pandas()
    rows = rows[rows["account_id"].isin(peers.accounts)]
    having = pd.concat([peers.bought, rows[["account_id", "product"]]]).drop_duplicates()
    owners = having.groupby("product").size()
    owners[""] = len(peers.accounts)
    used = rows.groupby(["event", "product"]).size()
    share = used / owners.reindex(used.index.get_level_values("product")).to_numpy()
    return share.rename_axis(["feature", "product"])


def _peer_median(s: Session, peers: list[int], weeks: int) -> list[float]:
    if len(peers) < 5:
        return [np.nan] * weeks

    def build() -> Any:
        t = _map(s, weeks)
        known = t.filter(t.user_no > 0)
        known = known.mutate(week=weeks - 1 - known.ago // 7)
        each = known.group_by(["account_id", "week", "user_no"]).aggregate(rows=known.count())
        return each.group_by(["account_id", "week"]).aggregate(users=each.count())

    rows = s.rows(("peer weeks", weeks), build).to_pandas()
    table = rows[rows["account_id"].isin(peers)].pivot(index="account_id", columns="week", values="users")
    table = table.reindex(index=peers, columns=range(weeks)).fillna(0)
    return [float(v) for v in table.median(axis=0)]


def _people(facts: Facts, rows: pd.DataFrame, account_id: int, day: date, weeks: int) -> pd.DataFrame:
    numbers = panel(facts, [day], list(_PERSON), grain="user", accounts=[account_id])
    found = numbers.drop(columns=AT).merge(_names(facts, numbers["user_no"], day), on="user_no", how="left")
    found = found.merge(_contacts(facts, day), on="user_no", how="left")
    each = _wide(rows[rows["user_no"] > 0], ["user_no"], weeks).reset_index()
    found = found.merge(each, on="user_no", how="left")
    weekly = [f"w{k}" for k in range(weeks)]
    found[weekly] = found[weekly].fillna(0).astype("int64")
    order = ["active_days_28", "events_28", "days_since_last_seen"]
    return found.sort_values(order, ascending=[False, False, True], kind="stable", ignore_index=True)


def _names(facts: Facts, numbers: pd.Series[int], day: date) -> pd.DataFrame:
    s = Session(facts, [day])
    few = s.chosen([int(n) for n in numbers])

    def build() -> Any:
        users = s.raw("users")
        return users.semi_join(few, users.user_no == few.chosen_id).select("user_no", "system", "user_id")

    return s.rows(("names of users",), build).to_pandas().drop_duplicates("user_no")


def _contacts(facts: Facts, day: date) -> pd.DataFrame:
    """Contacts to whom user numbers are linked on the day."""
    links = facts.identity("then").user_link.to_pandas(date_as_object=True)
    now = links[(links["start"] <= day) & (day < links["stop"])]
    return now.drop_duplicates("user_no")[["user_no", "contact_id"]]
