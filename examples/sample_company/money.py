"""Contracts and what is paid: subscriptions with every change of terms, invoices, orders, costs, rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from .catalogue import DESK, GOODS, INSIGHT, WORK, Plan, Product
from .companies import CHANNELS
from .sample import Sample, at
from .stories import NORMAL
from .world import Customer, renewal_after

Row = dict[str, Any]
YEN_PER_DOLLAR = 150


@dataclass(frozen=True)
class Terms:
    """What holds from a day on: the plan, the seats, and what is left of the list price."""

    from_on: date
    plan: Plan
    seats: int
    price_factor: float = 1.0

    def monthly(self) -> int:
        """Yen a month."""
        return round((self.plan.base + self.plan.per_seat * self.seats) * self.price_factor)


@dataclass(frozen=True)
class Contract:
    id: str
    product: Product
    started_on: date
    terms: tuple[Terms, ...]

    def at(self, day: date) -> Terms:
        """The terms in force on a day on or after the start."""
        return [terms for terms in self.terms if terms.from_on <= day][-1]


def contracts(sample: Sample, who: Customer) -> list[Contract]:
    """Every contract the customer ever makes, to the end of what is simulated, whether it stays so long or not."""
    random = sample.random(who.index, "money")
    first = (WORK, DESK, INSIGHT)[random.choice(3, p=(0.72, 0.18, 0.10))]
    made = [_contract(sample, who, random, first, who.since, 1)]
    if (second_on := _cross_sale(sample, who, random)) is not None:
        others = [p for p in (WORK, DESK, INSIGHT) if p is not first]
        made.append(_contract(sample, who, random, others[random.integers(2)], second_on, 2))
    return made


def _cross_sale(sample: Sample, who: Customer, random: np.random.Generator) -> date | None:
    chance, soon = random.random(), int(random.integers(30, 500))
    if who.story == "quietly_ready" and who.course.onset is not None and chance < 0.5:
        return max(sample.day(7 * (who.course.onset + 14) + soon // 8), who.since + timedelta(days=60))
    return who.since + timedelta(days=soon) if chance < 0.16 else None


def _contract(
    sample: Sample, who: Customer, random: np.random.Generator, product: Product, started: date, number: int
) -> Contract:
    seats = who.seats if number == 1 else max(2, round(who.seats * random.uniform(0.3, 0.8)))
    small = {"SMB": 0.6, "Mid": 0.3, "Enterprise": 0.1}[who.company.size]
    plan = product.plans[0] if random.random() < small else product.plans[min(1, len(product.plans) - 1)]
    terms = [Terms(started, plan, seats)]
    for day in _reviews(sample, who, started):
        now = terms[-1]
        terms.append(_reviewed(sample, who, random, product, now, day))
    return Contract(f"{who.id}-S{number}", product, started, tuple(terms))


def _reviews(sample: Sample, who: Customer, started: date) -> Iterator[date]:
    """The days on which terms are looked at again: renewals, and between them where one may grow at any time."""
    end = sample.day(sample.weeks * 7)
    if who.yearly:
        day = renewal_after(started, started)
        while day < end:
            yield day
            day = renewal_after(started, day)
        return
    day = started + timedelta(days=91)
    while day < end:
        yield day.replace(day=1)
        day += timedelta(days=91)


def _reviewed(
    sample: Sample, who: Customer, random: np.random.Generator, product: Product, now: Terms, day: date
) -> Terms:
    """The terms from a review on. Six draws each time, used or not: the next review's never shift."""
    luck = random.random(6)
    if day < sample.start:
        return Terms(day, now.plan, now.seats, now.price_factor)
    level = {name: who.at(name, sample, day) for name in NORMAL}
    often = 1.0 if who.yearly else 0.4
    seats, plan, factor = _seats(level, now.seats, luck, often), now.plan, now.price_factor
    place = product.plans.index(plan)
    if level["breadth"] > 1.15 and level["value"] > 0.6 and luck[3] < 0.4 * often:
        plan = product.plans[min(place + 1, len(product.plans) - 1)]
    elif level["value"] < 0.45 and luck[3] < 0.3 * often:
        plan = product.plans[max(place - 1, 0)]
    if level["value"] < 0.5 and factor == 1.0 and luck[4] < 0.25 * often:
        factor = 0.85
    return Terms(day, plan, seats, factor)


