"""A company's own metrics, made from building blocks over its events.

A definition is data (:mod:`enishi.metrics.definitions`): names and values in it reach an engine only as
literals of an expression or as a checked property path, never as text of a query. Without property filters a
metric is evaluated over the daily counts, otherwise over the events themselves.

>>> metric = compile_metric({
...     "id": "big_exports_28", "title": {"en": "Big exports", "ja": "大量出力"}, "type": "count",
...     "events": ["Export Made"], "where": [{"property": "rows", "op": "ge", "value": 1000}], "window": 28,
... })
>>> metric.id, metric.unit, metric.window
('big_exports_28', 'events', 28)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

import ibis
import numpy as np
import pandas as pd

from enishi.metrics.contracts import Grain, Metric, NullMeaning
from enishi.metrics.definitions import Block, Condition, Declared, parse
from enishi.metrics.panel import panel
from enishi.metrics.people import known_by, with_account
from enishi.metrics.session import Facts, Session
from enishi.metrics.usage import TREND_BOUND, TREND_PRIOR

_SCALE = 1_000_000  # sums of properties are exact to six decimals
_NUMBER = r"^[ ]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})?[ ]*$"
_LARGEST = 1e12


def compile_metric(definition: Mapping[str, Any]) -> Metric:
    """A metric from a definition. It is used like a shipped one; its past is :func:`panel` over past days.

    Args:
        definition: id, title, type (count, distinct, sum, last, days_since, ratio, trend) and, as the type
            needs: events (names; none: all), where (``[{property, op, value}]``, all must hold), window (days,
            default 28), of (distinct: users, days, features, property), property (dotted path), above and below
            (ratio: two blocks), of (trend: a block); help, unit, direction, null, grain, freshness_days.

    Raises:
        EnishiError: ``invalid_metric``, with every wrong place in ``fields``.
    """
    d = parse(definition)
    if d.type == "ratio":
        return _ratio(d)
    if d.type == "trend":
        return _trend(d)
    block = d.blocks[0]
    return _metric(d, d.id, block, null=cast(NullMeaning, d.null), window=block.window)


def preview_metric(
    facts: Facts, definition: Mapping[str, Any], days: Sequence[date], accounts: Sequence[int] | None = None
) -> pd.DataFrame:
    """A definition's values for chosen accounts on chosen days, without saving it."""
    return panel(facts, days, [compile_metric(definition)], accounts=accounts)


def _metric(d: Declared, id: str, block: Block, **more: Any) -> Metric:
    scaled = block.type in ("sum", "last")
    return Metric(
        id,
        d.title,
        d.help,
        d.unit,
        relation=f"custom:{d.digest}:{id}",
        build=lambda s, keys: _relation(s, keys, block),
        parts={"": lambda t: t.amount.sum()} if not scaled else {"scaled": lambda t: t.amount.sum()},
        finish=(lambda f: f[f"{id}:scaled"].astype(float) / _SCALE) if scaled else None,
        needs=("usage", "events") if block.raw else ("usage",),
        direction=d.direction,
        grains=cast("tuple[Grain, ...]", d.grains),
        freshness_days=d.freshness_days,
        family="custom",
        custom=True,
        **more,
    )


def _ratio(d: Declared) -> Metric:
    names = (f"{d.id}~above", f"{d.id}~below")
    helpers = [_metric(d, n, b, null="zero", window=b.window) for n, b in zip(names, d.blocks, strict=True)]

    def finish(f: pd.DataFrame) -> pd.Series[Any]:
        below = f[names[1]].astype(float)
        return f[names[0]].astype(float) / below.where(below != 0)

    return _composed(d, helpers, finish, names)


def _trend(d: Declared) -> Metric:
    names = (f"{d.id}~now", f"{d.id}~before")
    helpers = [_metric(d, n, b, null="zero", window=b.window) for n, b in zip(names, d.blocks, strict=True)]
    window = d.blocks[0].window or 28

    def finish(f: pd.DataFrame) -> pd.Series[Any]:
        now, before = f[names[0]].astype(float), f[names[1]].astype(float)
        logs = np.log((now.clip(lower=0) + TREND_PRIOR) / (before.clip(lower=0) + TREND_PRIOR))
        ratio = pd.Series(logs, index=f.index)
        old = f["days_since_first_use"].astype(float) >= 2 * window - 1
        return ratio.clip(-TREND_BOUND, TREND_BOUND).where(old)

    return _composed(d, helpers, finish, (*names, "days_since_first_use"))


