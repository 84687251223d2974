"""How a file writes days and numbers, column by column: found from its cells, else stated by a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from enishi.accounts.coercion import Refused, clip
from enishi.ingest.amounts import COMMA, DECIMALS, POINT, decimals_in, mark_in, proofs_in
from enishi.ingest.files.matching import heading_key
from enishi.ingest.files.reading import Plan, Proofs
from enishi.ingest.files.tables import Row
from enishi.ingest.values import (
    DAY_ORDERS,
    NUMERIC,
    Habits,
    day_order_of,
    is_nothing,
    read_instant,
    with_clock,
)
from enishi.kit.text import Text
from enishi.store.kinds import Kind, Type

LOOK = 2000  # rows looked at for the guess of columns, the order of dates and the mark before decimals
_DATED = (Type.DATE, Type.INSTANT)


def _of_types(kind: Kind, plan: Plan, types: Collection[Type]) -> dict[str, Type]:
    """The headings of the fields of these types."""
    return {
        plan.columns[spec.name]: spec.type
        for spec in kind.fields
        if spec.type in types and plan.columns.get(spec.name)
    }


def date_columns(kind: Kind, plan: Plan) -> list[str]:
    return list(_of_types(kind, plan, _DATED))


def number_columns(kind: Kind, plan: Plan) -> list[str]:
    return list(_of_types(kind, plan, NUMERIC))


def _column(columns: Sequence[str], sample: Sequence[Sequence[Any]], heading: str) -> list[Any]:
    place = list(columns).index(heading)
    return [row[place] for row in sample]


def settle_habits(
    kind: Kind, plan: Plan, columns: Sequence[str], sample: Sequence[Sequence[Any]], delimiter: str = ""
) -> None:
    """Note what the cells prove, and of numbers that may be two the likelier reading where none is stated."""
    for heading in date_columns(kind, plan):
        if heading in columns and plan.day_orders.get(heading) not in DAY_ORDERS:
            order = day_order_of(_column(columns, sample, heading))
            if order in DAY_ORDERS:
                plan.day_orders[heading] = order
    _settle_decimals(kind, plan, columns, sample, delimiter)
    _settle_clocks(kind, plan, columns, sample)


# Days


def unasked(kind: Kind, plan: Plan, columns: Sequence[str], sample: Sequence[Sequence[Any]]) -> list[str]:
    """Date columns whose order of day and month neither the cells prove nor a person chose."""
    return [
        heading
        for heading in date_columns(kind, plan)
        if heading in columns
        and plan.day_orders.get(heading) not in DAY_ORDERS
        and day_order_of(_column(columns, sample, heading)) == "ask"
    ]


def unclear_days(kind: Kind, plan: Plan, columns: Sequence[str], rows: Sequence[Row]) -> dict[str, Text]:
    """By heading of such a column, its first cell that may be two days, with its row."""
    asks = unasked(kind, plan, columns, [cells for _place, cells in rows])
    return {heading: _unclear_day(heading, list(columns).index(heading), rows) for heading in asks}


def _unclear_day(heading: str, column: int, rows: Sequence[Row]) -> Text:
    dated = [(place, cells[column]) for place, cells in rows if day_order_of([cells[column]])]
    place, cell = next((found for found in dated if day_order_of([found[1]]) == "ask"), dated[0])
    return Text(
        f"Row {place}: in '{heading}', '{clip(cell)}' may be two days; which of day and month comes first?",
        f"{place}行目「{heading}」の「{clip(cell)}」は、日と月のどちらが先か判別できません。",
    )


# Times of day

# What a column of times is called beside one of days, and the words in which the headings of such a pair differ.
_CLOCKS = {"time", "timeofday", "clocktime", "時刻", "時間"}
_PAIRS = (
    ("date", "time"),
    ("on", "time"),
    ("日付", "時刻"),
    ("年月日", "時刻"),
    ("日", "時刻"),
    ("日", "時間"),
)


def _settle_clocks(kind: Kind, plan: Plan, columns: Sequence[str], sample: Sequence[Sequence[Any]]) -> None:
    """Find the column of times beside a column of days whose cells have none."""
    for spec in kind.fields:
        heading = plan.columns.get(spec.name, "")
        if spec.type is not Type.INSTANT or heading not in columns:
            continue
        if plan.clocks.get(heading) in plan.columns.values():  # taken by a field since
            del plan.clocks[heading]
        if heading in plan.clocks:
            continue
        taken = {*plan.columns.values(), *plan.clocks.values()}
        wanted = _clock_keys(heading) | (_CLOCKS if spec.name == kind.happened else set())
        days, habits = _column(columns, sample, heading), Habits(plan.day_orders.get(heading, "dmy"))
        for other in columns:
            if other in taken or heading_key(other) not in wanted:
                continue
            if _complete(days, _column(columns, sample, other), habits):
                plan.clocks[heading] = other
                break


def _clock_keys(heading: str) -> set[str]:
    key = heading_key(heading)
    return {key.replace(day, clock) for day, clock in _PAIRS if day in key}


def _complete(days: Sequence[Any], clocks: Sequence[Any], habits: Habits) -> bool:
    """Whether next to no day has a time of its own, and the other cells give it one."""
    pairs = [(day, clock) for day, clock in zip(days, clocks, strict=True) if not is_nothing(clock)]
    timed = [_timed(day, habits) for day, _clock in pairs]
    made = [_timed(with_clock(day, clock), habits) for day, clock in pairs]
    return timed.count(False) * 10 > len(pairs) * 9 < made.count(True) * 10


def _timed(cell: Any, habits: Habits) -> bool | None:
    """Whether a cell is an instant with a time of day, or a day (False); None where it is neither."""
    try:
        read = read_instant(cell, habits)
    except Refused:
        return None
    return isinstance(read, datetime) and (not isinstance(cell, datetime) or read.time() != time())


# Numbers


def _settle_decimals(
    kind: Kind, plan: Plan, columns: Sequence[str], sample: Sequence[Sequence[Any]], delimiter: str
) -> None:
    """What a column's own cells prove holds; else what is stated, what the other columns prove, what is likely. Columns
    whose cells prove both are noted."""
    numeric = {name: type_ for name, type_ in _of_types(kind, plan, NUMERIC).items() if name in columns}
    told = {heading: proofs_in(_column(columns, sample, heading)) for heading in numeric}
    for heading, (proofs, _unclear) in told.items():
        if len(proofs) < 2:
            plan.mixed.pop(heading, None)
        elif plan.mixed.setdefault(heading, "") in DECIMALS:
            plan.decimals[heading] = plan.mixed[heading]
    proven = {max(proofs) for proofs, _unclear in told.values() if len(proofs) == 1}
    for heading, (proofs, unclear) in told.items():
        if len(proofs) == 1:
            plan.decimals[heading] = max(proofs)
        elif plan.decimals.get(heading) in DECIMALS:
            continue
        elif proofs:
            plan.decimals[heading] = proofs.most_common(1)[0][0]
        elif len(proven) == 1:
            plan.decimals[heading] = max(proven)
        elif unclear:
            plan.decimals[heading] = _likely(numeric[heading], unclear, delimiter)


def _likely(type_: Type, unclear: Sequence[str], delimiter: str) -> str:
    """A comma before three digits groups them. So does a point in whole numbers, and where a file looks European."""
    if all(mark_in(cell) == COMMA for cell in unclear):
        return POINT
    return COMMA if type_ is Type.INTEGER or _is_european(unclear, delimiter) else POINT


def _is_european(cells: Sequence[str], delimiter: str) -> bool:
    return delimiter == ";" or any("€" in cell for cell in cells)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two cells of a column that no one mark before decimals explains, each with its row: the first is read, by the mark
    the column is read with; the second is refused."""

    mark: str
    read: tuple[int, str]
    refused: tuple[int, str]


