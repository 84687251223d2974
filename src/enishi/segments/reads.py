"""Tiers for pages and for the pass that assigns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from django.db.models import Count, Min, Q, Sum

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.definitions.contracts import Tiers
from enishi.definitions.reads import get_tiers
from enishi.kit.text import Text
from enishi.segments.models import TierAssignment, TierPin, TierSummary
from enishi.segments.rules import place_accounts
from enishi.signals.models import AccountState, Band
from enishi.signals.reads import present_states
from enishi.signals.stages import CHURNED

_ATTRIBUTES = ("stage", "industry", "size", "region", "country", "channel")
_PATHS = ("state__stage", *_ATTRIBUTES[1:])


def tier_titles() -> dict[str, Text]:
    """Names of the tiers in force, from the highest touch down."""
    return {tier.id: Text.parse(tier.title) for tier in get_tiers().tiers}


def held_tiers() -> dict[int, tuple[str, date]]:
    """Account -> its tier and since when."""
    rows = TierAssignment.objects.filter(until=None).values_list("account_id", "tier", "since")
    return {account: (tier, since) for account, tier, since in rows}


def open_pins() -> dict[int, str]:
    return dict(TierPin.objects.filter(ended_at=None).values_list("account_id", "tier"))


def tiers_on(day: date) -> dict[int, str]:
    """Account -> the tier it was in on a day."""
    rows = TierAssignment.objects.filter(Q(until=None) | Q(until__gt=day), since__lte=day)
    return dict(rows.values_list("account_id", "tier"))


def last_tiers(day: date | None = None) -> dict[int, str]:
    """Account -> the tier it is in, or was in last (by the end of ``day``): a customer who left stays with those it
    left."""
    rows = TierAssignment.objects.filter(since__lte=day) if day else TierAssignment.objects.all()
    return dict(rows.order_by("since", "pk").values_list("account_id", "tier"))


@dataclass(frozen=True, slots=True)
class ShownTiers:
    """The tiers a page of a past day shows. ``today``: they are today's, since none are on record of that day;
    ``first`` is the first day of which some are."""

    tiers: dict[int, str]
    today: bool
    first: date | None


def shown_tiers(day: date) -> ShownTiers:
    """Account -> the tier it was in on a past day; on days before the first assignment, the one it is in today."""
    first = TierAssignment.objects.aggregate(first=Min("since"))["first"]
    early = first is None or day < first
    return ShownTiers(last_tiers(None if early else day), early, first)


def account_values(body: Tiers) -> pd.DataFrame:
    """Living accounts, former customers left out, with the value that ranks them and everything the rules may name.

    The value is the lifetime value; where too little history leaves that unknown for everyone, a year's recurring
    revenue ranks instead. ``unpriced``: a contract is in force whose money nobody can convert.
    """
    living = Account.objects.filter(deleted_at=None, merged_into=None).exclude(state__stage=CHURNED)
    frame = pd.DataFrame(
        living.values_list("pk", *_PATHS, "state__ltv", "state__mrr", "state__unpriced", "state__metrics"),
        columns=["account_id", *_ATTRIBUTES, "ltv", "mrr", "unpriced", "metrics"],
    )
    frame["unpriced"] = frame["unpriced"].eq(True)
    yearly = 12 * pd.to_numeric(frame["mrr"], errors="coerce").astype(float)
    lifetime = pd.to_numeric(frame["ltv"], errors="coerce").astype(float)
    by_ltv = body.value == "ltv" and bool(lifetime.notna().any())
    frame["value"] = lifetime.fillna(yearly) if by_ltv else yearly
    wanted = {condition.metric for rule in body.rules for condition in rule.when}
    for metric in wanted:
        frame[metric] = [(values or {}).get(metric) for values in frame["metrics"]]
    return frame.drop(columns="metrics")


def count_tiers(body: Tiers, member: Member) -> dict[str, tuple[int, int]]:
    """Tier -> accounts and MRR as the rules would place everyone afresh, counted among those the member sees.

    Pins hold, and only those whose money is unknown keep what they are in.
    """
    seen = set(visible_accounts(member).values_list("pk", flat=True))
    accounts = account_values(body).set_index("account_id", drop=False)
    unpriced = set(accounts.index[accounts["unpriced"]])
    held = {account: one for account, one in held_tiers().items() if account in unpriced}
    placed = place_accounts(body, accounts, held, open_pins(), date.min)
    worth = pd.to_numeric(accounts["mrr"], errors="coerce").fillna(0).astype("int64").to_dict()
    found: dict[str, tuple[int, int]] = {}
    for one in placed:
        if one.account_id not in seen:
            continue
        count, money = found.get(one.tier, (0, 0))
        found[one.tier] = (count + 1, money + worth[one.account_id])
    return found


def tier_totals() -> dict[str, tuple[int, int, int]]:
    """Tier -> accounts, MRR, accounts in red; over all customers."""
    living = AccountState.objects.filter(account__deleted_at=None, account__merged_into=None).exclude(
        stage=CHURNED
    )
    rows = living.values_list("tier").annotate(
        accounts=Count("pk"), mrr=Sum("mrr"), red=Count("pk", filter=Q(band=Band.RED))
    )
    return {tier: (count, int(mrr or 0), red) for tier, count, mrr, red in rows}


@dataclass(frozen=True, slots=True)
class TierLine:
    """One tier as a manager sees it. Money in whole minor units of the company's currency."""

    tier: str
    title: Text
    description: Text
    accounts: int
    mrr: int
    share: float  # of all MRR in view
    at_risk: int
    trend: tuple[tuple[date, int, int], ...]  # day, accounts, MRR of the whole company's tier


def list_tiers(member: Member, today: date, days: int = 365) -> list[TierLine]:
    """Every tier within the member's view, from the highest touch to the long tail.

    The trend is the company's, kept daily; members who do not see every account get none.
    """
    body = get_tiers()
    rows = (
        present_states(member)
        .values_list("tier")
        .annotate(accounts=Count("pk"), mrr=Sum("mrr"), red=Count("pk", filter=Q(band=Band.RED)))
    )
    found = {tier: (count, int(mrr or 0), red) for tier, count, mrr, red in rows}
    total = sum(mrr for _, mrr, _ in found.values())
    trends = _trends(today - timedelta(days=days)) if member.scope == "all" else {}
    return [
        TierLine(
            tier.id,
            Text.parse(tier.title),
            Text.parse(tier.description or tier.title),
            *found.get(tier.id, (0, 0, 0))[:2],
            found.get(tier.id, (0, 0, 0))[1] / total if total else 0.0,
            found.get(tier.id, (0, 0, 0))[2],
            tuple(trends.get(tier.id, ())),
        )
        for tier in body.tiers
    ]


def _trends(since: date) -> dict[str, list[tuple[date, int, int]]]:
    trends: dict[str, list[tuple[date, int, int]]] = {}
    rows = TierSummary.objects.filter(day__gte=since).values_list("tier", "day", "accounts", "mrr")
    for tier, day, accounts, mrr in rows.order_by("day"):
        trends.setdefault(tier, []).append((day, accounts, mrr))
    return trends


def tier_history(account_id: int) -> list[TierAssignment]:
    """An account's tiers, newest first. The caller has checked that the account may be seen."""
    return list(TierAssignment.objects.filter(account_id=account_id))


def find_pin(account_id: int) -> TierPin | None:
    return TierPin.objects.filter(account_id=account_id, ended_at=None).select_related("member").first()
