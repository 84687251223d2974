"""Stating what we think of a person, saying that somebody left, and deciding about moves. One verb, one audit line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from enishi.accounts.access import access_account
from enishi.accounts.actions import save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Contact, Member, RecordVersion, Role
from enishi.kit.errors import Conflict, EnishiError, NotAllowed, NotFound
from enishi.kit.text import Text
from enishi.stakeholders.book import judge_again
from enishi.stakeholders.contracts import FEELINGS, INFLUENCES, LEVELS, ROLE_TITLES
from enishi.stakeholders.models import Assessment, ContactMove
from enishi.store.kinds import CONTACT

WRITING_ROLES = (Role.ADMIN, Role.MANAGER, Role.CSM)


@dataclass(frozen=True, slots=True)
class Opinion:
    """All that a member states of a person in one act; what is empty is left to the proposals.

    ``left_on``: a day up to today is a fact of the contact; a later one is announced.
    """

    role: str = ""
    influence: str = ""
    level: str = ""
    feeling: str = ""
    feeling_until: date | None = None
    left_on: date | None = None
    note: str = ""


def check_may_write(member: Member) -> None:
    if not (member.is_active and member.role in WRITING_ROLES):
        raise NotAllowed(
            "read_only",
            Text("Your role may look but not change.", "現在の権限では閲覧のみ可能です。"),
            Text("Ask an administrator for the CSM role.", "CSM権限が必要な場合は管理者にご相談ください。"),
        )


def access_contact(member: Member, account_id: int, contact_id: int) -> Contact:
    """A person at an account within the member's scope; :class:`NotFound` otherwise."""
    account = access_account(member, account_id)
    contact = Contact.objects.filter(
        pk=contact_id, account=account, deleted_at=None, erased_at=None
    ).select_related("account").first()  # fmt: skip
    if contact is None:
        raise NotFound(
            "unknown_contact",
            Text("There is no such contact here.", "この顧客企業に該当する関係者がいません。"),
        )
    return contact


@transaction.atomic
def assess(member: Member, account_id: int, contact_id: int, said: Opinion, *, now: datetime) -> Assessment:
    """State what is thought of a person; it takes the place of what was stated before. Role and leaving become facts.

    Raises:
        EnishiError: ``bad_assessment`` with a message per field.
    """
    check_may_write(member)
    contact = access_contact(member, account_id, contact_id)
    today = company_day(now)
    _check(said, today)
    announced = said.left_on if said.left_on and said.left_on > today else None
    facts = {"role": said.role or None, "left_on": None if announced else said.left_on}
    before = _state_facts(contact, facts, member, now)
    Assessment.objects.filter(contact=contact, ended_at=None).update(ended_at=now)
    made = Assessment.objects.create(
        contact=contact,
        influence=said.influence,
        level=said.level,
        feeling=said.feeling,
        feeling_until=said.feeling_until,
        leaving_on=announced,
        note=said.note.strip(),
        before=before,
        member=member,
        made_at=now,
    )
    detail = {
        "contact_role": said.role,
        "influence": said.influence,
        "level": said.level,
        "feeling": said.feeling,
        "left_on": said.left_on.isoformat() if said.left_on else None,
    }
    write_audit(member, "stakeholder_assessed", contact, account=contact.account, detail=detail)
    judge_again(contact.account, today, now)
    return made


@transaction.atomic
def undo_assessment(member: Member, number: int, *, now: datetime) -> Assessment:
    """Take a statement back: what was stated before it holds again, role and leaving too where nothing newer was told."""
    check_may_write(member)
    made = Assessment.objects.select_related("contact").filter(pk=number).first()
    if made is None:
        raise NotFound(
            "unknown_assessment", Text("There is no such statement.", "該当する登録がありません。")
        )
    contact = access_contact(member, made.contact.account_id, made.contact_id)
    if made.undone_at or made.ended_at:
        raise Conflict(
            "assessment_replaced",
            Text(
                "This was undone already, or something newer was stated.",
                "すでに取り消されたか、より新しい登録があります。",
            ),
        )
    made.undone_at = made.ended_at = now
    made.save(update_fields=["undone_at", "ended_at"])
    earlier = Assessment.objects.filter(contact=contact, ended_at=made.made_at, undone_at=None).first()
    if earlier:
        earlier.ended_at = None
        earlier.save(update_fields=["ended_at"])
    if held := _still_as_stated(contact, made):
        _state_facts(contact, held, member, now)
    write_audit(member, "stakeholder_assessment_undone", contact, account=contact.account)
    judge_again(contact.account, company_day(now), now)
    return made


