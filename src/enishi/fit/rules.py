"""From what is known of customers to their fit, its reasons, and the test against what came. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from enishi.definitions.fit import FIT_FACTS, START_DAYS, Fit, FitAxis, FitInput
from enishi.fit.contracts import SALE, Book, Judged, Told
from enishi.forecasts.fitness import (
    YEAR,
    Fitness,
    Part,
    after_a_year,
    band_of,
    check_against_history,
    score_fit,
    suggest_weights,
)
from enishi.kit.text import Text, rounded
from enishi.metrics.shown import show_value

Names = Mapping[str, tuple[str, Text]]
"""Metric id -> (unit, title)."""

ATTRIBUTE_TITLES = {
    "industry": Text("Industry", "業種"),
    "size": Text("Size segment", "規模区分"),
    "region": Text("Region", "地域"),
    "country": Text("Country", "国"),
    "channel": Text("Acquisition channel", "獲得チャネル"),
    "plan": Text("Plan at the start", "最初のプラン"),
    "product": Text("Product at the start", "最初の製品"),
}
UNKNOWN = Text("not known", "不明")
_FACT_UNITS = {"employees": "people", "seats_share": "ratio", "term_months": "months"}


def inputs_of(fit: Fit, early: bool) -> list[tuple[FitAxis, FitInput]]:
    """Inputs with a weight; ``early``: only what can be known at the sale."""
    return [
        (axis, one)
        for axis in fit.axes
        for one in axis.inputs
        if axis.weight > 0 and one.weight > 0 and not (early and one.at == "start")
    ]


def metrics_of(fit: Fit, at: str) -> list[str]:
    """Metrics the axes read at a point, without what the room itself knows."""
    named = [one.metric for _axis, one in inputs_of(fit, early=False) if one.metric and one.at == at]
    return sorted({name for name in named if name not in FIT_FACTS})


def points_of(one: FitInput, known: pd.DataFrame) -> pd.Series[Any]:
    """Points 0-100 of an input for the rows of ``known``; NaN where unknown."""
    name = one.attribute or one.metric
    if name not in known:
        return pd.Series(np.nan, index=known.index)
    if one.attribute:
        table = {value.casefold(): row.points for row in one.values for value in row.values}
        other = np.nan if one.otherwise is None else one.otherwise
        words = known[name].fillna("").astype(str).str.strip()
        found = [table.get(word.casefold(), other) if word else np.nan for word in words]
        return pd.Series(found, index=known.index, dtype=float)
    values = known[name].to_numpy(float)
    x, y = zip(*one.points, strict=True)
    return pd.Series(np.where(np.isnan(values), np.nan, np.interp(values, x, y)), index=known.index)


@dataclass(frozen=True, slots=True)
class _Read:
    """The inputs of some customers: points and the words of their values, a column per input."""

    points: pd.DataFrame
    values: pd.DataFrame


def _read(
    chosen: list[tuple[FitAxis, FitInput]],
    known: Mapping[str, pd.DataFrame],
    stated: pd.DataFrame,
    index: Any,
) -> _Read:
    points, values = {}, {}
    for _axis, one in chosen:
        if one.stated:
            mine = stated[stated["input"] == one.id].set_index("account_id")["points"].astype(float)
            points[one.id] = values[one.id] = mine.reindex(index)
            continue
        source = known["start" if one.at == "start" else "own"].reindex(index)
        points[one.id] = points_of(one, source)
        name = one.attribute or one.metric
        values[one.id] = source[name] if name in source else pd.Series(None, index=index, dtype=object)
    return _Read(pd.DataFrame(points, index=index), pd.DataFrame(values, index=index))


def tell(
    fit: Fit,
    known: Mapping[str, pd.DataFrame],
    stated: pd.DataFrame,
    index: pd.Index[Any],
    early: bool,
    names: Names,
) -> Told:
    """The fit of the customers of ``index``.

    Args:
        known: ``own`` (at this point) and ``start`` (after the first 90 days): index account.
        stated: account_id, input, points in force at this point.
        early: whether what shows only later is left out.
    """
    chosen = inputs_of(fit, early)
    read = _read(chosen, known, stated, index)
    scored = _score(fit, chosen, read)
    bands = band_of(scored.tenths, fit.bands.good, fit.bands.poor)
    axes = _axes_json(fit, chosen, scored, read, names)
    return Told(scored.tenths, bands, scored.coverage, axes, scored.axes)


def _score(fit: Fit, chosen: list[tuple[FitAxis, FitInput]], read: _Read) -> Fitness:
    parts = [Part(one.id, axis.id, one.weight, axis.weight) for axis, one in chosen]
    stated_ids = [one.id for _axis, one in chosen if one.stated]
    return score_fit(read.points, parts, fit.minimum_coverage, stated_ids)


def rate(
    fit: Fit, known: Mapping[str, pd.DataFrame], stated: pd.DataFrame, index: pd.Index[Any], early: bool
) -> pd.DataFrame:
    """What :func:`tell` says without why, for many at once: ``tenths`` and ``band`` by account."""
    chosen = inputs_of(fit, early)
    tenths = _score(fit, chosen, _read(chosen, known, stated, index)).tenths
    return pd.DataFrame({"tenths": tenths, "band": band_of(tenths, fit.bands.good, fit.bands.poor)})


def _axes_json(
    fit: Fit, chosen: list[tuple[FitAxis, FitInput]], scored: Fitness, read: _Read, names: Names
) -> dict[int, list[dict[str, Any]]]:
    """Account -> the axes with their inputs, as kept and shown."""
    columns = {one.id: i for i, (_axis, one) in enumerate(chosen)}
    lines, shares = scored.lines.to_numpy(), scored.shares.to_numpy()
    points, values = read.points.to_numpy(float), read.values.to_numpy(object)
    axis_points = scored.axes.to_dict("list")
    heads = {axis.id: Text.parse(axis.title) for axis in fit.axes}
    titles = {one.id: input_title(one, names) for _axis, one in chosen}
    found: dict[int, list[dict[str, Any]]] = {}
    by_axis: dict[str, list[FitInput]] = {}
    for axis, one in chosen:
        by_axis.setdefault(axis.id, []).append(one)
    for row, account in enumerate(scored.tenths.index.tolist()):
        own = []
        for axis_id, inputs in by_axis.items():
            entries = [
                _input_json(
                    one, titles[one.id], points[row, c], values[row, c], lines[row, c], shares[row, c], names
                )
                for one in inputs
                if (c := columns[one.id]) is not None and not (one.stated and np.isnan(points[row, c]))
            ]
            middle = axis_points[axis_id][row]
            own.append({
                "id": axis_id, "en": heads[axis_id].en, "ja": heads[axis_id].ja,
                "points": None if np.isnan(middle) else round(float(middle), 1),
                "share": round(sum(e["share"] for e in entries), 4), "tenths": sum(e["tenths"] for e in entries),
                "inputs": entries,
            })  # fmt: skip
        found[int(account)] = own
    return found


def _input_json(
    one: FitInput, title: Text, points: float, value: Any, tenths: int, share: float, names: Names
) -> dict[str, Any]:
    known = not np.isnan(points)
    text = value_words(one, value, names) if known else _unknown_words(one, value)
    return {
        "id": one.id, "en": title.en, "ja": title.ja, "text_en": text.en, "text_ja": text.ja,
        "points": round(float(points), 1) if known else None, "share": round(float(share), 4), "tenths": int(tenths),
        "source": "stated" if one.stated else "attribute" if one.attribute else "metric", "at": one.at,
    }  # fmt: skip


def _unknown_words(one: FitInput, value: Any) -> Text:
    if one.attribute and isinstance(value, str) and value.strip():
        return Text(f"{value}: no points declared", f"{value}(得点の設定なし)")
    return UNKNOWN


def value_words(one: FitInput, value: Any, names: Names) -> Text:
    """A known value in words."""
    if one.stated:
        return Text("stated by hand", "手入力")
    if one.attribute:
        return Text(str(value), str(value))
    if one.metric == "days_to_value_observed" and one.at == "start" and float(value) >= START_DAYS - 1:
        return Text(f"not within {START_DAYS} days", f"{START_DAYS}日以内に未到達")
    unit = _FACT_UNITS.get(one.metric) or (names[one.metric][0] if one.metric in names else "count")
    if unit == "months":
        return Text(f"{rounded(float(value))} months", f"{rounded(float(value))}か月")
    return show_value(float(value), unit)


def input_title(one: FitInput, names: Names) -> Text:
    """What an input is called: its own title, else that of its attribute or metric."""
    if one.title:
        return Text.parse(one.title)
    if one.attribute:
        return ATTRIBUTE_TITLES[one.attribute]
    if one.metric in FIT_FACTS:
        return FIT_FACTS[one.metric]
    return names[one.metric][1] if one.metric in names else Text(one.metric, one.metric)


# --------------------------------------------------------------------------------------------------- judging


def judge_book(book: Book, fit: Fit, names: Names) -> Judged:
    """The fit at the sale and now, what came, and whether the one told the other."""
    sold = book.sold
    sale = tell(fit, {"own": book.at_sale}, in_force(book.stated, sold), sold.index, True, names)
    now = _now(book, fit, names)
    after = after_a_year(book.moves, book.notices, sold, book.first_loss, book.day)
    reasons = what_came(book, after)
    size = book.at_sale["mrr"] if "mrr" in book.at_sale else pd.Series(dtype=float)
    rows = after.assign(tenths=sale.tenths, band=sale.band, size=size.reindex(sold.index), sold=sold)
    weights = {axis.id: axis.weight for axis in fit.axes}
    declared = [weights[name] for name in sale.points.columns]
    return Judged(
        sale, now, after, reasons, check_against_history(rows), suggest_weights(sale.points, rows, declared)
    )


def in_force(stated: pd.DataFrame, on: pd.Series[Any]) -> pd.DataFrame:
    """What had been stated and held on each account's day."""
    day = on.reindex(stated["account_id"]).to_numpy(float)
    held = (stated["from"].to_numpy(float) <= day) & (day <= stated["to"].to_numpy(float))
    return stated[held].drop_duplicates(["account_id", "input"], keep="last")


