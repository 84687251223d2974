"""Who the account is: what stands above every tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.signals.models import AccountState
from enishi.store.kinds import STAGES
from enishi.web.pages.account.known import account_then
from enishi.web.pages.account.words import say

STAGE_TITLES = dict(STAGES)


@dataclass(frozen=True, slots=True)
class Header:
    """Money in minor units of the company's currency; days and seats as of the day shown."""

    account: Account
    stage: str
    owner: Member | None
    tier: str
    band: str
    tenths: int | None
    arr: int | None
    renewal_on: date | None
    renewal_days: int | None
    seats: int | None
    active_users: int | None
    at_stake: int
    last_seen_on: date | None
    last_contact_on: date | None
    merged: list[Account]
    children: list[Account]
    children_total: int

    @property
    def seat_share(self) -> float | None:
        """Share of the seats bought that were used in the last 28 days."""
        if not self.seats or self.active_users is None:
            return None
        return self.active_users / self.seats


def header(
    account: Account, state: AccountState | None, day: date, as_of: date | None, member: Member
) -> Header:
    """The header as it stands; on a past day with the owner and stage known then."""
    then = account_then(account, as_of) if as_of else {}
    owner = account.owner
    if as_of and then.get("owner"):
        owner = Member.objects.filter(email=then["owner"]).first()
    stage = (then.get("stage") if as_of else account.stage) or ""
    children = visible_accounts(member).filter(parent=account).order_by("name_kana", "name")
    renewal = state.renewal_on if state and not as_of else None
    return Header(
        account=account,
        stage=say(STAGE_TITLES[stage]) if stage in STAGE_TITLES else stage,
        owner=owner,
        tier=state.tier if state else "",
        band=state.band if state and not as_of else "",
        tenths=state.tenths if state and not as_of else None,
        arr=12 * state.mrr if state and state.mrr is not None and not as_of else None,
        renewal_on=renewal,
        renewal_days=(renewal - day).days if renewal else None,
        seats=state.seats if state and not as_of else None,
        active_users=state.active_users if state and not as_of else None,
        at_stake=state.at_stake if state and not as_of else 0,
        last_seen_on=state.last_seen_on if state else None,
        last_contact_on=state.last_contact_on if state else None,
        merged=list(Account.objects.filter(merged_into=account)),
        children=list(children[:10]),
        children_total=children.count(),
    )