def _seats(level: dict[str, float], seats: int, luck: Any, often: float) -> int:
    if level["business"] < 0.75:
        return max(2, round(seats * (0.35 + 0.5 * level["business"])))
    if level["use"] < 0.55 and luck[0] < 0.5 * often:
        return max(2, round(seats * (0.6 + 0.3 * luck[1])))
    if level["use"] > 1.12 and level["value"] > 0.6 and luck[0] < 0.7 * often:
        return max(seats + 1, round(seats * (1.1 + 0.35 * luck[1])))
    if luck[0] < 0.18 * often:
        return max(2, round(seats * (0.92 + 0.25 * luck[1])))
    return seats


# ---- rows ----------------------------------------------------------------------------------------------------


def in_currency(who: Customer, yen: int) -> Decimal:
    """The amount as the customer is billed: yen, or whole dollars."""
    return Decimal(yen) if who.company.currency == "JPY" else Decimal(max(1, round(yen / YEN_PER_DOLLAR)))


def per_interval(who: Customer, terms: Terms) -> Decimal:
    """The recurring amount: a month's, or a year's with a tenth off."""
    return in_currency(who, round(terms.monthly() * 12 * 0.9) if who.yearly else terms.monthly())


def ended_by(who: Customer, until: date) -> date | None:
    """The day the contracts end, if the customer has told us by ``until``."""
    return who.ending.ended_on if who.ending is not None and who.ending.notice_on <= until else None


def subscription_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """One row per change of terms, in order; the last carries the notice and the end, once they are known."""
    for contract in contracts(sample, who):
        if contract.started_on > who.last_day(until):
            continue
        known = [t for t in contract.terms if t.from_on <= who.last_day(until)]
        kept = _changes(known, who.yearly)
        for place, terms in enumerate(kept):
            last = place == len(kept) - 1
            yield {
                "id": contract.id,
                "account": who.id,
                "product": contract.product.id,
                "plan": terms.plan.name,
                "amount": per_interval(who, terms),
                "currency": who.company.currency,
                "interval": "year" if who.yearly else "month",
                "recurring": True,
                "seats": terms.seats,
                "started_on": contract.started_on,
                "effective_on": terms.from_on,
                "term_months": 12 if who.yearly else None,
                "renewal_on": renewal_after(contract.started_on, terms.from_on) if who.yearly else None,
                **(_ending_fields(who, until) if last else {}),
            }


def _changes(terms: list[Terms], yearly: bool) -> list[Terms]:
    """The terms that differ from those before them, and the yearly renewals (they move the renewal date)."""
    kept = [terms[0]]
    for new in terms[1:]:
        old = kept[-1]
        same = (new.plan, new.seats, new.price_factor) == (old.plan, old.seats, old.price_factor)
        if not same or yearly:
            kept.append(new)
    return kept


def _ending_fields(who: Customer, until: date) -> Row:
    if ended_by(who, until) is None or who.ending is None:
        return {}
    return {
        "notice_on": who.ending.notice_on,
        "ended_on": who.ending.ended_on,
        "end_reason": who.ending.reason,
    }


def invoice_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """Monthly or yearly invoices of the window, due after a month, paid more or less then."""
    for contract in contracts(sample, who):
        random = sample.random(who.index, f"invoices {contract.id}")
        for number, day in enumerate(_billing_days(who, contract.started_on, sample.day(sample.weeks * 7))):
            luck = random.random(3)
            if day > who.last_day(until) or day < sample.start:
                continue
            due = day + timedelta(days=30)
            paid = due + timedelta(
                days=_delay(who.at("business", sample, due), who.at("value", sample, due), luck)
            )
            row: Row = {
                "id": f"{contract.id}-I{number + 1}",
                "account": who.id,
                "amount": per_interval(who, contract.at(day)),
                "currency": who.company.currency,
                "issued_on": day,
                "due_on": due,
            }
            if paid <= until:
                row |= {"paid_on": paid, "paid": True}
            yield row


