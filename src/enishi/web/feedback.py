"""Short words back to the person after an act: a toast now (htmx) or after the redirect, with an undo."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def toast(response: HttpResponse, message: str, *, undo: str = "", kind: str = "info") -> HttpResponse:
    """Let an htmx answer show ``message``; ``undo`` is an address that takes the act back by POST."""
    return trigger(response, "toast", {"message": message, "undo": undo, "kind": kind})


def trigger(response: HttpResponse, event: str, detail: object = "") -> HttpResponse:
    """Add a browser event to an htmx answer, keeping those already there."""
    known = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps(known | {event: detail})
    return response


def toast_after(request: HttpRequest, message: str, *, undo: str = "", kind: str = "info") -> None:
    """Show ``message`` on the next whole page, for the usual POST, redirect, GET."""
    level = messages.ERROR if kind == "error" else messages.SUCCESS
    messages.add_message(request, level, message, extra_tags=undo)


def back_to(request: HttpRequest, address: str) -> HttpResponse:
    """Where an act ends: the page at ``address``, or the page a toast's undo was pressed on, drawn anew."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(address)
