"""The panel: every metric, for every account, on every day asked for, as known then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from enishi.metrics.contracts import KEYS, UNKNOWN, Grain, Metric
from enishi.metrics.people import history
from enishi.metrics.registry import chosen, with_parts
from enishi.metrics.relations import RELATIONS, contracts_begun, recorded, spine, terms
from enishi.metrics.session import Facts, Known, Session, session_of
from enishi.metrics.sources import RECORDS, first_known

CHUNK = 60  # days evaluated together: bounds memory, not the result
PLACES = "panel_rows"  # the rows of the panel being made, numbered


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
    rows = _index(s, grain, accounts)
    columns: dict[str, Any] = {}
    by_relation = sorted((m for m in all_of_them if m.parts), key=lambda m: m.relation)
    for relation, group in groupby(by_relation, key=lambda m: m.relation):
        columns |= _measured(s, relation, list(group), keys, len(rows))
    frame = pd.DataFrame(columns, index=rows.index)
    known = _has_sources(s, all_of_them, rows)
    values: dict[str, pd.Series[Any]] = {}
    for metric in all_of_them:
        value = _value(metric, frame, known)
        value = value.where(_events_kept(s, metric, rows)) if "events" in metric.needs else value
        frame[metric.id] = values[metric.id] = value
    rows["as_of"] = rows["as_of"].dt.date.astype(object)
    return pd.concat([rows, pd.DataFrame({m.id: values[m.id] for m in wanted}, index=rows.index)], axis=1)


def _index(s: Session, grain: Grain, accounts: Sequence[int] | None) -> pd.DataFrame:
    """The keys of the panel's rows in order; the engine knows them with their places (:func:`_places`)."""
    keys = KEYS[grain]
    rows = _rows_of(s, grain)
    if accounts is not None:
        rows = rows.filter(pc.is_in(rows["account_id"], pa.array(list(accounts), pa.int64())))
    rows = rows.select(keys).sort_by([(key, "ascending") for key in keys])
    s.engine.put(PLACES, rows.append_column("place", pa.array(np.arange(rows.num_rows))))
    return rows.to_pandas(date_as_object=False)


def _places(keys: list[str]) -> Any:
    kinds = {"as_of": "date", "product": "string"}
    return ibis.table({**{key: kinds.get(key, "int64") for key in keys}, "place": "int64"}, name=PLACES)


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


def _measured(
    s: Session, relation: str, metrics: list[Metric], keys: list[str], size: int
) -> dict[str, np.ndarray]:
    """The columns of a relation's metrics, in the order of the panel's rows."""

    def build() -> Any:
        t = (metrics[0].build or RELATIONS[relation])(s, keys)
        parts = {name: part(t).cast("float64") for m in metrics for name, part in m.columns().items()}
        return _places(keys).join(t.group_by(keys).aggregate(**parts), keys).select("place", *parts)

    rows = s.rows(("metrics", relation, tuple(keys), tuple(m.id for m in metrics)), build)
    place = rows["place"].to_numpy()
    columns = {name: np.full(size, np.nan) for name in rows.column_names if name != "place"}
    for name, column in columns.items():
        column[place] = rows[name].to_numpy()
    return columns


def _has_sources(s: Session, metrics: list[Metric], rows: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Per source: on which rows its silence means "nothing happened" rather than "nobody knows"."""
    sources = {need for metric in metrics for need in metric.needs}
    found = {}
    for source in sources - {"events"}:
        if relation := _PER_ACCOUNT.get(source):
            found[source] = _spoken_of(s, source, relation, rows)
        else:
            found[source] = _heard(s, source, rows)
    # One of which no record of any kind speaks, where records speak of others, may be no customer but a mistyped id.
    if of_records := [
        source for source in found if source.startswith("record_") and source not in _PER_ACCOUNT
    ]:
        spoken = _spoken_of(s, RECORDS, lambda s: recorded(s, KEYS["account"]), rows) | ~_heard(
            s, RECORDS, rows
        )
        found |= {source: found[source] & spoken for source in of_records}
    return found


def _heard(s: Session, source: str, rows: pd.DataFrame) -> pd.Series[Any]:
    """The rows of days by which anything of a source was known, of whatever account."""
    first = first_known(s, source)
    return rows["as_of"] >= pd.Timestamp(first) if first else pd.Series(False, index=rows.index)


# An account no use ever led to may simply not be connected, and one without any contract not be imported yet.
_PER_ACCOUNT: dict[str, Callable[[Session], Any]] = {
    "usage": lambda s: history(s, KEYS["account"]),
    "record_subscription": contracts_begun,
}


def _spoken_of(
    s: Session, source: str, relation: Callable[[Session], Any], rows: pd.DataFrame
) -> pd.Series[Any]:
    """The rows of accounts the source had ever said anything of."""
    keys = list(rows.columns)

    def build() -> Any:
        return _places(keys).semi_join(relation(s), KEYS["account"]).select("place")

    spoken = np.full(len(rows), False)
    spoken[s.rows(("ever spoken of", source, tuple(keys)), build)["place"].to_numpy()] = True
    return pd.Series(spoken, index=rows.index)


def _value(metric: Metric, frame: pd.DataFrame, known: dict[str, pd.Series[Any]]) -> pd.Series[Any]:
    value = metric.finish(frame) if metric.finish else frame[metric.id]
    if metric.null == "zero":
        value = value.fillna(0.0)
    if (unknown := f"{metric.id}:{UNKNOWN}") in frame:
        value = value.where(~(frame[unknown] > 0))
    for need in set(metric.needs) & set(known):
        value = value.where(known[need])
    return value.astype(float)


def _events_kept(s: Session, metric: Metric, rows: pd.DataFrame) -> Any:
    """Where retention has dropped raw events, a metric over them is unknown for windows that reach there."""
    raw_from: date | None = getattr(s.facts.files, "raw_from", None)
    if raw_from is None:
        return np.full(len(rows), True)
    if metric.window is None:
        return np.full(len(rows), False)
    first = pd.Timestamp(raw_from + timedelta(days=metric.window - 1))
    return rows["as_of"] >= first
