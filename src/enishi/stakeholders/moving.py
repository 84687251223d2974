"""Whether a person known at one account is one known at another: reasons that add up, for people to confirm."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np

from enishi.kit.text import Text, fold

PROPOSE_FROM = 60
# Mail name, name and reading mostly follow from one another, so that the three together do not make a person: leaving
# in time, an id or a phone must join them.
# A name borne by more people of the book than this says less; a phone or mail name shared by more says nothing.
RARE = 2
MOST = 12  # what more people share tells nothing
KEYS = ("user_id", "same_mail", "phone", "mail_name", "name", "kana")
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


class Sieve:
    """Which contacts of a large book share two keys with few others: only those can be one person at two accounts.

    Holds one number per contact and key, so that a book need not be held whole: add it in portions, then fetch the
    few that are left.
    """

    def __init__(self) -> None:
        self._numbers = array("q")
        self._keys = {reason: array("q") for reason in KEYS}
        self._counts: dict[str, Counter[int]] = {}

    def add(self, traces: Iterable[Trace]) -> None:
        for trace in traces:
            keys = trace.keys()
            self._numbers.append(trace.number)
            for reason, column in self._keys.items():
                column.append(hash(keys[reason]) if reason in keys else 0)

    def left(self) -> set[int]:
        """The numbers of the contacts worth comparing."""
        shared = np.zeros(len(self._numbers), dtype=np.int64)
        for reason, column in self._keys.items():
            hashes = np.array(column, dtype=np.int64)
            _keys, place, counts = np.unique(hashes, return_inverse=True, return_counts=True)
            size = counts[place]
            few = (hashes != 0) & (size >= 2) & (size <= _most(reason))
            shared += few
            self._counts[reason] = Counter(dict(zip(hashes[few].tolist(), size[few].tolist(), strict=True)))
            if reason == "name":
                self._counts["every name"] = Counter(dict(zip(hashes.tolist(), size.tolist(), strict=True)))
        return {number for number, n in zip(self._numbers, shared.tolist(), strict=True) if n >= 2}

    def tells(self, reason: str, key: str) -> bool:
        """Whether so few share the key that it says something."""
        return self._counts[reason][hash(key)] >= 2

    def namesakes(self, name: str) -> int:
        return self._counts["every name"][hash(name)]


def find_moves(traces: Sequence[Trace]) -> list[Found]:
    """Pairs worth asking about, the surest first. A pair needs two reasons, one of them not the name alone; who is
    active at the old account long after appearing at the other is another person."""
    sieve = Sieve()
    sieve.add(traces)
    left = sieve.left()
    return compare([trace for trace in traces if trace.number in left], sieve)


def compare(traces: Sequence[Trace], sieve: Sieve) -> list[Found]:
    """The same of those a sieve of the whole book left over."""
    by_number = {trace.number: trace for trace in traces}
    found = []
    for pair, reasons in _candidates(traces, sieve).items():
        former, present = _in_order(by_number[pair[0]], by_number[pair[1]])
        move = _weigh(former, present, reasons, sieve) if len(reasons) > 1 else None
        if move:
            found.append(move)
    return sorted(found, key=lambda one: (-one.points, one.former, one.present))


def _most(reason: str) -> int:
    return RARE if reason == "phone" else MOST


def _candidates(traces: Iterable[Trace], sieve: Sieve) -> dict[tuple[int, int], list[str]]:
    """Pairs at different accounts that share something telling, with all that they share."""
    shared: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        for reason, key in trace.keys().items():
            if sieve.tells(reason, key):
                shared.setdefault((reason, key), []).append(trace)
    pairs: dict[tuple[int, int], list[str]] = {}
    for (reason, _key), group in shared.items():
        for one, other in combinations(group, 2):
            if one.account != other.account:
                pair = (min(one.number, other.number), max(one.number, other.number))
                pairs.setdefault(pair, []).append(reason)
    return pairs


def _in_order(one: Trace, other: Trace) -> tuple[Trace, Trace]:
    """Who shows signs of having left is the former; else who was known first."""
    if bool(one.left_on) != bool(other.left_on):
        return (one, other) if one.left_on else (other, one)
    return (one, other) if (one.since or date.min) <= (other.since or date.min) else (other, one)


def _weigh(former: Trace, present: Trace, reasons: list[str], sieve: Sieve) -> Found | None:
    told = [reason for reason in WEIGHTS if reason in reasons]
    if "same_mail" in told and "mail_name" in told:
        told.remove("mail_name")
    appeared, certain = present.since, "user_id" in told or "same_mail" in told
    if appeared and former.left_on and -AFTER <= (appeared - former.left_on).days <= BEFORE:
        told.append("left_before")
    if not certain and appeared and former.alive_on and (former.alive_on - appeared).days > OVERLAP:
        return None
    points = sum(WEIGHTS[reason] for reason in told)
    if "name" in told and sieve.namesakes(former.keys()["name"]) > RARE:
        told.append("common_name")
        points += COMMON_NAME
    if points < PROPOSE_FROM:
        return None
    return Found(former.number, present.number, min(100, points), tuple(told))
