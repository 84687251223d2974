"""The list of members as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from enishi.accounts.models import Company, Member
from enishi.kit.text import fold, full_name
from enishi.signals.models import AccountState
from enishi.web.asking import number_in
from enishi.web.factors import due_at
from enishi.web.locks import locked_until
from enishi.work.api import has_left

ACTIVE, INVITED, EXPIRED, INACTIVE = "active", "invited", "expired", "inactive"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to."""

    query: str = ""
    role: str = ""
    team: str = ""
    state: str = ""


def of_today(path: str) -> Q:
    """Accounts at the end of a path that count as customers today: not those who have left."""
    return Q(**{f"{path}__deleted_at__isnull": True, f"{path}__merged_into__isnull": True}) & ~Q(
        **{f"{path}__state__in": AccountState.objects.filter(has_left())}
    )


@dataclass(frozen=True, slots=True)
class Held:
    """Whose owner a member is: customers of today, and those who have left."""

    customers: int
    left: int

    @property
    def all(self) -> int:
        return self.customers + self.left


def held_by(member: Member) -> Held:
    whole = Q(accounts__deleted_at__isnull=True, accounts__merged_into__isnull=True)
    found = Member.objects.filter(pk=member.pk).aggregate(
        whole=Count("accounts", filter=whole, distinct=True),
        today=Count("accounts", filter=of_today("accounts"), distinct=True),
    )
    return Held(found["today"], found["whole"] - found["today"])


def list_members(filters: Filters) -> QuerySet[Member]:
    """Members with the number of their customers, their last sign of life and their invitation."""
    members = Member.objects.select_related("team", "invitation").annotate(
        customers=Count("accounts", filter=of_today("accounts"), distinct=True),
        seen_at=Max("usersession__last_seen_at"),
        has_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)),
    )
    if filters.role:
        members = members.filter(role=filters.role)
    if (team := number_in(filters.team)) is not None:
        members = members.filter(team_id=team)
    if filters.state == ACTIVE:
        members = members.filter(is_active=True)
    elif filters.state == INVITED:
        members = members.filter(
            is_active=False, invitation__accepted_at__isnull=True, invitation__isnull=False
        )
    elif filters.state == INACTIVE:
        members = members.filter(is_active=False).exclude(
            invitation__accepted_at__isnull=True, invitation__isnull=False
        )
    return _matching(members, filters.query).order_by("-is_active", "name_kana", "email")


def _matching(members: QuerySet[Member], query: str) -> QuerySet[Member]:
    """Members are few: names are compared folded, so that kana and width do not matter."""
    wanted = fold(query)
    if not wanted:
        return members
    rows = members.order_by().values_list("pk", "email", "family_name", "given_name", "name_kana")
    found = [
        number
        for number, *names in rows
        if wanted in fold(" ".join([*names, full_name(*names[1:3])]))
        or wanted.replace(" ", "") in fold("".join(names[1:]))
    ]
    return members.filter(pk__in=found)


@dataclass(frozen=True, slots=True)
class Door:
    """How a member's sign-in stands: locked until when, and whether the second factor that is required is missing."""

    locked_until: datetime | None
    lacks_factor: bool


def door_of(member: Member, company: Company, has_factor: bool) -> Door:
    required = member.is_active and due_at(member, company) is not None
    return Door(locked_until(member.email) if member.is_active else None, required and not has_factor)


def state_of(member: Member, now: datetime) -> str:
    """active, invited, expired (the invitation) or inactive."""
    if member.is_active:
        return ACTIVE
    invitation = getattr(member, "invitation", None)
    if invitation is None or invitation.accepted_at is not None:
        return INACTIVE
    return INVITED if invitation.expires_at > now else EXPIRED
