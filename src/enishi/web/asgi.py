"""The ASGI application: the event routes of the way in, without Django around them, and Django for the rest."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")

# Django first: it sets the rooms up, which the way in needs too.
pages = get_asgi_application()

if find_spec("enishi.ingest.asgi") is not None:
    from enishi.ingest.asgi import application as events
else:
    events = pages

EVENT_PREFIX = "/v1/"


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """``/v1/*`` is the Segment protocol; the server's start and stop go to both."""
    if scope["type"] == "http" and scope["path"].startswith(EVENT_PREFIX):
        await events(scope, receive, send)
    elif scope["type"] == "http":
        await pages(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
