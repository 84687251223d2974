"""Judgements for pages: states within scope, the bands' movement, movers, history, and the metric catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan
from typing import Any

import numpy as np
from django.db.models import Count, F, QuerySet, Sum

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.models import Member
from enishi.definitions.api import list_scorecards
from enishi.kit.text import Text
from enishi.signals.bands import BANDS, CODES
from enishi.signals.context import load_rules
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.signals.money import at_stake, yearly_revenue
from enishi.signals.stages import CHURNED

LOOKED_AT = 5000
WIDE = ("lines", "changes", "causes", "alerts", "metrics")


def present_states(member: Member) -> QuerySet[AccountState]:
    """States of those in the member's view who are customers: what is counted, ranked and compared."""
    return AccountState.objects.filter(account__in=visible_accounts(member)).exclude(stage=CHURNED)


def list_states(member: Member) -> QuerySet[AccountState]:
    """States of the accounts the member may see, with account and owner; the wide columns are read only when used."""
    return (
        AccountState.objects.filter(account__in=visible_accounts(member))
        .select_related("account", "account__owner")
        .defer(*WIDE)
    )


def stake_of(state: AccountState, leaving: bool) -> int:
    """Money at stake under the band the state has now, in minor units, for who sets one between two scorings;
    ``leaving``: notice has been given of all contracts."""
    card = next((card for card in list_scorecards() if card.slug == state.scorecard), None)
    orders = state.metrics.get("order_amount_90")
    if card is None or state.unpriced or not (state.mrr or orders):
        return state.at_stake
    yearly = yearly_revenue(np.array([nan if state.mrr is None else state.mrr]), np.array([orders or 0.0]))
    strongest = max((float(entry["strength"]) for entry in state.causes), default=0.0)
    band = np.array([CODES[state.band]], dtype=np.int8)
    return int(at_stake(yearly, band, np.array([strongest]), np.array([leaving]), card.body.stake)[0])


@dataclass(frozen=True, slots=True)
class BandLine:
    """One band now and a week ago, within a member's view. Money in whole minor units."""

    band: str
    accounts: int
    accounts_week_ago: int
    mrr: int
    at_stake: int


def band_distribution(member: Member) -> list[BandLine]:
    """Customers, revenue and money at stake by band, from red to unknown."""
    states = present_states(member).order_by()
    rows = states.values("band").annotate(n=Count("pk"), revenue=Sum("mrr"), stake=Sum("at_stake"))
    now: dict[str, tuple[int, int, int]] = {
        row["band"]: (row["n"], int(row["revenue"] or 0), int(row["stake"] or 0)) for row in rows
    }
    before = dict(states.values_list("band_week_ago").annotate(Count("pk")))
    lines = []
    for band in BANDS:
        count, revenue, stake = now.get(band, (0, 0, 0))
        lines.append(BandLine(band, count, before.get(band, 0), revenue, stake))
    return lines


def count_unpriced(member: Member) -> int:
    """Customers in a member's view whose money is unknown, as an exchange rate is missing: they are in no sum."""
    # Mostly there are none, and then the whole book need not be gone through.
    if not AccountState.objects.filter(unpriced=True).exists():
        return 0
    return present_states(member).filter(unpriced=True).order_by().count()


def band_moves(member: Member) -> dict[tuple[str, str], int]:
    """(band a week ago, band now) -> accounts, where the two differ."""
    states = present_states(member).order_by()
    moved = states.exclude(band=F("band_week_ago")).exclude(band_week_ago="")
    rows = moved.values_list("band_week_ago", "band").annotate(Count("pk"))
    return {(before, after): count for before, after, count in rows}


def list_movers(member: Member, limit: int = 10) -> tuple[list[AccountState], list[AccountState]]:
    """The accounts whose score fell most and rose most within a week."""
    moved = list_states(member).filter(change__isnull=False)
    fallen = moved.filter(change__lt=0).order_by("change", "-at_stake")
    risen = moved.filter(change__gt=0).order_by("-change", "-at_stake")
    return list(fallen[:limit]), list(risen[:limit])


def score_history(
    member: Member, account_id: int, until: date, days: int = 365
) -> list[tuple[date, int | None, str]]:
    """(day, tenths, band) of an account's own scores, oldest first.

    Raises:
        NotFound: the account is not in the member's view.
    """
    account = access_account(member, account_id)
    first = until - timedelta(days=days)
    scores = HealthScore.objects.filter(account=account, own=True, day__gt=first, day__lte=until)
    return list(scores.order_by("day").values_list("day", "tenths", "band"))


def signal_history(member: Member, account_id: int) -> list[Signal]:
    """Causes and alerts of an account, open ones first, then the newest."""
    account = access_account(member, account_id)
    return list(Signal.objects.filter(account=account).order_by(F("until").desc(nulls_first=True), "-since"))


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric of the catalogue: what it means, who uses it, and how much of it is there."""

    id: str
    title: Text
    help: Text
    unit: str
    family: str
    direction: int
    custom: bool
    freshness_days: int | None
    covered: int
    accounts: int
    used_by: tuple[str, ...]

    @property
    def coverage(self) -> float:
        """Share of the accounts in view with a value."""
        return self.covered / self.accounts if self.accounts else 0.0


def metric_catalogue(member: Member) -> list[MetricLine]:
    """Every shipped and own metric, with its coverage (over at most 5,000 of the accounts in view) and the scorecards
    that read it."""
    rules = load_rules()
    states = present_states(member).order_by()
    rows: Sequence[dict[str, Any]] = list(states.values_list("metrics", flat=True)[:LOOKED_AT])
    covered: dict[str, int] = {}
    for metrics in rows:
        for name, value in metrics.items():
            covered[name] = covered.get(name, 0) + (value is not None)
    users: dict[str, set[str]] = {}
    for card in rules.cards:
        for measure in card.body.measures:
            users.setdefault(measure.metric, set()).add(card.slug)
    return [
        MetricLine(
            name,
            metric.title,
            metric.help,
            rules.unit(name),
            metric.family,
            metric.direction,
            metric.custom,
            metric.freshness_days,
            covered.get(name, 0),
            len(rows),
            tuple(sorted(users.get(name, ()))),
        )
        for name, metric in rules.metrics.items()
    ]
