"""Who the account is: what stands above every tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache

from enishi.accounts.access import visible_accounts
from enishi.accounts.leaving import Leaving
from enishi.accounts.models import Account, Member
from enishi.metrics.api import panel
from enishi.segments.api import shown_tiers
from enishi.signals.models import AccountState
from enishi.signals.stages import CHURNED
from enishi.web.pages.account.facts import facts_now, stamp_of
from enishi.web.pages.account.known import account_then, named_then, numbers_then
from enishi.web.pages.account.leaving import leaving_badge, leaving_on, leaving_words
from enishi.web.pages.account.revenue import foreign_currencies
from enishi.web.pages.account.words import stage_title

KEPT_SECONDS = 600
METRICS = ("mrr", "seats", "active_users_28", "days_to_renewal", "days_since_contact")


@dataclass(frozen=True, slots=True)
class Header:
    """Money in minor units of the company's currency; days and seats as of the day shown."""

    account: Account
    day: date
    stage: str
    former: bool  # a customer no longer
    owner: Member | None
    tier: str
    tier_of_today: bool  # on a past day of which no tiers are on record
    band: str
    tenths: int | None
    arr: int | None
    renewal_on: date | None
    renewal_days: int | None
    leaving: Leaving | None  # notice has been given
    seats: int | None
    active_users: int | None
    at_stake: int
    unpriced: list[str]  # the currencies for want of whose rates its money is unknown
    last_seen_on: date | None
    last_contact_on: date | None
    merged: list[Account]
    children: list[Account]
    children_total: int

    @property
    def leaving_badge(self) -> str:
        return leaving_badge(self.leaving, self.day) if self.leaving else ""

    @property
    def leaving_words(self) -> str:
        return leaving_words(self.leaving, self.day) if self.leaving else ""

    @property
    def ends_in(self) -> int | None:
        """Days until the last contract under notice ends; None where no end is stated."""
        return (self.leaving.ends_on - self.day).days if self.leaving and self.leaving.ends_on else None

    @property
    def seat_share(self) -> float | None:
        """Share of the seats bought that were used in the last 28 days."""
        if not self.seats or self.active_users is None:
            return None
        return self.active_users / self.seats

    @property
    def unused_seats(self) -> int:
        """Seats bought beyond the people active in the last 28 days."""
        return max(0, (self.seats or 0) - (self.active_users or 0))


@dataclass(frozen=True, slots=True)
class _Figures:
    mrr: int | None = None
    seats: int | None = None
    active_users: int | None = None
    renewal_on: date | None = None
    last_contact_on: date | None = None


def _figures_now(state: AccountState | None) -> _Figures:
    if state is None:
        return _Figures()
    return _Figures(state.mrr, state.seats, state.active_users, state.renewal_on, state.last_contact_on)


def _figures_then(account: Account, day: date) -> _Figures:
    """From the facts as they were known on the day, kept for some minutes: every tab shows them."""
    name = f"figures:{account.pk}:{day}:{stamp_of(day)}"
    found: _Figures | None = cache.get(name)
    if found is None:
        found = _read_figures(account, day)
        cache.set(name, found, KEPT_SECONDS)
    return found


def _read_figures(account: Account, day: date) -> _Figures:
    with facts_now() as facts:
        rows = panel(facts, [day], METRICS, accounts=[account.pk]).to_dict("records")
    row = rows[0] if rows else {}
    mrr, seats, users, renewal, contact = (_whole(row.get(name)) for name in METRICS)
    return _Figures(
        mrr,
        seats,
        users,
        renewal_on=None if renewal is None else day + timedelta(days=renewal),
        last_contact_on=None if contact is None else day - timedelta(days=contact),
    )


def _whole(value: Any) -> int | None:
    return None if value is None or value != value else round(float(value))  # NaN: not known


def header(
    account: Account, state: AccountState | None, day: date, as_of: date | None, member: Member
) -> Header:
    """The header as it stands; on a past day with the owner, stage, revenue, licences and renewal known then."""
    then = account_then(account, as_of) if as_of else {}
    figures = _figures_then(account, as_of) if as_of else _figures_now(state)
    owner = Member.objects.filter(email=then.get("owner") or "").first() if as_of else account.owner
    judged = state.stage if state and not as_of else ""
    stage = judged or (then.get("stage") if as_of else account.stage) or ""
    tiers = shown_tiers(as_of) if as_of else None
    children = _children(account, member, as_of)
    renewal = figures.renewal_on
    leaving = leaving_on([account.pk], day, as_of).get(account.pk)
    return Header(
        account=account,
        day=day,
        stage=stage_title(stage),
        owner=owner,
        tier=tiers.tiers.get(account.pk, "") if tiers else state.tier if state else "",
        tier_of_today=bool(tiers and tiers.today),
        band=state.band if state and not as_of and judged != CHURNED else "",
        former=judged == CHURNED,
        tenths=state.tenths if state and not as_of else None,
        arr=12 * figures.mrr if figures.mrr is not None else None,
        renewal_on=renewal,
        renewal_days=(renewal - day).days if renewal else None,
        leaving=leaving,
        seats=figures.seats,
        active_users=figures.active_users,
        at_stake=state.at_stake if state and not as_of else 0,
        unpriced=_unpriced(account, state, figures, day, as_of),
        last_seen_on=state.last_seen_on if state else None,
        last_contact_on=figures.last_contact_on,
        merged=_merged(account, as_of),
        children=children[:10],
        children_total=len(children),
    )


def _unpriced(
    account: Account, state: AccountState | None, figures: _Figures, day: date, as_of: date | None
) -> list[str]:
    unknown = figures.mrr is None if as_of else bool(state and state.unpriced)
    return foreign_currencies(account, as_of, day) if unknown else []


def _merged(account: Account, as_of: date | None) -> list[Account]:
    """What it has taken in: by now, or by the end of a past day."""
    if as_of is None:
        return list(Account.objects.filter(merged_into=account))
    theirs = Account.objects.filter(pk__in=numbers_then(account, as_of) - {account.pk})
    return [named_then(one, as_of) for one in theirs]


def _children(account: Account, member: Member, as_of: date | None) -> list[Account]:
    """Looked up by their parent first: few have children, and the scope alone would lead through the whole book. On a
    past day those of today that had a parent on record by then."""
    numbers = list(Account.objects.filter(parent=account).values_list("pk", flat=True))
    if not numbers:
        return []
    found = visible_accounts(member).filter(pk__in=numbers).order_by("name_kana", "name")
    if as_of is None:
        return list(found)
    return [named_then(one, as_of) for one in found if account_then(one, as_of).get("parent")]
