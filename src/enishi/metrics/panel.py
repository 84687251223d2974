"""The panel: every metric, for every account, on every day asked for, as known then."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from enishi.metrics.contracts import KEYS, Grain, Metric
from enishi.metrics.people import history
from enishi.metrics.registry import chosen, with_parts
from enishi.metrics.relations import RELATIONS, spine, terms
from enishi.metrics.session import Facts, Known, Session, session_of
from enishi.metrics.sources import first_known

CHUNK = 60  # days evaluated together: bounds memory, not the result


def panel(
    facts: Facts,
    days: Sequence[date],
    metrics: Sequence[Metric | str] | None = None,
    grain: Grain = "account",
    accounts: Sequence[int] | None = None,
    known: Known = "then",
) -> pd.DataFrame:
    """Metrics as of days.

    Args:
        days: any days, past or present; each is answered with what was known at its end.
        metrics: ids or metrics (also a company's own); None for all shipped ones. Metrics which do not exist
            at the grain are left out.
        grain: one row per account, per account and product, or per account and person (``user_no``).
        accounts: keep only these.
        known: ``then``, or ``now`` for past days seen with today's knowledge.

    Returns:
        One row per ``(as_of, account_id[, product | user_no])``, sorted by them, for accounts that existed on
        that day; a float column per metric (money in whole minor units), NaN where unknown.
    """
    wanted = [m for m in chosen(metrics) if grain in m.grains]
    unique = sorted(set(days))
    few = facts if accounts is None else facts.scoped(accounts)
    try:
        parts = [
            _panel(session_of(few, unique[i : i + CHUNK], known), wanted, grain, accounts)
            for i in range(0, len(unique), CHUNK)
        ]
    finally:
        few.close_if_not(facts)
    if not parts:
        return pd.DataFrame(columns=[*KEYS[grain], *(m.id for m in wanted)])
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _panel(s: Session, wanted: list[Metric], grain: Grain, accounts: Sequence[int] | None) -> pd.DataFrame:
    keys = KEYS[grain]
    all_of_them = with_parts(wanted)
    index = _frame(_rows_of(s, grain), keys)
    if accounts is not None:
        index = index[index.index.get_level_values("account_id").isin(list(accounts))]
    columns = [index]
    by_relation = sorted((m for m in all_of_them if m.parts), key=lambda m: m.relation)
    for relation, group in groupby(by_relation, key=lambda m: m.relation):
        columns.append(_measured(s, relation, list(group), keys).reindex(index.index))
    frame = pd.concat(columns, axis=1)
    known = _has_sources(s, all_of_them, frame)
    for metric in all_of_them:
        value = _value(metric, frame, known)
        frame[metric.id] = value.where(_events_kept(s, metric, frame)) if "events" in metric.needs else value
    found = frame[[m.id for m in wanted]].reset_index()
    found["as_of"] = found["as_of"].dt.date.astype(object)
    return found


def _rows_of(s: Session, grain: Grain) -> pa.Table:
    """The keys of the panel: accounts; what they bought or used; who used it."""
    keys = KEYS[grain]
    if grain == "account":
        return s.rows(("rows", grain), lambda: spine(s).select(keys))
    used = history(s, keys)
    if grain == "user":
        return s.rows(("rows", grain), lambda: used.filter(used.user_no > 0).select(keys))
    bought = terms(s, keys)
    return s.rows(("rows", grain), lambda: used.select(keys).union(bought.select(keys), distinct=True))


def _measured(s: Session, relation: str, metrics: list[Metric], keys: list[str]) -> pd.DataFrame:
    def build() -> Any:
        t = (metrics[0].build or RELATIONS[relation])(s, keys)
        return t.group_by(keys).aggregate(**{n: f(t) for m in metrics for n, f in m.columns().items()})

    key: Hashable = ("metrics", relation, tuple(keys), tuple(m.id for m in metrics))
    return _frame(s.rows(key, build), keys)


def _frame(rows: pa.Table, keys: list[str]) -> pd.DataFrame:
    frame = rows.to_pandas(date_as_object=False)  # instants sort and join faster than date objects
    values = [name for name in frame.columns if name not in keys]
    frame[values] = frame[values].astype(float)
    return frame.set_index(keys).sort_index()


def _has_sources(s: Session, metrics: list[Metric], frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Per source: on which rows its silence means "nothing happened" rather than "nobody knows"."""
    sources = {need for metric in metrics for need in metric.needs}
    days = frame.index.get_level_values("as_of").to_series(index=frame.index)
    found = {}
    for source in sources - {"events"}:
        first = first_known(s, source)
        found[source] = days >= pd.Timestamp(first) if first else pd.Series(False, index=frame.index)
    if "usage" in sources:
        found["usage"] = _ever_used(s, frame)
    return found


def _ever_used(s: Session, frame: pd.DataFrame) -> pd.Series[Any]:
    """Usage is known per account: an account no use ever led to may simply not be connected."""
    keys = KEYS["account"]
    used = _frame(s.rows(("ever used",), lambda: history(s, keys).select(keys)), keys).index
    have = pd.MultiIndex.from_arrays([frame.index.get_level_values(key) for key in keys], names=keys)
    return pd.Series(have.isin(used), index=frame.index)


def _value(metric: Metric, frame: pd.DataFrame, known: dict[str, pd.Series[Any]]) -> pd.Series[Any]:
    value = metric.finish(frame) if metric.finish else frame[metric.id]
    if metric.null == "zero":
        value = value.fillna(0.0)
    for need in set(metric.needs) & set(known):
        value = value.where(known[need])
    return value.astype(float)


def _events_kept(s: Session, metric: Metric, frame: pd.DataFrame) -> Any:
    """Where retention has dropped raw events, a metric over them is unknown for windows that reach there."""
    raw_from: date | None = getattr(s.facts.files, "raw_from", None)
    if raw_from is None:
        return np.full(len(frame), True)
    if metric.window is None:
        return np.full(len(frame), False)
    first = pd.Timestamp(raw_from + timedelta(days=metric.window - 1))
    return frame.index.get_level_values("as_of") >= first
