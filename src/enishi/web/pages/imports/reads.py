"""What the import pages show."""

from __future__ import annotations

import json
from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.references import MemberBook
from enishi.accounts.saving import NOT_A_MEMBER, missing_of, not_found
from enishi.ingest.amounts import DECIMALS
from enishi.ingest.files.habits import (
    LOOK,
    contradictions,
    date_columns,
    number_columns,
    settle_habits,
    unasked,
    unclear_numbers,
)
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.known import OWN_PRODUCT, REMEDIES, TITLES, Known
from enishi.ingest.files.matching import Match, guess_columns
from enishi.ingest.files.newcomers import NEWCOMERS
from enishi.ingest.files.own import is_own_list
from enishi.ingest.files.parts import known_ids, refuse_strangers
from enishi.ingest.files.reading import ROW, Plan, ReadRow, stated_headings
from enishi.ingest.files.receiving import find_mapping, habits, known_in, preview, takes_parts
from enishi.ingest.files.remarks import MADE_IDS, Remark, makes_ids, remarks_of
from enishi.ingest.files.tables import Table
from enishi.ingest.models import Import, Reject
from enishi.ingest.values import DAY_ORDERS
from enishi.kit.text import Text
from enishi.store.kinds import DEFAULT_SYSTEM, Field, Kind, Type
from enishi.web import words

_SAMPLE = 500  # of the rows looked at: for the guess of columns and their examples
_UNCHOSEN = "-"  # of a column that writes both marks before decimals
NOTHING = Text("", "")


def language() -> str:
    return get_language() or "ja"


def kind_titles() -> list[tuple[str, str]]:
    """Kinds to choose from, in the reader's language; events last."""
    return [(kind.name, kind.plural.in_language(language())) for kind in FILE_KINDS.values()]


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the mapping form: the chosen column, what it holds, and how sure the guess was."""

    field: Field
    title: str
    help: str
    required: bool
    column: str
    constant: str
    choices: list[tuple[str, str]]
    example: str
    guessed: int
    asks_order: bool
    order: str
    order_name: str
    asks_decimal: bool
    decimal: str
    decimal_name: str
    is_mixed: bool
    asks_clock: bool
    clock: str
    clock_name: str


@dataclass(frozen=True, slots=True)
class Cell:
    heading: str
    raw: str
    value: str
    error: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    place: int
    cells: list[Cell]
    bad: bool


@dataclass(frozen=True, slots=True)
class System:
    """An id system to choose, with how many of the file's ids it knows."""

    name: str
    title: str
    known: int


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything of the mapping page. ``systems`` is empty where the rows themselves say theirs."""

    kind: Kind
    lines: list[Line]
    rows: list[PreviewRow]
    titles: list[str]
    remarks: list[Remark]
    systems: list[System]
    looked: int
    makes_ids: bool
    ids_of: str
    asks: list[str]
    remembered: bool
    missing: list[str]


def workshop(made: Import, table: Table) -> Workshop:
    """The mapping form with its live preview."""
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    first = list(islice(table.rows(), LOOK))
    sample = [cells for _place, cells in first[:_SAMPLE]]
    known = known_in(made, first)
    guesses = guess_columns(kind, table.columns, sample, habits())
    asks = unasked(kind, plan, table.columns, sample)
    every, delimiter = [cells for _place, cells in first], table.details.get("delimiter", "")
    unclear = unclear_numbers(kind, plan, table.columns, every, delimiter)
    mixed = contradictions(kind, plan, table.columns, first)
    needed = set() if takes_parts(made, table) else {spec.name for spec in kind.fields if spec.required}
    lines = [
        _line(spec, plan, guesses, table.columns, sample, {*asks, *unclear, *mixed}, needed)
        for spec in kind.fields
    ]
    read, remarks = preview(made, table, timezone.now()), remarks_of(made, known, unclear, mixed)
    told = _told_beside(made, read, used := _used(kind, plan))
    return Workshop(
        kind,
        lines,
        [_preview_row(row, used, plan, beside) for row, beside in zip(read, told, strict=True)],
        [spec.title.in_language(language()) for spec in used],
        remarks,
        _systems(made, known),
        known.looked,
        makes_ids(made),
        _ids_of(remarks),
        asks,
        find_mapping(made.kind, table.columns) is not None,
        [line.title for line in lines if line.required and not (line.column or line.constant)],
    )


def _used(kind: Kind, plan: Plan) -> list[Field]:
    return [spec for spec in kind.fields if spec.name in plan.columns or plan.constants.get(spec.name)]


def _ids_of(remarks: list[Remark]) -> str:
    """The columns of which the ids are made; empty where they are made of the whole row, or stated."""
    told = next((remark.told for remark in remarks if remark.code == MADE_IDS), "")
    return ", ".join(told) if isinstance(told, list) else ""


def system_title(name: str) -> str:
    return OWN_PRODUCT.in_language(language()) if name == DEFAULT_SYSTEM else name


def told_system(made: Import) -> str:
    """Whose ids an import holds, in words."""
    own = is_own_list(made.kind, made.headings)
    return _("as each row says") if own else system_title(made.system)


def _systems(made: Import, known: Known) -> list[System]:
    """Those that know the most of the file's ids first."""
    if known.stated:
        return []
    by_count = sorted(known.by_system, key=lambda name: -known.by_system[name])
    names = dict.fromkeys([*by_count, made.system, DEFAULT_SYSTEM])
    return [System(name, system_title(name), known.by_system.get(name, 0)) for name in names]


