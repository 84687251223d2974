"""Who sees which accounts. Every page, export and API read starts here."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member, Scope
from enishi.kit.errors import NotFound
from enishi.kit.text import Text


def visible_accounts(member: Member) -> QuerySet[Account]:
    """The accounts this member may see: living, unmerged, within the member's scope."""
    return _in_scope(Account.objects.filter(deleted_at__isnull=True, merged_into__isnull=True), member)


def _in_scope(accounts: QuerySet[Account], member: Member) -> QuerySet[Account]:
    if not member.is_active:
        return accounts.none()
    if member.scope == Scope.ALL:
        return accounts
    if member.scope == Scope.TEAM and member.team_id:
        return accounts.filter(owner__team_id=member.team_id)
    return accounts.filter(owner=member)


def visible_in_past(member: Member) -> set[int]:
    """Numbers of the accounts this member may see on a past day: also those merged or deleted since.

    Judged by today: who sees the account that took another in sees what that one was; a deleted account is seen by
    whom its last owner makes see it. Whether an account stood on the day is for the facts to say.
    """
    seen = set(
        _in_scope(Account.objects.filter(merged_into__isnull=True), member).values_list("pk", flat=True)
    )
    merged = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    lead = {number: survivor for number, survivor in merged if survivor is not None}
    return seen | {number for number in lead if _end_of_chain(number, lead) in seen}


def _end_of_chain(number: int, lead: dict[int, int]) -> int:
    passed = {number}
    while number in lead and lead[number] not in passed:
        number = lead[number]
        passed.add(number)
    return number


def access_on_day(member: Member, account_id: int, day: date) -> Account:
    """One account as it may be seen on a past day: also one deleted after it. :class:`NotFound` otherwise."""
    account = Account.objects.filter(pk=account_id, merged_into=None, deleted_at__isnull=False).first()
    if account is None or account.deleted_at is None or company_day(account.deleted_at) <= day:
        return access_account(member, account_id)
    if not _in_scope(Account.objects.filter(pk=account_id), member).exists():
        return access_account(member, account_id)
    return account


def access_account(member: Member, account_id: int) -> Account:
    """One account within the member's scope; :class:`NotFound` otherwise, without telling which of the two."""
    account = visible_accounts(member).filter(pk=account_id).first()
    if account is None:
        raise NotFound(
            "unknown_account",
            Text(
                "There is no such account in your view.", "ご覧になれる範囲に該当する顧客企業がありません。"
            ),
            Text(
                "Check the link, or ask an administrator for access.",
                "リンクをご確認いただくか、管理者に閲覧範囲をご相談ください。",
            ),
        )
    return account
