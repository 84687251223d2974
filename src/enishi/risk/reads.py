"""What forecasts say and said, for pages and for the rooms above."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd
from django.db.models import Q

from enishi.risk.models import AccountRisk, ForecastModel, Statement

AT_ONCE = 5000


def probabilities(horizon: int, accounts: Collection[int] | None = None) -> pd.DataFrame:
    """How likely each account is to leave within a horizon, as forecast last.

    Args:
        horizon: 30, 90 or 180 days, or 0 for the next renewal.
        accounts: only these; None for all.

    Returns:
        ``account_id``, ``probability``, ``low``, ``high``, ``known``. Where no model may speak, ``known`` is False
        and the probability is the base rate (NaN where not even that is known), without an interval. Accounts that are
        not forecast (notice given, left, no contract) have no row.
    """
    rows = AccountRisk.objects.filter(horizon=horizon).order_by()
    names = ("account_id", "probability", "low", "high", "base_rate")
    if accounts is None or len(accounts) > AT_ONCE:
        found = list(rows.values_list(*names))
    else:
        found = list(rows.filter(account__in=list(accounts)).values_list(*names))
    frame = pd.DataFrame(found, columns=list(names)).astype(dict.fromkeys(names[1:], float))
    if accounts is not None:
        frame = frame[frame["account_id"].isin(set(accounts))]
    frame["known"] = frame["probability"].notna()
    frame["probability"] = frame["probability"].fillna(frame["base_rate"])
    frame = frame.sort_values("account_id").reset_index(drop=True)
    return frame.astype({"account_id": np.int64})[["account_id", "probability", "low", "high", "known"]]


def model_in_use(horizon: int) -> ForecastModel | None:
    """The version that speaks for a horizon today."""
    return ForecastModel.objects.filter(horizon=horizon, status=ForecastModel.Status.IN_USE).first()


def forecast_days(horizon: int) -> list[date]:
    """The days of which statements are kept, oldest first."""
    days = Statement.objects.filter(horizon=horizon).order_by("day").values_list("day", flat=True)
    return list(days.distinct())


def statements_on(horizon: int, day: date, accounts: Collection[int] | None = None) -> pd.DataFrame:
    """What was said of each account on a day: its last statement up to then, of at most a week before.

    Returns:
        ``account_id``, ``probability``, ``low``, ``high``, ``day`` it was made, ``model`` (number of the
        :class:`ForecastModel`), ``outcome`` (True, False, None while open).
    """
    names = ["account_id", "probability", "low", "high", "day", "model_id", "outcome"]
    since = pd.Timestamp(day) - pd.Timedelta(days=STANDS_DAYS)
    asked = Q(horizon=horizon, day__lte=day, day__gt=since.date())
    rows = Statement.objects.filter(asked).order_by("account_id", "day").values_list(*names)
    frame = pd.DataFrame(list(rows), columns=names).drop_duplicates("account_id", keep="last")
    if accounts is not None:
        frame = frame[frame["account_id"].isin(set(accounts))]
    return frame.rename(columns={"model_id": "model"}).reset_index(drop=True)


STANDS_DAYS = 7
"""A statement is repeated after so many days, whether or not it changed."""