def _line(
    spec: Field,
    plan: Plan,
    guesses: Lookup[str, Match],
    columns: list[str],
    sample: list[list[Any]],
    asks: set[str],
    needed: set[str],
) -> Line:
    column = plan.columns.get(spec.name, "")
    place = columns.index(column) if column in columns else -1
    example = next((str(row[place]) for row in sample if place >= 0 and row[place] not in (None, "")), "")
    guess = guesses.get(spec.name)
    dated = spec.type in (Type.DATE, Type.INSTANT)
    order = plan.day_orders.get(column, "") if dated else ""
    return Line(
        spec,
        spec.title.in_language(language()),
        spec.help.in_language(language()) if spec.help else "",
        spec.name in needed - {"id"} and not (spec.name == "account" and "contact" in plan.columns),
        column,
        plan.constants.get(spec.name, ""),
        [(name, title.in_language(language())) for name, title in spec.choices],
        example[:60],
        guess.score if guess and guess.column == column else 0,
        dated and bool(column) and (column in asks or order in DAY_ORDERS),
        order,
        f"order-{place}",
        not dated and bool(column) and column in asks,
        _UNCHOSEN if plan.mixed.get(column) == "" else plan.decimals.get(column, ""),
        f"decimal-{place}",
        column in plan.mixed,
        spec.type is Type.INSTANT and column in plan.clocks,
        plan.clocks.get(column, ""),
        f"clock-{place}",
    )


def _told_beside(made: Import, read: list[ReadRow], used: list[Field]) -> list[dict[str, Text]]:
    """Row by row, what is told of its fields besides how they are read. A known record keeps what it must have."""
    kind, plan = FILE_KINDS[made.kind], Plan.from_json(made.plan)
    refuse_strangers(kind, plan, read, made.system)
    known = set() if kind.name == EVENT.name else known_ids(kind, read, made.system)
    told, needed = _strangers(read, used), [spec.name for spec in used if spec.required]
    for row, beside in zip(read, told, strict=True):
        if row.values.get("id") not in known:
            empty = [name for name in needed if row.values.get(name) in (None, "")]
            beside |= dict.fromkeys(empty, missing_of(kind))
    return told


def _strangers(read: list[ReadRow], used: list[Field]) -> list[dict[str, Text]]:
    """Row by row, the fields that name somebody who is no member: they stay as they are."""
    names = [spec.name for spec in used if spec.type is Type.MEMBER]
    members = MemberBook() if names else None
    return [
        {
            name: not_found(NOT_A_MEMBER, stated)
            for name in names
            if members and (stated := row.values.get(name)) and not members.find(stated)
        }
        for row in read
    ]


def _preview_row(row: ReadRow, used: list[Field], plan: Plan, beside: Lookup[str, Text]) -> PreviewRow:
    wrong = {**beside, **row.errors, **row.remarks}
    if ROW in row.errors and used:
        wrong[used[0].name] = row.errors[ROW]
    cells = [
        Cell(
            spec.title.in_language(language()),
            shown(row.cells.get(plan.columns.get(spec.name, ""), plan.constants.get(spec.name, ""))),
            shown_value(spec, row.values.get(spec.name)),
            wrong.get(spec.name, NOTHING).in_language(language()),
        )
        for spec in used
    ]
    return PreviewRow(row.place, cells, bool(row.errors))