def _billing_days(who: Customer, started: date, end: date) -> Iterator[date]:
    if who.yearly:
        day = started
        while day < end:
            yield day
            day = renewal_after(started, day)
        return
    yield started
    month = started.year * 12 + started.month
    while (day := date(month // 12, month % 12 + 1, 1)) < end:
        yield day
        month += 1


def _delay(business: float, value: float, luck: Any) -> int:
    """Days between due date and payment: mostly a little early, late where money or goodwill is short."""
    late = 0.05 + 0.5 * max(0.0, 0.85 - business) + 0.25 * max(0.0, 0.45 - value)
    return int(5 + 70 * luck[1]) if luck[0] < late else int(-8 * luck[2])


def order_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """Orders of consumables by one customer in five, at its own pace, until it silently stops or leaves."""
    random = sample.random(who.index, "orders")
    if random.random() > 0.2:
        return
    gap, loyalty = random.gamma(3, 14), random.beta(1.2, 9)
    favourites = random.dirichlet(np.ones(len(GOODS)) * 0.7)
    day = max(0.0, float(sample.offset(who.since))) + random.exponential(30)
    number = 0
    while day < sample.weeks * 7:
        moment = at(sample.day(day), random.normal(13, 2.5))
        item, price = GOODS[random.choice(len(GOODS), p=favourites)]
        quantity = 1 + int(random.poisson(1.5))
        day += random.exponential(gap) / max(0.25, who.at("business", sample, sample.day(day)))
        number += 1
        if moment.date() > who.last_day(until):
            return
        yield {
            "id": f"{who.id}-O{number}",
            "account": who.id,
            "ordered_at": moment,
            "product": item,
            "quantity": quantity,
            "amount": in_currency(who, price * quantity),
            "currency": who.company.currency,
        }
        if random.random() < loyalty * 0.5:
            return


def _months(sample: Sample, until: date) -> Iterator[date]:
    month = sample.start.year * 12 + sample.start.month - 1
    while (day := date(month // 12, month % 12 + 1, 1)) <= until:
        yield day
        month += 1


def acquisition_cost_rows(sample: Sample, until: date) -> Iterator[Row]:
    """What each channel cost each month: fairs and advertising dear, referrals cheap."""
    dear = {"Web": 0.7, "展示会": 1.6, "紹介": 0.25, "パートナー": 0.9, "広告": 1.9}
    won = sample.accounts * 0.4 / sample.months
    for place, month in enumerate(_months(sample, until)):
        random = sample.random(place, "acquisition")
        for channel, share in CHANNELS:
            cost = won * share * 240_000 * dear[channel] * random.uniform(0.7, 1.4)
            yield {
                "id": f"{month:%Y-%m}-{channel}",
                "channel": channel,
                "month": month,
                "amount": Decimal(round(cost, -3)),
                "currency": "JPY",
            }


def exchange_rate_rows(sample: Sample, until: date) -> Iterator[Row]:
    """Yen per dollar at the start of each month: a slow wander about 150. The first also serves what was before."""
    rates = _rates(sample)
    yield {"id": "USD-start", "currency": "USD", "on": date(sample.start.year - 12, 1, 1), "rate": float(YEN_PER_DOLLAR)}  # fmt: skip
    for place, month in enumerate(_months(sample, until)):
        yield {"id": f"USD-{month:%Y-%m}", "currency": "USD", "on": month, "rate": rates[place]}


@cache
def _rates(sample: Sample) -> tuple[float, ...]:
    random = sample.random(0, "exchange")
    return tuple(np.round(150 + np.cumsum(random.normal(0, 1.6, sample.weeks)), 2).tolist())
