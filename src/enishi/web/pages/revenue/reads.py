"""Revenue's movements within the scope of the member who asks, cut to a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pandas as pd
from django.core.cache import cache
from django.utils.translation import gettext as _

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member
from enishi.kit.home import Home
from enishi.metrics.api import FactSettings, duckdb_facts
from enishi.metrics.cohorts import renewals_due
from enishi.metrics.periods import Period, add_months, period_of
from enishi.metrics.revenue import movements, retention, without_rate
from enishi.metrics.subscriptions import subscription_periods
from enishi.segments.api import last_tiers, shown_tiers, tier_titles
from enishi.store.api import Published
from enishi.store.kinds import STAGES
from enishi.web.asking import numbers_in
from enishi.web.pages.portfolio.reads import choices_on_offer
from enishi.web.pages.portfolio.words import product_words, stage_words, tier_words
from enishi.web.pages.revenue.query import COUNTS, Query
from enishi.web.pages.revenue.then import FIELDS, ids_on, values_on
from enishi.web.words import person

KEEP_SECONDS = 3600
UNSET = ""
_CONTRACTS = ("record_subscription", "record_exchange_rate", "merge")  # what stretches are read from
LEFT_UNDER = {"tier": UNSET, "stage": "churned"}
"""Under which value customers who left may stand, whatever they were before: the others then hold survivors alone."""


@dataclass(frozen=True, slots=True)
class Book:
    """What a view is computed from: the movements of the accounts in view, at account level.

    Args:
        moves: of :func:`enishi.metrics.revenue.movements`, only accounts in scope and in the segment.
        groups: account -> value of the chosen dimension; empty for none and for what is sold.
    """

    moves: pd.DataFrame
    groups: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Contracts whose money nobody can convert, and the currencies without a rate."""

    contracts: int
    currencies: tuple[str, ...]


def read_stretches(known_on: date) -> tuple[str, pd.DataFrame]:
    """Every stretch of unchanged terms as known at the end of a day, and a stamp of what it was read from: use that
    keeps coming in does not change it."""
    company, home = get_company(), Home.from_environment()
    published = Published(home)
    stamp = f"{max(published.changed(table) for table in _CONTRACTS)}:{company.currency}:{known_on}"
    key = f"revenue:stretches:{stamp}"
    found: pd.DataFrame | None = cache.get(key)
    if found is None:
        with duckdb_facts(home, FactSettings(currency=company.currency)) as facts:
            found = subscription_periods(facts, known_on)
        cache.set(key, found, KEEP_SECONDS)
    return stamp, found


def read_lacking(member: Member, known_on: date, today: date) -> Lacking | None:
    """The contracts in scope that are left out for want of an exchange rate; None where there are none."""
    lacking = without_rate(read_stretches(known_on)[1])[1]
    lacking = lacking[lacking["account_id"].isin(ids_on(member, known_on, today))]
    if lacking.empty:
        return None
    return Lacking(int(lacking["record_id"].nunique()), tuple(sorted(lacking["currency"].dropna().unique())))


def read_moves(level: Literal["account", "product", "plan"], known_on: date) -> pd.DataFrame:
    """All movements of the company, as known at the end of a day; of plans, the plan stands as ``product``."""
    stamp, stretches = read_stretches(known_on)
    key = f"revenue:moves:{level}:{stamp}"
    moves: pd.DataFrame | None = cache.get(key)
    if moves is None:
        if level == "plan":
            moves = movements(stretches.assign(product=stretches["plan"]), "product")
        else:
            moves = movements(stretches, level)
        cache.set(key, moves, KEEP_SECONDS)
    return moves


def read_due(member: Member, query: Query, known_on: date, until: date, today: date) -> pd.DataFrame:
    """Renewals due up to a day, of the accounts in view as known at the end of a day."""
    stamp, stretches = read_stretches(known_on)
    key = f"revenue:due:{until}:{stamp}"
    due: pd.DataFrame | None = cache.get(key)
    if due is None:
        plans = stretches.drop_duplicates("record_id", keep="last").set_index("record_id")["plan"]
        due = renewals_due(stretches, until)
        due = due.assign(plan=due["record_id"].map(plans))
        cache.set(key, due, KEEP_SECONDS)
    due = due[due["account_id"].isin(ids_on(member, known_on, today))]
    if not query.segment:
        return due
    if query.sold:
        return due[due[query.by].fillna(UNSET) == _value(query.segment)]
    groups = group_accounts(member, query.by, known_on, today)
    return due[due["account_id"].map(groups) == _value(query.segment)]


