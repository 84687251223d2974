"""Looking for an erased person in every text of the application database, and replacing what names them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

from django.apps import apps
from django.db.models import Field, JSONField, Model, Q, TextField
from django.db.models.functions import Cast

from enishi.accounts.models import Member

M = TypeVar("M", bound=Model)

_TEXTS = ("CharField", "TextField", "JSONField")
# What members are and do, what the consumer still needs for the erasure itself, and figures by the hundred million.
_LEFT_OUT = frozenset(
    [
        "accounts.Member",
        "account.EmailAddress",
        "sessions.Session",
        "usersessions.UserSession",
        "mfa.Authenticator",
        "ingest.ErasureRequest",
        "signals.HealthScore",
    ]
)
# Another person may rightly bear the same address; what is stated of records is blanked field by field, in the store
# as well. Both are only counted.
_STATED = frozenset(["accounts.Contact", "accounts.OutsideId", "accounts.Record", "accounts.RecordVersion"])
_SHORTEST = 6  # shorter ids, and bare numbers, stand for too much else


class Sought:
    """What names a person wherever it stands: mail addresses, and ids that are unlikely to mean anything else.

    Args:
        texts: mail addresses and ids; those that are a member's own address are left out.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        telling = {text for text in texts if "@" in text or _is_telling(text)}
        members = {mail.casefold() for mail in Member.objects.values_list("email", flat=True)}
        self.texts = sorted((t for t in telling if t.casefold() not in members), key=len, reverse=True)

    @cached_property
    def written(self) -> list[str]:
        """As they may be written, in JSON too."""
        return sorted(
            {way for text in self.texts for way in (text, json.dumps(text)[1:-1])}, key=len, reverse=True
        )

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Whole words only: an id is not meant by a longer one."""
        return re.compile(
            rf"(?<![\w@.+-])(?:{'|'.join(map(re.escape, self.written))})(?![\w@+-])", re.IGNORECASE
        )

    def stands_in(self, value: object) -> bool:
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return bool(self.pattern.search(told))

    def without(self, value: Any, label: str) -> Any:
        """A text, or JSON, with the label in its place."""
        if isinstance(value, str):
            return self.pattern.sub(lambda _found: label, value)
        if isinstance(value, list):
            return [self.without(part, label) for part in value]
        if isinstance(value, dict):
            return {self.without(name, label): self.without(part, label) for name, part in value.items()}
        return value


def _is_telling(text: str) -> bool:
    return len(text) >= _SHORTEST and not text.isdecimal()


def rows_naming(sought: Sought, model: type[M]) -> Iterator[tuple[M, list[str]]]:
    """The rows of a model that name the person, each with the columns that do."""
    columns = _columns(model)
    if not columns or not sought.texts:
        return
    found, casts = Q(), {}
    for column in columns:
        casts[f"sought_{column.name}"] = Cast(column.name, TextField())
        for text in sought.written:
            found |= Q(**{f"sought_{column.name}__icontains": text})
    rows = model._default_manager.annotate(**casts).filter(found)
    for row in rows.order_by("pk").iterator(chunk_size=500):
        if naming := [c.name for c in columns if sought.stands_in(getattr(row, c.name))]:
            yield row, naming


def _columns(model: type[Model]) -> list[Field[Any, Any]]:
    return [
        c for c in model._meta.concrete_fields if c.get_internal_type() in _TEXTS or isinstance(c, JSONField)
    ]


def _models() -> list[type[Model]]:
    return [m for m in apps.get_models() if m._meta.managed and m._meta.label not in _LEFT_OUT]


def redact_everywhere(sought: Sought, label: str) -> int:
    """Put a label in the place of what names the person, in every table but those of records; gives how many rows."""
    count = 0
    for model in _models():
        if model._meta.label in _STATED:
            continue
        for row, columns in list(rows_naming(sought, model)):
            values = {name: sought.without(getattr(row, name), label) for name in columns}
            count += model._default_manager.filter(pk=row.pk).update(**values)
    return count


def count_naming(sought: Sought) -> int:
    """How many rows of the application database name the person."""
    return sum(1 for model in _models() for _row in rows_naming(sought, model))
