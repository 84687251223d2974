"""Who may act on accounts: those who look after customers. Sales and viewers read."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from enishi.accounts.models import Account, Member, Role, Scope
from enishi.kit.errors import NotAllowed
from enishi.kit.text import Text

ACTING_ROLES = (Role.ADMIN, Role.MANAGER, Role.CSM)
LEADING_ROLES = (Role.ADMIN, Role.MANAGER)


def may_act(member: Member) -> bool:
    return member.is_active and member.role in ACTING_ROLES


def may_lead(member: Member) -> bool:
    return member.is_active and member.role in LEADING_ROLES


def check_may_act(member: Member) -> None:
    """Raise :class:`NotAllowed` for members who only read."""
    if not may_act(member):
        raise NotAllowed(
            "read_only",
            Text("Your role may look but not change.", "現在の権限では閲覧のみ可能です。"),
            Text("Ask an administrator for the CSM role.", "CSM権限が必要な場合は管理者にご相談ください。"),
        )


def check_may_lead(member: Member) -> None:
    """Raise :class:`NotAllowed` unless the member is a manager or administrator."""
    if not may_lead(member):
        raise NotAllowed(
            "managers_only",
            Text(
                "Only managers and administrators may change this.", "マネージャーと管理者のみ変更できます。"
            ),
            Text("Ask your manager.", "マネージャーにご相談ください。"),
        )


def members_seeing(account: Account) -> QuerySet[Member]:
    """Active members who look after customers and see this account: those to whom work on it can be given."""
    sees = Q(scope=Scope.ALL) | Q(pk=account.owner_id)
    if account.owner and account.owner.team_id:
        sees |= Q(scope=Scope.TEAM, team_id=account.owner.team_id)
    return Member.objects.filter(sees, is_active=True, role__in=ACTING_ROLES).order_by(
        "name_kana", "family_name", "email"
    )
