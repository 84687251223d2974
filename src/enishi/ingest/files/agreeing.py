"""Whether a row of a file is the very one who has its id in another system: by what it says besides the id.

The same number elsewhere is no evidence. A customer is the same by its name, a person by mail address or name, a record
by its day and its content. Of events only the customer's id speaks, unless it is a mere short number: then the mail domain
of the user does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from enishi.accounts.references import domain_of
from enishi.ingest.files.kinds import EVENT
from enishi.kit.text import bare_name, fold, full_name
from enishi.store.kinds import ACCOUNT, CONTACT, Kind, Type

# A system that counts its rows has such ids for a start, and so has every other.
_LONGEST_COUNT = 6
# Choices, currencies and yes or no are equal too often to tell two records apart; references are looked up elsewhere.
_TELLING = (Type.TEXT, Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DATE, Type.INSTANT)


def agreement(kind: Kind, said: Mapping[str, Any], held: Mapping[str, Any], zone: ZoneInfo) -> bool | None:
    """Whether a row's values agree with those held under its id; None where nothing can be compared.

    Args:
        said: the kept forms of the row's values; of events, the values as read.
        held: what is known: of a customer name and domain, of a person mail address and names, else the kind's fields.
    """
    if kind.name == EVENT.name:
        return _same_user(said, held)
    if kind.name == ACCOUNT.name:
        return _any_equal((bare_name(said.get("name") or ""), bare_name(held["name"])))
    if kind.name == CONTACT.name:
        mails = [str(one.get("email") or "").lower() for one in (said, held)]
        return _any_equal((mails[0], mails[1]), (_called(said), _called(held)))
    return _same_content(kind, said, held, zone)


def _any_equal(*pairs: tuple[str, str]) -> bool | None:
    told = [one == other for one, other in pairs if one and other]
    return any(told) if told else None


def _called(person: Mapping[str, Any]) -> str:
    parts = full_name(person.get("family_name") or "", person.get("given_name") or "")
    return fold(person.get("name") or parts).replace(" ", "")


def _same_user(said: Mapping[str, Any], held: Mapping[str, Any]) -> bool | None:
    name = str(said.get("account") or "")
    if not name.isdecimal() or len(name) > _LONGEST_COUNT:
        return True
    domain = domain_of(str(said.get("user") or ""))
    return True if domain and domain == held["domain"] else None


def _same_content(
    kind: Kind, said: Mapping[str, Any], held: Mapping[str, Any], zone: ZoneInfo
) -> bool | None:
    """By the day, and by most of what both say."""
    days = [_day(one.get(kind.happened), zone) for one in (said, held)]
    if None in days:
        return None
    names = [field.name for field in kind.fields if field.type in _TELLING and field.name != kind.happened]
    told = [said[name] == held[name] for name in names if said.get(name) is not None and name in held]
    return days[0] == days[1] and (not told or 2 * sum(told) > len(told))


def _day(text: str | None, zone: ZoneInfo) -> date | None:
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(zone).date() if "T" in text else date.fromisoformat(text)
