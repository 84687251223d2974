"""The terms of a contract over its days: which hold on a day, and what a further statement makes of them. Pure.

Terms are the states of a record by the day they hold from; each holds until the next. The rules, for users in
``docs/how-to/change-a-contract.md``:

*The day a row speaks from.* The stated day (``effective_on``). Without one a live row speaks of the present: it
holds from today, and a row of history corrects the terms in force. So A, then B, then A again is a way back and
takes effect, while a file that says what holds already changes nothing.

*A delivery which tells a history* (a row whose day is given empty beside dated rows of the same id) is told from a
way back by just that: there the row with the empty day is the first line and means the terms the contract began
with, which the dated rows replaced. So the same file again is no way back.

*Later terms stay.* What terms announced for later changed stays; what they left as it was follows the statement.

*A deletion* holds like terms, from its day on, and takes announced terms with it. A record that comes again runs from
then on (from the stated day, if later), with what was announced; its gap stays.

*A notice and an end hold for the whole contract*, for later terms whatever they said and for earlier ones where
the notice or the end falls into their days. Stated alone and without a day they correct, and emptied so they are
taken back. An end told live for a coming day, without a notice, is a notice given on the day it is told. Only terms that began after the end and were stated without it re-open a contract; its gap stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from enishi.store.kinds import Kind

State = dict[str, Any]
Terms = Mapping[date, State]
NOTICE, ENDED = "notice_on", "ended_on"


@dataclass(frozen=True, slots=True)
class Spoken:
    """The day a row speaks from, as far as the row and its delivery tell.

    Args:
        stated: the day the row names.
        history: the first day for which another row of the delivery states terms, where this row is the first line
            of that history.
    """

    stated: date | None = None
    history: date | None = None


def in_force(terms: Terms, day: date) -> tuple[date, State] | None:
    """The terms that hold on a day, with the day they hold from."""
    days = [start for start in terms if start <= day]
    return (max(days), terms[max(days)]) if days else None


def present(terms: Terms, today: date) -> State:
    """The terms shown now; those that start first where all lie ahead."""
    found = in_force(terms, today)
    return found[1] if found else terms[min(terms)]


def plain(kind: Kind, state: State) -> State:
    """A state without the date its terms hold from, for comparing terms."""
    return {name: value for name, value in state.items() if name != kind.effective}


def base_for(kind: Kind, terms: Terms, spoken: Spoken, today: date) -> State:
    """The terms a row is laid over: those in force on the day it speaks from, else the first."""
    day = min(terms) if spoken.history else spoken.stated or today
    return plain(kind, present(terms, day))


def speaks_from(
    kind: Kind, state: State, base: State, terms: Terms, spoken: Spoken, today: date, correcting: bool
) -> date | None:
    """The day from which a row laid over ``terms`` holds; None where dated rows speak of all its days.

    Args:
        correcting: the row is history, so that undated it corrects the terms in force.
    """
    if spoken.stated:
        return spoken.stated
    first = min(terms)
    if spoken.history:
        return _first_line(kind, state, first, spoken.history)
    found = in_force(terms, today)
    if not found:
        return first
    return found[0] if correcting or _changed(state, base) <= outcomes(kind) else today


def _first_line(kind: Kind, state: State, first: date, history: date) -> date | None:
    """The first terms, or where these are a dated row's, the days from the contract's start to them."""
    if first < history:
        return first
    started = date.fromisoformat(state[kind.happened]) if state.get(kind.happened) else first
    return started if started < history else None


def spread(kind: Kind, terms: Terms, day: date, base: State, state: State, stated: bool) -> dict[date, State]:
    """What a statement makes of a contract's terms: the states that are new, by the day they hold from.

    Args:
        base: the terms it was laid over; state: the result, which holds from ``day``.
        stated: the row named its day. If not, and terms begin on that day, it corrects what stood there.
    """
    changed = _changed(state, base)
    told = {day: state}
    told |= _later(kind, terms, day, base, state, changed)
    if ended := changed & outcomes(kind):
        told |= _earlier(kind, terms, day, base, state, ended, follows=not stated and day in terms)
    return told


def revived(kind: Kind, terms: Terms, told: Terms, gone: Iterable[date], today: date) -> dict[date, State]:
    """The further states that bring a deleted record back for good.

    Args:
        terms: as they were before its deletion; told: what is stated now, by the day it holds from.
        gone: days from which a deletion holds.
    """
    lasting = set(gone) - set(told)
    states, begin = {**terms, **told}, max(today, min(told))
    days = [begin, *sorted(day for day in lasting if day > begin)]
    newest = {day: max(one for one in {*states, *lasting} if one <= day) for day in days}
    return {day: plain(kind, present(states, day)) for day in days if newest[day] in lasting}


def with_notice(
    base: State, state: State, stated: Collection[str], today: date, together: Callable[[], bool]
) -> State:
    """A running contract of which an end is told for a coming day: notice was given on the day it is told, where nobody
    says when. So an announced end is known from then on, not from its day. Taken back, the notice goes with it.

    Args:
        base: the terms it was laid over; state: the result. stated: the fields the row names.
        together: whether the end and the notice of ``base`` were told on the day of that notice.
    """
    if ENDED not in stated:
        return state
    end, before = state.get(ENDED), base.get(ENDED)
    if end and not before and end > today.isoformat() and not state.get(NOTICE):
        return {**state, NOTICE: today.isoformat()}
    if before and not end and NOTICE in state and NOTICE not in stated and together():
        return {name: value for name, value in state.items() if name != NOTICE}
    return state


def outcomes(kind: Kind) -> set[str]:
    """Fields that say how the whole contract came out."""
    return {field.name for field in kind.fields if field.known_from}


def _later(
    kind: Kind, terms: Terms, day: date, base: State, state: State, changed: set[str]
) -> dict[date, State]:
    """Later terms with what they had left as it was, and with the outcome unless they re-opened the contract."""
    ended = changed & outcomes(kind)
    carried = changed - ended if in_force(terms, day) else set()
    before, told = base, {}
    for start in sorted(one for one in terms if one > day):
        old = plain(kind, terms[start])
        carried = {name for name in carried if old.get(name) == before.get(name)}
        if _closed(before, start) and _closed(state, start) and not _closed(old, start):
            ended = set()
        told[start] = _with(old, state, carried | ended)
        before = old
    return _new(kind, terms, told)


def _earlier(
    kind: Kind, terms: Terms, day: date, base: State, state: State, ended: set[str], follows: bool
) -> dict[date, State]:
    """Earlier terms with the outcome where it falls into their days, or, where it ``follows``, where it was theirs."""
    days = [state[name] for name in (NOTICE, ENDED) if name in ended and state.get(name)]
    begins = date.fromisoformat(min(days)) if days else date.max
    told = {}
    for start, stop in pairwise([*sorted(one for one in terms if one < day), day]):
        old = plain(kind, terms[start])
        own = {name for name in ended if follows and name in old and old[name] == base.get(name)}
        left = _closed(old, stop) and not own and (state.get(ENDED) or "9999") > old[ENDED]
        reached = {name for name in ended if state.get(name)} if begins < stop and not left else set()
        told[start] = _with(old, state, own | reached)
    return _new(kind, terms, told)


def _changed(state: State, base: State) -> set[str]:
    return {name for name in {*state, *base} if state.get(name) != base.get(name)}


def _closed(state: State, day: date) -> bool:
    """Whether the contract had ended by a day."""
    return bool(state.get(ENDED)) and date.fromisoformat(state[ENDED]) <= day


def _with(old: State, state: State, names: Iterable[str]) -> State:
    values = {name: state.get(name) for name in names}
    return {name: value for name, value in {**old, **values}.items() if value is not None}


def _new(kind: Kind, terms: Terms, told: dict[date, State]) -> dict[date, State]:
    return {start: state for start, state in told.items() if state != plain(kind, terms[start])}
