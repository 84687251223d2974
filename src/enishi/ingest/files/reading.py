"""From a file's cells to stated rows, by a mapping of columns to fields. Pure, row by row."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from enishi.accounts.coercion import Refused, clip
from enishi.ingest.amounts import POINT, other_currency, read_amount
from enishi.ingest.corrections import Rule, kept_rules, mend
from enishi.ingest.files.matching import heading_key
from enishi.ingest.files.tables import Unread
from enishi.ingest.values import Habits, read_value, with_clock
from enishi.kit.cells import as_meant
from enishi.kit.text import Text
from enishi.store.kinds import CONTACT, Field, Kind, Type

# Columns of a downloaded list of rejected rows; when the corrected file comes back, only the number is read.
REASON_HEADINGS = (
    "取込エラー番号", "取込エラー", "取込元の行", "Error number", "Import error", "Row in the file",
)  # fmt: skip
LINE = REASON_HEADINGS[5]  # under which the text of a row that has no cells is kept
NUMBER_HEADINGS = (REASON_HEADINGS[0], REASON_HEADINGS[3])
# The column in which a list that we wrote says to which system each row's id belongs.
SYSTEM_HEADINGS = ("IDの体系", "Id system")
OWN_HEADINGS = frozenset((*REASON_HEADINGS, *SYSTEM_HEADINGS))


ROW, ROW_TITLE = "row", Text("Row", "行")  # where the row as a whole is at fault
_TOTALS = re.compile(
    r"[\s(【]*(?:合\s*計(?:\s*金\s*額)?|総\s*合?\s*計|小\s*計|計|(?:grand\s+|sub-?)?totals?|sum)"
    r"(?:[\s:：)】]*|\s*[:：].*|(?<=計)\s*\d.*)",
    re.IGNORECASE,
)

# Where a file has no id of its own, these say which record a row is; the rest of the kinds: the whole row.
NATURAL_IDS = {"account": ("domain", "name"), "contact": ("email", "user_id")}

# What tells of a person who it is.
_WHO = ("name", "family_name", "given_name", "name_kana", "email", "user_id")
NOBODY = Text(
    "names nobody: there is no name, mail address or id.", "氏名・メールアドレス・IDのいずれもありません。"
)

# By heading and mark before decimals, the row and cell that only this mark explains.
Proofs = Mapping[str, Mapping[str, tuple[int, str]]]

# What leads nowhere yet is kept aside by those who look it up.
_LOOKED_UP = (Type.ACCOUNT, Type.CONTACT, Type.MEMBER)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file's columns are read.

    Args:
        columns: field name -> heading. A field without one is not touched by the file.
        day_orders: heading -> order of bare dates in it (``dmy``, ``mdy``, ``ymd``).
        constants: field name -> one value for every row (a currency, a measure).
        keep_rest: whether further columns are kept as ``extra`` (events: as properties).
        made_ids: whether a person agreed that the file has no ids of its own.
        zone: of instants that name none, noted when the import starts; empty: the company's.
        decimals: heading -> the mark before decimals in it, ``.`` or ``,``.
        clocks: heading of a column of days -> heading of the column with their times of day; empty: none is meant.
        mixed: heading of a column that writes both marks before decimals -> the mark a person chose; empty: nobody did.
    """

    columns: dict[str, str]
    day_orders: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    keep_rest: bool = True
    made_ids: bool = False
    zone: str = ""
    decimals: dict[str, str] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)
    mixed: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "day_orders": self.day_orders,
            "constants": self.constants,
            "keep_rest": self.keep_rest,
            "made_ids": self.made_ids,
            "zone": self.zone,
            "decimals": self.decimals,
            "clocks": self.clocks,
            "mixed": self.mixed,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Plan:
        return cls(
            dict(body.get("columns", {})),
            dict(body.get("day_orders", {})),
            dict(body.get("constants", {})),
            bool(body.get("keep_rest", True)),
            bool(body.get("made_ids", False)),
            str(body.get("zone", "")),
            dict(body.get("decimals", {})),
            dict(body.get("clocks", {})),
            dict(body.get("mixed", {})),
        )


