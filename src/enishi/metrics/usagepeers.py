"""With whom an account's use is compared: customers alive on the day, of the same tenure stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import pandas as pd

from enishi.metrics.panel import panel
from enishi.metrics.peers import LEAST_PEERS, tenure_stage
from enishi.metrics.people import AT, earliest
from enishi.metrics.records import visible
from enishi.metrics.relations import terms
from enishi.metrics.session import Facts, Session

MOST_PEERS = 200  # more would not move a median
SILENT_DAYS = 180  # without a contract that runs, a customer is one who used or ordered within so many days
_ASKED = 2 * MOST_PEERS  # of how many without a running contract use and orders are read


@dataclass(frozen=True)
class Peers:
    """Args:
    accounts: ids, in order. stage: the tenure stage they share with the account, "" where they are all customers.
    bought: one row (account_id, product) per product they have a contract for on the day.
    """

    accounts: list[int]
    stage: str
    bought: pd.DataFrame


def find_peers(facts: Facts, day: date, account_id: int) -> Peers:
    """Other customers of the same tenure stage as known on ``day``; every other customer where those are fewer than
    :data:`LEAST_PEERS`. At most :data:`MOST_PEERS`, always the same ones."""
    s = Session(facts, [day])
    rows = s.rows(("relations",), lambda: _relations(s)).to_pandas()
    rows["stage"] = [tenure_stage(days) for days in rows["tenure"].astype(float)]
    mine = rows[rows["account_id"] == account_id]["stage"]
    stage = str(mine.iloc[0]) if len(mine) else ""
    others = rows[(rows["account_id"] != account_id) & (rows["stage"] != "") & (rows["stated"] != "churned")]
    others = others.assign(rank=(others["account_id"] * 2_654_435_761) % 2**32).sort_values("rank")
    alive = _customers(facts, day, others)
    same = alive[alive["stage"] == stage]
    chosen, named = (same, stage) if len(same) >= LEAST_PEERS else (alive, "")
    accounts = sorted(int(a) for a in chosen["account_id"].head(MOST_PEERS))
    return Peers(accounts, named, _bought(s, accounts))


def _customers(facts: Facts, day: date, rows: pd.DataFrame) -> pd.DataFrame:
    """Those with a contract that runs; without one, those who ordered lately, or never had one and use it."""
    asked = [int(a) for a in rows[~rows["served"]]["account_id"].head(_ASKED)]
    if not asked:
        return rows[rows["served"]]
    few = facts.scoped(asked)
    try:
        found = panel(few, [day], ["days_since_last_seen", "days_since_order"], accounts=asked)
    finally:
        few.close_if_not(facts)
    seen, ordered = (
        set(found[found[name] < SILENT_DAYS]["account_id"])
        for name in ("days_since_last_seen", "days_since_order")
    )
    there = rows["served"] | rows["account_id"].isin(ordered)
    return rows[there | (~rows["had"] & rows["account_id"].isin(seen))]


def _bought(s: Session, accounts: Sequence[int]) -> pd.DataFrame:
    """Products under contract on the day; none for a contract that names none."""

    def build() -> Any:
        t = terms(s, AT)
        return t.filter((t.back == 0) & (t.product != "")).select("account_id", "product").distinct()

    rows = s.rows(("products bought",), build).to_pandas()
    return rows[rows["account_id"].isin(accounts)]


def _relations(s: Session) -> Any:
    """Every account the product was heard of: tenure in days, the stage its source states, whether it ever had a
    contract and has one."""
    accounts = visible(s, "account")
    accounts = accounts.select(
        "as_of", account_id=accounts.record_id, since=accounts.since, stated=accounts.stage
    )
    contracts = visible(s, "subscription")
    begun = contracts.filter((contracts.started_on <= contracts.as_of) & contracts.recurring.coalesce(True))
    started = contracts.group_by(AT).aggregate(first_start=ibis._.started_on.min())
    had = begun.group_by(AT).aggregate(contracts=ibis._.count())
    now = terms(s, AT)
    running = now.filter(now.back == 0).group_by(AT).aggregate(running=ibis._.count())
    t = _heard_of(s)
    for more in (accounts, started, had, running):
        t = t.left_join(more, AT).drop("as_of_right", "account_id_right")
    began = ibis.coalesce(t.since, t.first_start, t.first_day)
    return t.select(
        "account_id",
        tenure=t.as_of.delta(began, unit="day"),
        stated=t.stated.coalesce(""),
        had=t.contracts.notnull(),
        served=t.running.notnull(),
    )


def _heard_of(s: Session) -> Any:
    """One row per account of which a use, or somebody who belongs to it, was known on the day: ``first_day`` of use,
    null where there was none. Of others nobody can tell whether they would be heard of at all if they used it."""
    uses = s.rolled("first_uses", None).select("group_no", "user_no", "since", "first_day")
    named = s.raw("memberships").group_by("group_no").aggregate(since=ibis._.known_on.min())
    named = named.select(
        "group_no", "since", user_no=ibis.literal(0, "int64"), first_day=ibis.null("date")
    ).select(uses.columns)
    return earliest(s, uses.union(named), "first_day")
