"""Groups that belong to no account yet: people of known customers who tried the product under a name of their own.

They wait at the identity desk, where the mail domain suggests whose they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from .sample import Sample, at
from .world import Customer, customer

MOST = 4
LAST_DAYS = 60


def stranger_messages(sample: Sample, after: date | None = None) -> Iterator[dict[str, Any]]:
    """A few weeks of use by each such group, as messages of the protocol."""
    first = sample.until - timedelta(days=LAST_DAYS)
    for number, who in enumerate(_hosts(sample, first)):
        random = sample.random(who.index, "stranger")
        for back in range(LAST_DAYS, 0, -1):
            day = sample.until - timedelta(days=back)
            used, person, hour = random.random() < 0.4, int(random.integers(1, 4)), random.uniform(9, 18)
            if used and (after is None or day > after):
                mail = f"trial{person}@{who.company.domain}"
                moment = at(day, hour).astimezone(UTC)
                yield {
                    "type": "track",
                    "messageId": f"trial-{who.id}-{day:%Y%m%d}",
                    "userId": mail,
                    "event": "dashboard_viewed",
                    "timestamp": moment.isoformat(),
                    "context": {"groupId": f"trial-{number + 1:02d}", "traits": {"email": mail}},
                }


def _hosts(sample: Sample, day: date) -> list[Customer]:
    """The first few accounts that are customers on that day."""
    found: list[Customer] = []
    for index in range(min(sample.accounts, 60)):
        who = customer(sample, index)
        if who.is_here(day) and index % 7 == 3 and len(found) < MOST:
            found.append(who)
    return found
