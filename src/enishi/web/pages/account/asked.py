"""What the address of an account page asks for: whose page, which tab, as of which day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from enishi.accounts.access import access_account
from enishi.accounts.models import Account, Member
from enishi.web.asking import day_in


@dataclass(frozen=True, slots=True)
class Asked:
    """``as_of`` is None for now; ``day`` is the day shown."""

    member: Member
    account: Account
    as_of: date | None
    today: date
    now: datetime
    query: Mapping[str, str]

    @property
    def day(self) -> date:
        return self.as_of or self.today

    @property
    def as_of_text(self) -> str:
        return self.as_of.isoformat() if self.as_of else ""

    @property
    def unread_day(self) -> str:
        """What the address names as its day and is no past one; empty for today."""
        stated = self.query.get("as_of", "").strip()[:40]
        return "" if self.as_of or stated == self.today.isoformat() else stated


def read_day(text: str, today: date) -> date | None:
    """A past day; None for today, for the future and for what is no day."""
    day = day_in(text)
    return day if day is not None and day < today else None


def asked_day(query: Mapping[str, str], today: date) -> date | None:
    """The past day an address asks for."""
    return read_day(query.get("as_of", ""), today)


def find_survivor(member: Member, number: int) -> tuple[Account, Account] | None:
    """A merged account and the one it lives on in, where the member sees that; None where it is not merged."""
    merged = (
        Account.objects.filter(pk=number, merged_into__isnull=False).select_related("merged_into").first()
    )
    if merged is None:
        return None
    survivor = merged
    while survivor.merged_into:
        survivor = survivor.merged_into
    return merged, access_account(member, survivor.pk)
