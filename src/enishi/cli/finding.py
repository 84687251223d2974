"""Which account is meant: by number, outside id, name or reading, however typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text

if TYPE_CHECKING:
    from enishi.accounts.models import Account


def find_account(text: str) -> Account:
    """The one account meant by ``text``; several or none are refused with what to do.

    An outside id counts before our own number, a whole name before a part of one.
    """
    from enishi.accounts.models import Account, OutsideId
    from enishi.accounts.search import named

    living = Account.objects.filter(deleted_at=None, merged_into=None)
    outside = OutsideId.objects.filter(target="account", value=text).values("account")
    asked = [living.filter(pk__in=outside), living.filter(outside_id=text)]
    if text.isdecimal():
        asked.append(living.filter(pk=int(text)))
    asked += [living.filter(name=text), living.filter(named(text))]
    for accounts in asked:
        found = list(accounts[:6])
        if len(found) == 1:
            return found[0]
        if found:
            raise _several(text, found)
    raise NotFound(
        "unknown_account",
        Text(f"There is no account {text!r}.", f"顧客企業 {text!r} が見つかりません。"),
        Text(
            "Give its number, outside id, or part of its name.",
            "番号、連携元のID、または名称の一部を指定してください。",
        ),
    )


def _several(text: str, found: list[Account]) -> EnishiError:
    names = ", ".join(f"{account.name} ({account.pk})" for account in found[:5])
    return EnishiError(
        "several_accounts",
        Text(
            f"{text!r} fits several accounts: {names} …",
            f"{text!r} に該当する顧客企業が複数あります: {names} …",
        ),
        Text("Give the number.", "番号で指定してください。"),
    )
