"""What the search boxes compare with: names folded, readings also in Latin letters."""

from __future__ import annotations

import re

import jaconv

from enishi.accounts.models import Account, Contact, search_text
from enishi.kit.text import fold, full_name

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
        account.name, account.name_kana, *romaji(account.name_kana), account.domain, account.outside_id
    )


def contact_search(contact: Contact) -> str:
    family_first = f"{contact.family_name} {contact.given_name}".strip()
    names = (
        contact.name,
        family_first,
        full_name(contact.family_name, contact.given_name),
        contact.name_kana,
    )
    return search_text(*names, *romaji(contact.name_kana), contact.email, contact.user_id)
