"""What the forms of causes, alerts and tiers are given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from enishi.definitions.contracts import Condition
from enishi.kit.text import Text
from enishi.signals.texts import show_value, unit_of
from enishi.store.kinds import STAGES
from enishi.web.pages.health.card_form import OPERATORS, shown_pairs
from enishi.web.pages.health.card_present import own_mistakes, title_words
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.health.rule_form import ATTRIBUTES, PLACES, TAGS

_PLACEHOLDER = re.compile(r"\{\w+\}")
BLANK = {"metric": "", "op": "<", "value": ""}
DERIVED = {
    "usage_slope_z": Text("Trend of use, in standard errors", "利用の傾き(標準誤差の何倍か)"),
    "own_past_vs_book": Text(
        "Use against its own past, beyond what all customers have in common",
        "この顧客の過去と比べた利用(顧客全体に共通する落ち込みを除く)",
    ),
}
FACTS = {
    "low_nps": gettext_lazy("the latest low NPS answer"),
    "low_csat": gettext_lazy("the latest low CSAT answer"),
    "harsh_ticket": gettext_lazy("the harshest ticket"),
    "severe_ticket": gettext_lazy("the newest severe open ticket"),
    "champion_gone": gettext_lazy("the contact who left"),
    "bounced_contact": gettext_lazy("the contact whose mail bounced"),
    "last_contact": gettext_lazy("the last two-way contact"),
    "last_seen": gettext_lazy("the last day of use"),
    "seats_cut": gettext_lazy("the change of seats"),
    "overdue_invoice": gettext_lazy("the overdue invoice"),
    "last_order": gettext_lazy("the last order"),
    "incident": gettext_lazy("the outage"),
}
PLACE_WORDS = {
    "usage": gettext_lazy("usage map"),
    "people": gettext_lazy("people"),
    "tickets": gettext_lazy("tickets"),
    "incidents": gettext_lazy("outages"),
    "revenue": gettext_lazy("revenue"),
    "surveys": gettext_lazy("survey answers"),
    "timeline": gettext_lazy("timeline"),
}
TAG_WORDS = {
    "product": gettext_lazy("product team"),
    "competition": gettext_lazy("product and marketing (competition)"),
}
ATTRIBUTE_WORDS = {
    "industry": gettext_lazy("industry"),
    "size": gettext_lazy("size"),
    "region": gettext_lazy("region"),
    "country": gettext_lazy("country"),
    "channel": gettext_lazy("acquisition channel"),
}


def _language() -> str:
    return get_language() or "ja"


def metric_titles(topics: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """What conditions may name: every metric, what is derived from them, and how often a topic is mentioned."""
    language = _language()
    titles = {name: metric.title.in_language(language) for name, metric in metric_catalogue().items()}
    titles |= {name: title.in_language(language) for name, title in DERIVED.items()}
    for topic in topics:
        name = Text.parse(topic.get("title") or topic["id"]).in_language(language)
        titles[f"mentions_{topic['id']}"] = _("Mentions of “%(topic)s”") % {"topic": name}
    return titles


def condition_words(condition: Condition, titles: Mapping[str, str]) -> str:
    """A comparison as a person reads it: title, sign, value with its unit."""
    metric = metric_catalogue().get(condition.metric)
    unit = unit_of(metric.id, metric.unit) if metric else ""
    value = show_value(condition.value, unit)
    sign = OPERATORS.get(condition.op, condition.op)
    return f"{titles.get(condition.metric, condition.metric)} {sign} {value.in_language(_language()).lstrip('+')}"


def said(evidence: Mapping[str, Any]) -> Text | None:
    """The evidence with dots where a value of the account will stand; None where nothing is written yet."""
    if not evidence.get("text"):
        return None
    text = Text.parse(evidence["text"])
    return Text(_PLACEHOLDER.sub("…", text.en), _PLACEHOLDER.sub("…", text.ja))


def in_words(conditions: Iterable[Condition], titles: Mapping[str, str]) -> str:
    """Conditions as a person reads them."""
    joint = " かつ " if _language().startswith("ja") else " and "
    return joint.join(condition_words(condition, titles) for condition in conditions)


def _when(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*entry.get("when", []), BLANK]


def _rule(rule: Mapping[str, Any], cause: str, mistakes: Mapping[str, str]) -> dict[str, Any]:
    evidence = rule.get("evidence", {})
    return {
        "id": rule["id"],
        "key": f"rule:{cause}.{rule['id']}",
        "words": title_words(evidence.get("text")),
        "title": said(evidence) or Text(rule["id"], rule["id"]),
        "when": _when(rule),
        "how": "points" if rule.get("points") else "fixed",
        "of": rule.get("metric", ""),
        "strength": rule.get("strength", ""),
        "witness": rule.get("witness", ""),
        "rows": shown_pairs({"points": rule.get("points", [])}),
        "fact": evidence.get("fact", ""),
        "facts": evidence.get("facts", ""),
        "mistakes": mistakes,
    }


def _blank_rule(cause: str) -> dict[str, Any]:
    blank = _rule({"id": "new"}, cause, {})
    return {**blank, "key": f"new-rule:{cause}", "strength": 30, "rows": [("", "")] * 2, "when": [BLANK] * 2}


def _alert(alert: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    evidence = alert.get("evidence", {})
    return {
        "id": alert["id"],
        "key": f"alert:{alert['id']}",
        "title": Text.parse(alert.get("title") or alert["id"]),
        "words": title_words(alert.get("title")),
        "text": title_words(evidence.get("text")),
        "when": _when(alert),
        "quiet_days": alert.get("quiet_days", 0),
        "fact": evidence.get("fact", ""),
        "facts": evidence.get("facts", ""),
        "mistakes": mistakes,
    }


def _topic(topic: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": topic["id"],
        "key": f"topic:{topic['id']}",
        "title": Text.parse(topic.get("title") or topic["id"]),
        "words": title_words(topic.get("title")),
        "looked_for": "、".join(topic.get("words", [])),
        "categories": "、".join(topic.get("categories", [])),
        "days": topic.get("days", 180),
        "tag": topic.get("tag", ""),
        "mistakes": mistakes,
    }


def causes_form(body: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    """Everything the form of causes and alerts draws."""
    causes = [
        {
            "id": cause["id"],
            "key": f"cause:{cause['id']}",
            "title": Text.parse(cause.get("title") or cause["id"]),
            "words": title_words(cause.get("title")),
            "rules": [
                _rule(rule, cause["id"], own_mistakes(mistakes, f"causes[{i}].rules[{j}]"))
                for j, rule in enumerate(cause.get("rules", []))
            ],
            "new": _blank_rule(cause["id"]),
        }
        for i, cause in enumerate(body.get("causes", []))
    ]
    alerts = [
        _alert(one, own_mistakes(mistakes, f"alerts[{i}]")) for i, one in enumerate(body.get("alerts", []))
    ]
    topics = [
        _topic(one, own_mistakes(mistakes, f"topics[{i}]")) for i, one in enumerate(body.get("topics", []))
    ]
    return {
        "body": {"shown_from": 20, "open_from": 40, "close_below": 30, **body},
        "causes": causes,
        "alerts": alerts,
        "topics": topics,
        "new_alert": {**_alert({"id": "new"}, {}), "key": "new-alert", "title": "", "when": [BLANK] * 2},
        "new_topic": {**_topic({"id": "new"}, {}), "key": "new-topic"},
        "metrics": _options(metric_titles(body.get("topics", []))),
        "fact_words": FACTS | _mentions(body.get("topics", [])),
        "place_words": {name: PLACE_WORDS[name] for name in PLACES},
        "tag_words": {name: TAG_WORDS[name] for name in TAGS},
    }


def _mentions(topics: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    language = _language()
    return {
        f"mention_{topic['id']}": _("the newest text about “%(topic)s”")
        % {"topic": Text.parse(topic.get("title") or topic["id"]).in_language(language)}
        for topic in topics
    }


def _options(titles: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(titles.items(), key=lambda pair: pair[1])


def _percentage(share: Any) -> Any:
    return f"{100 * share:g}" if isinstance(share, int | float) else share or ""


def _tier(tier: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": tier["id"],
        "key": f"tier:{tier['id']}",
        "title": Text.parse(tier.get("title") or tier["id"]),
        "words": title_words(tier.get("title")),
        "description": title_words(tier.get("description")),
        "share": _percentage(tier.get("up_to_share")),
        "minutes": tier.get("minutes_per_month", 0),
        "mistakes": mistakes,
    }


def _tier_rule(rule: Mapping[str, Any], place: int, mistakes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": rule["id"],
        "key": f"tier-rule:{rule['id']}",
        "title": Text.parse(rule.get("title") or rule["id"]),
        "words": title_words(rule.get("title")),
        "place": place,
        "tier": rule.get("tier", ""),
        "when": _when(rule),
        "stages": list(rule.get("stages", [])),
        "attribute": rule.get("attribute", ""),
        "values": "、".join(rule.get("values", [])),
        "mistakes": mistakes,
    }


def tiers_form(body: Mapping[str, Any], mistakes: Mapping[str, str]) -> dict[str, Any]:
    """Everything the form of tiers draws."""
    tiers = [_tier(one, own_mistakes(mistakes, f"tiers[{i}]")) for i, one in enumerate(body.get("tiers", []))]
    rules = [
        _tier_rule(one, i + 1, own_mistakes(mistakes, f"rules[{i}]"))
        for i, one in enumerate(body.get("rules", []))
    ]
    return {
        "body": {"value": "ltv", "minimum_days": 30, **body},
        "margin": _percentage(body.get("margin", 0.03)),
        "tiers": tiers,
        "rules": rules,
        "new_tier": {**_tier({"id": "new"}, {}), "key": "new-tier"},
        "new_rule": {**_tier_rule({"id": "new"}, len(rules) + 1, {}), "key": "new-tier-rule"},
        "tier_choices": [(one["id"], one["title"]) for one in tiers],
        "stage_choices": STAGES,
        "attribute_words": {name: ATTRIBUTE_WORDS[name] for name in ATTRIBUTES},
        "metrics": _options(metric_titles()),
    }
