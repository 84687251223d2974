"""A company's own metric as data: parsed, checked, and refused with the place named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

BLOCKS = ("count", "distinct", "sum", "last", "days_since", "ratio", "trend")
OPERATORS = ("eq", "ne", "in", "gt", "ge", "lt", "le", "contains", "exists")
GRAINS = ("account", "product", "user")
UNITS = ("people", "days", "events", "ratio", "count", "minutes", "hours", "points", "score")
NULLS = ("zero", "unknown")
LONGEST = 730
_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_STEP = re.compile(r"""[^"'`\[\]$*\\.\x00-\x1f]{1,100}""")
_KEYS = {
    "id", "title", "help", "unit", "direction", "null", "grain", "freshness_days",
    "type", "events", "where", "of", "property", "window", "above", "below",
}  # fmt: skip
_BLOCK_KEYS = {"type", "events", "where", "of", "property", "window"}


@dataclass(frozen=True, slots=True)
class Condition:
    """``path op value`` on an event's properties."""

    path: tuple[str, ...]
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Block:
    """One measurement over events: which events, over which days, and what of them."""

    type: str
    events: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    of: str = ""
    path: tuple[str, ...] = ()
    window: int | None = None
    offset: int = 0

    @property
    def raw(self) -> bool:
        """Whether it needs the events themselves, not only the daily counts."""
        return bool(self.where or self.path)


@dataclass(frozen=True, slots=True)
class Declared:
    """A whole definition, checked."""

    id: str
    title: Text
    help: Text
    unit: str
    direction: int
    null: str
    grains: tuple[str, ...]
    freshness_days: int | None
    blocks: tuple[Block, ...]
    type: str
    digest: str


class _Problems:
    """Collects what is wrong, by place."""

    def __init__(self) -> None:
        self.fields: dict[str, Text] = {}

    def add(self, place: str, en: str, ja: str) -> None:
        self.fields.setdefault(place, Text(en, ja))

    def check(self, fine: bool, place: str, en: str, ja: str) -> bool:
        if not fine:
            self.add(place, en, ja)
        return fine

    def one_of(self, value: Any, choices: Sequence[Any], place: str) -> bool:
        listed = ", ".join(map(str, choices))
        return self.check(
            value in choices,
            place,
            f"{value!r} is none of: {listed}.",
            f"「{value}」は使えません。{listed} のいずれかにしてください。",
        )

    def raise_if_any(self) -> None:
        if self.fields:
            place, first = next(iter(self.fields.items()))
            raise EnishiError(
                "invalid_metric",
                Text(
                    f"The metric cannot be read at {place}: {first.en}",
                    f"指標の定義に誤りがあります({place}):{first.ja}",
                ),
                Text(
                    "See the metric definition reference for the building blocks.",
                    "指標定義のリファレンスをご覧ください。",
                ),
                self.fields,
            )


def parse(definition: Mapping[str, Any]) -> Declared:
    """Check a definition and return its frozen form.

    Raises:
        EnishiError: ``invalid_metric``; ``fields`` names every place that is wrong.
    """
    p = _Problems()
    if not p.check(
        isinstance(definition, Mapping),
        "definition",
        "a mapping is needed.",
        "キーと値の形で記述してください。",
    ):
        p.raise_if_any()
    for key in sorted(set(definition) - _KEYS, key=str):
        p.add(str(key), "this key is not known.", "この項目は使えません。")
    blocks = _blocks(definition, p)
    found = _declared(definition, blocks, p)
    p.raise_if_any()
    return found


def _declared(d: Mapping[str, Any], blocks: tuple[Block, ...], p: _Problems) -> Declared:
    id, type = d.get("id"), d.get("type")
    named = isinstance(id, str) and bool(_ID.fullmatch(id))
    p.check(named, "id", f"{id!r} is no id: small letters, digits and _, at most 60, a letter first.",
            f"「{id}」はIDに使えません。英小文字で始まる英小文字・数字・_ 60文字以内にしてください。")  # fmt: skip
    unit = d.get("unit", _unit(blocks))
    p.one_of(unit, UNITS, "unit")
    direction = d.get("direction", 1)
    p.one_of(direction, (-1, 0, 1), "direction")
    null = d.get("null", "zero" if type in ("count", "distinct", "sum") else "unknown")
    p.one_of(null, NULLS, "null")
    return Declared(
        id=str(id),
        title=_text(d.get("title"), "title", p),
        help=_text(d.get("help", {"en": "", "ja": ""}), "help", p, empty=True),
        unit=str(unit),
        direction=direction if isinstance(direction, int) else 0,
        null=str(null),
        grains=_grains(d.get("grain", list(GRAINS)), p),
        freshness_days=_whole(d.get("freshness_days", 7), "freshness_days", 1, 3650, p, none=True),
        blocks=blocks,
        type=str(type),
        digest=hashlib.sha256(json.dumps(d, sort_keys=True, default=str).encode()).hexdigest()[:16],
    )


