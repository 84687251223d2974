"""How a record's kept values lie in the rows of the application database: typed columns or one JSON object.

A *state* is what is known of a record: the kind's fields in kept form without the empty ones, ``parent`` and
``owner`` as number and mail address, further columns under ``extra``. ``account`` and ``contact`` stand beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from django.db.models import Model

from enishi.accounts.dating import State, Version, happened_at
from enishi.accounts.models import Account, Contact, OutsideId, Record, RecordVersion
from enishi.accounts.references import MemberBook, slices
from enishi.accounts.search import account_search, contact_search
from enishi.store.kinds import Kind, Type

Row = Account | Contact | Record


@dataclass(slots=True)
class Slot:
    """One record while a batch is applied to it.

    ``account`` is the number the source stated, ``root`` the account that survives its merges. ``terms`` are the
    states by the day from which they hold, ``gone`` the days from which a deletion holds instead, ``known`` the states
    already written by when they became known; all are read only where they matter. ``parent`` is the one an account had
    before.
    """

    row: Row
    fresh: bool
    state: State
    account: int | None = None
    root: int | None = None
    contact: int | None = None
    parent: int | None = None
    terms: dict[date, State] = field(default_factory=dict)
    gone: set[date] = field(default_factory=set)
    known: list[tuple[datetime, State]] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    revived: bool = False

    @property
    def settled(self) -> bool:
        """Whether the record is there already, so that a row which says the same changes nothing."""
        return self.revived or not (self.fresh or self.row.deleted_at)


class Shape(Protocol):
    """Reading and filling the rows of one kind."""

    model: type[Account] | type[Contact] | type[Record]

    def state(self, kind: Kind, row: Any) -> State: ...
    def load(self, kind: Kind, source: str, ids: Collection[str]) -> dict[str, Slot]: ...
    def make(self, kind: Kind, source: str, outside_id: str) -> Slot: ...
    def fill(self, kind: Kind, slot: Slot, members: MemberBook, zone: ZoneInfo) -> None: ...


def _typed_state(row: Account | Contact, kind: Kind) -> State:
    state: State = {}
    for spec in kind.fields:
        if spec.name in ("id", "account", "parent", "owner"):
            continue
        value = getattr(row, spec.name)
        if value not in (None, ""):
            state[spec.name] = value.isoformat() if spec.type is Type.DATE else value
    if row.extra:
        state["extra"] = dict(row.extra)
    return state


def _fill_typed(row: Account | Contact, kind: Kind, state: State) -> None:
    for spec in kind.fields:
        if spec.name in ("id", "account", "parent", "owner"):
            continue
        value = state.get(spec.name)
        if value is None:
            value = None if row._meta.get_field(spec.name).null else ""
        elif spec.type is Type.DATE:
            value = date.fromisoformat(value)
        setattr(row, spec.name, value)
    row.extra = state.get("extra", {})


class AccountShape:
    model: ClassVar[type[Account]] = Account

    def load(self, kind: Kind, source: str, ids: Collection[str]) -> dict[str, Slot]:
        """By the row's own id, or by an outside id of this system that was linked to the account."""
        slots: dict[str, Slot] = {}
        by_number: dict[int, Slot] = {}
        for part in slices(ids):
            links = OutsideId.objects.filter(system=source, target=OutsideId.Target.ACCOUNT, value__in=part)
            rows = [(link.value, link.account) for link in links.select_related("account__owner")]
            own = Account.objects.filter(source=source, outside_id__in=part).select_related("owner")
            rows += [(row.outside_id, row) for row in own]
            for outside_id, row in rows:
                slot = by_number.get(row.pk) or self._slot(row, kind)
                by_number[row.pk] = slots.setdefault(outside_id, slot)
        return slots

    def state(self, kind: Kind, row: Account) -> State:
        state = _typed_state(row, kind)
        if row.parent_id:
            state["parent"] = row.parent_id
        if row.owner:
            state["owner"] = row.owner.email
        return state

    def _slot(self, row: Account, kind: Kind) -> Slot:
        return Slot(row, fresh=False, state=self.state(kind, row), parent=row.parent_id)

    def make(self, kind: Kind, source: str, outside_id: str) -> Slot:
        return Slot(Account(source=source, outside_id=outside_id), fresh=True, state={})

    def fill(self, kind: Kind, slot: Slot, members: MemberBook, zone: ZoneInfo) -> None:
        row = slot.row
        assert isinstance(row, Account)  # noqa: S101
        _fill_typed(row, kind, slot.state)
        row.parent_id = slot.state.get("parent")
        owner = members.find(slot.state["owner"]) if slot.state.get("owner") else None
        row.owner_id = owner[0] if owner else None
        row.search = account_search(row)


