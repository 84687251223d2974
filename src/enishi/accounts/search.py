"""What the search boxes compare with: names folded, readings also in Latin letters."""

from __future__ import annotations

import re

import jaconv
from django.db.models import Q

from enishi.accounts.models import Account, Contact, search_text
from enishi.kit.text import fold, full_name, name_words

FEW = 2_000
_LONG_VOWELS = re.compile(r"(?<=[aiueo])-|(?<=o)u|(?<=o)o|(?<=u)u")
_LATIN = re.compile(r"[a-z' -]+")


def romaji(reading: str) -> list[str]:
    """The Latin spellings by which a kana reading is looked for: letter by letter, and as on passports.

    >>> romaji("トウキョウ")
    ['toukyou', 'tokyo']
    """
    spelled = jaconv.kana2alphabet(fold(reading)).replace("ー", "-")
    if not _LATIN.fullmatch(spelled):
        return []
    short = _LONG_VOWELS.sub("", spelled)
    return list(dict.fromkeys([spelled.replace("-", ""), short]))


def account_search(account: Account) -> str:
    return search_text(
        account.name,
        account.name_kana,
        *romaji(account.name_kana),
        account.domain,
        account.outside_id,
        joined_name(account.name),
    )


def joined_name(name: str) -> str:
    """The name without a legal form that parts it, as 縁(株)東京支店 is looked for; empty where none does."""
    bare = "".join(name_words(name))
    return "" if bare in fold(name).replace(" ", "") else bare


def named(text: str, path: str = "") -> Q:
    """Accounts whose name, reading, domain or id holds every word of ``text``, whatever legal form either names.

    Args:
        path: where the account stands from the rows asked, such as ``account__``.
    """
    wanted = Q()
    for word in name_words(text):
        wanted &= Q(**{f"{path}search__contains": word})
    return wanted


def find_named(text: str) -> list[int] | None:
    """Numbers of all accounts :func:`named` so; None where they are more than :data:`FEW`.

    Looked up first, and by nothing but the words, so that their index answers alone: ordered reads would otherwise walk
    the whole book for a rare word. Where many accounts hold the words, an ordered read soon meets enough.
    """
    numbers = Account.objects.filter(named(text)).order_by().values_list("pk", flat=True)
    few = list(numbers[: FEW + 1])
    return few if len(few) <= FEW else None


def contact_search(contact: Contact) -> str:
    family_first = f"{contact.family_name} {contact.given_name}".strip()
    names = (
        contact.name,
        family_first,
        full_name(contact.family_name, contact.given_name),
        contact.name_kana,
    )
    return search_text(*names, *romaji(contact.name_kana), contact.email, contact.user_id)