def _unit(blocks: tuple[Block, ...]) -> str:
    if len(blocks) != 1:
        return "ratio"
    block = blocks[0]
    if block.type == "distinct":
        return {"users": "people", "days": "days"}.get(block.of, "count")
    return {"count": "events", "days_since": "days"}.get(block.type, "score")


def _text(value: Any, place: str, p: _Problems, empty: bool = False) -> Text:
    fine = isinstance(value, str) or (
        isinstance(value, Mapping)
        and set(value) <= {"en", "ja"}
        and all(isinstance(v, str) for v in value.values())
        and len(value) > 0
    )
    if not p.check(
        fine,
        place,
        "a text is needed, or {en: …, ja: …}.",
        "文字列、または {en: …, ja: …} の形で記述してください。",
    ):
        return Text("", "")
    words = (
        Text(value, value)
        if isinstance(value, str)
        else Text(value.get("en") or value.get("ja", ""), value.get("ja") or value.get("en", ""))
    )
    p.check(empty or bool(words.en.strip()), place, "it must not be empty.", "空にはできません。")
    p.check(
        len(words.en) <= 1000 and len(words.ja) <= 1000,
        place,
        "at most 1,000 characters.",
        "1,000文字以内にしてください。",
    )
    return words


def _grains(value: Any, p: _Problems) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not p.check(
        isinstance(names, list | tuple) and len(names) > 0,
        "grain",
        "name at least one grain.",
        "粒度を1つ以上指定してください。",
    ):
        return ()
    return tuple(name for name in names if p.one_of(name, GRAINS, "grain"))


def _whole(value: Any, place: str, low: int, high: int, p: _Problems, none: bool = False) -> int | None:
    if value is None and none:
        return None
    fine = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    p.check(
        fine,
        place,
        f"{value!r} is not a whole number from {low} to {high}.",
        f"「{value}」は{low}〜{high}の整数ではありません。",
    )
    return value if fine else None


def _blocks(d: Mapping[str, Any], p: _Problems) -> tuple[Block, ...]:
    type = d.get("type")
    if not p.one_of(type, BLOCKS, "type"):
        return ()
    if type == "ratio":
        parts = [_inner(d, name, p) for name in ("above", "below")]
        return tuple(b for b in parts if b)
    if type == "trend":
        return _trend(d, p)
    block = _block(d, "", p)
    return (block,) if block else ()


def _inner(d: Mapping[str, Any], name: str, p: _Problems) -> Block | None:
    inner = d.get(name)
    if not p.check(
        isinstance(inner, Mapping), name, "a building block is needed here.", "計算の部品を記述してください。"
    ):
        return None
    assert isinstance(inner, Mapping)  # noqa: S101 - just checked
    for key in sorted(set(inner) - _BLOCK_KEYS, key=str):
        p.add(f"{name}.{key}", "this key is not known.", "この項目は使えません。")
    if not p.one_of(inner.get("type"), ("count", "distinct", "sum"), f"{name}.type"):
        return None
    return _block(inner, f"{name}.", p)


def _trend(d: Mapping[str, Any], p: _Problems) -> tuple[Block, ...]:
    block = _inner(d, "of", p)
    if block is None:
        return ()
    window = block.window or 28
    if 2 * window > LONGEST:
        p.add(
            "of.window",
            f"at most {LONGEST // 2} days for a trend.",
            f"傾向では{LONGEST // 2}日以内にしてください。",
        )
    parts = (block.type, block.events, block.where, block.of, block.path, window)
    return Block(*parts, 0), Block(*parts, window)


