"""The form of an offer: from a body to fields, and from what was sent back to a body. Pure.

What the form does not show stays as it was; whether the result is sound is for the definitions room to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from django.http import QueryDict

from enishi.web.pages.health.card_form import Body, identifier, number, put, read_conditions, words
from enishi.web.pages.health.rule_form import split

SENT = "form:sent"
KINDS = ("plan", "seats", "product", "term")
BANDS = ("green", "yellow", "unknown")
LISTS = ("stages", "bands", "tiers")
FACTS = ("usage", "people", "tickets", "incidents", "revenue", "surveys", "timeline")


def read_offer(base: Mapping[str, Any], sent: QueryDict) -> Body:
    """The body that the form describes, on top of ``base``; ``base`` itself where no form was sent."""
    body = deepcopy(dict(base))
    if SENT not in sent:
        return body
    body["title"] = words(sent, "offer:title", body.get("title", ""))
    put(body, "description", words(sent, "offer:description", body.get("description", "")))
    body["type"] = sent.get("offer:type", body.get("type", ""))
    for name in ("to_plan", "to_product"):
        put(body, name, (sent.get(f"offer:{name}", "") or "").strip())
    for name in ("priority", "minutes", "least_weight"):
        put(body, name, number(sent.get(f"offer:{name}", "")))
    body["eligible"] = _read_eligible(body.get("eligible", {}), sent)
    body["timing"] = _read_part(body.get("timing", {}), sent, "timing", ("at",), ("days_before",))
    body["uplift"] = _read_uplift(body.get("uplift", {}), sent)
    body["signals"] = _read_signals(body.get("signals", []), sent)
    return body


def share(text: str | None) -> float | int | str | None:
    """A percentage as a share of one."""
    value = number(text)
    return round(value / 100, 6) if isinstance(value, int | float) else value


def _read_part(
    part: Mapping[str, Any], sent: QueryDict, key: str, texts: tuple[str, ...], numbers: tuple[str, ...]
) -> Body:
    changed = dict(part)
    for name in texts:
        put(changed, name, (sent.get(f"{key}:{name}", "") or "").strip())
    for name in numbers:
        put(changed, name, number(sent.get(f"{key}:{name}", "")))
    return changed


def _read_eligible(eligible: Mapping[str, Any], sent: QueryDict) -> Body:
    changed = _read_part(
        eligible, sent, "eligible", (), ("tenure_from_days", "renewal_within_days", "rest_days")
    )
    for name in LISTS:
        changed[name] = [value for value in dict.fromkeys(sent.getlist(f"eligible:{name}")) if value]
    for name in ("plans", "products"):
        put(changed, name, split(sent.get(f"eligible:{name}", "") or ""))
    if "eligible:churn_below" in sent:
        put(changed, "churn_below", share(sent.get("eligible:churn_below", "")))
    put(changed, "when", read_conditions(sent, "eligible"))
    return changed


def _read_uplift(uplift: Mapping[str, Any], sent: QueryDict) -> Body:
    changed = _read_part(uplift, sent, "uplift", ("unit",), ("value",))
    if changed.get("unit") == "share_of_mrr":
        put(changed, "value", share(sent.get("uplift:value", "")))
    changed["learn"] = sent.get("uplift:learn", "") == "1"
    return changed


def _read_signals(signals: list[Any], sent: QueryDict) -> list[Body]:
    kept = [
        _read_signal(one, sent, f"signal:{one['id']}")
        for one in signals
        if sent.get(f"signal:{one['id']}:remove", "") != "1"
    ]
    when = read_conditions(sent, "new-signal")
    if when:
        name = identifier(when[0]["metric"], {one["id"] for one in kept})
        kept.append(_read_signal({"id": name}, sent, "new-signal"))
    return kept


def _read_signal(signal: Mapping[str, Any], sent: QueryDict, key: str) -> Body:
    if f"{key}:weight" not in sent:
        return dict(signal)
    changed: Body = {
        **signal,
        "when": read_conditions(sent, key),
        "text": words(sent, f"{key}:text", signal.get("text", "")),
    }
    put(changed, "weight", number(sent.get(f"{key}:weight", "")))
    put(changed, "facts", sent.get(f"{key}:facts", ""))
    return changed
