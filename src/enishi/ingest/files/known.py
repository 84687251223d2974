"""Ids of a file that are known already, and in which system; customers of a name that is known already.

The same number in another system may be somebody else's. It is taken for the same only where the row agrees with what is
known (:mod:`.agreeing`), and with the customer it belongs to. Where nothing can be compared it may be the same: that is
told, and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models.functions import Lower

from enishi.accounts.coercion import Setting, clip, coerce_row
from enishi.accounts.company import company_zone, get_company
from enishi.accounts.models import Account, Contact, OutsideId, Record
from enishi.accounts.references import AccountBook, slices
from enishi.accounts.saving import CREATED, RowResult
from enishi.ingest.files.agreeing import agreement
from enishi.ingest.files.capitals import Spellings, told_apart
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.files.newcomers import NEWCOMERS
from enishi.ingest.files.reading import ReadRow
from enishi.ingest.traits import unknown_ids
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text, bare_name
from enishi.store.kinds import ACCOUNT, CONTACT, DEFAULT_SYSTEM, Kind

ELSEWHERE, SAME_NAME, CAPITALS = "known_elsewhere", "same_name", "other_capitals"
TITLES = {
    ELSEWHERE: Text("Known in another system", "別のシステムで登録済み"),
    CAPITALS: Text("Known in other capitals", "大文字小文字だけが異なるID"),
    SAME_NAME: Text("Same name as a known customer", "登録済みの顧客と同じ名称"),
    NEWCOMERS: Text("Ids not known before", "未登録のID"),
}
_BY_SYSTEM = Text(
    "If they are the same, undo this import and choose the system that knows them, or merge them.",
    "同じものであれば、この取り込みを取り消して登録済みのシステムを選び直すか、統合してください。",
)
REMEDIES = {  # of what has come in
    ELSEWHERE: _BY_SYSTEM,
    SAME_NAME: _BY_SYSTEM,
    CAPITALS: Text(
        "If they are the same, undo this import and write the ids alike, or merge them.",
        "同じ顧客であれば、この取り込みを取り消してIDの表記をそろえるか、統合してください。",
    ),
    NEWCOMERS: Text(
        "If you know them under other ids, undo this import and choose the system or the column that holds those, or "
        "merge them.",
        "登録済みの顧客企業であれば、この取り込みを取り消してそのIDの体系または列を選び直すか、統合してください。",
    ),
}


OWN_PRODUCT = Text("your own product (product)", "自社製品(product)")


def system_words(name: str) -> Text:
    """An id system within a sentence."""
    return OWN_PRODUCT if name == DEFAULT_SYSTEM else Text(f"'{clip(name)}'", f"「{clip(name)}」")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an id in a system: the account, or the account a person or record belongs to; what is known of it."""

    system: str
    account: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the ids of a file's first rows.

    Args:
        looked: how many ids were looked at.
        by_system: of them, by system, those known there that are or may be the same.
        sure: of these, those that are.
        elsewhere: the same of those the import's own system does not know: they would come a second time.
        unsure: of these, those that only may be.
        namesakes: names of new customers that known ones bear.
        capitals: ids of new customers, with those of known ones that differ in capitals alone.
        newcomers: ids in events by which nobody is known.
        stated: the systems the rows themselves name.
        currencies: those in which the rows state money.
        strangers: the ids that the import's own system does not know.
    """

    looked: int = 0
    by_system: Mapping[str, int] = field(default_factory=dict)
    sure: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    unsure: Mapping[str, int] = field(default_factory=dict)
    namesakes: Sequence[str] = ()
    capitals: Mapping[str, str] = field(default_factory=dict)
    newcomers: Sequence[str] = ()
    stated: Mapping[str, int] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)
    strangers: Sequence[str] = ()


def likely_system(known: Known, otherwise: str) -> str:
    """The system the rows name, or that surely knows at least half of the ids, and more than the given one."""
    if known.stated:
        return max(known.stated, key=lambda name: known.stated[name])
    best = max(known.sure, key=lambda name: known.sure[name], default=otherwise)
    count = known.sure.get(best, 0)
    return best if count > known.by_system.get(otherwise, 0) and 2 * count >= known.looked else otherwise


def check_system(known: Known, otherwise: str) -> None:
    """Refuse to guess whose ids these are where at least half of them may be another system's.

    Raises:
        EnishiError: ``whose_ids``.
    """
    other = max(known.unsure, key=lambda name: known.unsure[name], default="")
    count = known.unsure.get(other, 0)
    if not count or 2 * count < known.looked:
        return
    there = system_words(other)
    raise EnishiError(
        "whose_ids",
        Text(
            f"{count:,} of the {known.looked:,} ids looked at are known in {there.en}, but nothing in the file shows that "
            "the same are meant.",
            f"確認した{known.looked:,}件のIDのうち{count:,}件は{there.ja}で登録済みですが、同じものを指すかどうかをファイルの内容から"
            "確認できません。",
        ),
        Text(
            f"If they are the same: --system {other}. If not: --system {otherwise}, or the name of the system the file "
            "comes from.",
            f"同じものであれば --system {other}、別のものであれば --system {otherwise} または書き出し元のシステム名を"
            "指定してください。",
        ),
    )


_OF_RECORDS = ("data",)
_FACTS = {
    ACCOUNT.name: ("name", "domain"),
    EVENT.name: ("name", "domain"),
    CONTACT.name: ("email", "name", "family_name", "given_name"),
}


class Directory:
    """Who is known by which id in which system, of one kind; for events, whom their accounts' ids lead to."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._of_accounts = kind.name in (ACCOUNT.name, EVENT.name)
        self._facts = _FACTS.get(kind.name, _OF_RECORDS)
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

    @cached_property
    def spellings(self) -> Spellings:
        return Spellings()

    def read_names(self) -> None:
        """Settle which names and ids count as known: those of now."""
        if self._of_accounts:
            _names, _ids = self._names, self.spellings

    def id_of(self, row: ReadRow) -> str:
        return str(row.values.get("account" if self.kind.name == EVENT.name else "id") or "")

    def holders(self, rows: Iterable[ReadRow], systems: Collection[str]) -> dict[str, list[Holder]]:
        """By id of the rows, who has it in any of the systems."""
        found: dict[tuple[str, str], Holder] = {}
        for part in slices({name for row in rows if (name := self.id_of(row))}) if systems else ():
            own = self._rows.filter(source__in=systems, outside_id__in=part)
            account = "pk" if self._of_accounts else "account_id"
            told = [*own.values_list("source", "outside_id", account, *self._facts)]
            if self._links is not None:
                links = self._links.filter(system__in=systems, value__in=part)
                to = "account" if self._of_accounts else "contact"
                told += links.values_list(
                    "system", "value", "account_id", *(f"{to}__{n}" for n in self._facts)
                )
            for system, value, number, *facts in told:
                held = facts[0] if self._facts == _OF_RECORDS else dict(zip(self._facts, facts, strict=True))
                found.setdefault((value, system), Holder(system, number, held))
        by_id: dict[str, list[Holder]] = {}
        for (value, _system), holder in found.items():
            by_id.setdefault(value, []).append(holder)
        return by_id

    def in_other_capitals(self, names: Collection[str], system: str) -> dict[str, str]:
        """By name, the id the system knows that differs from it in capitals alone."""
        found: dict[str, str] = {}
        rows = self._rows.filter(source=system).annotate(small=Lower("outside_id")).order_by("-outside_id")
        for part in slices({name.lower() for name in names}):
            known = rows.filter(small__in=part).values_list("outside_id", flat=True)
            found |= {name.lower(): name for name in known}
        return {name: found[name.lower()] for name in names if name.lower() in found}

    def same(
        self, rows: Sequence[ReadRow], by_id: Mapping[str, Sequence[Holder]]
    ) -> dict[int, list[tuple[Holder, bool]]]:
        """By row, those who have its id and are (True) or may be the same: that is, agree with what the row says."""
        held = {row.place: (row, by_id[name]) for row in rows if (name := self.id_of(row)) in by_id}
        self._look_up(row for row, _holders in held.values())
        found: dict[int, list[tuple[Holder, bool]]] = {}
        for place, (row, holders) in held.items():
            said = self._said(row)
            told = [(holder, self._agrees(said, holder)) for holder in holders]
            if some := [(holder, agrees is True) for holder, agrees in told if agrees is not False]:
                found[place] = some
        return found

    def _look_up(self, rows: Iterable[ReadRow]) -> None:
        if self._of_accounts:
            return
        wanted = {str(text) for row in rows if (text := row.values.get("account"))}
        for system in self.systems if wanted else ():
            self._books.setdefault(system, AccountBook(system)).look_up(wanted)

    @cached_property
    def _setting(self) -> Setting:
        return Setting(company_zone(), get_company().currency)

    def _said(self, row: ReadRow) -> Mapping[str, Any]:
        """A row's values in their kept forms."""
        return (
            row.values
            if self.kind.name == EVENT.name
            else coerce_row(self.kind, row.values, self._setting)[0]
        )

    def _agrees(self, said: Mapping[str, Any], holder: Holder) -> bool | None:
        if not self._of_accounts and (stated := said.get("account")) and holder.account is not None:
            book = self._books[holder.system]
            if book.root(holder.account) not in {book.root(number) for number in book.find(str(stated))}:
                return False
        return agreement(self.kind, said, holder.facts, self._setting.zone)

    def namesake(self, row: ReadRow) -> str:
        """The known customer whose name a row bears (or for events, gives for the id): of those known when this was asked
        first."""
        name = self.id_of(row) if self.kind.name == EVENT.name else str(row.values.get("name") or "")
        return self._names.get(bare_name(name), "") if self._names else ""

    def known_as(self, row: ReadRow, holder: Holder) -> Text:
        """Who has a row's id elsewhere; of people and records, without a name."""
        name, where = clip(self.id_of(row)), system_words(holder.system)
        whose = f"({clip(holder.facts['name'])})" if self._of_accounts else ""
        return Text(
            f"'{name}' is known in {where.en} too{' ' * bool(whose)}{whose}.",
            f"「{name}」は{where.ja}でも登録されています{whose}。",
        )

    def look(self, rows: Sequence[ReadRow], system: str) -> Known:
        """What is known of the ids of a file's first rows, were they ids of ``system``."""
        first = {(row.system, name): row for row in rows if (name := self.id_of(row))}
        free = [row for row in first.values() if not row.system]
        by_id = self.holders(free, self.systems)
        same = self.same(free, by_id)
        new = {row.place for row in free if not _has(by_id.get(self.id_of(row), ()), system)}
        first_of_new = [found[0] for place, found in same.items() if place in new]
        return Known(
            len(free),
            Counter(holder.system for found in same.values() for holder, _sure in found),
            Counter(holder.system for found in same.values() for holder, sure in found if sure),
            Counter(holder.system for holder, _sure in first_of_new),
            Counter(holder.system for holder, sure in first_of_new if not sure),
            self._namesakes([row for row in first.values() if row.place not in same], system),
            self._capitals(first.values(), system),
            self._newcomers(rows, system),
            Counter(row.system for row in rows if row.system),
            Counter(str(told) for row in rows if (told := row.values.get("currency")) and not row.errors),
            [self.id_of(row) for row in free if row.place in new],
        )

    def _namesakes(self, rows: Iterable[ReadRow], system: str) -> list[str]:
        """The known customers whose names new ones of the rows bear."""
        named = [(row, name) for row in rows if (name := self.namesake(row))]
        by_id = self.holders((row for row, _name in named), {row.system or system for row, _name in named})
        return [name for row, name in named if not _has(by_id.get(self.id_of(row), ()), row.system or system)]

    def _newcomers(self, rows: Iterable[ReadRow], system: str) -> list[str]:
        named = (self.id_of(row) for row in rows if not row.errors)
        return unknown_ids(system, named) if self.kind.name == EVENT.name else []

    def _capitals(self, rows: Iterable[ReadRow], system: str) -> dict[str, str]:
        if not self._of_accounts:
            return {}
        named = [(row.system or system, self.id_of(row)) for row in rows]
        return {name: other for at, name in named if (other := self.spellings.other(at, name))}


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
                    holder, _sure = found[0]
                    new[row.place].warnings[ELSEWHERE] = self._directory.known_as(row, holder)
                elif other := self._apart(row, system):
                    new[row.place].warnings[CAPITALS] = told_apart(self._directory.id_of(row), other)
                elif name := self._directory.namesake(row):
                    new[row.place].warnings[SAME_NAME] = _called(self._directory.id_of(row), name)

    def _apart(self, row: ReadRow, system: str) -> str:
        """The id from which a new customer's differs in capitals alone, also of one earlier in the file."""
        if self._directory.kind.name != ACCOUNT.name:
            return ""
        name, spellings = self._directory.id_of(row), self._directory.spellings
        other = spellings.other(system, name)
        spellings.add(system, name)
        return other


def by_system(rows: Sequence[ReadRow], otherwise: str) -> dict[str, list[int]]:
    """The places in ``rows`` of those whose ids belong to each system."""
    found: dict[str, list[int]] = {}
    for n, row in enumerate(rows):
        found.setdefault(row.system or otherwise, []).append(n)
    return found


def _called(name: str, other: str) -> Text:
    return Text(
        f"'{clip(name)}' may be '{clip(other)}', who is known already.",
        f"「{clip(name)}」は登録済みの「{clip(other)}」と同じ顧客かもしれません。",
    )
