"""From people and what passed with them to the relationship. Pure: facts as known on a day in, judgement out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from enishi.kit.text import Text
from enishi.stakeholders.contracts import (
    LEVELS,
    TALKS,
    WANTED_ROLES,
    LevelLine,
    Relationship,
    Someone,
    Stated,
    Thread,
    Tie,
    Touch,
)
from enishi.stakeholders.feeling import feeling_of
from enishi.stakeholders.leaving import signs_of, together
from enishi.stakeholders.strength import WINDOW, drivers_of
from enishi.stakeholders.titles import propose_influence, propose_level, role_of

_STATED = Text("Stated by a member.", "登録された値です。")
_INFLUENCE_ORDER = ("high", "medium", "low", "")


def judge(people: Sequence[Someone], touches: Iterable[Touch], day: date) -> Relationship:
    """The relationship with an account as of ``day``; what happens after it is left out."""
    happened = [touch for touch in touches if touch.on <= day]
    by_person: dict[int, list[Touch]] = defaultdict(list)
    for touch in happened:
        if touch.person is not None:
            by_person[touch.person].append(touch)
    ties = tuple(sorted((_tie(one, by_person[one.number], day) for one in people), key=_order))
    here = [tie for tie in ties if tie.present]
    answered = [touch for touch in happened if touch.kind in TALKS and touch.two_way]
    missing, known = missing_roles(here), {tie.number for tie in here}
    return Relationship(
        day=day,
        ties=ties,
        theirs=_thread([(t.person, t.on) for t in answered if t.person in known], day),
        ours=_thread([(t.member, t.on) for t in answered if t.member], day),
        levels=tuple(_level(level, here) for level in (*LEVELS, "")),
        missing=missing,
        candidates=_candidates(missing, here),
        last_two_way=max((touch.on for touch in answered), default=None),
    )


def missing_roles(ties: Sequence[Tie]) -> tuple[str, ...]:
    """Roles that nobody present has, the most needed first."""
    held = {tie.person.role for tie in ties}
    return tuple(role for role in WANTED_ROLES if role not in held)


def _tie(one: Someone, touches: list[Touch], day: date) -> Tie:
    level = Stated(one.said.level, False, _STATED) if one.said.level else propose_level(one.title)
    influence = (
        Stated(one.said.influence, False, _STATED)
        if one.said.influence
        else propose_influence(one.role, level.value)
    )
    lately = [t for t in touches if t.kind in TALKS and (day - t.on).days < WINDOW]
    drivers, signs = drivers_of(touches, day), signs_of(one, touches, day)
    return Tie(
        person=one,
        level=level,
        influence=influence,
        feeling=feeling_of(one.said, touches, day),
        strength=sum(driver.points for driver in drivers),
        drivers=drivers,
        signs=signs,
        leaving=together(signs),
        last_two_way=max((t.on for t in touches if t.two_way and t.kind in TALKS), default=None),
        last_any=max((t.on for t in touches), default=None),
        answers=any(t.two_way for t in lately),
        tried=sum(not t.two_way for t in lately),
    )


def _order(tie: Tie) -> tuple[bool, int, int, int]:
    """Those present first, then by influence, strength and number."""
    return not tie.present, _INFLUENCE_ORDER.index(tie.influence.value), -tie.strength, tie.number


def _thread(pairs: Sequence[tuple[int | str | None, date]], day: date) -> Thread:
    lately = [who for who, on in pairs if (day - on).days < WINDOW]
    who = set(lately)
    return Thread(len(lately), len(who), next(iter(who)) if len(who) == 1 else None)


def _level(level: str, ties: Sequence[Tie]) -> LevelLine:
    there = [tie for tie in ties if tie.level.value == level]
    met = [(tie.last_two_way, tie.number) for tie in there if tie.last_two_way]
    last, with_whom = max(met, default=(None, None))
    return LevelLine(level, len(there), last, with_whom)


def _candidates(missing: Sequence[str], ties: Sequence[Tie]) -> dict[str, int]:
    """For a missing role somebody whose title speaks for it, the strongest tie first."""
    found: dict[str, int] = {}
    for tie in sorted(ties, key=lambda tie: -tie.strength):
        if tie.person.role in ("", "user", "power_user"):
            role = role_of(tie.person.title, tie.person.department, tie.level.value)
            if role in missing:
                found.setdefault(role, tie.number)
    return found
