"""The scorecard editor's form: from a body to fields, and from what was sent back to a body. Pure.

Names of fields are ``<part>:<id>:<property>``. What the form does not show of a body stays as it was; whether
the result is a good scorecard is for :func:`enishi.definitions.api.parse_body` to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.http import QueryDict

Body = dict[str, Any]
PEERS = ("product", "plan", "size", "tenure", "stage", "industry", "tier")
OPERATORS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
MAPPINGS = ("points", "bands", "percentile")
MISSING = ("reweight", "neutral", "bad")
LISTS = ("products", "plans", "sizes", "tiers", "stages")
_NOT_ID = re.compile(r"[^a-z0-9_]+")


def number(text: str | None) -> float | int | str | None:
    """A number as the body holds it; what is no number stays text, so that the check can name it."""
    plain = (text or "").strip().replace(",", "")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError:
        return plain
    return int(value) if value.is_integer() else value


def words(sent: QueryDict, name: str, before: Any) -> Any:
    """A title in both languages; the same in both is one string."""
    if f"{name}:en" not in sent and f"{name}:ja" not in sent:
        return before
    en, ja = ((sent.get(f"{name}:{side}", "") or "").strip() for side in ("en", "ja"))
    if not en and not ja:
        return before if isinstance(before, str) and not before else ""
    return {"en": en or ja, "ja": ja or en}


def put(target: Body, name: str, value: Any) -> None:
    """Set a property, or take it away where it is empty."""
    if value is None or value == "" or value == []:
        target.pop(name, None)
    else:
        target[name] = value


def read_form(base: Mapping[str, Any], sent: QueryDict) -> Body:
    """The body that the form describes, on top of ``base``."""
    body = deepcopy(dict(base))
    _read_general(body, sent)
    body["groups"] = [
        _read_group(group, sent) for group in body.get("groups", []) if not _gone(sent, "group", group)
    ]
    body["groups"] += _new_groups(sent, {group["id"] for group in body["groups"]})
    kept = [m for m in body.get("measures", []) if not _gone(sent, "measure", m)]
    body["measures"] = [_read_measure(measure, sent) for measure in kept]
    body["measures"] += _new_measures(sent, {measure["id"] for measure in body["measures"]})
    caps = [cap for cap in body.get("caps", []) if not _gone(sent, "cap", cap)]
    new_caps = _new_caps(sent, {cap["id"] for cap in caps})
    put(body, "caps", [*(_read_cap(cap, sent) for cap in caps), *new_caps])
    return body


def _gone(sent: QueryDict, part: str, entry: Mapping[str, Any]) -> bool:
    return sent.get(f"{part}:{entry['id']}:remove", "") == "1"


def _read_general(body: Body, sent: QueryDict) -> None:
    body["title"] = words(sent, "card:title", body.get("title", ""))
    put(body, "description", words(sent, "card:description", body.get("description", "")))
    for name in ("priority", "minimum_coverage"):
        if f"card:{name}" in sent:
            put(body, name, number(sent.get(f"card:{name}", "")))
    for part, names in (
        ("bands", ("green", "yellow", "margin")),
        ("trend", ("weeks", "minimum", "z")),
        ("stake", ("green", "yellow", "red", "unknown")),
    ):
        given = {n: number(sent.get(f"{part}:{n}", "")) for n in names if f"{part}:{n}" in sent}
        if given:
            body[part] = {**body.get(part, {}), **{n: v for n, v in given.items() if v is not None}}
    _read_applies(body, sent)


def _read_applies(body: Body, sent: QueryDict) -> None:
    if "applies:sent" not in sent:
        return
    applies: Body = {}
    for name in LISTS:
        put(applies, name, [v for v in dict.fromkeys(sent.getlist(f"applies:{name}")) if v])
    for name in ("tenure_from_days", "tenure_below_days"):
        put(applies, name, number(sent.get(f"applies:{name}", "")))
    put(body, "applies_to", applies or None)
    put(body, "product", (sent.get("applies:product", "") or "").strip())


def _read_group(group: Mapping[str, Any], sent: QueryDict) -> Body:
    key = f"group:{group['id']}"
    changed = {**group, "title": words(sent, f"{key}:title", group.get("title", ""))}
    if f"{key}:weight" in sent:
        changed["weight"] = number(sent.get(f"{key}:weight", "")) or 0
    return changed


def identifier(text: str, taken: set[str]) -> str:
    """A free id made from a title or a metric's name."""
    base = _NOT_ID.sub("_", text.lower()).strip("_") or "part"
    base = base if base[0].isalpha() else f"p_{base}"
    name, n = base, 2
    while name in taken:
        name, n = f"{base}_{n}", n + 1
    return name


