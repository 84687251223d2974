"""Figures of a member's view that are counted over the whole book: kept for a while."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from enishi.accounts.models import Member, Scope

KEEP_SECONDS = 600
T = TypeVar("T")


def remembered(member: Member, room: str, name: str, read: Callable[[], T], *, newest: int | None) -> T:
    """What ``read`` gives, for this member's view, until the room's next pass over the book (``newest``: the last one), or
    ten minutes."""
    whose = "all" if member.scope == Scope.ALL else f"{member.pk}:{member.team_id}:{member.scope}"
    key = f"{room}:{hashlib.sha256(f'{newest}:{whose}:{name}'.encode()).hexdigest()}"
    found: T | None = cache.get(key)
    if found is None:
        found = read()
        cache.set(key, found, KEEP_SECONDS)
    return found
