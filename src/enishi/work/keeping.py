"""What is read once for many pages: kept for minutes, and renewed by the worker before a person has to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from django.core.cache import cache
from django.utils import timezone

from enishi.signals.models import ScoringRun

KEPT_SECONDS = 600
GRACE = timedelta(minutes=2)  # after a scoring: as long the worker has to renew what is kept

T = TypeVar("T")


def kept(
    name: str, today: date, read: Callable[[], T], is_large: Callable[[T], bool], anew: bool = False
) -> T:
    """What ``read`` gives, kept where it is large. Read again after minutes, on another day, after a scoring (at the
    latest when ``GRACE`` is over), or ``anew``."""
    run = ScoringRun.objects.filter(status="done").values_list("pk", "finished_at").first()
    key, number = f"{name}:{today}", run[0] if run else None
    found: tuple[int | None, T] | None = None if anew else cache.get(key)
    if found is not None and (found[0] == number or (run and run[1] and timezone.now() - run[1] < GRACE)):
        return found[1]
    value = read()
    if is_large(value):
        cache.set(key, (number, value), KEPT_SECONDS)
    return value
