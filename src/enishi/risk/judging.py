"""Whether a newly learned forecast may replace the one in use. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from enishi.forecasts.api import Interval, brier_skill
from enishi.forecasts.churn import LEAST_LEFT as LEAST_TO_SPEAK
from enishi.forecasts.selection import told_span
from enishi.forecasts.trust import loss_difference
from enishi.kit.text import Text

LEAST_LEFT = 8
"""Accounts that left after the standing version was learned, before the two are compared."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate is published, and why (not)."""

    publish: bool
    reason: Text


def judge_candidate(
    new: Any, old: Any, panel: pd.DataFrame, old_as_of: Any = None, chosen_on: date | None = None
) -> Verdict:
    """Compare a candidate with what stands.

    Args:
        new: the candidate (a fitted :class:`~enishi.forecasts.churn.ChurnForecaster` with ``past_``).
        old: the forecaster in use, None where there is none.
        panel: labelled rows with ``ends_on``.
        old_as_of: the day the one in use was learned on; it has not seen outcomes of later days.
        chosen_on: the day a person chose the one in use against newer ones: it is replaced only by what is better by more
            than chance on outcomes of later days.
    """
    if old is not None and chosen_on is not None and not (new.speaks_ and old.speaks_):
        return Verdict(False, _chosen(chosen_on))
    if not new.speaks_:
        return _silent(new, old)
    past = new.past_
    skill = brier_skill(past["label"], past["probability"]) if len(past) else None
    if skill is not None and skill < 0:
        return Verdict(
            False,
            Text(
                f"On later periods it was worse than always saying the base rate (Brier skill {skill:.3f}).",
                f"後の期間での検証で、全体の解約率を一律に当てはめる場合より精度が劣りました(Brierスキル {skill:.3f})。",
            ),
        )
    if old is None or not old.speaks_:
        return Verdict(True, _first(new))
    if chosen_on is not None:
        return _against_chosen(old, past, panel, max(chosen_on, old_as_of or chosen_on), chosen_on)
    return _against(old, past, panel, old_as_of)


def stayed_are_missing(left: int, missing: int, least: int = LEAST_TO_SPEAK) -> bool:
    """Whether accounts that stayed are missing more than accounts that left, before a forecast may speak."""
    return missing > max(least - left, 0)


def _silent(new: Any, old: Any) -> Verdict:
    if old is not None and old.speaks_:
        return Verdict(
            False,
            Text(
                f"It has too few outcomes to speak ({new.missing_outcomes_} missing), and the version in use speaks.",
                f"学習に使える解約件数が不足しており(あと{new.missing_outcomes_}社)、使用中の版のほうが確率を示せます。",
            ),
        )
    en, ja = (
        ("stayed", "継続") if stayed_are_missing(new.outcomes_, new.missing_outcomes_) else ("left", "解約")
    )
    return Verdict(
        True,
        Text(
            f"It ranks by the scorecard and what is known so far; probabilities follow once {new.missing_outcomes_} more accounts have {en}.",
            f"スコアカードとこれまでの情報による順位のみを示します。確率の表示には、{ja}した顧客の実績があと{new.missing_outcomes_}社分必要です。",
        ),
    )


def _first(new: Any) -> Text:
    return Text(
        f"Learned from {new.outcomes_} accounts that left; the first that says probabilities.",
        f"解約{new.outcomes_}社の実績から学習した、確率を示す最初の版です。",
    )