@dataclass(slots=True)
class ReadRow:
    """A row of the file as stated values, or why it cannot be read, by field. ``reason`` is the code of a refusal
    that has one of its own. ``remarks``: fields left out, and why. ``before``: the ids under which the row may have
    come before. ``times``: its times as read in earlier zones of the company. ``system``: to which its id belongs, where the row says so. ``number``: the item of the desk whose
    corrected row it is."""

    place: int
    cells: dict[str, Any]
    values: dict[str, Any]
    errors: dict[str, Text]
    reason: str = ""
    remarks: dict[str, Text] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    times: tuple[dict[str, str], ...] = ()
    system: str = ""
    number: int = 0


def stated_headings(headings: Sequence[str]) -> list[str]:
    """The headings of the file itself, without those of a downloaded list of rejected rows."""
    return [heading for heading in headings if heading not in REASON_HEADINGS]


def is_needless(kind: Kind, name: str) -> bool:
    """Whether a row is taken without a field of it that cannot be read: what is told of a customer or a person beside
    who it is. Elsewhere a wrong cell may be a wrong figure, and the row waits until it is corrected."""
    if kind.name not in ("account", "contact"):
        return False
    spec = next((spec for spec in kind.fields if spec.name == name), None)
    return spec is not None and not spec.required and name != "account"


def set_aside(row: ReadRow, name: str, text: Text, cell: Any) -> None:
    """Leave a field as it is and keep what the cell says among the further columns, with a remark."""
    row.values.pop(name, None)
    row.errors.pop(name, None)
    row.values["extra"] = {**(row.values.get("extra") or {}), name: "" if cell is None else str(cell)}
    row.remarks[name] = Text(f"{text.en} Kept aside.", f"{text.ja}(値は控えとして残ります)")


def fits_without(kind: Kind, row: ReadRow, errors: Mapping[str, Text]) -> bool:
    """Whether all that speaks against a row are fields it can do without; they are set aside then."""
    if not errors or not all(is_needless(kind, name) for name in errors):
        return False
    for name, text in errors.items():
        set_aside(row, name, text, row.values.get(name))
    return True


