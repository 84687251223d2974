"""From which day a stated value holds, and from when it counts as known. Pure decisions.

Live facts are known now. Backfilled facts are known from when they happened, except values whose past nobody
stated (a field that is not timeless and has no date of its own): these are known from now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from enishi.accounts.versions import ALWAYS, ALWAYS_ON
from enishi.store.kinds import Kind, Type

State = dict[str, Any]


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


def in_force(terms: dict[date, State], day: date) -> tuple[date, State] | None:
    """The terms that hold on a day, with the day they hold from."""
    days = [start for start in terms if start <= day]
    return (max(days), terms[max(days)]) if days else None


def present(terms: dict[date, State], today: date) -> State:
    """The terms shown now; those that start first where all lie ahead."""
    found = in_force(terms, today)
    return found[1] if found else terms[min(terms)]


def plain(kind: Kind, state: State) -> State:
    """A state without the date its terms hold from, for comparing terms."""
    return {name: value for name, value in state.items() if name != kind.effective}


def base_for(kind: Kind, state: State, terms: dict[date, State], stated: str | None) -> State:
    """The state a row is laid over: the terms in force on its stated day, else the latest."""
    if not kind.effective or not terms:
        return state
    found = in_force(terms, date.fromisoformat(stated)) if stated else (max(terms), terms[max(terms)])
    return plain(kind, found[1] if found else terms[min(terms)])


def valid_day(kind: Kind, state: State, base: State, terms: dict[date, State], moment: Moment) -> date:
    """The day from which a new state holds.

    Terms changed without a stated day hold from today; in a backfill, and where only an outcome (an end, a
    notice) was added, the latest terms are corrected.
    """
    if kind.effective and (stated := state.get(kind.effective)):
        return date.fromisoformat(stated)
    if kind.effective and terms:
        outcomes = {f.name for f in kind.fields if f.known_from}
        changed = {name for name in {*state, *base} if state.get(name) != base.get(name)}
        return max(terms) if moment.backfill or changed <= outcomes else moment.today
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
