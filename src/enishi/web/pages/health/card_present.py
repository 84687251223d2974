"""What the scorecard editor's template is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from enishi.definitions.contracts import AppliesTo
from enishi.definitions.models import DefinitionVersion
from enishi.kit.errors import EnishiError
from enishi.kit.text import MINUS, Text, plain_number
from enishi.web.pages.health import card_form
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.portfolio.words import product_words, stage_words, tier_words

MAPPINGS = {
    "points": gettext_lazy("Points between values"),
    "bands": gettext_lazy("Steps"),
    "percentile": gettext_lazy("Rank among peers"),
}
MISSING = {
    "reweight": gettext_lazy("leave out, others count more"),
    "neutral": gettext_lazy("count as 50"),
    "bad": gettext_lazy("count as 0"),
}
STALE = {"missing": gettext_lazy("counts as missing"), "keep": gettext_lazy("is kept and marked")}
PEERS = {
    "product": gettext_lazy("product"),
    "plan": gettext_lazy("plan"),
    "size": gettext_lazy("size"),
    "tenure": gettext_lazy("age as a customer"),
    "stage": gettext_lazy("stage"),
    "industry": gettext_lazy("industry"),
    "tier": gettext_lazy("tier"),
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A small drawing of a mapping: points of a polyline in a box of 100 by 50, and what stands at the ends."""

    line: str
    low: str
    high: str


def curve(mapping: Mapping[str, Any]) -> Curve | None:
    """The mapping's curve; None for a rank without a table, or where the table is not drawable yet."""
    rows = [
        (x, y)
        for x, y in card_form.shown_pairs(mapping)
        if isinstance(x, int | float) and isinstance(y, int | float)
    ]
    if len(rows) < (1 if mapping.get("type") == "bands" else 2):
        return None
    if mapping.get("type") == "bands":
        rows = _stairs(rows, float(mapping.get("below") or 0))
    low, high = rows[0][0], rows[-1][0]
    width = (high - low) or 1
    points = " ".join(f"{(x - low) / width * 100:.1f},{50 - min(100, max(0, y)) / 2:.1f}" for x, y in rows)
    return Curve(points, *(plain_number(end).replace("-", MINUS) for end in (low, high)))


def _stairs(rows: Sequence[tuple[float, float]], below: float) -> list[tuple[float, float]]:
    first, last = rows[0][0], rows[-1][0]
    margin = (last - first) / 4 or 1
    stairs, level = [(first - margin, below)], below
    for x, y in rows:
        stairs += [(x, level), (x, y)]
        level = y
    return [*stairs, (last + margin, level)]


def title_words(value: Any) -> dict[str, str]:
    """A text in both languages, for two fields."""
    if not value:
        return {"en": "", "ja": ""}
    text = Text.parse(value)
    return {"en": text.en, "ja": text.ja}


def measure_title(measure: Mapping[str, Any]) -> str:
    """The measure's own title, or its metric's."""
    language = get_language() or "ja"
    if measure.get("title"):
        return Text.parse(measure["title"]).in_language(language)
    metric = metric_catalogue().get(measure.get("metric", ""))
    return metric.title.in_language(language) if metric else str(measure.get("metric") or measure["id"])


def _measure(
    measure: Mapping[str, Any], shares: Mapping[str, float], mistakes: Mapping[str, str]
) -> dict[str, Any]:
    mapping = measure.get("mapping", {})
    metric = metric_catalogue().get(measure.get("metric", ""))
    language = get_language() or "ja"
    return {
        "id": measure["id"],
        "key": f"measure:{measure['id']}",
        "title": measure_title(measure),
        "words": title_words(measure.get("title")),
        "metric": measure.get("metric", ""),
        "help": metric.help.in_language(language) if metric and metric.help else "",
        "manual": measure.get("manual", False),
        "group": measure["group"],
        "weight": measure.get("weight", 0),
        "share": shares.get(measure["id"], 0.0),
        "missing": measure.get("missing", "reweight"),
        "stale": measure.get("stale", "missing"),
        "freshness_days": measure.get("freshness_days", ""),
        "mapping": mapping.get("type", "points"),
        "rows": card_form.shown_pairs(mapping),
        "tenures": card_form.shown_tenures(mapping),
        "aged": bool(mapping.get("by_tenure")),
        "scale": mapping.get("scale", "linear"),
        "below": mapping.get("below", 0),
        "peers": card_form.shown_peers(mapping),
        "fallback": card_form.shown_fallback(mapping),
        "minimum": mapping.get("minimum", 10),
        "better": mapping.get("better", "higher"),
        "curve": curve(mapping),
        "mistakes": own_mistakes(mistakes, f"measures[{measure.get('_at')}]"),
    }


