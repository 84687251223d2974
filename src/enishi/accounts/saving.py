"""What a batch of stated rows means for the records: decided in memory, written by :mod:`.writing`.

A field left out keeps its value, a field given empty loses it; one that names somebody unknown keeps its value too.
A row that changes nothing writes nothing. When a value holds and since when it is known: :mod:`.dating`; the terms of contracts: :mod:`.terms`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from enishi.accounts.coercion import Setting, check_state, clip, coerce_row
from enishi.accounts.dating import Moment, State, begins_on, versions_of
from enishi.accounts.models import Account, Contact, RecordVersion
from enishi.accounts.references import AccountBook, ContactBook, MemberBook, domain_of
from enishi.accounts.shapes import Slot, shape_of
from enishi.accounts.terms import (
    ENDED,
    NOTICE,
    Spoken,
    base_for,
    present,
    revived,
    speaks_from,
    spread,
    with_notice,
)
from enishi.kit.clock import day_of
from enishi.kit.text import Text
from enishi.store.kinds import Kind, Type

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
MISSING = Text("is missing.", "入力されていません。")
EMPTIED = Text(
    "cannot be emptied: leave it out to keep it, or write a value.",
    "必須のため空にできません。変更しない場合は項目を省き、変更する場合は値を入力してください。",
)


@dataclass(slots=True)
class RowResult:
    """What became of one row.

    Args:
        index: its place in the batch, from 0.
        status: created, updated, unchanged or rejected.
        record_id: the number of its row here; None where rejected (and in a dry run for new ones).
        errors: why it was rejected, by field.
        warnings: what was kept otherwise than stated, by field (an owner who is no member, for example).
    """

    index: int
    status: str
    record_id: int | None = None
    errors: dict[str, Text] = field(default_factory=dict)
    warnings: dict[str, Text] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """A row's result and the record it fell on. ``parent`` is a parent account still to be found."""

    result: RowResult
    slot: Slot | None = None
    parent: str = ""


