"""Is the data behind the scores there, and is it fresh?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.accounts.company import company_day, get_company
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import FactSettings, duckdb_facts, freshness
from enishi.signals.models import ScoringRun
from enishi.store.kinds import KINDS
from enishi.web.guard import PageRequest, page
from enishi.web.pages.health.listing import list_accounts
from enishi.web.pages.health.metric_reads import customer_ids
from enishi.web.pages.health.tabs import tabs
from enishi.web.pages.portfolio.ranks import Ids

USAGE = Text("Use of the product", "製品の利用")
OLD_AFTER = {"usage": 7}
USUAL_LIMIT = 90


@dataclass(frozen=True, slots=True)
class Source:
    """One source of facts: how many customers in scope it speaks of, and when it last spoke."""

    name: str
    title: Text
    with_facts: int
    accounts: int
    last_on: date | None
    recent: int  # accounts with a fact in the last 90 days (usage: 7)
    limit: int

    @property
    def lacking(self) -> int:
        return self.accounts - self.with_facts

    @property
    def share(self) -> float:
        return self.with_facts / self.accounts if self.accounts else 0.0


def _frame(today: date) -> pd.DataFrame:
    """The newest facts per account and source, read once per published generation and day."""
    with duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        key = f"health:freshness:{facts.files.generation}:{today}"
        frame: pd.DataFrame | None = cache.get(key)
        if frame is None:
            frame = freshness(facts, [today])
            cache.set(key, frame, 3600)
    return frame


def _source(frame: pd.DataFrame, column: str, accounts: int, today: date) -> Source:
    name = column.removeprefix("record_")
    days = pd.to_datetime(frame[column])
    limit = OLD_AFTER.get(name, USUAL_LIMIT)
    recent = days >= pd.Timestamp(today) - pd.Timedelta(days=limit)
    feed = [day for day in frame[f"feed:{column}"] if isinstance(day, date)]
    title = USAGE if name == "usage" else KINDS[name].plural
    return Source(
        name, title, int(days.notna().sum()), accounts, max(feed, default=None), int(recent.sum()), limit
    )


def sources(frame: pd.DataFrame, ids: Any, today: date) -> list[Source]:
    """Every source over some accounts, in the order in which the metrics use them."""
    own = frame[frame["account_id"].isin(ids)] if len(frame) else frame
    return [_source(own, column, len(ids), today) for column in _columns(frame)]


def _columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name == "usage" or name.startswith("record_")]


def lacking_ids(frame: pd.DataFrame, ids: Ids, column: str) -> Ids:
    """The accounts among ``ids`` of which a source says nothing."""
    known = frame.loc[frame[column].notna(), "account_id"].to_numpy(dtype=np.int64)
    return np.setdiff1d(ids, known)


@require_GET
@page()
def coverage(request: PageRequest) -> HttpResponse:
    """Sources with their last fact, and how many customers they say nothing of."""
    today = company_day(system_clock())
    ids = customer_ids(request.member)
    rows = sources(_frame(today), np.asarray(ids), today)
    run = ScoringRun.objects.filter(status="done").order_by("-pk").first()
    context = {
        "tabs": tabs("health-coverage"),
        "rows": rows,
        "run": run,
        "today": today,
        "accounts": len(ids),
    }
    return render(request, "pages/health/coverage.html", context)


@require_GET
@page()
def lacking(request: PageRequest, name: str) -> HttpResponse:
    """The accounts of which a source says nothing, those with the most revenue first."""
    today = company_day(system_clock())
    frame = _frame(today)
    column = next((each for each in _columns(frame) if each.removeprefix("record_") == name), "")
    if not column:
        raise NotFound(
            "unknown_source", Text("There is no such kind of data.", "該当するデータの種類はありません。")
        )
    ids = set(lacking_ids(frame, customer_ids(request.member), column).tolist())
    context = list_accounts(request.member, ids, request.GET.get("page"))
    context["title"] = USAGE if name == "usage" else KINDS[name].plural
    return render(request, "pages/health/lacking.html", context)
