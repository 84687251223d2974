"""What the page for correcting many items alike shows, and the rule its form states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from enishi.ingest.about import FILE, MESSAGE, way_of
from enishi.ingest.corrections import DATES, EMPTY, NAME, VALUES, Rule, as_shown, value_at
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.reading import Plan
from enishi.ingest.mending import TRIED, Judged, Pile, Trial, item_of, places_at_fault
from enishi.ingest.models import Correction, Import, Reject
from enishi.ingest.values import DAY_ORDERS
from enishi.store.kinds import Field, Kind, Type
from enishi.web.pages.rejects.reads import language

MOST_VALUES = 40
MESSAGE_NAMES = ("event", "type", "userId", "anonymousId", "groupId", "context.groupId", "timestamp", "messageId", "previousId", "properties", "traits")  # fmt: skip
MESSAGE_TYPES = ("track", "identify", "group", "page", "screen", "alias")
ORDERS = (
    ("", gettext_lazy("year / month / day, 2024年4月1日, 令和6年4月1日 …")),
    ("ymd", gettext_lazy("two-digit year / month / day")),
    ("dmy", gettext_lazy("day / month / year")),
    ("mdy", gettext_lazy("month / day / year")),
)


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A wrong value, how many items hold it, and what was entered for it."""

    value: str
    count: int
    meant: str