def own_mistakes(mistakes: Mapping[str, str], place: str) -> dict[str, str]:
    """What is wrong within one entry, by part; ``other`` for what belongs to none."""
    found: dict[str, str] = {}
    for where, text in mistakes.items():
        if where == place or where.startswith((f"{place}.", f"{place}[")):
            part = where[len(place) :].lstrip(".").split(".")[0].split("[")[0] or "other"
            found[part] = f"{found[part]} {text}" if part in found else text
    return found


_PLACE = re.compile(r"(measures|groups|caps)\[(\d+)\]")
_PARTS = {
    "bands": gettext_lazy("Bands"),
    "trend": gettext_lazy("Trend arrow"),
    "stake": gettext_lazy("Share of a year's revenue taken as at stake"),
    "minimum_coverage": gettext_lazy("Data coverage"),
    "priority": gettext_lazy("Priority (lowest wins)"),
    "applies_to": gettext_lazy("Which accounts"),
    "title": gettext_lazy("Title"),
}


def named_mistakes(body: Mapping[str, Any], error: EnishiError | None) -> list[tuple[str, str]]:
    """What is wrong, each with the name people know its place by."""
    return [(_place_title(body, place), text) for place, text in mistakes_of(error).items()]


def _place_title(body: Mapping[str, Any], place: str) -> str:
    found = _PLACE.match(place)
    entries = body.get(found[1], []) if found else []
    if found and int(found[2]) < len(entries):
        entry = entries[int(found[2])]
        if found[1] == "measures":
            return measure_title(entry)
        return Text.parse(entry.get("title") or entry["id"]).in_language(get_language() or "ja")
    return str(_PARTS.get(place.split(".")[0], _("Scorecard")))


def mistakes_of(error: EnishiError | None) -> dict[str, str]:
    """What is wrong, by place, in the reader's language."""
    language = get_language() or "ja"
    return {place: text.in_language(language) for place, text in error.fields.items()} if error else {}


def groups(body: Mapping[str, Any], mistakes: Mapping[str, str]) -> list[dict[str, Any]]:
    """The groups with their measures, and each group's share of the score."""
    shares = card_form.shares(body)
    measures = [{**m, "_at": index} for index, m in enumerate(body.get("measures", []))]
    found = []
    for index, group in enumerate(body.get("groups", [])):
        own = [_measure(m, shares, mistakes) for m in measures if m["group"] == group["id"]]
        found.append(
            {
                "id": group["id"],
                "key": f"group:{group['id']}",
                "title": Text.parse(group.get("title") or group["id"]),
                "words": title_words(group.get("title")),
                "weight": group.get("weight", 0),
                "share": sum(m["share"] for m in own),
                "measures": own,
                "mistakes": own_mistakes(mistakes, f"groups[{index}]"),
            }
        )
    return found


