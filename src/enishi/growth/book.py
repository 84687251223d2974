"""The customers as the offers see them: judgements of the last scoring, contracts, and what people decided before."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision

from enishi.accounts.company import get_company
from enishi.accounts.leaving import leaving_accounts, leaving_among
from enishi.accounts.models import Account
from enishi.definitions.api import list_custom_metrics, list_published
from enishi.definitions.offers import EXTENDED_USE
from enishi.forecasts.pricing import PRICED, Prices, Trial, try_prices
from enishi.forecasts.readiness import (
    KINDS,
    Companion,
    Rung,
    Uplift,
    companions,
    days_since_win,
    find_wins,
    holdings,
    ladders,
    next_plans,
    usual_uplift,
)
from enishi.growth.contracts import Listed
from enishi.growth.models import Proposal
from enishi.growth.rules import Asked, Past, Units
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import REGISTRY, FactSettings, compile_metric, duckdb_facts, subscription_periods
from enishi.risk.api import probabilities
from enishi.signals.models import AccountState

PORTION = 5_000
_STATE = ("account_id", "band", "stage", "tier", "mrr", "tenure_days", "renewal_on", "metrics")
_HELD = (
    "product",
    "plan",
    "seats",
    "main",
    "products",
    "held",
    "months",
    "paid",
    "next_plan",
    "step",
    "place",
)
EXTENDED_TITLE = Text("Use of what the higher plan extends", "上位プランで広がる機能の利用")


@dataclass(frozen=True)
class Sold:
    """What the contracts of the company say as known on a day: what customers hold, how they grew, what is sold."""

    day: date
    stretches: pd.DataFrame
    wins: pd.DataFrame
    rungs: dict[str, list[Rung]]
    together: list[Companion]
    held: pd.DataFrame

    @property
    def products(self) -> int:
        return int(self.stretches["product"].fillna("").replace("", np.nan).nunique())

    def uplifts(self) -> dict[str, Uplift]:
        return {kind: usual_uplift(self.wins, kind) for kind in KINDS}

    def trials(self) -> dict[str, Trial]:
        """Which kinds go by prices. Reads the contracts of two years: once a judging, not for a page."""
        return {kind: try_prices(self.stretches, self.wins, kind, self.day) for kind in PRICED}


def sold_of(stretches: pd.DataFrame, day: date) -> Sold:
    """Everything contracts say, from their stretches as known on the day."""
    rungs = ladders(stretches, day)
    held = holdings(stretches, day)
    held = held.join(next_plans(held, rungs))
    return Sold(day, stretches, find_wins(stretches), rungs, companions(stretches), held)


def read_sold(day: date) -> Sold:
    with duckdb_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        return sold_of(subscription_periods(facts, day), day)


def catalogue() -> list[Listed]:
    """The offers in force, in the order of their priority."""
    found = [Listed(entry.slug, entry.body) for entry in list_published("offer")]
    return sorted(found, key=lambda one: (one.body.priority, one.slug))


def catalogue_stamp() -> str:
    """Changes whenever an offer does."""
    versions = [f"{entry.slug}:{entry.version.pk}" for entry in list_published("offer")]
    return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()[:40]


def metric_units() -> Units:
    """Every metric a definition may name: its unit and title."""
    found = {name: (metric.unit, metric.title) for name, metric in REGISTRY.items()}
    own = {name: compile_metric(body) for name, body in list_custom_metrics().items()}
    found |= {name: (metric.unit, metric.title) for name, metric in own.items()}
    return found | {EXTENDED_USE: ("log_ratio", EXTENDED_TITLE)}


def metrics_named(offers: Sequence[Listed]) -> set[str]:
    conditions = [
        c for o in offers for c in (*o.body.eligible.when, *(c for s in o.body.signals for c in s.when))
    ]
    return {condition.metric for condition in conditions}


def read_rows(
    sold: Sold,
    offers: Sequence[Listed],
    today: date,
    extended: pd.Series[Any] | None = None,
    account: int | None = None,
) -> pd.DataFrame:
    """The frame of :mod:`.rules`: every customer the application knows, or one account.

    Args:
        extended: account -> growth of the use of what the next plan extends.
    """
    living = Account.objects.filter(deleted_at=None, merged_into=None)
    if account is not None:
        living = living.filter(pk=account)
    rows = _states(living, metrics_named(offers))
    leaving = leaving_accounts([account], today) if account is not None else leaving_among(living, today)
    rows["leaving"] = rows["account_id"].isin(set(leaving))
    rows["churn"] = rows["account_id"].map(_churn(account))
    return _with_contracts(rows, sold, today, extended)


def _churn(account: int | None) -> pd.Series[Any]:
    """Account -> probability to leave within 90 days, where a forecast may speak."""
    said = probabilities(90, None if account is None else [account])
    return said[said["known"]].set_index("account_id")["probability"]


def _states(living: Any, wanted: Collection[str]) -> pd.DataFrame:
    states = AccountState.objects.filter(account__in=living).exclude(stage="churned").order_by("pk")
    rows: list[tuple[Any, ...]] = []
    names = sorted(set(wanted) - set(_STATE))
    for *head, metrics in states.values_list(*_STATE).iterator(PORTION):
        rows.append((*head, *((metrics or {}).get(name) for name in names)))
    frame = pd.DataFrame(rows, columns=[*_STATE[:-1], *names])
    for name in (*names, "mrr", "tenure_days"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
    return frame


def _with_contracts(
    rows: pd.DataFrame, sold: Sold, today: date, extended: pd.Series[Any] | None
) -> pd.DataFrame:
    held = sold.held.reindex(columns=list(_HELD))
    rows = rows.merge(held, left_on="account_id", right_index=True, how="left")
    rows["in_force"] = rows["paid"].notna()
    for name in ("product", "plan", "products", "next_plan"):
        rows[name] = rows[name].fillna("").astype(object)
    for name in ("seats", "main", "held", "months", "paid", "step", "place"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce").astype(float)
    rows["held"], rows["sold"] = rows["held"].fillna(0), sold.products
    renewal = pd.to_datetime(rows["renewal_on"])
    rows["renewal_in"] = (renewal - pd.Timestamp(today)).dt.days.astype(float)
    rows.loc[rows["renewal_in"] < 0, "renewal_in"] = np.nan
    best = {text: _companion(text.split("\t"), sold.together) for text in rows["products"].unique()}
    rows["next_product"] = [best[text].other if best[text] else "" for text in rows["products"]]  # type: ignore[union-attr]
    accounts = rows["account_id"].tolist()
    for kind in KINDS:
        own = sold.wins[sold.wins["kind"] == kind]
        rows[f"since_{kind}"] = days_since_win(own, accounts, today)
    rows[EXTENDED_USE] = rows["account_id"].map(extended).astype(float) if extended is not None else np.nan
    return rows.reset_index(drop=True)


def _companion(held: Sequence[str], together: Sequence[Companion]) -> Companion | None:
    """The product most often held together with one of those held, of those not held."""
    return next((one for one in together if one.product in held and one.other not in held), None)


def read_past(offers: Sequence[Listed], today: date) -> Past:
    """What people decided: open discussions, and until when an offer rests."""
    rest = {offer.slug: offer.body.eligible.rest_days for offer in offers}
    decided = Proposal.objects.filter(undone_at=None).order_by("made_at")
    open_now: dict[int, str] = {}
    rests: dict[tuple[int, str], tuple[date, str]] = {}
    for account, slug, status, until, closed in decided.values_list(
        "account_id", "offer", "status", "until", "closed_on"
    ):
        if status == Proposal.Status.OPEN:
            open_now[account] = slug
            continue
        if status != Proposal.Status.SET_ASIDE:
            until = (closed or today) + timedelta(days=rest.get(slug, 90))
        if until and until > today:
            rests[(account, slug)] = (until, str(status))
    return Past(open_now, rests)


def asked_of(sold: Sold, offers: Sequence[Listed], today: date, trials: Mapping[str, Trial]) -> Asked:
    """What every verdict of one judging goes by. ``trials``: :meth:`Sold.trials`, or as the last judging found them."""
    return Asked(
        today,
        read_past(offers, today),
        metric_units(),
        sold.uplifts(),
        Prices(sold.rungs, sold.together),
        trials,
        10 ** get_currency_precision(get_company().currency),
    )
