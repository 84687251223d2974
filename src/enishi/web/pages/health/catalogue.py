"""The metrics on offer: the built-in ones and those the company declared itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enishi.metrics.api import Metric


def metric_catalogue() -> dict[str, Metric]:
    """Every metric by id, built-in first."""
    from enishi.metrics.api import REGISTRY

    return dict(REGISTRY)
