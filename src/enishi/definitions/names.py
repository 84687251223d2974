"""What events and products are called on screen."""

from __future__ import annotations

import re

from enishi.definitions.contracts import Names
from enishi.kit.text import Text

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[_./:\\-]+")


def event_title(names: Names, event: str) -> Text:
    """An event's title; made readable from its id where nobody named it."""
    return _title(names.events.get(event), event)


def product_title(names: Names, product: str) -> Text:
    """A product's title; made readable from its id where nobody named it."""
    return _title(names.products.get(product), product)


def _title(words: object, name: str) -> Text:
    return Text.parse(words) if words else Text(readable(name), readable(name))  # type: ignore[arg-type]


def readable(name: str) -> str:
    """``report_exported`` and ``reportExported`` as "Report exported"; what has spaces or another script stays as it is."""
    if " " in name:
        return name
    words = " ".join(_JOINTS.sub(" ", _HUMP.sub(" ", name)).split())
    if not words:
        return name
    if not words.isupper():
        words = " ".join(word if word.isupper() else word.lower() for word in words.split())
    return words[0].upper() + words[1:]
