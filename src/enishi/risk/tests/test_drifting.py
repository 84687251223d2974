"""Which month-ends a version was learned from, and what is kept of how its inputs lie since."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts import ChurnForecaster
from enishi.forecasts.panel import learnable
from enishi.risk.drifting import learned_months, watch_inputs
from enishi.risk.models import ForecastModel

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Sixty customers at twelve month-ends; the outcome of each is known 60 days later, and from May on nobody is seen to use."""
    random = np.random.default_rng(0)
    days = pd.date_range("2025-06-30", periods=12, freq="ME")
    month, account = np.repeat(np.arange(12), 60), np.tile(np.arange(60), 12)
    use = random.normal(size=60)[account] + 0.3 * random.normal(size=720)
    found = pd.DataFrame(
        {"as_of": days[month], "account_id": account, "use": np.where(month < 11, use, np.nan)}
    )
    found["ends_on"] = found["as_of"] + pd.Timedelta(days=60)
    return found.assign(label=(random.random(720) < 0.2).astype(float))


def test_a_version_keeps_which_of_its_inputs_lie_off_and_since_when(rows: pd.DataFrame) -> None:
    forecaster = ChurnForecaster(60).fit(learnable(rows, AS_OF))
    model = ForecastModel(horizon=60, as_of=AS_OF, trained_on={"to": "2026-04-30"})
    told = watch_inputs(forecaster, model, rows)
    assert (told["until"], told["day"], told["months"], told["moved"]) == ("2026-04-30", "2026-05-31", 11, 1)
    (use,) = told["inputs"]
    assert (use["feature"], use["kind"], use["since"], use["value"]) == ("use", "missing", "2026-05-31", 1.0)


def test_month_ends_of_which_little_was_known_were_not_learned_from(rows: pd.DataFrame) -> None:
    """Of the next renewal, late month-ends are known of those alone whose contract soon ran out."""
    late = rows["account_id"] > 20
    renewals = rows.assign(ends_on=rows["ends_on"].where(~late, rows["ends_on"] + pd.Timedelta(days=120)))
    model = ForecastModel(horizon=0, as_of=AS_OF, trained_on={"to": "2026-04-30"})
    assert learned_months(model, renewals)[-1] == pd.Timestamp(2025, 12, 31)
    assert learned_months(ForecastModel(horizon=0, as_of=AS_OF, trained_on={}), renewals) == []
