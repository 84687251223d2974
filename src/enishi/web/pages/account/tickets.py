"""The account's tickets: open ones first, with age, severity and tone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import ngettext

from enishi.accounts.company import company_zone
from enishi.accounts.models import Account
from enishi.kit.clock import end_of_day
from enishi.web.pages.account.known import Known, records_of

SEVERE = ("high", "urgent")
DAYS_FROM = 72  # hours; what lasts longer is said in days
RANK = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as known: hours are to its resolution, or until now where it is open."""

    known: Known
    opened_at: datetime
    resolved_at: datetime | None
    hours: float

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def severity(self) -> str:
        return str(self.known.data.get("severity") or "normal")

    @property
    def is_severe(self) -> bool:
        return self.severity in SEVERE

    @property
    def tone(self) -> str:
        """The tone its source gave it, of the words texts are judged in: negative up to -0.3, positive from 0.3; empty
        where the source gives none."""
        value = self.known.data.get("tone")
        if value is None:
            return ""
        return "negative" if value <= -0.3 else "positive" if value >= 0.3 else "neutral"

    @property
    def lasting(self) -> str:
        return say_hours(self.hours)

    @property
    def data(self) -> Any:
        return self.known.data


@dataclass(frozen=True, slots=True)
class Tickets:
    """Counts over all, and the chosen list."""

    items: list[Ticket]
    open: int
    severe_open: int
    opened_90: int
    total: int
    median_hours: float | None

    @property
    def usual(self) -> str:
        return "" if self.median_hours is None else say_hours(self.median_hours)


def say_hours(hours: float) -> str:
    """How long something took, in minutes, hours or days, whichever reads best."""
    if hours < 1:
        return ngettext("%(n)s minute", "%(n)s minutes", round(hours * 60)) % {"n": round(hours * 60)}
    if hours < DAYS_FROM:
        return ngettext("%(n)s hour", "%(n)s hours", round(hours)) % {"n": round(hours)}
    days = round(hours / 24)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": f"{days:,}"}


def tickets_of(account: Account, as_of: date | None, now: datetime, only: str = "") -> Tickets:
    """Open tickets first by severity and age, then resolved ones, newest first; ages as of the end of a past day."""
    now = end_of_day(as_of, company_zone()) if as_of else now
    found = [_ticket(known, now) for known in records_of(account, as_of, "ticket")]
    is_open = [ticket for ticket in found if ticket.is_open]
    resolved = sorted(ticket.hours for ticket in found if not ticket.is_open)
    is_open.sort(key=lambda ticket: (RANK.get(ticket.severity, 2), ticket.opened_at))
    chosen = is_open if only == "open" else [*is_open, *(one for one in found if not one.is_open)]
    return Tickets(
        items=chosen,
        open=len(is_open),
        severe_open=sum(ticket.is_severe for ticket in is_open),
        opened_90=sum((now - ticket.opened_at).days < 90 for ticket in found),
        total=len(found),
        median_hours=resolved[len(resolved) // 2] if resolved else None,
    )


def _ticket(known: Known, now: datetime) -> Ticket:
    opened = known.instant("opened_at") or known.happened_at
    resolved = known.instant("resolved_at")
    return Ticket(known, opened, resolved, max(0.0, ((resolved or now) - opened).total_seconds() / 3600))
