"""What the pages read, within the scope of the person who asks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import OrderBy

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member, Scope
from enishi.accounts.remembering import remembered
from enishi.accounts.search import find_named, named
from enishi.forecasts.pricing import Trial
from enishi.forecasts.readiness import HORIZON
from enishi.growth.book import Sold, asked_of, catalogue, read_rows, read_sold
from enishi.growth.contracts import Listed, Verdict
from enishi.growth.models import GrowthRun, Propensity, Proposal, Readiness
from enishi.growth.rules import best_of, judge_one
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.api import Published

SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    "expected": ("-place",),
    "probability": (F("probability").desc(nulls_last=True),),
    "on": ("on",),
    "weight": ("-weight",),
    "name": ("account__name_kana", "account__name"),
}
WHENS = {"now": 0, "30": 30, "90": 90, "180": 180}
_YES, _NO = (
    (True,),
    (False,),
)  # SQLite finds a value in an index, where it does not see that a bare column is one
KEEP_SECONDS = 3600
KEEP_TOTALS = 600
VERSIONS_SHOWN = 6


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
    rows = _asked(wanted, today).filter(Exists(_seen(member, wanted).filter(pk=OuterRef("account_id"))))
    if wanted.search and (few := find_named(wanted.search)) is not None:
        rows = rows.filter(account__in=few)
    ordered = rows.order_by(*SORTS.get(wanted.sort, SORTS["expected"]), "pk")
    return ordered.reverse() if wanted.down else ordered


def numbers_of(member: Member, wanted: Wanted, today: date) -> QuerySet[Any, int]:
    """The numbers of the rows of :func:`list_ready`, in its order."""
    if wanted.sort != "name" or not wanted.offer:
        return list_ready(member, wanted, today).values_list("pk", flat=True)
    # One row an account: the accounts are gone through by the index of their names, each looked up in scope.
    mine = _asked(wanted, today).filter(account=OuterRef("pk")).order_by().values("pk")[:1]
    every = Account.objects.filter(Exists(_seen(member, wanted).filter(pk=OuterRef("pk"))))
    if wanted.search and (few := find_named(wanted.search)) is not None:
        every = every.filter(pk__in=few)
    ordered = every.annotate(row=Subquery(mine)).filter(row__isnull=False).order_by("name_kana", "name", "id")
    return (ordered.reverse() if wanted.down else ordered).values_list("row", flat=True)


def portion_of(
    member: Member, wanted: Wanted, today: date, name: str, read: Callable[[], list[int]]
) -> list[int]:
    """Numbers of a part of the list, kept until the next judging, or ten minutes."""
    run = last_run()
    return remembered(member, "growth", f"{wanted}:{today}:{name}", read, newest=run.pk if run else None)


def standing_of(member: Member, wanted: Wanted, today: date, numbers: list[int]) -> QuerySet[Any, int]:
    """Those of some rows that are on the list now."""
    return list_ready(member, wanted, today).filter(pk__in=numbers).order_by().values_list("pk", flat=True)


def _seen(member: Member, wanted: Wanted) -> QuerySet[Account]:
    seen = visible_accounts(member).order_by()
    if wanted.owner:
        seen = seen.filter(owner=int(wanted.owner) if wanted.owner.isdecimal() else None)
    if wanted.tier:
        seen = seen.filter(state__tier=wanted.tier)
    return seen.filter(named(wanted.search)) if wanted.search else seen


def _asked(wanted: Wanted, today: date) -> QuerySet[Readiness]:
    if wanted.offer:
        rows = Readiness.objects.filter(offer=wanted.offer, hidden__in=_NO)
    elif wanted.every:
        rows = Readiness.objects.filter(hidden__in=_NO)
    else:
        rows = Readiness.objects.filter(shown__in=_YES)
    if wanted.when == "now":
        return rows.filter(status=Readiness.Status.READY)
    if wanted.when in WHENS:
        return rows.filter(on__lte=date.fromordinal(today.toordinal() + WHENS[wanted.when]))
    return rows


_WIDE = ("lines", "changes", "causes", "alerts", "metrics")


def rows_of(numbers: Sequence[int]) -> list[Readiness]:
    """Rows of the list by their numbers, in this order, with what the list shows of their customers."""
    wide = [f"account__state__{name}" for name in _WIDE]
    rows = Readiness.objects.filter(pk__in=list(numbers)).select_related(
        "account__owner", "account__state", "model"
    )
    found = rows.defer(*wide, "account__extra", "account__search", "model__state", "model__report").in_bulk()
    return [found[number] for number in numbers if number in found]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows and customers, and what a year brings: expected margin where a probability is known, and MRR if all
    accepted; minor units."""

    rows: int
    accounts: int
    expected: int | None
    uplift: int | None


