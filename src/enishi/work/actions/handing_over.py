"""Customers given by an owner to another, or to nobody, and taken back. The audit line keeps who held which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from enishi.accounts.actions import save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Account, AuditLine, Member
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT
from enishi.work.access import check_may_own, may_act, may_lead

VERB = "accounts_handed_over"


@dataclass(frozen=True, slots=True)
class HandOver:
    """One hand-over. ``held``: the mail address of each owner before (empty: nobody) with the numbers of the accounts."""

    line: AuditLine
    held: dict[str, list[int]]

    @property
    def to(self) -> str:
        return str(self.line.detail["to"])

    @property
    def numbers(self) -> list[int]:
        return [number for numbers in self.held.values() for number in numbers]

    def still_held(self) -> list[Account]:
        """The accounts that nobody has given to another since."""
        there = Account.objects.filter(pk__in=self.numbers, deleted_at=None, merged_into=None)
        owned = there.filter(owner__email__iexact=self.to) if self.to else there.filter(owner=None)
        return list(owned.select_related("owner"))

    def owners(self) -> dict[str, Member | None]:
        """To whom accounts can be given back, by mail address: not to those who may no longer look after any."""
        found = Member.objects.filter(email__in=[mail for mail in self.held if mail])
        nobody: dict[str, Member | None] = {"": None} if "" in self.held else {}
        return nobody | {one.email: one for one in found if may_act(one)}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many accounts went back, and how many did not: given on since, or to one who may no longer hold them."""

    moved: int
    kept: int


@transaction.atomic
def hand_over(
    actor: Member,
    accounts: Iterable[Account],
    heir: Member | None,
    *,
    now: datetime,
    subject: Member | Account | str = ACCOUNT.name,
) -> HandOver | None:
    """Give accounts to a member (or to nobody) through the door of records; None where they were there already.

    Args:
        accounts: as they stand now, with their owners.
        subject: whom or what the audit line is about.
    """
    if heir:
        check_may_own(heir)
    moved = _state_owner(actor, accounts, heir, now)
    if not moved:
        return None
    held: dict[str, list[int]] = defaultdict(list)
    for account in moved:
        held[account.owner.email if account.owner else ""].append(account.pk)
    detail = {
        "accounts": len(moved),
        "from": next(iter(held)) if len(held) == 1 else list(held),
        "to": heir.email if heir else "",
        "held": held,
    }
    return HandOver(write_audit(actor, VERB, subject, detail=detail), held)


def _state_owner(
    actor: Member, accounts: Iterable[Account], heir: Member | None, now: datetime
) -> list[Account]:
    by_source: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        by_source[account.source].append(account)
    moved = []
    for source, own in by_source.items():
        rows = [{"id": account.outside_id, "owner": heir.email if heir else None} for account in own]
        results = save_records(ACCOUNT, rows, source=source, actor=actor, now=now, told=False)
        moved += [account for account, result in zip(own, results, strict=True) if result.status == "updated"]
    return moved


def find_hand_over(member: Member, number: int) -> HandOver:
    """A hand-over by the number of its line: administrators see each, others who lead their own."""
    line = AuditLine.objects.filter(pk=number, verb=VERB, detail__has_key="held").first()
    if line is None or not (member.role == "admin" or (may_lead(member) and line.member_id == member.pk)):
        raise NotFound("unknown_hand_over", Text("There is no such hand-over.", "この引き継ぎはありません。"))
    return HandOver(line, line.detail["held"])


def hand_overs_of(member: Member, most: int = 3) -> list[HandOver]:
    """The last hand-overs of a member's accounts that can be looked at, newest first."""
    lines = AuditLine.objects.filter(verb=VERB, target_kind="member", target_id=str(member.pk))
    return [HandOver(line, line.detail["held"]) for line in lines.filter(detail__has_key="held")[:most]]


@transaction.atomic
def take_back(actor: Member, made: HandOver, *, now: datetime) -> TakenBack:
    """Give the accounts of a hand-over back to whom they belonged, where they are still where it put them."""
    held, moved = made.still_held(), 0
    for mail, owner in made.owners().items():
        numbers = set(made.held[mail])
        back = hand_over(
            actor,
            [one for one in held if one.pk in numbers],
            owner,
            now=now,
            subject=owner or ACCOUNT.name,
        )
        moved += len(back.numbers) if back else 0
    return TakenBack(moved, len(made.numbers) - moved)
