"""Two versions of a definition compared as they hold: what one leaves unsaid has its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from enishi.definitions.contracts import BODIES
from enishi.definitions.diff import Change, describe_changes
from enishi.definitions.fit import FIT_FACTS
from enishi.definitions.reads import metric_titles

_WORDED = {"title", "description", "text"}


def changes_between(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs in force, in words: a default written out is no change, and metrics go by their titles."""
    return describe_changes(full_body(kind, before), full_body(kind, after), FIT_FACTS | metric_titles())


def full_body(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with every default written out; one that does not fit the contract stays as it is."""
    if kind not in BODIES or not body:
        return dict(body)
    try:
        typed = msgspec.convert(body, BODIES[kind], strict=False)
    except msgspec.ValidationError:
        return dict(body)
    whole: dict[str, Any] = _plain(typed)
    return whole


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        own = {field: _plain(getattr(value, field), field) for field in value.__struct_fields__}
        return {"type": tag, **own} if tag else own
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, str) and value and name in _WORDED:
        return {"en": value, "ja": value}
    return value
