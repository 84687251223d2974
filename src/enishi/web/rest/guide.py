"""The developer's guide to the API: made from its own description, without anything fetched from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.web.guard import PageRequest, page
from enishi.web.rest.keys import CALLS_A_MINUTE, SCOPES
from enishi.web.rest.shapes import MOST_ROWS


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    answers: list[str]
    fields: list[dict[str, Any]]


@require_GET
@page()
def guide(request: PageRequest) -> HttpResponseBase:
    """Every operation with its parameters and fields."""
    from enishi.web.rest.api import api

    groups = _groups(api.title)
    context = {
        "groups": groups,
        "scopes": SCOPES,
        "url": settings.CONFIGURATION.url,
        "calls": CALLS_A_MINUTE,
        "most": MOST_ROWS,
    }
    return render(request, "rest/guide.html", context)


@lru_cache(maxsize=1)
def _groups(_title: str) -> list[tuple[str, list[Operation]]]:
    from enishi.web.rest.api import api

    schema: dict[str, Any] = api.get_openapi_schema()
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, body in methods.items():
            found = _operation(path, method, body, schema)
            groups.setdefault(body["tags"][0], []).append(found)
    return list(groups.items())


def _operation(path: str, method: str, body: dict[str, Any], schema: dict[str, Any]) -> Operation:
    return Operation(
        body["operationId"],
        method.upper(),
        path,
        body.get("summary", ""),
        body.get("description", ""),
        [{**p, "form": _form(p["schema"])} for p in body.get("parameters", [])],
        sorted(str(status) for status in body["responses"]),
        _fields(body, schema),
    )


def _fields(body: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a record that may be sent, or of the body where it holds no records."""
    content = body.get("requestBody", {}).get("content", {})
    if not content:
        return []
    shape = next(iter(content.values()))["schema"]
    shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    shape = shape["properties"].get("records", {}).get("items", shape)
    required = set(shape.get("required", []))
    return [
        {
            "name": name,
            "form": _form(form),
            "about": form.get("description", ""),
            "required": name in required,
            "choices": [str(choice) for choice in form.get("enum", []) if choice is not None],
        }
        for name, form in shape["properties"].items()
    ]


def _form(form: dict[str, Any]) -> str:
    kind = form.get("type") or " | ".join(str(part.get("type")) for part in form.get("anyOf", []))
    told = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{told} ({form['format']})" if form.get("format") else told
