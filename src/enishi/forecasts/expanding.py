"""What a forecaster would have said on past days, learned each time from what had ended before: an expanding window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from enishi.forecasts.panel import learnable
from enishi.kit.text import Text

_KEYS = ["as_of", "account_id", "label", "ends_on"]


@dataclass(frozen=True, slots=True)
class Expanded:
    """``rows``: ``as_of, account_id, label, ends_on, probability`` of the days on which it could speak; ``fits``: how
    often it learned; ``missing``: outcomes missing on the last day, where it never spoke."""

    rows: pd.DataFrame
    fits: int
    missing: int
    left_out: tuple[str, ...]


def why_silent(told: Expanded, judged: int, lost: int) -> Text | None:
    """Why nothing can be said of how good a forecast was; None where it can.

    Args:
        judged: rows of which it spoke and of which the outcome is known.
        lost: of these, those that were lost.
    """
    if not told.fits:
        return Text(
            f"The forecast had no say: before the days tried, {told.missing} more customers would have to have left (or stayed) "
            "for it to learn from.",
            f"解約予測は対象外です。検証した時点までに、学習に必要な解約(または継続)の顧客企業があと{told.missing}社不足していました。",
        )
    if not judged:
        return Text(
            f"The forecast had no say: it could speak of {_days(told)} of the days tried, and what came of the customers it spoke of "
            "is not known yet.",
            f"解約予測は対象外です。予測できたのは検証した時点のうち{_days(told)}時点だけで、対象の顧客企業のその後はまだ分かっていません。",
        )
    if lost in (0, judged):
        en, ja = (
            ("none of them was lost", "離脱がありません")
            if lost == 0
            else ("all of them were lost", "すべてが離脱しています")
        )
        return Text(
            f"How good the forecast was cannot be said: of the {judged} rows of which it spoke, {en}.",
            f"解約予測の精度は評価できません。予測した{judged}行には{ja}。",
        )
    return None


def _days(told: Expanded) -> int:
    return int(told.rows["as_of"].nunique())


def expanding_forecast(
    panel: pd.DataFrame,
    asked: Sequence[date],
    make: Callable[[], Any],
    progress: Callable[[float, float], object] = lambda done, total: None,
) -> Expanded:
    """Out-of-time probabilities for the rows of the days asked for.

    Args:
        panel: of :func:`enishi.forecasts.panel.build_panel`; days that are not asked for are learned from all the same.
        asked: days to forecast. It learns anew each quarter, on the first day asked for in it, from rows whose horizon had
            ended by then.
        make: a new forecaster.
    """
    days = sorted(set(asked))
    quarters = pd.Series([pd.Timestamp(day).to_period("Q") for day in days], dtype=object)
    parts: list[pd.DataFrame] = []
    fits, missing, left_out = 0, 0, set[str]()
    for number, quarter in enumerate(dict.fromkeys(quarters)):
        own = [day for day, q in zip(days, quarters, strict=True) if q == quarter]
        forecaster = make().fit(learnable(panel, own[0]))
        left_out |= {leak.column for leak in forecaster.leaks_}
        missing = forecaster.missing_outcomes_
        if forecaster.speaks_:
            rows = panel[panel["as_of"].isin(pd.to_datetime(own))]
            parts.append(rows[_KEYS].assign(probability=forecaster.predict_proba(rows)[:, 1]))
            fits += 1
        progress(number + 1, quarters.nunique())
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*_KEYS, "probability"])
    return Expanded(rows, fits, 0 if parts else missing, tuple(sorted(left_out)))
