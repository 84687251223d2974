"""The form of the axes: from a body to fields, and from what was sent back to a body. Pure.

What the form does not show stays as it was; whether the result is sound is for the definitions room to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.http import QueryDict

from enishi.web.pages.health.card_form import Body, identifier, number, put, read_pairs, words
from enishi.web.pages.health.rule_form import split

SENT = "form:sent"


def read_axes(base: Mapping[str, Any], sent: QueryDict) -> Body:
    """The body that the form describes, on top of ``base``; ``base`` itself where no form was sent."""
    body = deepcopy(dict(base))
    if SENT not in sent:
        return body
    body["title"] = words(sent, "fit:title", body.get("title", ""))
    put(body, "description", words(sent, "fit:description", body.get("description", "")))
    bands = {name: number(sent.get(f"bands:{name}", "")) for name in ("good", "poor")}
    body["bands"] = {
        **body.get("bands", {}),
        **{name: value for name, value in bands.items() if value is not None},
    }
    least = number(sent.get("fit:minimum_coverage", ""))
    put(body, "minimum_coverage", round(least / 100, 4) if isinstance(least, int | float) else least)
    taken = {one["id"] for axis in body.get("axes", []) for one in axis.get("inputs", [])}
    body["axes"] = [
        _read_axis(axis, sent, taken)
        for axis in body.get("axes", [])
        if not _gone(sent, f"axis:{axis['id']}")
    ]
    body["axes"] += _new_axis(sent, {axis["id"] for axis in body["axes"]}, taken)
    return body


def _gone(sent: QueryDict, key: str) -> bool:
    return sent.get(f"{key}:remove", "") == "1"


def _read_axis(axis: Mapping[str, Any], sent: QueryDict, taken: set[str]) -> Body:
    key = f"axis:{axis['id']}"
    changed: Body = {**axis, "title": words(sent, f"{key}:title", axis.get("title", ""))}
    put(changed, "description", words(sent, f"{key}:description", axis.get("description", "")))
    if f"{key}:weight" in sent:
        put(changed, "weight", number(sent.get(f"{key}:weight", "")))
    inputs = axis.get("inputs", [])
    changed["inputs"] = [
        _read_input(one, sent, f"input:{one['id']}")
        for one in inputs
        if not _gone(sent, f"input:{one['id']}")
    ]
    changed["inputs"] += _new_input(sent, f"new:{axis['id']}", taken)
    return changed


def _read_input(one: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:weight" not in sent:
        return dict(one)
    changed: Body = dict(one)
    put(changed, "title", words(sent, f"{key}:title", one.get("title", "")))
    put(changed, "weight", number(sent.get(f"{key}:weight", "")))
    if one.get("metric"):
        put(changed, "at", sent.get(f"{key}:at", ""))
        changed["points"] = read_pairs(sent, key)
    if one.get("attribute"):
        changed["values"] = _read_values(sent, key)
        put(changed, "otherwise", number(sent.get(f"{key}:otherwise", "")))
    return changed


def _read_values(sent: QueryDict, key: str) -> list[Body]:
    rows = zip(sent.getlist(f"{key}:values"), sent.getlist(f"{key}:value_points"), strict=False)
    return [
        {"values": split(values), "points": number(points)}
        for values, points in rows
        if values.strip() and points.strip()
    ]


def _new_input(sent: QueryDict, key: str, taken: set[str]) -> list[Body]:
    """An input to add: ``attribute:<name>``, ``metric:<id>`` or ``stated``, with its points."""
    source = sent.get(f"{key}:source", "")
    kind, _colon, name = source.partition(":")
    if kind not in ("attribute", "metric", "stated"):
        return []
    title = words(sent, f"{key}:title", "")
    made: Body = {"id": identifier(name or "stated", taken)}
    taken.add(made["id"])
    put(made, "title", title)
    if kind == "stated":
        made["stated"] = True
    elif kind == "attribute":
        made |= {"attribute": name, "values": _read_values(sent, key)}
    else:
        made |= {"metric": name, "points": read_pairs(sent, key)}
        put(made, "at", sent.get(f"{key}:at", ""))
    put(made, "weight", number(sent.get(f"{key}:weight", "")))
    return [made]


def _new_axis(sent: QueryDict, axes: set[str], taken: set[str]) -> list[Body]:
    title = words(sent, "new-axis:title", "")
    if not title:
        return []
    made: Body = {
        "id": identifier(title["en"], axes),
        "title": title,
        "inputs": _new_input(sent, "new-axis", taken),
    }
    put(made, "weight", number(sent.get("new-axis:weight", "")))
    return [made]


def with_weights(body: Mapping[str, Any], names: Sequence[str], weights: Sequence[float]) -> Body:
    """The body with other weights of its axes, for somebody to look at."""
    chosen = dict(zip(names, weights, strict=True))
    axes = [
        {**axis, "weight": chosen.get(axis["id"], axis.get("weight", 1))} for axis in body.get("axes", [])
    ]
    return {**deepcopy(dict(body)), "axes": axes}


def shown_values(one: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """An attribute's values as rows, with two empty ones to fill."""
    rows = [(", ".join(row.get("values", [])), row.get("points", "")) for row in one.get("values", [])]
    return [*rows, ("", ""), ("", "")]