def _block(d: Mapping[str, Any], at: str, p: _Problems) -> Block | None:
    type = str(d.get("type"))
    free = type in ("last", "days_since")
    window = _whole(d.get("window", None if free else 28), f"{at}window", 1, LONGEST, p, none=free)
    of = d.get("of", "users") if type == "distinct" else ""
    if type == "distinct":
        p.one_of(of, ("users", "days", "features", "property"), f"{at}of")
    path: tuple[str, ...] = ()
    if type in ("sum", "last") or of == "property":
        path = _path(d.get("property"), f"{at}property", p)
    elif d.get("property") is not None:
        p.add(f"{at}property", f"{type} takes no property.", "この計算では属性を指定できません。")
    return Block(
        type,
        _events(d.get("events", []), f"{at}events", p),
        _where(d.get("where", []), f"{at}where", p),
        str(of),
        path,
        window,
    )


def _events(value: Any, place: str, p: _Problems) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    fine = (
        isinstance(names, list | tuple)
        and len(names) <= 200
        and all(isinstance(n, str) and 0 < len(n) <= 500 for n in names)
    )
    if not p.check(
        fine,
        place,
        "a list of event names is needed (at most 200).",
        "イベント名の一覧(200件以内)を指定してください。",
    ):
        return ()
    return tuple(names)


def _path(value: Any, place: str, p: _Problems) -> tuple[str, ...]:
    steps = value.split(".") if isinstance(value, str) else []
    fine = 0 < len(steps) <= 5 and all(_STEP.fullmatch(step) for step in steps)
    ja = f"「{value}」は属性名ではありません。入れ子は . で区切り、引用符・括弧・$・*・\\ は使えません。"
    p.check(
        fine,
        place,
        f"{value!r} is not the name of a property: steps are divided by dots, without quotes, brackets, $, * or \\.",
        ja,
    )
    return tuple(steps) if fine else ()


def _where(value: Any, place: str, p: _Problems) -> tuple[Condition, ...]:
    if not p.check(
        isinstance(value, list | tuple) and len(value) <= 20,
        place,
        "a list of at most 20 conditions is needed.",
        "条件の一覧(20件以内)を指定してください。",
    ):
        return ()
    found = [_condition(c, f"{place}[{i}]", p) for i, c in enumerate(value)]
    return tuple(c for c in found if c)


def _condition(value: Any, place: str, p: _Problems) -> Condition | None:
    fine = isinstance(value, Mapping) and set(value) <= {"property", "op", "value"}
    if not p.check(
        fine,
        place,
        "a condition has property, op and value.",
        "条件は property・op・value で記述してください。",
    ):
        return None
    path = _path(value.get("property"), f"{place}.property", p)
    op = value.get("op", "eq")
    if not p.one_of(op, OPERATORS, f"{place}.op"):
        return None
    _check_value(op, value.get("value"), f"{place}.value", p)
    given = value.get("value")
    return Condition(path, op, tuple(given) if isinstance(given, list | tuple) else given)


def _check_value(op: str, value: Any, place: str, p: _Problems) -> None:
    if op == "exists":
        p.check(
            value in (None, True, False),
            place,
            "exists takes true, false or nothing.",
            "exists には true か false を指定してください。",
        )
    elif op == "in":
        fine = isinstance(value, list | tuple) and 0 < len(value) <= 500 and all(_scalar(v) for v in value)
        fine = fine and len({isinstance(v, str) for v in value}) == 1
        p.check(
            fine,
            place,
            "in takes a list of texts, or of numbers.",
            "in には文字列または数値の一覧を指定してください。",
        )
    elif op in ("gt", "ge", "lt", "le"):
        fine = isinstance(value, int | float) and not isinstance(value, bool)
        p.check(
            fine,
            place,
            f"{op} compares numbers, not {value!r}.",
            f"{op} は数値との比較です(指定値「{value}」)。",
        )
    elif op == "contains":
        p.check(
            isinstance(value, str) and value != "",
            place,
            "contains takes a text.",
            "contains には文字列を指定してください。",
        )
    else:
        p.check(
            _scalar(value) or isinstance(value, bool),
            place,
            "a text, a number, true or false is needed.",
            "文字列・数値・true・false のいずれかを指定してください。",
        )


def _scalar(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= 1000 and "\x00" not in value
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
