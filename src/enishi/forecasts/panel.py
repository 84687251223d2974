"""Point-in-time panels: one row per account and snapshot day, features as known that day, and what became of it.

A notebook needs nothing but the data folder::

    from datetime import date
    from enishi.forecasts import ChurnForecaster, build_panel, snapshot_days
    from enishi.kit.home import Home

    days = snapshot_days("month", date(2024, 11, 1), date(2026, 11, 1))
    panel = build_panel(Home(Path("…/enishi")), days, "churn:90")
    forecaster = ChurnForecaster(90).fit(panel)

No row sees its own future: features are read with ``known_on`` up to the end of the row's day, and records that were
told late count from the day they arrived (:mod:`enishi.forecasts.late`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from enishi.forecasts.late import without_hindsight
from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import Facts, FactSettings, Metric, duckdb_facts, panel
from enishi.metrics.records import visible
from enishi.metrics.relations import AT, spine, terms
from enishi.metrics.session import session_of

CATEGORIES = ("stage", "size", "industry", "channel", "product", "plan")
"""Attributes that enter as words; the last two are those of the contract in force with the most money."""
ROWS_AT_ONCE = 300_000
MONTHS = 36

Progress = Callable[[float, float], object]


def snapshot_days(every: str, start: date, end: date) -> list[date]:
    """Days whose end is the state a snapshot shows: a snapshot of 1 January knows what was known when it began.

    Args:
        every: ``day``, ``week``, ``month`` or ``quarter``; months and quarters by the calendar.
    """
    rule = {"day": "D", "week": "7D", "month": "MS", "quarter": "QS"}.get(every)
    if rule is None:
        raise EnishiError(
            "bad_rhythm",
            Text(f"'{every}' is no rhythm of snapshots.", f"「{every}」という間隔はありません。"),
            Text(
                "Write day, week, month or quarter.",
                "day、week、month、quarter のいずれかを指定してください。",
            ),
        )
    return [moment.date() - timedelta(days=1) for moment in pd.date_range(start, end, freq=rule)]


def training_days(as_of: date, first: date, months: int = MONTHS) -> list[date]:
    """The month-ends to learn from on a day: the last ``months`` before it, none before ``first``."""
    start = max(first, as_of - timedelta(days=round(30.44 * months)))
    return [day for day in snapshot_days("month", start, as_of + timedelta(days=1)) if start <= day < as_of]


def build_panel(
    home: Home,
    days: Sequence[date],
    outcome: str | Outcome = "churn:90",
    *,
    metrics: Sequence[Metric | str] | None = None,
    settings: FactSettings | None = None,
    known_by: date | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Features and labels of every account that counts on each day.

    Args:
        home: the data folder whose published facts are read.
        days: snapshot days, usually of :func:`snapshot_days`.
        outcome: ``churn:30``, ``churn:90``, ``churn:180`` (the earlier of notice and end of the last contract),
            ``renewal`` (the contract due next, by its date as known on the day), ``silence:180`` (bare events).
        metrics: ids, or metrics of the company's own; None for all shipped ones.
        settings: currency and words of the company.
        known_by: labels with what was known at the end of this day; None for all that is known by now.

    Returns:
        One row per ``as_of``, ``account_id``: ``label`` (1 left, 0 stayed, NaN censored: not yet known), ``lost_on``,
        ``ends_on`` (the last day of the row's horizon), a float32 column per metric (NaN unknown) and
        :data:`CATEGORIES` as categories ("" unknown).
    """
    asked = Outcome.parse(outcome) if isinstance(outcome, str) else outcome
    labels = read_labels(home, days, asked, known_by=known_by)
    with without_hindsight(home) as (honest, _):
        features = read_features(honest, days, metrics, settings, labels, progress)
    return label_rows(features, labels)


def read_features(
    home: Home,
    days: Sequence[date],
    metrics: Sequence[Metric | str] | None = None,
    settings: FactSettings | None = None,
    keep: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Metrics and attributes of all accounts as known on each day, a bounded number of rows at a time.

    Args:
        keep: only the rows with these ``as_of``, ``account_id``.
    """
    parts: list[pd.DataFrame] = []
    with duckdb_facts(home, settings) as facts:
        for chunk in in_chunks(facts, sorted(set(days))):
            part = _features(facts, chunk, metrics)
            parts.append(part if keep is None else part.merge(keep[AT], on=AT))
            if progress:
                progress(sum(part["as_of"].nunique() for part in parts), len(set(days)))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*AT, *CATEGORIES])
    return as_categories(found)


def as_categories(rows: pd.DataFrame, names: Sequence[str] = CATEGORIES) -> pd.DataFrame:
    """The rows with columns of words as categories: a tenth of their memory."""
    return rows.assign(**{name: rows[name].fillna("").astype("category") for name in names if name in rows})


def in_chunks(facts: Facts, days: Sequence[date], most: int = ROWS_AT_ONCE) -> list[list[date]]:
    """The days in groups that hold about ``most`` rows together."""
    if not days:
        return []
    s = session_of(facts, [max(days)])
    accounts = s.rows(("accounts",), lambda: spine(s).select("account_id")).num_rows
    size = max(1, most // max(accounts, 1))
    return [list(days[i : i + size]) for i in range(0, len(days), size)]


def _features(facts: Facts, days: Sequence[date], metrics: Sequence[Metric | str] | None) -> pd.DataFrame:
    rows = panel(facts, days, metrics)
    rows["as_of"] = pd.to_datetime(rows["as_of"])
    numbers = [name for name in rows.columns if name not in AT]
    rows = rows.astype(dict.fromkeys(numbers, np.float32))
    for part in _words(facts, days):
        said = rows[AT].merge(part, on=AT, how="left")
        rows = rows.assign(**{name: said[name].to_numpy() for name in part.columns if name not in AT})
    return rows


def _words(facts: Facts, days: Sequence[date]) -> list[pd.DataFrame]:
    """The attributes as known on each day: of the account, and of its main contract."""
    s = session_of(facts, days)  # of the panel just made: contracts in force are not worked out again

    def account() -> Any:
        t = visible(s, "account")
        return t.select("as_of", account_id=t.record_id, **{name: t[name] for name in CATEGORIES[:4]})

    def contract() -> Any:
        t = terms(s, AT)
        first = ibis.window(group_by=AT, order_by=[ibis.desc(t.minor, nulls_first=False), t.record_id])
        t = t.filter(t.back == 0).mutate(rank=ibis.row_number().over(first))
        return t.filter(t["rank"] == 0).select(*AT, "product", "plan")

    own = s.rows(("forecast attributes",), account).to_pandas(date_as_object=False)
    served = s.rows(("first contract",), contract).to_pandas(date_as_object=False)
    parts = [own.drop_duplicates(AT), served]
    return [part.assign(as_of=pd.to_datetime(part["as_of"])) for part in parts]


def label_rows(features: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """The rows of features that count, with what became of them."""
    found = labels.merge(features.assign(as_of=pd.to_datetime(features["as_of"])), on=AT)
    return found.sort_values(AT, kind="stable", ignore_index=True)


def learnable(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The rows whose horizon had ended by the end of a day: of the others only early losses would be known, and those
    alone would tell a wrong rate."""
    ended = pd.to_datetime(rows["ends_on"]) <= pd.Timestamp(as_of)
    return rows[ended & rows["label"].notna()].reset_index(drop=True)
