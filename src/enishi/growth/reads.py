"""What the pages read, within the scope of the person who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.accounts.search import named
from enishi.growth.book import Sold, asked_of, catalogue, read_rows, read_sold
from enishi.growth.contracts import Listed, Verdict
from enishi.growth.models import GrowthRun, Propensity, Proposal, Readiness
from enishi.growth.rules import best_of, judge_one
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.api import Published

SORTS = {
    "expected": (F("expected").desc(nulls_last=True), "-weight", F("uplift").desc(nulls_last=True)),
    "probability": (F("probability").desc(nulls_last=True),),
    "uplift": (F("uplift").desc(nulls_last=True),),
    "on": ("on",),
    "since": ("since",),
    "weight": ("-weight", F("uplift").desc(nulls_last=True)),
    "name": ("account__name_kana", "account__name"),
    "mrr": (F("account__state__mrr").desc(nulls_last=True),),
}
WHENS = {"now": 0, "30": 30, "90": 90, "180": 180}
KEEP_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is shown. ``every``: also offers that are not the first of their customer."""

    offer: str = ""
    owner: str = ""
    tier: str = ""
    when: str = ""
    search: str = ""
    every: bool = False
    sort: str = "expected"
    down: bool = False


def list_ready(member: Member, wanted: Wanted, today: date) -> QuerySet[Readiness]:
    """Who is ready for what, best first; without what has been decided since the judging."""
    rows = Readiness.objects.filter(account__in=visible_accounts(member)).select_related(
        "account__owner", "account__state", "model"
    )
    if wanted.offer:
        rows = rows.filter(offer=wanted.offer)
    elif not wanted.every:
        rows = rows.filter(Q(first=True) | Q(status=Readiness.Status.LATER))
    if wanted.owner:
        rows = (
            rows.filter(account__owner=int(wanted.owner))
            if wanted.owner.isdecimal()
            else rows.filter(account__owner=None)
        )
    if wanted.tier:
        rows = rows.filter(account__state__tier=wanted.tier)
    if wanted.when == "now":
        rows = rows.filter(status=Readiness.Status.READY)
    elif wanted.when in WHENS:
        rows = rows.filter(on__lte=date.fromordinal(today.toordinal() + WHENS[wanted.when]))
    if wanted.search:
        rows = rows.filter(named(wanted.search, "account__"))
    order = SORTS.get(wanted.sort, SORTS["expected"])
    ordered = rows.exclude(_decided(today)).order_by(*order, "pk")
    return ordered.reverse() if wanted.down else ordered


def _decided(today: date) -> Q:
    """Rows whose customer has an offer under discussion, or whose offer rests, by what was decided since."""
    decided = Proposal.objects.filter(account=OuterRef("account"), undone_at=None)
    open_now = decided.filter(status=Proposal.Status.OPEN)
    closed = Q(status__in=(Proposal.Status.WON, Proposal.Status.LOST), closed_on__gte=OuterRef("day"))
    resting = decided.filter(Q(until__gt=today) | closed, offer=OuterRef("offer"))
    return Q(Exists(open_now)) | Q(Exists(resting))


def totals(rows: QuerySet[Readiness]) -> dict[str, Any]:
    """How many customers, and what a year brings: money where a probability is known."""
    found = rows.order_by().aggregate(expected=Sum("expected"), uplift=Sum("uplift"))
    return {**found, "accounts": rows.order_by().values("account").distinct().count(), "rows": rows.count()}


def last_run() -> GrowthRun | None:
    return GrowthRun.objects.filter(finished_at__isnull=False).first()


def fits() -> dict[str, Propensity]:
    """The fit in use of each kind."""
    return {row.kind: row for row in Propensity.objects.filter(in_use=True)}


def offer_titles() -> dict[str, Text]:
    return {offer.slug: offer.title for offer in catalogue()}


def list_proposals(member: Member, status: str = "", account: int | None = None) -> QuerySet[Proposal]:
    """What was decided about offers, newest first."""
    rows = Proposal.objects.filter(account__in=visible_accounts(member), undone_at=None)
    rows = rows.filter(status=status) if status in Proposal.Status.values else rows
    rows = rows.filter(account=account) if account is not None else rows
    return rows.select_related("account", "member", "task")


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the offers made: how many, won, lost, still open; of those won how many the contracts show, and the
    MRR they brought."""

    made: int
    won: int
    lost: int
    open: int
    seen: int
    amount: int

    @property
    def rate(self) -> float | None:
        closed = self.won + self.lost
        return self.won / closed if closed else None


def record_by_offer(member: Member) -> dict[str, Record]:
    """The record of each offer within the member's scope."""
    found: dict[str, dict[str, int]] = {}
    rows = list_proposals(member).exclude(status=Proposal.Status.SET_ASIDE).order_by()
    for offer, status, seen, amount in rows.values_list("offer", "status", "seen_on", "amount"):
        one = found.setdefault(offer, dict.fromkeys(("made", "won", "lost", "open", "seen", "amount"), 0))
        one["made"] += 1
        one[status] += 1
        one["seen"] += seen is not None
        one["amount"] += (amount or 0) if status == Proposal.Status.WON else 0
    return {offer: Record(**one) for offer, one in found.items()}


def sold_now(today: date) -> Sold:
    """What the contracts say today, kept until they change."""
    published = Published(Home.from_environment())
    stamp = max(
        published.changed(table) for table in ("record_subscription", "record_exchange_rate", "merge")
    )
    key = f"growth:sold:{stamp}:{today}"
    found: Sold | None = cache.get(key)
    if found is None:
        found = read_sold(today)
        cache.set(key, found, KEEP_SECONDS)
    return found


@dataclass(frozen=True, slots=True)
class Chance:
    """An offer to one customer: the verdict, and what the last judging stored of it, if it is ready."""

    offer: Listed
    verdict: Verdict
    row: Readiness | None


def chances_of(account: Account, today: date) -> tuple[list[Chance], Chance | None]:
    """Every offer of the catalogue for an account, each with its reasons, and the one to make next (None: none). The caller
    has checked that the account may be seen."""
    offers = catalogue()
    sold = sold_now(today)
    rows = read_rows(sold, offers, today, account=account.pk)
    if rows.empty:
        return [], None
    stored = {row.offer: row for row in Readiness.objects.filter(account=account).select_related("model")}
    asked = asked_of(sold, offers, today)
    rows = _with_extended(rows, stored)
    found = [Chance(offer, judge_one(offer, rows, asked), stored.get(offer.slug)) for offer in offers]
    entries = [(one.verdict, one.row.expected if one.row else None, one.offer.body.priority) for one in found]
    best = best_of(entries)
    return found, found[best] if best is not None else None


def _with_extended(rows: Any, stored: Mapping[str, Readiness]) -> Any:
    """The growth of extended use as the last judging saw it: it is read from all usage, not for one page."""
    signs = [sign for row in stored.values() for sign in row.signs if sign["id"] == "extended_features"]
    if not signs or signs[0].get("value") is None:
        return rows
    from enishi.definitions.offers import EXTENDED_USE

    return rows.assign(**{EXTENDED_USE: float(signs[0]["value"])})
