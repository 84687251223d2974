"""The challenger: an explainable boosting machine, kept as one step function per feature.

Gradient boosting without interactions (Lou, Caruana & Gehrke 2012; Nori et al. 2019) by scikit-learn's
HistGradientBoostingClassifier. A sum of trees that each split on one feature is exactly a step function per feature, so
the fit is read out of the trees, written as JSON, and adds up without a rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enishi.forecasts.rows import one_thread

Floats = NDArray[np.float64]

BAGS = 6
BINS = 32


@dataclass(frozen=True, slots=True)
class Step:
    """One feature: ``values[i]`` for ``cuts[i - 1] < x <= cuts[i]``, ``missing`` where x is NaN."""

    cuts: Floats
    values: Floats
    missing: float

    def at(self, x: Floats) -> Floats:
        told = self.values[np.searchsorted(self.cuts, x, side="left")]
        return np.where(np.isnan(x), self.missing, told)


@dataclass(frozen=True, slots=True)
class Steps:
    """A sum of step functions on the log-odds scale, one bag of several: ``base + sum_j steps[j](x_j)``."""

    base: float
    steps: tuple[Step, ...]

    def parts(self, rows: Floats) -> Floats:
        """(n, features) of rows (n, features)."""
        if not self.steps:
            return np.zeros((len(rows), 0))
        return np.column_stack([step.at(rows[:, j]) for j, step in enumerate(self.steps)])

    def logit(self, rows: Floats) -> Floats:
        return np.asarray(self.base + self.parts(rows).sum(axis=1))

    def as_dict(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "steps": [
                {"cuts": s.cuts.tolist(), "values": s.values.tolist(), "missing": s.missing}
                for s in self.steps
            ],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Steps:
        steps = [Step(np.asarray(s["cuts"]), np.asarray(s["values"]), s["missing"]) for s in state["steps"]]
        return cls(state["base"], tuple(steps))


def boost_steps(
    rows: Floats,
    labels: Floats,
    *,
    weights: Floats | None = None,
    signs: Sequence[int] | None = None,
    interactions: bool = False,
    trees: int = 150,
    rate: float = 0.05,
    seed: int = 0,
) -> Any:
    """A fitted HistGradientBoostingClassifier; without interactions unless asked.

    Args:
        rows: (n, features), NaN where missing.
        signs: per feature +1 where the log-odds may only rise with it, -1 only fall, 0 free.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # a second to import: not in every process

    model = HistGradientBoostingClassifier(
        learning_rate=rate,
        max_iter=trees,
        max_leaf_nodes=4 if not interactions else 8,
        min_samples_leaf=max(20, len(labels) // 200),
        l2_regularization=5.0,
        max_bins=BINS,
        interaction_cst="no_interactions" if not interactions else None,
        monotonic_cst=list(signs) if signs is not None else None,
        early_stopping=False,
        random_state=seed,
    )
    with (
        one_thread()
    ):  # again here: a library not loaded yet could not be told before, nor can another thread
        return model.fit(rows, labels, sample_weight=weights)


def as_steps(model: Any, features: int) -> Steps:
    """A boosting without interactions as the step functions it is."""
    cuts: list[list[float]] = [[] for _ in range(features)]
    trees: list[tuple[int, Any]] = []
    base = float(np.ravel(model._baseline_prediction)[0])
    for (tree,) in model._predictors:
        nodes = tree.nodes
        inner = nodes[nodes["is_leaf"] == 0]
        if not len(inner):
            base += float(nodes["value"][0])
            continue
        j = int(inner["feature_idx"][0])
        trees.append((j, nodes))
        cuts[j] += [float(cut) for cut in inner["num_threshold"]]
    edges = [np.unique(np.asarray(own, float)) for own in cuts]
    values = [np.zeros(len(own) + 1) for own in edges]
    missing = np.zeros(features)
    for j, nodes in trees:
        inside = _inside(edges[j])
        values[j] += _walk(nodes, inside)
        missing[j] += float(_walk(nodes, np.array([np.nan]))[0])
    return Steps(base, tuple(Step(e, v, float(m)) for e, v, m in zip(edges, values, missing, strict=True)))


def _inside(edges: Floats) -> Floats:
    """A value of each step: its upper edge, and beyond the last."""
    return np.r_[edges, np.inf]


def _walk(nodes: Any, x: Floats) -> Floats:
    found = np.zeros(len(x))
    for i, value in enumerate(x):
        at = 0
        while not nodes["is_leaf"][at]:
            node = nodes[at]
            left = bool(node["missing_go_to_left"]) if np.isnan(value) else value <= node["num_threshold"]
            at = int(node["left"] if left else node["right"])
        found[i] = nodes["value"][at]
    return found


def mean_steps(bags: Sequence[Steps]) -> Steps:
    """The average of several, itself a sum of step functions; every feature's average step is 0 at its middle value."""
    features = len(bags[0].steps)
    joined = []
    for j in range(features):
        cuts = np.unique(np.concatenate([bag.steps[j].cuts for bag in bags]))
        inside = _inside(cuts)
        values = np.mean([bag.steps[j].at(inside) for bag in bags], axis=0)
        joined.append(Step(cuts, values, float(np.mean([bag.steps[j].missing for bag in bags]))))
    return Steps(float(np.mean([bag.base for bag in bags])), tuple(joined))


def bag_rows(groups: ArrayLike, bags: int, seed: int) -> list[NDArray[np.intp]]:
    """Rows of accounts drawn with replacement, ``bags`` times."""
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.r_[np.searchsorted(codes[order], np.arange(len(names))), len(codes)]
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(bags):
        times = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))
        each = np.repeat(times, np.diff(starts))
        drawn.append(np.repeat(order, each))
    return drawn
