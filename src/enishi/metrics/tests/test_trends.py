import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from enishi.metrics.trends import LEAST_WEEKS, weekly_slope


@given(st.lists(st.integers(0, 500), min_size=13, max_size=13), st.integers(0, 13))
def test_slope_and_error_are_those_of_the_textbook(weeks: list[int], unknown: int) -> None:
    totals = np.array([[np.nan] * unknown + [float(n) for n in weeks[unknown:]], [float(n) for n in weeks]])
    slope, error = weekly_slope(totals)
    known = np.log1p(totals[0, unknown:])
    if len(known) < LEAST_WEEKS:
        assert np.isnan([slope[0], error[0]]).all()
        return
    assert slope[0] == pytest.approx(stats.theilslopes(known).slope)
    n, every = len(known), np.sort([
        (b - a) / (j - i) for i, a in enumerate(known) for j, b in enumerate(known) if i < j
    ])  # fmt: skip
    reach = 1.959963984540054 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low, high = (
        max(int((len(every) - reach) // 2), 0),
        min(int(-(-(len(every) + reach) // 2)), len(every) - 1),
    )
    assert error[0] == pytest.approx((every[high] - every[low]) / (2 * 1.959963984540054))
