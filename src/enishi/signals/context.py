"""The rules in force, gathered once per pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from enishi.definitions.contracts import Causes, Scorecard, Stages
from enishi.definitions.models import DefinitionVersion
from enishi.definitions.reads import get_causes, get_stages, list_custom_metrics, list_scorecards
from enishi.definitions.rules import DERIVED_METRICS
from enishi.kit.text import Text
from enishi.metrics.api import REGISTRY, Compared, Metric
from enishi.signals.stages import STAGE_METRICS
from enishi.signals.texts import unit_of


@dataclass(frozen=True, slots=True)
class Card:
    """A scorecard with its name and, unless it is only being tried, its version."""

    slug: str
    body: Scorecard
    version: DefinitionVersion | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Scorecards by priority, causes, every metric that may be named, and the rule of lifecycle stages."""

    cards: tuple[Card, ...]
    causes: Causes
    metrics: dict[str, Metric]
    stages: Stages = field(default_factory=Stages)

    @property
    def product_slugs(self) -> list[str]:
        return [card.slug for card in self.cards if card.body.product]

    @property
    def freshness(self) -> dict[str, int | None]:
        return {name: metric.freshness_days for name, metric in self.metrics.items()}

    @property
    def compared(self) -> dict[str, Compared]:
        """The damped ratios, which are told by their two amounts; what is made of one is told by the same."""
        found = {name: metric.compared for name, metric in self.metrics.items() if metric.compared}
        return found | {name: found[base] for name, base in DERIVED_METRICS.items() if base in found}

    def title(self, metric: str) -> Text | None:
        return self.metrics[metric].title if metric in self.metrics else None

    def unit(self, metric: str) -> str:
        return (
            unit_of(metric, self.metrics[metric].unit)
            if metric in self.metrics
            else _DERIVED.get(metric, "count")
        )

    def named_metrics(self) -> list[Any]:
        """The metrics the scorecards and causes read, with what orders, peers and lists need."""
        named = {"events_90", "mrr", "days_since_first_use", "record_kinds", *STAGE_METRICS}
        for card in self.cards:
            named |= metrics_of_card(card.body)
        named |= metrics_of_causes(self.causes)
        return [self.metrics[name] for name in sorted(named) if name in self.metrics]


_DERIVED = {"usage_slope_z": "score", "own_past_vs_book": "log_ratio"}


def metrics_of_card(card: Scorecard) -> set[str]:
    """Ids of the metrics a scorecard reads."""
    named = {measure.metric for measure in card.measures if measure.metric}
    return named | {condition.metric for cap in card.caps for condition in cap.when}


def metrics_of_causes(causes: Causes) -> set[str]:
    """Ids of the metrics the causes and alerts read."""
    rules = [rule for cause in causes.causes for rule in cause.rules]
    conditions = [c for rule in rules for c in rule.when] + [c for alert in causes.alerts for c in alert.when]
    named = {condition.metric for condition in conditions}
    named |= {rule.metric for rule in rules if rule.metric}
    named |= {DERIVED_METRICS[name] for name in named if name in DERIVED_METRICS}
    return named | {"usage_slope_90_se"} if "usage_slope_z" in named else named


def load_rules(cards: Sequence[Card] | None = None) -> Rules:
    """What is in force; ``cards`` replaces the published scorecards (a draft being tried)."""
    own = _own_metrics()
    if cards is None:
        cards = [Card(entry.slug, entry.body, entry.version) for entry in list_scorecards()]
    return Rules(tuple(cards), get_causes(), {**REGISTRY, **own}, get_stages())


def _own_metrics() -> dict[str, Metric]:
    bodies = list_custom_metrics()
    if not bodies:
        return {}
    from enishi.metrics.api import compile_metric

    return {name: compile_metric(body) for name, body in bodies.items()}