class RowReader:
    """Reads the rows of one file for one kind. Keeps count of equal rows, whose made ids must differ.

    ``rules`` are the corrections kept for files with these headings, ``proofs`` the cells that show the mark before decimals
    of their columns.
    """

    def __init__(
        self,
        kind: Kind,
        headings: Sequence[str],
        plan: Plan,
        habits: Habits,
        rules: Sequence[Rule] = (),
        proofs: Proofs | None = None,
    ) -> None:
        self._proofs = proofs or {}
        habits = replace(habits, zone=ZoneInfo(plan.zone)) if plan.zone else habits
        self.kind, self.plan, self.zone, self.rules = kind, plan, habits.zone, rules
        self.headings = list(headings)
        self._fields = [
            (spec, self.headings.index(plan.columns[spec.name]), self._habits(spec, habits))
            for spec in kind.fields
            if plan.columns.get(spec.name) in self.headings
        ]
        self._clocks = {
            place: self.headings.index(clock)
            for spec, place, _habits in self._fields
            if spec.type is Type.INSTANT and (clock := plan.clocks.get(self.headings[place])) in self.headings
        }
        used = {place for _spec, place, _habits in self._fields} | set(self._clocks.values())
        rest = [(n, h) for n, h in enumerate(self.headings) if n not in used and h not in OWN_HEADINGS]
        self._rest = rest if plan.keep_rest else []
        self._constants = [
            (spec, plan.constants[spec.name], habits)
            for spec in kind.fields
            if plan.constants.get(spec.name) and spec.name not in plan.columns
        ]
        names = {spec.name for spec in kind.fields}
        self._makes_ids = "id" in names and "id" not in plan.columns
        self._priced = "currency" in names
        self._guarded = not OWN_HEADINGS.isdisjoint(self.headings)  # a list that we wrote
        self._system, self._number = self._place(SYSTEM_HEADINGS), self._place(NUMBER_HEADINGS)
        self._same: Counter[str] = Counter()

    def _place(self, names: Sequence[str]) -> int:
        return next((n for n, heading in enumerate(self.headings) if heading in names), -1)

    def _habits(self, spec: Field, habits: Habits) -> Habits:
        heading = self.plan.columns[spec.name]
        decimal = self.plan.decimals.get(heading, POINT)
        proofs = self._proofs.get(heading, {})
        other = next((proof for mark, proof in proofs.items() if mark != decimal), None)
        doubted = self.plan.mixed.get(heading) == ""
        order = self.plan.day_orders.get(heading, "")
        return Habits(order, habits.zone, decimal, proofs.get(decimal), other, doubted)

    def read(self, place: int, cells: Sequence[Any]) -> ReadRow:
        """The stated values of a row; bad cells become errors."""
        if cells and isinstance(odd := cells[-1], Unread):
            return ReadRow(place, {LINE: odd.line}, {}, {ROW: odd.reason})
        if self._guarded:
            cells = [as_meant(cell) if isinstance(cell, str) else cell for cell in cells]
        row = ReadRow(place, {}, {}, _shape_errors(cells, len(self.headings)))
        row.system, row.number = self._told(cells, self._system)[:60], _whole(self._told(cells, self._number))
        late = next((cell for cell in cells[len(self.headings) :] if isinstance(cell, dict)), {})
        named = zip(self.headings, cells, strict=False)
        row.cells = {heading: cell for heading, cell in named if heading not in REASON_HEADINGS} | late
        if self.rules:
            mended = mend(row.cells, self.rules, self.zone)
            cells = [*(mended.get(heading) for heading in self.headings), *([late] if late else ())]
        self._read_fields(row, cells)
        if self._rest or (late and self.plan.keep_rest):
            rest = {heading: cells[n] for n, heading in self._rest if cells[n] not in (None, "")}
            row.values["extra"] = rest | late
        self._keep_aside(row)
        if self._makes_ids and not row.values.get("id"):
            if self._names_nobody(row):
                row.errors[ROW] = NOBODY
            row.values["id"] = self._made_id(row, cells)
        return row

    def _told(self, cells: Sequence[Any], place: int) -> str:
        cell = cells[place] if 0 <= place < len(cells) else None
        return "" if cell is None else str(cell).strip()

    def _read_fields(self, row: ReadRow, cells: Sequence[Any]) -> None:
        for spec, column, habits in self._fields:
            cell = cells[column]
            if spec.type is Type.INSTANT and column in self._clocks:
                cell = with_clock(cell, cells[self._clocks[column]])
            self._read_cell(spec, cell, habits, row.values, row.errors)
        for spec, text, habits in self._constants:
            self._read_cell(spec, text, habits, row.values, row.errors)
        if self._priced:
            self._check_signs(row, cells)

    def _keep_aside(self, row: ReadRow) -> None:
        """A cell that fits no longer stands among the further columns once it does."""
        for spec, column, _habits in self._fields:
            if is_needless(self.kind, spec.name) and spec.type is not Type.TEXT:
                if spec.name in row.errors:
                    set_aside(row, spec.name, row.errors[spec.name], row.cells.get(self.headings[column]))
                elif spec.type not in _LOOKED_UP:
                    row.values["extra"] = {**(row.values.get("extra") or {}), spec.name: None}

    def _read_cell(
        self, spec: Field, cell: Any, habits: Habits, values: dict[str, Any], errors: dict[str, Text]
    ) -> None:
        try:
            values[spec.name] = read_value(spec, cell, habits)
        except Refused as refused:
            errors[spec.name] = refused.text

    def _check_signs(self, row: ReadRow, cells: Sequence[Any]) -> None:
        """A sign on an amount (¥, £) states the currency where nothing else does, and must not contradict what does."""
        money = [
            (spec.name, cells[column], habits)
            for spec, column, habits in self._fields
            if spec.type is Type.MONEY
        ]
        money += [
            (spec.name, text, habits) for spec, text, habits in self._constants if spec.type is Type.MONEY
        ]
        for name, cell, habits in money:
            if not (isinstance(cell, str) and row.values.get(name)) or "currency" in row.errors:
                continue
            stated = row.values.get("currency")
            if not stated and (named := read_amount(cell, habits.decimal)[1]):
                row.values["currency"] = named
            elif stated and (named := other_currency(cell, stated, habits.decimal)):
                row.errors[name] = Text(
                    f"'{clip(cell)}' is an amount in {named}, but the currency is {stated}: correct one of the two.",
                    f"「{clip(cell)}」は{named}の金額ですが、通貨は{stated}です。どちらかを修正してください。",
                )

    def _names_nobody(self, row: ReadRow) -> bool:
        return self.kind.name == CONTACT.name and not any(row.values.get(name) for name in _WHO)

    def _made_id(self, row: ReadRow, cells: Sequence[Any]) -> str:
        """An id for a row that brings none: what names the record, or the row's own content and how often it came."""
        for name in NATURAL_IDS.get(self.kind.name, ()):
            if row.values.get(name):
                cell = row.cells.get(self.plan.columns.get(name, ""), "")
                row.before = (
                    str(cell).strip().lower()[:250],
                )  # as it was named when web addresses were kept
                return str(row.values[name]).lower()[:250]
        stated = [n for n, heading in enumerate(self.headings) if heading not in REASON_HEADINGS]
        told = [*(cells[n] for n in stated), *cells[len(self.headings) :]]
        text = json.dumps(
            [self.kind.name, stated_headings(self.headings), told], default=str, ensure_ascii=False
        )
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
        self._same[digest] += 1
        return f"row-{digest}" if self._same[digest] == 1 else f"row-{digest}-{self._same[digest]}"


