"""The next product of customers who order: which one follows, tested against what needs no model.

Scores are made of what one customer ordered before: products bought by the same customers (co-purchase, cosine of the
customer-item matrix, shrunk; Sarwar et al. 2001, item-based collaborative filtering), products that followed one another
(order-to-order transitions, smoothed; Rendle et al. 2010 without the factors), its own habit, and what sells best. How much
each counts is chosen on later orders within the training span. Whether that beats best-sellers and "the last one again" is
measured on orders later still; where it does not, the better of those is used, and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combinations
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MODEL: Final = "model"
BASELINES: Final = ("best_sellers", "repeat_last")
LEAST_CASES: Final = 30
"""Customers with a later order before a comparison is made."""
LEAST_ITEMS: Final = 2
SHRINK: Final = 5.0
HALF_LIFE: Final = 180.0
DRAWS: Final = 400
MOST_ITEMS: Final = 2_000
"""Products scored, the most sold ones: rarer ones cannot be learned and would only cost memory."""
MOST_CASES: Final = 5_000
WEIGHTS: Final = tuple(
    dict(zip(("together", "sequence", "habit", "popular"), w, strict=True))
    for w in combinations((0.0, 1.0), (0.0, 1.0), (0.0, 1.0, 3.0), (0.1, 1.0))
    if any(w[:3])
)


class NextProduct:
    """Scores of every product for every customer, from orders in time.

    Args:
        half_life: days after which an order counts half. shrink: customers added to a pair's support, so that two products
            bought together once do not look inseparable. weights: parts of the score (``together``, ``sequence``,
            ``habit``, ``popular``); None: chosen on the latest orders of what is fitted.

    Attributes:
        items_: products, most sold first. weights_: the parts' weights. together_, sequence_: item x item (rows add up to
            at most 1). popular_: share of orders.
    """

    def __init__(
        self,
        *,
        half_life: float = HALF_LIFE,
        shrink: float = SHRINK,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.half_life, self.shrink = half_life, shrink
        self.weights = dict(weights) if weights is not None else None

    def fit(self, orders: pd.DataFrame) -> Self:
        """Learn from orders.

        Args:
            orders: ``account_id``, ``item`` (text), ``day`` (whole number of days; rising is later), one row per item of
                an order; items without a name are left out.
        """
        clean = tidy(orders)
        self.items_ = clean["item"].value_counts().index.tolist()[:MOST_ITEMS]
        self._place = {item: at for at, item in enumerate(self.items_)}
        clean = clean[clean["item"].isin(self._place)]
        self._learn(clean)
        self.weights_ = self.weights if self.weights is not None else self._chosen(clean)
        return self

    def _learn(self, clean: pd.DataFrame) -> None:
        from scipy import sparse

        n = len(self.items_)
        counts = clean["item"].map(self._place).value_counts()
        self.popular_ = np.zeros(n)
        self.popular_[counts.index.to_numpy(dtype=int)] = counts.to_numpy() / max(len(clean), 1)
        who, accounts = pd.factorize(clean["account_id"])
        where = clean["item"].map(self._place).to_numpy(dtype=int)
        bought = sparse.csr_matrix((np.ones(len(clean)), (who, where)), shape=(len(accounts), n))
        bought.data[:] = 1.0
        bought.sum_duplicates()
        bought.data[:] = 1.0
        both = np.asarray((bought.T @ bought).todense(), dtype=float)
        own = np.diag(both).copy()
        np.fill_diagonal(both, 0.0)
        root = np.sqrt(np.outer(own, own))
        cosine = np.divide(both, root, out=np.zeros_like(both), where=root > 0)
        self.together_ = _rows_to_one(cosine * both / (both + self.shrink))
        self.sequence_ = self._transitions(clean)

    def _transitions(self, clean: pd.DataFrame) -> Floats:
        """P(next | last), smoothed towards what sells best."""
        n = len(self.items_)
        baskets = clean.drop_duplicates(["account_id", "day", "item"]).sort_values(
            ["account_id", "day"], kind="stable"
        )
        days = baskets[["account_id", "day"]].drop_duplicates()
        days = days.assign(next_day=days.groupby("account_id")["day"].shift(-1)).dropna()
        pairs = baskets.merge(days, on=["account_id", "day"])
        pairs = pairs.merge(
            baskets.rename(columns={"day": "next_day", "item": "next_item"}), on=["account_id", "next_day"]
        )
        table = np.zeros((n, n))
        if len(pairs):
            at = (
                pairs["item"].map(self._place).to_numpy(dtype=int),
                pairs["next_item"].map(self._place).to_numpy(dtype=int),
            )
            np.add.at(table, at, 1.0)
        smoothed = table + self.shrink * self.popular_
        return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))

    def parts(self, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> dict[str, Floats]:
        """The parts of the score as of a day: each (accounts x items), rows of comparable size.

        Args:
            orders: what the customers ordered up to and on the day ``at``; later rows are not looked at.
        """
        history, last = self._history(orders, at, accounts)
        total = history.sum(axis=1, keepdims=True)
        share = np.divide(history, total, out=np.zeros_like(history), where=total > 0)
        return {
            "together": share @ self.together_,
            "sequence": last @ self.sequence_,
            "habit": share,
            "popular": np.broadcast_to(self.popular_, history.shape),
        }

    def score(self, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> Floats:
        """(accounts x items); higher is likelier to be ordered next."""
        parts = self.parts(orders, at, accounts)
        return np.asarray(sum(self.weights_[name] * part for name, part in parts.items()))

    def recommend(self, orders: pd.DataFrame, at: float, accounts: Sequence[int], k: int = 3) -> pd.DataFrame:
        """The first ``k`` products of each customer with the reason that weighs most.

        Returns:
            account_id, rank (1 is first), item, score, reason (together | sequence | habit | popular).
        """
        parts = {name: self.weights_[name] * part for name, part in self.parts(orders, at, accounts).items()}
        scores = np.asarray(sum(parts.values()))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        names = list(parts)
        stacked = np.stack([parts[name] for name in names])
        rows = []
        for row, account in enumerate(accounts):
            for rank, item in enumerate(order[row]):
                reason = names[int(np.argmax(stacked[:, row, item]))]
                rows.append((account, rank + 1, self.items_[item], float(scores[row, item]), reason))
        return pd.DataFrame(rows, columns=["account_id", "rank", "item", "score", "reason"])

    def _history(self, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> tuple[Floats, Floats]:
        """Decayed counts of each customer's items, and what its latest order held."""
        places = {account: row for row, account in enumerate(accounts)}
        known = tidy(orders)
        known = known[
            (known["day"] <= at) & known["account_id"].isin(places) & known["item"].isin(self._place)
        ]
        rows = known["account_id"].map(places).to_numpy(dtype=int)
        items = known["item"].map(self._place).to_numpy(dtype=int)
        decay = 0.5 ** ((at - known["day"].to_numpy(dtype=float)) / self.half_life)
        history, last = (np.zeros((len(accounts), len(self.items_))) for _ in range(2))
        np.add.at(history, (rows, items), decay)
        newest = known.groupby("account_id")["day"].transform("max").to_numpy() == known["day"].to_numpy()
        last[rows[newest], items[newest]] = 1.0
        total = last.sum(axis=1, keepdims=True)
        return history, np.divide(last, total, out=np.zeros_like(last), where=total > 0)

    def _chosen(self, clean: pd.DataFrame) -> dict[str, float]:
        """The weights with the best NDCG on the latest fifth of the orders, learned without them."""
        split = float(clean["day"].quantile(0.8)) if len(clean) else 0.0
        cases = next_orders(clean, split)
        if len(cases.accounts) < LEAST_CASES:
            return {"together": 1.0, "sequence": 1.0, "habit": 1.0, "popular": 0.1}
        inner = NextProduct(half_life=self.half_life, shrink=self.shrink, weights=WEIGHTS[0])
        inner.fit(clean[clean["day"] <= split])
        parts = inner.parts(clean, split, cases.accounts)
        truth = cases.matrix(inner.items_)
        found = [ndcg(sum(w[n] * p for n, p in parts.items()), truth, 3).mean() for w in WEIGHTS]
        return dict(WEIGHTS[int(np.argmax(found))])


