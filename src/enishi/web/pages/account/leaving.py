"""Customers who stay only until their contracts end: every contract in force has been given notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from enishi.accounts.company import company_zone
from enishi.accounts.models import Record
from enishi.store.kinds import KINDS
from enishi.web.pages.account.known import as_known, versions_on

SUBSCRIPTION = KINDS["subscription"]
Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaving:
    """When notice was given last, and when the last contract ends; None where no end is stated."""

    notice_on: date
    ends_on: date | None


def leaving_of(contracts: Iterable[Terms], day: date) -> Leaving | None:
    """Of one customer's contracts as known on ``day``; None while one of those in force goes on."""
    running = [one for one in contracts if _runs(one, day)]
    noticed = [notice for one in running if (notice := _day(one, "notice_on")) and notice <= day]
    if not running or len(noticed) < len(running):
        return None
    ends = [_day(one, "ended_on") for one in running]
    stated = [end for end in ends if end]
    return Leaving(max(noticed), max(stated) if len(stated) == len(ends) else None)


def leaving_accounts(accounts: Iterable[int], day: date, as_of: date | None = None) -> dict[int, Leaving]:
    """Those of the accounts that are leaving. ``as_of``: by what was known at the end of that day."""
    rows = Record.objects.filter(account_id__in=list(accounts), kind=SUBSCRIPTION.name)
    contracts: dict[int, list[Terms]] = defaultdict(list)
    if as_of is None:
        for number, data in rows.filter(deleted_at=None).order_by().values_list("account_id", "data"):
            contracts[number or 0].append(data)
    else:
        owners = dict(rows.order_by().values_list("pk", "account_id"))
        zone = company_zone()
        for record, version in versions_on(SUBSCRIPTION, owners, as_of, zone).items():
            contracts[owners[record] or 0].append(as_known(SUBSCRIPTION, version.data, as_of, zone))
    found = {number: leaving_of(theirs, day) for number, theirs in contracts.items()}
    return {number: one for number, one in found.items() if one}


def _runs(terms: Terms, day: date) -> bool:
    started, ended = _day(terms, "started_on"), _day(terms, "ended_on")
    return not (started and started > day) and not (ended and ended <= day)


def _day(terms: Terms, name: str) -> date | None:
    value = terms.get(name)
    return date.fromisoformat(value[:10]) if value else None
