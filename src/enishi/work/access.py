"""Who may act on accounts: those who look after customers. Sales and viewers read."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from enishi.accounts.models import Account, Member, Role, Scope
from enishi.kit.errors import EnishiError, NotAllowed
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


def members_acting() -> QuerySet[Member]:
    """Active members who look after customers: those to whom accounts can be given. An owner sees what is theirs."""
    return Member.objects.filter(is_active=True, role__in=ACTING_ROLES).order_by(
        "name_kana", "family_name", "email"
    )


def check_may_own(member: Member) -> None:
    """Raise unless accounts can be given to the member."""
    if not may_act(member):
        name = member.full_name
        message = Text(
            f"{name} has left or only reads, and cannot look after customers.",
            f"{name}さんは利用停止中か閲覧のみの権限のため、担当者にできません。",
        )
        hint = Text(
            "Choose an active CSM, manager or administrator.",
            "利用中のCSM、マネージャー、管理者から選択してください。",
        )
        raise EnishiError("cannot_own", message, hint, fields={"owner": message})


def members_seeing(account: Account) -> QuerySet[Member]:
    """Active members who look after customers and see this account: those to whom work on it can be given."""
    return members_seeing_all(Account.objects.filter(pk=account.pk))


def members_seeing_all(accounts: QuerySet[Account]) -> QuerySet[Member]:
    """Those to whom work on every one of the accounts can be given."""
    people = members_acting()
    for owner, team in accounts.order_by().values_list("owner", "owner__team").distinct():
        sees = Q(scope=Scope.ALL) | Q(pk=owner)
        if team:
            sees |= Q(scope=Scope.TEAM, team=team)
        people = people.filter(sees)
    return people
