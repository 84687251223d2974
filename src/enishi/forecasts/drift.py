"""Whether the world still looks as it did when a forecast was learned: its inputs, and what comes of what it says.

Inputs are followed by month-ends. Of each its rank among the learned values, how many lie in their outer quarters, how
many have none, or how many have each of its words: all of them shares of 1, so that no tail is heavy and no bin empty.
A month-end is held against the mean of the three last ones learned from, after what such differences used to be in the
past (:func:`judge_inputs`). Why not the population stability index: docs/decisions/0031-moved-inputs.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.drivers import Words, told_level
from enishi.forecasts.evaluation import clustered_rate
from enishi.forecasts.features import NOBODY_KNOWS, OTHER, Design, Feature, as_text, numbers
from enishi.forecasts.habits import Habit, chance_limits

Floats = NDArray[np.float64]

SOME, MUCH = 0.1, 0.2
"""Points (of 1) by which an input must lie off what was to be expected to have moved somewhat, and much."""
WINDOW = 3
"""Month-ends whose mean a later one is held against."""
LEAST_PAST, NEWEST = 4, 12
"""Past differences below which nothing is judged, and how many are looked at, the newest."""
SHOWN_MONTHS = 6
MOST_ACCOUNTS, LEAST_ACCOUNTS, LEAST_KNOWN = 3000, 30, 10
LEAST_EXPECTED = 5.0
LEVEL, SPREAD, MISSING, SHARE = "level", "spread", "missing", "share"


@dataclass(frozen=True, slots=True)
class Months:
    """The rows of a panel by month-end and account.

    Args:
        days: (months,) in order; the first ``learned`` of them were learned from.
        month, account: (rows,) place of each row.
        accounts: how many there are.
    """

    days: Sequence[pd.Timestamp]
    learned: int
    month: NDArray[np.intp]
    account: NDArray[np.intp]
    accounts: int

    def laid_out(self, values: Floats) -> Floats:
        """(months, accounts) of one value a row, NaN where there is none."""
        found = np.full((len(self.days), self.accounts), np.nan)
        found[self.month, self.account] = values
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """What is followed of an input.

    Args:
        kind: its mean rank among the learned values (``level``), the share in their outer quarters (``spread``), without
            a value (``missing``), or with a ``word`` (``share``).
        means: (months,) the share; NaN where fewer than ten values are known.
        parts: (months, accounts) what each account adds to the error of the mean.
        rows: (months,) how many values it is the mean of.
    """

    feature: str
    kind: str
    word: str
    means: Floats
    parts: Floats
    rows: Floats


def judge_inputs(
    design: Design, words: Mapping[str, Words], panel: pd.DataFrame, learned: Sequence[Any]
) -> dict[str, Any]:
    """Which inputs lie off at the last month-end of a panel, and since when.

    Args:
        design: the inputs.
        words: what they are called.
        panel: ``as_of``, ``account_id`` and the inputs, at the month-ends learned from and those after them.
        learned: those learned from.

    Returns:
        ``day`` of the last month-end and ``until`` the last one learned from (None: there is none), ``months`` learned from,
        ``missing`` more of them before anything is judged, ``accounts`` at the last, ``judged`` inputs, and ``inputs``, those
        nearest to their limits (or farthest beyond) first: ``feature, en, ja, kind, word, value, low, high`` (shares of 1,
        the limits of chance and of what matters), ``moved`` (``much``, ``some`` or ``little``), ``since`` (the first month-end
        in a row beyond them), ``then, now`` (median values in words).
    """
    months = _months(panel, learned)
    told = _outline(months, panel)
    if told["missing"] or told["accounts"] < LEAST_ACCOUNTS or len(months.days) <= months.learned:
        return told
    kept, months = _sampled(panel, months)
    sides = list(sides_of(design, kept, months))
    last = len(months.days) - 1
    looks = [
        _look(sides, months.learned, at)
        for at in range(max(months.learned, last + 1 - SHOWN_MONTHS), last + 1)
    ]
    return told | _worst(sides, looks, words, kept, months)


def _months(panel: pd.DataFrame, learned: Sequence[Any]) -> Months:
    stamps = pd.to_datetime(panel["as_of"])
    month, days = pd.factorize(stamps, sort=True)
    account, names = pd.factorize(panel["account_id"], sort=True)
    until = pd.to_datetime(pd.Series(list(learned), dtype="datetime64[ns]")).max()
    known = int((days <= until).sum()) if len(learned) else 0
    return Months(list(days), known, month.astype(np.intp), account.astype(np.intp), len(names))


def _outline(months: Months, panel: pd.DataFrame) -> dict[str, Any]:
    last = len(months.days) - 1
    lag = last + 1 - months.learned
    return {
        "day": months.days[last].date().isoformat() if lag > 0 else None,
        "until": months.days[months.learned - 1].date().isoformat() if months.learned else None,
        "months": months.learned,
        "missing": max(lag + LEAST_PAST - months.learned, 0),
        "accounts": int((months.month == last).sum()) if len(panel) else 0,
        "judged": 0,
        "inputs": [],
    }


def _sampled(panel: pd.DataFrame, months: Months) -> tuple[pd.DataFrame, Months]:
    """All accounts, or a random sample of them that tells as much."""
    if months.accounts <= MOST_ACCOUNTS:
        return panel, months
    place = np.full(months.accounts, -1)
    chosen = np.random.default_rng(0).permutation(months.accounts)[:MOST_ACCOUNTS]
    place[chosen] = np.arange(MOST_ACCOUNTS)
    account = place[months.account]
    kept = account >= 0
    return panel[kept], Months(
        months.days, months.learned, months.month[kept], account[kept].astype(np.intp), MOST_ACCOUNTS
    )


# ------------------------------------------------------------------------------------------------------- sides


def sides_of(design: Design, panel: pd.DataFrame, months: Months) -> Iterator[Side]:
    """What is followed of each input that the panel has."""
    for feature in design.features:
        if feature.name in panel:
            tell = _of_words if feature.kind == "category" else _of_numbers
            yield from tell(feature, panel[feature.name], months)


def _of_numbers(feature: Feature, values: pd.Series[Any], months: Months) -> Iterator[Side]:
    raw = numbers(values)
    gone = np.isnan(raw)
    if gone.any():
        yield _side(feature.name, MISSING, "", months.laid_out(gone.astype(float)))
    learned = np.sort(raw[~gone & (months.month < months.learned)])
    if not learned.size:
        return
    below, until = (np.searchsorted(learned, raw, side) for side in ("left", "right"))
    rank = np.where(gone, np.nan, (below + until) / (2 * learned.size))
    outer = np.where(gone, np.nan, np.abs(rank - 0.5) > 0.25)
    yield _side(feature.name, LEVEL, "", months.laid_out(rank))
    yield _side(feature.name, SPREAD, "", months.laid_out(outer))


def _of_words(feature: Feature, values: pd.Series[Any], months: Months) -> Iterator[Side]:
    said = as_text(values)
    levels = [level for level in feature.levels if level not in (OTHER, NOBODY_KNOWS)]
    known = np.where(np.isin(said, [*levels, NOBODY_KNOWS]), said, OTHER)
    for word in [*levels, OTHER, NOBODY_KNOWS]:
        share = (known == word).astype(float)
        if share.any():
            kind = MISSING if word == NOBODY_KNOWS else SHARE
            yield _side(feature.name, kind, word, months.laid_out(share))


def _side(feature: str, kind: str, word: str, laid: Floats) -> Side:
    known = ~np.isnan(laid)
    rows = known.sum(axis=1).astype(float)
    size = np.maximum(rows, 1.0)
    means = np.where(known, laid, 0.0).sum(axis=1) / size
    parts = np.where(known, laid - means[:, None], 0.0) / size[:, None]
    return Side(feature, kind, word, np.where(rows < LEAST_KNOWN, np.nan, means), parts, rows)


# ------------------------------------------------------------------------------------------------------ looking


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be said of each side at a month-end: its value, and within what chance leaves it; NaN where nothing is."""

    value: Floats
    low: Floats
    high: Floats

    @property
    def beyond(self) -> Floats:
        """How far each lies from the middle between its limits, in units of their distance from it; above 1: beyond."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return np.asarray((self.value - middle) / half)


def _look(sides: Sequence[Side], learned: int, at: int) -> Look:
    """A month-end beside the last learned ones, as far before it as they are. What used to grow may grow on, or stay."""
    lag = at - learned + 1
    past = [weights_of(at + 1, lag, t) for t in range(max(lag, learned - NEWEST), learned)]
    now = weights_of(at + 1, lag, at)
    habits = [_habit(side, past, now) for side in sides]
    limit = np.maximum(chance_limits(habits), SOME)
    value = np.array([side.means[at] for side in sides])
    stays = value - np.array([habit.change for habit in habits])
    grows = value - np.array([habit.off for habit in habits])
    return Look(value, np.minimum(stays, grows) - limit, np.maximum(stays, grows) + limit)


def weights_of(months: int, lag: int, at: int) -> Floats:
    """(months,) what a difference is made of: a month-end, less the mean of up to three ``lag`` month-ends before it."""
    found = np.zeros(months)
    found[at] = 1.0
    last = at - lag
    first = max(last - WINDOW + 1, 0)
    found[first : last + 1] -= 1.0 / (last + 1 - first)
    return found


def _habit(side: Side, past: Sequence[Floats], now: Floats) -> Habit:
    """The differences of a side that are known: past ones with the sampling variance of each (accounts drawn anew), and
    the one of now."""
    means = np.nan_to_num(side.means)
    known = ~np.isnan(side.means)

    def whole(weights: Floats) -> bool:
        return bool(known[: len(weights)][weights != 0].all())

    kept = [weights for weights in past if whole(weights)]
    if len(kept) < LEAST_PAST or not whole(now):
        return Habit.unknown()
    made, size = np.array(kept), len(now)
    parts = made @ side.parts[:size]
    rows = side.rows[:size]
    least = (np.abs(made) / np.maximum(rows, 1.0) ** 2).sum(
        axis=1
    ) / 2  # half a customer: a share of none is not certain
    variances = np.maximum((parts**2).sum(axis=1), least)
    at = np.array([np.flatnonzero(weights)[-1] for weights in kept])
    scale = float((variances * rows[at]).mean() / rows[size - 1] / variances.mean())
    return Habit.of(made @ means[:size], made, float(variances.mean()), float(now @ means[:size]), now, scale)


# ------------------------------------------------------------------------------------------------------ telling


def _worst(
    sides: Sequence[Side],
    looks: Sequence[Look],
    words: Mapping[str, Words],
    panel: pd.DataFrame,
    months: Months,
) -> dict[str, Any]:
    """Of each input the side that lies farthest beyond its limits; and the inputs none of whose sides has limits that
    could be passed."""
    last = looks[-1]
    beyond, deaf = np.abs(last.beyond), (last.low <= 0) & (last.high >= 1)
    plainest = np.where([side.kind == SPREAD for side in sides], 1, 0) - 2 * (
        beyond > 1
    )  # first what is easily said
    chosen: dict[str, int] = {}
    for place in np.lexsort((-beyond, plainest)).tolist():
        if np.isfinite(beyond[place]) and not deaf[place]:
            chosen.setdefault(sides[place].feature, place)
    told = [_entry(sides[place], place, looks, words, panel, months) for place in chosen.values()]
    told.sort(key=lambda one: -one["beyond"])
    swinging = dict.fromkeys(sides[place].feature for place in np.flatnonzero(deaf).tolist())
    return {
        "judged": len(told),
        "inputs": told,
        "swinging": [_named(words[name]) for name in swinging if name not in chosen],
    }


def _named(words: Words) -> dict[str, str]:
    return {"en": words.title.en, "ja": words.title.ja}


def _entry(
    side: Side,
    place: int,
    looks: Sequence[Look],
    words: Mapping[str, Words],
    panel: pd.DataFrame,
    months: Months,
) -> dict[str, Any]:
    value, low, high, beyond = (
        float(getattr(looks[-1], name)[place]) for name in ("value", "low", "high", "beyond")
    )
    outside = abs(beyond) > 1
    much = max(low + SOME - value, value - high + SOME) >= MUCH
    word = (
        told_level(side.feature, words[side.feature], side.word)
        if side.kind == SHARE and side.word != OTHER
        else None
    )
    found = _named(words[side.feature]) | {
        "feature": side.feature, "kind": side.kind, "word": {"en": word.en, "ja": word.ja} if word else None, "value": value, "low": max(low, 0.0),
        "high": min(high, 1.0), "beyond": abs(beyond), "moved": ("much" if much else "some") if outside else "little",
        "up": beyond > 0, "since": _since(place, looks, months) if outside else None,
    }  # fmt: skip
    if side.kind in (LEVEL, SPREAD):
        found |= _medians(words[side.feature], numbers(panel[side.feature]), months)
    return found


def _since(place: int, looks: Sequence[Look], months: Months) -> str:
    """The first of the month-ends in a row, up to the last, at which it lay beyond its limits on the same side."""
    sign, run = np.sign(looks[-1].beyond[place]), 0
    for look in reversed(looks):
        if not sign * look.beyond[place] > 1:
            break
        run += 1
    return str(months.days[len(months.days) - run].date().isoformat())


def _medians(words: Words, raw: Floats, months: Months) -> dict[str, Any]:
    """The usual value at the last month-ends learned from, and at the last of all; means where the medians are the same."""
    of_then = (months.month < months.learned) & (months.month >= months.learned - WINDOW)
    then, now = raw[of_then], raw[months.month == len(months.days) - 1]
    for middle in (np.nanmedian, np.nanmean):
        pair = [words.value(float(middle(part))) for part in (then, now)]
        if pair[0] != pair[1]:
            break
    return {
        "of": middle.__name__.removeprefix("nan"),
        "then": {"en": pair[0].en, "ja": pair[0].ja}, "now": {"en": pair[1].en, "ja": pair[1].ja},
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------- calibration


def calibration_drift(
    labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike, seed: int = 0
) -> dict[str, Any]:
    """How many left against how many were expected to, in a recent window.

    Returns:
        ``n, said`` (mean probability), ``observed`` with ``low`` and ``high`` (95 %, over accounts), ``expected``
        (how many of the rows were expected to leave), ``left``; ``off``: the interval does not hold what was said, and
        at least five were expected.
    """
    y, p = np.asarray(labels, float), np.asarray(probabilities, float)
    if not y.size:
        return {"n": 0, "said": None, "observed": None, "low": None, "high": None, "off": False}
    rate = clustered_rate(y, groups, 400, seed)
    said = float(p.mean())
    outside = rate.low is not None and rate.high is not None and not rate.low <= said <= rate.high
    return {
        "n": int(y.size), "said": said, "observed": rate.value, "low": rate.low, "high": rate.high,
        "expected": float(p.sum()), "left": int(y.sum()), "off": bool(outside and p.sum() >= LEAST_EXPECTED),
    }  # fmt: skip
