"""The metrics on offer: the built-in ones and those the company declared itself."""

from __future__ import annotations

from enishi.metrics.api import REGISTRY, Metric


def metric_catalogue() -> dict[str, Metric]:
    """Every metric by id, built-in first."""
    return dict(REGISTRY)
