"""Values of the accounts in scope, and what winning them cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from django.core.cache import cache

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member
from enishi.forecasts.acquisition import spread_costs
from enishi.kit.home import Home
from enishi.metrics.api import FactSettings, acquisition_costs, add_months, duckdb_facts
from enishi.metrics.revenue import number_of
from enishi.store.api import Published
from enishi.value.api import AccountValue, ValueRun
from enishi.value.reads import AMOUNTS
from enishi.web.pages.health.metric_reads import scope_ids
from enishi.web.pages.value.figures import stays_of

KEEP_SECONDS = 3600
_FACTS = ("left", "order_year", "months", "even_month", "months_left", "near_term", "since", "chosen_by")
_OF_ACCOUNT = ("channel", "size", "industry", "region")


@dataclass(frozen=True, slots=True)
class Costs:
    """Acquisition costs of the company: by channel and month, and the customers won with what each carries.

    Args:
        won: ``account_id, day, channel, cost`` of the window, of the whole company.
        idle: spent on channels that won nobody. known: whether any cost is recorded at all.
        stamp: changes with what is recorded of costs.
    """

    won: pd.DataFrame
    idle: dict[str, int]
    known: bool
    stamp: str = ""


def scope_stamp(member: Member, run: ValueRun) -> str:
    """Changes with the valuation and with what the member sees."""
    return f"{run.pk}:{sha256(scope_ids(member).tobytes()).hexdigest()[:20]}"


def read_values(member: Member, run: ValueRun, anew: bool = False) -> pd.DataFrame:
    """One row per account in scope (index) with its values, what it is, and whether it pays today."""
    key = f"value:rows:{scope_stamp(member, run)}"
    found: pd.DataFrame | None = None if anew else cache.get(key)
    if found is None:
        found = _read(member)
        cache.set(key, found, KEEP_SECONDS)
    return found


def _read(member: Member) -> pd.DataFrame:
    names = ["account_id", *AMOUNTS, *_FACTS, "detail__mrr"]
    rows = AccountValue.objects.filter(account__in=visible_accounts(member)).order_by()
    paths = [
        *names, *(f"account__{name}" for name in _OF_ACCOUNT), "account__state__tier", "account__owner_id",
        "account__name",
    ]  # fmt: skip
    columns = [*names[:-1], "mrr", *_OF_ACCOUNT, "tier", "owner", "name"]
    frame = pd.DataFrame(list(rows.values_list(*paths)), columns=columns)
    numbers = [*AMOUNTS, "months", "even_month", "months_left", "mrr", "order_year"]
    frame[numbers] = frame[numbers].astype(float)
    frame["owner"] = [str(int(pk)) if pk == pk and pk is not None else "" for pk in frame["owner"]]
    frame["tier"] = frame["tier"].fillna("")
    return frame.set_index("account_id")


def read_costs(run: ValueRun, months: int) -> Costs:
    """The company's acquisition costs of the months up to a valuation's day, laid on the customers won in them."""
    home, company = Home.from_environment(), get_company()
    stamp = f"{Published(home).changed('record_acquisition_cost')}:{company.currency}"
    key = f"value:costs-told:{run.pk}:{stamp}:{months}"
    found: Costs | None = cache.get(key)
    if found is None:
        with duckdb_facts(home, FactSettings(currency=company.currency)) as facts:
            costs = acquisition_costs(facts, run.day)
        found = _spread(costs, run.day, months, stamp)
        cache.set(key, found, KEEP_SECONDS)
    return found


def _spread(costs: pd.DataFrame, day: date, months: int, stamp: str) -> Costs:
    start, end = window(day, months)
    rows = AccountValue.objects.filter(since__gte=start, since__lt=end).order_by()
    won = pd.DataFrame(
        list(rows.values_list("account_id", "since", "account__channel")),
        columns=["account_id", "day", "channel"],
    )
    won["day"] = [number_of(on) for on in won["day"]]
    spread, idle = spread_costs(won, costs, number_of(start), number_of(end))
    return Costs(spread, idle, bool(len(costs)), stamp)


def window(day: date, months: int) -> tuple[date, date]:
    """Whole months back from the running one, which is part of it: its costs and its customers are both known so far."""
    following = date.fromordinal(day.toordinal() + 1)
    return add_months(day.replace(day=1), 1 - months), following


def read_curves(accounts: list[int]) -> dict[int, list[int]]:
    """Account -> what it has brought by each month of its relation."""
    found: dict[int, list[int]] = {}
    for begin in range(0, len(accounts), 5000):
        rows = AccountValue.objects.filter(account__in=accounts[begin : begin + 5000]).order_by()
        found |= dict(rows.values_list("account_id", "curve"))
    return found


def read_stays(accounts: list[int]) -> pd.DataFrame:
    """How long customers stay as their lifetime values took it; see :func:`stays_of`."""
    found: list[Any] = []
    for begin in range(0, len(accounts), 5000):
        rows = AccountValue.objects.filter(account__in=accounts[begin : begin + 5000]).order_by("account_id")
        found.extend(rows.values_list("account_id", "margin", "months", "detail"))
    return stays_of(found)


def flows_of(curves: list[list[int]]) -> np.ndarray:
    """(n, k) what each brought in each month; NaN where the relation is not that old."""
    width = max((len(curve) for curve in curves), default=0)
    table = np.full((len(curves), width), np.nan)
    for row, curve in enumerate(curves):
        table[row, : len(curve)] = np.diff(np.asarray(curve, float), prepend=0.0)
    return table


def access_value(account: Account) -> AccountValue | None:
    return AccountValue.objects.select_related("run").filter(account=account).first()


def names_of_members(values: list[str]) -> dict[str, Any]:
    found = Member.objects.in_bulk([int(v) for v in values if v.isdecimal()])
    return {str(pk): one for pk, one in found.items()}
