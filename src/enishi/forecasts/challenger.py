"""The challenger as a model: bags of step functions over a design's features, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.features import Design, as_text, numbers
from enishi.forecasts.logistic import log_odds
from enishi.forecasts.rows import each_on_a_core
from enishi.forecasts.steps import BAGS, Steps, as_steps, bag_rows, boost_steps, mean_steps

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Challenger:
    """Step functions over the columns of :func:`plain_matrix`.

    Args:
        steps: the average of the bags: what it says.
        bags: each fitted to accounts drawn with replacement; how they differ is the uncertainty of the fit.
        middle: (columns,) average part of each column over the training rows, so that contributions are told against
            the average customer.
    """

    design: Design
    steps: Steps
    bags: tuple[Steps, ...]
    middle: Floats

    def logit(self, panel: pd.DataFrame) -> Floats:
        self.design.warn_of_lacking(panel)
        return self.steps.logit(plain_matrix(self.design, panel))

    def parts(self, panel: pd.DataFrame) -> Floats:
        """(n, features): what each feature adds to the log-odds of the average customer."""
        own = self.steps.parts(plain_matrix(self.design, panel)) - self.middle
        found = np.zeros((len(panel), len(self.design.features)))
        for column, owner in enumerate(plain_owners(self.design)):
            found[:, owner] += own[:, column]
        return found

    @property
    def reference(self) -> float:
        return float(self.steps.base + self.middle.sum())

    def variance(self, panel: pd.DataFrame) -> Floats:
        """(n,) variance of the log-odds between the bags."""
        matrix = plain_matrix(self.design, panel)
        return np.asarray(np.var([bag.logit(matrix) for bag in self.bags], axis=0, ddof=1))

    def as_dict(self) -> dict[str, Any]:
        return {"bags": [bag.as_dict() for bag in self.bags], "middle": self.middle.tolist()}

    @classmethod
    def from_dict(cls, design: Design, state: Mapping[str, Any]) -> Challenger:
        bags = tuple(Steps.from_dict(bag) for bag in state["bags"])
        return cls(design, mean_steps(bags), bags, np.asarray(state["middle"]))


def fit_challenger(
    design: Design, panel: pd.DataFrame, labels: Floats, accounts: NDArray[Any], seed: int, bags: int = BAGS
) -> Challenger:
    """Bags of boostings without interactions; monotone where a metric's direction is declared."""
    matrix = plain_matrix(design, panel)
    signs = [-design.features[owner].direction for owner in plain_owners(design)]
    drawn = bag_rows(accounts, bags, seed)
    told = [(i, rows) for i, rows in enumerate(drawn) if 0 < labels[rows].sum() < len(rows)]

    def one(bag: tuple[int, NDArray[np.intp]]) -> Steps:
        i, rows = bag
        if not matrix.shape[1]:
            return Steps(log_odds(float(labels[rows].mean())), ())
        return as_steps(boost_steps(matrix[rows], labels[rows], signs=signs, seed=seed + i), matrix.shape[1])

    fitted = tuple(each_on_a_core(one, told))
    steps = mean_steps(fitted)
    return Challenger(design, steps, fitted, steps.parts(matrix).mean(axis=0))


def plain_owners(design: Design) -> list[int]:
    """The feature of each column of :func:`plain_matrix`."""
    return [
        i for i, f in enumerate(design.features) for _ in range(len(f.levels) if f.kind == "category" else 1)
    ]


def plain_matrix(design: Design, panel: pd.DataFrame) -> Floats:
    """(n, columns): numbers as they are, NaN where missing; 0/1 for each level of a category."""
    columns: list[Floats] = []
    nothing = pd.Series(np.full(len(panel), np.nan), index=panel.index)
    for feature in design.features:
        values = panel.get(feature.name, nothing)
        if feature.kind != "category":
            columns.append(numbers(values))
            continue
        names = as_text(values)
        known = np.where(np.isin(names, list(feature.levels)), names, "…")
        columns += [(known == level).astype(float) for level in feature.levels]
    return np.column_stack(columns) if columns else np.zeros((len(panel), 0))
