"""How well a metric is covered and how its values lie, within the member's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member, Scope
from enishi.signals.stages import CHURNED
from enishi.web.pages.portfolio.ranks import Ids, Numbers, read_ranks

BINS = 12
KEEP_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of ``accounts``, the customers in scope, how many have a value."""

    known: int
    accounts: int

    @property
    def share(self) -> float:
        return self.known / self.accounts if self.accounts else 0.0

    @property
    def lacking(self) -> int:
        return self.accounts - self.known


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values of the accounts that have one: edges and counts of bins, and quantiles; ``whole``: bins of whole
    numbers, each from its edge to before the next."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    quantiles: dict[int, float]
    whole: bool = False


def scope_ids(member: Member) -> Ids:
    """Numbers of the accounts in scope; kept for a while only for who sees all, as others' accounts may be handed over."""
    return _kept(member, "scope", visible_accounts(member))


def customer_ids(member: Member) -> Ids:
    """Those in scope who are customers now: what the shares are shares of."""
    return _kept(member, "customers", visible_accounts(member).exclude(state__stage=CHURNED))


def _kept(member: Member, name: str, accounts: QuerySet[Account]) -> Ids:
    key = f"health:{name}:{member.pk}"
    ids: Ids | None = cache.get(key) if member.scope == Scope.ALL else None
    if ids is None:
        ids = np.fromiter(accounts.order_by("pk").values_list("pk", flat=True), dtype=np.int64)
        if member.scope == Scope.ALL:
            cache.set(key, ids, KEEP_SECONDS)
    return ids


def values_of(member: Member, metric: str) -> tuple[Numbers, int]:
    """The known values of a metric of the customers in scope, and how many those are."""
    ids, ranks = customer_ids(member), read_ranks()
    column = ranks.values.get(metric)
    if column is None:
        return np.array([]), len(ids)
    own = column[np.isin(ranks.ids, ids)]
    return own[~np.isnan(own)], len(ids)


def coverages(member: Member, metrics: Sequence[str]) -> dict[str, Coverage]:
    """Coverage of many metrics at once."""
    ids, ranks = customer_ids(member), read_ranks()
    own = np.isin(ranks.ids, ids)
    found = {}
    for name in metrics:
        column = ranks.values.get(name)
        known = 0 if column is None else int((~np.isnan(column[own])).sum())
        found[name] = Coverage(known, len(ids))
    return found


def distribution(values: Numbers) -> Distribution | None:
    """The shape of some values; None where there are fewer than five. Outer bins take what lies beyond the
    1st and 99th percentile, so that one giant does not flatten the rest."""
    if len(values) < 5:
        return None
    low, high = (float(x) for x in np.percentile(values, [1, 99]))
    if low == high:
        low, high = float(values.min()), float(values.max())
    if low == high:
        return Distribution((low, high), (len(values),), {50: low})
    whole = bool(np.all(values == np.round(values)))
    edges = _whole_edges(low, high) if whole else np.linspace(low, high, BINS + 1)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    quantiles = {q: float(np.percentile(values, q)) for q in (10, 25, 50, 75, 90)}
    return Distribution(tuple(edges.tolist()), tuple(int(n) for n in counts), quantiles, whole)


def _whole_edges(low: float, high: float) -> Numbers:
    """Edges of bins for whole numbers: each holds the same number of them, from its edge to before the next."""
    first, last = int(np.floor(low)), int(np.ceil(high))
    step = -(-(last - first + 1) // BINS)
    bins = -(-(last - first + 1) // step)
    return np.array([float(first + step * index) for index in range(bins + 1)])


def _figure(value: float) -> str:
    """Four figures that count, written out: 1,250,000 and 0.03125."""
    return f"{Decimal(f'{value:.4g}'):,f}"


def distribution_chart(shape: Distribution, name: str) -> dict[str, Any]:
    """The chart of a distribution."""
    if len(shape.counts) == 1:
        labels = [_figure(shape.edges[0])]
    elif shape.whole:
        pairs = zip(shape.edges, shape.edges[1:], strict=False)
        labels = [_figure(a) if b - a == 1 else f"{_figure(a)} – {_figure(b - 1)}" for a, b in pairs]
    else:
        labels = [f"{_figure(a)} – {_figure(b)}" for a, b in zip(shape.edges, shape.edges[1:], strict=False)]
    return {"kind": "bar", "x": labels, "series": [{"name": name, "values": list(shape.counts)}]}