def tidy(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with a product's name, oldest first."""
    named = orders[orders["item"].notna() & (orders["item"] != "") & orders["account_id"].notna()]
    return named[["account_id", "item", "day"]].sort_values(
        ["day", "account_id"], kind="stable", ignore_index=True
    )


def _rows_to_one(table: Floats) -> Floats:
    total = table.sum(axis=1, keepdims=True)
    return np.divide(table, total, out=np.zeros_like(table), where=total > 0)


# ------------------------------------------------------------------------------------------ the test


@dataclass(frozen=True)
class Cases:
    """Customers who had ordered by a day and ordered again later, and what their next order held."""

    accounts: list[int]
    wanted: list[set[str]]

    def matrix(self, items: Sequence[str]) -> NDArray[np.bool_]:
        """(accounts x items): what was ordered; a product never sold before is in no column and cannot be met."""
        place = {item: at for at, item in enumerate(items)}
        found = np.zeros((len(self.accounts), len(items)), dtype=bool)
        for row, wanted in enumerate(self.wanted):
            found[row, [place[item] for item in wanted if item in place]] = True
        return found


def next_orders(orders: pd.DataFrame, split: float) -> Cases:
    """Each customer's first order after the day ``split``, of those who had ordered by then."""
    known = set(orders.loc[orders["day"] <= split, "account_id"])
    later = orders[(orders["day"] > split) & orders["account_id"].isin(known)]
    first = later.groupby("account_id")["day"].transform("min")
    baskets = later[later["day"] == first].groupby("account_id")["item"].agg(set)
    if len(baskets) > MOST_CASES:
        baskets = baskets.sample(MOST_CASES, random_state=0).sort_index()
    return Cases([int(account) for account in baskets.index], list(baskets))


def hits(scores: Any, truth: NDArray[np.bool_], k: int) -> Floats:
    """(n,) 1 where one of the first ``k`` products was ordered."""
    top = np.argsort(-np.asarray(scores), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(truth, top, axis=1).any(axis=1).astype(float)


def ndcg(scores: Any, truth: NDArray[np.bool_], k: int) -> Floats:
    """(n,) normalised discounted cumulative gain at ``k`` (Järvelin & Kekäläinen 2002), gains of 0 and 1."""
    top = np.argsort(-np.asarray(scores), axis=1, kind="stable")[:, :k]
    discount = 1 / np.log2(np.arange(2, top.shape[1] + 2))
    gained = (np.take_along_axis(truth, top, axis=1) * discount).sum(axis=1)
    most = np.array([discount[: int(n)].sum() for n in np.minimum(truth.sum(axis=1), top.shape[1])])
    return np.asarray(np.divide(gained, most, out=np.zeros_like(gained), where=most > 0))


def best_sellers(model: NextProduct, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> Floats:
    """What sells best, the same for everyone."""
    return np.broadcast_to(model.popular_, (len(accounts), len(model.items_))).copy()


def repeat_last(model: NextProduct, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> Floats:
    """What the last order held; then what sells best."""
    return model._history(orders, at, accounts)[1] * 10 + model.popular_


_BY_NAME: Final = {"best_sellers": best_sellers, "repeat_last": repeat_last}


def scores_of(
    name: str, model: NextProduct, orders: pd.DataFrame, at: float, accounts: Sequence[int]
) -> Floats:
    """Scores by a way's name: ``model`` or a baseline."""
    if name == MODEL:
        return model.score(orders, at, accounts)
    return _BY_NAME[name](model, orders, at, accounts)


@dataclass(frozen=True)
class Trial:
    """What each way reached on later orders.

    Args:
        cases: customers tested; items: products sold by the split; k: how many products are named; split: the day.
        rates: way -> {"hit", "ndcg"}, shares. ahead: baseline -> interval (low, high) of the model's NDCG less the
            baseline's, customers resampled. used: the way to be used. enough: whether there were cases enough.
    """

    cases: int
    items: int
    k: int
    split: float
    rates: dict[str, dict[str, float]]
    ahead: dict[str, tuple[float, float]]
    used: str
    enough: bool


def try_out(orders: pd.DataFrame, *, k: int = 3, held_out: float = 0.25, seed: int = 0) -> Trial:
    """Learn from the earlier orders, judge on each customer's next order after them.

    The model is used only where it is ahead of the best baseline by more than chance; else that baseline.

    Args:
        held_out: share of orders, the latest, that are not learned from.
    """
    clean = tidy(orders)
    split = float(clean["day"].quantile(1 - held_out)) if len(clean) else 0.0
    cases = next_orders(clean, split)
    items = int(clean.loc[clean["day"] <= split, "item"].nunique())
    if len(cases.accounts) < LEAST_CASES or items < LEAST_ITEMS:
        return Trial(len(cases.accounts), items, k, split, {}, {}, "best_sellers", False)
    past = clean[clean["day"] <= split]
    model = NextProduct().fit(past)
    truth = cases.matrix(model.items_)
    named = min(k, max(1, items - 1))
    found = {name: scores_of(name, model, past, split, cases.accounts) for name in (MODEL, *BASELINES)}
    gains = {name: ndcg(scores, truth, named) for name, scores in found.items()}
    rates = {
        name: {"hit": float(hits(scores, truth, named).mean()), "ndcg": float(gains[name].mean())}
        for name, scores in found.items()
    }
    ahead = {name: _between(gains[MODEL] - gains[name], seed) for name in BASELINES}
    best = max(BASELINES, key=lambda name: rates[name]["ndcg"])
    used = MODEL if ahead[best][0] > 0 else best
    return Trial(len(cases.accounts), items, named, split, rates, ahead, used, True)


def _between(differences: Floats, seed: int) -> tuple[float, float]:
    """Percentile interval (95 %) of the mean, customers resampled."""
    draws = np.random.default_rng(seed).integers(0, len(differences), (DRAWS, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)
