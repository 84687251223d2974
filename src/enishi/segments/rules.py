"""Which tier an account belongs to: rules first, then its place in the ranking by value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import TierRule, Tiers
from enishi.signals.mapping import hold


@dataclass(frozen=True, slots=True)
class Placement:
    """The tier decided for one account, and by what."""

    account_id: int
    tier: str
    reason: str  # share | rule | pin | kept
    detail: dict[str, Any]


def share_before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the total held by the accounts ranked above each one (0 for the largest).

    Equal values share the mean of their places, so that equals are never parted by chance. Missing and negative
    values count as 0; an account without value stands at the end (1).
    """
    worth = np.nan_to_num(values, nan=0.0).clip(min=0)
    total = worth.sum()
    if total <= 0:
        return np.ones(len(worth))
    order = np.argsort(-worth, kind="stable")
    ranked = worth[order]
    before = np.minimum(np.concatenate([[0.0], np.cumsum(ranked)[:-1]]) / total, 1.0)
    first = np.searchsorted(-ranked, -ranked, side="left")
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    shares = np.empty(len(worth))
    shares[order] = np.where(ranked > 0, (before[first] + before[last]) / 2, 1.0)
    return shares


def place_accounts(
    body: Tiers,
    accounts: pd.DataFrame,
    held: Mapping[int, tuple[str, date]],
    pins: Mapping[int, str],
    today: date,
) -> list[Placement]:
    """Decide every account's tier. An account whose money is unknown has no place in the ranking: neither pinned nor
    under a rule it keeps the tier it holds, and one that holds none is in no tier.

    Args:
        accounts: columns ``account_id``, ``value`` (NaN: none), ``unpriced`` (what it pays is unknown), and the metrics
            and attributes rules name.
        held: tier and first day of the tier each account is in now.
        pins: tiers set by people; they win over everything.
    """
    shares = share_before(accounts["value"].to_numpy(dtype=float, na_value=np.nan))
    by_rule, unpriced = _rule_of(body, accounts), accounts["unpriced"].to_numpy(dtype=bool)
    defined = {tier.id for tier in body.tiers}
    placements = []
    for row, account_id in enumerate(accounts["account_id"].tolist()):
        detail: dict[str, Any] = {"share_before": round(float(shares[row]), 4)}
        if account_id in pins:
            placements.append(Placement(account_id, pins[account_id], "pin", detail))
        elif by_rule[row]:
            rule = next(r for r in body.rules if r.id == by_rule[row])
            placements.append(Placement(account_id, rule.tier, "rule", {**detail, "rule": rule.id}))
        elif unpriced[row]:
            if account_id in held and held[account_id][0] in defined:
                placements.append(Placement(account_id, held[account_id][0], "kept", {}))
        else:
            tier = _tier_by_share(body, float(shares[row]), held.get(account_id), today)
            placements.append(Placement(account_id, tier, "share", detail))
    return placements


def _rule_of(body: Tiers, accounts: pd.DataFrame) -> list[str]:
    """Id of the first rule each account meets, or an empty text."""
    found = np.full(len(accounts), "", dtype=object)
    for rule in body.rules:
        met = _meets(rule, accounts) & (found == "")
        found[met] = rule.id
    return [str(name) for name in found]


def _meets(rule: TierRule, accounts: pd.DataFrame) -> NDArray[np.bool_]:
    met = hold(rule.when, accounts)
    if rule.stages:
        met &= _among(accounts, "stage", rule.stages)
    if rule.attribute:
        met &= _among(accounts, rule.attribute, rule.values)
    return met


def _among(accounts: pd.DataFrame, name: str, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    if name not in accounts.columns:
        return np.zeros(len(accounts), dtype=bool)
    return accounts[name].isin(wanted).to_numpy(dtype=bool)


def _tier_by_share(body: Tiers, share: float, held: tuple[str, date] | None, today: date) -> str:
    """The tier of a place in the ranking; a tier held is left only when its cut is passed by the margin."""
    cuts = [(tier.id, tier.up_to_share) for tier in body.tiers if tier.up_to_share is not None]
    plain = _cut(cuts, share)
    if held is None or held[0] not in [name for name, _ in cuts]:
        return plain
    if (today - held[1]).days < body.minimum_days:
        return held[0]
    names = [name for name, _ in cuts]
    up, down = _cut(cuts, share + body.margin), _cut(cuts, share - body.margin)
    now = names.index(held[0])
    if names.index(up) < now:
        return up
    if names.index(down) > now:
        return down
    return held[0]


def _cut(cuts: list[tuple[str, float]], share: float) -> str:
    for name, limit in cuts:
        if share < limit:
            return name
    return cuts[-1][0]
