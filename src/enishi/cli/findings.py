"""What a check of ``enishi doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.kit.text import Text

LEVELS = ("ok", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """``level`` is one of :data:`LEVELS`; ``remedy`` says what to do about it."""

    check: str
    level: str
    message: Text
    remedy: Text | None = None
