"""Which account, contact or member a source means by an id, a mail address or a name: looked up for many at once.

An account's id is looked for as an outside id within the same system, then within any system, then as a mail domain, then as
the account's exact name, then as an id in plain width or a name in other capitals. A contact: as an outside id or user id,
then as a mail address. Two candidates are never guessed between.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Q
from django.db.models.functions import Lower

from enishi.accounts.models import Account, Contact, Member, OutsideId
from enishi.kit.text import fold

V = TypeVar("V", str, int)
_AT_ONCE = 500  # SQLite takes a limited number of variables


def slices(values: Iterable[V]) -> Iterator[list[V]]:
    """Distinct values in portions one query takes."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def domain_of(text: str) -> str:
    """The mail domain in a domain, mail address or web address; empty if there is none.

    >>> domain_of("https://www.example.co.jp/about")
    'example.co.jp'
    """
    host = text.strip().lower().rpartition("@")[2]
    host = host.partition("://")[2] or host
    host = host.split("/")[0].split(":")[0].removeprefix("www.")
    return host if "." in host and " " not in host else ""


@dataclass(slots=True)
class Candidates:
    """Numbers found for a wanted text, by how good the match is (best first)."""

    by_rank: list[set[int]] = field(default_factory=lambda: [set() for _rank in range(5)])

    def best(self) -> set[int]:
        return next((found for found in self.by_rank if found), set())


class AccountBook:
    """Accounts by what sources call them.

    ``find`` gives the number of the account an id leads to (a merged account's own number; see :meth:`root`).
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: dict[str, Candidates] = defaultdict(Candidates)
        self._asked: set[str] = set()
        self._survivor: dict[int, int] = {}

    def look_up(self, wanted: Collection[str]) -> None:
        """Read what is not read yet of these ids, in a few queries."""
        missing = set(wanted) - self._asked
        self._asked |= missing
        for part in slices(missing):
            self._look_up_ids(part)
            self._look_up_other(part)

    def _look_up_ids(self, part: list[str]) -> None:
        """Ids as they are asked, and after all else in plain width (ＨＤ-025 is HD-025 where no other is)."""
        texts: dict[str, set[str]] = defaultdict(set)
        for text in part:
            texts[text].add(text)
            texts[unicodedata.normalize("NFKC", text)].add(text)
        for system, value, number in self._bearers(texts):
            for text in texts[value]:
                rank = 4 if text != value else 0 if system == self.source else 1
                self._found[text].by_rank[rank].add(number)

    def _bearers(self, values: Iterable[str]) -> Iterator[tuple[str, str, int]]:
        living = Q(account__deleted_at__isnull=True) | Q(account__merged_into__isnull=False)
        for part in slices(values):
            links = OutsideId.objects.filter(living, target=OutsideId.Target.ACCOUNT, value__in=part)
            yield from links.values_list("system", "value", "account_id")
            own = Account.objects.filter(deleted_at__isnull=True, outside_id__in=part)
            yield from own.values_list("source", "outside_id", "pk")

    def _look_up_other(self, part: list[str]) -> None:
        domains = {text: domain_of(text) for text in part}
        rows = Account.objects.filter(deleted_at__isnull=True, domain__in={d for d in domains.values() if d})
        by_domain: dict[str, set[int]] = defaultdict(set)
        for number, domain in rows.values_list("pk", "domain"):
            by_domain[domain].add(number)
        for text, domain in domains.items():
            self._found[text].by_rank[2] |= by_domain.get(domain, set())
        named = Account.objects.filter(deleted_at__isnull=True, name__in=part)
        for number, name in named.values_list("pk", "name"):
            self._found[name].by_rank[3].add(number)
        self._look_up_capitals([text for text in part if not self._found[text].best()])

    def _look_up_capitals(self, part: list[str]) -> None:
        """Names that differ from what is asked in their capitals alone."""
        if not part:
            return
        texts: dict[str, list[str]] = defaultdict(list)
        for text in part:
            texts[text.lower()].append(text)
        living = Account.objects.filter(deleted_at__isnull=True).annotate(small=Lower("name"))
        for number, small in living.filter(small__in=list(texts)).values_list("pk", "small"):
            for text in texts[small]:
                self._found[text].by_rank[4].add(number)

    def find(self, wanted: str) -> set[int]:
        """The accounts meant; more than one means it cannot be told. Different ids of merged accounts agree."""
        numbers = self._found[wanted].best() if wanted in self._found else set()
        if len({self.root(number) for number in numbers}) == 1:
            return {min(numbers)}
        return numbers

    def add(self, wanted: str, number: int) -> None:
        """An account made in this very batch."""
        self._asked.add(wanted)
        self._found[wanted].by_rank[0].add(number)

    def root(self, number: int) -> int:
        """The account that survives all merges of this one."""
        if not self._survivor:
            self._survivor = dict(
                Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id")
            ) or {0: 0}
        while (after := self._survivor.get(number)) and after != number:
            number = after
        return number


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as references need it."""

    number: int
    account: int


class ContactBook:
    """Contacts by outside id, user id or mail address."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: dict[str, list[set[Known]]] = defaultdict(lambda: [set(), set(), set()])

    def look_up(self, wanted: Collection[str]) -> None:
        for part in slices(wanted):
            mails = {text.lower() for text in part if "@" in text}
            rows = Contact.objects.filter(deleted_at__isnull=True).filter(
                Q(outside_id__in=part) | Q(user_id__in=part) | Q(email__in=mails)
            )
            for row in rows.values_list("pk", "account_id", "source", "outside_id", "user_id", "email"):
                self._place(*row)

    def _place(
        self, number: int, account: int, source: str, outside_id: str, user_id: str, email: str
    ) -> None:
        known = Known(number, account)
        self._found[outside_id][0 if source == self.source else 1].add(known)
        if user_id:
            self._found[user_id][1].add(known)
        if email:
            self._found[email.lower()][2].add(known)

    def find(self, wanted: str, account: int | None) -> Known | None:
        """The contact meant; the one at the given account if several share the id. None if it is unclear."""
        for text in dict.fromkeys((wanted, wanted.lower())):
            for ranked in self._found.get(text, ()):
                here = {known for known in ranked if known.account == account} or ranked
                if len(here) == 1:
                    return next(iter(here))
        return None


class MemberBook:
    """Members by mail address, or by full name where only one bears it."""

    def __init__(self) -> None:
        self._by_text: dict[str, set[int]] = defaultdict(set)
        self._mail: dict[int, str] = {}
        for member in Member.objects.filter(is_active=True):
            self._mail[member.pk] = member.email
            for text in _calls(member):
                self._by_text[text].add(member.pk)

    def find(self, wanted: str) -> tuple[int, str] | None:
        """Number and mail address."""
        found = self._by_text.get(_tight(wanted), set())
        if len(found) != 1:
            return None
        number = next(iter(found))
        return number, self._mail[number]


def _calls(member: Member) -> set[str]:
    names = (
        f"{member.family_name}{member.given_name}",
        f"{member.given_name}{member.family_name}",
        member.name_kana,
        member.email,
    )
    return {_tight(name) for name in names if name}


def _tight(text: str) -> str:
    return fold(text).replace(" ", "")