@dataclass(slots=True)
class Bench:
    """Everything the form offers for a pile of items."""

    pile: Pile
    waiting: int
    message: str
    places: list[tuple[str, str]]
    act: str
    nested: bool
    names: list[str] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    values: list[ValueLine] = field(default_factory=list)
    more_values: int = 0
    choices: list[tuple[str, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return self.pile.place


def pile_of(asked: Mapping[str, Any]) -> Pile:
    """The items an address or a form is about; without a place all of their reason."""
    place = str(asked.get("place", ""))[:200].removeprefix("$").removeprefix(".")
    return Pile(
        str(asked.get("kind", ""))[:30],
        str(asked.get("source", ""))[:100],
        str(asked.get("reason", ""))[:60],
        place,
    )


def bench_of(pile: Pile, asked: Mapping[str, Any]) -> Bench | None:
    """What can be corrected about a pile; None where nothing waits in it."""
    faults = Counter(
        place for reject in replace(pile, place="").waiting()[:TRIED] for place in places_at_fault(reject)
    )
    if pile.place not in faults:
        pile = replace(pile, place=next((place for place, _n in faults.most_common(1)), ""))
    rejects = list(pile.waiting()[:TRIED])
    if not rejects:
        return None
    first = rejects[0]
    spec, titles = field_at(first, pile.place), _titles(first)
    bench = Bench(
        pile,
        pile.waiting().count(),
        _message(first, pile.place),
        [(name, titles.get(name, name)) for name, _n in faults.most_common(30)],
        _act(asked, first, spec),
        way_of(first) == MESSAGE,
    )
    bench.choices = _choices(first, pile.place, spec)
    bench.targets = _targets(first, titles)
    _fill(bench, rejects, asked)
    return bench


def _message(reject: Reject, place: str) -> str:
    """Why the item waits, at this place."""
    lines = reject.message(language()).split("\n")
    fields = list(reject.context.get("fields", {}).values())
    return lines[fields.index(place)] if place in fields and len(fields) == len(lines) else lines[0]


def _fill(bench: Bench, rejects: list[Reject], asked: Mapping[str, Any]) -> None:
    """The names that occur in the items, and the values under the name at fault."""
    values, names = Counter[str](), Counter[str]()
    for reject in rejects:
        item = item_of(reject)
        if item is None:
            continue
        names.update(_names(item, bench.nested))
        values[as_shown(value_at(item, bench.place, nested=bench.nested))] += 1
    entered = _entered(asked)
    bench.names = sorted(names)
    bench.values = [
        ValueLine(value, count, entered.get(value, "")) for value, count in values.most_common(MOST_VALUES)
    ]
    bench.more_values = max(0, len(values) - MOST_VALUES)


def _names(item: Mapping[str, Any], nested: bool, before: str = "") -> list[str]:
    names = [f"{before}{name}" for name, value in item.items() if value not in (None, "")]
    if nested:
        for name, value in item.items():
            if isinstance(value, dict) and not before.count("."):
                names += _names(value, nested, f"{before}{name}.")
    return names[:200]


def _act(asked: Mapping[str, Any], first: Reject, spec: Field | None) -> str:
    """What was chosen, else what is most likely wrong."""
    if asked.get("act") in (VALUES, NAME, DATES):
        return str(asked["act"])
    if first.reason == "bad_time" or (spec and spec.type in (Type.DATE, Type.INSTANT)):
        return DATES
    return NAME if first.reason.startswith("missing_") else VALUES


def _kind(reject: Reject) -> Kind | None:
    return FILE_KINDS.get(reject.kind) if way_of(reject) != MESSAGE else None


def _columns(reject: Reject) -> dict[str, str]:
    """Field -> name in the item: the heading in a file's row, else the field's own."""
    if way_of(reject) == FILE:
        made = Import.objects.filter(pk=reject.context["import"]).first()
        return Plan.from_json(made.plan).columns if made else {}
    kind = _kind(reject)
    return {spec.name: spec.name for spec in kind.fields} if kind else {}


def field_at(reject: Reject, place: str) -> Field | None:
    """The field a name in the item stands for."""
    kind, columns = _kind(reject), _columns(reject)
    return next((f for f in kind.fields if columns.get(f.name) == place), None) if kind else None


def _titles(reject: Reject) -> dict[str, str]:
    """By name in the item: the field's title, with the heading where it is another."""
    kind = _kind(reject)
    titles: dict[str, str] = {}
    for name, column in _columns(reject).items():
        title = kind.field(name).title.in_language(language()) if kind else column
        titles[column] = title if title == column or way_of(reject) != FILE else f"{column} ({title})"
    return titles


def _targets(reject: Reject, titles: dict[str, str]) -> list[tuple[str, str]]:
    if way_of(reject) == MESSAGE:
        return [(name, name) for name in MESSAGE_NAMES]
    return list(titles.items())


def _choices(reject: Reject, place: str, spec: Field | None) -> list[tuple[str, str]]:
    """What may be chosen for a value; empty where it is written."""
    if place == "type" and way_of(reject) == MESSAGE:
        return [(name, name) for name in MESSAGE_TYPES]
    if spec is None:
        return []
    found = [(name, title.in_language(language())) for name, title in spec.choices]
    if spec.type is Type.BOOLEAN:
        found = [("true", _("Yes")), ("false", _("No"))]
    return [*found, (EMPTY, pgettext("value", "(none)"))] if found and not spec.required else found


def _entered(asked: Mapping[str, Any]) -> dict[str, str]:
    """The values filled in: ``from-0``, ``to-0`` and so on."""
    pairs = (
        (str(asked.get(f"from-{n}", "")), str(asked.get(f"to-{n}", "")).strip()) for n in range(MOST_VALUES)
    )
    return {value: meant[:1000] for value, meant in pairs if meant}


def rule_of(bench: Bench, asked: Mapping[str, Any]) -> Rule | None:
    """The rule the form states; None where it is not complete."""
    nested = bench.nested
    if bench.act == VALUES:
        values = _entered(asked)
        return Rule(VALUES, bench.place, values=values, nested=nested) if values and bench.place else None
    if bench.act == NAME:
        old, new = str(asked.get("name", "")), str(asked.get("to", ""))
        known = old in bench.names and new in dict(bench.targets) and old != new
        return Rule(NAME, old, to=new, nested=nested) if known else None
    order = str(asked.get("order", ""))
    order = order if order in DAY_ORDERS else ""
    return Rule(DATES, bench.place, order=order, nested=nested) if bench.place else None


@dataclass(frozen=True, slots=True)
class Change:
    """A name in an example with its value before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Example:
    number: int
    changes: list[Change]
    wrong: list[str]


def examples_of(trial: Trial, choices: Mapping[str, str]) -> list[Example]:
    """Some items as they are and as they would be; choices by their titles."""
    return [
        Example(
            one.reject.pk,
            _changes(one, choices),
            [f"{place}: {text.in_language(language())}" for place, text in one.errors.items()],
        )
        for one in trial.examples
    ]


def _changes(one: Judged, choices: Mapping[str, str]) -> list[Change]:
    before, after = _flat(one.before), _flat(one.after)
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    return [
        Change(name, before.get(name, ""), choices.get(after.get(name, ""), after.get(name, "")))
        for name in names
    ]


def _flat(item: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = as_shown(value)
    return flat


def told_rule(made: Correction) -> str:
    """What a correction says, in a line of text."""
    if not made.rule:
        return _("(erased)")
    found = Rule.from_json(made.rule)
    if found.act == NAME:
        return f"{found.place} → {found.to}"
    if found.act == DATES:
        order = str(dict(ORDERS)[found.order])
        return _("Dates in %(place)s: %(order)s") % {"place": found.place, "order": order}
    empty = pgettext("value", "(none)")
    titles = {EMPTY: empty, **_choice_titles(made.kind, set(found.values.values()) - {EMPTY})}
    pairs = (f"{old or empty} → {titles.get(new, new)}" for old, new in found.values.items())
    return f"{found.place}: {', '.join(pairs)}"


def _choice_titles(kind: str, names: set[str]) -> dict[str, str]:
    """The titles of choices, where all of them are choices of one field."""
    fields = FILE_KINDS[kind].fields if kind in FILE_KINDS else ()
    for spec in fields:
        titles = {name: title.in_language(language()) for name, title in spec.choices}
        if names and names <= titles.keys():
            return titles
    return {}


def kept_corrections() -> list[tuple[Correction, str]]:
    """What is kept for later items, newest first."""
    return [(row, told_rule(row)) for row in Correction.objects.filter(kept=True)[:100]]


def failed_corrections() -> list[tuple[Correction, str]]:
    """What stopped at an error and was not started again, newest first."""
    rows = Correction.objects.filter(status=Correction.Status.FAILED)[:20]
    return [(row, told_rule(row)) for row in rows]
