"""A past day's book: whose money it was, and what those accounts were, as known at the end of that day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.core.cache import cache

from enishi.accounts.access import visible_in_past
from enishi.accounts.models import Member
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.store.api import Published
from enishi.web.pages.health.metric_reads import scope_ids

KEEP_SECONDS, KEEP_SCOPE_SECONDS = 3600, 60
FIELDS = ("industry", "size", "region", "stage", "channel", "seller")


def ids_on(member: Member, known_on: date, today: date) -> Collection[int]:
    """Accounts in scope: of a past day also those merged or deleted since, and none that was deleted by then."""
    if known_on >= today:
        return scope_ids(member)
    key = f"revenue:past:{member.scope}:{member.team_id}:{member.pk}"
    seen: set[int] | None = cache.get(key)
    if seen is None:
        seen = visible_in_past(member)
        cache.set(key, seen, KEEP_SCOPE_SECONDS)
    return seen - _read_accounts(known_on)[1]


def values_on(dimension: str, known_on: date) -> dict[int, str]:
    """Account -> what its source had stated for one of :data:`FIELDS` by the end of a past day."""
    return _read_accounts(known_on)[0][dimension]


def _read_accounts(day: date) -> tuple[dict[str, dict[int, str]], set[int]]:
    """The values of every field by account, and the accounts that had been deleted by then."""
    home = Home.from_environment()
    key = f"revenue:accounts:{Published(home).changed('record_account')}:{day}"
    found: tuple[dict[str, dict[int, str]], set[int]] | None = cache.get(key)
    if found is None:
        with KnownRecords(home) as records:
            frame = records.query(f"select record_id, {', '.join(FIELDS)} from account", day, merged=False)  # noqa: S608 - own names
            gone = records.gone(day)
        frame = frame.fillna("").set_index("record_id")
        values = {name: dict(zip(frame.index.tolist(), frame[name], strict=True)) for name in FIELDS}
        found = values, gone
        cache.set(key, found, KEEP_SECONDS)
    return found