def _still_as_stated(contact: Contact, made: Assessment) -> dict[str, str | None]:
    """What was before, of the facts that still stand as the statement put them: a source may have told newer ones."""
    told = RecordVersion.objects.filter(kind=CONTACT.name, record_id=contact.pk, known_at=made.made_at).last()
    stated = told.data if told else {}
    return {
        name: value or None
        for name, value in made.before.items()
        if str(getattr(contact, name) or "") == str(stated.get(name) or "")
    }


def _state_facts(contact: Contact, wanted: dict[str, Any], member: Member, now: datetime) -> dict[str, str]:
    """Put role and day of leaving into the contact's record where they change; gives what they were."""
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        held = getattr(contact, name) or None
        stated = date.fromisoformat(value) if name == "left_on" and isinstance(value, str) else value
        if stated != held:
            changed[name] = stated
    if not changed:
        return {}
    before = {name: str(getattr(contact, name) or "") for name in changed}
    row = {"id": contact.outside_id, **changed}
    result = save_records(CONTACT, [row], source=contact.source, actor=member, now=now, told=False)[0]
    if result.errors:
        raise EnishiError("bad_assessment", _BAD, fields=dict(result.errors))
    return before


_BAD = Text("This could not be kept.", "保存できませんでした。")
_CHOOSE = Text("Choose one of the list.", "一覧から選択してください。")


def _check(said: Opinion, today: date) -> None:
    fields: dict[str, Text] = {}
    for name, known in (
        ("role", ROLE_TITLES),
        ("influence", INFLUENCES),
        ("level", LEVELS),
        ("feeling", FEELINGS),
    ):
        if getattr(said, name) and getattr(said, name) not in known:
            fields[name] = _CHOOSE
    if said.feeling and said.feeling_until is None:
        fields["feeling_until"] = Text(
            "Say until when this holds: moods change.", "いつまで有効とするかを入力してください。"
        )
    if said.feeling_until and said.feeling_until < today:
        fields["feeling_until"] = Text("Choose today or a later day.", "今日以降の日付を選択してください。")
    if len(said.note) > 500:
        fields["note"] = Text("500 characters at most.", "500文字以内で入力してください。")
    if fields:
        raise EnishiError("bad_assessment", _BAD, fields=fields)


@transaction.atomic
def decide_move(member: Member, number: int, status: str, *, now: datetime) -> ContactMove:
    """Confirm, dismiss or ask again whether two contacts are one person. Both accounts must be in the member's view.

    Args:
        status: one of :class:`ContactMove.Status`.
    """
    check_may_write(member)
    move = (
        ContactMove.objects.select_related("former__account", "present__account")
        .filter(pk=number, former__erased_at=None, present__erased_at=None)
        .first()
    )
    if move is None or status not in ContactMove.Status.values:
        raise NotFound("unknown_move", Text("There is no such proposal.", "該当する候補がありません。"))
    for contact in (move.former, move.present):
        access_account(member, contact.account_id)
    move.status = status
    decided = status != ContactMove.Status.PROPOSED
    move.decided_by, move.decided_at = (member, now) if decided else (None, None)
    move.save(update_fields=["status", "decided_by", "decided_at"])
    for contact in (move.former, move.present):
        _tell(member, status, contact)
    return move


def _tell(member: Member, status: str, contact: Contact) -> None:
    if status == ContactMove.Status.CONFIRMED:
        write_audit(member, "move_confirmed", contact, account=contact.account)
    elif status == ContactMove.Status.DISMISSED:
        write_audit(member, "move_dismissed", contact, account=contact.account)
    else:
        write_audit(member, "move_reopened", contact, account=contact.account)
