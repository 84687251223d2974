"""Ids of a file that are known already, and in which system; customers of a name that is known already.

The same number in another system may be somebody else's. It is taken for the same only where the row agrees with what is
known: a customer by the name, everything else by the customer it belongs to. What the row does not say speaks neither for
nor against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from enishi.accounts.coercion import clip
from enishi.accounts.models import Account, Contact, OutsideId, Record
from enishi.accounts.references import AccountBook, slices
from enishi.accounts.saving import CREATED, RowResult
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.files.reading import ReadRow
from enishi.kit.text import Text, bare_name
from enishi.store.kinds import ACCOUNT, CONTACT, DEFAULT_SYSTEM, Kind

ELSEWHERE, SAME_NAME = "known_elsewhere", "same_name"
TITLES = {
    ELSEWHERE: Text("Known in another system", "別のシステムで登録済み"),
    SAME_NAME: Text("Same name as a known customer", "登録済みの顧客と同じ名称"),
}


OWN_PRODUCT = Text("your own product (product)", "自社製品(product)")


def system_words(name: str) -> Text:
    """An id system within a sentence."""
    return OWN_PRODUCT if name == DEFAULT_SYSTEM else Text(f"'{clip(name)}'", f"「{clip(name)}」")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an id in a system: the account, or the account a person or record belongs to; what it is called."""

    system: str
    account: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the ids of a file's first rows.

    Args:
        looked: how many ids were looked at.
        by_system: of them, by system, those known there as the same.
        elsewhere: the same of those the import's own system does not know: they would come a second time.
        namesakes: names of new customers that known ones bear.
        stated: the systems the rows themselves name.
    """

    looked: int = 0
    by_system: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    namesakes: Sequence[str] = ()
    stated: Mapping[str, int] = field(default_factory=dict)


def likely_system(known: Known, otherwise: str) -> str:
    """The system the rows name, or that knows at least half of the ids, and more than the given one."""
    if known.stated:
        return max(known.stated, key=lambda name: known.stated[name])
    best = max(known.by_system, key=lambda name: known.by_system[name], default=otherwise)
    count = known.by_system.get(best, 0)
    return best if count > known.by_system.get(otherwise, 0) and 2 * count >= known.looked else otherwise


class Directory:
    """Who is known by which id in which system, of one kind; for events, whom their accounts' ids lead to."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._of_accounts = kind.name in (ACCOUNT.name, EVENT.name)
        self._books: dict[str, AccountBook] = {}

    @cached_property
    def systems(self) -> list[str]:
        found = set(self._rows.order_by().values_list("source", flat=True).distinct())
        if self._links is not None:
            found |= set(self._links.order_by().values_list("system", flat=True).distinct())
        return sorted(found)

    @cached_property
    def _rows(self) -> Any:
        if self._of_accounts:
            return Account.objects.filter(deleted_at=None)
        if self.kind.name == CONTACT.name:
            return Contact.objects.filter(deleted_at=None)
        return Record.objects.filter(kind=self.kind.name, deleted_at=None)

    @cached_property
    def _links(self) -> Any:
        target = OutsideId.Target
        if self._of_accounts:
            return OutsideId.objects.filter(target=target.ACCOUNT, account__deleted_at=None)
        if self.kind.name == CONTACT.name:
            people = OutsideId.objects.filter(target=target.USER, contact__isnull=False)
            return people.filter(contact__deleted_at=None)
        return None

    @cached_property
    def _names(self) -> dict[str, str]:
        """Bare name -> name of the living customers."""
        if not self._of_accounts:
            return {}
        rows = Account.objects.filter(deleted_at=None, merged_into=None).values_list("name", flat=True)
        return {bare: name for name in rows.iterator(chunk_size=5000) if len(bare := bare_name(name)) > 1}

    def read_names(self) -> None:
        """Settle which names count as known: those of now."""
        _names = self._names

    def id_of(self, row: ReadRow) -> str:
        return str(row.values.get("account" if self.kind.name == EVENT.name else "id") or "")

    def holders(self, rows: Iterable[ReadRow], systems: Collection[str]) -> dict[str, list[Holder]]:
        """By id of the rows, who has it in any of the systems."""
        found: dict[tuple[str, str], Holder] = {}
        for part in slices({name for row in rows if (name := self.id_of(row))}) if systems else ():
            own = self._rows.filter(source__in=systems, outside_id__in=part)
            account, *called = ("pk", "name") if self._of_accounts else ("account_id",)
            told = [*own.values_list("source", "outside_id", account, *called)]
            if self._links is not None:
                links = self._links.filter(system__in=systems, value__in=part)
                told += links.values_list("system", "value", "account_id", "account__name")
            for system, value, number, *names in told:
                found.setdefault((value, system), Holder(system, number, *names))
        by_id: dict[str, list[Holder]] = {}
        for (value, _system), holder in found.items():
            by_id.setdefault(value, []).append(holder)
        return by_id

    def same(self, rows: Sequence[ReadRow], by_id: Mapping[str, Sequence[Holder]]) -> dict[int, list[Holder]]:
        """By row, those who have its id and agree with what the row says."""
        held = {row.place: (row, by_id[name]) for row in rows if (name := self.id_of(row)) in by_id}
        self._look_up(row for row, _holders in held.values())
        return {
            place: agreeing
            for place, (row, holders) in held.items()
            if (agreeing := [holder for holder in holders if self._agrees(row, holder)])
        }

    def _look_up(self, rows: Iterable[ReadRow]) -> None:
        if self._of_accounts:
            return
        wanted = {str(text) for row in rows if (text := row.values.get("account"))}
        for system in self.systems if wanted else ():
            self._books.setdefault(system, AccountBook(system)).look_up(wanted)

    def _agrees(self, row: ReadRow, holder: Holder) -> bool:
        if self.kind.name == EVENT.name:
            return True
        if self.kind.name == ACCOUNT.name:
            name = row.values.get("name")
            return not name or bare_name(str(name)) == bare_name(holder.name)
        stated = row.values.get("account")
        if not stated or holder.account is None:
            return True
        book = self._books[holder.system]
        return book.root(holder.account) in {book.root(number) for number in book.find(str(stated))}

    def namesake(self, row: ReadRow) -> str:
        """The known customer whose name a row bears (or for events, gives for the id): of those known when this was asked
        first."""
        name = self.id_of(row) if self.kind.name == EVENT.name else str(row.values.get("name") or "")
        return self._names.get(bare_name(name), "") if self._names else ""

    def look(self, rows: Sequence[ReadRow], system: str) -> Known:
        """What is known of the ids of a file's first rows, were they ids of ``system``."""
        first = {(row.system, name): row for row in rows if (name := self.id_of(row))}
        free = [row for row in first.values() if not row.system]
        by_id = self.holders(free, self.systems)
        same = self.same(free, by_id)
        new = {row.place for row in free if not _has(by_id.get(self.id_of(row), ()), system)}
        return Known(
            len(free),
            Counter(holder.system for found in same.values() for holder in found),
            Counter(found[0].system for place, found in same.items() if place in new),
            self._namesakes([row for row in first.values() if row.place not in same], system),
            Counter(row.system for row in rows if row.system),
        )

    def _namesakes(self, rows: Iterable[ReadRow], system: str) -> list[str]:
        """The known customers whose names new ones of the rows bear."""
        named = [(row, name) for row in rows if (name := self.namesake(row))]
        by_id = self.holders((row for row, _name in named), {row.system or system for row, _name in named})
        return [name for row, name in named if not _has(by_id.get(self.id_of(row), ()), row.system or system)]


