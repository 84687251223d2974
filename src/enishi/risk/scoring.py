"""What the forecasts in use say today of every account that has not left, and the record of having said it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction

from enishi.accounts.company import company_remembered, refuse_future
from enishi.forecasts import ChurnForecaster
from enishi.forecasts.outcomes import Outcome, sole_contracts
from enishi.forecasts.panel import label_rows
from enishi.kit.home import Home
from enishi.metrics.following import GRACE_DAYS
from enishi.risk.agreeing import agreeing
from enishi.risk.drifting import watch_outcomes
from enishi.risk.fitting import restored
from enishi.risk.kept import drop_rows, keep_rows
from enishi.risk.models import AccountRisk, ForecastModel, ForecastRun, Statement
from enishi.risk.plain import as_plain
from enishi.risk.reads import STANDS_DAYS
from enishi.risk.rows import Progress, population, silent
from enishi.signals.behind import CARD, ScoresBehind
from enishi.signals.context import load_rules
from enishi.signals.features import read_day
from enishi.signals.panel import living_accounts
from enishi.store.api import Published

BATCH = 1000
EXPLAINED = 5000
"""Of so many accounts most at risk the drivers are kept; those of others are worked out when somebody asks."""
NOTICEABLE = 0.005
"""A statement is written anew when the probability moved by more than this."""
_WRITTEN = [
    "day",
    "probability",
    "low",
    "high",
    "base_rate",
    "rank",
    "due_on",
    "renewal_on",
    "drivers",
    "exits",
    "model",
    "computed_at",
]


def score_risks(
    day: date, *, now: datetime, home: Home | None = None, progress: Progress = silent
) -> ForecastRun:
    """Forecast every account as of ``day`` by the versions in use, and note what was said.

    A failed pass leaves its run with the error and raises.
    """
    refuse_future(day, now)
    home = home or Home.from_environment()
    run = ForecastRun.objects.create(
        kind=ForecastRun.Kind.SCORE,
        day=day,
        status="running",
        asked_at=now,
        facts_generation=Published(home).generation,
    )
    try:
        with company_remembered():
            _score(run, home, now, progress)
    except Exception as error:
        ForecastRun.objects.filter(pk=run.pk).update(
            status="failed", error=f"{type(error).__name__}: {error}"
        )
        raise
    run.status, run.progress, run.finished_at = "done", 100, max(now, run.asked_at)
    run.save()
    return run


def _score(run: ForecastRun, home: Home, now: datetime, progress: Progress) -> None:
    models = list(ForecastModel.objects.filter(status=ForecastModel.Status.IN_USE).order_by("horizon"))
    asked = {model.pk: population(home, run.day, Outcome.parse(model.outcome)) for model in models}
    rules = load_rules()
    keep = pd.concat([frame[["as_of", "account_id"]] for frame in asked.values()]) if asked else None
    rows, behind = (
        read_day(home, run.day, rules, keep=keep.drop_duplicates()) if keep is not None else (None, None)
    )
    progress(30, 100)
    living = living_accounts()
    AccountRisk.objects.exclude(horizon__in=[model.horizon for model in models]).delete()
    said: dict[int, pd.DataFrame] = {}
    for number, model in enumerate(models, 1):
        assert rows is not None  # noqa: S101 - there is a model
        wanted = label_rows(rows, asked[model.pk])
        wanted = wanted[wanted["account_id"].isin(living)].reset_index(drop=True)
        forecaster = restored(model, rules.metrics)
        said[model.horizon] = forecast_rows(forecaster, model, wanted, behind)
        run.drift[str(model.horizon)] = watch_outcomes(model, run.day)
        progress(30 + 60 * number / len(models), 100)
    by_contract = {model.horizon for model in models if Outcome.parse(model.outcome).kind != "silence"}
    said |= agreeing({h: said[h] for h in by_contract}, run.day, sole_contracts(home, run.day))
    said |= agreeing({h: said[h] for h in said.keys() - by_contract}, run.day, ())
    for model in models:
        with transaction.atomic():
            _write(said[model.horizon], model, run.day, now)
            _state(said[model.horizon], model, run.day)
    if rows is not None and len(rows) > EXPLAINED:
        keep_rows(home, rows)
    else:
        drop_rows(home)


def forecast_rows(
    forecaster: ChurnForecaster,
    model: ForecastModel,
    rows: pd.DataFrame,
    behind: ScoresBehind | None = None,
) -> pd.DataFrame:
    """What a version says of rows; ``behind``: what their scores are made of.

    Returns:
        ``account_id``, ``probability``, ``low``, ``high`` (NaN where it may not speak), ``rank``, ``due_on``,
        ``renewal_on`` (None but for the next renewal), ``drivers``, ``exits``.
    """
    found = _dated(model, rows)
    if rows.empty:
        return found.assign(
            **dict.fromkeys(("probability", "low", "high", "rank"), 0.0), drivers=None, exits=None
        )
    said = forecaster.predict(rows)
    logit = pd.Series(forecaster.decision_function(rows), index=rows.index)
    found = found.assign(**{name: said[name] for name in ("probability", "low", "high")})
    if logit.nunique() <= 1 and CARD in rows:  # nothing learned yet: the scorecard it would start from
        logit = _by_scorecard(rows)
    found["rank"] = logit.rank(pct=True)
    chosen = np.flatnonzero((logit.rank(ascending=False, method="first") <= EXPLAINED).to_numpy())
    told = {
        "drivers": _reasons(forecaster, rows, chosen),
        "exits": _ways_out(forecaster, model, rows, found, chosen, behind),
    }
    return found.assign(
        **{name: pd.Series(each, index=rows.index, dtype=object) for name, each in told.items()}
    )


def rank_rows(model: ForecastModel, rows: pd.DataFrame) -> pd.DataFrame:
    """As :func:`forecast_rows` where no version of the horizon is in use: no probability, the order of the scorecard."""
    found = _dated(model, rows).assign(probability=np.nan, low=np.nan, high=np.nan)
    found["rank"] = _by_scorecard(rows).rank(pct=True)
    none: list[list[Any]] = [[] for _ in range(len(rows))]
    nothing = pd.Series(none, index=rows.index, dtype=object)
    return found.assign(drivers=nothing, exits=nothing)


def _dated(model: ForecastModel, rows: pd.DataFrame) -> pd.DataFrame:
    ends = pd.to_datetime(rows["ends_on"])
    renewal = None if model.horizon else (ends - pd.Timedelta(days=GRACE_DAYS)).dt.date
    return rows[["account_id"]].assign(due_on=ends.dt.date, renewal_on=renewal)


def _by_scorecard(rows: pd.DataFrame) -> pd.Series:
    """Higher: more at risk; those without a score stand in the middle."""
    score = rows[CARD].astype(float) if CARD in rows else pd.Series(0.0, index=rows.index)
    return -score.fillna(score.mean()).fillna(0.0)


def _reasons(forecaster: ChurnForecaster, rows: pd.DataFrame, chosen: Any) -> list[list[dict[str, Any]]]:
    told: list[list[dict[str, Any]]] = [[] for _ in range(len(rows))]
    for place, drivers in zip(
        chosen, forecaster.drivers(rows.iloc[chosen].reset_index(drop=True)), strict=True
    ):
        told[place] = as_plain(drivers)
    return told


def _ways_out(
    forecaster: ChurnForecaster,
    model: ForecastModel,
    rows: pd.DataFrame,
    found: pd.DataFrame,
    chosen: Any,
    behind: ScoresBehind | None,
) -> list[list[dict[str, Any]]]:
    """What would bring those at risk below the threshold."""
    told: list[list[dict[str, Any]]] = [[] for _ in range(len(rows))]
    threshold = model.trained_on.get("threshold")
    if not model.speaks or threshold is None:
        return told
    red = chosen[(found["probability"].to_numpy(float) >= threshold)[chosen]]
    asked = rows.iloc[red].reset_index(drop=True)
    scores = behind.of(asked["account_id"].tolist()) if behind is not None else None
    ways = forecaster.exits_of(asked, threshold, behind=scores) if len(red) else []
    for place, exits in zip(red, ways, strict=True):
        told[place] = as_plain(exits)
    return told


def _write(said: pd.DataFrame, model: ForecastModel, day: date, now: datetime) -> None:
    """The read model: a row per account forecast, none for others."""
    risks = [
        AccountRisk(
            account_id=int(account),
            horizon=model.horizon,
            day=day,
            probability=_number(p),
            low=_number(low),
            high=_number(high),
            base_rate=model.base_rate,
            rank=_number(rank),
            due_on=due,
            renewal_on=renewal,
            drivers=drivers,
            exits=exits,
            model=model,
            computed_at=now,
        )
        for account, p, low, high, rank, due, renewal, drivers, exits in _tuples(said)
    ]
    AccountRisk.objects.bulk_create(
        risks,
        batch_size=BATCH,
        update_conflicts=True,
        update_fields=_WRITTEN,
        unique_fields=["account", "horizon"],
    )
    # What this pass did not write is of accounts that are forecast no longer.
    AccountRisk.objects.filter(horizon=model.horizon).exclude(day=day, computed_at=now).delete()


_COLUMNS = ["account_id", "probability", "low", "high", "rank", "due_on", "renewal_on", "drivers", "exits"]


def _tuples(said: pd.DataFrame) -> Any:
    return zip(*(said[name].tolist() for name in _COLUMNS), strict=True)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else round(float(value), 6)


def _state(said: pd.DataFrame, model: ForecastModel, day: date) -> None:
    """Note what was said where it is new, moved noticeably, or was noted a week ago; what was noted on the day itself
    gives way to what is said of it last."""
    told = said[said["probability"].notna()]
    since = day - timedelta(days=STANDS_DAYS)
    rows = Statement.objects.filter(horizon=model.horizon, day__gt=since, day__lt=day).order_by("day")
    before = dict(rows.values_list("account_id", "probability"))
    said_before = told["account_id"].map(before).astype(float)
    of_the_day = Statement.objects.filter(horizon=model.horizon, day=day)
    noted = set(of_the_day.values_list("account_id", flat=True))
    moved = ~((told["probability"].astype(float) - said_before).abs() <= NOTICEABLE)
    moved |= told["account_id"].isin(noted)
    unsaid = sorted(noted - set(told["account_id"].tolist()))
    for start in range(0, len(unsaid), BATCH):
        of_the_day.filter(account__in=unsaid[start : start + BATCH]).delete()
    Statement.objects.bulk_create(
        [
            Statement(
                account_id=int(account), horizon=model.horizon, day=day, probability=_number(p) or 0.0,
                low=_number(low), high=_number(high), model=model, due_on=due,
            )
            for account, p, low, high, _, due, *_ in _tuples(told[moved])
        ],
        batch_size=BATCH,
        update_conflicts=True,
        update_fields=["probability", "low", "high", "model", "due_on"],
        unique_fields=["account", "horizon", "day"],
    )  # fmt: skip


def clear_departed(living: Sequence[int] | set[int]) -> int:
    """Drop what is said of accounts that are deleted or merged away; returns how many rows."""
    gone = set(AccountRisk.objects.values_list("account_id", flat=True).distinct()) - set(living)
    return AccountRisk.objects.filter(account__in=gone).delete()[0]
