"""Lifetime value, always named. This page holds the *simple* one; it assumes that nothing ever changes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

MIN_CHURNS = 5  # fewer lost customers than this give no churn rate worth dividing by


@dataclass(frozen=True, slots=True)
class NotEnoughHistory:
    """Why there is no number, and how much is needed."""

    have: int
    need: int


def simple_ltv(
    revenue_per_month: int,
    gross_margin: Decimal,
    churned: int,
    customer_months: int,
    min_churns: int = MIN_CHURNS,
) -> int | NotEnoughHistory:
    """Simple LTV = average revenue per period x gross margin / churn rate (methods, section 3).

    Args:
        revenue_per_month: average MRR of the customer or segment, whole minor units.
        gross_margin: 0..1.
        churned: customers lost while observed.
        customer_months: customer-months observed; the monthly churn rate is ``churned / customer_months``.
        min_churns: below this many losses the rate is noise.

    Returns:
        Whole minor units, or :class:`NotEnoughHistory`.

    Raises:
        ValueError: the margin is outside 0..1 or a count is negative.
    """
    if not 0 <= gross_margin <= 1:
        raise ValueError(f"gross margin is {gross_margin}; give a share between 0 and 1")
    if churned < 0 or customer_months < 0:
        raise ValueError("counts cannot be negative")
    if churned < min_churns or customer_months == 0:
        return NotEnoughHistory(churned, min_churns)
    value = Decimal(revenue_per_month) * gross_margin * customer_months / churned
    return int(value.to_integral_value(ROUND_HALF_EVEN))
