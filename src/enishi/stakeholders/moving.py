"""Whether a person known at one account is one known at another: reasons that add up, for people to confirm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from enishi.kit.text import Text, fold

PROPOSE_FROM = 60
# Mail name, name and reading mostly follow from one another, so that the three together do not make a person: leaving
# in time, an id or a phone must join them.
# A name borne by more people of the book than this says less; a phone or mail name shared by more says nothing.
RARE = 2
GENERAL = frozenset({
    "info", "sales", "admin", "support", "contact", "office", "hello", "keiri", "soumu", "jinji", "eigyo", "system", "webmaster", "helpdesk", "accounting", "billing", "reception", "uketsuke", "marketing", "noreply", "postmaster",
})  # fmt: skip
SHORTEST_MAIL_NAME = 5
BEFORE, AFTER = 365, 90  # days before the appearance elsewhere, and after it, in which leaving fits
OVERLAP = 60  # days of activity at the old account after the appearance elsewhere that speak against

WEIGHTS = {
    "user_id": 45,
    "same_mail": 50,
    "phone": 40,
    "mail_name": 15,
    "name": 25,
    "kana": 5,
    "left_before": 25,
}
COMMON_NAME = -15

REASONS: dict[str, Text] = {
    "user_id": Text("the same user id in the product", "製品内ユーザーIDが同じ"),
    "same_mail": Text("the same mail address", "メールアドレスが同じ"),
    "phone": Text("the same phone number", "電話番号が同じ"),
    "mail_name": Text("the same mail name at another domain", "メールアドレスの@より前が同じ(ドメインは別)"),
    "name": Text("the same name", "氏名が同じ"),
    "kana": Text("the same reading of the name", "氏名の読みが同じ"),
    "left_before": Text("left there before appearing here", "前の会社を離れた後に登録された"),
    "common_name": Text("but the name is a common one", "ただし同姓同名が多い"),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """By what a contact can be known again. ``left_on``: the first day on which leaving shows (left, bounce);
    ``alive_on``: the last day of activity."""

    number: int
    account: int
    name: str
    kana: str
    mail: str
    phone: str
    user_id: str
    since: date | None
    left_on: date | None = None
    alive_on: date | None = None

    def keys(self) -> dict[str, str]:
        """Reason -> what must be equal; empty ones are left out."""
        found = {
            "user_id": fold(self.user_id),
            "same_mail": fold(self.mail),
            "phone": _digits(self.phone),
            "mail_name": mail_name(self.mail),
            "name": fold(self.name).replace(" ", ""),
            "kana": fold(self.kana).replace(" ", ""),
        }
        return {reason: key for reason, key in found.items() if key}


@dataclass(frozen=True, slots=True)
class Found:
    """Two contacts that may be one person: at ``former`` first, at ``present`` now."""

    former: int
    present: int
    points: int
    reasons: tuple[str, ...]


def mail_name(mail: str) -> str:
    """What stands before the @; empty where it names a desk rather than a person.

    >>> mail_name("Hanako.Sato@a.example"), mail_name("info@a.example"), mail_name("ito@a.example")
    ('hanako.sato', '', '')
    """
    name = fold(mail.partition("@")[0])
    plain = re.sub(r"[^a-z]", "", name)
    return "" if plain in GENERAL or len(plain) < SHORTEST_MAIL_NAME else name


def _digits(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)
    return digits if len(digits) >= 9 else ""


def find_moves(traces: Sequence[Trace]) -> list[Found]:
    """Pairs worth asking about, the surest first. A pair needs two reasons, one of them not the name alone; who is
    active at the old account long after appearing at the other is another person."""
    shared = _shared(traces)
    by_number = {trace.number: trace for trace in traces}
    found = []
    for pair, reasons in _candidates(shared):
        former, present = _in_order(by_number[pair[0]], by_number[pair[1]])
        move = _weigh(former, present, reasons, shared)
        if move:
            found.append(move)
    return sorted(found, key=lambda one: (-one.points, one.former, one.present))


def _shared(traces: Iterable[Trace]) -> dict[tuple[str, str], list[Trace]]:
    found: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        for reason, key in trace.keys().items():
            found.setdefault((reason, key), []).append(trace)
    return found


def _candidates(
    shared: dict[tuple[str, str], list[Trace]],
) -> Iterable[tuple[tuple[int, int], list[str]]]:
    """Pairs at different accounts that share something telling, with all that they share."""
    pairs: dict[tuple[int, int], list[str]] = {}
    for (reason, _key), group in shared.items():
        if len(group) < 2 or len(group) > (RARE if reason == "phone" else 12):
            continue
        for place, one in enumerate(group):
            for other in group[place + 1 :]:
                if one.account != other.account:
                    pairs.setdefault(
                        (min(one.number, other.number), max(one.number, other.number)), []
                    ).append(reason)
    return ((pair, reasons) for pair, reasons in pairs.items() if len(reasons) > 1)


def _in_order(one: Trace, other: Trace) -> tuple[Trace, Trace]:
    """Who shows signs of having left is the former; else who was known first."""
    if bool(one.left_on) != bool(other.left_on):
        return (one, other) if one.left_on else (other, one)
    return (one, other) if (one.since or date.min) <= (other.since or date.min) else (other, one)


def _weigh(
    former: Trace, present: Trace, reasons: list[str], shared: dict[tuple[str, str], list[Trace]]
) -> Found | None:
    told = [reason for reason in WEIGHTS if reason in reasons]
    if "same_mail" in told:
        told.remove("mail_name") if "mail_name" in told else None
    appeared, certain = present.since, "user_id" in told or "same_mail" in told
    if appeared and former.left_on and -AFTER <= (appeared - former.left_on).days <= BEFORE:
        told.append("left_before")
    if not certain and appeared and former.alive_on and (former.alive_on - appeared).days > OVERLAP:
        return None
    names = len(shared.get(("name", fold(former.name).replace(" ", "")), ()))
    points = sum(WEIGHTS[reason] for reason in told)
    if "name" in told and names > RARE:
        told.append("common_name")
        points += COMMON_NAME
    if points < PROPOSE_FROM:
        return None
    return Found(former.number, present.number, min(100, points), tuple(told))
