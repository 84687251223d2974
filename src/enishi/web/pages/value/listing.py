"""The customers behind a figure: their numbers in order, kept for a while; of a page, only its own rows are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThan

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.metrics.periods import Period, period_of
from enishi.value.api import AccountValue, ValueRun
from enishi.web.asking import day_in, numbers_in
from enishi.web.pages.portfolio.ranks import Ids, Numbers
from enishi.web.pages.value.figures import LIKELY
from enishi.web.pages.value.query import METHODS, Listed
from enishi.web.pages.value.reads import KEEP_SECONDS, read_costs, scope_stamp, window
from enishi.web.paging import AT_ONCE

_PAYS = GreaterThan(
    Cast(KT("detail__mrr"), FloatField()), 0.0
)  # as a number: SQLite holds JSON's null for larger
HERE = Q(_PAYS) | (Q(noncontractual__gt=0, left=False) & (Q(order_year=None) | Q(order_year__gte=LIKELY)))
"""The same as :func:`figures.here_today` of stored rows."""
SORTS = {
    "value": "",
    "margin": "margin",
    "cost": "acquisition",
    "even": "even_month",
    "name": "account__name",
}
_OF_ACCOUNT = {"tier": "account__state__tier", "owner": "account__owner"}


@dataclass(frozen=True, slots=True)
class Found:
    """A list in its order.

    Args:
        method: the lifetime value shown. told: how many have it; mean: over these, minor units.
        costs: of each of ``ids``, what winning it cost in the window; empty where the list tells the cost kept of each.
    """

    ids: Ids
    method: str
    told: int
    mean: float | None
    costs: Numbers

    def __len__(self) -> int:
        return len(self.ids)


def read_list(member: Member, listed: Listed, run: ValueRun) -> Found:
    """The whole list: worked out once for a valuation and what the member sees."""
    asked = sha256(repr(sorted(asdict(listed).items())).encode()).hexdigest()[:20]
    key = f"value:list:{scope_stamp(member, run)}:{get_company().fiscal_year_start}:{asked}"
    found: Found | None = cache.get(key)
    if found is None:
        found = _read(member, listed, run)
        cache.set(key, found, KEEP_SECONDS)
    return found


def _read(member: Member, listed: Listed, run: ValueRun) -> Found:
    every = _visible(member)
    method = listed.view.method or _first_told(every)
    rows = every.filter(_condition(listed, run))
    name, down = listed.order.lstrip("-"), listed.order.startswith("-")
    field = F(SORTS[name] or method)
    ordered = rows.order_by(field.desc(nulls_last=True) if down else field.asc(nulls_last=True), "account_id")
    pairs = list(ordered.values_list("account_id", method))
    ids = np.array([pk for pk, _value in pairs], dtype=np.int64)
    told = [value for _pk, value in pairs if value is not None]
    costs = _costs(run, listed.view.months, ids) if listed.what == "won" else np.array([])
    if len(costs) and name == "cost":
        place = np.argsort(-costs if down else costs, kind="stable")  # what is unknown comes last either way
        ids, costs = ids[place], costs[place]
    return Found(ids, method, len(told), sum(told) / len(told) if told else None, costs)


def _visible(member: Member) -> QuerySet[AccountValue]:
    seen = visible_accounts(member).order_by().filter(pk=OuterRef("account_id"))
    return AccountValue.objects.filter(Exists(seen)).order_by()


def _first_told(rows: QuerySet[AccountValue]) -> str:
    """The first lifetime value any of them has; else the last."""
    named = (name for name in METHODS if rows.filter(**{f"{name}__isnull": False}).exists())
    return next(named, METHODS[-1])


def _condition(listed: Listed, run: ValueRun) -> Q:
    if listed.what == "cohort":
        period = year_of(listed.segment or "")
        return Q(since__gte=period.start, since__lt=period.end) if period else Q(pk__in=[])
    segment = _of_segment(listed.view.by, listed.segment)
    if listed.what == "won":
        start, end = window(run.day, listed.view.months)
        return segment & Q(since__gte=start, since__lt=end)
    return segment & HERE


def year_of(key: str) -> Period | None:
    """The fiscal year that begins on a day (ISO); None where none does."""
    day = day_in(key)
    if day is None:
        return None
    period = period_of(day, "year", get_company().fiscal_year_start)
    return period if period.start == day else None


def _of_segment(by: str, segment: str | None) -> Q:
    """Those of a value of a dimension ("-": of none)."""
    if segment is None:
        return Q()
    path = _OF_ACCOUNT.get(by, f"account__{by}")
    if segment in ("-", ""):
        return Q(**{f"{path}__isnull": True}) | (Q() if by == "owner" else Q(**{path: ""}))
    if by == "owner":
        return Q(account__owner__in=numbers_in([segment]))
    return Q(**{path: segment})


def _costs(run: ValueRun, months: int, ids: Ids) -> Numbers:
    """What winning each of some accounts cost in the window; NaN where it is not known."""
    cost = read_costs(run, months).won.set_index("account_id")["cost"]
    return np.asarray(cost.reindex(ids), dtype=float)


def rows_of(member: Member, found: Found, places: Sequence[int]) -> list[AccountValue]:
    """The rows at some places of a list, with their accounts; those handed over since are left out."""
    chosen = [int(found.ids[place]) for place in places]
    rows = _visible(member).select_related("account").defer("curve", "account__extra", "account__search")
    held = rows.in_bulk(chosen)
    for place, pk in zip(places, chosen, strict=True):
        if pk in held and len(found.costs):
            cost: Any = found.costs[place]
            held[pk].acquisition = None if np.isnan(cost) else round(float(cost))
    return [held[pk] for pk in chosen if pk in held]


def iterate_rows(member: Member, found: Found) -> Iterator[AccountValue]:
    """All rows of a list, a portion of them in memory at a time."""
    for begin in range(0, len(found), AT_ONCE):
        yield from rows_of(member, found, range(begin, min(begin + AT_ONCE, len(found))))
