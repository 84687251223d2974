"""Whether the ranges of the revenue forecast hold what came, on companies of other seeds than the sample's.

``python -m tests.bench.coverage [--companies 20] [--accounts 400] [--months 24] [--every 3] [--first-seed 21]`` draws that many
companies as ``make run`` draws one, forecasts the MRR of each as of past months' ends by what was known then, and prints the
shares held by the 50, 80 and 95 % ranges 1, 3, 6 and 12 months ahead. Base rates alone speak: no churn model is fitted.
``bias`` is what came less what was expected, ``spread`` its standard deviation, ``said`` that of the draws; all as shares
of the MRR of the day. It is no part of ``make bench``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from examples.sample_company.money import YEN_PER_DOLLAR, subscription_rows
from examples.sample_company.sample import Sample
from examples.sample_company.world import customer

from enishi.forecasts.coverage import trial
from enishi.forecasts.evaluation import wilson
from enishi.forecasts.leaving import leaving
from enishi.forecasts.simulation import LEVELS, compose, simulate
from enishi.forecasts.standing import standing
from enishi.forecasts.turnover import TooLittle, contracts_lost, learn_turnover, notice_lag
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import movements, mrr_at
from enishi.metrics.subscriptions import stretches

MONTHS_AHEAD = (1, 3, 6, 12)
DRAWS = 400
_DAYS = ("valid_on", "started_on", "ended_on", "notice_on", "renewal_on", "recorded_on", "told_end")


def versions(sample: Sample) -> pd.DataFrame:
    """Every change of terms of every contract, as ``subscription`` records tell them."""
    rows: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}
    for index in range(sample.accounts):
        who = customer(sample, index)
        for row in subscription_rows(sample, who, sample.until) if who.since <= sample.until else ():
            yen = float(row["amount"]) * (YEN_PER_DOLLAR if row["currency"] == "USD" else 1)
            rows.append(
                {"record_id": numbers.setdefault(row["id"], len(numbers) + 1), "version_id": len(rows) + 1,
                 "account_id": index + 1, "minor": round(yen / (12 if row["interval"] == "year" else 1)), "currency": "JPY",
                 "valid_on": row["effective_on"], "recorded_on": row["effective_on"], "told_end": None, "deleted": False,
                 **{name: row[name] for name in ("product", "plan", "seats", "term_months", "started_on", "renewal_on")},
                 **{name: row.get(name) for name in ("ended_on", "notice_on")}, "end_reason": row.get("end_reason", "")}
            )  # fmt: skip
    return pd.DataFrame(rows).astype(dict.fromkeys(_DAYS, object))


def as_known(told: pd.DataFrame, day: date) -> pd.DataFrame:
    """Stretches of terms as known at the end of a day: an end is known from its notice on."""
    seen = told[told["valid_on"] <= day].copy()
    late = seen["notice_on"].map(lambda on: isinstance(on, date) and on > day)
    seen.loc[late, ["ended_on", "notice_on"]] = None
    columns = {name: _column(name, seen[name]) for name in seen.columns}
    return stretches(pa.table(columns))


def _column(name: str, values: pd.Series[Any]) -> pa.Array:
    if name in _DAYS:
        return pa.array([one if isinstance(one, date) else None for one in values], pa.date32())
    if name in ("seats", "term_months", "minor"):
        return pa.array([None if pd.isna(one) else int(one) for one in values], pa.int64())
    return pa.array(list(values))


def trials(known: dict[date, pd.DataFrame], every: int) -> Iterator[dict[str, Any]]:
    """One row per past day and number of months ahead."""
    ends = sorted(known)
    books, final = {end: standing(known[end], end, 6) for end in ends}, movements(known[ends[-1]])
    for day in ends[6:-1:every]:
        past = [books[end] for end in ends if end < day]
        lost = contracts_lost(known[day], day)
        learned = learn_turnover(past, movements(known[day]), day, notice_lag(known[day]), lost)
        if isinstance(learned, TooLittle):
            continue
        book = standing(known[day], day, max(MONTHS_AHEAD))
        paths, opening = compose(simulate(book, leaving(book, learned), learned, draws=DRAWS)), book.now.sum()
        for months in MONTHS_AHEAD:
            end = add_months(day + timedelta(days=1), months)
            if end - timedelta(days=1) > ends[-1]:
                break
            drawn, came = paths.mrr[:, months - 1], float(mrr_at(final, end - timedelta(days=1)).sum())
            one = trial(day, day, end, "mrr", drawn, came)
            held = {f"{share:.0%}": one.inside(place) for place, share in enumerate(LEVELS)}
            yield {
                "months": months,
                **held,
                "bias": (came - one.middle) / opening,
                "said": drawn.std() / opening,
            }


def report(rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for months, mine in rows.groupby("months"):
        line: dict[str, Any] = {"months ahead": months, "forecasts": len(mine)}
        for share in LEVELS:
            held = wilson(int(mine[f"{share:.0%}"].sum()), len(mine))
            line[f"{share:.0%}"] = f"{held.value:.0%} ({held.low:.0%}-{held.high:.0%})"
        line |= {"bias": mine["bias"].mean(), "spread": np.std(mine["bias"]), "said": mine["said"].mean()}
        found.append(line)
    return pd.DataFrame(found).round(4)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, usual in (
        ("companies", 20),
        ("accounts", 400),
        ("months", 24),
        ("every", 3),
        ("first-seed", 21),
    ):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args(arguments)
    first = date(2024, 11, 1)
    until = add_months(first, asked.months) - timedelta(days=1)
    found = []
    for seed in range(asked.first_seed, asked.first_seed + asked.companies):
        told = versions(Sample(until, asked.accounts, asked.months, seed, first_day=first))
        ends = [add_months(first, month + 1) - timedelta(days=1) for month in range(asked.months)]
        found += list(trials({end: as_known(told, end) for end in ends}, asked.every))
        print(f"company {seed - asked.first_seed + 1} of {asked.companies}", flush=True)
    print(report(pd.DataFrame(found)).to_string(index=False))


if __name__ == "__main__":
    main()
