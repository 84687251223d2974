"""What a scorecard would have said on past days, set against what then happened. No row sees its own future.

Features come from the frame as known on each snapshot day; outcomes are read apart (:mod:`outcomes`) and only
joined at the end. Everything is compared with "days since last seen" on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.api import (
    Interval,
    alarms_per_week,
    auc,
    auc_difference,
    auc_with_interval,
    brier,
    lead_times,
    observed_rate_by_band,
)
from enishi.forecasts.expanding import Expanded, why_silent
from enishi.kit.text import Text
from enishi.signals.bands import BANDS, Codes
from enishi.signals.outcomes import Outcome

ORDER = ("red", "yellow", "green", "unknown")
LEAST_CHURNS = 10
LEAD_WITHIN_DAYS = 365
LEAST_FOR_QUARTILES = 4
MISSED_SHOWN = 200
DRAWS = 1000
_LEAST_PER_CLASS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """One scorecard over the snapshots: row by row the account, the day, tenths (NaN unknown) and band."""

    rows: pd.DataFrame  # as_of, account_id, tenths, band


def snapshots(
    judged: pd.DataFrame, tenths: NDArray[np.int64], known: NDArray[np.bool_], codes: Codes
) -> Snapshots:
    rows = judged[["as_of", "account_id"]].copy()
    rows["tenths"] = np.where(known, tenths, np.nan)
    rows["band"] = [BANDS[code] for code in codes]
    return Snapshots(rows)


def report(
    draft: Snapshots,
    base: pd.DataFrame,
    labels: pd.DataFrame,
    outcome: Outcome,
    published: Snapshots | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    forecast: Expanded | None = None,
) -> dict[str, Any]:
    """Everything a back-test says, as JSON.

    Args:
        base: ``as_of, account_id, days_since_last_seen, events_90, tenure_days`` as known on the snapshot days.
        labels: of :func:`enishi.signals.outcomes.read_labels`; censored rows count nowhere.
        published: the version in force, over the same snapshots.
        draws: resamplings behind each interval.
        forecast: what the churn forecast would have said of the same days.
    """
    if "ends_on" not in labels:
        labels = labels.assign(ends_on=pd.to_datetime(labels["as_of"]) + pd.Timedelta(days=outcome.days))
    every = draft.rows.merge(labels, on=["as_of", "account_id"]).merge(
        base, on=["as_of", "account_id"], how="left"
    )
    if published is not None:
        own = published.rows.rename(columns={"tenths": "published", "band": "published_band"})
        every = every.merge(own, on=["as_of", "account_id"], how="left")
    observed = every[every["label"].notna()].reset_index(drop=True)
    scored = observed[observed["tenths"].notna()].reset_index(drop=True)
    result = {
        "outcome": str(outcome),
        "snapshots": int(every["as_of"].nunique()),
        "rows": len(observed),
        "accounts": int(observed["account_id"].nunique()),
        "churned": int(observed["label"].sum()),
        "observed_rate": float(observed["label"].mean()) if len(observed) else None,
        "censored": int(every["label"].isna().sum()),
        "unknown": int(observed["tenths"].isna().sum()),
        **_compare(scored, seed, draws),
        "bands": _bands(observed, seed, draws),
        **_timing(every, outcome),
        "missed": _missed(observed),
    }
    result["forecast"] = forecast_entry(forecast, observed, seed, draws)
    result["monotone"] = _monotone(result["bands"])
    result["verdict"] = _as_json(verdict(result))
    return result


def risk_by_recency(rows: pd.DataFrame) -> Floats:
    """Days since last seen, higher = more at risk; never seen counts as silent since the relation began."""
    days = rows["days_since_last_seen"].to_numpy(dtype=float)
    tenure = rows["tenure_days"].to_numpy(dtype=float)
    worst = np.nanmax([np.nanmax(days, initial=0), np.nanmax(tenure, initial=0)]) + 1
    return np.where(np.isnan(days), np.where(np.isnan(tenure), worst, tenure + 1), days)


def _compare(rows: pd.DataFrame, seed: int, draws: int) -> dict[str, Any]:
    labels, groups = rows["label"].to_numpy(), rows["account_id"].to_numpy()
    risks = {
        "score": -rows["tenths"].to_numpy(dtype=float) / 100,
        "recency": np.log1p(risk_by_recency(rows)),
        "count_90": -np.log1p(np.nan_to_num(rows["events_90"].to_numpy(dtype=float))),
    }
    if "published" in rows:
        risks["published"] = -rows["published"].fillna(rows["published"].median()).to_numpy(dtype=float) / 100
    found: dict[str, Any] = {
        name: _judged(labels, risk, groups, rows, seed, draws) for name, risk in risks.items()
    }
    found.setdefault("published", None)
    for other in ("recency", "count_90", "published"):
        if other in risks:
            difference = auc_difference(labels, risks["score"], risks[other], groups, n_boot=draws, seed=seed)
            found[f"against_{other}"] = _interval(difference)
    return found


def _judged(
    labels: Floats,
    risk: Floats,
    groups: Floats,
    rows: pd.DataFrame,
    seed: int,
    draws: int,
) -> dict[str, Any]:
    found = auc_with_interval(labels, risk, groups, n_boot=draws, seed=seed)
    brier, n = _expanding_brier(labels, risk, rows)
    return {
        "auc": found.value,
        "low": found.low,
        "high": found.high,
        "brier": brier,
        "brier_n": n,
        "n": len(labels),
        "accounts": len(np.unique(groups)),
    }


def forecast_entry(
    forecast: Expanded | None, observed: pd.DataFrame, seed: int, draws: int
) -> dict[str, Any] | None:
    """How good the forecast was on the observed rows of which it could speak, beside the others on the same rows;
    ``reason`` where that cannot be said."""
    if forecast is None:
        return None
    told = forecast.rows[["as_of", "account_id", "probability"]]
    rows = observed.merge(told, on=["as_of", "account_id"]) if len(told) else observed.head(0)
    labels, groups = rows["label"].to_numpy(dtype=float), rows["account_id"].to_numpy()
    said = rows["probability"].to_numpy(dtype=float) if len(rows) else labels
    recency = np.log1p(risk_by_recency(rows)) if len(rows) else labels
    found = auc_with_interval(labels, said, groups, n_boot=draws, seed=seed)
    silent = why_silent(forecast, len(rows), int(labels.sum()))
    return {
        "reason": {"en": silent.en, "ja": silent.ja} if silent else None,
        "auc": found.value,
        "low": found.low,
        "high": found.high,
        "brier": brier(labels, said) if len(rows) else None,
        "base_brier": brier(labels, np.full(len(rows), labels.mean())) if len(rows) else None,
        "said": float(said.mean()) if len(rows) else None,
        "came": float(labels.mean()) if len(rows) else None,
        "n": len(rows),
        "accounts": int(rows["account_id"].nunique()),
        "churned": int(labels.sum()),
        "recency_auc": auc(labels, recency),
        "against_recency": _interval(auc_difference(labels, said, recency, groups, n_boot=draws, seed=seed)),
        "fits": forecast.fits,
        "missing": forecast.missing,
        "left_out": list(forecast.left_out),
    }


def _expanding_brier(labels: Floats, risk: Floats, rows: pd.DataFrame) -> tuple[float | None, int]:
    """Brier score of the risk turned into a probability by a logistic curve fitted only on rows whose outcome
    was complete on the day; snapshots with too little past are left out. ``risk`` is of ordinary size."""
    from sklearn.linear_model import LogisticRegression  # a second to import: not in every process

    when, ends = (rows[name].to_numpy(dtype="datetime64[D]") for name in ("as_of", "ends_on"))
    scaled = risk.reshape(-1, 1)
    errors: list[Floats] = []
    for day in np.unique(when):
        past = ends <= day
        losses = labels[past].sum()
        if min(losses, past.sum() - losses) < _LEAST_PER_CLASS:
            continue
        now = when == day
        fitted = LogisticRegression().fit(scaled[past], labels[past])
        errors.append((fitted.predict_proba(scaled[now])[:, 1] - labels[now]) ** 2)
    if not errors:
        return None, 0
    joined = np.concatenate(errors)
    return float(joined.mean()), len(joined)


def _bands(rows: pd.DataFrame, seed: int, draws: int) -> list[dict[str, Any]]:
    rates = observed_rate_by_band(
        rows["label"], rows["band"], rows["account_id"], ORDER, n_boot=draws, seed=seed
    )
    sizes = rows["band"].value_counts()
    return [
        {
            "band": band,
            "n": int(sizes.get(band, 0)),
            "observed": rate.value,
            "low": rate.low,
            "high": rate.high,
        }
        for band, rate in rates.items()
        if band != "unknown" or sizes.get(band, 0)
    ]


def _monotone(bands: Sequence[dict[str, Any]]) -> bool:
    """Whether observed churn falls strictly from red through yellow to green, over the bands with accounts."""
    rates = [b["observed"] for b in bands if b["band"] != "unknown" and b["observed"] is not None]
    return all(worse > better for worse, better in pairwise(rates))


def _timing(rows: pd.DataFrame, outcome: Outcome) -> dict[str, Any]:
    """Lead time of the red band and the alarms a week. A silent account is lost on the day its silence is complete."""
    alarms = rows[["as_of", "account_id"]].assign(alarmed=rows["band"] == "red")
    lost = rows.loc[rows["label"] == 1, ["account_id", "lost_on"]].copy()
    if outcome.kind == "silence":
        lost["lost_on"] += pd.Timedelta(days=outcome.days)
    churns = lost.drop_duplicates().rename(columns={"lost_on": "churned_on"})
    leads = (
        lead_times(alarms, churns, LEAD_WITHIN_DAYS)["lead_days"] if len(churns) else pd.Series(dtype=float)
    )
    known = leads.dropna()
    low, median, high = known.quantile([0.25, 0.5, 0.75]).tolist() if len(known) else (None, None, None)
    if len(known) < LEAST_FOR_QUARTILES:
        low, high = None, None
    return {
        "lead_time_days": median,
        "lead_time": {
            "median": median,
            "low": low,
            "high": high,
            "churns": len(leads),
            "alarmed": len(known),
        },
        "alarms_per_week": alarms_per_week(alarms),
    }


def _missed(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Churns whose last snapshot before was not red, the best scored first."""
    lost = rows[rows["label"] == 1].sort_values("as_of").drop_duplicates("account_id", keep="last")
    missed = lost[lost["band"] != "red"].sort_values(["tenths", "account_id"], ascending=[False, True])
    return [
        {
            "account_id": int(row["account_id"]),
            "as_of": row["as_of"].date().isoformat(),
            "lost_on": row["lost_on"].date().isoformat() if pd.notna(row["lost_on"]) else None,
            "band": row["band"],
            "tenths": None if pd.isna(row["tenths"]) else int(row["tenths"]),
        }
        for row in _records(missed.head(MISSED_SHOWN))
    ]


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def band_moves(before: Snapshots | None, after: Snapshots) -> dict[str, Any]:
    """Which accounts would change band today if the draft were published."""
    if before is None:
        return {"moves": [], "move_counts": {}, "accounts_today": len(after.rows)}
    both = before.rows.merge(after.rows, on=["as_of", "account_id"], suffixes=("_before", "_after"))
    moved = both[both["band_before"] != both["band_after"]]
    counts = (moved["band_before"].astype(str) + "->" + moved["band_after"].astype(str)).value_counts()
    return {
        "moves": [
            {
                "account_id": int(row["account_id"]),
                "before": row["band_before"],
                "after": row["band_after"],
                "tenths_before": None if pd.isna(row["tenths_before"]) else int(row["tenths_before"]),
                "tenths_after": None if pd.isna(row["tenths_after"]) else int(row["tenths_after"]),
            }
            for row in _records(moved)
        ],
        "move_counts": {str(move): int(n) for move, n in counts.items()},
        "accounts_today": len(both),
    }


