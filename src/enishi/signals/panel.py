"""The frame everything is judged from: metrics, attributes, topics and what people stated, as known on each day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from enishi.accounts.company import company_zone, get_company
from enishi.accounts.models import Account
from enishi.kit.clock import end_of_day
from enishi.kit.home import Home
from enishi.metrics.api import Facts, FactSettings, Metric, duckdb_facts, freshness, panel
from enishi.signals.asof import KnownRecords, count_mentions, match_topics, read_attributes
from enishi.signals.context import Rules
from enishi.signals.derived import add_derived, common_dips, latest_dip
from enishi.signals.hooks import tiers_on
from enishi.signals.models import ManualMeasure
from enishi.signals.stages import derive_stages

ATTRIBUTES = ("stage", "size", "industry", "product", "plan", "tier")


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows (``as_of``, ``account_id``) with every column the rules may name, and the topics' texts."""

    rows: pd.DataFrame
    mentions: pd.DataFrame


def read_frame(
    home: Home,
    days: Sequence[date],
    rules: Rules,
    *,
    records: KnownRecords,
    accounts: Collection[int] | None = None,
    every_metric: bool = False,
) -> Frame:
    """Everything the rules need for the given days.

    Args:
        accounts: only these, on one day; None for all. Peer percentiles need all.
        every_metric: also the metrics no rule names, for the lists and pages of today.
    """
    metrics = list(rules.metrics.values()) if every_metric else rules.named_metrics()
    metrics = metrics + [side for m in metrics if m.compared for side in (m.compared.now, m.compared.before)]
    rows = _read_metrics(home, days, metrics, accounts)
    rows = _add_attributes(rows, records, days)
    rows["stage"] = derive_stages(rows, rules.stages)
    rows = _add_manual(rows, rules)
    rows = add_derived(rows, common_dips(rows) if accounts is None else latest_dip(max(days)))
    topics = rules.causes.topics
    mentions = match_topics(records, topics, max(days)) if topics else pd.DataFrame()
    if topics:
        rows = pd.concat([rows, count_mentions(records, mentions, topics, rows)], axis=1)
    return Frame(rows, mentions)


def living_accounts() -> set[int]:
    """Accounts that are neither deleted nor merged away."""
    return set(Account.objects.filter(deleted_at=None, merged_into=None).values_list("pk", flat=True))


def known_accounts() -> set[int]:
    """Every account there is, also those deleted or merged since: who stood on a past day is for the facts to say."""
    return set(Account.objects.values_list("pk", flat=True))


def living_rows(frame: Frame) -> Frame:
    """The frame without the rows of accounts that are gone: for today, where the application is ahead of the facts."""
    return rows_of(frame, living_accounts())


def rows_of(frame: Frame, accounts: set[int]) -> Frame:
    kept = frame.rows[frame.rows["account_id"].isin(accounts)].reset_index(drop=True)
    return Frame(kept, frame.mentions)


def company_facts(home: Home) -> Facts:
    """The published facts, read with the company's settings."""
    return duckdb_facts(home, FactSettings(currency=get_company().currency))


def _read_metrics(
    home: Home, days: Sequence[date], metrics: Sequence[Metric], accounts: Collection[int] | None
) -> pd.DataFrame:
    wanted = None if accounts is None else list(accounts)
    with company_facts(home) as facts:
        rows = panel(facts, list(days), metrics, grain="account", accounts=wanted)
        ages = freshness(facts, list(days), wanted)
    rows = _add_ages(rows, ages, metrics)
    rows["as_of"] = pd.to_datetime(rows["as_of"])
    return rows.reset_index(drop=True)


def _add_ages(rows: pd.DataFrame, ages: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """``age:<metric>``: days since the newest fact behind each value (of the account, or of the source at all)."""
    newest = rows[["as_of", "account_id"]].merge(ages, on=["as_of", "account_id"], how="left")
    as_of = pd.to_datetime(newest["as_of"])
    by_source: dict[str, Any] = {}
    added = {}
    for metric in metrics:
        source = metric.needs[0] if metric.needs else ""
        column_name = source if metric.freshness_of == "account" else f"feed:{source}"
        if column_name not in newest.columns:
            continue
        if column_name not in by_source:
            age = (as_of - pd.to_datetime(newest[column_name])).dt.days
            by_source[column_name] = age.to_numpy(dtype=float, na_value=np.nan)
        added[f"age:{metric.id}"] = by_source[column_name]
    return pd.concat([rows.reset_index(drop=True), pd.DataFrame(added, index=range(len(rows)))], axis=1)


def _add_attributes(rows: pd.DataFrame, records: KnownRecords, days: Sequence[date]) -> pd.DataFrame:
    attributes = read_attributes(records, days)
    if attributes.empty:
        rows = rows.assign(**dict.fromkeys(ATTRIBUTES, ""), had_contract=False, days_since_contract=np.nan)
    else:
        rows = rows.merge(attributes, on=["as_of", "account_id"], how="left")
        rows["tier"] = ""
    for day in days:
        if tiers := tiers_on(day):
            on_day = rows["as_of"] == pd.Timestamp(day)
            rows.loc[on_day, "tier"] = rows.loc[on_day, "account_id"].map(tiers)
    for name in ATTRIBUTES:
        rows[name] = rows[name].fillna("").astype(object)
    return rows


def _add_manual(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """One column per manual measure: what a person last stated, until it expires."""
    names = {m.id for card in rules.cards for m in card.body.measures if m.manual}
    if not names:
        return rows
    stated = list(ManualMeasure.objects.filter(measure__in=names).order_by("made_at"))
    added = {f"manual:{name}": np.full(len(rows), np.nan) for name in names}
    for day in rows["as_of"].unique() if stated else ():
        values = _stated_on(stated, pd.Timestamp(day).date())
        on_day = (rows["as_of"] == day).to_numpy()
        accounts = rows.loc[on_day, "account_id"]
        for name in names:
            by_account = {account: value for (account, measure), value in values.items() if measure == name}
            added[f"manual:{name}"][on_day] = accounts.map(by_account).astype(float)
    return rows.assign(**added)


def _stated_on(stated: Sequence[ManualMeasure], day: date) -> dict[tuple[int, str], float]:
    limit = end_of_day(day, company_zone())
    return {
        (row.account_id, row.measure): row.value
        for row in stated
        if row.made_at < limit and row.expires_on >= day
    }


def day_end(day: date) -> datetime:
    """The first instant after a company day."""
    return end_of_day(day, company_zone())


def week_before(day: date) -> date:
    return day - timedelta(days=7)
