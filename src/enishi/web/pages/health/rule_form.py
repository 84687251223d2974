"""The forms of causes and alerts, and of tiers: from a body to fields, and from what was sent back to a body. Pure.

Fields are named ``<part>:<id>:<property>`` as in :mod:`.card_form`. What a form does not show stays as it was;
whether the result is sound is for :func:`enishi.definitions.api.parse_body` to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.http import QueryDict

from enishi.web.pages.health.card_form import (
    Body,
    identifier,
    number,
    put,
    read_conditions,
    read_pairs,
    words,
)

SENT = "form:sent"
PLACES = ("usage", "people", "tickets", "incidents", "revenue", "surveys", "timeline")
TAGS = ("product", "competition")
ATTRIBUTES = ("industry", "size", "region", "country", "channel")
_BETWEEN = re.compile(r"[,、\n]")


def read_rules(kind: str, base: Mapping[str, Any], sent: QueryDict) -> Body:
    """The body that the form describes, on top of ``base``; ``base`` itself where no form was sent."""
    body = deepcopy(dict(base))
    if SENT not in sent:
        return body
    return _read_causes(body, sent) if kind == "causes" else _read_tiers(body, sent)


def split(text: str) -> list[str]:
    """Values between commas or on lines of their own, each once."""
    return [value for value in dict.fromkeys(part.strip() for part in _BETWEEN.split(text)) if value]


def _gone(sent: QueryDict, key: str) -> bool:
    return sent.get(f"{key}:remove", "") == "1"


def _numbers(target: Body, sent: QueryDict, key: str, *names: str) -> None:
    for name in names:
        if f"{key}:{name}" in sent:
            put(target, name, number(sent.get(f"{key}:{name}", "")))


# ------------------------------------------------------------------------------------- causes and alerts


def _read_causes(body: Body, sent: QueryDict) -> Body:
    _numbers(body, sent, "general", "shown_from", "open_from", "close_below")
    body["causes"] = [_read_cause(cause, sent) for cause in body.get("causes", [])]
    body["alerts"] = _read_alerts(body.get("alerts", []), sent)
    topics = _read_topics(body.get("topics", []), sent)
    put(body, "topics", topics)
    return body


def _read_cause(cause: Mapping[str, Any], sent: QueryDict) -> Body:
    key = f"cause:{cause['id']}"
    rules = [
        _read_rule(rule, sent, f"rule:{cause['id']}.{rule['id']}")
        for rule in cause.get("rules", [])
        if not _gone(sent, f"rule:{cause['id']}.{rule['id']}")
    ]
    rules += _new_rule(sent, f"new-rule:{cause['id']}", {rule["id"] for rule in rules})
    return {**cause, "title": words(sent, f"{key}:title", cause.get("title", "")), "rules": rules}


def _read_rule(rule: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:how" not in sent:
        return dict(rule)
    changed: Body = {**rule, "when": read_conditions(sent, key)}
    put(changed, "metric", sent.get(f"{key}:of", ""))
    if f"{key}:witness" in sent:
        put(changed, "witness", sent.get(f"{key}:witness", "").strip())
    changed.pop("points", None)
    changed.pop("strength", None)
    if sent.get(f"{key}:how") == "points":
        put(changed, "points", read_pairs(sent, key))
    else:
        put(changed, "strength", number(sent.get(f"{key}:strength", "")))
    changed["evidence"] = _read_evidence(rule.get("evidence", {}), sent, key)
    return changed


def _read_evidence(evidence: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    changed: Body = {**evidence, "text": words(sent, f"{key}:text", evidence.get("text", ""))}
    for name in ("fact", "facts"):
        if f"{key}:{name}" in sent:
            put(changed, name, sent.get(f"{key}:{name}", ""))
    return changed


def _new_rule(sent: QueryDict, key: str, taken: set[str]) -> list[Body]:
    when = read_conditions(sent, key)
    if not when:
        return []
    return [_read_rule({"id": identifier(when[0]["metric"], taken)}, sent, key)]


def _read_alerts(alerts: Sequence[Mapping[str, Any]], sent: QueryDict) -> list[Body]:
    kept = [
        _read_alert(one, sent, f"alert:{one['id']}")
        for one in alerts
        if not _gone(sent, f"alert:{one['id']}")
    ]
    when = read_conditions(sent, "new-alert")
    if when:
        title = words(sent, "new-alert:title", "")
        name = identifier(title["en"] if title else when[0]["metric"], {one["id"] for one in kept})
        kept.append(_read_alert({"id": name}, sent, "new-alert"))
    return kept


def _read_alert(alert: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:quiet_days" not in sent:
        return dict(alert)
    changed: Body = {
        **alert,
        "title": words(sent, f"{key}:title", alert.get("title", "")),
        "when": read_conditions(sent, key),
        "evidence": _read_evidence(alert.get("evidence", {}), sent, key),
    }
    _numbers(changed, sent, key, "quiet_days")
    return changed


def _read_topics(topics: Sequence[Mapping[str, Any]], sent: QueryDict) -> list[Body]:
    kept = [
        _read_topic(one, sent, f"topic:{one['id']}")
        for one in topics
        if not _gone(sent, f"topic:{one['id']}")
    ]
    title = words(sent, "new-topic:title", "")
    if title:
        name = identifier(title["en"], {one["id"] for one in kept})
        kept.append(_read_topic({"id": name}, sent, "new-topic"))
    return kept


def _read_topic(topic: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:words" not in sent:
        return dict(topic)
    changed: Body = {**topic, "title": words(sent, f"{key}:title", topic.get("title", ""))}
    for name in ("words", "categories"):
        put(changed, name, split(sent.get(f"{key}:{name}", "") or ""))
    _numbers(changed, sent, key, "days")
    put(changed, "tag", sent.get(f"{key}:tag", ""))
    return changed


# ------------------------------------------------------------------------------------------------- tiers


def _read_tiers(body: Body, sent: QueryDict) -> Body:
    if sent.get("general:value", "") in ("ltv", "mrr"):
        body["value"] = sent["general:value"]
    _numbers(body, sent, "general", "minimum_days")
    if "general:margin" in sent:
        put(body, "margin", _share(sent.get("general:margin", "")))
    tiers = [
        _read_tier(one, sent, f"tier:{one['id']}")
        for one in body.get("tiers", [])
        if not _gone(sent, f"tier:{one['id']}")
    ]
    title = words(sent, "new-tier:title", "")
    if title:
        name = identifier(title["en"], {one["id"] for one in tiers})
        tiers.append(_read_tier({"id": name}, sent, "new-tier"))
    body["tiers"] = sorted(tiers, key=_cut)
    put(body, "rules", _read_tier_rules(body.get("rules", []), sent))
    return body


def _cut(tier: Mapping[str, Any]) -> float:
    """Tiers stand from the smallest cut to the largest; those reached by rule or pin stand last."""
    share = tier.get("up_to_share")
    return float(share) if isinstance(share, int | float) else 2.0


def _share(text: str | None) -> float | int | str | None:
    """A percentage as a share of one."""
    value = number(text)
    return round(value / 100, 6) if isinstance(value, int | float) else value


def _read_tier(tier: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:share" not in sent:
        return dict(tier)
    changed: Body = {**tier, "title": words(sent, f"{key}:title", tier.get("title", ""))}
    put(changed, "description", words(sent, f"{key}:description", tier.get("description", "")))
    put(changed, "up_to_share", _share(sent.get(f"{key}:share", "")))
    _numbers(changed, sent, key, "minutes_per_month")
    return changed


def _read_tier_rules(rules: Sequence[Mapping[str, Any]], sent: QueryDict) -> list[Body]:
    kept = [
        (_place(sent, f"tier-rule:{one['id']}", index), _read_tier_rule(one, sent, f"tier-rule:{one['id']}"))
        for index, one in enumerate(rules)
        if not _gone(sent, f"tier-rule:{one['id']}")
    ]
    ordered = [rule for _place_, rule in sorted(kept, key=lambda pair: pair[0])]
    title = words(sent, "new-tier-rule:title", "")
    if title:
        name = identifier(title["en"], {rule["id"] for rule in ordered})
        ordered.append(_read_tier_rule({"id": name}, sent, "new-tier-rule"))
    return ordered


def _place(sent: QueryDict, key: str, index: int) -> float:
    asked = number(sent.get(f"{key}:place", ""))
    return float(asked) if isinstance(asked, int | float) else index + 1


def _read_tier_rule(rule: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:tier" not in sent:
        return dict(rule)
    changed: Body = {
        **rule,
        "title": words(sent, f"{key}:title", rule.get("title", "")),
        "tier": sent.get(f"{key}:tier", ""),
    }
    put(changed, "when", read_conditions(sent, key))
    put(changed, "stages", [value for value in sent.getlist(f"{key}:stages") if value])
    put(changed, "attribute", sent.get(f"{key}:attribute", ""))
    put(changed, "values", split(sent.get(f"{key}:values", "") or ""))
    return changed
