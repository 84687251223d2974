"""Whether customers who order order again."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from enishi.forecasts.btyd import BetaGeometricNBD
from enishi.forecasts.fitting import Vector


def p_order(
    model: BetaGeometricNBD, t: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Vector:
    """Chance of at least one purchase in the next ``t`` units of time.

    Who is alive and has bought ``x`` times in ``T`` buys at a rate spread as gamma(r + x, alpha + T), and leaves only after
    a purchase: ``P(alive) (1 - ((alpha + T) / (alpha + T + t)) ** (r + x))``. Other than
    :meth:`BetaGeometricNBD.p_alive`, it falls with the silence of customers without a repeat, too.

    Source: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).

    Args:
        model: fitted. t: 0 or more. frequency, recency, T: (n,) as the model takes them.
    """
    x, end = np.asarray(frequency, float), np.asarray(T, float)
    silent = ((model.alpha_ + end) / (model.alpha_ + end + t)) ** (model.r_ + x)
    return np.asarray(model.p_alive(frequency, recency, T, without_repeat=1.0) * (1 - silent))
