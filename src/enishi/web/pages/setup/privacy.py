"""How long raw events are kept, and the erasure of one person: what would go, and that it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.access import visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Contact, Member
from enishi.ingest.api import ask_erasure
from enishi.ingest.models import ErasureRequest, StorePolicy
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text, fold
from enishi.store.kinds import CONTACT
from enishi.web.pages.setup.disclosure import as_file, disclose
from enishi.web.pages.setup.mentions import read_chosen, read_kept, records_of, redact

MOST_FOUND = 20
LONGEST_REASON = 300
LEAST_MONTHS, MOST_MONTHS = 1, 1200


def _living(member: Member) -> Q:
    return Q(erased_at=None) & (Q(account=None) | Q(account__in=visible_accounts(member)))


def find_contacts(member: Member, text: str) -> list[Contact]:
    """People whose name, reading, mail address or id holds every word; none for an empty question."""
    words = fold(text).split()
    if not words:
        return []
    found = Contact.objects.filter(_living(member)).select_related("account")
    for word in words:
        found = found.filter(
            Q(search__contains=word) | Q(email__icontains=word) | Q(outside_id=word) | Q(user_id=word)
        )
    return list(found.order_by("name_kana", "pk")[:MOST_FOUND])


def access_contact(member: Member, number: int) -> Contact:
    contact = Contact.objects.filter(_living(member), pk=number).select_related("account").first()
    if contact is None:
        raise NotFound(
            "unknown_contact",
            Text("There is no such person (any more).", "該当する人物はいないか、すでに消去されています。"),
        )
    return contact


def fields_of(contact: Contact) -> list[Text]:
    """The titles of what is known of the person."""
    return [CONTACT.field(name).title for name in CONTACT.personal if getattr(contact, name, "")]


def erase(
    member: Member,
    contact: Contact,
    reason: str,
    texts: Sequence[str] = (),
    shown: Sequence[str] = (),
    *,
    now: datetime,
) -> ErasureRequest:
    """Erase the person here at once, have the store follow, and say in the audit log why.

    Args:
        texts: keys of mentions (:mod:`.mentions`) that are emptied.
        shown: keys of records that hold an id of the person and were looked through: what of these is not among
            ``texts`` stays as it is. What was not shown is emptied.

    Raises:
        EnishiError: ``no_reason``.
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        message = Text(
            f"Say why in 1 to {LONGEST_REASON} characters.",
            f"理由を1〜{LONGEST_REASON}文字で入力してください。",
        )
        raise EnishiError("no_reason", message, fields={"reason": message})
    with transaction.atomic():
        chosen = read_chosen(contact, texts)
        changed = redact(contact, chosen)
        keep = read_kept(member, contact, texts, shown)
        request = ask_erasure(contact, texts=records_of(chosen), keep=keep, actor=member, now=now)
        husk = Contact.objects.get(pk=contact.pk)
        detail = {
            "reason": reason,
            "texts": len(chosen),
            "notes": changed,
            "texts_kept": len(request.kept),
            "request": request.pk,
        }
        write_audit(member, "erasure_confirmed", husk, account=husk.account, detail=detail)
    return request


def disclosed(member: Member, contact: Contact, home: Home) -> bytes:
    """The file for the person, and the audit line that it was made."""
    with transaction.atomic():
        write_audit(member, "person_disclosed", contact, account=contact.account)
    return as_file(disclose(home, contact))


def read_months() -> int | None:
    """Months for which raw events are kept; None for ever."""
    policy = StorePolicy.objects.first()
    return policy.raw_months if policy else None


@transaction.atomic
def save_months(member: Member, text: str) -> int | None:
    """Keep raw events for so many months; empty: for ever. The consumer acts on it with its next pass.

    Raises:
        EnishiError: ``bad_months``.
    """
    text = text.strip()
    months = int(text) if text.isdecimal() and len(text) < 6 else None
    if text and (months is None or not LEAST_MONTHS <= months <= MOST_MONTHS):
        message = Text(
            f"“{text}” is not a number of months from {LEAST_MONTHS} to {MOST_MONTHS}.",
            f"「{text}」は{LEAST_MONTHS}〜{MOST_MONTHS}の月数ではありません。",
        )
        hint = Text("Leave it empty to keep them for ever.", "無期限で保管する場合は空欄にしてください。")
        raise EnishiError("bad_months", message, hint, fields={"raw_months": message})
    policy = StorePolicy.objects.select_for_update().first() or StorePolicy()
    before = policy.raw_months
    policy.raw_months = months
    policy.save()
    if before != months:
        write_audit(member, "retention_changed", "store", detail={"raw_months": [before, months]})
    return months
