"""Why an account's probability is what it is, where the reasons were not kept with it: by the version that said it, from
the row it was said of."""

from __future__ import annotations

from typing import Any

from enishi.forecasts import ChurnForecaster
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.risk.fitting import restored
from enishi.risk.kept import kept_row
from enishi.risk.models import AccountRisk
from enishi.risk.plain import as_plain
from enishi.signals.context import load_rules

Told = list[dict[str, Any]]


def explain(risk: AccountRisk, home: Home | None = None) -> tuple[Told, Told]:
    """Drivers and ways out of a forecast: as kept, else worked out now.

    Ways out worked out now are of the model's own features; what their change does to the score is left out, so that
    they promise rather too little.
    """
    if risk.drivers or risk.model is None:
        return risk.drivers, risk.exits
    rows = kept_row(home or Home.from_environment(), risk.day, risk.account_id)
    forecaster = _speaker(risk) if len(rows) else None
    if forecaster is None:
        return [], []
    threshold = risk.model.trained_on.get("threshold")
    red = risk.probability is not None and threshold is not None and risk.probability >= threshold
    exits = forecaster.exits_of(rows, threshold)[0] if red and threshold is not None else []
    return as_plain(forecaster.drivers(rows)[0]), as_plain(exits)


def _speaker(risk: AccountRisk) -> ChurnForecaster | None:
    try:
        return restored(risk.model, load_rules().metrics) if risk.model else None
    except EnishiError:  # another version of Enishi wrote it
        return None
