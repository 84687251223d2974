"""The portfolio's rows and counts, within the scope of the member who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from heapq import nsmallest
from itertools import islice
from typing import TypeVar

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member, Record, Scope
from enishi.signals.models import AccountState, Band, ScoringRun
from enishi.signals.stages import CHURNED
from enishi.web.pages.portfolio import likelihood
from enishi.web.pages.portfolio.columns import BY_KEY, METRIC
from enishi.web.pages.portfolio.filters import by_hand, filtered_accounts, known, unknown
from enishi.web.pages.portfolio.query import DEFAULT_COLUMNS, DEFAULT_SORT, NONE, Query
from enishi.web.pages.portfolio.ranks import read_ranks, stamp_of_ranks
from enishi.work.api import tag_names

T = TypeVar("T")
PAGE_SIZE = 50
FIRST_CHUNK, MOST_CHUNK = 200, 10_000  # accounts looked up at once along a metric's order
MAX_ROWS = 5_000  # as far as one may page; beyond it, a filter or an export
KEEP_SECONDS = 600
MOVERS = 5
BANDS = (Band.RED, Band.YELLOW, Band.GREEN, Band.UNKNOWN)
_HEAVY = ("search", "extra", "state__lines", "state__changes")


@dataclass(frozen=True, slots=True)
class Slice:
    """One group of the distribution: how many accounts, their MRR in minor units, and of how many it is known."""

    band: str
    before: str
    tier: str
    accounts: int
    mrr: int
    known: int


@dataclass(frozen=True, slots=True)
class BandCount:
    """One piece of the strip: now, and how many of the customers stood in it a week ago."""

    band: str
    accounts: int
    before: int
    share: float
    mrr: int | None

    @property
    def movement(self) -> int:
        return self.accounts - self.before


@dataclass(frozen=True, slots=True)
class TierCount:
    tier: str
    accounts: int
    mrr: int | None
    share: float  # of all MRR
    mrr_change: int  # over 90 days


@dataclass(frozen=True, slots=True)
class Shifts:
    """What moved in a view: whose score fell and rose most since last week, the largest first, and by tier the change
    of MRR over 90 days."""

    fell: Sequence[int]
    rose: Sequence[int]
    mrr: Mapping[str, int]


def _rows(accounts: QuerySet[Account], columns: Sequence[str]) -> QuerySet[Account]:
    """What one page of the table reads: never the wide explanations, metrics only where one is shown."""
    heavy = list(_HEAVY)
    if not any(key.startswith(METRIC) for key in columns):
        heavy.append("state__metrics")
    accounts = accounts.prefetch_related("tags") if "tags" in columns else accounts
    accounts = likelihood.with_probabilities(accounts) if likelihood.COLUMN in columns else accounts
    return accounts.select_related("state", "owner").defer(*heavy)


def _by_metric(accounts: QuerySet[Account], metric: str, descending: bool, first: int, n: int) -> list[int]:
    """Ids ``first`` to ``first + n`` in a metric's order, found by walking the order in chunks."""
    found: list[int] = []
    order = read_ranks().ordered(metric, descending)
    start, size = 0, max(FIRST_CHUNK, 2 * (first + n))
    while start < len(order):
        chunk = order[start : start + size].tolist()
        start, size = start + size, min(2 * size, MOST_CHUNK)
        allowed = set(accounts.filter(pk__in=chunk).order_by().values_list("pk", flat=True))
        found += [pk for pk in chunk if pk in allowed]
        if len(found) >= first + n:
            return found[first : first + n]
    valued = set(order.tolist())
    every = accounts.order_by("pk").values_list("pk", flat=True).iterator()
    found += islice((pk for pk in every if pk not in valued), first + n - len(found))
    return found[first : first + n]


def _by_column(accounts: QuerySet[Account], path: str, descending: bool, first: int, n: int) -> list[int]:
    ordered = known(accounts, path, descending)
    ids = list(ordered.values_list("pk", flat=True)[first : first + n])
    if len(ids) < n:
        valued = ordered.order_by()[: first + n].count()
        start = max(0, first - valued)
        ids += list(unknown(accounts, path).values_list("pk", flat=True)[start : start + n - len(ids)])
    return ids


