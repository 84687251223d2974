"""What makes customers grow, learned from the company's own past: the panel, the fits, what they say today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction

from enishi.accounts.company import company_day, get_company
from enishi.forecasts.churn import ChurnForecaster
from enishi.forecasts.evaluation import clustered_rate
from enishi.forecasts.late import honest_facts
from enishi.forecasts.propensity import DRAWS, beats_chance, forecaster, judge_past, undirected
from enishi.forecasts.readiness import HORIZON, KINDS, LEAST_WINNERS, can_grow, days_since_win, label_wins
from enishi.growth.book import Sold, sold_of
from enishi.growth.models import Propensity, Proposal
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import Facts, FactSettings, add_months, panel, subscription_periods
from enishi.metrics.revenue import number_of

MONTHS = 24
FEATURES = (
    "licence_utilisation", "use_vs_own_past", "usage_trend_28", "usage_slope_90", "active_days_28", "stickiness",
    "feature_breadth_90", "power_users", "power_users_change", "active_users_28", "nps_latest", "csat_latest",
    "tickets_opened_90", "days_since_contact", "days_overdue", "trainings_done", "tenure_days", "days_to_renewal",
    "seats", "mrr",
)  # fmt: skip
HELD = ("held", "place", "product")
WORDS = {
    "held": Text("Products held", "契約中の製品数"),
    "place": Text("Place of the plan on the price ladder", "プランの価格帯での位置"),
    "product": Text("Product", "製品"),
    "since_win": Text("Days since it last grew", "前回の増額からの日数"),
    "since_same": Text("Days since it last grew this way", "前回の同じ種類の増額からの日数"),
}
Told = Callable[[int], None]


@dataclass(frozen=True)
class Moment:
    """A snapshot: the features of every customer with a contract, and what contracts said then."""

    day: date
    rows: pd.DataFrame
    sold: Sold


def snapshot_days(today: date, first: date | None) -> list[date]:
    """The first days of the past months from ``first`` on, oldest first, then today."""
    months = [add_months(today.replace(day=1), -back) for back in range(MONTHS, -1, -1)]
    days = [day for day in months if day < today and (first is None or day >= first)]
    return [*days, today]


def read_moments(facts: Facts, days: Sequence[date], told: Told | None = None) -> list[Moment]:
    """Features as known on each day; contracts as known on each day."""
    values = panel(facts, list(days), FEATURES)
    values["as_of"] = pd.to_datetime(values["as_of"]).dt.date
    by_day = dict(tuple(values.groupby("as_of")))
    found = []
    for at, day in enumerate(days):
        sold = sold_of(subscription_periods(facts, day), day)
        rows = by_day.get(day, values.iloc[:0])
        rows = rows.merge(sold.held, left_on="account_id", right_index=True, suffixes=("", "_held"))
        accounts = rows["account_id"].tolist()
        rows = rows.assign(since_win=days_since_win(sold.wins, accounts, day), sold=sold.products)
        found.append(Moment(day, rows.reset_index(drop=True), sold))
        if told:
            told(50 * (at + 1) // len(days))
    return found


def features_of(moment: Moment, kind: str) -> pd.DataFrame:
    """The rows of a moment that could grow in a kind, with the features of its model."""
    rows = moment.rows[can_grow(kind, _held(moment.rows))].reset_index(drop=True)
    own = moment.sold.wins[moment.sold.wins["kind"] == kind]
    since = days_since_win(own, rows["account_id"].tolist(), moment.day)
    columns = ["account_id", *FEATURES, *HELD, "since_win"]
    return rows[columns].assign(as_of=pd.Timestamp(moment.day), since_same=since)


def _held(rows: pd.DataFrame) -> pd.DataFrame:
    """What :func:`can_grow` looks at, where a metric has the same name as what a contract states."""
    return rows.drop(columns="seats").rename(columns={"seats_held": "seats"})


def labelled(moments: Sequence[Moment], kind: str, wins: pd.DataFrame, until: date) -> pd.DataFrame:
    """Panel of a kind: features as known on each day, and who won within the horizon as known now."""
    own = wins[wins["kind"] == kind]
    frames = []
    for moment in moments:
        rows = features_of(moment, kind)
        labels = label_wins(rows[["account_id"]], own, moment.day, until)
        frames.append(rows.merge(labels.drop(columns="as_of"), on="account_id"))
    return pd.concat(frames, ignore_index=True)


def known_wins(sold: Sold) -> pd.DataFrame:
    """Wins of the contracts, and those recorded by hand that no contract shows within a quarter of a year."""
    recorded = Proposal.objects.filter(status=Proposal.Status.WON, undone_at=None, closed_on__isnull=False)
    extra = []
    for account, kind, closed, amount in recorded.values_list("account_id", "kind", "closed_on", "amount"):
        own = sold.wins[(sold.wins["account_id"] == account) & (sold.wins["kind"] == kind)]
        day = number_of(closed)
        if not (own["day"].sub(day).abs() <= NEAR).any():
            extra.append(
                {"account_id": account, "kind": kind, "day": day, "before": 0, "amount": amount or 0}
            )
    if not extra:
        return sold.wins
    return pd.concat([sold.wins, pd.DataFrame(extra)], ignore_index=True).sort_values(
        "day", kind="stable", ignore_index=True
    )


NEAR = 90
"""Days within which a win in the contracts and one recorded by hand are the same."""


def learn(now: datetime, told: Told | None = None) -> list[Propensity]:
    """Fit every kind anew and put the fits in use, but where somebody went back to an earlier one."""
    today = company_day(now)
    with honest_facts(Home.from_environment(), FactSettings(currency=get_company().currency)) as facts:
        generation = facts.files.generation
        days = snapshot_days(today, _first_day(facts, today))
        moments = read_moments(facts, days, told)
    wins = known_wins(moments[-1].sold)
    made = []
    for at, kind in enumerate(KINDS):
        made.append(_fit(kind, moments, wins, today, now, generation))
        if told:
            told(50 + 50 * (at + 1) // len(KINDS))
    return made


def _first_day(facts: Facts, today: date) -> date | None:
    """The first day contracts speak of: before it nobody could have been seen to grow."""
    starts = subscription_periods(facts, today)["start"]
    return date.fromordinal(int(starts.min()) + date(1970, 1, 1).toordinal()) if len(starts) else None


def _fit(
    kind: str, moments: Sequence[Moment], wins: pd.DataFrame, today: date, now: datetime, generation: int
) -> Propensity:
    rows = labelled(moments[:-1], kind, wins, today) if len(moments) > 1 else pd.DataFrame()
    seen = rows[rows["label"].notna()] if len(rows) else rows
    winners = int(seen.loc[seen["label"] == 1, "account_id"].nunique()) if len(seen) else 0
    others = int(seen.loc[seen["label"] == 0, "account_id"].nunique()) if len(seen) else 0
    row = Propensity(kind=kind, horizon=HORIZON, day=today, winners=winners, least=LEAST_WINNERS, made_at=now, facts_generation=generation)  # fmt: skip
    row.report = {
        "rows": len(seen),
        "accounts": int(seen["account_id"].nunique()) if len(seen) else 0,
        "snapshots": len(moments) - 1,
    }
    if min(winners, others) >= LEAST_WINNERS:
        fitted = forecaster(WORDS).fit(rows)
        past = _tested(fitted, rows, kind)
        rate = clustered_rate(seen["label"], seen["account_id"], DRAWS)
        row.report |= {"past": past, "rate": {"value": rate.value, "low": rate.low, "high": rate.high}}
        row.report["selection"] = _said(getattr(fitted, "selection_", None))
        row.state, row.speaks = fitted.to_dict(), bool(fitted.speaks_) and beats_chance(past)
    text = _reason(row, others)
    row.reason_en, row.reason_ja = text.en, text.ja
    with transaction.atomic():
        before = Propensity.objects.filter(kind=kind, in_use=True)
        row.in_use = not before.filter(chosen_at__isnull=False).exists()
        if row.in_use:
            before.update(in_use=False)
        row.save()
    return row


def _said(selection: Any) -> dict[str, str]:
    if isinstance(selection, Text):
        return {"en": selection.en, "ja": selection.ja}
    if isinstance(selection, dict):
        return {side: str(selection.get(side, "")) for side in ("en", "ja")}
    return {}


def _reason(row: Propensity, others: int) -> Text:
    n, least = row.winners, row.least
    if row.speaks:
        return Text(
            f"Learned from {n} customers who grew this way within {row.horizon} days of a snapshot.",
            f"この種類の増額が{row.horizon}日以内にあった{n}社から学習しています。",
        )
    if "rate" in row.report:
        return _untold(row.report["past"].get("winners", 0), least, "auc" in row.report["past"])
    if n < least:
        return Text(
            f"Too early: {n} of {least} customers who grew this way are needed before a probability is stated.",
            f"時期尚早です。確率の提示には、この種類の増額があった顧客が{least}社必要です(現在{n}社)。",
        )
    return Text(
        f"Too early: {others} of {least} customers who did not grow this way are needed for comparison.",
        f"時期尚早です。比較のため、増額がなかった顧客が{least}社必要です(現在{others}社)。",
    )


def _untold(winners: int, least: int, tested: bool) -> Text:
    """Why the rate of all is stated although there was enough to learn from."""
    if not tested and winners < least:
        return Text(
            f"Tested on later time with {winners} of {least} customers who grew this way: too few to tell, so the rate of all "
            "customers is stated for everybody.",
            f"後の期間の検証では、増額があった顧客が{winners}社で、判定に必要な{least}社に達していません。全員に平均の割合を示しています。",
        )
    return Text(
        "On later time the fit was not better than the rate of all customers by more than chance, so that rate is stated for "
        "everybody.",
        "後の期間で検証したところ、全顧客の平均の割合より良いとは言えなかったため(差は偶然の範囲内)、全員に平均の割合を示しています。",
    )


def _tested(fitted: ChurnForecaster, rows: pd.DataFrame, kind: str) -> dict[str, Any]:
    """The test on later time, beside seat use alone and the time since the last growth."""
    past = fitted.past_
    keys = ["as_of", "account_id"]
    joined = past.merge(rows[[*keys, "licence_utilisation", "since_same"]], on=keys, how="left")
    baselines = {
        "licence_utilisation": joined["licence_utilisation"].to_numpy(dtype=float),
        "since_same": -joined["since_same"].to_numpy(dtype=float),
    }
    found = judge_past(joined, baselines)
    if len(joined):
        found["from"], found["to"] = (
            str(edge.date()) for edge in (joined["as_of"].min(), joined["as_of"].max())
        )
    return found


@dataclass(frozen=True)
class Said:
    """What the fits in use say today: probabilities and drivers by kind and account, and the fits."""

    frames: dict[str, pd.DataFrame]
    models: dict[str, Propensity]


def say(moment: Moment, accounts: dict[str, set[int]] | None = None) -> Said:
    """Probabilities of every customer who could grow; drivers of those asked for, by kind."""
    models = {row.kind: row for row in Propensity.objects.filter(in_use=True)}
    frames = {}
    for kind, row in models.items():
        if "rate" not in row.report:
            continue
        rows = features_of(moment, kind)
        wanted = (
            rows["account_id"].isin((accounts or {}).get(kind, set()))
            if accounts is not None
            else np.ones(len(rows), bool)
        )
        rows = rows[wanted].reset_index(drop=True)
        if rows.empty:
            continue
        frames[kind] = _said_of(row, rows).set_index(rows["account_id"])
    return Said(frames, models)


def _said_of(row: Propensity, rows: pd.DataFrame) -> pd.DataFrame:
    """Probability, interval and drivers; where the fit knows no better, the rate of all customers."""
    if row.speaks:
        fitted = ChurnForecaster.from_dict(row.state, metrics=undirected())
        drivers: Any = fitted.drivers(rows, most=3)
        return fitted.predict(rows).assign(drivers=drivers)
    rate = row.report["rate"]
    base = pd.DataFrame(
        {name: rate[at] for name, at in (("probability", "value"), ("low", "low"), ("high", "high"))},
        index=rows.index,
    )
    none: Any = [[] for _row in range(len(rows))]
    return base.assign(drivers=none)


def due(now: datetime) -> bool:
    """Whether the newest fits are a week old, or there are none."""
    newest = Propensity.objects.order_by("-made_at").values_list("made_at", flat=True).first()
    return newest is None or newest < now - timedelta(days=7)
