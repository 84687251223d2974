"""Members: invited, changed, sent away. Every act writes its audit line."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from enishi.accounts.audit import write_audit
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member, Role, Team
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.text import Text
from enishi.outreach.api import Letter, write_to_member
from enishi.web.models import Invitation
from enishi.web.words import person
from enishi.work import api as work
from enishi.work.api import HandOver

INVITATION_LASTS = timedelta(days=7)
CHANGEABLE = ("family_name", "given_name", "name_kana", "role", "scope", "team", "language")


def invite(actor: Member, fields: dict[str, Any], now: datetime) -> Member:
    """Create a member who may not sign in yet, and send the invitation.

    Raises:
        Conflict: the address is a member's already.
    """
    email = fields["email"].strip().lower()
    if Member.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "member_exists",
            Text(f"{email} is a member already.", f"{email} はすでに登録されています。"),
            Text(
                "Look for the address in the list; you can send the invitation again there.",
                "一覧で検索してください。招待の再送もそこから行えます。",
            ),
            fields={
                "email": Text("This address is a member already.", "このアドレスはすでに登録されています。")
            },
        )
    with transaction.atomic():
        details = {name: fields[name] for name in CHANGEABLE if name in fields}
        member = Member.objects.create_user(email, None, is_active=False, **details)
        write_audit(actor, "member_invited", member, detail={"role": member.role, "scope": member.scope})
        send_invitation(actor, member, now)
    return member


def send_invitation(actor: Member, member: Member, now: datetime) -> Invitation:
    """Send (again) the link to set a password. An earlier link stops working."""
    if member.is_active or member.has_usable_password():
        raise Conflict(
            "member_active",
            Text(f"{member.email} has joined already.", f"{member.email} はすでに参加しています。"),
        )
    key = secrets.token_urlsafe(32)
    expires = now + INVITATION_LASTS
    with transaction.atomic():
        invitation, _made = Invitation.objects.update_or_create(
            member=member,
            defaults={
                "digest": _digest(key),
                "invited_by": actor,
                "sent_at": now,
                "expires_at": expires,
                "accepted_at": None,
            },
        )
        address = settings.CONFIGURATION.url + reverse("invitation", args=[key])
        letter = _invitation_letter(actor, member, address)
        write_to_member(f"invitation:{invitation.digest[:32]}", "invitation", member, letter, now=now)
        write_audit(actor, "invitation_sent", member)
    return invitation


def _invitation_letter(actor: Member, member: Member, address: str) -> Letter:
    company = get_company().name
    with translation.override(member.language):
        return Letter(
            subject=_("%(company)s invites you to Enishi") % {"company": company},
            greeting=_("To %(name)s") % {"name": person(member)},
            paragraphs=(
                _("%(actor)s invites you to work in Enishi, the customer success system of %(company)s.")
                % {"actor": person(actor), "company": company},
                _("Set your password with this link and you can start."),
            ),
            button=_("Set the password and start"),
            address=address,
            small=(
                _("The link works for %(days)s days and only once.") % {"days": INVITATION_LASTS.days},
                _("If you do not know of this, you need not do anything."),
            ),
        )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def find_invitation(key: str, now: datetime) -> Invitation:
    """The open invitation of a key.

    Raises:
        NotFound: unknown, used, replaced, revoked or expired.
    """
    found = (
        Invitation.objects.select_related("member")
        .filter(digest=_digest(key), accepted_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if found is None:
        raise NotFound(
            "invitation_over",
            Text("This invitation no longer works.", "この招待リンクは使えなくなっています。"),
            Text(
                "It was used, replaced or older than seven days. Ask your administrator to send it again.",
                "使用済み、再発行済み、または7日の期限が過ぎています。管理者に再送をご依頼ください。",
            ),
        )
    return found


def accept_invitation(invitation: Invitation, fields: dict[str, Any], now: datetime) -> Member:
    """Set the password and the name; the member may sign in from now on."""
    member = invitation.member
    with transaction.atomic():
        open_yet = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(
            accepted_at=now
        )
        if not open_yet:
            raise Conflict("invitation_used", Text("This invitation was used.", "この招待は使用済みです。"))
        for name in ("family_name", "given_name", "name_kana", "language"):
            setattr(member, name, fields.get(name, getattr(member, name)))
        member.set_password(fields["password"])
        member.is_active = True
        member.joined_at = now
        member.save()
        write_audit(member, "invitation_accepted", member)
    return member


def revoke_invitation(actor: Member, member: Member) -> None:
    """Take back an invitation that nobody has followed; the member row goes too."""
    if member.is_active or member.has_usable_password():
        raise Conflict(
            "member_active",
            Text(f"{member.email} has joined already.", f"{member.email} はすでに参加しています。"),
            Text("Deactivate the member instead.", "代わりに利用停止にしてください。"),
        )
    with transaction.atomic():
        write_audit(actor, "invitation_revoked", member)
        member.delete()


def change_member(actor: Member, member: Member, fields: dict[str, Any]) -> list[str]:
    """Change name, role, scope, team or language; returns the names of what changed.

    Raises:
        Conflict: the last administrator would lose the role.
    """
    before = {name: getattr(member, name) for name in CHANGEABLE}
    changed = [name for name in CHANGEABLE if name in fields and fields[name] != before[name]]
    if not changed:
        return []
    if member.role == Role.ADMIN and fields.get("role", member.role) != Role.ADMIN:
        _check_other_admin(member)
    with transaction.atomic():
        for name in changed:
            setattr(member, name, fields[name])
        member.save(update_fields=changed)
        detail = {name: [str(before[name] or ""), str(fields[name] or "")] for name in changed}
        write_audit(actor, "member_changed", member, detail=detail)
    return changed


def _check_other_admin(member: Member) -> None:
    if not Member.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=member.pk).exists():
        raise Conflict(
            "last_admin",
            Text("This is the last administrator.", "最後の管理者です。"),
            Text("Make someone else an administrator first.", "先に別の方を管理者にしてください。"),
        )


def deactivate(actor: Member, member: Member, heir: Member | None) -> HandOver | None:
    """Shut a member out at once; their accounts go to ``heir`` (or to nobody). Returns what went over, if any."""
    if member.pk == actor.pk:
        raise EnishiError(
            "own_account",
            Text("You cannot deactivate yourself.", "ご自身を利用停止にすることはできません。"),
        )
    if member.role == Role.ADMIN:
        _check_other_admin(member)
    with transaction.atomic():
        handed = hand_over(actor, member, heir)
        member.is_active = False
        member.save(update_fields=["is_active"])
        end_sessions(member)
        moved = len(handed.numbers) if handed else 0
        detail = {"accounts": moved, "heir": heir.email if heir else ""}
        write_audit(actor, "member_deactivated", member, detail=detail)
    return handed


def hand_over(actor: Member, member: Member, heir: Member | None) -> HandOver | None:
    """Give all of a member's accounts to another, or to nobody; also those of customers who have left."""
    held = Account.objects.filter(owner=member, deleted_at=None, merged_into=None).select_related("owner")
    return work.hand_over(actor, held, heir, now=timezone.now(), subject=member)


def reactivate(actor: Member, member: Member) -> None:
    """Let a deactivated member sign in again with the old password."""
    with transaction.atomic():
        member.is_active = True
        member.save(update_fields=["is_active"])
        write_audit(actor, "member_reactivated", member)


def end_sessions(member: Member) -> None:
    """End every session of a member."""
    from allauth.usersessions.models import UserSession

    keys = list(UserSession.objects.filter(user=member).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=member).delete()


def save_team(actor: Member, team: Team | None, name: str) -> Team:
    """Create or rename a team."""
    with transaction.atomic():
        before = team.name if team else ""
        team = team or Team()
        team.name = name
        team.save()
        write_audit(
            actor, "team_renamed" if before else "team_created", team, detail={"name": [before, name]}
        )
    return team


def delete_team(actor: Member, team: Team) -> None:
    """Remove a team; its members stay, without one."""
    with transaction.atomic():
        write_audit(actor, "team_deleted", team, detail={"members": team.member_set.count()})
        team.delete()