def ordered_ids(accounts: QuerySet[Account], query: Query, first: int, n: int) -> list[int]:
    """Ids of the view's accounts in its order; accounts without a value stand last either way."""
    key = query.sort_key
    if key.startswith(METRIC):
        return _by_metric(accounts, key.removeprefix(METRIC), query.descending, first, n)
    path = BY_KEY[key].sort if key in BY_KEY else ""
    if key == "name":
        return list(
            accounts.order_by(*_name_order(query.descending)).values_list("pk", flat=True)[first : first + n]
        )
    if likelihood.none_is_known(key, query.choices.get(likelihood.WHETHER, ())):
        return list(accounts.order_by("pk").values_list("pk", flat=True)[first : first + n])
    return _by_column(accounts, path or "state__at_stake", query.descending, first, n)


def _name_order(descending: bool) -> tuple[str, ...]:
    return ("-name_kana", "-name", "-pk") if descending else ("name_kana", "name", "pk")


def read_rows(ids: Sequence[int], columns: Sequence[str]) -> list[Account]:
    """These accounts with all a row shows, in the order given."""
    found = _rows(Account.objects.filter(pk__in=list(ids)), columns).in_bulk()
    return [found[pk] for pk in ids if pk in found]


def read_page(member: Member, query: Query, *, today: date, unit: int) -> tuple[list[Account], bool]:
    """The rows of a view's page, and whether another page follows."""
    accounts = filtered_accounts(member, query, today=today, unit=unit)
    first = min((query.page - 1) * PAGE_SIZE, MAX_ROWS - PAGE_SIZE)
    ids = ordered_ids(accounts, query, first, PAGE_SIZE + 1)
    more = len(ids) > PAGE_SIZE and first + PAGE_SIZE < MAX_ROWS
    return read_rows(ids[:PAGE_SIZE], query.columns), more


def iterate_rows(accounts: QuerySet[Account], query: Query, chunk: int = 1_000) -> Iterator[Account]:
    """Every account of a view in its order, a chunk of rows in memory at a time."""
    ids = ordered_ids(accounts, query, 0, 10_000_000)
    for start in range(0, len(ids), chunk):
        yield from read_rows(ids[start : start + chunk], query.columns)


def forget_counts() -> None:
    """Count anew on the next page: called after a change made from the portfolio itself."""
    cache.set("portfolio:turn", (cache.get("portfolio:turn") or 0) + 1, None)


def _kept(key: str, read: Callable[[], T], anew: bool = False) -> T:
    found: T | None = None if anew else cache.get(key)
    if found is None:
        found = read()
        cache.set(key, found, KEEP_SECONDS)
    return found


def make_ready(member: Member, today: date, unit: int) -> None:
    """Count a member's whole book anew before somebody asks for it."""
    distribution(member, Query(), today=today, unit=unit, anew=True)
    read_shifts(member, Query(), today=today, unit=unit, anew=True)
    choices_on_offer(member, anew=True)


def scope_key(member: Member) -> str:
    """Names what a member sees: the same for all who see all."""
    if member.scope == Scope.ALL and member.is_active:
        return "all"
    return f"{member.scope}:{member.team_id}:{member.pk}"


def asks_for_forecast(query: Query) -> bool:
    return likelihood.LEAST in query.numbers or likelihood.WHETHER in query.choices


def _count_key(member: Member, query: Query, today: date) -> str:
    scope = scope_key(member)
    run = ScoringRun.objects.order_by("-pk").values_list("pk", "status").first()
    parts = [
        scope,
        str(run),
        str(today),
        str(cache.get("portfolio:turn")),
        likelihood.stamp_of_forecast() if asks_for_forecast(query) else "",
        replace(query, sort=DEFAULT_SORT, columns=DEFAULT_COLUMNS).kept,
    ]
    return "portfolio2:" + sha256("|".join(parts).encode()).hexdigest()


_GROUPS = ("state__band", "state__band_week_ago", "state__tier")


_Totals = dict[
    tuple[str, str, str], list[int]
]  # by band, band before and tier: accounts, MRR, of how many it is known


