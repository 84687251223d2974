"""How values lie: counts stand in bins of whole numbers."""

from __future__ import annotations

import numpy as np

from enishi.web.pages.health.metric_reads import BINS, distribution, distribution_chart


def labels(values: list[float]) -> tuple[list[str], list[int]]:
    shape = distribution(np.array(values))
    assert shape is not None
    chart = distribution_chart(shape, "n")
    return chart["x"], chart["series"][0]["values"]


def test_few_counts_have_a_bin_each() -> None:
    assert labels([0.0] * 95 + [1.0] * 3 + [2.0, 3.0]) == (["0", "1", "2", "3"], [95, 3, 1, 1])


def test_many_counts_share_bins_of_whole_numbers() -> None:
    shown, counts = labels([float(n) for n in range(100)])
    assert len(shown) <= BINS
    assert shown[:2] == ["0 – 8", "9 – 17"]
    assert sum(counts) == 100


def test_ratios_keep_their_fractions() -> None:
    shown, counts = labels([n / 10 for n in range(12)])
    assert len(shown) == BINS
    assert sum(counts) == 12