def shares_shown(base: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The shares of ``body`` for the lines the page shows of ``base``: a line taken away has none left."""
    shares = card_form.shares(body)
    of_group: dict[str, float] = {}
    for measure in body.get("measures", []):
        of_group[measure["group"]] = of_group.get(measure["group"], 0.0) + shares[measure["id"]]
    return {
        "group_shares": [
            {"key": f"group:{g['id']}", "share": of_group.get(g["id"], 0.0)} for g in base.get("groups", [])
        ],
        "measure_shares": [
            {"key": f"measure:{m['id']}", "share": shares.get(m["id"], 0.0), "title": measure_title(m)}
            for m in base.get("measures", [])
        ],
    }


def caps(body: Mapping[str, Any], mistakes: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": cap["id"],
            "key": f"cap:{cap['id']}",
            "title": Text.parse(cap.get("title") or cap["id"]),
            "words": title_words(cap.get("title")),
            "when": [*cap.get("when", []), {"metric": "", "op": "<", "value": ""}],
            "at_most": cap.get("at_most", ""),
            "mistakes": own_mistakes(mistakes, f"caps[{index}]"),
        }
        for index, cap in enumerate(body.get("caps", []))
    ]


def applies(body: Mapping[str, Any], offered: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Which accounts the scorecard is for: per attribute the values there are, and which are chosen.

    Args:
        offered: products, plans and sizes that occur in the book.
    """
    own = body.get("applies_to") or {}
    lists = (
        ("products", _("Products"), product_words(offered.get("product", ()))),
        ("plans", _("Plans"), _plain(offered.get("plan", ()))),
        ("sizes", _("Sizes"), _plain(offered.get("size", ()))),
        ("tiers", _("Tiers"), tier_words()),
        ("stages", _("Stages"), stage_words()),
    )
    return [
        {
            "name": name,
            "title": title,
            "options": list((options | {v: v for v in own.get(name, []) if v not in options}).items()),
            "chosen": own.get(name, []),
        }
        for name, title, options in lists
    ]


def for_whom(own: AppliesTo) -> list[str]:
    """The conditions on the accounts a scorecard is for, in words; none: whoever no other judges."""
    lists: tuple[tuple[Sequence[str], str, Mapping[str, Any]], ...] = (
        (own.products, _("product: %(names)s"), product_words(own.products)),
        (own.plans, _("plan: %(names)s"), {}),
        (own.sizes, _("size: %(names)s"), {}),
        (own.tiers, _("tier: %(names)s"), tier_words()),
        (own.stages, _("stage: %(stages)s"), stage_words()),
    )
    said = []
    for values, words, titles in lists:
        if values:
            listed = pgettext("list", ", ").join(str(titles.get(value, value)) for value in values)
            said.append(words % {"names": listed, "stages": listed})
    if own.tenure_from_days:
        said.append(_("a customer for %(days)s days") % {"days": own.tenure_from_days})
    if own.tenure_below_days:
        said.append(_("a customer for less than %(days)s days") % {"days": own.tenure_below_days})
    return said


def _plain(values: Sequence[str]) -> dict[str, str]:
    return {value: value for value in values}


def metric_options() -> list[tuple[str, str]]:
    language = get_language() or "ja"
    return sorted(
        ((name, metric.title.in_language(language)) for name, metric in metric_catalogue().items()),
        key=lambda pair: pair[1],
    )


def editor_context(
    slug: str,
    body: Mapping[str, Any],
    published: DefinitionVersion | None,
    draft: DefinitionVersion | None,
    error: EnishiError | None = None,
    *,
    offered: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Everything the editor draws; ``offered`` as for :func:`applies`."""
    mistakes = mistakes_of(error)
    own_product = [body["product"]] if body.get("product") else []
    return {
        "slug": slug,
        "body": body,
        "title": Text.parse(body.get("title") or slug),
        "words": title_words(body.get("title")),
        "description": title_words(body.get("description")),
        "groups": groups(body, mistakes),
        "caps": caps(body, mistakes),
        "bands": {"green": 65, "yellow": 40, "margin": 2, **body.get("bands", {})},
        "trend": {"weeks": 4, "minimum": 3, "z": 1.96, **body.get("trend", {})},
        "stake": {"green": 0.05, "yellow": 0.2, "red": 0.5, "unknown": 0.15, **body.get("stake", {})},
        "minimum_coverage": body.get("minimum_coverage", 0.3),
        "priority": body.get("priority", 100),
        "applies": applies(body, offered),
        "products": list(product_words(dict.fromkeys([*offered.get("product", ()), *own_product])).items()),
        "applies_to": body.get("applies_to") or {},
        "published": published,
        "draft": draft,
        "error": error,
        "mistakes": mistakes,
        "named_mistakes": named_mistakes(body, error),
        "part_mistakes": {name: own_mistakes(mistakes, name) for name in _PARTS},
        "metrics": metric_options(),
        "mappings": MAPPINGS,
        "missing_rules": MISSING,
        "stale_rules": STALE,
        "peer_names": PEERS,
        "operators": card_form.OPERATORS,
    }