def group_accounts(member: Member, dimension: str, known_on: date, today: date) -> dict[int, str]:
    """Account -> value of a dimension, for accounts in scope: of a past day what was known of them then; the owner is
    always today's, and the tier on days of which none is on record, a deleted account's its last."""
    if dimension == "tier":
        held = shown_tiers(known_on).tiers if known_on < today else last_tiers()
    elif dimension == "owner":
        owned = Account.objects.filter(owner__isnull=False).values_list("pk", "owner_id")
        held = {pk: str(owner) for pk, owner in owned}
    elif dimension in FIELDS and known_on < today:
        held = values_on(dimension, known_on)
    elif dimension in FIELDS:
        held = dict(visible_accounts(member).order_by().values_list("pk", dimension))
    else:
        return {}
    return {int(pk): held.get(int(pk)) or UNSET for pk in ids_on(member, known_on, today)}


def segment_values(member: Member, query: Query, known_on: date, today: date) -> list[str]:
    """Every value of the chosen dimension in scope."""
    if not query.sold:
        return sorted(set(group_accounts(member, query.by, known_on, today).values()))
    offered = choices_on_offer(member)[query.by]
    return [*offered, UNSET] if query.segment == "-" else offered


def segment_words(dimension: str, values: list[str]) -> dict[str, str]:
    """Titles of a dimension's values in the reader's language."""
    words: Mapping[str, str] = {}
    if dimension == "tier":
        words = tier_words()
    elif dimension == "stage":
        words = stage_words()
    elif dimension == "product":
        words = product_words(value for value in values if value)
    elif dimension == "owner":
        members = Member.objects.in_bulk(numbers_in(values))
        words = {str(pk): person(one) for pk, one in members.items()}
    return {value: words.get(value, value) or _("Not set") for value in values}


def segment_order(dimension: str, values: list[str]) -> list[str]:
    """Values in the order people expect: tiers and stages as declared, the rest by name, "not set" last."""
    declared = list(tier_titles()) if dimension == "tier" else [name for name, _t in STAGES]
    place = {name: index for index, name in enumerate(declared)} if dimension in ("tier", "stage") else {}
    return sorted(values, key=lambda v: (v == UNSET, place.get(v, len(place)), v))


def read_book(member: Member, query: Query, known_on: date, today: date) -> Book:
    """The movements a view is about, as known at the end of a day: on a past one also of accounts gone since."""
    level: Literal["account", "product", "plan"] = "account"
    if query.sold:
        level = "plan" if query.by == "plan" else "product"
    moves = read_moves(level, known_on)
    moves = moves[moves["account_id"].isin(ids_on(member, known_on, today))]
    groups = group_accounts(member, query.by, known_on, today) if query.by and not query.sold else {}
    if query.segment and query.sold:
        moves = moves[moves["product"] == _value(query.segment)]
    elif query.segment:
        chosen = [pk for pk, value in groups.items() if value == _value(query.segment)]
        moves = moves[moves["account_id"].isin(chosen)]
    return Book(moves.reset_index(drop=True), groups)


def survivors_alone(dimension: str, book: Book, start: date, end: date) -> bool:
    """Whether customers lost in the span stand under a value of their own: rates of the others would be too good."""
    if dimension not in LEFT_UNDER:
        return False
    values = book.moves["account_id"].map(book.groups).fillna(UNSET)
    left = retention(book.moves[values == LEFT_UNDER[dimension]], start, end)
    return left.stayed < left.customers


def _value(segment: str) -> str:
    return UNSET if segment == "-" else segment


def running(query: Query, today: date) -> list[Period]:
    """The periods of a view, oldest first; the last one runs and is cut after today."""
    fiscal = get_company().fiscal_year_start
    current = period_of(today, query.kind, fiscal)  # type: ignore[arg-type]
    months = {"month": 1, "quarter": 3, "year": 12}[query.kind]
    found = [
        period_of(add_months(current.start, -months * back), query.kind, fiscal)  # type: ignore[arg-type]
        for back in range(COUNTS[query.kind] - 1, 0, -1)
    ]
    return [*found, Period(current.start, today + timedelta(days=1), current.title)]


def names_of(ids: list[int]) -> dict[int, str]:
    return dict(Account.objects.filter(pk__in=ids).values_list("pk", "name"))