def _new_groups(sent: QueryDict, taken: set[str]) -> list[Body]:
    title = words(sent, "new-group:title", "")
    if not title:
        return []
    weight = number(sent.get("new-group:weight", "")) or 0
    return [{"id": identifier(title["en"], taken), "title": title, "weight": weight}]


def _value(pair: Sequence[Any]) -> float:
    return float(pair[0])


def read_pairs(sent: QueryDict, key: str) -> list[list[Any]]:
    """The rows of a points table that are filled in, in rising order of value."""
    rows = zip(sent.getlist(f"{key}:x"), sent.getlist(f"{key}:y"), strict=False)
    found = [[number(x), number(y)] for x, y in rows if x.strip() and y.strip()]
    if all(isinstance(x, int | float) for x, _y in found):
        found.sort(key=_value)
    return found


def _steps(pairs: Sequence[Sequence[Any]]) -> list[Body]:
    return [{"at_least": x, "points": y} for x, y in pairs]


def _tenure_tables(sent: QueryDict, key: str, kind: str) -> list[Body]:
    tables = []
    for index in range(len(sent.getlist(f"{key}:tenure"))):
        pairs = read_pairs(sent, f"{key}:tenure:{index}")
        if not pairs:
            continue
        table: Body = {"points": pairs} if kind == "points" else {"steps": _steps(pairs)}
        put(table, "until_days", number(sent.getlist(f"{key}:tenure")[index]))
        if kind == "bands":
            table["below"] = number(sent.get(f"{key}:tenure:{index}:below", "")) or 0
        tables.append(table)
    return tables


def _fallback(sent: QueryDict, key: str, before: Mapping[str, Any] | None) -> Body | None:
    """The table by amount for a rank among too few; ``before`` where the form does not show it."""
    if f"{key}:fallback:x" not in sent:
        return dict(before) if before else None
    pairs = read_pairs(sent, f"{key}:fallback")
    return {**(before or {"type": "points"}), "points": pairs} if pairs else None


def read_mapping(sent: QueryDict, key: str, before: Mapping[str, Any]) -> Body:
    """A mapping from its fields; ``before`` where the form does not show it."""
    kind = sent.get(f"{key}:mapping", "") or ""
    if kind not in MAPPINGS:
        return dict(before)
    pairs = read_pairs(sent, key)
    mapping: Body = {"type": kind}
    if kind == "percentile":
        ticked = sent.getlist(f"{key}:peers")
        mapping["peers"] = [peer for peer in PEERS if peer in ticked] if ticked else list(PEERS[:4])
        put(mapping, "minimum", number(sent.get(f"{key}:minimum", "")))
        put(mapping, "better", sent.get(f"{key}:better", ""))
        if before.get("type") == "percentile":
            put(mapping, "points", pairs)
            put(mapping, "fallback", _fallback(sent, key, before.get("fallback")))
        return mapping
    if kind == "bands":
        mapping |= {"steps": _steps(pairs), "below": number(sent.get(f"{key}:below", "")) or 0}
    else:
        mapping["points"] = pairs
        if sent.get(f"{key}:scale", "") == "log":
            mapping["scale"] = "log"
    put(mapping, "by_tenure", _tenure_tables(sent, key, kind))
    return mapping


def _read_measure(measure: Mapping[str, Any], sent: QueryDict) -> Body:
    key = f"measure:{measure['id']}"
    if f"{key}:weight" not in sent:
        return dict(measure)
    changed = dict(measure)
    changed["weight"] = number(sent.get(f"{key}:weight", "")) or 0
    changed["group"] = sent.get(f"{key}:group", "") or measure["group"]
    for name in ("missing", "stale"):
        put(changed, name, sent.get(f"{key}:{name}", ""))
    put(changed, "freshness_days", number(sent.get(f"{key}:freshness_days", "")))
    put(changed, "title", words(sent, f"{key}:title", measure.get("title", "")))
    changed["mapping"] = read_mapping(sent, key, measure.get("mapping", {}))
    return changed


