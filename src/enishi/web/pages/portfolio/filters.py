"""From a view to a query: each filter of :mod:`query` as a condition on accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member, Record
from enishi.accounts.search import find_named, named
from enishi.kit.clock import system_clock
from enishi.kit.text import fold
from enishi.signals.api import overrides_on
from enishi.signals.models import Band, Signal
from enishi.signals.stages import CHURNED
from enishi.web.asking import numbers_in
from enishi.web.pages.portfolio import likelihood
from enishi.web.pages.portfolio.query import NONE, Query
from enishi.work.api import Tag
from enishi.work.notices import leaving_now

# Rank of a band, for "got worse" and "got better".
WORSE = Q(state__band="red", state__band_week_ago__in=("green", "yellow")) | Q(
    state__band="yellow", state__band_week_ago="green"
)
BETTER = Q(state__band="green", state__band_week_ago__in=("red", "yellow")) | Q(
    state__band="yellow", state__band_week_ago="red"
)


def by_hand() -> list[int]:
    """Accounts whose band somebody has set: no movement of theirs is the score's."""
    return list(overrides_on(company_day(system_clock())))


def _any(path: str, values: Sequence[str]) -> Q:
    """One of these values, where :data:`NONE` means blank."""
    wanted = Q(**{f"{path}__in": [v for v in values if v != NONE]})
    if NONE not in values:
        return wanted
    unscored = Q(state__isnull=True) if path.startswith("state__") else Q()
    return wanted | Q(**{path: ""}) | unscored


def _owner(values: Sequence[str]) -> Q:
    wanted = Q(owner__in=numbers_in(values))
    return wanted | Q(owner__isnull=True) if NONE in values else wanted


def _band(values: Sequence[str]) -> Q:
    wanted = Q(state__band__in=values)
    return wanted | Q(state__isnull=True) if Band.UNKNOWN in values else wanted


def _alert(values: Sequence[str]) -> Q:
    types = [f"alert:{value}" for value in values]
    return Q(Exists(Signal.objects.filter(account=OuterRef("pk"), type__in=types, until__isnull=True)))


def _cause(values: Sequence[str]) -> Q:
    types = [f"cause:{value}" for value in values]
    standing = Signal.objects.filter(account=OuterRef("pk"), type__in=types, until__isnull=True)
    return Q(state__main_cause__in=values) | Q(Exists(standing))


def _subscribed(field: str) -> Callable[[Sequence[str]], Q]:
    def condition(values: Sequence[str]) -> Q:
        held = Record.objects.filter(
            account=OuterRef("pk"),
            kind="subscription",
            deleted_at__isnull=True,
            **{f"data__{field}__in": list(values)},
        )
        return Q(Exists(held))

    return condition


def _moved(values: Sequence[str]) -> Q:
    condition = Q(pk__in=[])
    if "worse" in values:
        condition |= WORSE
    if "better" in values:
        condition |= BETTER
    return condition & ~Q(pk__in=by_hand())


def _lacking(values: Sequence[str]) -> Q:
    """Without a value of these metrics, for whatever reason."""
    condition = Q(state__isnull=True)
    for metric in values:
        condition |= Q(**{f"state__metrics__{metric}": None}) | ~Q(state__metrics__has_key=metric)
    return condition


def _stage(values: Sequence[str]) -> Q:
    """The stage judged; as stated by source or person where nothing is judged yet."""
    unjudged = Q(state__isnull=True) | Q(state__stage="")
    return Q(state__stage__in=values) | (unjudged & _any("stage", values))


def _set(values: Sequence[str]) -> Q:
    ours = Q(pk__in=by_hand())
    return (ours if "hand" in values else Q(pk__in=[])) | (~ours if "rules" in values else Q(pk__in=[]))


def asks_for_former(query: Query) -> bool:
    """A view shows customers; those who left only where they are asked for: by stage, by contract, or by name."""
    return bool(query.text) or bool({"stage", "contract"} & set(query.choices))


def _contract(values: Sequence[str]) -> Q:
    """Customers with recurring revenue in force, those without (former ones, trials, commerce), those that have given
    notice, those whose revenue is unknown for want of an exchange rate."""
    paying = Q(state__mrr__gt=0)
    condition = Q(pk__in=[])
    if "paying" in values:
        condition |= paying
    if "without" in values:
        condition |= ~paying
    if "noticed" in values:
        condition |= Q(pk__in=leaving_now(company_day(system_clock())))
    if "unpriced" in values:
        condition |= Q(state__unpriced=True)
    return condition


def _tag(values: Sequence[str]) -> Q:
    folded = [fold(value) for value in values]
    return Q(Exists(Tag.objects.filter(account=OuterRef("pk"), folded__in=folded)))


CONDITIONS: dict[str, Callable[[Sequence[str]], Q]] = {
    "band": _band,
    "tier": lambda v: _any("state__tier", v),
    "owner": _owner,
    "stage": _stage,
    "industry": lambda v: _any("industry", v),
    "size": lambda v: _any("size", v),
    "region": lambda v: _any("region", v),
    "trend": lambda v: _any("state__trend", v),
    "cause": _cause,
    "alert": _alert,
    "product": _subscribed("product"),
    "plan": _subscribed("plan"),
    "moved": _moved,
    "lacking": _lacking,
    "set": _set,
    "contract": _contract,
    "tag": _tag,
    likelihood.WHETHER: likelihood.whether,
}


def _number_condition(name: str, number: int, today: date, unit: int) -> Q:
    if name == "renewal":
        return Q(state__renewal_on__gte=today, state__renewal_on__lte=today + timedelta(days=number))
    if name == "silent":
        return Q(state__last_seen_on__lte=today - timedelta(days=number))
    if name == likelihood.LEAST:
        return likelihood.at_least(number)
    if name == "mrr_min":
        return Q(state__mrr__gte=number * unit)
    return Q(state__mrr__lte=number * unit)


def _matching(accounts: QuerySet[Account], text: str) -> QuerySet[Account]:
    few = find_named(text)
    return accounts.filter(named(text)) if few is None else accounts.filter(pk__in=few)


def filtered_accounts(member: Member, query: Query, *, today: date, unit: int) -> QuerySet[Account]:
    """The accounts of a view, within the member's scope, in no order; see :func:`asks_for_former`.

    Args:
        today: the company's day, from which days to renewal count.
        unit: minor units in one unit of the company's currency (1 for yen, 100 for euro).
    """
    accounts = likelihood.with_forecast(visible_accounts(member))
    if not asks_for_former(query):
        accounts = accounts.exclude(state__stage=CHURNED)
    for name, values in query.choices.items():
        accounts = accounts.filter(CONDITIONS[name](values))
    for name, number in query.numbers.items():
        accounts = accounts.filter(_number_condition(name, number, today, unit))
    return _matching(accounts, query.text) if query.text else accounts


def known(accounts: QuerySet[Account], path: str, descending: bool) -> QuerySet[Account]:
    """Those that have a value at ``path``, in its order: one walk along its index."""
    order = F(path).desc() if descending else F(path).asc()
    return accounts.filter(**{f"{path}__isnull": False}).order_by(order, "pk")


def unknown(accounts: QuerySet[Account], path: str) -> QuerySet[Account]:
    """Those without a value at ``path``: they stand last whichever way the column is sorted."""
    return accounts.filter(**{f"{path}__isnull": True}).order_by("pk")