def _whole(text: str) -> int:
    """A number as spreadsheets may give it back; 0 where it is none."""
    bare = text.removesuffix(".0")
    return int(bare) if bare.isascii() and bare.isdecimal() and len(bare) < 19 else 0


def _shape_errors(cells: Sequence[Any], width: int) -> dict[str, Text]:
    """What is wrong with a row as a whole: a line that adds up the others, or more cells than headings."""
    first = next((cell for cell in cells if cell not in (None, "")), None)
    if isinstance(first, str) and _TOTALS.fullmatch(first):
        told = clip(first.strip())
        return {ROW: Text(f"looks like a line of totals ('{told}').", f"合計行のようです(「{told}」)。")}
    if len(cells) == width:
        return {}
    beyond = [str(cell) for cell in cells[width:] if not isinstance(cell, dict) and cell not in (None, "")]
    if not beyond:
        return {}
    count, shown = width + len(beyond), clip(", ".join(beyond))
    return {
        ROW: Text(
            f"has {count} cells for {width} headings; without a heading: '{shown}'.",
            f"見出し{width}列に対してセルが{count}個あります。見出しのない値:「{shown}」",
        )
    }


def reader_for(
    kind: Kind, headings: Sequence[str], plan: Plan, habits: Habits, proofs: Proofs | None = None
) -> RowReader:
    """The reader of a file, with what was kept for files with these headings."""
    rules = kept_rules(kind.name, fingerprint=fingerprint(headings))
    return RowReader(kind, headings, plan, habits, rules, proofs)


def fingerprint(columns: Sequence[str]) -> str:
    """What tells whether the same headings came again, in whatever order."""
    own = sorted(map(heading_key, stated_headings(columns)))
    return hashlib.sha256("\n".join(own).encode()).hexdigest()
