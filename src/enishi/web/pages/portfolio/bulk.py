"""One change for many accounts at once, within the member's scope and rights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from enishi.accounts.access import visible_accounts
from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Member
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT
from enishi.work.access import check_may_act, check_may_lead
from enishi.work.api import HandOver, hand_over

MOST = 500


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the accounts chosen; the others were already so.

    Args:
        changed: how many were changed.
        refused: how many were not, as they lie outside the member's view or cannot take the value.
    """

    changed: int
    refused: int


def _chosen(member: Member, ids: Sequence[int]) -> list[Account]:
    """The accounts among ``ids`` that the member may see."""
    if not ids or len(ids) > MOST:
        message = Text(
            f"Choose between 1 and {MOST} accounts; {len(ids)} were chosen.",
            f"対象は1〜{MOST}社で選択してください({len(ids)}社が選択されています)。",
        )
        raise EnishiError("bad_selection", message)
    return list(visible_accounts(member).filter(pk__in=list(ids)).select_related("owner").order_by("pk"))


def _done(ids: Sequence[int], accounts: Sequence[Account], changed: int, rejected: int = 0) -> Done:
    return Done(changed, len(set(ids)) - len(accounts) + rejected)


def _state(member: Member, ids: Sequence[int], now: datetime, **values: str) -> Done:
    """Save the same values for many accounts through the one door for records."""
    accounts = _chosen(member, ids)
    by_source: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        by_source[account.source].append(account)
    changed = rejected = 0
    for source, own in by_source.items():
        rows = [{"id": account.outside_id, **values} for account in own]
        results = save_records(ACCOUNT, rows, source=source, actor=member, now=now)
        changed += sum(result.status == "updated" for result in results)
        rejected += sum(result.status == "rejected" for result in results)
    return _done(ids, accounts, changed, rejected)


@transaction.atomic
def assign_owner(
    member: Member, ids: Sequence[int], owner: Member, *, now: datetime
) -> tuple[Done, HandOver | None]:
    """Give accounts to another person, and what of it can be taken back. Managers and administrators only."""
    check_may_lead(member)
    accounts = _chosen(member, ids)
    subject = accounts[0] if len(accounts) == 1 else ACCOUNT.name
    made = hand_over(member, accounts, owner, now=now, subject=subject)
    return _done(ids, accounts, len(made.numbers) if made else 0), made


@transaction.atomic
def set_stage(member: Member, ids: Sequence[int], stage: str, *, now: datetime) -> Done:
    """Move accounts to a lifecycle stage."""
    check_may_act(member)
    return _state(member, ids, now, stage=stage)


@transaction.atomic
def set_tier(member: Member, ids: Sequence[int], tier: str, reason: str, *, now: datetime) -> Done:
    """Pin accounts to a tier, or with ``tier`` empty give them back to the rules. Managers and administrators."""
    from enishi.segments.api import pin_tier, unpin_tier

    check_may_lead(member)
    accounts = _chosen(member, ids)
    for account in accounts:
        if tier:
            pin_tier(account, tier, member=member, reason=reason, now=now)
        else:
            unpin_tier(account, member=member, now=now)
    return _done(ids, accounts, len(accounts))


@transaction.atomic
def make_tasks(
    member: Member,
    ids: Sequence[int],
    title: str,
    due_on: date | None,
    assignee: Member | None,
    *,
    now: datetime,
) -> Done:
    """One task per account; it goes to the account's owner where no assignee is given."""
    from enishi.work.api import create_task

    check_may_act(member)
    accounts = _chosen(member, ids)
    for account in accounts:
        create_task(
            member, account.pk, title, now=now, due_on=due_on, assignee=assignee or account.owner or member
        )
    return _done(ids, accounts, len(accounts))


@transaction.atomic
def snooze_all(
    member: Member, ids: Sequence[int], until: date, reason: str, *, today: date, now: datetime
) -> Done:
    """Hide accounts from the member's own Today page until a day, or until something new is true of them."""
    from enishi.work.api import snooze

    check_may_act(member)
    accounts = _chosen(member, ids)
    for account in accounts:
        snooze(member, account.pk, until, today=today, now=now, reason=reason)
    return _done(ids, accounts, len(accounts))


@transaction.atomic
def bring_back(member: Member, at: datetime, *, now: datetime) -> Done:
    """Take back what the member put aside at one go at an instant."""
    from enishi.work.api import Attention, undo

    check_may_act(member)
    held = Attention.objects.filter(member=member, made_at=at, undone_at=None)
    ids = [undo(member, one.pk, now=now).account_id for one in held]
    return Done(len(ids), 0)


def assignable(member: Member, ids: Sequence[int]) -> list[Member]:
    """Those to whom a task about each of the accounts chosen can be given."""
    from enishi.work.api import members_seeing_all

    check_may_act(member)
    return list(members_seeing_all(visible_accounts(member).filter(pk__in=list(ids))))


def tag_all(member: Member, ids: Sequence[int], name: str, *, now: datetime) -> Done:
    """Put a tag on accounts."""
    from enishi.work.api import add_tag

    check_may_act(member)
    accounts = _chosen(member, ids)
    return _done(ids, accounts, add_tag(member, accounts, name, now=now))


def untag_all(member: Member, ids: Sequence[int], name: str) -> Done:
    """Take a tag off accounts."""
    from enishi.work.api import remove_tag

    check_may_act(member)
    accounts = _chosen(member, ids)
    return _done(ids, accounts, remove_tag(member, accounts, name))
