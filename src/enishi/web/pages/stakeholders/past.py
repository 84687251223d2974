"""What changed about people over time: role, title, department, account; as far as it was known on the day shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import RecordVersion
from enishi.kit.clock import end_of_day
from enishi.kit.text import Text
from enishi.stakeholders import api as room
from enishi.store.kinds import CONTACT
from enishi.web.pages.account.asked import Asked
from enishi.web.pages.account.words import say

WATCHED = ("role", "title", "department")
ELSEWHERE = Text("a customer outside your view", "閲覧範囲外の顧客企業")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field, and the day from which it was known."""

    on: date
    title: str
    before: str
    after: str


def changes_of(asked: Asked, contacts: Collection[int]) -> dict[int, list[Change]]:
    """Contact -> its changes, newest first."""
    versions = RecordVersion.objects.filter(kind=CONTACT.name, record_id__in=contacts, deleted=False)
    if asked.as_of:
        versions = versions.filter(known_at__lt=end_of_day(asked.as_of, company_zone()))
    rows = versions.order_by("record_id", "pk").values("record_id", "account_id", "known_at", "data")
    earlier: dict[int, Mapping[str, Any]] = {}
    found: dict[int, list[Change]] = defaultdict(list)
    moved: list[tuple[int, date, int | None, int | None]] = []
    for row in rows:
        number, on = row["record_id"], company_day(row["known_at"])
        before = earlier.get(number)
        if before is not None:
            found[number] += _differences(on, before["data"], row["data"])
            if before["account_id"] != row["account_id"]:
                moved.append((number, on, before["account_id"], row["account_id"]))
        earlier[number] = row
    for number, change in _moves(asked, moved):
        found[number].append(change)
    return {
        number: sorted(changes, key=lambda one: one.on, reverse=True) for number, changes in found.items()
    }


def _differences(on: date, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    return [
        Change(
            on, say(CONTACT.field(name).title), _word(name, before.get(name)), _word(name, after.get(name))
        )
        for name in WATCHED
        if (before.get(name) or "") != (after.get(name) or "")
    ]


def _word(name: str, value: Any) -> str:
    if not value:
        return "–"
    return say(room.ROLE_TITLES[value]) if name == "role" and value in room.ROLE_TITLES else str(value)


def _moves(asked: Asked, moved: list[tuple[int, date, int | None, int | None]]) -> list[tuple[int, Change]]:
    """The record itself was put to another account."""
    if not moved:
        return []
    numbers = {number for _contact, _on, *ends in moved for number in ends if number}
    names = dict(visible_accounts(asked.member).filter(pk__in=numbers).values_list("pk", "name"))
    title = say(CONTACT.field("account").title)
    return [
        (contact, Change(on, title, names.get(a or 0, say(ELSEWHERE)), names.get(b or 0, say(ELSEWHERE))))
        for contact, on, a, b in moved
    ]
