"""The forecast's part in a back-test: what it would have said on the days tried, learned each time from the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.forecasts.churn import LEAST_LEFT
from enishi.forecasts.expanding import Expanded, expanding_forecast
from enishi.forecasts.late import without_hindsight
from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.forecasts.panel import label_rows, snapshot_days
from enishi.kit.home import Home
from enishi.signals.context import Rules
from enishi.signals.features import AT, new_forecaster, read_rows

MONTHS = 72
"""Month-ends learned from before the last day tried."""
FIRST_DAYS = 90
"""Of the time since the first use that no month-end is taken: nobody can be told by a few weeks."""
MOST_ROWS = 300_000

Progress = Callable[[float, float], object]


def forecast_past(
    home: Home, days: Sequence[date], outcome: Outcome, rules: Rules, first: date | None, progress: Progress
) -> Expanded:
    """Out-of-time probabilities for the days tried; none where there is no past to learn from.

    Args:
        first: the first day of use.
    """
    if not days or first is None:
        return _silent(LEAST_LEFT)
    start = max(first + timedelta(days=FIRST_DAYS), max(days) - timedelta(days=round(30.44 * MONTHS)))
    every = sorted({*days, *(day for day in snapshot_days("month", start, max(days)) if day >= start)})
    labels = _sampled(read_labels(home, every, outcome))
    known = labels[(labels["ends_on"] <= pd.Timestamp(max(days))) & labels["label"].notna()]
    counts = [known.loc[known["label"] == side, "account_id"].nunique() for side in (1, 0)]
    if min(counts) < LEAST_LEFT:
        return _silent(LEAST_LEFT - min(counts))
    with without_hindsight(home) as (honest, _):
        rows = read_rows(
            honest, every, rules, keep=labels, progress=lambda done, total: progress(done, 2 * total)
        )
    panel = label_rows(rows, labels)
    return expanding_forecast(
        panel,
        list(days),
        lambda: new_forecaster(outcome.days, rules),
        lambda done, total: progress(total + done, 2 * total),
    )


def _silent(missing: int) -> Expanded:
    return Expanded(pd.DataFrame(columns=[*AT, "label", "probability"]), 0, missing, ())


def _sampled(labels: pd.DataFrame) -> pd.DataFrame:
    """The rows, or those of a random sample of accounts where there are more than fit."""
    if len(labels) <= MOST_ROWS:
        return labels
    sizes = labels["account_id"].value_counts(sort=False)
    sizes = sizes.iloc[np.random.default_rng(0).permutation(len(sizes))].cumsum()
    return labels[labels["account_id"].isin(sizes.index[sizes <= MOST_ROWS])]
