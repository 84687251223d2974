"""Like with like: what an account is, and where it stands among accounts of its kind and age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from enishi.kit.text import Text
from enishi.metrics.panel import panel
from enishi.metrics.records import visible
from enishi.metrics.relations import AT, terms
from enishi.metrics.session import Facts, Known, Session

#: Tenure stages: from this many days as a customer on.
STAGES: tuple[tuple[str, int, Text], ...] = (
    ("first_quarter", 0, Text("First 90 days", "最初の90日")),
    ("first_year", 90, Text("First year", "1年目")),
    ("second_year", 365, Text("Second year", "2年目")),
    ("later", 730, Text("Third year and later", "3年目以降")),
)

#: Groups of peers from narrow to wide; the first that is large enough is used.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("product", "plan", "size", "tenure_stage"),
    ("product", "plan", "tenure_stage"),
    ("product", "tenure_stage"),
    ("tenure_stage",),
    (),
)
LEAST_PEERS = 20
_FIELDS = ("size", "industry", "region", "country", "stage", "owner", "channel")


def tenure_stage(days: float) -> str:
    """The stage of so many days as a customer; "" where unknown."""
    reached = [name for name, first, _ in STAGES if days >= first]
    return reached[-1] if reached else ""


def attributes(facts: Facts, days: Sequence[date], known: Known = "then") -> pd.DataFrame:
    """What each account was on each day.

    Returns:
        One row per ``(as_of, account_id)``: product and plan (those of the subscription in force with the most
        MRR), size, industry, region, country, stage, owner, channel, tenure_days, tenure_stage; "" where unknown.
    """
    found = panel(facts, days, ["tenure_days"], known=known)
    s = Session(facts, days, known)
    records = s.rows(("attributes",), lambda: _records(s)).to_pandas(date_as_object=True)
    found = found.merge(records, on=AT, how="left").merge(_main_contract(s), on=AT, how="left")
    found["tenure_stage"] = [tenure_stage(d) for d in found["tenure_days"]]
    words = [*_FIELDS, "product", "plan"]
    found[words] = found[words].astype(object).fillna("")
    return found


def _records(s: Session) -> Any:
    t = visible(s, "account")
    return t.select("as_of", account_id=t.record_id, **{name: t[name] for name in _FIELDS})


def _main_contract(s: Session) -> pd.DataFrame:
    def build() -> Any:
        t = terms(s, AT)
        return t.filter(t.back == 0).select(*AT, "record_id", "minor", "product", "plan")

    rows = s.rows(("main contract",), build).to_pandas(date_as_object=True)
    rows = rows.sort_values([*AT, "minor", "record_id"], ascending=[True, True, False, True], kind="stable")
    return rows.drop_duplicates(AT)[[*AT, "product", "plan"]]


def peer_percentiles(
    values: pd.DataFrame,
    attributes: pd.DataFrame,
    metrics: Sequence[str] | None = None,
    least: int = LEAST_PEERS,
) -> pd.DataFrame:
    """Where each value stands among peers of the same day: 0 (lowest) to 100 (highest), ties in the middle.

    Peers are the accounts of the same product, plan, size and tenure stage with a known value; a group with
    fewer than ``least`` of them is widened step by step (:data:`LEVELS`), at last to everyone.

    Args:
        values: a panel (as_of, account_id and metrics).
        attributes: :func:`attributes` of the same days.
        metrics: columns of ``values``; None for all.

    Returns:
        The keys, and per metric ``M`` the percentile in column ``M``, the number of peers in ``M:peers`` and how
        wide the group is (0 narrowest) in ``M:level``. Percentile NaN where the value is unknown.
    """
    wanted = list(metrics) if metrics is not None else [c for c in values.columns if c not in AT]
    groups = sorted({name for level in LEVELS for name in level})
    frame = values[[*AT, *wanted]].merge(attributes[[*AT, *groups]], on=AT, how="left")
    frame[groups] = frame[groups].astype(object).fillna("")
    columns: dict[str, Any] = {}
    for metric in wanted:
        columns |= _standing(frame, metric, least)
    return pd.concat([frame[AT], pd.DataFrame(columns, index=frame.index)], axis=1)


def _standing(frame: pd.DataFrame, metric: str, least: int) -> dict[str, np.ndarray]:
    value = frame[metric].astype(float)
    percentile = np.full(len(frame), np.nan)
    peers, level_of = np.zeros(len(frame)), np.full(len(frame), np.nan)
    open_rows = value.notna().to_numpy(copy=True)
    for number, level in enumerate(LEVELS):
        by = frame.groupby(["as_of", *level], sort=False)[metric]
        size = by.transform("count").to_numpy()
        rank = by.rank(method="average").to_numpy()
        chosen = open_rows & ((size >= least) | (number == len(LEVELS) - 1))
        percentile[chosen] = 100 * (rank[chosen] - 0.5) / size[chosen]
        peers[chosen], level_of[chosen] = size[chosen], number
        open_rows &= ~chosen
    return {metric: percentile, f"{metric}:peers": peers, f"{metric}:level": level_of}