def stated_accounts(kind: Kind, rows: Collection[Contact] | Collection[Record]) -> dict[int, int | None]:
    """The account each record's source stated last, by the record's number, where a merge may have moved it."""
    here = {row.account_id for row in rows if row.account_id}
    grown = set(Account.objects.filter(merged_into__in=here).values_list("merged_into", flat=True))
    moved = [row.pk for row in rows if row.account_id in grown]
    if not moved:
        return {}
    versions = RecordVersion.objects.filter(kind=kind.name, record_id__in=moved).order_by("pk")
    return dict(versions.values_list("record_id", "account_id"))


class ContactShape:
    model: ClassVar[type[Contact]] = Contact

    def state(self, kind: Kind, row: Contact) -> State:
        return _typed_state(row, kind)

    def load(self, kind: Kind, source: str, ids: Collection[str]) -> dict[str, Slot]:
        """By the row's own id, or by a user id of this system that leads to the contact."""
        slots: dict[str, Slot] = {}
        by_number: dict[int, Slot] = {}
        for part in slices(ids):
            rows = [
                (row.outside_id, row) for row in Contact.objects.filter(source=source, outside_id__in=part)
            ]
            links = OutsideId.objects.filter(system=source, target=OutsideId.Target.USER, value__in=part)
            for link in links.select_related("contact"):
                rows += [(link.value, link.contact)] if link.contact else []
            stated = stated_accounts(kind, [row for _id, row in rows])
            for outside_id, row in rows:
                slot = by_number.get(row.pk) or Slot(
                    row,
                    False,
                    _typed_state(row, kind),
                    account=stated.get(row.pk, row.account_id),
                    root=row.account_id,
                )
                by_number[row.pk] = slots.setdefault(outside_id, slot)
        return slots

    def make(self, kind: Kind, source: str, outside_id: str) -> Slot:
        return Slot(Contact(source=source, outside_id=outside_id), fresh=True, state={})

    def fill(self, kind: Kind, slot: Slot, members: MemberBook, zone: ZoneInfo) -> None:
        row = slot.row
        assert isinstance(row, Contact)  # noqa: S101
        _fill_typed(row, kind, slot.state)
        row.account_id = slot.root  # type: ignore[assignment]
        row.search = contact_search(row)


class RecordShape:
    model: ClassVar[type[Record]] = Record

    def state(self, kind: Kind, row: Record) -> State:
        return {**row.data, "extra": dict(row.extra)} if row.extra else dict(row.data)

    def load(self, kind: Kind, source: str, ids: Collection[str]) -> dict[str, Slot]:
        slots: dict[str, Slot] = {}
        for part in slices(ids):
            rows = list(Record.objects.filter(kind=kind.name, source=source, outside_id__in=part))
            stated = stated_accounts(kind, rows)
            for row in rows:
                slots[row.outside_id] = Slot(
                    row,
                    False,
                    self.state(kind, row),
                    account=stated.get(row.pk, row.account_id),
                    root=row.account_id,
                    contact=row.contact_id,
                )
        return slots

    def make(self, kind: Kind, source: str, outside_id: str) -> Slot:
        return Slot(Record(kind=kind.name, source=source, outside_id=outside_id), fresh=True, state={})

    def fill(self, kind: Kind, slot: Slot, members: MemberBook, zone: ZoneInfo) -> None:
        row = slot.row
        assert isinstance(row, Record)  # noqa: S101
        state = dict(slot.state)
        row.extra = state.pop("extra", {})
        row.data = state
        row.account_id, row.contact_id = slot.root, slot.contact
        row.happened_at = happened_at(kind, slot.state, zone) or row.created_at


def shape_of(kind: Kind) -> Shape:
    return {"account": AccountShape(), "contact": ContactShape()}.get(kind.name, RecordShape())  # type: ignore[return-value]


def model_of(kind: Kind) -> type[Model]:
    return shape_of(kind).model