def _composed(d: Declared, helpers: list[Metric], finish: Any, of: tuple[str, ...]) -> Metric:
    longest = max((b.window or 0) + b.offset for b in d.blocks)
    return Metric(
        d.id,
        d.title,
        d.help,
        d.unit,
        relation=f"custom:{d.digest}",
        finish=finish,
        of=of,
        helpers=tuple(helpers),
        needs=("usage", "events") if any(b.raw for b in d.blocks) else ("usage",),
        direction=d.direction,
        null=cast(NullMeaning, d.null),
        grains=cast("tuple[Grain, ...]", d.grains),
        window=longest or None,
        freshness_days=d.freshness_days,
        family="custom",
        custom=True,
    )


def _relation(s: Session, keys: list[str], block: Block) -> Any:
    """The rows a block adds up: one column ``amount`` beside the keys."""
    t = _rows(s, block)
    if block.type == "count":
        return t.select(*keys, amount=t.n)
    if block.type == "distinct":
        return _distinct(t, keys, block)
    if block.type == "days_since":
        return t.group_by(keys).aggregate(amount=t.ago.min())
    value = _number(t.p0)
    t = t.mutate(amount=(value * _SCALE).round().cast("int64")).filter(value.abs() < _LARGEST)
    if block.type == "sum":
        return t.select(*keys, "amount")
    newest = t.group_by(keys).aggregate(occurred_at=t.occurred_at.max())
    return t.join(newest, [*keys, "occurred_at"]).group_by(keys).aggregate(amount=ibis._.amount.max())


def _distinct(t: Any, keys: list[str], block: Block) -> Any:
    column = {"users": "user_no", "days": "ago", "features": "event", "property": "p0"}[block.of]
    t = t.filter(t.user_no > 0) if column == "user_no" else t.filter(t[column].notnull())
    each = t.group_by(list(dict.fromkeys([*keys, column]))).aggregate(rows=t.count())
    return each.select(*keys, amount=ibis.literal(1, "int64"))


def _rows(s: Session, block: Block) -> Any:
    """The events of a block within its days, at the accounts they belonged to then."""
    back = None if block.window is None else block.window + block.offset
    t = _events(s, block, back)
    if block.events:
        t = t.filter(t.event.isin(list(block.events)))
    for number, condition in enumerate(block.where, start=1):
        t = t.filter(_holds(t[f"p{number}"], condition))
    if back is None:
        d = s.asof
        t = t.join(d, t.day <= d.as_of)
        t = t.mutate(ago=t.as_of.delta(t.day, unit="day"))
    else:
        t = t.join(s.windows(back), "day")
        t = t.filter(t.ago >= block.offset) if block.offset else t
    return with_account(s, known_by(s, t).drop("known_on"))


def _events(s: Session, block: Block, back: int | None) -> Any:
    shared = ["day", "known_on", "group_no", "user_no", "event", "product"]
    if not block.raw:
        u = s.usage(back)
        return u.select(*shared, "n")
    paths = (block.path or ("",), *(c.path for c in block.where))
    t = s.properties(back, paths)
    t = t.filter(t.type.isin(["track", "page", "screen"]))
    texts = [f"p{i}" for i in range(len(paths))]
    return t.select(*shared, "occurred_at", *texts, n=ibis.literal(1, "int64"))


def _number(text: Any) -> Any:
    """The number a JSON text is, or null: only plain decimal numbers, so that engines cannot differ."""
    return text.re_search(_NUMBER).ifelse(text.try_cast("float64"), ibis.null("float64"))


def _holds(text: Any, c: Condition) -> Any:
    """A condition over the text of a property. An event without the property satisfies only ``ne`` and
    ``exists: false``."""
    if c.op == "exists":
        return text.isnull() if c.value is False else text.notnull()
    if c.op == "contains":
        return text.contains(c.value).coalesce(False)
    if c.op == "in":
        return _equals_any(text, c.value)
    if c.op == "eq":
        return _equals_any(text, (c.value,))
    if c.op == "ne":
        return ~_equals_any(text, (c.value,))
    number, limit = _number(text), float(c.value)
    compared = {"gt": number > limit, "ge": number >= limit, "lt": number < limit, "le": number <= limit}
    return compared[c.op].coalesce(False)


def _equals_any(text: Any, values: Sequence[Any]) -> Any:
    if isinstance(values[0], bool):
        return text.isin([str(v).lower() for v in values]).coalesce(False)
    if isinstance(values[0], str):
        return text.isin(list(values)).coalesce(False)
    return _number(text).isin([float(v) for v in values]).coalesce(False)
