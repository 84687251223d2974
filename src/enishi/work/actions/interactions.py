"""Logging a call, mail, meeting or visit: a record of kind ``interaction``, made through the one door for records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from enishi.accounts.access import access_account
from enishi.accounts.actions import save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Contact, Member, Record
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.store.kinds import INTERACTION
from enishi.work.access import check_may_act

SOURCE = "enishi"


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a person says of a contact with a customer. ``two_way``: the customer answered."""

    type: str
    occurred_at: datetime
    two_way: bool = False
    minutes: int | None = None
    contact_id: int | None = None
    subject: str = ""
    body: str = ""


@transaction.atomic
def log_interaction(member: Member, account_id: int, said: Interaction, *, now: datetime) -> Record:
    """Keep the interaction as a fact learned now.

    Raises:
        EnishiError: ``bad_interaction`` with a message per field.
    """
    check_may_act(member)
    account = access_account(member, account_id)
    _check(said, now)
    row = {
        "id": f"log-{uuid4().hex}",
        "account": account,
        "contact": _contact(account.pk, said.contact_id),
        "type": said.type,
        "occurred_at": said.occurred_at,
        "two_way": said.two_way,
        "minutes": said.minutes,
        "member": member.email,
        "subject": said.subject.strip(),
        "body": said.body.strip(),
    }
    result = save_records(INTERACTION, [row], source=SOURCE, actor=member, now=now)[0]
    if result.record_id is None:
        raise EnishiError("bad_interaction", _BAD, fields=dict(result.errors))
    record = Record.objects.get(pk=result.record_id)
    write_audit(member, "interaction_logged", record, account=account, detail={"type": said.type})
    return record


_BAD = Text("The interaction could not be kept.", "対応履歴を保存できませんでした。")


def _check(said: Interaction, now: datetime) -> None:
    fields = {}
    if said.type not in dict(INTERACTION.field("type").choices):
        fields["type"] = Text("Choose a type.", "種別を選択してください。")
    if said.occurred_at > now:
        fields["occurred_at"] = Text("It has not happened yet.", "未来の日時は記録できません。")
    if said.minutes is not None and not 0 <= said.minutes <= 24 * 60:
        fields["minutes"] = Text("Between 0 and 1,440 minutes.", "0〜1,440分で入力してください。")
    if fields:
        raise EnishiError("bad_interaction", _BAD, fields=fields)


def _contact(account_id: int, contact_id: int | None) -> Contact | None:
    if contact_id is None:
        return None
    contact = Contact.objects.filter(pk=contact_id, account_id=account_id, deleted_at=None).first()
    if contact is None:
        raise NotFound(
            "unknown_contact",
            Text("There is no such contact here.", "この顧客企業に該当する関係者がいません。"),
        )
    return contact
