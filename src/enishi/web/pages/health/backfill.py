"""An own metric over the past year for every account, worked out by the worker as soon as it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_tasks import task

from enishi.accounts.access import visible_in_past
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Member
from enishi.definitions.api import find_published
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.metrics.api import FactSettings, duckdb_facts, preview_metric
from enishi.signals.models import AccountState
from enishi.signals.panel import known_accounts
from enishi.signals.states import number
from enishi.web.pages.health.builder import POINTS, STEP_DAYS
from enishi.web.pages.portfolio.ranks import renew_ranks
from enishi.web.words import day as day_words

KEEP_SECONDS = 86_400
WAIT_SECONDS = 1800
BATCH = 2_000
LEAST = 5  # accounts with a value, below which a day is not drawn


@dataclass(frozen=True, slots=True)
class Past:
    """Values of a metric: one row per day, one column per account, NaN where unknown."""

    days: tuple[date, ...]
    ids: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


def _keys(slug: str) -> tuple[str, str]:
    """Where the result and the progress of a metric's version in force are kept."""
    found = find_published("metric", slug)
    base = f"health:past:{found.version.pk if found else 0}"
    return base, f"{base}:percent"


def ask_past(slug: str) -> None:
    """Have the worker work the past out, unless it already does."""
    _result, percent = _keys(slug)
    if cache.add(percent, 0, WAIT_SECONDS):
        past_job.enqueue(slug)


def read_past(slug: str) -> Past | None:
    """The past where it has been worked out within the day."""
    found: Past | None = cache.get(_keys(slug)[0])
    return found


def progress_of(slug: str) -> int:
    return int(cache.get(_keys(slug)[1]) or 0)


@task()
def past_job(slug: str) -> None:
    """Work out one metric. May be repeated: the result is written over."""
    result, percent = _keys(slug)
    try:
        past = work_out(slug, lambda share: cache.set(percent, int(100 * share), WAIT_SECONDS))
        if past is not None:
            cache.set(result, past, KEEP_SECONDS)
    finally:
        cache.delete(percent)


def work_out(slug: str, tell: Any) -> Past | None:
    """The metric of every account there was on each day; the newest values go to where lists read them."""
    found = find_published("metric", slug)
    if found is None:
        return None
    today = company_day(system_clock())
    days = [today - timedelta(days=STEP_DAYS * back) for back in range(POINTS - 1, -1, -1)]
    ids = np.array(sorted(known_accounts()), dtype=np.int64)
    rows = np.full((len(days), len(ids)), np.nan, dtype=np.float32)
    with duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        for index, day in enumerate(days):
            frame = preview_metric(facts, found.version.body, [day])
            known = dict(zip(frame["account_id"].tolist(), frame[slug].astype(float).tolist(), strict=True))
            rows[index] = [known.get(pk, np.nan) for pk in ids.tolist()]
            tell((index + 1) / (len(days) + 1))
    write_values(slug, known)
    return Past(tuple(days), ids, rows)


def write_values(slug: str, values: Mapping[int, float]) -> None:
    """Put the values of today beside the accounts' others, so that lists show and sort by them at once."""
    states = AccountState.objects.order_by("account_id").only("account_id", "metrics")
    batch: list[AccountState] = []
    for state in states.iterator(chunk_size=BATCH):
        state.metrics = {**(state.metrics or {}), slug: number(values.get(state.account_id))}
        batch.append(state)
        if len(batch) == BATCH:
            AccountState.objects.bulk_update(batch, ["metrics"])
            batch = []
    AccountState.objects.bulk_update(batch, ["metrics"])
    renew_ranks()


def past_chart(member: Member, past: Past) -> dict[str, Any] | None:
    """Median and middle half over the accounts in scope, also those merged or deleted since; None where never enough of
    them have a value."""
    seen = np.fromiter(visible_in_past(member), dtype=np.int64)
    quarters = [_quarters(row[~np.isnan(row)]) for row in past.values[:, np.isin(past.ids, seen)]]
    if not any(found for found in quarters):
        return None
    language, today = get_language() or "ja", past.days[-1]
    low, middle, high = ([found[i] if found else None for found in quarters] for i in range(3))
    return {
        "kind": "line",
        "x": [day_words(day, language, today) for day in past.days],
        "series": [
            {"name": _("median"), "values": middle, "low": low, "high": high, "colour": "c1"},
        ],
    }


def _quarters(values: npt.NDArray[np.float32]) -> tuple[float, ...] | None:
    if len(values) < LEAST:
        return None
    return tuple(float(q) for q in np.percentile(values, (25, 50, 75)))
