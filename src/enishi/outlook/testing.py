"""A kept statement without a history to learn from, for tests of what reads statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from django.utils import timezone

from enishi.forecasts.leaving import leaving
from enishi.forecasts.simulation import Cohorts
from enishi.forecasts.standing import Standing, month_grid
from enishi.forecasts.turnover import CLASSES, Arrivals, Growth, Turnover
from enishi.metrics.revenue import number_of
from enishi.outlook.keeping import Stated, rates_to_json, to_bytes
from enishi.outlook.models import Forecast, ForecastBook

MONTHS = 14


def some_rates(day: date) -> Turnover:
    """One in fifty leaves a month, one in ten at a renewal."""
    growth = Growth(np.full(3, 0.02), (np.array([0.1]),) * 3, 0.1, 0.1)
    shrinking = Growth(np.full(3, 0.01), (np.array([-0.1]),) * 3, 0.1, 0.1)
    return Turnover(
        day, 12, np.array([1e5, 1e6]), np.full((6, CLASSES), 0.02), np.full((4, CLASSES), 0.1), np.zeros(CLASSES), 20,
        500, 0.1, 0.1, 1.0, growth, shrinking, Arrivals(1.0, 1.0, 0.2, np.array([100_000.0])),
    )  # fmt: skip


def keep_statement(day: date, accounts: Sequence[int], *, renews_in: int, mrr: int = 300_000) -> Forecast:
    """A statement of ``day`` in which each account pays ``mrr`` and renews in so many days."""
    n, learned = len(accounts), some_rates(day)
    book = Standing(
        month_grid(day, MONTHS), np.array(sorted(accounts), dtype=np.int64), np.full(n, mrr), np.full((n, MONTHS), mrr),
        np.full(n, number_of(day + timedelta(days=renews_in))), np.full(n, 12), np.zeros(n, dtype=bool), np.full(n, 500),
        np.zeros(n, dtype=np.int64),
    )  # fmt: skip
    none = Cohorts(np.zeros((n, MONTHS), dtype=np.int64), np.zeros(MONTHS, dtype=np.int64))
    stated = Stated(book, leaving(book, learned), learned, none, "")
    forecast = Forecast.objects.create(
        day=day, kind=Forecast.Kind.MONTHLY, status=Forecast.Status.DONE, progress=100, finished_at=timezone.now(),
        rates=rates_to_json(learned), result={"lacking": 0},
    )  # fmt: skip
    ForecastBook.objects.create(forecast=forecast, body=to_bytes(stated))
    return forecast
