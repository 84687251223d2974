"""The metrics on offer: the built-in ones and those the company declared itself."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from enishi.definitions.api import list_custom_metrics
from enishi.kit.text import Text
from enishi.kit.text import fold as folded
from enishi.metrics.api import FAMILIES, REGISTRY, Metric

OWN = "own"


@lru_cache(maxsize=256)
def _own(text: bytes) -> Metric:
    from enishi.metrics.api import compile_metric

    return compile_metric(msgspec.json.decode(text))


def own_metrics() -> dict[str, Metric]:
    """The company's metrics in force, by id."""
    return {name: _own(msgspec.json.encode(body)) for name, body in list_custom_metrics().items()}


def metric_catalogue() -> dict[str, Metric]:
    """Every metric by id, built-in first."""
    return dict(REGISTRY) | own_metrics()


def families() -> dict[str, Text]:
    """Titles of the groups in which metrics are shown; the company's own come first."""
    return {OWN: Text("Own metrics", "自社で定義した指標")} | {
        name: title for name, (title, _) in FAMILIES.items()
    }


def find_metrics(text: str) -> list[tuple[Text, list[Metric]]]:
    """Metrics whose id, title or explanation holds every word, in either language, by family."""
    words = folded(text).split()

    def fits(metric: Metric) -> bool:
        parts = (metric.id, metric.title.en, metric.title.ja, metric.help.en, metric.help.ja)
        heap = folded(" ".join(parts))
        return all(word in heap for word in words)

    groups: list[tuple[Text, list[Metric]]] = []
    for family, title in families().items():
        own = [
            m for m in metric_catalogue().values() if (OWN if m.custom else m.family) == family and fits(m)
        ]
        if own:
            groups.append((title, own))
    return groups