class Batch:
    """One call of ``save_records``: reads what it needs in a few queries, then decides row by row.

    Args:
        dated: ids of which the same delivery states terms by their day, with the first such day; what the rows of
            the call itself say is added.
    """

    def __init__(
        self,
        kind: Kind,
        source: str,
        setting: Setting,
        moment: Moment,
        dated: Mapping[str, date] | None = None,
    ) -> None:
        self.kind, self.source, self.setting, self.moment = kind, source, setting, moment
        self.shape = shape_of(kind)
        self.accounts, self.contacts, self.members = AccountBook(source), ContactBook(source), MemberBook()
        self.slots: dict[str, Slot] = {}
        self.dated = dict(dated or {})
        self.names = {f.name for f in kind.fields}
        self.member_fields = [f.name for f in kind.fields if f.type is Type.MEMBER]

    def plan(self, rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Decide every row, in order (terms in that of their days); later rows see what earlier ones said."""
        read = [coerce_row(self.kind, row, self.setting) for row in rows]
        self._load([values for values, _errors in read])
        decided = {n: self._decide(n, *read[n]) for n in self._order([values for values, _errors in read])}
        return [decided[n] for n in range(len(read))]

    def _order(self, read: list[State]) -> list[int]:
        """The order in which rows are decided, so that a history says the same however its rows are sorted."""
        name = self.kind.effective
        places = [n for n, values in enumerate(read) if name and name in values]
        by_day = iter(sorted(places, key=lambda n: read[n][name] or ""))
        for n in places:
            if (outside_id := read[n].get("id")) and (stated := read[n][name]):
                day = date.fromisoformat(stated)
                self.dated[outside_id] = min(day, self.dated.get(outside_id, day))
        moved = set(places)
        return [next(by_day) if n in moved else n for n in range(len(read))]

    def _load(self, read: list[State]) -> None:
        self.slots = self.shape.load(self.kind, self.source, {v["id"] for v in read if v.get("id")})
        wanted: dict[str, set[str]] = defaultdict(set)
        for values in read:
            for name in ("account", "parent", "contact"):
                if name in self.names and isinstance(value := values.get(name), str):
                    wanted[name].add(value)
        domains = {domain_of(value) for value in wanted["contact"]} - {""}
        self.accounts.look_up(wanted["account"] | wanted["parent"] | domains)
        self.contacts.look_up(wanted["contact"])
        if self.kind.effective or (self.moment.backfill and any(not f.timeless for f in self.kind.fields)):
            self.load_history(self.slots.values())

    def load_history(self, records: Iterable[Slot]) -> None:
        """Each record's states by the day they hold from, and by when they became known."""
        slots = {slot.row.pk: slot for slot in records}
        numbers = sorted(slots)
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            rows = RecordVersion.objects.filter(kind=self.kind.name, record_id__in=part)
            for version in rows.order_by("pk"):
                slot = slots[version.record_id]
                if version.deleted:
                    slot.gone.add(version.valid_on)
                    continue
                slot.gone.discard(version.valid_on)
                if self.kind.effective:
                    slot.terms[version.valid_on] = version.data
                slot.known.append((version.known_at, version.data))

    def _decide(self, index: int, values: State, errors: dict[str, Text]) -> Outcome:
        outcome = Outcome(RowResult(index, REJECTED, errors=errors))
        outside_id = values.pop("id", None)
        if not outside_id:
            errors.setdefault("id", MISSING)
            return outcome
        slot = self.slots.get(outside_id) or self.shape.make(self.kind, self.source, outside_id)
        refer(self, values, slot, outcome)
        account, contact = values.pop("account", slot.account), values.pop("contact", slot.contact)
        spoken = self._spoken(outside_id, values)
        terms, today = slot.terms, self.moment.today
        base = base_for(self.kind, terms, spoken, today) if terms else slot.state
        state = merged(base, values)
        if terms and slot.settled and not self.moment.backfill:
            state = with_notice(base, state, values, today, lambda: self._told_together(slot, base))
        have = {**state, "id": outside_id, "account": account, "contact": contact}
        lacking = [f.name for f in self.kind.fields if f.required and have.get(f.name) is None]
        told = EMPTIED if slot.settled else missing_of(self.kind)
        errors.update({name: told for name in lacking if name not in errors})
        errors.update(check_state(self.kind, state, values, self.setting))
        if not errors:
            self.slots[outside_id] = outcome.slot = slot
            outcome.result.status = self._apply(slot, state, base, spoken, account, contact)
        return outcome

    def _told_together(self, slot: Slot, base: State) -> bool:
        """Whether an end was told with the notice of the terms, on its day."""
        told = [
            known for known, state in slot.known if state.get(ENDED) and state.get(NOTICE) == base.get(NOTICE)
        ]
        return bool(told) and day_of(min(told), self.moment.zone).isoformat() == base.get(NOTICE)

    def _spoken(self, outside_id: str, values: State) -> Spoken:
        """Take the day a row speaks from out of its values. Empty beside dated rows, it is a history's first line."""
        if self.kind.effective not in values:
            return Spoken()
        stated = values.pop(self.kind.effective)
        if stated:
            return Spoken(date.fromisoformat(stated))
        return Spoken(history=self.dated.get(outside_id))

    def _apply(
        self, slot: Slot, state: State, base: State, spoken: Spoken, account: int | None, contact: int | None
    ) -> str:
        """Lay a state over a record; says created, updated or unchanged."""
        day = self._day(slot, state, base, spoken)
        if day is None:
            return UNCHANGED
        root = self.accounts.root(account) if account else None
        moved = (root, contact) != (slot.root, slot.contact)
        earlier = bool(slot.terms and day < min(slot.terms))
        if slot.settled and not (moved or earlier) and state == base:
            return UNCHANGED
        gone = slot.row.deleted_at and not slot.revived
        status = CREATED if gone or (slot.fresh and not slot.versions) else UPDATED
        slot.account, slot.root, slot.contact = account, root, contact
        for start, told in self._told(slot, day, base, state, spoken, moved).items():
            self._tell(slot, start, told)
        slot.state = present(slot.terms, self.moment.today) if slot.terms else state
        slot.revived = True
        return status

    def _day(self, slot: Slot, state: State, base: State, spoken: Spoken) -> date | None:
        moment = self.moment
        if slot.terms:
            return speaks_from(self.kind, state, base, slot.terms, spoken, moment.today, moment.backfill)
        day = spoken.stated or begins_on(self.kind, state, moment)
        return None if spoken.history and spoken.history <= day else day

    def _told(
        self, slot: Slot, day: date, base: State, state: State, spoken: Spoken, moved: bool
    ) -> dict[date, State]:
        """The states to be written, by the day they hold from: those of later terms too where they move along."""
        told = spread(self.kind, slot.terms, day, base, state, stated=spoken.stated is not None)
        if slot.terms and not slot.settled:
            told |= revived(self.kind, slot.terms, told, slot.gone, self.moment.today)
        later = {start: old for start, old in slot.terms.items() if moved and start > day}
        return {**later, **told}

    def _tell(self, slot: Slot, day: date, state: State) -> None:
        if self.kind.effective:
            slot.terms[day] = state = {**state, self.kind.effective: day.isoformat()}
        for version in versions_of(self.kind, state, day, slot.known, self.moment):
            version.account, version.contact = slot.account, slot.contact
            slot.versions.append(version)
            slot.known.append((version.known_at, version.state))


def missing_of(kind: Kind) -> Text:
    """What to say of a needed field of a record that is not known yet."""
    return Text(
        f"is missing: a new {kind.title.en.lower()} needs it.",
        f"入力されていません。新しい{kind.title.ja}には必須です。",
    )


def merged(base: State, values: State) -> State:
    """A state with the stated values laid over it; empty ones remove."""
    state = dict(base)
    for name, value in values.items():
        if name == "extra":
            value = {k: v for k, v in {**base.get("extra", {}), **value}.items() if v is not None} or None
        if value is None:
            state.pop(name, None)
        else:
            state[name] = value
    return state


def refer(batch: Batch, values: State, slot: Slot, outcome: Outcome) -> None:
    """Replace the outside ids in ``values`` by our numbers; what is not found becomes an error, or a warning and the
    field stays as it is."""
    if "account" in batch.names:
        _refer_account(batch, values, outcome)
    if "contact" in batch.names:
        _refer_contact(batch, values, slot, outcome)
    if "parent" in batch.names:
        _refer_parent(batch, values, outcome)
    for name in batch.member_fields:
        if name in values:
            held = slot.state.get(name)  # also one who has been deactivated
            found = batch.members.find(values[name] or "")
            mail = found[1] if found else held if held == values[name] else None
            _place(values, name, mail, outcome, NOT_A_MEMBER)


NOT_A_MEMBER = Text(
    "'{}' names no single active member; the field stays as it is, the name is kept for later.",
    "「{}」に当たる有効なメンバーを一人に特定できないため、この項目は変更せず、値を控えとして保存します。",
)
NOT_A_CONTACT = Text(
    "'{}' is no known contact; the field stays as it is, the name is kept for later.",
    "「{}」という関係者がいないため、この項目は変更せず、値を控えとして保存します。",
)
NO_PARENT = Text(
    "'{}' is no known account; the field stays as it is, the name is kept for later.",
    "「{}」という顧客企業がないため、この項目は変更せず、値を控えとして保存します。",
)


def _place(values: State, name: str, found: Any, outcome: Outcome, warning: Text) -> None:
    """State what a reference leads to. One that leads nowhere yet is kept among the further columns, so that neither
    it nor what the record says so far is lost; whatever is stated well, or emptied, ends an earlier one."""
    stated = values.pop(name)
    lost = stated if stated and found is None else None
    values["extra"] = {**(values.get("extra") or {}), name: lost}
    if lost is None:
        values[name] = found
        return
    outcome.result.warnings[name] = not_found(warning, lost)


def not_found(warning: Text, stated: object) -> Text:
    """One of the warnings above, with what was stated."""
    shown = clip(stated)
    return Text(warning.en.format(shown), warning.ja.format(shown))


def _refer_account(batch: Batch, values: State, outcome: Outcome) -> None:
    stated = values.get("account")
    if isinstance(stated, Account):
        values["account"] = stated.pk
    elif stated is not None:
        found = batch.accounts.find(stated)
        if len(found) == 1:
            values["account"] = next(iter(found))
        else:
            outcome.result.errors["account"] = _not_one(stated, len(found))


def _not_one(stated: str, found: int) -> Text:
    if found:
        return Text(
            f"'{clip(stated)}' could be {found} accounts; merge them, or use the id of one system.",
            f"「{clip(stated)}」に当てはまる顧客企業が{found}社あります。統合するか、一つのシステムのIDをご指定ください。",
        )
    return Text(
        f"No account has the id, mail domain or name '{clip(stated)}'.",
        f"ID・メールドメイン・会社名のいずれも「{clip(stated)}」に一致する顧客企業が見つかりません。",
    )


def _refer_contact(batch: Batch, values: State, slot: Slot, outcome: Outcome) -> None:
    stated = values.get("contact")
    if isinstance(stated, Contact):
        values["contact"] = stated.pk
        values.setdefault("account", stated.account_id)
    elif "contact" in values:
        account = values.get("account", slot.account)
        root = batch.accounts.root(account) if account else None
        found = batch.contacts.find(stated, root) if stated else None
        _place(values, "contact", found.number if found else None, outcome, NOT_A_CONTACT)
        if root != slot.root:
            values.setdefault("contact", None)  # who it was belongs to the account it was of
        if stated and account is None and "account" not in outcome.result.errors:
            by_domain = batch.accounts.find(domain_of(stated)) if not found else {found.account}
            values["account"] = next(iter(by_domain)) if len(by_domain) == 1 else None


def _refer_parent(batch: Batch, values: State, outcome: Outcome) -> None:
    """A parent may be made in this very batch: those not found yet are kept aside and looked for after writing."""
    stated = values.get("parent")
    if isinstance(stated, Account):
        values["parent"] = stated.pk
    elif "parent" in values:
        found = batch.accounts.find(stated) if stated else set()
        _place(values, "parent", next(iter(found)) if len(found) == 1 else None, outcome, NO_PARENT)
        outcome.parent = "" if len(found) == 1 or not stated else stated
