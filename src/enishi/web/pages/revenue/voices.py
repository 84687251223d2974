"""What customers say, and how soon they reach value: NPS with its margin, time to value with its censored share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
import pandas as pd
from django.core.cache import cache

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member, Record
from enishi.forecasts.api import TimeToEvent, time_to_event
from enishi.metrics.surveys import LEAST_GROUP, Nps, latest_answers, nps
from enishi.store.kinds import KINDS
from enishi.web.pages.health.metric_reads import scope_ids
from enishi.web.pages.portfolio.ranks import Ids, read_ranks, stamp_of_ranks
from enishi.web.pages.revenue import reads

WINDOW = 365
_NPS = next(r for r in KINDS["survey_answer"].field("score").ranges if r.when == ("measure", "nps"))


@dataclass(frozen=True, slots=True)
class Voice:
    """NPS of the last year and of the year before, each person's latest answer; None below five answers. ``left_out``:
    answers that are none, kept from before their scale was checked."""

    now: Nps | None
    before: Nps | None
    answers: int
    left_out: int = 0


def _answers(member: Member, first: date) -> pd.DataFrame:
    zone = company_zone()
    rows = Record.objects.filter(
        kind="survey_answer", deleted_at__isnull=True, account__in=visible_accounts(member),
        happened_at__date__gte=first - timedelta(days=1),
    ).values_list("account_id", "contact_id", "extra__contact", "happened_at", "data__measure", "data__score")  # fmt: skip
    return pd.DataFrame(
        [(a, c, name, at.astimezone(zone).date(), measure, score) for a, c, name, at, measure, score in rows],
        columns=["account_id", "contact_id", "respondent", "answered_on", "measure", "score"],
    )


def read_voice(member: Member, today: date) -> Voice:
    """NPS within scope."""
    given = _answers(member, today - timedelta(days=2 * WINDOW))
    answers = given[given["measure"].eq("nps") & pd.to_numeric(given["score"]).map(_NPS.holds).astype(bool)]
    found = []
    for day in (today, today - timedelta(days=WINDOW)):
        latest = latest_answers(answers, day, WINDOW) if len(answers) else answers
        found.append(nps(latest["score"]) if len(latest) >= LEAST_GROUP else None)
    left_out = int(given["measure"].eq("nps").sum()) - len(answers)
    return Voice(found[0], found[1], len(answers), left_out)


def read_time_to_value(member: Member) -> TimeToEvent | None:
    """Days from the start of the relation to first value, by Kaplan-Meier: those not there yet count as censored
    at their age, and are neither left out nor taken for never. Worked out once per scoring and scope."""
    ids = scope_ids(member)
    key = f"revenue:value:{stamp_of_ranks()}:{sha256(ids.tobytes()).hexdigest()[:20]}"
    kept: tuple[TimeToEvent | None] | None = cache.get(key)
    if kept is None:
        kept = (_time_to_value(ids),)
        cache.set(key, kept, reads.KEEP_SECONDS)
    return kept[0]


def _time_to_value(ids: Ids) -> TimeToEvent | None:
    ranks = read_ranks()
    reached, observed = (ranks.values.get(m) for m in ("time_to_first_value", "days_to_value_observed"))
    if reached is None or observed is None:
        return None
    own = np.isin(ranks.ids, ids) & ~np.isnan(observed)
    return time_to_event(observed[own], ~np.isnan(reached[own]))


def make_ready(member: Member, today: date) -> None:
    """Read what takes seconds before somebody asks for it."""
    reads.read_moves("account", today)
    read_time_to_value(member)
