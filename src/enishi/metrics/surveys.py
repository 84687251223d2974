"""NPS with its margin of error, CSAT and CES.

>>> round(nps([10, 9, 9, 8, 6]).score)
40
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

LEAST_GROUP = 5
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Nps:
    """Net promoter score, -100 to 100, and the 95 % margin around it (NaN without answers).

    Args:
        n: answers; promoters gave 9-10, passives 7-8, detractors 0-6.
        invited: how many were asked, where known.
    """

    score: float
    margin: float
    n: int
    promoters: int
    passives: int
    detractors: int
    invited: int | None = None

    @property
    def low(self) -> float:
        return max(self.score - self.margin, -100.0) if self.n else nan

    @property
    def high(self) -> float:
        return min(self.score + self.margin, 100.0) if self.n else nan

    @property
    def response_rate(self) -> float:
        return self.n / self.invited if self.invited else nan


def nps(scores: Iterable[Any], weights: Iterable[float] | None = None, invited: int | None = None) -> Nps:
    """NPS of 0-10 answers; missing values are left out.

    NPS = 100 (p - d) and margin = 1.96 x 100 x sqrt((p + d - (p - d)^2) / n), with p and d the shares of
    promoters and detractors (methods.md, section 11). With weights the shares are weighted and n is Kish's
    effective sample size.

    Raises:
        ValueError: an answer outside 0-10.
    """
    given = pd.to_numeric(pd.Series(list(scores), dtype=object), errors="raise").to_numpy(dtype=float)
    weight = np.ones(len(given)) if weights is None else np.asarray(list(weights), dtype=float)
    answered = ~np.isnan(given) & (weight > 0)
    given, weight = given[answered], weight[answered]
    if ((given < 0) | (given > 10)).any():
        raise ValueError(f"an NPS answer is 0 to 10, not {given[(given < 0) | (given > 10)][0]:g}")
    promoter, detractor = given >= 9, given < 7
    counts = (int(promoter.sum()), int((~promoter & ~detractor).sum()), int(detractor.sum()))
    if not len(given):
        return Nps(nan, nan, 0, *counts, invited)
    total = weight.sum()
    p, d = weight[promoter].sum() / total, weight[detractor].sum() / total
    effective = total**2 / np.square(weight).sum()
    margin = _Z * 100 * sqrt(max(p + d - (p - d) ** 2, 0.0) / effective)
    return Nps(float(100 * (p - d)), margin, len(given), *counts, invited)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean answer with its 95 % margin."""

    score: float
    margin: float
    n: int


def mean_answer(scores: Iterable[Any]) -> Mean:
    """CSAT or CES on the survey's own scale: mean and margin 1.96 s / sqrt(n) (NaN with fewer than 2)."""
    given = (
        pd.to_numeric(pd.Series(list(scores), dtype=object), errors="raise").dropna().to_numpy(dtype=float)
    )
    if not len(given):
        return Mean(nan, nan, 0)
    spread = float(given.std(ddof=1)) if len(given) > 1 else nan
    return Mean(float(given.mean()), _Z * spread / sqrt(len(given)), len(given))


def satisfied_share(scores: Iterable[Any], least: float) -> float:
    """CSAT as a share: answers of at least ``least`` (4 on a scale of 5); NaN without answers."""
    given = pd.to_numeric(pd.Series(list(scores), dtype=object), errors="raise").dropna()
    return float((given >= least).mean()) if len(given) else nan


def latest_answers(answers: pd.DataFrame, day: date, window: int = 365, measure: str = "nps") -> pd.DataFrame:
    """Each person's latest answer in the window that ends with ``day``.

    Args:
        answers: measure, score, answered_on (date), account_id, contact_id (null: whom ``respondent``, if there is
            such a column, names at the account, whatever the case; without a name a person of its own);
            an ``order`` column, if any, breaks ties of a day.
    """
    first = day - timedelta(days=window - 1)
    on = answers["answered_on"]
    chosen = answers[(answers["measure"] == measure) & (on >= first) & (on <= day)]
    order = [c for c in ("answered_on", "order") if c in chosen.columns]
    sorted_ = chosen.assign(person=_persons(chosen)).sort_values(order, kind="stable")
    return sorted_.drop_duplicates("person", keep="last")


def _persons(answers: pd.DataFrame) -> pd.Series[Any]:
    """Who gave each answer: a contact, a name that leads to no contact at an account, or somebody unnamed."""
    nobody = pd.Series(None, index=answers.index, dtype=object)
    names = answers.get("respondent", nobody)
    found: list[tuple[Any, ...]] = []
    told = zip(answers["contact_id"], names, answers["account_id"], strict=True)
    for place, (contact, name, account) in enumerate(told):
        if not pd.isna(contact):
            found.append(("contact", int(contact)))
        elif name and not pd.isna(name):
            found.append(("name", account, str(name).strip().lower()))
        else:
            found.append(("answer", place))
    return pd.Series(found, index=answers.index, dtype=object)


def nps_by(
    answers: pd.DataFrame, groups: Mapping[Any, Any] | pd.Series[Any], column: str = "account_id"
) -> dict[Any, Nps]:
    """NPS per group of accounts; groups with fewer than 5 answers are not broken out.

    Args:
        answers: latest answers (:func:`latest_answers`).
        groups: account -> group.
    """
    named = answers.assign(group=answers[column].map(groups))
    found: dict[Any, Sequence[float]] = {g: list(part["score"]) for g, part in named.groupby("group")}
    return {g: nps(scores) for g, scores in found.items() if len(scores) >= LEAST_GROUP}


def nps_by_revenue(answers: pd.DataFrame, mrr: Mapping[int, float] | pd.Series[Any]) -> Nps:
    """NPS in which every account weighs by its MRR, shared among the people who answered there."""
    people = answers.groupby("account_id")["score"].transform("size")
    weight = answers["account_id"].map(mrr).astype(float).fillna(0.0) / people
    return nps(answers["score"], weight)
