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
LEAST_CUSTOMERS: Final = 20
"""Customers with a later order before a comparison is made."""
LEAST_ITEMS: Final = 2
SHRINK: Final = 5.0
HALF_LIFE: Final = 180.0
DRAWS: Final = 400
MOST_ITEMS: Final = 2_000
"""Products scored, the most sold ones: rarer ones cannot be learned and would only cost memory."""
MOST_CASES: Final = 5_000
DIGITS: Final = 9
"""Of scores that count: what differs less differs by the order in which a processor adds."""
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
        return self._parts(*self._history(orders, at, accounts))

    def _parts(self, history: Floats, last: Floats) -> dict[str, Floats]:
        share = _rows_to_one(history)
        return {
            "together": share @ self.together_,
            "sequence": last @ self.sequence_,
            "habit": share,
            "popular": np.broadcast_to(self.popular_, history.shape),
        }

    def _added(self, parts: Mapping[str, Floats]) -> Floats:
        return np.asarray(sum(self.weights_.get(name, 0.0) * part for name, part in parts.items()))

    def score(self, orders: pd.DataFrame, at: float, accounts: Sequence[int]) -> Floats:
        """(accounts x items); higher is likelier to be ordered next."""
        return self._added(self.parts(orders, at, accounts))

    def recommend(self, orders: pd.DataFrame, at: float, accounts: Sequence[int], k: int = 3) -> pd.DataFrame:
        """The first ``k`` products of each customer with the reason that weighs most.

        Returns:
            account_id, rank (1 is first), item, score, reason (together | sequence | habit | popular).
        """
        parts = {n: self.weights_.get(n, 0.0) * part for n, part in self.parts(orders, at, accounts).items()}
        scores = np.asarray(sum(parts.values()))
        order = greatest(scores, k)
        names = list(parts)
        stacked = np.round([parts[name] for name in names], DIGITS)
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

    def before(self, orders: pd.DataFrame, cases: Cases) -> tuple[Floats, Floats]:
        """The same before the day of each case: each customer's orders are gone through once, in time."""
        own = tidy(orders)
        own = own[own["account_id"].isin(set(cases.accounts)) & own["item"].isin(self._place)]
        asked: dict[int, list[tuple[float, int]]] = {}
        for row, (account, day) in enumerate(zip(cases.accounts, cases.days, strict=True)):
            asked.setdefault(account, []).append((day, row))
        history, last = (np.zeros((len(cases.accounts), len(self.items_))) for _ in range(2))
        named: Any = own.groupby("account_id", sort=False)
        for account, theirs in named:
            days = theirs["day"].to_numpy(dtype=float)
            items = theirs["item"].map(self._place).to_numpy(dtype=int)
            for day, row in asked[int(account)]:
                past = days < day
                if past.any():
                    np.add.at(history[row], items[past], 0.5 ** ((day - 1 - days[past]) / self.half_life))
                    newest = items[past & (days == days[past].max())]
                    last[row, newest] = 1.0 / len(set(newest.tolist()))
        return history, last

    def _chosen(self, clean: pd.DataFrame) -> dict[str, float]:
        """The weights with the best NDCG on the latest fifth of the orders, learned without them."""
        split = float(clean["day"].quantile(0.8)) if len(clean) else 0.0
        cases = later_orders(clean, split)
        if cases.customers < LEAST_CUSTOMERS:
            return {"together": 1.0, "sequence": 1.0, "habit": 1.0, "popular": 0.1}
        inner = NextProduct(half_life=self.half_life, shrink=self.shrink, weights={})
        inner.fit(clean[clean["day"] <= split])
        parts = inner._parts(*inner.before(clean, cases))
        truth = cases.matrix(inner.items_)
        found = [ndcg(sum(w[n] * p for n, p in parts.items()), truth, 3).mean() for w in WEIGHTS]
        return dict(WEIGHTS[int(np.argmax(np.round(found, DIGITS)))])