def shown(value: Any) -> str:
    return "" if value is None else str(value)[:80]


def shown_value(spec: Field, value: Any) -> str:
    """A read value as a person checks it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return {True: ("Yes", "はい"), False: ("No", "いいえ")}[value][language().startswith("ja")]
    if spec.type is Type.CHOICE:
        return next((t.in_language(language()) for name, t in spec.choices if name == value), str(value))
    if isinstance(value, datetime):
        return words.instant(timezone.localtime(value), language())
    if isinstance(value, date):
        return words.day(value, language())
    if spec.type in (Type.MONEY, Type.INTEGER, Type.NUMBER):
        return f"{value:,}"
    return str(value)[:80]


@dataclass(frozen=True, slots=True)
class Told:
    """What rows were kept otherwise than written at a field, or (with a remedy) why new ones may be known already.

    Args:
        whole: whether the text names all of them, and not one for example.
    """

    name: str
    title: str
    count: int
    text: str
    remedy: str
    whole: bool


def told_warnings(kind: str, warnings: Lookup[str, list[Any]]) -> list[Told]:
    fields = {field.name: field.title for field in FILE_KINDS[kind].fields}
    titles, place = {**fields, **TITLES}, 2 if language().startswith("ja") else 1
    return [
        Told(
            name,
            titles.get(name, Text(name, name)).in_language(language()),
            told[0],
            told[place],
            REMEDIES.get(name, NOTHING).in_language(language()),
            name == NEWCOMERS,
        )
        for name, told in warnings.items()
    ]


def plan_from(made: Import, table: Table, asked: Lookup[str, str]) -> Plan:
    """The plan a posted mapping form states; only what the file and the kind know is taken."""
    kind = FILE_KINDS[made.kind]
    columns = {
        spec.name: asked[f"col-{spec.name}"]
        for spec in kind.fields
        if asked.get(f"col-{spec.name}") in table.columns
    }
    constants = {
        spec.name: asked[f"const-{spec.name}"].strip()
        for spec in kind.fields
        if spec.name not in columns and asked.get(f"const-{spec.name}", "").strip()
    }
    plan = Plan(columns, {}, constants, "keep_rest" in asked, "made_ids" in asked)
    _state_habits(kind, plan, Plan.from_json(made.plan), table, asked)
    settle_habits(kind, plan, table.columns, table.sample(LOOK), table.details.get("delimiter", ""))
    return plan


def _state_habits(kind: Kind, plan: Plan, old: Plan, table: Table, asked: Lookup[str, str]) -> None:
    """What is chosen beside the columns, else was before."""

    def stated(name: str, heading: str, kept: Lookup[str, str]) -> str:
        return asked.get(f"{name}-{table.columns.index(heading)}") or kept.get(heading, "")

    for heading in date_columns(kind, plan):
        if (order := stated("order", heading, old.day_orders)) in DAY_ORDERS:
            plan.day_orders[heading] = order
        clock = stated("clock", heading, old.clocks)
        if clock or heading in old.clocks:
            plan.clocks[heading] = clock if clock in table.columns else ""
    for heading in number_columns(kind, plan):
        if (mark := stated("decimal", heading, old.decimals)) in DECIMALS:
            plan.decimals[heading] = mark
        if (chosen := stated("decimal", heading, old.mixed)) in DECIMALS:
            plan.mixed[heading] = chosen


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row with its cells in the file's order, those at fault marked."""

    number: int
    place: int
    reason: list[str]
    cells: list[tuple[str, str, bool]]


def rejected_page(made: Import, rejects: list[Reject]) -> list[RejectedRow]:
    return [rejected_row(made, reject) for reject in rejects]


def rejected_row(made: Import, reject: Reject) -> RejectedRow:
    cells = json.loads(reject.payload)
    at_fault = set(reject.context.get("fields", {}).values())
    return RejectedRow(
        reject.pk,
        reject.position,
        reject.message(language()).split("\n"),
        [(h, shown_full(cells.get(h)), h in at_fault) for h in stated_headings(made.headings)],
    )


def shown_full(value: Any) -> str:
    return "" if value is None else str(value)
