"""What a person said once of names, values and dates that did not fit, and what it makes of an item.

Kept corrections are tried on what comes later from the same source: on messages and traits that would be refused
otherwise, and on every row of a file with the same headings.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from enishi.accounts.coercion import Refused, plain_json
from enishi.ingest.models import Correction
from enishi.ingest.values import Habits, read_instant
from enishi.kit.cells import plain_text

VALUES, NAME, DATES = "values", "name", "dates"
EMPTY = "-"  # what is written for "no value"

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One correction.

    Args:
        act: ``values`` (a value is another), ``name`` (a name is another) or ``dates`` (how days are written).
        place: the name concerned: of a cell, a trait, or in a message with dots between the levels.
        values: a value as :func:`as_shown` shows it -> what is meant; ``-`` for no value.
        to: the name that is meant.
        order: of day, month and year where they are bare numbers (``ymd``, ``dmy``, ``mdy``); may be empty.
        nested: whether dots in names lead into objects, as in messages.
    """

    act: str
    place: str
    values: Mapping[str, str] = field(default_factory=dict)
    to: str = ""
    order: str = ""
    nested: bool = False

    @property
    def goal(self) -> str:
        """The name that is right afterwards, if the rule is."""
        return self.to or self.place

    def as_json(self) -> dict[str, Any]:
        return {
            "act": self.act,
            "place": self.place,
            "values": dict(self.values),
            "to": self.to,
            "order": self.order,
            "nested": self.nested,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Rule:
        return cls(body["act"], body["place"], body["values"], body["to"], body["order"], body["nested"])


def as_shown(value: object) -> str:
    """A value as it is listed and compared: width and spaces do not count."""
    if value is None:
        return ""
    return (
        plain_text(value)
        if isinstance(value, str | int | float)
        else json.dumps(value, ensure_ascii=False, default=str)
    )


def mend(item: Mapping[str, Any], rules: Iterable[Rule], zone: ZoneInfo) -> Item:
    """An item as corrected; the given one stays as it is."""
    mended = copy.deepcopy(dict(item))
    for rule in rules:
        _ACTS[rule.act](mended, rule, zone)
    return mended


def value_at(item: Mapping[str, Any], place: str, *, nested: bool) -> Any:
    """The value under a name; None where there is none."""
    found: Any = item
    for step in _steps(place, nested):
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found


def _steps(place: str, nested: bool) -> list[str]:
    return place.split(".") if nested else [place]


def _is_free(item: Item, steps: Sequence[str]) -> bool:
    """Whether nothing but objects leads to the last step."""
    for step in steps[:-1]:
        found = item.get(step)
        if not isinstance(found, dict):
            return found is None
        item = found
    return True


def _put(item: Item, rule: Rule, place: str, value: Any) -> None:
    """Objects on the way are made where they are missing; where something else stands in it, nothing is done."""
    steps = _steps(place, rule.nested)
    if _is_free(item, steps):
        for step in steps[:-1]:
            if item.get(step) is None:
                item[step] = {}
            item = item[step]
        item[steps[-1]] = value


def _remove(item: Item, rule: Rule, place: str) -> None:
    *way, last = _steps(place, rule.nested)
    for step in way:
        item = item[step]
    del item[last]


def _mend_value(item: Item, rule: Rule, zone: ZoneInfo) -> None:
    shown = as_shown(value_at(item, rule.place, nested=rule.nested))
    if shown in rule.values:
        meant = rule.values[shown]
        _put(item, rule, rule.place, None if meant == EMPTY else meant)


def _mend_name(item: Item, rule: Rule, zone: ZoneInfo) -> None:
    """What stands under the other name already is left alone; so is all where the other name cannot be given."""
    value = value_at(item, rule.place, nested=rule.nested)
    if value in (None, "") or value_at(item, rule.to, nested=rule.nested) not in (None, ""):
        return
    changed = copy.deepcopy(item)
    _remove(changed, rule, rule.place)
    if _is_free(changed, _steps(rule.to, rule.nested)):
        _put(changed, rule, rule.to, value)
        item.clear()
        item.update(changed)


def _mend_date(item: Item, rule: Rule, zone: ZoneInfo) -> None:
    value = value_at(item, rule.place, nested=rule.nested)
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        return
    try:
        read = read_instant(value, Habits(rule.order, zone))
    except Refused:
        return
    _put(item, rule, rule.place, plain_json(read))


_ACTS = {VALUES: _mend_value, NAME: _mend_name, DATES: _mend_date}


def kept_rules(kind: str, *, source: str = "", fingerprint: str = "") -> list[Rule]:
    """The rules kept for a source of messages, or for files with certain headings, in the order they were made."""
    rows = Correction.objects.filter(kept=True, kind=kind, fingerprint=fingerprint)
    rows = rows if fingerprint else rows.filter(source=source)
    return [Rule.from_json(row.rule) for row in rows.order_by("pk") if row.rule]


def kept_of_messages() -> dict[str, list[Rule]]:
    """All rules kept for messages, by the name of their source."""
    found: dict[str, list[Rule]] = {}
    for row in Correction.objects.filter(kept=True, kind="event", fingerprint="").order_by("pk"):
        if row.rule:
            found.setdefault(row.source, []).append(Rule.from_json(row.rule))
    return found
