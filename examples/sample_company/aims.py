"""What the vendor aims at: targets of this fiscal year and the next, set as a leader would."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from enishi.accounts.company import company_day
from enishi.accounts.models import Member, Record, Role
from enishi.metrics.api import add_months, period_of, periods_between
from enishi.outlook.api import Aim, Target, set_targets

from .money import YEN_PER_DOLLAR

YEARS = {"nrr": "0.97", "grr": "0.86", "churn": "0.14", "expansion": "0.12"}
QUARTERS = {"nrr": "0.96", "grr": "0.85", "churn": "0.035", "expansion": "0.03"}
GROWTH = 1.03  # of MRR a quarter
ROUND = 100_000
INTERVALS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def aim(now: datetime) -> None:
    """Once: what somebody set since is left alone."""
    leader = Member.objects.filter(role=Role.MANAGER).order_by("pk").first()
    if leader is None or Target.objects.exists():
        return
    day = company_day(now)
    year, mrr = period_of(day, "year"), contracted()
    aims = []
    quarters = periods_between(year.start, add_months(year.end, 11), "quarter")
    here = next(place for place, one in enumerate(quarters) if day < one.end)
    for place, quarter in enumerate(quarters):
        aims += [Aim(name, "quarter", quarter.start, Decimal(value)) for name, value in QUARTERS.items()]
        wanted = round(mrr * GROWTH ** (place - here + 1) / ROUND) * ROUND
        aims.append(Aim("mrr", "quarter", quarter.start, Decimal(wanted)))
        if (place + 1) % 4 == 0:
            start = quarters[place - 3].start
            aims += [Aim(name, "year", start, Decimal(value)) for name, value in YEARS.items()]
            aims.append(Aim("mrr", "year", start, Decimal(wanted)))
    set_targets(aims, member=leader, now=now)


def contracted() -> int:
    """Yen a month of the contracts in force, roughly: it is only to make a round target of."""
    total = 0.0
    for data in Record.objects.filter(kind="subscription", deleted_at=None).values_list("data", flat=True):
        if not data.get("ended_on"):
            rate = 1 if data.get("currency") in (None, "", "JPY") else YEN_PER_DOLLAR
            total += float(data["amount"]) * rate / INTERVALS.get(data.get("interval") or "month", 1)
    return round(total)
