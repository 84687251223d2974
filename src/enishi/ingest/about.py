"""How an item of the rejects desk came, and whom it is about: the ids that stand where an item names a person.

A number or a plain word means a person only there. The same in another column is a count of employees, a plan, or
somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from enishi.ingest.corrections import as_shown
from enishi.ingest.files.reading import Plan
from enishi.ingest.models import Correction, Import, Reject, WriteKey
from enishi.store.kinds import DEFAULT_SYSTEM

User = tuple[str, str]  # id system, id

FILE, MESSAGE, TRAITS = "file", "message", "traits"

_IN_MESSAGES = ("userId", "previousId", "anonymousId")
_FIELDS = {"contact": ("id", "user_id"), "event": ("user",)}
_FIELDS_OF_OTHERS = ("contact",)


def way_of(reject: Reject) -> str:
    """How an item came: as a row of a file, as a message, or as traits of one."""
    if reject.context.get("import"):
        return FILE
    return MESSAGE if reject.kind == "event" else TRAITS


def system_of(reject: Reject) -> str:
    """The id system of the write key some traits came with."""
    key = WriteKey.objects.filter(name=reject.source).first()
    return key.system if key else DEFAULT_SYSTEM


def people_of(reject: Reject) -> set[User]:
    """The ids of persons in an item, each in the system it belongs to."""
    try:
        item = json.loads(reject.payload)
    except (ValueError, RecursionError):
        return set()
    if not isinstance(item, dict):
        return set()
    system, names = _where(reject)
    return {(system, as_shown(item[name])) for name in names if item.get(name) not in (None, "")}


def _where(reject: Reject) -> tuple[str, tuple[str, ...]]:
    """The id system of an item, and the names under which it names people."""
    way = way_of(reject)
    if way == MESSAGE:
        return _system(reject.context.get("origin") or {}), _IN_MESSAGES
    fields = _FIELDS.get(reject.kind, _FIELDS_OF_OTHERS)
    if way != FILE:
        return system_of(reject), fields
    made = Import.objects.filter(pk=reject.context["import"]).first()
    return (made.system, _headings(made, fields)) if made else (DEFAULT_SYSTEM, fields)


def _system(origin: Mapping[str, Any]) -> str:
    key = WriteKey.objects.filter(pk=origin.get("key", 0)).first()
    return key.system if key else str(origin.get("system", DEFAULT_SYSTEM))


def _headings(made: Import, fields: tuple[str, ...]) -> tuple[str, ...]:
    columns = Plan.from_json(made.plan).columns
    return tuple(columns[name] for name in fields if name in columns)


def names_people(correction: Correction) -> bool:
    """Whether the place a correction is for names people."""
    if correction.kind == "event" and not correction.fingerprint:
        return correction.rule["place"] in _IN_MESSAGES
    fields = _FIELDS.get(correction.kind, _FIELDS_OF_OTHERS)
    names = set(fields)
    for made in Import.objects.filter(kind=correction.kind, name__startswith=correction.source):
        names.update(_headings(made, fields))
    return not names.isdisjoint({correction.rule["place"], correction.rule.get("to")})
