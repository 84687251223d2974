"""Forecasts as they could have been made on a past day: learned from what had ended by then, and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from enishi.accounts.company import company_remembered, company_zone
from enishi.accounts.models import Account
from enishi.forecasts.late import without_hindsight
from enishi.forecasts.outcomes import Outcome
from enishi.forecasts.panel import label_rows
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.risk.fitting import fit_forecasts, restored
from enishi.risk.models import AccountRisk, ForecastModel
from enishi.risk.reads import model_in_use
from enishi.risk.rows import Progress, population
from enishi.risk.scoring import forecast_rows, rank_rows, score_risks
from enishi.signals.context import load_rules
from enishi.signals.features import read_day
from enishi.signals.models import AccountState
from enishi.signals.panel import living_accounts
from enishi.store.api import Published


def model_for(
    home: Home, horizon: int, asked: date, today: date, now: datetime, progress: Progress
) -> ForecastModel:
    """The version in use, also of a past day; else the one that could have been learned on it, learned now where it is not
    kept. One that was refused says nothing (:func:`speaks_then`).

    Raises:
        NotFound: ``no_outcomes`` where the horizon means nothing here (no contract has a renewal).
    """
    if asked == today and (standing := model_in_use(horizon)):
        return standing
    if asked != today and (stood := in_use_on(horizon, asked)):
        return stood
    kept = ForecastModel.objects.filter(
        horizon=horizon, as_of=asked, facts_generation=Published(home).generation
    ).exclude(status=ForecastModel.Status.REFUSED)
    if asked != today and (found := kept.first()):
        return found
    made = fit_forecasts(asked, [horizon], now=now, home=home, publish=asked == today, progress=progress)
    if not made:
        raise NotFound(
            "no_outcomes",
            Text("There are no contracts, and so no renewals.", "契約がないため、更新の予測はできません。"),
            Text("Ask for 30, 90 or 180 days.", "30・90・180日のいずれかを指定してください。"),
        )
    return made[0]


def in_use_on(horizon: int, day: date) -> ForecastModel | None:
    """The version that was in use at the end of a past day."""
    end = datetime.combine(day + timedelta(days=1), time(), company_zone())
    there = ForecastModel.objects.filter(horizon=horizon, as_of__lte=day).exclude(used_from=None)
    spans = there.values_list("pk", "used_from", "used_until", "earlier_uses")
    begun = [
        (since, pk)
        for pk, used_from, used_until, earlier in spans
        for since, until in (*_instants(earlier), (used_from, used_until))
        if since is not None and since < end and (until is None or until >= end)
    ]
    return ForecastModel.objects.get(pk=max(begun)[1]) if begun else None


def _instants(spans: list[list[str]]) -> list[tuple[datetime, datetime]]:
    return [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in spans]


def speaks_then(model: ForecastModel) -> bool:
    """Whether a version may say a probability of a past day: one that was refused was never in use."""
    return model.status != ForecastModel.Status.REFUSED


def forecast_today(
    home: Home, horizon: int, today: date, now: datetime, progress: Progress
) -> tuple[ForecastModel, list[dict[str, Any]]]:
    """Score today by the versions in use; what is said of a horizon, those most at risk first. Where no version of the
    horizon is in use all probabilities are None, in the order of the scorecard."""
    model = model_for(home, horizon, today, today, now, lambda done, total: progress(done / 2, total))
    score_risks(today, now=now, home=home, progress=lambda done, total: progress((total + done) / 2, total))
    renewals = dict(AccountState.objects.values_list("account_id", "renewal_on"))
    if model.status != ForecastModel.Status.IN_USE:
        return model, _entries(_ranked_today(home, model, today), model, renewals)
    risks = AccountRisk.objects.filter(horizon=horizon).select_related("account").order_by("-rank", "account")
    names = ("probability", "low", "high", "base_rate", "rank", "due_on", "renewal_on", "drivers", "exits")
    return model, [
        {"account": risk.account.outside_id, "name": risk.account.name}
        | {name: getattr(risk, name) for name in names}
        | {"renewal_on": risk.renewal_on or renewals.get(risk.account_id)}
        for risk in risks
    ]


def forecast_then(
    home: Home, horizon: int, asked: date, now: datetime, progress: Progress
) -> tuple[ForecastModel, list[dict[str, Any]]]:
    """What was or would have been said on a past day; nothing is kept but the version. Where that was refused all
    probabilities are None, in the order of the scorecard."""
    model = model_for(home, horizon, asked, date.max, now, lambda done, total: progress(done * 0.8, total))
    with company_remembered(), without_hindsight(home) as (honest, _):
        rules = load_rules()
        wanted = population(home, asked, Outcome.parse(model.outcome))
        rows, behind = read_day(honest, asked, rules, keep=wanted)
    rows = label_rows(rows, wanted)
    if speaks_then(model):
        said = forecast_rows(restored(model, rules.metrics), model, rows, behind)
    else:
        said = rank_rows(model, rows)
    progress(100, 100)
    return model, _entries(said, model, renewals_of(rows, asked))


def _ranked_today(home: Home, model: ForecastModel, today: date) -> pd.DataFrame:
    with company_remembered():
        wanted = population(home, today, Outcome.parse(model.outcome))
        rows, _behind = read_day(home, today, load_rules(), keep=wanted[["as_of", "account_id"]])
    rows = label_rows(rows, wanted)
    return rank_rows(model, rows[rows["account_id"].isin(living_accounts())].reset_index(drop=True))


def renewals_of(rows: pd.DataFrame, day: date) -> dict[int, date | None]:
    """The next renewals as they were known on a past day."""
    if "days_to_renewal" not in rows:
        return {}
    known = rows.loc[rows["days_to_renewal"].notna(), ["account_id", "days_to_renewal"]]
    return {int(account): day + timedelta(days=int(days)) for account, days in known.to_numpy()}


def _entries(
    said: pd.DataFrame, model: ForecastModel, renewals: Mapping[int, date | None]
) -> list[dict[str, Any]]:
    known = {a.pk: a for a in Account.objects.only("outside_id", "name")}
    told = []
    for row in said.sort_values(["rank", "account_id"], ascending=[False, True]).to_dict("records"):
        number = row.pop("account_id")
        account = known.get(number)
        if account is None:
            continue
        entry: dict[str, Any] = {"account": account.outside_id, "name": account.name}
        entry |= {str(name): value for name, value in row.items()}
        for name in ("probability", "low", "high", "rank"):
            entry[name] = None if pd.isna(row[name]) else round(float(row[name]), 6)
        entry["renewal_on"] = row["renewal_on"] or renewals.get(int(number))
        told.append(entry | {"base_rate": model.base_rate})
    return told
