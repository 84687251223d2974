"""What customers say, and how soon they reach value: NPS with its margin, time to value with its censored share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member, Record
from enishi.forecasts.api import TimeToEvent, time_to_event
from enishi.metrics.surveys import LEAST_GROUP, Nps, latest_answers, nps
from enishi.web.pages.health.metric_reads import scope_ids
from enishi.web.pages.portfolio.ranks import read_ranks

WINDOW = 365


@dataclass(frozen=True, slots=True)
class Voice:
    """NPS of the last year and of the year before, each person's latest answer; None below five answers."""

    now: Nps | None
    before: Nps | None
    answers: int


def _answers(member: Member, first: date) -> pd.DataFrame:
    zone = company_zone()
    rows = Record.objects.filter(
        kind="survey_answer", deleted_at__isnull=True, account__in=visible_accounts(member),
        happened_at__date__gte=first - timedelta(days=1),
    ).values_list("account_id", "contact_id", "happened_at", "data__measure", "data__score")  # fmt: skip
    return pd.DataFrame(
        [(a, c, at.astimezone(zone).date(), measure, score) for a, c, at, measure, score in rows],
        columns=["account_id", "contact_id", "answered_on", "measure", "score"],
    )


def read_voice(member: Member, today: date) -> Voice:
    """NPS within scope."""
    answers = _answers(member, today - timedelta(days=2 * WINDOW))
    found = []
    for day in (today, today - timedelta(days=WINDOW)):
        latest = latest_answers(answers, day, WINDOW) if len(answers) else answers
        found.append(nps(latest["score"]) if len(latest) >= LEAST_GROUP else None)
    in_window = answers[answers["measure"] == "nps"] if len(answers) else answers
    return Voice(found[0], found[1], len(in_window))


def read_time_to_value(member: Member) -> TimeToEvent | None:
    """Days from the start of the relation to first value, by Kaplan-Meier: those not there yet count as censored
    at their age, and are neither left out nor taken for never."""
    ranks = read_ranks()
    reached, observed = (ranks.values.get(m) for m in ("time_to_first_value", "days_to_value_observed"))
    if reached is None or observed is None:
        return None
    own = np.isin(ranks.ids, scope_ids(member)) & ~np.isnan(observed)
    return time_to_event(observed[own], ~np.isnan(reached[own]))
