"""From which day a stated value holds, and from when it counts as known. Pure decisions.

Live facts are known now. Backfilled facts are known from when they happened, except values whose past nobody
stated (a field that is not timeless and has no date of its own): these are known from now. The terms of contracts,
which change from a day: :mod:`.terms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from enishi.accounts.terms import State
from enishi.accounts.versions import ALWAYS
from enishi.store.kinds import ALWAYS_ON, Kind, Type


@dataclass(frozen=True, slots=True)
class Moment:
    """When a batch is read, and how."""

    now: datetime
    today: date
    zone: ZoneInfo
    backfill: bool


@dataclass(slots=True)
class Version:
    """A version to be written. ``account`` and ``contact`` are what the source stated, before merges."""

    state: State
    valid_on: date
    known_at: datetime
    account: int | None = None
    contact: int | None = None


def happened_at(kind: Kind, state: State, zone: ZoneInfo) -> datetime | None:
    """The instant that dates a record; the start of the day where only a day is known."""
    value = state.get(kind.happened) if kind.happened else None
    if value is None:
        return None
    if kind.field(kind.happened).type is Type.INSTANT:
        return datetime.fromisoformat(value)
    return datetime.combine(date.fromisoformat(value), time(), zone)


def begins_on(kind: Kind, state: State, moment: Moment) -> date:
    """The day from which the first state of a record holds."""
    happened = happened_at(kind, state, moment.zone)
    if happened:
        return happened.astimezone(moment.zone).date()
    return ALWAYS_ON if moment.backfill else moment.today


def undated(kind: Kind, *states: State) -> set[str]:
    """Fields of these states whose value held from a day nobody stated."""
    names = set()
    for spec in kind.fields:
        if spec.timeless:
            continue
        dated = any(state.get(name) for name in spec.known_from.split("|") if name for state in states)
        if not dated and any(spec.name in state for state in states):
            names.add(spec.name)
    return names


def versions_of(
    kind: Kind, state: State, valid_on: date, known: list[tuple[datetime, State]], moment: Moment
) -> list[Version]:
    """The versions that say ``state`` from ``valid_on`` on.

    Args:
        known: earlier versions (known since, state) in the order written; only read in a backfill. Their undated
            values stay what they were on the days on which they were known.
    """
    if not moment.backfill:
        return [Version(state, valid_on, moment.now)]
    since = datetime.combine(valid_on, time(), moment.zone) if kind.effective else None
    since = min(since or happened_at(kind, state, moment.zone) or ALWAYS, moment.now)
    loose = undated(kind, state, *(old for _at, old in known))
    if not loose:
        return [Version(state, valid_on, since)]
    firm = {name: value for name, value in state.items() if name not in loose}
    steps: list[tuple[datetime, State]] = [(since, {})]
    for at, old in sorted(known, key=lambda step: step[0]):
        values = {name: value for name, value in old.items() if name in loose}
        steps = [(since, values)] if at <= since else [*steps, (at, values)]
    told = [Version({**firm, **values}, valid_on, at) for at, values in steps]
    told.append(Version(state, valid_on, moment.now))
    return [v for n, v in enumerate(told) if n == 0 or v.state != told[n - 1].state]