def tidy(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with a product's name, oldest first."""
    named = orders[orders["item"].notna() & (orders["item"] != "") & orders["account_id"].notna()]
    return named[["account_id", "item", "day"]].sort_values(["day", "account_id", "item"], ignore_index=True)


def _rows_to_one(table: Floats) -> Floats:
    total = table.sum(axis=1, keepdims=True)
    return np.divide(table, total, out=np.zeros_like(table), where=total > 0)


# ------------------------------------------------------------------------------------------ the test


@dataclass(frozen=True)
class Cases:
    """Orders that came later, each of a customer who had ordered before it.

    Args:
        accounts, days, wanted: who ordered, on which day, which products. ``days`` rise.
    """

    accounts: list[int]
    days: list[float]
    wanted: list[set[str]]

    @property
    def customers(self) -> int:
        return len(set(self.accounts))

    def matrix(self, items: Sequence[str]) -> NDArray[np.bool_]:
        """(cases x items): what was ordered; a product never sold before is in no column and cannot be met."""
        place = {item: at for at, item in enumerate(items)}
        found = np.zeros((len(self.accounts), len(items)), dtype=bool)
        for row, wanted in enumerate(self.wanted):
            found[row, [place[item] for item in wanted if item in place]] = True
        return found


def later_orders(orders: pd.DataFrame, split: float) -> Cases:
    """Every order after the day ``split`` of customers who had ordered by then; at most :data:`MOST_CASES` of them."""
    known = set(orders.loc[orders["day"] <= split, "account_id"])
    later = orders[(orders["day"] > split) & orders["account_id"].isin(known)]
    baskets = later.groupby(["day", "account_id"])["item"].agg(set)
    if len(baskets) > MOST_CASES:
        baskets = baskets.sample(MOST_CASES, random_state=0).sort_index()
    days, accounts = (baskets.index.get_level_values(name) for name in ("day", "account_id"))
    return Cases([int(account) for account in accounts], [float(day) for day in days], list(baskets))


def score_cases(model: NextProduct, orders: pd.DataFrame, cases: Cases) -> dict[str, Floats]:
    """Way -> (cases x items): its scores, each from what the customer had ordered before the day of the case."""
    history, last = model.before(orders, cases)
    return {
        MODEL: model._added(model._parts(history, last)),
        "best_sellers": np.broadcast_to(model.popular_, history.shape),
        "repeat_last": last * 10 + model.popular_,
    }


def greatest(scores: Any, k: int) -> NDArray[np.intp]:
    """(n, k) places of the ``k`` highest scores of each row; of equal ones what sells best comes first."""
    return np.asarray(np.argsort(-np.round(scores, DIGITS), axis=1, kind="stable")[:, :k])


def hits(scores: Any, truth: NDArray[np.bool_], k: int) -> Floats:
    """(n,) 1 where one of the first ``k`` products was ordered."""
    top = greatest(scores, k)
    return np.take_along_axis(truth, top, axis=1).any(axis=1).astype(float)


def ndcg(scores: Any, truth: NDArray[np.bool_], k: int) -> Floats:
    """(n,) normalised discounted cumulative gain at ``k`` (Järvelin & Kekäläinen 2002), gains of 0 and 1."""
    top = greatest(scores, k)
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
        cases: later orders judged; customers: whose they are; items: products sold by the split; k: how many products are named; split: the day.
        rates: way -> {"hit", "ndcg"}, shares. ahead: baseline -> interval (low, high) of the model's NDCG less the
            baseline's, customers resampled. used: the way to be used. enough: whether there were cases enough.
    """

    cases: int
    customers: int
    items: int
    k: int
    split: float
    rates: dict[str, dict[str, float]]
    ahead: dict[str, tuple[float, float]]
    used: str
    enough: bool


def try_out(orders: pd.DataFrame, *, k: int = 3, held_out: float = 0.25, seed: int = 0) -> Trial:
    """Learn from the earlier orders, judge on every later one by what its customer had ordered before it.

    The model is used only where it is ahead of the best baseline by more than chance; else that baseline.

    Args:
        held_out: share of orders, the latest, that are not learned from.
    """
    clean = tidy(orders)
    split = float(clean["day"].quantile(1 - held_out)) if len(clean) else 0.0
    cases = later_orders(clean, split)
    items = int(clean.loc[clean["day"] <= split, "item"].nunique())
    if cases.customers < LEAST_CUSTOMERS or items < LEAST_ITEMS:
        return Trial(len(cases.accounts), cases.customers, items, k, split, {}, {}, "best_sellers", False)
    model = NextProduct().fit(clean[clean["day"] <= split])
    truth = cases.matrix(model.items_)
    named = min(k, max(1, items - 1))
    found = score_cases(model, clean, cases)
    gains = {name: ndcg(scores, truth, named) for name, scores in found.items()}
    rates = {
        name: {"hit": float(hits(scores, truth, named).mean()), "ndcg": float(gains[name].mean())}
        for name, scores in found.items()
    }
    ahead = {name: _between(gains[MODEL] - gains[name], cases.accounts, seed) for name in BASELINES}
    best = max(BASELINES, key=lambda name: rates[name]["ndcg"])
    used = MODEL if ahead[best][0] > 0 else best
    return Trial(len(cases.accounts), cases.customers, items, named, split, rates, ahead, used, True)


def _between(differences: Floats, accounts: Sequence[int], seed: int) -> tuple[float, float]:
    """Percentile interval (95 %) of the mean over cases, customers resampled with all of theirs."""
    codes, names = pd.factorize(np.asarray(accounts))
    totals, counts = np.bincount(codes, differences), np.bincount(codes)
    drawn = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=DRAWS
    )
    low, high = np.quantile((drawn @ totals) / (drawn @ counts), (0.025, 0.975))
    return float(low), float(high)
