"""The next product of customers who order: read, tried out on later orders, written down for the pages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from django.db import transaction

from enishi.accounts.company import company_day
from enishi.accounts.models import Account
from enishi.forecasts.recommend import MODEL, NextProduct, scores_of, tidy, try_out
from enishi.growth.models import CommerceTrial, NextItems
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords

EPOCH = date(1970, 1, 1)
NAMED = 3
AT_ONCE = 2_000
_ORDERS = """
select account_id, product as item, cast(ordered_at as date) as ordered_on from "order"
where account_id is not null and coalesce(product, '') <> '' and cast(ordered_at as date) <= $day
"""


def read_orders(day: date) -> pd.DataFrame:
    """Every order with a product as known on a day: account_id, item, day (number)."""
    with KnownRecords(Home.from_environment()) as records:
        if not records.has("order"):
            return pd.DataFrame({"account_id": [], "item": [], "day": []})
        frame = records.query(_ORDERS, day)
    days = (pd.to_datetime(frame["ordered_on"]) - pd.Timestamp(EPOCH)).dt.days
    return tidy(frame.assign(day=days))


def due(now: datetime) -> bool:
    """Whether the trial is a week old, or there is none."""
    last = CommerceTrial.objects.first()
    return last is None or last.made_at < now - timedelta(days=7)


def name_next(now: datetime) -> CommerceTrial | None:
    """Try the ways out where that was not done for a week, and name every ordering customer's next products by the one
    that was best; None without orders."""
    today = company_day(now)
    orders = read_orders(today)
    if orders.empty:
        NextItems.objects.all().delete()
        return None
    trial = _tried(orders, now) if due(now) else CommerceTrial.objects.first()
    if trial is None:
        return None
    _write(orders, trial.used, today)
    return trial


def _tried(orders: pd.DataFrame, now: datetime) -> CommerceTrial:
    found = try_out(orders)
    report: dict[str, Any] = {
        name: value for name, value in asdict(found).items() if name not in ("used", "enough", "cases")
    }
    report["split"] = str(EPOCH + timedelta(days=int(found.split)))
    report["orders"], report["buyers"] = len(orders), int(orders["account_id"].nunique())
    return CommerceTrial.objects.create(
        day=company_day(now),
        enough=found.enough,
        used=found.used,
        cases=found.cases,
        report=report,
        made_at=now,
    )


def _write(orders: pd.DataFrame, used: str, today: date) -> None:
    living = set(Account.objects.filter(deleted_at=None, merged_into=None).values_list("pk", flat=True))
    orders = orders[orders["account_id"].isin(living)]
    model = NextProduct().fit(orders)
    at = float((today - EPOCH).days)
    last: Any = orders.drop_duplicates("account_id", keep="last").set_index("account_id")
    counts = orders.groupby("account_id").size()
    accounts = [int(account) for account in counts.index]
    rows = []
    for start in range(0, len(accounts), AT_ONCE):
        part = accounts[start : start + AT_ONCE]
        named = _named(model, used, orders[orders["account_id"].isin(part)], at, part)
        for account in part:
            on = EPOCH + timedelta(days=int(last.loc[account, "day"]))
            item = str(last.loc[account, "item"])[:300]
            rows.append(NextItems(account_id=account, day=today, items=named[account], last_item=item, last_on=on, orders=int(counts[account])))  # fmt: skip
    with transaction.atomic():
        NextItems.objects.all().delete()
        NextItems.objects.bulk_create(rows, batch_size=AT_ONCE)


def _named(
    model: NextProduct, used: str, orders: pd.DataFrame, at: float, accounts: list[int]
) -> dict[int, list[dict[str, Any]]]:
    """Account -> its next products by the way in use, with the reason."""
    found: dict[int, list[dict[str, Any]]] = {account: [] for account in accounts}
    if used == MODEL:
        rows: Any = model.recommend(orders, at, accounts, NAMED).itertuples(index=False)
        for row in rows:
            found[int(row.account_id)].append(
                {"item": row.item, "reason": row.reason, "score": round(row.score, 4)}
            )
        return found
    scores = scores_of(used, model, orders, at, accounts)
    for row, account in enumerate(accounts):
        best = (-scores[row]).argsort(kind="stable")[:NAMED]
        own = "repeat" if used == "repeat_last" else "popular"
        found[account] = [
            {
                "item": model.items_[place],
                "reason": own if scores[row, place] > 1 or own == "popular" else "popular",
                "score": round(float(scores[row, place]), 4),
            }
            for place in best
        ]
    return found
