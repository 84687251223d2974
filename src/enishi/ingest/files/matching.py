"""Which column holds which field: guessed from headings and cells, then settled by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from enishi.accounts.coercion import Refused
from enishi.ingest.amounts import proofs_in
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.values import NUMERIC, Habits, is_nothing, read_value
from enishi.kit.text import fold
from enishi.store.kinds import Field, Kind, Type

_EXACT, _TITLE, _ALIAS, _NUMBERED, _CLOSE = 100, 95, 90, 85, 60
_LEAST_CLOSE = 0.84
_LOOK = 60
_NOTES = re.compile(
    r"[\[(【]\s*(?:必須|任意|required|optional|円|税抜|税込|単位.*?|y{2,4}.*?|\d+\s*[-~〜]\s*\d+)\s*[)\]】]|[*※]+$"
)
_JOINTS = re.compile(r"[\s_\-./・:()\[\]【】「」]+")
# "Customer No", "Ticket #", "invoiceNumber", 顧客番号: whatever an id is called.
_NUMBER = re.compile(
    r"(?:(?<=[^\W_])[\s_\-./]+|(?-i:(?<=[a-z])(?=[A-Z]))|(?<=[^\x00-\x7f])|(?=#))"
    r"(?:no|nos|nr|num|number|#|code|cd|id|ref|reference|key|番号|コード)[.:]?$",
    re.IGNORECASE,
)
_IDS = {"id", "account", "contact", "user", "parent", "user_id"}
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Match:
    """A field's column and how sure the guess is (0-100)."""

    column: str
    score: int


def heading_key(text: str) -> str:
    """A heading without case, width, joints and notes: ``Company_ID (必須)`` and ``company id`` agree."""
    bare = _NOTES.sub("", fold(text)).strip()
    return _JOINTS.sub("", bare) or _JOINTS.sub("", fold(text))


def _numbered(text: str) -> str:
    """The heading of a number, code or reference as that of an id; empty where it is none."""
    bare = _NOTES.sub("", unicodedata.normalize("NFKC", text)).strip()
    return heading_key(f"{_NUMBER.sub('', bare)} id") if _NUMBER.search(bare) else ""


@cache
def _names(kind: str) -> dict[str, dict[str, int]]:
    """By field: the headings by which it is known, with their scores."""
    known: dict[str, dict[str, int]] = {}
    for field in FILE_KINDS[kind].fields:
        names = {heading_key(alias): _ALIAS for alias in field.aliases}
        names |= {heading_key(field.title.en): _TITLE, heading_key(field.title.ja): _TITLE}
        known[field.name] = {**names, heading_key(field.name): _EXACT}
    return known


def guess_columns(
    kind: Kind, columns: Sequence[str], sample: Sequence[Sequence[Any]], habits: Habits
) -> dict[str, Match]:
    """The likely column of each field.

    A column serves one field, except that a kind's id may share it with another (a contact's user id, say)
    where nothing else could be the id.
    """
    scored = [
        (score, -number, -place, field.name, column)
        for number, field in enumerate(kind.fields)
        for place, column in enumerate(columns)
        if (score := _score(kind, field, column, [row[place] for row in sample[:_LOOK]], habits))
    ]
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for score, _number, _place, name, column in sorted(scored, reverse=True):
        if name not in found and column not in taken:
            found[name] = Match(column, score)
            taken.add(column)
    for score, _number, _place, name, column in sorted(scored, reverse=True):
        if name == "id" and "id" not in found and score >= _ALIAS:
            found["id"] = Match(column, score)
    return found


def _score(kind: Kind, field: Field, column: str, cells: list[Any], habits: Habits) -> int:
    key = heading_key(column)
    names = _names(kind.name)[field.name]
    score = names.get(key, 0) or _as_number(field, column, names) or _closeness(key, names)
    told = [cell for cell in cells if not is_nothing(cell)]
    if not told:
        return score
    if field.type in NUMERIC and (proofs := proofs_in(told)[0]):
        habits = replace(habits, decimal=proofs.most_common(1)[0][0])
    share = sum(1 for cell in told if _reads(field, cell, habits)) / len(told)
    if not score:
        return 40 if field.type is Type.EMAIL and share > 0.8 else 0
    if share < 0.5 and score < _TITLE:
        return 0
    return score if share > 0.9 or score > _CLOSE else 0


def _as_number(field: Field, column: str, names: Mapping[str, int]) -> int:
    return _NUMBERED if field.name in _IDS and _numbered(column) in names else 0


def _closeness(key: str, names: Mapping[str, int]) -> int:
    if len(key) < 3:
        return 0
    best = max((SequenceMatcher(None, key, name).ratio() for name in names if len(name) > 2), default=0.0)
    return _CLOSE if best >= _LEAST_CLOSE else 0


def _reads(field: Field, cell: Any, habits: Habits) -> bool:
    if field.type is Type.EMAIL:
        return bool(_MAIL.fullmatch(str(cell).strip()))
    try:
        read_value(field, cell, habits)
    except Refused as refused:
        return "日と月の順序" in refused.text.ja
    return True


def guess_kind(name: str, columns: Sequence[str], sample: Sequence[Sequence[Any]], habits: Habits) -> str:
    """The kind a file most likely holds: by how many columns fit, whether the required ones are there, and its
    name."""
    return max(FILE_KINDS, key=lambda kind: _kind_score(FILE_KINDS[kind], name, columns, sample, habits))


def _kind_score(
    kind: Kind, name: str, columns: Sequence[str], sample: Sequence[Sequence[Any]], habits: Habits
) -> float:
    found = guess_columns(kind, columns, sample, habits)
    required = [field.name for field in kind.fields if field.required and field.name != "id"]
    there = sum(1 for field in required if field in found) / max(1, len(required))
    covered = len({match.column for match in found.values()}) / max(1, len(columns))
    own = sum(1 for match in found.values() if match.score >= _TITLE) / max(1, len(kind.fields))
    file_name = heading_key(name)
    words = {heading_key(text) for text in (kind.name, kind.plural.en, kind.plural.ja, kind.title.en)}
    named = any(word in file_name for word in words)
    return 2 * there + covered + own + (1.5 if named else 0)
