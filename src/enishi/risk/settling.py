"""What came of what was said: outcomes are filled in when a horizon has passed and follow what is told later, and old
statements are thinned out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import pandas as pd
from django.db.models import Max, Q, QuerySet

from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.kit.home import Home
from enishi.risk.models import Statement

BATCH = 1000
DAYS_AT_ONCE = 30
LATE_DAYS = 7
"""An outcome is looked for so many days after its horizon: an end is rarely on record on its own day."""
AGAIN_DAYS = 60
"""What came is looked at again each day for so long after that, and from time to time for good: an end is told late, a
record corrected, a merge undone."""
GIVEN_UP_AFTER = 60
DAILY_FOR = 90
"""Statements older than this are thinned to one a week."""
OUTCOME = "model__outcome"
_WRITTEN = ["outcome", "lost_on", "settled_at"]


def settle_statements(today: date, *, now: datetime, home: Home | None = None, whole: bool = False) -> int:
    """Fill in what came of statements whose horizon has passed, and correct what has turned out otherwise since.

    Args:
        whole: look again at all that was ever said, not only at what was decided lately.

    Returns:
        How many outcomes are new or changed.
    """
    home = home or Home.from_environment()
    looked = today - timedelta(days=LATE_DAYS)
    due = Statement.objects.filter(due_on__lte=looked)
    if not whole:
        fresh = Q(due_on__gt=looked - timedelta(days=AGAIN_DAYS))
        due = due.filter(Q(outcome=None, settled_at=None) | fresh)
    keys = sorted(set(due.order_by().values_list(OUTCOME, "day").distinct()))
    settled = 0
    for outcome, pairs in groupby(keys, key=lambda key: key[0]):
        days = [day for _, day in pairs]
        for start in range(0, len(days), DAYS_AT_ONCE):
            chunk = days[start : start + DAYS_AT_ONCE]
            labels = read_labels(home, chunk, Outcome.parse(outcome), early=True)
            by_day = dict(iter(labels.groupby("as_of")))
            for day in chunk:
                said = due.filter(day=day, **{OUTCOME: outcome})
                settled += _settle(said, by_day.get(pd.Timestamp(day), labels.head(0)), today, now)
    return settled


def _settle(said: QuerySet[Statement], labels: pd.DataFrame, today: date, now: datetime) -> int:
    """Bring the statements of a day to what became of its accounts."""
    came = {
        int(account): (None if pd.isna(label) else bool(label), None if pd.isna(lost) else lost.date())
        for account, label, lost in labels[["account_id", "label", "lost_on"]].itertuples(index=False)
    }
    done = []
    for statement in said.only("account_id", "due_on", *_WRITTEN).iterator(BATCH):
        if _changed(statement, came, today):
            statement.settled_at = None if _reopened(statement, came) else now
            done.append(statement)
    Statement.objects.bulk_update(done, _WRITTEN, batch_size=BATCH)
    return len(done)


Came = Mapping[int, tuple[bool | None, Any]]


def _changed(statement: Statement, came: Came, today: date) -> bool:
    """Write into a statement what came of it; whether that is other than what stood there."""
    before = (statement.outcome, statement.lost_on)
    found = came.get(statement.account_id)
    if found is None:  # deleted, or no customer on that day after all: what was settled stands
        return statement.settled_at is None and _past_hope(statement, today)
    if found[0] is None and statement.outcome is None:
        return statement.settled_at is None and _past_hope(statement, today)
    statement.outcome, statement.lost_on = found
    return (statement.outcome, statement.lost_on) != before


def _reopened(statement: Statement, came: Came) -> bool:
    """Whether what was settled is open again: the end it was judged by has moved ahead."""
    return statement.settled_at is not None and came.get(statement.account_id, (True, None))[0] is None


def _past_hope(statement: Statement, today: date) -> bool:
    """Whether history has changed so that the account was no customer on that day after all."""
    return statement.due_on is not None and (today - statement.due_on).days > GIVEN_UP_AFTER


def thin_statements(today: date) -> int:
    """Keep of each week older than :data:`DAILY_FOR` days the last statement of an account and horizon."""
    limit = today - timedelta(days=DAILY_FOR)
    monday = limit - timedelta(days=limit.weekday())
    gone = 0
    for weeks in range(1, 9):
        first = monday - timedelta(days=7 * weeks)
        week = Statement.objects.filter(day__gte=first, day__lt=first + timedelta(days=7)).order_by()
        kept = {
            (a, h): day
            for a, h, day in week.values("account", "horizon")
            .annotate(last=Max("day"))
            .values_list("account", "horizon", "last")
        }
        extra = [
            pk for pk, a, h, day in week.values_list("pk", "account", "horizon", "day") if day != kept[(a, h)]
        ]
        for start in range(0, len(extra), BATCH):
            gone += Statement.objects.filter(pk__in=extra[start : start + BATCH]).delete()[0]
    return gone