def _has(holders: Iterable[Holder], system: str) -> bool:
    return any(holder.system == system for holder in holders)


class Twins:
    """Marks new rows of an import that may be somebody known already."""

    def __init__(self, kind: Kind, system: str) -> None:
        self._directory, self._system = Directory(kind), system
        self._directory.read_names()  # before this import adds its own

    def mark(self, rows: Sequence[ReadRow], results: Sequence[RowResult]) -> None:
        """Note on the results of new rows whom they may be."""
        new = {
            row.place: result for row, result in zip(rows, results, strict=True) if result.status == CREATED
        }
        for system, places in by_system(rows, self._system).items():
            some = [rows[n] for n in places if rows[n].place in new]
            others = [name for name in self._directory.systems if name != system]
            same = self._directory.same(some, self._directory.holders(some, others))
            for row in some:
                if found := same.get(row.place):
                    new[row.place].warnings[ELSEWHERE] = _known_as(self._directory.id_of(row), found[0])
                elif name := self._directory.namesake(row):
                    new[row.place].warnings[SAME_NAME] = _called(self._directory.id_of(row), name)


def by_system(rows: Sequence[ReadRow], otherwise: str) -> dict[str, list[int]]:
    """The places in ``rows`` of those whose ids belong to each system."""
    found: dict[str, list[int]] = {}
    for n, row in enumerate(rows):
        found.setdefault(row.system or otherwise, []).append(n)
    return found


def _known_as(name: str, holder: Holder) -> Text:
    whose, where = f"({clip(holder.name)})" if holder.name else "", system_words(holder.system)
    return Text(
        f"'{clip(name)}' is known in {where.en} too{' ' * bool(whose)}{whose}.",
        f"「{clip(name)}」は{where.ja}でも登録されています{whose}。",
    )


def _called(name: str, other: str) -> Text:
    return Text(
        f"'{clip(name)}' may be '{clip(other)}', who is known already.",
        f"「{clip(name)}」は登録済みの「{clip(other)}」と同じ顧客かもしれません。",
    )
