"""What the account pays: subscriptions and licences, invoices, and what is overdue."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from enishi.accounts.company import get_company
from enishi.accounts.models import Account
from enishi.definitions.api import get_names, product_title
from enishi.web.pages.account.known import Known, records_of
from enishi.web.pages.account.words import say


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription on a day: running, coming or ended. ``amount`` is in minor units of its own currency."""

    known: Known
    status: str
    amount: int
    currency: str
    renewal_on: date | None
    started_on: date | None
    notice_on: date | None
    ended_on: date | None

    @property
    def seats(self) -> int | None:
        return self.known.data.get("seats")

    @property
    def data(self) -> Any:
        return self.known.data

    @property
    def product(self) -> str:
        """The product as people call it."""
        return say(product_title(get_names(), str(self.data.get("product") or "")))


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice on a day; ``overdue`` in days, 0 where it is paid, voided or not due."""

    known: Known
    status: str
    amount: int
    currency: str
    issued_on: date | None
    due_on: date | None
    paid_on: date | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Revenue:
    subscriptions: list[Subscription]
    invoices: list[Invoice]
    invoices_total: int
    seats: int | None
    open_amounts: dict[str, int]
    overdue_amounts: dict[str, int]
    orders: list[Known]

    @property
    def running(self) -> int:
        return sum(one.status == "running" for one in self.subscriptions)


def minor(amount: Decimal, currency: str) -> int:
    """An amount in whole minor units of its currency."""
    return int(amount.scaleb(get_currency_precision(currency)).to_integral_value())


def revenue_of(account: Account, as_of: date | None, today: date, limit: int = 50) -> Revenue:
    day = as_of or today
    home = get_company().currency
    subscriptions = [_subscription(known, day, home) for known in records_of(account, as_of, "subscription")]
    invoices = [_invoice(known, day, home) for known in records_of(account, as_of, "invoice")]
    rank = {"running": 0, "coming": 1, "ended": 2}
    subscriptions.sort(key=lambda one: (rank[one.status], one.known.pk))
    seats = [one.seats for one in subscriptions if one.status == "running" and one.seats is not None]
    unpaid = [one for one in invoices if one.status in ("open", "overdue")]
    return Revenue(
        subscriptions=subscriptions,
        invoices=invoices[:limit],
        invoices_total=len(invoices),
        seats=sum(seats) if seats else None,
        open_amounts=_sums(unpaid),
        overdue_amounts=_sums([one for one in unpaid if one.overdue]),
        orders=records_of(account, as_of, "order")[:limit],
    )


def foreign_currencies(account: Account, as_of: date | None, today: date) -> list[str]:
    """The currencies, other than the company's, of the contracts in force."""
    day, home = as_of or today, get_company().currency
    contracts = [_subscription(known, day, home) for known in records_of(account, as_of, "subscription")]
    return sorted({one.currency for one in contracts if one.status == "running"} - {home})


def _subscription(known: Known, day: date, home: str) -> Subscription:
    started, ended = known.day("started_on"), known.day("ended_on")
    status = "running"
    if started and started > day:
        status = "coming"
    elif ended and ended <= day:
        status = "ended"
    currency = str(known.data.get("currency") or home)
    return Subscription(
        known, status, minor(known.amount(), currency), currency,
        known.day("renewal_on"), started, known.day("notice_on"), ended,
    )  # fmt: skip


def _invoice(known: Known, day: date, home: str) -> Invoice:
    paid_on, due_on = known.day("paid_on"), known.day("due_on")
    currency = str(known.data.get("currency") or home)
    amount = minor(known.amount(), currency)
    is_paid = bool(known.data.get("paid")) or bool(paid_on and paid_on <= day)
    status, overdue = "open", 0
    if known.data.get("voided_on"):
        status = "voided"
    elif is_paid:
        status = "paid"
    elif due_on and due_on < day and (amount is None or amount >= 0):
        status, overdue = "overdue", (day - due_on).days
    return Invoice(known, status, amount, currency, known.day("issued_on"), due_on, paid_on, overdue)


def _sums(invoices: list[Invoice]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for one in invoices:
        sums[one.currency] += one.amount
    return dict(sums)
