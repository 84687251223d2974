"""Words on accounts, by which people find and list them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Account, Member
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text, fold
from enishi.work.access import check_may_act
from enishi.work.models import Tag

LONGEST = 40
MOST_NAMES = 200


@transaction.atomic
def add_tag(member: Member, accounts: Sequence[Account], name: str, *, now: datetime) -> int:
    """Put a tag on accounts the member was shown; the number that did not have it yet.

    A tag that is already in use is written as it is there.

    Raises:
        EnishiError: ``bad_tag``.
    """
    check_may_act(member)
    name = _name(name)
    used = Tag.objects.filter(folded=fold(name)).first()
    name = used.name if used else name
    having = set(_tagged(accounts, name).values_list("account", flat=True))
    fresh = [account for account in accounts if account.pk not in having]
    Tag.objects.bulk_create(
        Tag(account=account, name=name, folded=fold(name), made_by=member, made_at=now) for account in fresh
    )
    for account in fresh:
        write_audit(member, "tag_added", account, detail={"tag": name})
    return len(fresh)


@transaction.atomic
def remove_tag(member: Member, accounts: Sequence[Account], name: str) -> int:
    """Take a tag off accounts the member was shown; the number that had it."""
    check_may_act(member)
    tagged = _tagged(accounts, _name(name))
    having = set(tagged.values_list("account", flat=True))
    tagged.delete()
    for account in accounts:
        if account.pk in having:
            write_audit(member, "tag_removed", account, detail={"tag": name})
    return len(having)


def _tagged(accounts: Sequence[Account], name: str) -> QuerySet[Tag]:
    return Tag.objects.filter(account__in=[account.pk for account in accounts], folded=fold(name))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST:
        message = Text(
            f"Give the tag 1 to {LONGEST} characters.", f"タグを1〜{LONGEST}文字で入力してください。"
        )
        raise EnishiError("bad_tag", message, fields={"tag": message})
    return name


def tags_of(account: Account) -> list[str]:
    """The tags of an account, each once; fetched beforehand where many accounts are shown."""
    return list(dict.fromkeys(tag.name for tag in account.tags.all()))


def tag_names(member: Member) -> list[str]:
    """The tags in use in the member's book."""
    names = Tag.objects.filter(account__in=visible_accounts(member)).order_by().values_list("name", flat=True)
    return sorted(names.distinct()[:MOST_NAMES], key=fold)