def totals(member: Member, wanted: Wanted, today: date) -> Totals:
    """Of a whole view; kept until the next judging or decision."""
    run, last = (
        last_run(),
        Proposal.objects.aggregate(pk=Max("pk"), at=Max("undone_at"), closed=Count("closed_on")),
    )
    whose = "all" if member.scope == Scope.ALL else f"{member.pk}:{member.team_id}:{member.scope}"
    key = f"growth:totals:{run.pk if run else 0}:{last}:{whose}:{wanted}:{today}"
    digest = f"growth:totals:{hashlib.sha256(key.encode()).hexdigest()}"
    found: Totals | None = cache.get(digest)
    if found is None:
        rows = list_ready(member, wanted, today).order_by()
        values = rows.aggregate(
            rows=Count("pk"),
            accounts=Count("account", distinct=True),
            expected=Sum("expected"),
            uplift=Sum("uplift"),
        )
        found = Totals(**values)
        cache.set(digest, found, KEEP_TOTALS)
    return found


def counts_by_offer(member: Member, field: str = "status") -> dict[str, dict[str, int]]:
    """Offer -> how many of the member's customers are ready now and later, as the list filtered by it shows them; or by
    the ``basis`` of what a win would bring."""
    rows = Readiness.objects.filter(
        hidden__in=_NO, account__in=visible_accounts(member).order_by().values("pk")
    )
    found: dict[str, dict[str, int]] = {}
    for offer, value, n in rows.order_by().values_list("offer", field).annotate(n=Count("pk")):
        found.setdefault(offer, {})[value] = n
    return found


def last_run() -> GrowthRun | None:
    return GrowthRun.objects.filter(finished_at__isnull=False).first()


def trials_now() -> dict[str, Trial]:
    """What the last judging found of prices and of the usual share, by kind."""
    run = last_run()
    return {kind: trial_of(found) for kind, found in (run.trials if run else {}).items()}


def trial_of(found: Mapping[str, Any]) -> Trial:
    """A trial as it was kept."""
    price, share = (math.nan if found[name] is None else float(found[name]) for name in ("price", "share"))
    return Trial(found["wins"], price, share)


def fits() -> dict[str, Propensity]:
    """The fit in use of each kind."""
    return {row.kind: row for row in Propensity.objects.filter(in_use=True)}


def versions(most: int = VERSIONS_SHOWN) -> dict[str, list[Propensity]]:
    """The newest fits of each kind, and the one in use."""
    found: dict[str, list[Propensity]] = {}
    for row in (
        Propensity.objects.defer("state").select_related("chosen_by").order_by("kind", "-made_at", "-pk")
    ):
        mine = found.setdefault(row.kind, [])
        if len(mine) < most or row.in_use:
            mine.append(row)
    return found


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


@dataclass(frozen=True, slots=True)
class Came:
    """Of offers made with a probability whose horizon is over: how many, what was said of them on average, and how many were
    won within the horizon."""

    n: int
    said: float | None
    won: int


def said_and_came(member: Member, today: date) -> Came:
    """What was said of offers, beside what came; an offer whose days are not over is neither won nor lost."""
    rows = Proposal.objects.filter(
        account__in=visible_accounts(member), undone_at=None, probability__isnull=False
    )
    rows = rows.exclude(status=Proposal.Status.SET_ASIDE).filter(made_on__lte=today - timedelta(days=HORIZON))
    n, said, won = 0, 0.0, 0
    columns = ("made_on", "seen_on", "closed_on", "status", "probability")
    for made, seen, closed, status, chance in rows.order_by().values_list(*columns):
        on = seen or (closed if status == Proposal.Status.WON else None)
        n, said, won = (
            n + 1,
            said + (chance or 0.0),
            won + (on is not None and on <= made + timedelta(days=HORIZON)),
        )
    return Came(n, said / n if n else None, won)


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
    asked = asked_of(sold, offers, today, trials_now())
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