def _add(totals: _Totals, key: tuple[str, str, str], accounts: int, mrr: int, known: int) -> None:
    total = totals.setdefault(key, [0, 0, 0])
    total[:] = [total[0] + accounts, total[1] + mrr, total[2] + known]


def _slices(totals: _Totals) -> list[Slice]:
    return [Slice(*key, n, mrr, sure) for key, (n, mrr, sure) in totals.items() if n]


def _money(slices: Sequence[Slice]) -> int | None:
    """The sum of what is known; None where that is nothing, and not all is."""
    total = sum(s.mrr for s in slices)
    return None if not total and any(s.known < s.accounts for s in slices) else total


def _grouped(accounts: QuerySet[Account]) -> list[Slice]:
    groups = (
        accounts.order_by()
        .values_list(*_GROUPS)
        .annotate(Count("pk"), Sum("state__mrr"), Count("state__mrr"))
    )
    return [
        Slice(b or Band.UNKNOWN, before or "", t or "", n, m or 0, sure)
        for b, before, t, n, m, sure in groups
    ]


def _whole_book() -> list[Slice]:
    """All customers at once: from the index of states alone, less those of accounts no longer shown."""
    fields = ("band", "band_week_ago", "tier")
    gone = Account.objects.filter(Q(deleted_at__isnull=False) | Q(merged_into__isnull=False))
    every = (
        AccountState.objects.order_by().values_list(*fields).annotate(Count("pk"), Sum("mrr"), Count("mrr"))
    )
    totals: _Totals = {}
    for b, before, t, n, m, sure in every:
        _add(totals, (b, before, t), n, m or 0, sure)
    for b, before, t, n, m, sure in every.filter(Q(pk__in=gone.values("pk")) | Q(stage=CHURNED)):
        _add(totals, (b, before, t), -n, -(m or 0), -sure)
    slices = _slices(totals)
    unscored = Account.objects.filter(
        deleted_at__isnull=True, merged_into__isnull=True, state__isnull=True
    ).count()
    return [*slices, Slice(Band.UNKNOWN, "", "", unscored, 0, 0)] if unscored else slices


def _unmoved(slices: Sequence[Slice], accounts: QuerySet[Account]) -> list[Slice]:
    """A band set by hand is no movement of the week: those accounts count before where they count now."""
    totals: _Totals = {}
    for one in slices:
        _add(totals, (one.band, one.before, one.tier), one.accounts, one.mrr, one.known)
    for one in _grouped(accounts.filter(pk__in=by_hand())):
        _add(totals, (one.band, one.before, one.tier), -one.accounts, -one.mrr, -one.known)
        _add(totals, (one.band, one.before and one.band, one.tier), one.accounts, one.mrr, one.known)
    return _slices(totals)


def distribution(member: Member, query: Query, *, today: date, unit: int, anew: bool = False) -> list[Slice]:
    """Accounts and MRR of a view by band, band a week ago and tier, whatever band and tier are chosen.

    Counted at most every ten minutes per scope and filter, and at once after a scoring.
    """
    rest = query.without("band", "tier")

    def count() -> list[Slice]:
        if member.scope == Scope.ALL and member.is_active and not rest.filtered:
            shown = visible_accounts(member).exclude(state__stage=CHURNED)
            return _unmoved(_whole_book(), shown)
        accounts = filtered_accounts(member, rest, today=today, unit=unit)
        return _unmoved(_grouped(accounts), accounts)

    return _kept(_count_key(member, rest, today), count, anew)


def band_strip(slices: Sequence[Slice], tiers: Sequence[str] = ()) -> list[BandCount]:
    """The strip of bands, worst first, for the tiers chosen (none: all). Who came within the week stood in none before;
    where nobody has a band of a week ago, nothing is called a movement."""
    chosen = [s for s in slices if not tiers or (s.tier or NONE) in tiers]
    total = sum(s.accounts for s in chosen)
    compared = any(s.before for s in slices)
    strip = []
    for band in BANDS:
        now = [s for s in chosen if s.band == band]
        n = sum(s.accounts for s in now)
        before = sum(s.accounts for s in chosen if (s.before if compared else s.band) == band)
        strip.append(BandCount(band, n, before, n / total if total else 0.0, _money(now)))
    return strip


