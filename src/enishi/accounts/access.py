"""Who sees which accounts. Every page, export and API read starts here."""

from __future__ import annotations

from django.db.models import QuerySet

from enishi.accounts.models import Account, Member, Scope
from enishi.kit.errors import NotFound
from enishi.kit.text import Text


def visible_accounts(member: Member) -> QuerySet[Account]:
    """The accounts this member may see: living, unmerged, within the member's scope."""
    accounts = Account.objects.filter(deleted_at__isnull=True, merged_into__isnull=True)
    if not member.is_active:
        return accounts.none()
    if member.scope == Scope.ALL:
        return accounts
    if member.scope == Scope.TEAM and member.team_id:
        return accounts.filter(owner__team_id=member.team_id)
    return accounts.filter(owner=member)


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
