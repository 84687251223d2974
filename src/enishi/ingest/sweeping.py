"""Looking for an erased person in what people wrote and were told, and replacing what names them.

Only columns that can name a person are looked into (:mod:`.naming`), and of the person only what can hardly mean
anything else: mail addresses, and ids that no text holds by chance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast

from enishi.accounts.models import Member, Record, RecordVersion
from enishi.ingest.naming import NAMING, Naming

M = TypeVar("M", bound=Model)

# Another person may rightly bear the same address; what is stated of records is blanked field by field, in the store
# as well. Both are only counted.
_STATED = frozenset(["accounts.Contact", "accounts.OutsideId", "accounts.Record", "accounts.RecordVersion"])
_SHORTEST = 6
_LATIN = "0-9A-Za-z_\u00c0-\u024f"
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


class Sought:
    """What names a person wherever it stands in a text: mail addresses, and telling ids.

    Args:
        texts: mail addresses and ids; those that are a member's own address are left out.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        members = {mail.casefold() for mail in Member.objects.values_list("email", flat=True)}
        meant = {text for text in texts if is_telling(text) and text.casefold() not in members}
        self.written = _ways(meant)
        self._all, self._mails = _pattern(self.written), _pattern(_ways(t for t in meant if "@" in t))

    def stands_in(self, value: object, naming: Naming) -> bool:
        pattern = self._all if naming.ids else self._mails
        return any(pattern.search(text) for text in _texts(_opened(value, naming), naming))

    def without(self, value: Any, naming: Naming, label: str) -> Any:
        """A column's value with the label in the person's place."""
        opened = _opened(value, naming)
        pattern = self._all if naming.ids else self._mails
        found = _changed(opened, naming, lambda text: pattern.sub(lambda _found: label, text))
        if found == opened:
            return value
        return found if opened is value else json.dumps(found, ensure_ascii=False)


def is_telling(text: str) -> bool:
    """Whether a text means its person wherever it stands: a mail address, or an id of some length with both letters
    and digits. A plain word, a number or a date may mean anything.

    >>> [is_telling(text) for text in ("a@b.example", "usr-20418", "support", "12", "2026-11-22")]
    [True, True, False, False, False]
    """
    mixed = _DIGIT.search(text) and _LETTER.search(text)
    return "@" in text or bool(mixed and len(text) >= _SHORTEST)


def _ways(texts: Iterable[str]) -> list[str]:
    """As they may be written, in JSON and in the address of a page too."""
    ways = {way for text in texts for way in (text, json.dumps(text)[1:-1], quote(text, safe=""))}
    ways |= {way.replace("/", "\\/") for way in ways}
    return sorted(ways, key=len, reverse=True)


def _pattern(ways: Sequence[str]) -> re.Pattern[str]:
    """Whole words only: an id is not meant by a longer one. Japanese follows and goes before without a space."""
    found = "|".join(map(re.escape, ways)) or r"(?!)"
    return re.compile(rf"(?<![{_LATIN}@.+-])(?:{found})(?![{_LATIN}@+-])", re.IGNORECASE)


def _opened(value: Any, naming: Naming) -> Any:
    """A column's value; the JSON within where it holds some."""
    if not naming.inner:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _texts(value: Any, naming: Naming, *, among: bool = False) -> Iterator[str]:
    """The texts of a value that count. ``among``: below a name under which texts stand."""
    among = among or not naming.members
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from [name] if naming.keys else []
            yield from _texts(part, naming, among=among or name in naming.members)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, naming, among=among)
    elif among and value is not None:
        yield str(value)


def _changed(value: Any, naming: Naming, change: Callable[[str], str], *, among: bool = False) -> Any:
    """A value with each text that counts as ``change`` makes it."""
    among = among or not naming.members
    if isinstance(value, dict):
        return {
            change(name) if naming.keys else name: _changed(
                part, naming, change, among=among or name in naming.members
            )
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_changed(part, naming, change, among=among) for part in value]
    return change(value) if among and isinstance(value, str) else value


def rows_naming(sought: Sought, model: type[M]) -> Iterator[tuple[M, list[str]]]:
    """The rows of a model that name the person, each with the columns that do."""
    columns = NAMING.get(model._meta.label, {})
    if not columns or not sought.written:
        return
    found, casts = Q(), {}
    for column in columns:
        casts[f"sought_{column}"] = Cast(column, TextField())
        for text in sought.written:
            found |= Q(**{f"sought_{column}__icontains": text})
    rows = model._default_manager.annotate(**casts).filter(found)
    for row in rows.order_by("pk").iterator(chunk_size=500):
        if naming := [name for name, how in columns.items() if sought.stands_in(getattr(row, name), how)]:
            yield row, naming


def redact_everywhere(sought: Sought, label: str) -> int:
    """Put a label in the place of what names the person, in every table but those of records; gives how many rows."""
    count = 0
    for model in _rewritten():
        for row, columns in list(rows_naming(sought, model)):
            _redact(sought, row, columns, label)
            count += 1
    return count


def _redact(sought: Sought, row: Model, columns: Sequence[str], label: str) -> None:
    """Where the same label would stand twice in a column that must be unique, the row's number tells them apart."""
    try:
        with transaction.atomic():
            _put(sought, row, columns, label)
    except IntegrityError:
        _put(sought, row, columns, f"{label}-{row.pk}")


def _put(sought: Sought, row: Model, columns: Sequence[str], label: str) -> None:
    values = {}
    for name in columns:
        value = sought.without(getattr(row, name), NAMING[row._meta.label][name], label)
        longest = getattr(row._meta.get_field(name), "max_length", None)
        values[name] = value[:longest] if longest and isinstance(value, str) else value
    type(row)._default_manager.filter(pk=row.pk).update(**values)


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.managed and model._meta.label in NAMING]


def _rewritten() -> list[type[Model]]:
    return [model for model in _models() if model._meta.label not in _STATED]


def rows_redacted(sought: Sought) -> Iterator[Model]:
    """The rows in which :func:`redact_everywhere` would put a label."""
    for model in _rewritten():
        yield from (row for row, _columns in rows_naming(sought, model))


def count_naming(sought: Sought, kept: Iterable[tuple[str, int]] = ()) -> int:
    """How many rows of the application database name the person, without the records (kind, number) kept on purpose."""
    places = {*kept}
    rows = (row for model in _models() for row, _columns in rows_naming(sought, model))
    return sum(_place(row) not in places for row in rows)


def _place(row: Model) -> tuple[str, int] | None:
    """Which record a row is, or tells the history of."""
    if isinstance(row, RecordVersion):
        return row.kind, row.record_id
    return (row.kind, row.pk) if isinstance(row, Record) else None
