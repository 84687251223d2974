"""Customers who have given notice: which of their contracts in force end, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from enishi.accounts.models import Account, Record
from enishi.metrics.following import GRACE_DAYS, OVERLAP_DAYS
from enishi.store.kinds import KINDS

SUBSCRIPTION = KINDS["subscription"]
FEW = 2_000  # accounts read by their numbers; more are met by walking the contracts
Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A notice in force: given last on ``notice_on``; the last of the noticed ``contracts``, of the number ``running``,
    ends on ``ends_on`` (None where no end is stated). A contract that another follows is not given up."""

    notice_on: date
    ends_on: date | None
    contracts: tuple[int, ...] = ()  # the one noticed last stands last
    running: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing goes on: every contract in force has been given notice."""
        return len(self.contracts) == self.running


def leaving_of(contracts: Mapping[int, Terms], day: date) -> Leaving | None:
    """Of one customer's contracts as known on ``day``, by number; None where none in force was given notice."""
    running = {number: one for number, one in contracts.items() if _runs(one, day)}
    noticed = {n: on for n, one in running.items() if (on := _day(one, "notice_on")) and on <= day}
    noticed = {n: on for n, on in noticed.items() if not _followed(n, contracts)}
    if not noticed:
        return None
    ending = tuple(sorted(noticed, key=lambda number: (noticed[number], number)))
    ends = [_day(running[number], "ended_on") for number in noticed]
    stated = [end for end in ends if end]
    ends_on = max(stated) if len(stated) == len(ends) else None
    return Leaving(noticed[ending[-1]], ends_on, ending, len(running))


def leaving_by(contracts: Iterable[tuple[int | None, int, Terms]], day: date) -> dict[int, Leaving]:
    """Account -> its notice, from (account, contract, terms) of any number of customers."""
    theirs: dict[int, dict[int, Terms]] = defaultdict(dict)
    for account, number, terms in contracts:
        theirs[account or 0][number] = terms
    found = {account: leaving_of(those, day) for account, those in theirs.items()}
    return {account: one for account, one in found.items() if one}


def leaving_accounts(accounts: Iterable[int], day: date) -> dict[int, Leaving]:
    """Those of the accounts that have given notice, as recorded now."""
    rows = Record.objects.filter(account_id__in=list(accounts), kind=SUBSCRIPTION.name, deleted_at=None)
    return leaving_by(rows.order_by().values_list("account_id", "pk", "data"), day)


def leaving_among(accounts: QuerySet[Account], day: date) -> dict[int, Leaving]:
    """Those of a book of any size that have given notice, as recorded now."""
    noticed = Record.objects.filter(
        kind=SUBSCRIPTION.name, deleted_at=None, account__isnull=False, data__notice_on__isnull=False
    ).order_by()
    scope = accounts.order_by().values_list("pk", flat=True)
    few = list(scope[: FEW + 1])
    wanted = noticed.filter(account__in=scope if len(few) > FEW else few)
    return leaving_accounts(set(wanted.values_list("account_id", flat=True)), day)


def running_contracts(account: int, day: date) -> int:
    """How many recurring contracts of a customer run without notice, as recorded now."""
    rows = Record.objects.filter(account_id=account, kind=SUBSCRIPTION.name, deleted_at=None)
    return sum(
        1
        for one in rows.values_list("data", flat=True)
        if _runs(one, day)
        and one.get("recurring") is not False
        and not ((on := _day(one, "notice_on")) and on <= day)
    )


def _followed(number: int, contracts: Mapping[int, Terms]) -> bool:
    """Whether another contract, of which nobody gave notice, takes the place of one at its end."""
    if (end := _day(contracts[number], "ended_on")) is None:
        return False
    first, last = end - timedelta(days=OVERLAP_DAYS), end + timedelta(days=GRACE_DAYS)
    others = (one for n, one in contracts.items() if n != number and not _day(one, "notice_on"))
    begun = ((_day(one, "started_on"), _day(one, "ended_on")) for one in others)
    return any(start and first <= start <= last and (stop is None or stop > end) for start, stop in begun)


def _runs(terms: Terms, day: date) -> bool:
    started, ended = _day(terms, "started_on"), _day(terms, "ended_on")
    return not (started and started > day) and not (ended and ended <= day)


def _day(terms: Terms, name: str) -> date | None:
    value = terms.get(name)
    return date.fromisoformat(value[:10]) if value else None
