"""Whom do we know at the account, and who is missing?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Contact
from enishi.store.kinds import ROLES
from enishi.web.pages.account.known import Person, people_of, records_of

NEEDED = ("decision_maker", "champion")
ORDER = [name for name, _title in ROLES]
LIVELY_DAYS, WARM_DAYS = 45, 120
STRENGTHS = ("strong", "medium", "weak", "none")


@dataclass(slots=True)
class Tie:
    """A person and how well we know them: two-way contacts and the last of each sort."""

    person: Person
    last_two_way: date | None = None
    last_any: date | None = None
    two_way_180: int = 0
    strength: str = "none"

    @property
    def contact(self) -> Contact:
        return self.person.contact


@dataclass(frozen=True, slots=True)
class Map:
    """The people by role, with what is missing. ``threads`` counts people heard of lately."""

    groups: list[tuple[str, list[Tie]]]
    gone: list[Tie]
    missing: list[str]
    threads: int
    known: int
    last_contact: date | None = None
    today: date = field(default_factory=date.today)

    @property
    def single_thread(self) -> bool:
        return self.known > 0 and self.threads <= 1

    @property
    def has_anyone(self) -> bool:
        return bool(self.groups or self.gone)


def people_map(account: Account, as_of: date | None, today: date) -> Map:
    """Everyone known at the account as of a day, ranked by role and by strength of the tie."""
    day = as_of or today
    ties = {person.contact.pk: Tie(person) for person in people_of(account, as_of)}
    last = None
    for contact in records_of(account, as_of, "interaction"):
        on = company_day(contact.happened_at)
        if is_two_way(contact.data):
            last = max(on, last or on)
        tie = ties.get(contact.contact_id or 0)
        if tie:
            _count(tie, on, is_two_way(contact.data), day)
    for tie in ties.values():
        tie.strength = strength_of(tie, day)
    present = [tie for tie in ties.values() if tie.person.present]
    roles = {tie.person.role for tie in present}
    return Map(
        groups=_by_role(present),
        gone=[tie for tie in ties.values() if not tie.person.present],
        missing=[role for role in NEEDED if role not in roles],
        threads=sum(tie.strength in ("strong", "medium") for tie in present),
        known=len(present),
        last_contact=last,
        today=day,
    )


def is_two_way(data: Mapping[str, Any]) -> bool:
    """As stated; where nobody said, calls, meetings and visits are, as the metrics count it."""
    stated = data.get("two_way")
    return data.get("type") in ("call", "meeting", "visit") if stated is None else bool(stated)


def _count(tie: Tie, on: date, two_way: bool, day: date) -> None:
    tie.last_any = max(on, tie.last_any or on)
    if two_way:
        tie.last_two_way = max(on, tie.last_two_way or on)
        tie.two_way_180 += on > day - timedelta(days=180)


def strength_of(tie: Tie, day: date) -> str:
    """Strong: heard of within 45 days and three times in half a year. Medium: within 120 days. Weak: ever."""
    if tie.last_two_way is None:
        return "weak" if tie.last_any else "none"
    age = (day - tie.last_two_way).days
    if age <= LIVELY_DAYS and tie.two_way_180 >= 3:
        return "strong"
    return "medium" if age <= WARM_DAYS else "weak"


def _by_role(ties: list[Tie]) -> list[tuple[str, list[Tie]]]:
    groups: dict[str, list[Tie]] = defaultdict(list)
    for tie in ties:
        groups[tie.person.role].append(tie)
    rank = {name: place for place, name in enumerate(STRENGTHS)}
    for found in groups.values():
        found.sort(key=lambda tie: (rank[tie.strength], tie.contact.pk))
    order = {name: place for place, name in enumerate(ORDER)}
    return sorted(groups.items(), key=lambda item: order.get(item[0], len(order)))
