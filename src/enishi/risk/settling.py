"""What came of what was said: outcomes are filled in when a horizon has passed, and old statements thinned out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby

import pandas as pd
from django.db.models import Max

from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.kit.home import Home
from enishi.risk.models import Statement

BATCH = 1000
DAYS_AT_ONCE = 30
LATE_DAYS = 7
"""An outcome is looked for so many days after its horizon: an end is rarely on record on its own day."""
GIVEN_UP_AFTER = 60
DAILY_FOR = 90
"""Statements older than this are thinned to one a week."""
OUTCOME = "model__outcome"


def settle_statements(today: date, *, now: datetime, home: Home | None = None) -> int:
    """Fill in what came of statements whose horizon has passed. Returns how many."""
    home = home or Home.from_environment()
    due = Statement.objects.filter(
        outcome=None, settled_at=None, due_on__lte=today - timedelta(days=LATE_DAYS)
    )
    keys = sorted(set(due.order_by().values_list(OUTCOME, "day").distinct()))
    settled = 0
    for outcome, pairs in groupby(keys, key=lambda key: key[0]):
        days = [day for _, day in pairs]
        for start in range(0, len(days), DAYS_AT_ONCE):
            chunk = days[start : start + DAYS_AT_ONCE]
            labels = read_labels(home, chunk, Outcome.parse(outcome))
            settled += _settle(list(due.filter(day__in=chunk, **{OUTCOME: outcome})), labels, today, now)
    return settled


def _settle(statements: list[Statement], labels: pd.DataFrame, today: date, now: datetime) -> int:
    came = {
        (day.date(), int(account)): (label, lost)
        for day, account, label, lost in labels[labels["label"].notna()][
            ["as_of", "account_id", "label", "lost_on"]
        ].itertuples(index=False)
    }
    done = []
    for statement in statements:
        found = came.get((statement.day, statement.account_id))
        if found is not None:
            statement.outcome = bool(found[0])
            statement.lost_on = None if pd.isna(found[1]) else found[1].date()
        elif not _past_hope(statement, today):
            continue
        statement.settled_at = now
        done.append(statement)
    Statement.objects.bulk_update(done, ["outcome", "lost_on", "settled_at"], batch_size=BATCH)
    return len(done)


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
