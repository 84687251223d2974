"""Estimators for use in a notebook: ``from enishi.forecasts import ShiftedBetaGeometric``.

Each is read when first asked for, so that importing the room costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enishi.forecasts.btyd import BetaGeometricNBD
    from enishi.forecasts.churn import ChurnForecaster
    from enishi.forecasts.lifetime import TenureHazard
    from enishi.forecasts.panel import build_panel, snapshot_days
    from enishi.forecasts.sbg import ShiftedBetaGeometric
    from enishi.forecasts.spending import GammaGamma

__all__ = [
    "BetaGeometricNBD",
    "ChurnForecaster",
    "GammaGamma",
    "ShiftedBetaGeometric",
    "TenureHazard",
    "build_panel",
    "snapshot_days",
]

_PLACES = {
    "BetaGeometricNBD": "btyd",
    "ChurnForecaster": "churn",
    "GammaGamma": "spending",
    "ShiftedBetaGeometric": "sbg",
    "TenureHazard": "lifetime",
    "build_panel": "panel",
    "snapshot_days": "panel",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
