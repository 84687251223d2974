"""Who stands: the challenger only where it told a later period better than the champion, by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.backcast import Backcast, known_before
from enishi.forecasts.evaluation import Interval
from enishi.forecasts.folds import Folds
from enishi.forecasts.logistic import expit, log_loss
from enishi.forecasts.rows import Rows
from enishi.forecasts.trust import loss_difference
from enishi.kit.text import Text, rounded

Floats = NDArray[np.float64]

CHAMPION, CHALLENGER = "logistic", "steps"
LEAST_TO_CHALLENGE = 60
"""Accounts that left, below which no challenger is tried: it could not win by more than chance."""
LEAST_JUDGED = 20
"""Accounts that left among the rows of later periods, below which nothing is replaced."""
NAMES = {
    CHAMPION: Text("logistic regression with curves", "曲線を含むロジスティック回帰"),
    CHALLENGER: Text(
        "explainable boosting (one step curve per feature)",
        "説明可能なブースティング(項目ごとの階段状の曲線)",
    ),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What two models said of the same rows of later periods, as log-odds."""

    labels: Floats
    champion: Floats
    challenger: Floats
    accounts: NDArray[Any]
    later: bool


def judged_on(rows: Rows, folds: Folds, champion: Backcast, rival: Backcast | None) -> Judged | None:
    """What both said of the later periods; None where no challenger was tried."""
    if rival is None:
        return None
    # The newest blocks only: what is learned now is learned from as much as they were, not as little as the first.
    newest = champion.block >= (champion.block.max() + 1) // 2 if folds.later else champion.block >= 0
    judged = champion.rows[newest]
    told = (champion.said[newest], rival.said[newest])
    return Judged(rows.labels[judged], *told, rows.accounts[judged], folds.later)


def told_then(rows: Rows, folds: Folds, champion: Backcast, rival: Backcast | None, seed: int) -> Floats:
    """(n,) log-odds of the judged rows by the model that would have stood at the time: who stands in a block is chosen on
    the blocks before it, so that what is reported of a model is not of the very periods that made it win."""
    said = champion.said.copy()
    if rival is None or not folds.later:
        return said
    judged = rows.keys.iloc[champion.rows].reset_index(drop=True)
    for block in range(1, len(folds.pairs)):
        newest = champion.block >= (block + 1) // 2
        past = newest & known_before(judged, champion.block, block, later=True)
        at = champion.rows[past]
        one = Judged(rows.labels[at], champion.said[past], rival.said[past], rows.accounts[at], later=True)
        if past.any() and select(one, LEAST_TO_CHALLENGE, seed)["stands"] == CHALLENGER:
            now = champion.block == block
            said[now] = rival.said[now]
    return said


def select(judged: Judged | None, left: int, seed: int) -> dict[str, Any]:
    """Which model stands and why, as JSON.

    Args:
        judged: None where no challenger was tried.
        left: accounts that left in the training rows.
    """
    if judged is None:
        return _told(CHAMPION, _not_tried(left), None, None, 0, 0)
    y = judged.labels
    loss = loss_difference(
        log_loss(y, judged.challenger), log_loss(y, judged.champion), judged.accounts, seed=seed
    )
    brier = loss_difference(
        (expit(judged.challenger) - y) ** 2, (expit(judged.champion) - y) ** 2, judged.accounts, seed=seed
    )
    gone = int(pd.unique(judged.accounts[y == 1]).size)
    if not judged.later:
        return _told(CHAMPION, _no_later(loss), loss, brier, len(y), gone)
    if gone < LEAST_JUDGED:
        return _told(CHAMPION, _too_few(gone), loss, brier, len(y), gone)
    wins = all(one.high is not None and one.high < 0 for one in (loss, brier))
    return _told(CHALLENGER if wins else CHAMPION, _against(loss, gone, wins), loss, brier, len(y), gone)


def _told(
    stands: str, why: Text, loss: Interval | None, brier: Interval | None, n: int, left: int
) -> dict[str, Any]:
    name = NAMES[stands]
    return {
        "stands": stands,
        "name_en": name.en,
        "name_ja": name.ja,
        "en": f"In use: {name.en}. {why.en}",
        "ja": f"使用中のモデル: {name.ja}。{why.ja}",
        "log_loss": loss.as_dict() if loss else None,
        "brier": brier.as_dict() if brier else None,
        "n": n,
        "left": left,
    }


def _not_tried(left: int) -> Text:
    return Text(
        f"No challenger was tried: with {left} accounts that left (of at least {LEAST_TO_CHALLENGE}) none could win by more "
        "than chance.",
        f"解約が{left}社({LEAST_TO_CHALLENGE}社以上で比較)のため、他のモデルとの比較は行っていません。",
    )


def _too_few(gone: int) -> Text:
    return Text(
        f"The challenger cannot be judged yet: {gone} accounts left in the later periods, at least {LEAST_JUDGED} are needed.",
        f"後の期間の解約が{gone}社のみで({LEAST_JUDGED}社以上が必要)、対抗モデルの優劣はまだ判定できません。",
    )


def _no_later(loss: Interval) -> Text:
    return Text(
        f"The history has no later period to judge a challenger on (on other accounts its log-loss was {told_span(loss).en}).",
        f"対抗モデルを検証できる後の期間がまだありません(別の顧客での対数損失の差は{told_span(loss).ja})。",
    )


def _against(loss: Interval, gone: int, wins: bool) -> Text:
    if wins:
        return Text(
            f"It told later periods better than logistic regression by more than chance: log-loss {told_span(loss).en}, {gone} accounts left.",
            f"後の期間(解約{gone}社)で、ロジスティック回帰を偶然の範囲を超えて上回りました(対数損失の差 {told_span(loss).ja})。",
        )
    return Text(
        f"On later periods with {gone} accounts that left, explainable boosting was not better by more than chance: log-loss {told_span(loss).en}.",
        f"後の期間(解約{gone}社)で、説明可能なブースティングは偶然の範囲を超えて上回りませんでした(対数損失の差 {told_span(loss).ja})。",
    )


def told_span(loss: Interval) -> Text:
    """A difference with its interval, without brackets of its own."""
    if loss.value is None or loss.low is None or loss.high is None:
        value = "–" if loss.value is None else rounded(loss.value, 4, sign=True)
        return Text(value, value)
    value, low, high = (rounded(one, 4, sign=True) for one in (loss.value, loss.low, loss.high))
    return Text(f"{value}, 95% {low} to {high}", f"{value}、95%区間 {low}〜{high}")
