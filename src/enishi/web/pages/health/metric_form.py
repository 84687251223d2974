"""The form of an own metric: from a definition to fields and back. Pure.

Fields of the measured events stand under ``a:``; a ratio's lower part under ``b:``. Whether the result is a good
metric is for :func:`enishi.metrics.api.compile_metric` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from enishi.web.pages.health.card_form import number

Body = dict[str, Any]
TYPES = ("count", "distinct", "sum", "last", "days_since", "ratio", "trend")
INNER = ("count", "distinct", "sum")
WHAT = ("users", "days", "features", "property")
OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le", "contains", "exists")


def _texts(sent: QueryDict, name: str) -> dict[str, str]:
    en, ja = ((sent.get(f"{name}:{side}", "") or "").strip() for side in ("en", "ja"))
    return {"en": en or ja, "ja": ja or en}


def _value(text: str) -> Any:
    """A condition's value: a number or yes/no where it is one, else text."""
    plain = text.strip()
    if plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    found = number(plain)
    return plain if found is None or isinstance(found, str) else found


def _where(sent: QueryDict, part: str) -> list[Body]:
    rows = zip(
        sent.getlist(f"{part}:property_name"),
        sent.getlist(f"{part}:op"),
        sent.getlist(f"{part}:value"),
        strict=False,
    )
    found = []
    for name, op, value in rows:
        if name.strip():
            held: Any = True if op == "exists" and not value.strip() else _value(value)
            found.append({"property": name.strip(), "op": op, "value": held})
    return found


def _block(sent: QueryDict, part: str, kind: str) -> Body:
    block: Body = {"type": kind}
    if events := [name for name in dict.fromkeys(sent.getlist(f"{part}:events")) if name]:
        block["events"] = events
    if where := _where(sent, part):
        block["where"] = where
    window = number(sent.get(f"{part}:window", ""))
    if window is not None:
        block["window"] = window
    if kind == "distinct":
        block["of"] = sent.get(f"{part}:of", "") or "users"
    if kind in ("sum", "last") or block.get("of") == "property":
        block["property"] = (sent.get(f"{part}:property", "") or "").strip()
    return block


def read_metric(sent: QueryDict) -> Body:
    """The definition that the form describes."""
    kind = sent.get("type", "") or "count"
    body: Body = {"id": (sent.get("id", "") or "").strip(), "title": _texts(sent, "title"), "type": kind}
    if (told := _texts(sent, "help"))["en"]:
        body["help"] = told
    direction = number(sent.get("direction", ""))
    body["direction"] = direction if isinstance(direction, int) else 1
    for name in ("unit", "null"):
        if value := sent.get(name, ""):
            body[name] = value
    if (limit := number(sent.get("freshness_days", ""))) is not None:
        body["freshness_days"] = limit
    if kind == "ratio":
        body["above"] = _block(sent, "a", sent.get("a:type", "") or "count")
        body["below"] = _block(sent, "b", sent.get("b:type", "") or "count")
    elif kind == "trend":
        body["of"] = _block(sent, "a", sent.get("a:type", "") or "count")
    else:
        body |= _block(sent, "a", kind)
    return body


def shown_block(body: Mapping[str, Any], part: str) -> Body:
    """One part's fields for the template, with empty rows to fill."""
    kind = body.get("type", "count")
    inner: Any = body
    if kind == "ratio":
        inner = body.get("above" if part == "a" else "below") or {}
    elif kind == "trend":
        inner = body.get("of") if isinstance(body.get("of"), Mapping) else {}
    elif part == "b":
        inner = {}
    return {
        "part": part,
        "type": inner.get("type", "count") if kind in ("ratio", "trend") else "count",
        "events": list(inner.get("events", [])),
        "of": inner.get("of", "users") if isinstance(inner.get("of", "users"), str) else "users",
        "property": inner.get("property", ""),
        "window": inner.get("window", "" if kind in ("last", "days_since") else 28),
        "where": [*inner.get("where", []), {"property": "", "op": "eq", "value": ""}],
    }
