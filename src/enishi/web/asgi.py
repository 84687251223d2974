"""The ASGI application: the event routes of the way in, without Django around them, and Django for the rest."""

from __future__ import annotations

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")

# Django first: it sets the rooms up, which the way in needs too.
pages = cast(Any, get_asgi_application())

from enishi.ingest.asgi import events_in_front  # noqa: E402

application = events_in_front(pages)
