"""What an account is worth and what of it stands at risk. Pure; money in whole minor units of the company."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enishi.definitions.contracts import Stake
from enishi.signals.bands import BANDS

MINIMUM_SERVED = 20
MINIMUM_LOST = 5


@dataclass(frozen=True, slots=True)
class ChurnBase:
    """Customers served a year ago, and how many of them are no longer."""

    served: int
    lost: int

    @property
    def monthly_rate(self) -> float | None:
        """Logo churn per month over the trailing year; None with too little history to say."""
        if self.served < MINIMUM_SERVED or self.lost < MINIMUM_LOST:
            return None
        return float(1 - (1 - min(self.lost / self.served, 0.999)) ** (1 / 12))


def simple_ltv(mrr: float | None, margin: float, monthly_churn: float | None) -> int | None:
    """Simple lifetime value: average revenue per period x gross margin / churn rate."""
    if mrr is None or monthly_churn is None or monthly_churn <= 0:
        return None
    return round(mrr * margin / monthly_churn)


def yearly_revenue(mrr: NDArray[np.float64], orders_90: NDArray[np.float64]) -> NDArray[np.float64]:
    """A year's revenue: recurring where there is a contract, else four times the last 90 days' orders, else 0."""
    return np.where(np.nan_to_num(mrr) > 0, 12 * np.nan_to_num(mrr), 4 * np.nan_to_num(orders_90))


def without_price(mrr: NDArray[np.float64], holding: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of whom a contract is in force and nobody knows what it brings: an exchange rate is missing."""
    return np.asarray(holding & np.isnan(mrr))


def at_stake(
    yearly: NDArray[np.float64],
    bands: NDArray[np.int8],
    strongest: NDArray[np.float64],
    leaving: NDArray[np.bool_],
    stake: Stake,
) -> NDArray[np.int64]:
    """A year's revenue x the declared share at risk: the band's, or the strongest shown cause's where that is more; all
    of it of those who are ``leaving``, whatever the band."""
    by_band = np.array([getattr(stake, name) for name in BANDS])[bands]
    share = np.maximum(by_band, np.clip(strongest, 0, 100) / 100 * stake.red)
    share = np.where(leaving, 1.0, share)
    return np.rint(yearly * share).astype(np.int64)
