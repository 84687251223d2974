"""All metrics Enishi ships, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.metrics import customers, usage
from enishi.metrics.contracts import Metric

FAMILIES: dict[str, tuple[Text, Sequence[Metric]]] = {
    "usage": (Text("Usage", "利用"), usage.METRICS),
    "commercial": (Text("Contract and money", "契約・収益"), customers.CONTRACT),
    "support": (Text("Support", "サポート"), customers.SUPPORT),
    "loyalty": (Text("Answers", "アンケート"), customers.LOYALTY),
    "relationship": (Text("Relationship", "関係"), customers.RELATIONSHIP),
    "commerce": (Text("Orders", "注文"), customers.COMMERCE),
}

REGISTRY: dict[str, Metric] = {
    metric.id: replace(metric, family=family)
    for family, (_, metrics) in FAMILIES.items()
    for metric in metrics
}


def get_metric(id: str, known: Mapping[str, Metric] = REGISTRY) -> Metric:
    """A metric by id: a shipped one, or one of those ``known``. Raises NotFound (``unknown_metric``) naming the id."""
    if id not in known:
        raise NotFound(
            "unknown_metric",
            Text(f"There is no metric {id!r}.", f"指標「{id}」はありません。"),
            _where_ids_are(id, known),
        )
    return known[id]


def _where_ids_are(id: str, known: Iterable[str]) -> Text:
    """Ids like the mistyped one, and where all of them stand."""
    near = ", ".join(get_close_matches(id, list(known), 3))
    return Text(
        (f"Did you mean {near}? " if near else "")
        + "All ids: Health → Metrics, or docs/reference/metrics.md.",
        (f"候補: {near}。" if near else "")
        + "IDの一覧は「ヘルス → 指標」または docs/reference/metrics.md をご覧ください。",
    )


def chosen(metrics: Iterable[Metric | str] | None) -> list[Metric]:
    """Metrics from ids and metrics; all shipped ones for None."""
    if metrics is None:
        return list(REGISTRY.values())
    return [get_metric(m) if isinstance(m, str) else m for m in metrics]


def with_parts(metrics: Sequence[Metric]) -> list[Metric]:
    """The metrics and those they are made of, the latter first, each once."""
    found: dict[str, Metric] = {}

    def add(metric: Metric) -> None:
        for id in metric.of:
            if id not in found:
                add(next((m for m in (*metric.helpers, *metrics) if m.id == id), None) or get_metric(id))
        found.setdefault(metric.id, metric)

    for metric in metrics:
        add(metric)
    return list(found.values())
