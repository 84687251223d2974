"""What edited rules would say today: how many customers each rule holds for, and who is in which tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.models import Member
from enishi.definitions.contracts import Causes, Condition, Tiers
from enishi.kit.clock import system_clock
from enishi.kit.text import Text
from enishi.segments.api import count_tiers
from enishi.signals.derived import add_derived, latest_dip
from enishi.signals.mapping import hold
from enishi.signals.stages import CHURNED
from enishi.web.pages.health.rule_present import said
from enishi.web.pages.portfolio.ranks import read_ranks

Rules = Mapping[str, tuple[Text, tuple[Condition, ...]]]


def customers(member: Member) -> pd.DataFrame:
    """Metrics as of the last scoring, one row per customer in scope under its number; former customers left out."""
    ranks = read_ranks()
    living = visible_accounts(member).exclude(state__stage=CHURNED).order_by()
    own = np.isin(ranks.ids, np.fromiter(living.values_list("pk", flat=True), dtype=np.int64))
    frame = pd.DataFrame({name: values[own] for name, values in ranks.values.items()}, index=ranks.ids[own])
    return add_derived(frame, latest_dip(company_day(system_clock())))


def holding(frame: pd.DataFrame, when: tuple[Condition, ...]) -> int | None:
    """For how many customers all conditions hold; None where a metric has not been worked out yet."""
    if any(condition.metric not in frame.columns for condition in when):
        return None
    return int(hold(when, frame).sum())


def rules_of(body: Causes) -> Rules:
    """Every rule and alert under its key: in words, and its conditions."""
    found: dict[str, tuple[Text, tuple[Condition, ...]]] = {}
    for cause in body.causes:
        title = Text.parse(cause.title)
        for rule in cause.rules:
            evidence = said({"text": rule.evidence.text}) or Text(rule.id, rule.id)
            both = Text(f"{title.en}: {evidence.en}", f"{title.ja}:{evidence.ja}")
            found[f"rule:{cause.id}.{rule.id}"] = both, rule.when
    for alert in body.alerts:
        found[f"alert:{alert.id}"] = Text.parse(alert.title), alert.when
    return found


def held_by(member: Member, when: tuple[Condition, ...]) -> set[int]:
    """The customers in scope for whom all conditions hold."""
    frame = customers(member)
    return set(frame.index[hold(when, frame)].tolist())


def counts(member: Member, body: Causes) -> dict[str, int | None]:
    """For each rule and alert, how many customers it holds for today."""
    frame = customers(member)
    return {key: holding(frame, when) for key, (_title, when) in rules_of(body).items()}


def compare_causes(member: Member, before: Causes, after: Causes) -> list[dict[str, Any]]:
    """Rules and alerts that hold for another number of customers than the ones in force."""
    frame = customers(member)
    old, new = rules_of(before), rules_of(after)
    rows = []
    for key, (title, when) in {**old, **new}.items():
        was = holding(frame, old[key][1]) if key in old else 0
        now = holding(frame, when) if key in new else 0
        if was != now or key not in old or key not in new:
            rows.append({"title": title, "before": was, "after": now})
    return rows


def compare_tiers(member: Member, before: Tiers, after: Tiers) -> list[dict[str, Any]]:
    """Accounts and revenue per tier under the rules in force and under the edited ones, over those the member sees.

    Both are placed afresh: what keeps an account in the tier it holds for a while is left out.
    """
    was, now = count_tiers(before, member), count_tiers(after, member)
    titles = {tier.id: Text.parse(tier.title) for tier in (*before.tiers, *after.tiers)}
    nothing = (0, 0)
    return [
        {
            "title": title,
            "before": was.get(name, nothing)[0],
            "after": now.get(name, nothing)[0],
            "mrr": now.get(name, nothing)[1],
        }
        for name, title in titles.items()
    ]
