"""When files come in, and how an import is counted."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


def counted(tally):
    return tuple(tally.counts[name] for name in ("created", "updated", "unchanged", "rejected"))
