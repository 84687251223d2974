"""The probability to leave within 90 days beside each account: of today's forecast, or as it was said on a past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from django.db.models import Exists, FilteredRelation, OuterRef, Prefetch, Q, QuerySet

from enishi.accounts.models import Account
from enishi.risk.api import AccountRisk, ForecastRun, last_run, statements_on

COLUMN, LEAST, WHETHER = "leaving", "leaving_min", "forecast"
"""The column, the filter by percent, and that by whether there is a probability at all."""
HORIZON = 90
FEW = 2_000
PATH = "forecast__probability"
_KEPT = "forecasts_now"


def with_forecast(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Accounts whose forecast can be asked for at :data:`PATH`; nothing is joined before that."""
    return accounts.alias(
        forecast=FilteredRelation("risks", condition=Q(risks__horizon=HORIZON)),
    )


def with_probabilities(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Rows that carry their probability for :func:`probability`."""
    told = AccountRisk.objects.filter(horizon=HORIZON).only("account_id", "probability").order_by()
    return accounts.prefetch_related(Prefetch("risks", queryset=told, to_attr=_KEPT))


def probability(account: Account) -> float | None:
    """Of a row, None where there is none."""
    return next((risk.probability for risk in getattr(account, _KEPT, ())), None)


def too_early(account: Account) -> bool:
    """Whether the account is forecast, but by too few outcomes for a probability."""
    return any(risk.probability is None for risk in getattr(account, _KEPT, ()))


def set_probability(account: Account, said: float | None) -> None:
    """Let a row carry what was said of it then."""
    setattr(account, _KEPT, [] if said is None else [AccountRisk(horizon=HORIZON, probability=said)])


def at_least(percent: int) -> Q:
    """Where few are, they are looked up first by the order of their probability; where many are, an ordered read of the
    list soon meets enough."""
    high = AccountRisk.objects.filter(horizon=HORIZON, probability__gte=percent / 100)
    few = list(high.order_by("-probability").values_list("account_id", flat=True)[: FEW + 1])
    return Q(Exists(high.filter(account=OuterRef("pk")))) if len(few) > FEW else Q(pk__in=few)


def whether(values: Sequence[str]) -> Q:
    """With a probability, without one."""
    stated = AccountRisk.objects.filter(account=OuterRef("pk"), horizon=HORIZON, probability__isnull=False)
    condition = Q(pk__in=[])
    if "stated" in values:
        condition |= Q(Exists(stated))
    if "none" in values:
        condition |= ~Q(Exists(stated))
    return condition


def none_is_known(column: str, asked: Sequence[str]) -> bool:
    """Whether a view ordered by the probability holds only accounts without one."""
    return column == COLUMN and tuple(asked) == ("none",)


def stated_on(day: date) -> pd.Series:
    """What was said of each account on a past day, by account."""
    said = statements_on(HORIZON, day)
    return said.set_index("account_id")["probability"].astype(float)


def stamp_of_forecast() -> str:
    """Changes whenever the forecast was made anew."""
    run = last_run(ForecastRun.Kind.SCORE)
    return f"{run.pk}:{run.status}" if run else ""
