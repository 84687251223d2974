"""The rows forecasts are learned from and made for: what the judgements know of an account on a day, and its score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from enishi.forecasts.outcomes import Outcome, read_labels
from enishi.forecasts.panel import CATEGORIES, ROWS_AT_ONCE, as_categories, label_rows, training_days
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import KnownRecords
from enishi.risk.models import RENEWAL
from enishi.signals.api import first_known_day
from enishi.signals.context import Rules
from enishi.signals.judging import judge
from enishi.signals.mapping import column
from enishi.signals.panel import read_frame
from enishi.signals.trials import first_use

AT = ["as_of", "account_id"]
CARD = "card"
PRIOR = {CARD: -0.05}
"""What the scorecard is held for before outcomes speak: twenty points less, and the odds to leave are e times as high."""
DERIVED = {
    "usage_slope_z": Text("Usage trend beyond chance", "利用の傾き(偶然を超える分)"),
    "own_past_vs_book": Text(
        "Use against its own past, without what is common to all", "自社の過去と比べた利用(全体の変動を除く)"
    ),
}
MOST_KEPT = 400_000

Progress = Callable[[float, float], object]


def silent(done: float, total: float) -> None:
    """Nobody asked how far we are."""


def outcome_of(home: Home, horizon: int) -> Outcome | None:
    """What leaving means here: the end of the contract; where there are none, silence. None: there are no renewals."""
    with KnownRecords(home) as records:
        contracts = records.has("subscription")
    if horizon == RENEWAL:
        return Outcome("renewal", 0) if contracts else None
    return Outcome("churn" if contracts else "silence", horizon)


def words_for(rules: Rules) -> dict[str, Text]:
    """Titles of the columns that are no metrics."""
    topics = {f"mentions_{topic.id}": Text.parse(topic.title) for topic in rules.causes.topics}
    told = {
        name: Text(f"Texts that mention: {title.en}", f"「{title.ja}」に触れた記載")
        for name, title in topics.items()
    }
    return DERIVED | told


def read_rows(
    home: Home,
    days: Sequence[date],
    rules: Rules,
    *,
    keep: pd.DataFrame | None = None,
    progress: Progress = silent,
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
            frame = read_frame(
                home, sorted(ordered[done : done + size]), rules, records=records, every_metric=True
            )
            part = _with_card(frame.rows, rules)
            parts.append(part if keep is None else part.merge(keep[AT], on=AT))
            done += size
            size = max(1, ROWS_AT_ONCE // max(1, len(frame.rows) // size))
            progress(min(done, len(ordered)), len(ordered))
    if not parts:
        return pd.DataFrame(columns=[*AT, *CATEGORIES, CARD])
    return as_categories(pd.concat(parts, ignore_index=True)).sort_values(AT, ignore_index=True)


def _with_card(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    judgement = judge(rows, rules)
    mentions = [name for name in rows.columns if str(name).startswith("mentions_")]
    numbers = [name for name in (*rules.metrics, *DERIVED, *mentions) if name in rows.columns]
    values = {str(name): column(rows, str(name)).astype(np.float32) for name in numbers}
    words = {name: rows[name].to_numpy() for name in CATEGORIES if name in rows}
    card = np.where(judgement.known, judgement.tenths / 10, np.nan).astype(np.float32)
    return pd.DataFrame({**{name: rows[name].to_numpy() for name in AT}, **values, **words, CARD: card})


@dataclass(frozen=True, slots=True)
class Lesson:
    """Everything there is to learn from on a day: features once, labels by horizon."""

    days: tuple[date, ...]
    features: pd.DataFrame
    labels: dict[int, pd.DataFrame]
    late: dict[str, int]

    def panel(self, horizon: int) -> pd.DataFrame:
        return label_rows(self.features, self.labels[horizon])


def read_lesson(
    home: Home,
    outcomes: dict[int, Outcome],
    as_of: date,
    rules: Rules,
    progress: Progress = silent,
) -> Lesson:
    """What was known at the end of ``as_of`` of the month-ends before it: features, and what had become of whom."""
    from enishi.forecasts.late import without_hindsight

    first = first_use(home) or first_known_day(home)
    # The first month of use tells little of anybody.
    days = training_days(as_of, first + timedelta(days=30)) if first else []
    labels = {h: read_labels(home, days, outcome, known_by=as_of) for h, outcome in outcomes.items()}
    keep = _sampled(pd.concat([frame[AT] for frame in labels.values()]).drop_duplicates())
    labels = {h: frame.merge(keep, on=AT) for h, frame in labels.items()}
    with without_hindsight(home) as (honest, late):
        features = read_rows(honest, days, rules, keep=keep, progress=progress)
    return Lesson(tuple(days), features, labels, late)


def _sampled(keep: pd.DataFrame) -> pd.DataFrame:
    """The rows, or those of a random sample of accounts where there are more than fit."""
    if len(keep) <= MOST_KEPT:
        return keep
    sizes = keep["account_id"].value_counts(sort=False)
    sizes = sizes.iloc[np.random.default_rng(0).permutation(len(sizes))].cumsum()
    return keep[keep["account_id"].isin(sizes.index[sizes <= MOST_KEPT])]


def population(home: Home, day: date, outcome: Outcome) -> pd.DataFrame:
    """Who is forecast on a day: ``as_of``, ``account_id``, ``ends_on`` (the day by which it will be known)."""
    found = read_labels(home, [day], outcome, known_by=day)
    return found[[*AT, "ends_on"]]
