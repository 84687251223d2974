"""What the first steps and the list of sources show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db.models import Case, Count, F, Max, Value, When

from enishi.accounts.models import Account, Company, Member
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.models import Import, Reject, WriteKey
from enishi.kit.home import Home
from enishi.signals.models import AccountState, Band, ScoringRun
from enishi.store.api import Published
from enishi.store.volumes import Volume, list_volumes

DAYS = 28


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an installation has come from empty to the first score."""

    company: bool
    events: int
    accounts: int
    scored: int
    unknown: int
    members: int
    scored_at: datetime | None

    @property
    def data(self) -> bool:
        return bool(self.events or self.accounts)

    @property
    def score(self) -> bool:
        return self.scored_at is not None and self.scored + self.unknown > 0

    @property
    def colleagues(self) -> bool:
        return self.members > 1

    @property
    def steps_done(self) -> int:
        return sum((self.company, self.data, self.score, self.colleagues))


def read_progress(company: Company, home: Home) -> Progress:
    """Count what is there; a few indexed queries and one manifest."""
    customers = AccountState.objects.exclude(stage="churned")
    states = dict(customers.values_list("band").annotate(n=Count("pk")).order_by())
    unknown = states.pop(Band.UNKNOWN.value, 0)
    latest = ScoringRun.objects.filter(status="done").aggregate(at=Max("finished_at"))["at"]
    return Progress(
        company=company.set_up_at is not None,
        events=Published(home).rows("events"),
        accounts=Account.objects.filter(deleted_at__isnull=True, merged_into__isnull=True).count(),
        scored=sum(states.values()),
        unknown=unknown,
        members=Member.objects.filter(is_active=True).count(),
        scored_at=latest,
    )


@dataclass(slots=True)
class Source:
    """One way in: its volume per day, its last sign of life, and what of it was refused."""

    name: str
    daily: list[int] = field(default_factory=lambda: [0] * DAYS)
    kinds: dict[str, int] = field(default_factory=dict)
    last_at: datetime | None = None
    last_on: date | None = None
    rejects: int = 0
    key: str = ""

    @property
    def total(self) -> int:
        return sum(self.daily)


@lru_cache(maxsize=4)
def _volumes(root: str, generation: int, first: date, last: date) -> tuple[Volume, ...]:
    """Asked again only when new facts were published."""
    from pathlib import Path

    return tuple(list_volumes(Published(Home(Path(root))), first, last))


def list_sources(home: Home, today: date) -> list[Source]:
    """Every source of the last 28 days and every write key, the liveliest first."""
    first = today - timedelta(days=DAYS - 1)
    sources: dict[str, Source] = {}
    for volume in _volumes(str(home.root), Published(home).generation, first, today):
        source = sources.setdefault(volume.source, Source(volume.source))
        source.daily[(volume.day - first).days] += volume.rows
        source.kinds[volume.what] = source.kinds.get(volume.what, 0) + volume.rows
        source.last_on = max(filter(None, (source.last_on, volume.day)))
        if volume.last_at:
            source.last_at = max(filter(None, (source.last_at, volume.last_at)))
    for key in WriteKey.objects.filter(revoked_at__isnull=True):
        source = sources.setdefault(key.name, Source(key.name))
        source.key = key.shown
        if key.last_used_at and (source.last_at is None or key.last_used_at > source.last_at):
            source.last_at = key.last_used_at
    for name, count in _open_rejects().items():
        sources.setdefault(name, Source(name)).rejects = count
    return sorted(sources.values(), key=lambda source: (-source.total, source.name))


def _open_rejects() -> dict[str, int]:
    """Rows of a file of records are counted where its records are: with their id system."""
    systems = dict(Import.objects.exclude(kind=EVENT.name).values_list("pk", "system"))
    system_of = {f"import:{number}": system for number, system in systems.items()}
    counts: dict[str, int] = defaultdict(int)
    for name, origin, count in _by_source():
        counts[system_of.get(origin, name) or "–"] += count
    return counts


def _by_source() -> Iterable[tuple[str, str, int]]:
    """Open items by source and, of files, by import."""
    rows = Reject.objects.filter(status=Reject.Status.OPEN).order_by()
    file = Case(When(origin__startswith="import:", then=F("origin")), default=Value(""))
    return rows.annotate(file=file).values_list("source", "file").annotate(n=Count("pk"))
