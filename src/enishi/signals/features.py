"""The rows forecasts are learned from and made for: what the judgements know of an account on a day, and its score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from enishi.forecasts.churn import ChurnForecaster
from enishi.forecasts.panel import CATEGORIES, ROWS_AT_ONCE, as_categories
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.signals.asof import KnownRecords
from enishi.signals.behind import CARD, ScoresBehind
from enishi.signals.context import Rules
from enishi.signals.judging import Judgement, judge
from enishi.signals.mapping import column
from enishi.signals.panel import read_frame

AT = ["as_of", "account_id"]
PRIOR = {CARD: -0.05}
"""What the scorecard is held for before outcomes speak: twenty points less, and the odds to leave are e times as high."""
DERIVED = {
    "usage_slope_z": Text("Usage trend beyond chance", "利用の傾き(偶然を超える分)"),
    "own_past_vs_book": Text(
        "Use against its own past, without what is common to all",
        "この顧客の過去と比べた利用(全体の変動を除く)",
    ),
}

Progress = Callable[[float, float], object]


def new_forecaster(horizon: int, rules: Rules) -> ChurnForecaster:
    """A forecaster that starts from the published scorecard."""
    return ChurnForecaster(horizon, prior=PRIOR, metrics=rules.metrics, words=words_for(rules))


def words_for(rules: Rules) -> dict[str, Text]:
    """Titles of the columns that are no metrics."""
    topics = [(topic, Text.parse(topic.title)) for topic in rules.causes.topics]
    told = {
        f"mentions_{topic.id}": Text(
            f"Texts that mention: {title.en}, {topic.days} d", f"「{title.ja}」に触れた記載({topic.days}日)"
        )
        for topic, title in topics
    }
    return DERIVED | told


def read_rows(
    home: Home,
    days: Sequence[date],
    rules: Rules,
    *,
    keep: pd.DataFrame | None = None,
    progress: Progress = lambda done, total: None,
) -> pd.DataFrame:
    """Every metric, the attributes and the score of all accounts as known on each day, a bounded number at a time.

    Args:
        keep: only the rows with these ``as_of``, ``account_id`` are kept; the scores still compare with everyone.

    Returns:
        ``as_of``, ``account_id``, float32 columns, :data:`CATEGORIES` and ``card`` (0-100, NaN where unknown).
    """
    parts: list[pd.DataFrame] = []
    ordered, done, size = sorted(set(days), reverse=True), 0, 1
    with KnownRecords(home) as records:
        while done < len(ordered):
            chunk = sorted(ordered[done : done + size])
            frame = read_frame(home, chunk, rules, records=records, every_metric=True)
            part = _with_card(judge(frame.rows, rules))
            parts.append(part if keep is None else part.merge(keep[AT], on=AT))
            done += len(chunk)
            size = max(1, ROWS_AT_ONCE * len(chunk) // max(1, len(frame.rows)))
            progress(done, len(ordered))
    if not parts:
        return pd.DataFrame(columns=[*AT, *CATEGORIES, CARD])
    return as_categories(pd.concat(parts, ignore_index=True)).sort_values(AT, ignore_index=True)


def read_day(
    home: Home, day: date, rules: Rules, *, keep: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, ScoresBehind]:
    """:func:`read_rows` of one day, with what is behind its scores."""
    with KnownRecords(home) as records:
        frame = read_frame(home, [day], rules, records=records, every_metric=True)
    judgement = judge(frame.rows, rules)
    rows = _with_card(judgement)
    kept = rows if keep is None else rows.merge(keep[AT], on=AT)
    return as_categories(kept).sort_values(AT, ignore_index=True), ScoresBehind(judgement, ())


def _with_card(judgement: Judgement) -> pd.DataFrame:
    rows, rules = judgement.rows, judgement.rules
    mentions = [name for name in rows.columns if str(name).startswith("mentions_")]
    numbers = [name for name in (*rules.metrics, *DERIVED, *mentions) if name in rows.columns]
    values = {str(name): column(rows, str(name)).astype(np.float32) for name in numbers}
    words = {name: rows[name].to_numpy() for name in CATEGORIES if name in rows}
    card = np.where(judgement.known, judgement.tenths / 10, np.nan).astype(np.float32)
    return pd.DataFrame({**{name: rows[name].to_numpy() for name in AT}, **values, **words, CARD: card})
