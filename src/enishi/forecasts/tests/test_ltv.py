"""The simple lifetime value."""

from decimal import Decimal

import pytest

from enishi.forecasts.api import NotEnoughHistory, simple_ltv


def test_revenue_times_margin_over_churn():
    assert simple_ltv(100_000, Decimal("0.8"), churned=10, customer_months=500) == 4_000_000


def test_too_few_losses_give_no_number():
    assert simple_ltv(100_000, Decimal("0.8"), churned=2, customer_months=500) == NotEnoughHistory(2, 5)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        simple_ltv(1, Decimal("80"), 10, 100)