# -------------------------------------------------------------------------------------------- verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """``code``: too_few, worse_than_recency, no_better_than_recency, ahead_not_proved, better, or worse_than_published."""

    code: str
    text: Text


def verdict(result: dict[str, Any]) -> Verdict:
    """One plain sentence on whether the score deserves trust."""
    churned = result["churned"]
    difference = result["against_recency"]
    if churned < LEAST_CHURNS or difference["value"] is None:
        loss_en, loss_ja = (
            ("losses", "離脱") if result["outcome"].startswith("silence") else ("churns", "解約")
        )
        return Verdict(
            "too_few",
            Text(
                f"Too few {loss_en} to judge: {churned} seen, at least {LEAST_CHURNS} needed.",
                f"{loss_ja}が{churned}件しかなく、良し悪しを判断できません(少なくとも{LEAST_CHURNS}件が必要です)。",
            ),
        )
    published = result.get("against_published")
    if (
        published
        and published["value"] is not None
        and published["high"] is not None
        and published["high"] < 0
    ):
        return Verdict("worse_than_published", _worse_than_published(result, published))
    return _against_recency(result, difference)


def _against_recency(result: dict[str, Any], difference: dict[str, Any]) -> Verdict:
    score, recency = result["score"]["auc"], result["recency"]["auc"]
    low, high = difference["low"], difference["high"]
    en = f"AUC {score:.3f} against {recency:.3f} for days since last seen"
    ja = f"AUCは{score:.3f}、「最終利用からの日数」だけの場合は{recency:.3f}です"
    span_en = f"difference {difference['value']:+.3f}, 95% interval {low:+.3f} to {high:+.3f}"
    span_ja = f"差は{difference['value']:+.3f}、95%区間は{low:+.3f}〜{high:+.3f}"
    if high is not None and high < 0:
        return Verdict("worse_than_recency", Text(f"Worse than looking at days since last seen alone: {en}; {span_en}.", f"「最終利用からの日数」だけを見るより劣ります。{ja}({span_ja})。"))  # fmt: skip
    if difference["value"] <= 0:
        return Verdict("no_better_than_recency", Text(f"Not better than looking at days since last seen alone: {en}; {span_en}.", f"「最終利用からの日数」だけを見る場合と比べて良くありません。{ja}({span_ja})。"))  # fmt: skip
    if low is None or low <= 0:
        return Verdict("ahead_not_proved", Text(f"Ahead of days since last seen, but not beyond chance: {en}; {span_en}.", f"「最終利用からの日数」を上回りますが、偶然の範囲を超えるとは言えません。{ja}({span_ja})。"))  # fmt: skip
    return Verdict("better", Text(f"Better than days since last seen, beyond chance: {en}; {span_en}.", f"「最終利用からの日数」だけを見るより、偶然の範囲を超えて優れています。{ja}({span_ja})。"))  # fmt: skip


def _worse_than_published(result: dict[str, Any], difference: dict[str, Any]) -> Text:
    score, published = result["score"]["auc"], result["published"]["auc"]
    return Text(
        f"Worse than the version in force: AUC {score:.3f} against {published:.3f} (difference {difference['value']:+.3f}).",
        f"現在公開中の版より劣ります。AUCは{score:.3f}、公開中の版は{published:.3f}です(差{difference['value']:+.3f})。",
    )


def _as_json(found: Verdict) -> dict[str, str]:
    return {"code": found.code, "en": found.text.en, "ja": found.text.ja}


def _interval(found: Interval) -> dict[str, float | None]:
    return {"value": found.value, "low": found.low, "high": found.high}
