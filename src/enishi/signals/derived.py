"""Columns of the frame that are worked out of its metrics: what is beyond chance, and what is not everybody's."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.metrics.api import LEAST_PEERS
from enishi.signals.mapping import Floats, column, still_customers
from enishi.signals.models import ScoringRun

OWN_PAST = "use_vs_own_past"
DIP_GOOD_FOR = timedelta(days=7)


def common_dips(rows: pd.DataFrame) -> Floats:
    """Of each row, by how much the use of customers usually stands below its own past on the day (a logarithm, up to 0).

    Holidays, a season of the trade, an outage of the service or of the recording lower the use of everybody, and are no
    sign of one customer. The median of all customers of the day; 0 where there are fewer than :data:`LEAST_PEERS`.
    """
    values = pd.Series(np.where(still_customers(rows), column(rows, OWN_PAST), np.nan), index=rows.index)
    days = values.groupby(rows["as_of"])
    usual = days.transform("median").clip(upper=0)
    return usual.where(days.transform("count") >= LEAST_PEERS, 0.0).to_numpy(dtype=np.float64)


def latest_dip(day: date) -> float:
    """The dip of a day of which only a few accounts are looked at: what the last pass over all found."""
    last = ScoringRun.objects.filter(status="done").order_by("-started_at", "-pk").first()
    return last.common_dip if last is not None and abs(day - last.day) <= DIP_GOOD_FOR else 0.0


def add_derived(rows: pd.DataFrame, dip: Floats | float) -> pd.DataFrame:
    """The frame with :data:`enishi.definitions.rules.DERIVED_METRICS`; ``dip``: of every row, or of all rows."""
    slope, error = column(rows, "usage_slope_90"), column(rows, "usage_slope_90_se")
    return rows.assign(usage_slope_z=_in_errors(slope, error), own_past_vs_book=column(rows, OWN_PAST) - dip)


def _in_errors(slope: Floats, error: Floats) -> Floats:
    """The slope in units of its standard error; unknown where there is no error to speak of."""
    return np.divide(slope, error, out=np.full(len(slope), np.nan), where=np.nan_to_num(error) > 0)