def total_accounts(slices: Sequence[Slice], query: Query) -> int:
    """How many accounts the table holds over all its pages."""
    bands, tiers = query.choices.get("band", ()), query.choices.get("tier", ())
    return sum(
        s.accounts
        for s in slices
        if (not bands or s.band in bands) and (not tiers or (s.tier or NONE) in tiers)
    )


def count_tiers(
    slices: Sequence[Slice], query: Query, order: Sequence[str], changes: Mapping[str, int]
) -> list[TierCount]:
    """Accounts and revenue of a view by tier in their order, whatever tier is chosen, so that the long tail stays in
    view; ``changes`` of MRR over 90 days by tier."""
    bands = query.choices.get("band", ())
    chosen = [s for s in slices if not bands or s.band in bands]
    total = sum(s.mrr for s in chosen)
    names = [*order, *sorted({s.tier for s in slices if s.tier} - set(order))]
    names += [""] if any(not s.tier for s in slices) else []
    counts = []
    for name in names:
        own = [s for s in chosen if s.tier == name]
        mrr = _money(own)
        counts.append(
            TierCount(
                name,
                sum(s.accounts for s in own),
                mrr,
                (mrr or 0) / total if total else 0.0,
                changes.get(name, 0),
            )
        )
    return counts


def read_shifts(member: Member, query: Query, *, today: date, unit: int, anew: bool = False) -> Shifts:
    """What moved among the accounts of a view; by tier whatever tier is chosen. Kept like :func:`distribution`."""
    tiers, every = query.choices.get("tier", ()), query.without("tier")

    def find() -> Shifts:
        moved: list[tuple[int, int]] = []
        ids: dict[str, list[int]] = {}
        accounts = filtered_accounts(member, every, today=today, unit=unit).order_by()
        for pk, tier, change in accounts.values_list("pk", "state__tier", "state__change"):
            ids.setdefault(tier or "", []).append(pk)
            if change and (not tiers or (tier or NONE) in tiers):
                moved.append((change, pk))
        ranks = read_ranks()
        totals = {t: ranks.total("mrr_change_90", np.array(pks, dtype=np.int64)) for t, pks in ids.items()}
        fell = nsmallest(MOVERS, (one for one in moved if one[0] < 0))
        rose = nsmallest(MOVERS, ((-change, pk) for change, pk in moved if change > 0))
        return Shifts(
            [pk for _c, pk in fell], [pk for _c, pk in rose], {t: round(v) for t, v in totals.items()}
        )

    return _kept(f"{_count_key(member, query, today)}:{stamp_of_ranks()}", find, anew)


def read_movers(member: Member, shifts: Shifts) -> tuple[list[Account], list[Account]]:
    """Those who fell and rose most, as they stand now, within the member's scope."""
    found = (
        visible_accounts(member)
        .select_related("state")
        .defer(*_HEAVY, "state__metrics")
        .in_bulk([*shifts.fell, *shifts.rose])
    )
    return [found[pk] for pk in shifts.fell if pk in found], [found[pk] for pk in shifts.rose if pk in found]


def _distinct(member: Member, field: str) -> list[str]:
    return list(
        visible_accounts(member)
        .exclude(**{field: ""})
        .order_by(field)
        .values_list(field, flat=True)
        .distinct()[:200]
    )


def _sold(member: Member, field: str) -> list[str]:
    sold = Record.objects.filter(
        kind="subscription", deleted_at__isnull=True, account__in=visible_accounts(member)
    )
    values = sold.order_by().values_list(f"data__{field}", flat=True).distinct()[:200]
    return sorted({str(value) for value in values if value})


def choices_on_offer(member: Member, anew: bool = False) -> dict[str, list[str]]:
    """The values that occur in the member's book, for the filters that have no fixed list."""

    def collect() -> dict[str, list[str]]:
        offered = {field: _distinct(member, field) for field in ("industry", "size", "region")}
        offered |= {field: _sold(member, field) for field in ("product", "plan")}
        return offered | {"tag": tag_names(member)}

    turn = cache.get("portfolio:turn")
    return _kept(f"portfolio:choices:{turn}:{scope_key(member)}", collect, anew)
