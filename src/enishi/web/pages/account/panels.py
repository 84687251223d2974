"""Parts of the page that read the facts themselves: they come after the page, and never hold it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from enishi.web.pages.account.asked import Asked

PANELS: dict[str, Callable[[Asked], Mapping[str, Any]]] = {}