def _now(book: Book, fit: Fit, names: Names) -> Told:
    """The present fit of who is a customer: those of the first 90 days by what can be known by then."""
    here = book.now.index[book.now.index.isin(list(book.here))]
    today = in_force(book.stated, pd.Series(book.day, index=here))
    parts = []
    for index, early in by_age(here, book.sold, book.day):
        parts.append(tell(fit, {"own": book.now, "start": book.at_start}, today, index, early, names))
    one, other = parts
    return Told(
        pd.concat([one.tenths, other.tenths]), pd.concat([one.band, other.band]),
        pd.concat([one.coverage, other.coverage]), {**one.axes, **other.axes}, pd.concat([one.points, other.points]),
    )  # fmt: skip


def by_age(here: pd.Index[Any], sold: pd.Series[Any], day: int) -> list[tuple[pd.Index[Any], bool]]:
    """The customers of more than 90 days, and the younger ones, of whom what shows only later is left out."""
    young = here[(sold.reindex(here) + START_DAYS > day).fillna(False).to_numpy(bool)]
    return [(here.difference(young), False), (young, True)]


def what_came(book: Book, after: pd.DataFrame) -> dict[int, list[dict[str, str]]]:
    """Account -> what speaks for it that the sale came to nothing; most have nothing."""
    found: dict[int, list[dict[str, str]]] = {}
    early = after["left_on"] - book.sold
    for account, days in early[early <= YEAR].items():
        months = max(1, round(float(days) / 30.44))
        text = Text(
            f"Decided to leave {months} month{'' if months == 1 else 's'} after the sale",
            f"販売から{months}か月で解約を決定",
        )
        found.setdefault(int(account), []).append(_reason("left_early", text))  # type: ignore[call-overload]
    for account in never_onboarded(book.at_start):
        text = Text(
            f"Never reached first value within {START_DAYS} days", f"{START_DAYS}日以内に初回価値へ到達せず"
        )
        found.setdefault(account, []).append(_reason("never_onboarded", text))
    old = book.sold[(book.sold + YEAR <= book.day) | after["left_on"].notna()].index
    loss = book.earned.reindex(old)
    for account in loss[loss < 0].index.tolist():
        text = Text(
            "Brought less than it cost to win and serve", "獲得と支援にかかった費用を回収できていない"
        )
        found.setdefault(int(account), []).append(_reason("loss_making", text))
    return found


def _reason(code: str, text: Text) -> dict[str, str]:
    return {"code": code, "en": text.en, "ja": text.ja}


def never_onboarded(at_start: pd.DataFrame) -> Iterable[int]:
    """Who had not reached first value at the end of the first 90 days, of those observed that long."""
    if not {"time_to_first_value", "days_to_value_observed"} <= set(at_start.columns):
        return []
    waited = at_start["days_to_value_observed"].astype(float) >= START_DAYS - 1
    late = at_start["time_to_first_value"].astype(float)
    missed = waited & (late.isna() | (late > START_DAYS))
    return [int(account) for account in at_start.index[missed]]


__all__ = [
    "SALE",
    "by_age",
    "in_force",
    "judge_book",
    "never_onboarded",
    "points_of",
    "rate",
    "tell",
    "what_came",
]