def _against(old: Any, past: pd.DataFrame, panel: pd.DataFrame, old_as_of: Any) -> Verdict:
    """The candidate's own out-of-time statements against those of the version in use, on the same rows, of which
    neither had seen the outcome."""
    unseen = _later(past, panel, old_as_of)
    left = _left(unseen)
    if left < LEAST_LEFT:
        return Verdict(
            True,
            Text(
                f"Learned from what is known by now; only {left} accounts left since the version before was made, too few to tell the two apart.",
                f"現在判明している実績で学習し直しました。前の版の作成後の解約は{left}社のみで、優劣は判定できません。",
            ),
        )
    worse = _compared(old, unseen)
    numbers = told_span(worse)
    if worse.low is not None and worse.low > 0:
        return Verdict(
            False,
            Text(
                f"On {left} losses neither had seen it was worse than the version in use: mean log-loss {numbers.en}.",
                f"どちらの版も学習していない解約{left}社での検証で、使用中の版より劣りました(対数損失の差 {numbers.ja})。",
            ),
        )
    return Verdict(
        True,
        Text(
            f"No worse than the version before on {left} losses neither had seen: mean log-loss {numbers.en}.",
            f"どちらの版も学習していない解約{left}社での検証で、前の版に劣りませんでした(対数損失の差 {numbers.ja})。",
        ),
    )


def _against_chosen(
    old: Any, past: pd.DataFrame, panel: pd.DataFrame, after: date, chosen_on: date
) -> Verdict:
    """Against a version a person chose: only what has shown itself better since replaces it."""
    unseen = _later(past, panel, after)
    left = _left(unseen)
    if left < LEAST_LEFT:
        return Verdict(False, _chosen(chosen_on, left))
    better = _compared(old, unseen)
    numbers = told_span(better)
    if better.high is None or better.high >= 0:
        return Verdict(
            False,
            Text(
                f"The version in use was chosen by hand on {chosen_on}, and on {left} losses since then this one was not better by more than chance: mean log-loss {numbers.en}.",
                f"使用中の版は{chosen_on}に手動で選択されたものです。その後の解約{left}社での検証で、偶然の範囲を超えて上回らなかったため、置き換えていません(対数損失の差 {numbers.ja})。",
            ),
        )
    return Verdict(
        True,
        Text(
            f"Better by more than chance than the version chosen by hand on {chosen_on}, on {left} losses since then: mean log-loss {numbers.en}.",
            f"{chosen_on}に手動で選択された版を、その後の解約{left}社での検証で偶然の範囲を超えて上回りました(対数損失の差 {numbers.ja})。",
        ),
    )


def _chosen(on: date, left: int | None = None) -> Text:
    if left is None:
        return Text(
            f"The version in use was chosen by hand on {on}, and the two cannot be compared; it stays until another is chosen.",
            f"使用中の版は{on}に手動で選択されたもので、両者を比較できません。別の版を選択するまで使用し続けます。",
        )
    return Text(
        f"The version in use was chosen by hand on {on}; only {left} accounts left since then, too few to overrule that.",
        f"使用中の版は{on}に手動で選択されたものです。その後の解約は{left}社のみで、置き換えの判断には足りません。",
    )


def _later(past: pd.DataFrame, panel: pd.DataFrame, after: Any) -> pd.DataFrame:
    """What the candidate said out of time of rows whose outcome came after a day."""
    rows = past[["as_of", "account_id", "label", "probability"]].merge(
        panel, on=["as_of", "account_id"], suffixes=("", "_")
    )
    return rows if after is None else rows[pd.to_datetime(rows["ends_on"]) > pd.Timestamp(after)]


def _left(rows: pd.DataFrame) -> int:
    return int(rows.loc[rows["label"] == 1, "account_id"].nunique())


def _compared(old: Any, unseen: pd.DataFrame) -> Interval:
    """Mean log-loss of the candidate less that of the version in use: below 0, the candidate is better."""
    said = old.predict_proba(unseen)[:, 1]
    labels = unseen["label"].to_numpy(dtype=float)
    losses = [_losses(labels, p) for p in (unseen["probability"].to_numpy(dtype=float), said)]
    return loss_difference(losses[0], losses[1], unseen["account_id"].to_numpy())


def _losses(labels: Any, probabilities: Any) -> Any:
    p = np.clip(np.asarray(probabilities, float), 1e-6, 1 - 1e-6)
    return -(labels * np.log(p) + (1 - labels) * np.log(1 - p))
