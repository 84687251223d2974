"""What a rejected item holds, as names and values that are read and corrected without knowing JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from enishi.ingest.about import FILE, MESSAGE, way_of
from enishi.ingest.corrections import as_shown, value_at
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.mending import item_of, places_at_fault
from enishi.ingest.models import Reject
from enishi.web.pages.rejects.reads import bare, kind_title, language

_IN_A_LINE = 5
_MOST_CELLS = 100
_LONG = 60

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of an item under its name.

    Args:
        key: the form's name for it: its path, so that it means the same however the item changes.
        title: the name in the reader's language where it is one of ours.
    """

    key: str
    name: str
    title: str
    value: str
    fault: bool

    @property
    def long(self) -> bool:
        return len(self.value) > _LONG or "\n" in self.value


def contents_of(reject: Reject) -> list[Cell]:
    """The names and values of an item, what is at fault too where it is missing; empty where it is no object."""
    item = item_of(reject)
    if item is None:
        return []
    faults, titles = places_at_fault(reject), _titles(reject)
    nested = way_of(reject) == MESSAGE
    found, missing = list(_leaves(item, nested)), []
    for place in faults:
        steps = tuple(place.split(".")) if nested else (place,)
        if all(path[: len(steps)] != steps for path, _v in found) and _may_be_given(item, steps):
            missing.append((steps, ""))
    return [_cell(path, value, faults, titles) for path, value in [*missing, *found]]


def _cell(path: Path, value: Any, faults: list[str], titles: Mapping[str, str]) -> Cell:
    name = ".".join(path)
    fault = any(name == place or name.startswith(f"{place}.") for place in faults)
    return Cell(f"cell:{json.dumps(path)}", name, titles.get(name, name), _text(value), fault)


def _text(value: Any) -> str:
    """A value as it came; :func:`as_shown` folds texts, which one who corrects them would not expect."""
    if isinstance(value, bool):
        return json.dumps(value)
    return value if isinstance(value, str) else as_shown(value)


def _leaves(item: Mapping[str, Any], nested: bool, before: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in item.items():
        path = (*before, str(name))
        if nested and isinstance(value, dict) and value and len(path) < 8:
            yield from _leaves(value, nested, path)
        else:
            yield path, value


def _may_be_given(item: Mapping[str, Any], steps: Path) -> bool:
    """Whether a name can be added without losing what stands in the way of it."""
    plain = all(step and "[" not in step for step in steps)
    ways = (value_at(item, ".".join(steps[:n]), nested=True) for n in range(1, len(steps)))
    return plain and all(found is None or isinstance(found, dict) for found in ways)


def _titles(reject: Reject) -> dict[str, str]:
    kind = FILE_KINDS.get(reject.kind)
    if kind is None or way_of(reject) in (FILE, MESSAGE):
        return {}
    return {spec.name: spec.title.in_language(language()) for spec in kind.fields}


def editable(cells: list[Cell]) -> list[Cell]:
    """What the form offers: nothing where it would be endless."""
    return cells if len(cells) <= _MOST_CELLS else []


@dataclass(frozen=True, slots=True)
class Line:
    """An item in the list: why it waits, and the cells that tell most of it, those at fault first; ``more`` it has
    besides."""

    row: Reject
    kind: str
    reasons: list[str]
    place: str
    cells: list[Cell]
    more: int


def line_of(reject: Reject) -> Line:
    told = [cell for cell in contents_of(reject) if cell.value or cell.fault]
    told.sort(key=lambda cell: not cell.fault)
    return Line(
        reject,
        kind_title(reject.kind),
        reject.message(language()).split("\n"),
        bare(reject.place),
        told[:_IN_A_LINE],
        max(0, len(told) - _IN_A_LINE),
    )


def as_entered(cells: list[Cell], asked: Mapping[str, str]) -> list[Cell]:
    """The cells with what was entered for them before."""
    return [replace(cell, value=asked.get(cell.key, cell.value)) for cell in cells]


def corrected(reject: Reject, asked: Mapping[str, str]) -> str:
    """The item with the cells that were changed in the form, as JSON."""
    item = item_of(reject) or {}
    for cell in contents_of(reject):
        entered = asked.get(cell.key)
        if entered is not None and _lines(entered) != _lines(cell.value):
            _put(item, tuple(json.loads(cell.key.removeprefix("cell:"))), entered)
    return json.dumps(item, ensure_ascii=False)


def _lines(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n")


def _put(item: dict[str, Any], path: Path, entered: str) -> None:
    *way, last = path
    for step in way:
        if not isinstance(item.get(step), dict):
            item[step] = {}
        item = item[step]
    item[last] = _typed(entered, item.get(last))


def _typed(entered: str, before: Any) -> Any:
    """What was entered, as number, truth or list where such stood there before."""
    if entered == "":
        return None
    if before is None or isinstance(before, str):
        return entered
    try:
        return json.loads(entered)
    except ValueError:
        return entered