def _new_measures(sent: QueryDict, taken: set[str]) -> list[Body]:
    """A measure added: it starts as a percentile among peers and is watched without weight unless given one."""
    metric = (sent.get("new-measure:metric", "") or "").strip()
    if not metric:
        return []
    manual = metric == "manual"
    mapping: Body = (
        {"type": "points", "points": [[0, 0], [100, 100]]}
        if manual
        else {"type": "percentile", "peers": list(PEERS[:4]), "minimum": 10}
    )
    measure: Body = {
        "id": identifier(metric, taken),
        "group": sent.get("new-measure:group", "") or "",
        "weight": number(sent.get("new-measure:weight", "")) or 0,
        "mapping": mapping,
    }
    if manual:
        measure |= {
            "manual": True,
            "title": words(sent, "new-measure:title", "") or {"en": "Judgement", "ja": "見立て"},
        }
    else:
        measure["metric"] = metric
    return [measure]


def read_conditions(sent: QueryDict, key: str) -> list[Body]:
    """Rows of metric, comparison and number that are filled in."""
    rows = zip(
        sent.getlist(f"{key}:metric"), sent.getlist(f"{key}:op"), sent.getlist(f"{key}:value"), strict=False
    )
    return [{"metric": m, "op": op, "value": number(v)} for m, op, v in rows if m and v.strip()]


def _read_cap(cap: Mapping[str, Any], sent: QueryDict) -> Body:
    key = f"cap:{cap['id']}"
    if f"{key}:at_most" not in sent:
        return dict(cap)
    return {
        **cap,
        "title": words(sent, f"{key}:title", cap.get("title", "")),
        "when": read_conditions(sent, key),
        "at_most": number(sent.get(f"{key}:at_most", "")),
    }


def _new_caps(sent: QueryDict, taken: set[str]) -> list[Body]:
    when = read_conditions(sent, "new-cap")
    if not when:
        return []
    title = words(sent, "new-cap:title", "") or {"en": when[0]["metric"], "ja": when[0]["metric"]}
    at_most = number(sent.get("new-cap:at_most", ""))
    return [{"id": identifier(title["en"], taken), "title": title, "when": when, "at_most": at_most}]


# ------------------------------------------------------------------------------------ for the template


def shown_pairs(mapping: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """A mapping's table as rows of value and points, with an empty row to fill; a button adds more."""
    if mapping.get("type") == "bands":
        rows = [(step["at_least"], step["points"]) for step in mapping.get("steps", [])]
    else:
        rows = [tuple(pair) for pair in mapping.get("points", [])]
    return [*rows, ("", "")]


def shown_fallback(mapping: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The table by amount of a rank, with an empty row to fill."""
    return shown_pairs({"points": (mapping.get("fallback") or {}).get("points", [])})


def shown_peers(mapping: Mapping[str, Any]) -> list[str]:
    """The keys peers share; those a percentile has by default where none are stated."""
    return list(mapping.get("peers", PEERS[:4]))


def shown_tenures(mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tables by age, and an empty one."""
    tables = [
        {
            "until": table.get("until_days", ""),
            "below": table.get("below", 0),
            "rows": shown_pairs({**table, "type": mapping.get("type")}),
        }
        for table in mapping.get("by_tenure", [])
    ]
    return [*tables, {"until": "", "below": 0, "rows": [("", "")] * 3}]


def shares(body: Mapping[str, Any]) -> dict[str, float]:
    """Each measure's share of the whole score when nothing is missing, by id."""
    groups = {g["id"]: _weight(g) for g in body.get("groups", [])}
    in_group: dict[str, float] = {}
    for measure in body.get("measures", []):
        in_group[measure["group"]] = in_group.get(measure["group"], 0.0) + _weight(measure)
    total = sum(weight for name, weight in groups.items() if in_group.get(name))
    found = {}
    for measure in body.get("measures", []):
        inside = in_group[measure["group"]]
        share = (
            _weight(measure) / inside * groups.get(measure["group"], 0.0) / total if inside and total else 0.0
        )
        found[measure["id"]] = share
    return found


def _weight(entry: Mapping[str, Any]) -> float:
    value = entry.get("weight", 0)
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0
