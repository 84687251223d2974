"""The built front end: file names with their content hashes, and icons drawn inline."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

DIST = Path(__file__).resolve().parent / "static" / "dist"


def _read(name: str) -> dict[str, object]:
    path = DIST / name
    if not path.exists():
        raise ImproperlyConfigured(
            f"The front end is not built ({name} is missing): run `make install`, or `python hatch_build.py`."
        )
    known: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return known


@lru_cache(maxsize=1)
def _manifest(stamp: float) -> dict[str, object]:
    return _read("manifest.json")


def asset(name: str) -> str:
    """The address of a built file such as ``app.js``.

    Raises:
        ImproperlyConfigured: the front end is not built, or has no such file.
    """
    path = DIST / "manifest.json"
    known = _manifest(path.stat().st_mtime if path.exists() else 0.0)
    if name not in known:
        raise ImproperlyConfigured(f"The front end has no file {name!r}; it has {', '.join(known)}.")
    return static(f"dist/{known[name]}")


@lru_cache(maxsize=1)
def _shapes() -> dict[str, object]:
    return _read("icons.json")


def _element(tag: str, attributes: dict[str, object]) -> str:
    pairs = " ".join(f'{key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{tag} {pairs}/>"


@lru_cache(maxsize=1024)
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of Tabler's outline set as inline SVG; without ``label`` it is decoration.

    Raises:
        ImproperlyConfigured: no such icon (``frontend/node_modules/@tabler/icons`` has the names).
    """
    shape = _shapes().get(name)
    if not isinstance(shape, list):
        raise ImproperlyConfigured(f"There is no icon {name!r}.")
    inner = "".join(_element(tag, attributes) for tag, attributes in shape)
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    classes = f"icon icon-{size}" if size else "icon"
    return mark_safe(  # noqa: S308 the shapes are our own build's, the label is escaped
        f'<svg class="{classes}" {meaning} viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">{inner}</svg>'
    )
