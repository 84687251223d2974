"""Forty companies over a year and a half: most keep on, some slow down and stop, a few stop at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from enishi.accounts.models import Account, Company
from enishi.kit.home import Home
from enishi.store.testing import publish

FIRST = date(2025, 1, 6)
TODAY = date(2026, 6, 29)
NOW = datetime(2026, 6, 29, 3, tzinfo=UTC)
ACCOUNTS = 40
PRICE = {
    "product": "P",
    "plan": "Basic",
    "amount": 10_000,
    "currency": "JPY",
    "interval": "month",
    "seats": 5,
}
EVENTS = ("Report Made", "Export Made", "Import Made", "Plan Shared")


def stop_day(number: int) -> date | None:
    """When an account stops: every third one, spread over the second half year."""
    if number % 3:
        return None
    return FIRST + timedelta(days=150 + 7 * number)


def usage_rows(number: int, random: np.random.Generator) -> list[dict[str, Any]]:
    """Weekly use; those who stop slow down over their last ten weeks, but for every ninth."""
    stop, rows = stop_day(number), []
    users = 1 + number % 5
    for week in range((TODAY - FIRST).days // 7 + 1):
        monday = FIRST + timedelta(days=7 * week)
        left = (stop - monday).days if stop else 999
        if left <= 0:
            break
        pace = 1.0 if number % 9 == 0 else min(1.0, max(0.1, left / 70))
        for user in range(users):
            for day in range(5):
                on = monday + timedelta(days=day)
                if on <= TODAY and random.random() < 0.5 * pace:
                    event = EVENTS[int(random.integers(0, 1 + int(3 * pace)))]
                    row = {"group_no": number, "user_no": number * 10 + user, "day": on, "event": event}
                    rows.append({**row, "product": "P", "n": int(random.integers(1, 6))})
    return rows


def publish_world(folder: Path) -> Home:
    """Publish the facts; :func:`make_accounts` makes the rows of the application database."""
    home, random = Home(folder), np.random.default_rng(7)
    numbers = range(1, ACCOUNTS + 1)
    publish(home, "record_account", [
        {"record_id": n, "valid_on": FIRST, "name": f"Company {n}", "since": FIRST, "stage": "adoption"} for n in numbers
    ])  # fmt: skip
    publish(home, "groups", [{"group_no": n, "group_id": f"c{n}", "first_day": FIRST} for n in numbers])
    publish(home, "link", [
        {"record_id": n, "account_id": n, "value": f"c{n}", "target": "account", "system": "product", "valid_on": FIRST}
        for n in numbers
    ])  # fmt: skip
    publish(home, "usage", [row for n in numbers for row in usage_rows(n, random)])
    return home


def make_accounts() -> list[Account]:
    Company.objects.update_or_create(pk=1, defaults={"time_zone": "UTC"})
    return Account.objects.bulk_create(
        Account(
            pk=n, name=f"Company {n}", source="product", outside_id=f"c{n}", since=FIRST, stage="adoption"
        )
        for n in range(1, ACCOUNTS + 1)
    )


def record(number: int, account: int | None, on: date, **more: Any) -> dict[str, Any]:
    return {"record_id": number, "account_id": account, "valid_on": on, **more}
