"""Notes on an account. A deleted note can be brought back, and a changed one keeps what it said before; what was written
stays out of the audit log."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.kit.errors import EnishiError, NotAllowed, NotFound
from enishi.kit.text import Text
from enishi.work.access import check_may_act, may_lead
from enishi.work.models import Note, NoteText

LONGEST = 20_000


@transaction.atomic
def add_note(member: Member, account_id: int, body: str, *, now: datetime, pinned: bool = False) -> Note:
    check_may_act(member)
    account = access_account(member, account_id)
    note = Note.objects.create(account=account, author=member, body=_body(body), pinned=pinned, made_at=now)
    _audit(member, "note_added", note)
    return note


@transaction.atomic
def edit_note(member: Member, note_id: int, body: str, *, now: datetime) -> Note:
    note = _own_note(member, note_id)
    text = _body(body)
    if text != note.body:
        written = note.edited_at or note.made_at
        NoteText.objects.create(note=note, body=note.body, written_at=written, replaced_at=now)
        note.body, note.edited_at = text, now
        note.save(update_fields=["body", "edited_at"])
        _audit(member, "note_edited", note)
    return note


@transaction.atomic
def pin_note(member: Member, note_id: int, pinned: bool) -> Note:
    note = access_note(member, note_id)
    if note.pinned != pinned:
        note.pinned = pinned
        note.save(update_fields=["pinned"])
        _audit(member, "note_pinned" if pinned else "note_unpinned", note)
    return note


@transaction.atomic
def delete_note(member: Member, note_id: int, *, now: datetime) -> Note:
    note = _own_note(member, note_id)
    if note.deleted_at is None:
        note.deleted_at = now
        note.save(update_fields=["deleted_at"])
        _audit(member, "note_deleted", note)
    return note


@transaction.atomic
def restore_note(member: Member, note_id: int) -> Note:
    note = _own_note(member, note_id)
    if note.deleted_at is not None:
        note.deleted_at = None
        note.save(update_fields=["deleted_at"])
        _audit(member, "note_restored", note)
    return note


def access_note(member: Member, note_id: int) -> Note:
    """A note of an account within the member's scope, to change it; :class:`NotFound` otherwise."""
    check_may_act(member)
    notes = Note.objects.select_related("account", "author")
    note = notes.filter(pk=note_id, account__in=visible_accounts(member)).first()
    if note is None:
        raise NotFound(
            "unknown_note",
            Text("There is no such note in your view.", "ご覧になれる範囲に該当するメモがありません。"),
        )
    return note


def may_change_note(member: Member, note: Note) -> bool:
    return note.author_id == member.pk or may_lead(member)


def _own_note(member: Member, note_id: int) -> Note:
    note = access_note(member, note_id)
    if not may_change_note(member, note):
        raise NotAllowed(
            "not_your_note",
            Text(
                "Only its author or a manager may change a note.",
                "メモを変更できるのは作成者とマネージャーのみです。",
            ),
            Text("Add a note of your own instead.", "ご自身のメモを追加してください。"),
        )
    return note


def _body(text: str) -> str:
    body = text.replace("\r\n", "\n").strip()
    if not body:
        message = Text("Write something first.", "メモの内容を入力してください。")
        raise EnishiError("empty_note", message, fields={"body": message})
    if len(body) > LONGEST:
        message = Text(
            f"A note holds {LONGEST:,} characters at most; this one has {len(body):,}.",
            f"メモは{LONGEST:,}文字までです(現在{len(body):,}文字)。",
        )
        raise EnishiError("note_too_long", message, fields={"body": message})
    return body


def _audit(member: Member, verb: str, note: Note) -> None:
    write_audit(member, verb, f"#{note.pk}", account=note.account, detail={"note": note.pk})