def first_proofs(kind: Kind, plan: Plan, columns: Sequence[str], rows: Sequence[Row]) -> Proofs:
    """By heading of numbers, and by mark before decimals, the first row and cell that only this mark explains."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for heading in number_columns(kind, plan):
        if heading not in columns:
            continue
        column = list(columns).index(heading)
        for place, cells in rows:
            if len(marks := decimals_in(cells[column])) == 1:
                found.setdefault(heading, {}).setdefault(max(marks), (place, str(cells[column])))
    return found


def contradictions(
    kind: Kind, plan: Plan, columns: Sequence[str], rows: Sequence[Row]
) -> dict[str, Contradiction]:
    """By heading, what of a column's numbers contradicts itself."""
    found = {}
    for heading, proofs in first_proofs(kind, plan, columns, rows).items():
        mark = plan.decimals.get(heading, POINT)
        others = [proof for other, proof in proofs.items() if other != mark]
        if mark in proofs and others:
            found[heading] = Contradiction(mark, proofs[mark], others[0])
    return found


def unclear_numbers(
    kind: Kind, plan: Plan, columns: Sequence[str], sample: Sequence[Sequence[Any]], delimiter: str = ""
) -> dict[str, str]:
    """By heading, a cell that may be two numbers and that the column's other cells do not settle. That a comma groups
    thousands is doubted only in files that look European."""
    found = {}
    for heading in number_columns(kind, plan):
        if heading not in columns:
            continue
        proofs, unclear = proofs_in(_column(columns, sample, heading))
        doubted = _is_european(unclear, delimiter) or any(mark_in(cell) == POINT for cell in unclear)
        if unclear and len(proofs) != 1 and (doubted or proofs):
            found[heading] = unclear[0]
    return found
