"""What there is to learn from on a day, and who is forecast on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.forecasts.late import without_hindsight
from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.forecasts.panel import label_rows, training_days
from enishi.kit.home import Home
from enishi.metrics.api import KnownRecords
from enishi.risk.models import RENEWAL
from enishi.signals.api import first_known_day
from enishi.signals.context import Rules
from enishi.signals.features import AT, read_rows
from enishi.signals.trials import first_use

MOST_KEPT = 400_000

Progress = Callable[[float, float], object]


def silent(done: float, total: float) -> None:
    """Nobody asked how far we are."""


def outcome_of(home: Home, horizon: int) -> Outcome | None:
    """What leaving means here: the end of the contract; where there are none, silence. None: there are no renewals."""
    with KnownRecords(home) as records:
        contracts = records.has("subscription")
    if horizon == RENEWAL:
        return Outcome("renewal", 0) if contracts else None
    return Outcome("churn" if contracts else "silence", horizon)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything there is to learn from on a day: features once, labels by horizon."""

    days: tuple[date, ...]
    features: pd.DataFrame
    labels: dict[int, pd.DataFrame]
    late: dict[str, int]

    def panel(self, horizon: int) -> pd.DataFrame:
        return label_rows(self.features, self.labels[horizon])


def read_lesson(
    home: Home,
    outcomes: dict[int, Outcome],
    as_of: date,
    rules: Rules,
    progress: Progress = silent,
) -> Lesson:
    """What was known at the end of ``as_of`` of the month-ends before it: features, and what had become of whom."""
    first = first_use(home) or first_known_day(home)
    # The first month of use tells little of anybody.
    days = training_days(as_of, first + timedelta(days=30)) if first else []
    labels = {h: read_labels(home, days, outcome, known_by=as_of) for h, outcome in outcomes.items()}
    keep = _sampled(pd.concat([frame[AT] for frame in labels.values()]).drop_duplicates())
    labels = {h: frame.merge(keep, on=AT) for h, frame in labels.items()}
    with without_hindsight(home) as (honest, late):
        features = read_rows(honest, days, rules, keep=keep, progress=progress)
    return Lesson(tuple(days), features, labels, late)


def _sampled(keep: pd.DataFrame) -> pd.DataFrame:
    """The rows, or those of a random sample of accounts where there are more than fit."""
    if len(keep) <= MOST_KEPT:
        return keep
    sizes = keep["account_id"].value_counts(sort=False)
    sizes = sizes.iloc[np.random.default_rng(0).permutation(len(sizes))].cumsum()
    return keep[keep["account_id"].isin(sizes.index[sizes <= MOST_KEPT])]


def population(home: Home, day: date, outcome: Outcome) -> pd.DataFrame:
    """Who is forecast on a day: ``as_of``, ``account_id``, ``ends_on`` (the day by which it will be known)."""
    found = read_labels(home, [day], outcome, known_by=day)
    return found[[*AT, "ends_on"]]
