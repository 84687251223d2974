"""How customers leave, grow, shrink and come, learned from a company's own past: rates with their uncertainty.

Every rate is counted from books *as they were known on past month's ends*, against what became of the same customers by
the day of learning, so that a rate "three months ahead" holds for customers of whom nothing was announced three months
before, and the announcements that usually come first are in it. Rates of classes (tenure x size) are shrunk towards the rate
of all (a beta prior worth ``PRIOR`` customers), counts are Poisson, and what varies between months beyond chance is kept as a
shock common to all customers (method of moments).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.forecasts.standing import FIRST_YEAR, SIZES, Floats, Ints, Standing, followers
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import number_of, without_rate
from enishi.metrics.spans import FOREVER

MONTH_DAYS = 365.25 / 12
PRIOR = 25.0  # customers' worth of the rate of all in the rate of a class
LEAST_MONTHS = 6  # months of past books
LEAST_EXPOSURE = 60  # months of customers
LEAST_LOSSES = 5  # customers lost
AHEAD = 6  # months ahead told apart for customers without a renewal date
LEADS = (31, 92, 183)  # days before a renewal that are told apart
AROUND = 31  # days after a renewal within which an end belongs to it
BEFORE = 15
CLASSES = 2 * SIZES
WINDOW = 24  # months of growth and new business that are looked at
HALF_LIFE = 12.0  # months after which a past month counts half
LEAST_SHOCK, MOST_SHOCK = 0.1, 1.0
RELATIVE = (-0.95, 3.0)  # smallest and largest change of an account's MRR that is taken for repeatable


@dataclass(frozen=True, slots=True)
class TooLittle:
    """Why nothing can be forecast: so many ``months`` of history, months of ``customers`` or ``losses`` there are, and so
    many it takes."""

    what: str
    have: int
    need: int


@dataclass(frozen=True, slots=True)
class Growth:
    """Changes of MRR by customers that stay.

    Args:
        rate: events per customer and month, by size (S).
        sizes: for each size the relative changes that were seen.
        level: uncertainty of the level (standard deviation of its logarithm); shock: the same between months.
    """

    rate: Floats
    sizes: tuple[Floats, ...]
    level: float
    shock: float

    @property
    def mean(self) -> Floats:
        """Expected relative change per month, by size."""
        means = np.array([float(pool.mean()) if len(pool) else 0.0 for pool in self.sizes])
        return self.rate * means


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Customers who come or come back: how many a month, with what MRR.

    Args:
        mean: a month; spread: variance of the count over its mean (1: Poisson); level: uncertainty of the mean (log).
        sizes: MRR of those seen.
    """

    mean: float
    spread: float
    level: float
    sizes: Floats


@dataclass(frozen=True, slots=True)
class Turnover:
    """What was learned. Classes: tenure under a year or longer (2) x size third (3)."""

    day: date
    months: int
    cuts: Floats
    rolling: Floats  # AHEAD x CLASSES: probability to be lost in that month ahead
    renewing: Floats  # leads x CLASSES: probability not to renew
    between: Floats  # CLASSES: probability per month to be lost between renewals
    losses: int
    exposure: int
    level: float
    shock: float
    lag: float  # months from the notice to the end, of customers without a renewal date
    expansion: Growth
    contraction: Growth
    arrivals: Arrivals
    counts: dict[str, list[int]] = field(default_factory=dict)

    @property
    def first_year(self) -> float:
        """Probability per month that a new customer is lost."""
        return float(self.rolling[-1, :SIZES].mean())


@dataclass(slots=True)
class _Counted:
    rolling: Floats = field(default_factory=lambda: np.zeros((2, AHEAD, CLASSES)))
    renewing: Floats = field(default_factory=lambda: np.zeros((2, len(LEADS) + 1, CLASSES)))
    between: Floats = field(default_factory=lambda: np.zeros((2, CLASSES)))
    monthly: list[tuple[float, float]] = field(
        default_factory=list
    )  # customers of a month's start, lost in it
    sized: Floats = field(default_factory=lambda: np.zeros(SIZES))  # months of customers by size


def size_of(money: Ints, cuts: Floats) -> Ints:
    return np.searchsorted(cuts, money, side="right").astype(np.int64)


def class_of(book: Standing, cuts: Floats) -> Ints:
    """0 … 5: the first three for customers in their first year, each by size."""
    money = np.where(book.now > 0, book.now, book.path.max(axis=1, initial=0))
    return (book.tenure >= FIRST_YEAR) * SIZES + size_of(money, cuts)


def losses(moves: pd.DataFrame, accounts: Ints, after: int) -> Ints:
    """Day number on which each account was lost first after a day; ``FOREVER`` where it was not."""
    gone = moves[(moves["kind"] == "churn") & (moves["day"] > after)]
    first = gone.groupby("account_id")["day"].min()
    return first.reindex(accounts).fillna(FOREVER).to_numpy(dtype=np.int64)


def contracts_lost(stretches: pd.DataFrame, day: date) -> pd.DataFrame:
    """The contracts that were over by the end of a day and that no other of their customer follows.

    Args:
        stretches: :func:`enishi.metrics.subscriptions.subscription_periods`, as known on the day.

    Returns:
        ``account_id``, ``day`` (number of the first day without it) and ``amount`` (MRR at its end), by ``record_id``.
    """
    known = without_rate(stretches)[0].sort_values(["record_id", "start"], kind="stable")
    one = known.groupby("record_id").agg(
        account_id=("account_id", "last"), begun=("start", "first"), day=("stop", "last"), amount=("mrr", "last")
    )  # fmt: skip
    columns = (one[name].to_numpy(dtype=np.int64) for name in ("account_id", "begun", "day"))
    alone = followers(*columns) == np.arange(len(one))
    return one.loc[alone & (one["day"] <= number_of(day)), ["account_id", "day", "amount"]]


def notice_lag(stretches: pd.DataFrame) -> float:
    """Months from the notice to the end of contracts that ended, those without a renewal date; 1 where none is known."""
    ended = stretches.drop_duplicates("record_id", keep="last")
    ended = ended[(ended["notice"] < FOREVER) & (ended["ended"] < FOREVER) & (ended["renewal"] >= FOREVER)]
    days = (ended["ended"] - ended["notice"]).clip(0, 366)
    return float(days.mean() / MONTH_DAYS) if len(days) >= 5 else 1.0


def learn_turnover(
    books: Sequence[Standing],
    moves: pd.DataFrame,
    day: date,
    lag: float = 1.0,
    lost: pd.DataFrame | None = None,
) -> Turnover | TooLittle:
    """Rates from past books.

    Args:
        books: of the ends of past months (ascending), each as known then, with at least ``AHEAD`` months ahead.
        moves: :func:`enishi.metrics.revenue.movements`, as known on ``day``.
        day: the day of learning; nothing later is used.
        lag: :func:`notice_lag`.
        lost: :func:`contracts_lost`, for customers who decide on several contracts apart; without it such a contract counts
            as lost with the customer alone.

    Returns:
        The rates, or what of history there is too little of.
    """
    moves = moves[moves["day"] <= number_of(day)]
    ended = [book for book in books if len(book) and book.grid.edges[1] <= number_of(day) + 1]
    used = [_without_gone(book, moves) for book in _observed(ended, moves)]
    exposure = int(sum((book.now > 0).sum() for book in used))
    lacking = _lacking(len(used), exposure, int((moves["kind"] == "churn").sum()))
    if lacking:
        return lacking
    latest = used[-1]
    cuts = (
        np.quantile(latest.now[latest.now > 0], [1 / SIZES, 2 / SIZES])
        if (latest.now > 0).any()
        else np.ones(2)
    )
    counted = _Counted()
    given_up = pd.Series(dtype=np.int64) if lost is None else lost["day"]
    for book in used:
        _count(counted, book, moves, given_up, cuts, number_of(day))
    if counted.renewing[0].sum() == counted.renewing[1].sum():
        counted.renewing[:] = (
            0.0  # nobody ever renewed: dates that only those who left have say nothing of the others
        )
    level, shock = _variation(counted)
    monthly = (sum(lost for _n, lost in counted.monthly) + 0.5) / (exposure + 1.0)
    window = [book for book in used if book.grid.day >= add_months(day, -WINDOW - 1)]
    return Turnover(
        day, len(used), cuts,
        rolling=_shrunk(counted.rolling, monthly), renewing=_shrunk(counted.renewing, 1 - (1 - monthly) ** 12),
        between=_shrunk(counted.between[:, None], 0.0)[0],
        losses=int(sum(lost for _n, lost in counted.monthly)), exposure=exposure, level=level, shock=shock, lag=lag,
        expansion=_growth(moves, window, cuts, "expansion"),
        contraction=_growth(_without_lost(moves, used, lost), window, cuts, "contraction"),
        arrivals=_arrivals(moves, window),
        counts={"renewing": [int(n) for n in counted.renewing[0].sum(axis=1)],
                "not_renewed": [int(n) for n in counted.renewing[1].sum(axis=1)]},
    )  # fmt: skip


def _lacking(months: int, customers: int, lost: int) -> TooLittle | None:
    for what, have, need in (
        ("months", months, LEAST_MONTHS), ("customers", customers, LEAST_EXPOSURE), ("losses", lost, LEAST_LOSSES),
    ):  # fmt: skip
        if have < need:
            return TooLittle(what, have, need)
    return None


def _observed(books: list[Standing], moves: pd.DataFrame) -> list[Standing]:
    """The books from the month of the first recorded loss on: of the time before, histories that were brought in later
    hold survivors alone, and would make leaving look rarer than it is."""
    lost = moves.loc[moves["kind"] == "churn", "day"]
    return [book for book in books if book.grid.edges[1] > lost.min()] if len(lost) else books


def _without_gone(book: Standing, moves: pd.DataFrame) -> Standing:
    """A book without those who had left by its day, though nobody had told so yet: they could not be lost any more, and
    would make leaving look rarer than it is."""
    past = moves[moves["day"] <= number_of(book.grid.day)]
    left = past.loc[past["kind"] == "churn", "account_id"].unique()
    money = past[past["account_id"].isin(left)].groupby("account_id")["amount"].sum()
    gone = (book.now > 0) & np.isin(book.accounts, money.index[money <= 0].to_numpy(dtype=np.int64))
    return book.where(~gone) if gone.any() else book


def _count(
    counted: _Counted, book: Standing, moves: pd.DataFrame, ended: pd.Series[int], cuts: Floats, until: int
) -> None:
    """Add one past book and what became of it.

    Args:
        ended: day number on which contracts were lost, by record.
    """
    gone = losses(moves, book.accounts, number_of(book.grid.day))
    paying = book.now > 0
    counted.sized += np.bincount(size_of(book.now[paying], cuts), minlength=SIZES)[:SIZES]
    counted.monthly.append((float(paying.sum()), float((paying & (gone < book.grid.edges[1])).sum())))
    kind = class_of(book, cuts)
    for decided in book.decided:
        place = np.searchsorted(book.accounts, decided.accounts)
        over = gone[place]
        if decided is book.parts:
            over = np.minimum(over, ended.reindex(decided.record).fillna(FOREVER).to_numpy(dtype=np.int64))
        _count_decided(counted, decided, over, kind[place], until)


def _count_decided(counted: _Counted, book: Standing, lost: Ints, kind: Ints, until: int) -> None:
    """Add what was decided each on its own, lost on a day or not, by class."""
    open_, edges = (book.now > 0) & ~book.noticed, book.grid.edges
    for ahead in range(min(AHEAD, book.grid.months)):
        if edges[ahead + 1] > until + 1:
            break
        there = open_ & book.rolling & (lost >= edges[ahead])
        _add(counted.rolling[:, ahead], kind, there, lost < edges[ahead + 1])
    _count_renewals(counted, book, lost, open_, kind, until)


def _count_renewals(
    counted: _Counted, book: Standing, lost: Ints, open_: npt.NDArray[np.bool_], kind: Ints, until: int
) -> None:
    edges = book.grid.edges
    lead = book.renewal - number_of(book.grid.day)
    early = lost < book.renewal - BEFORE
    decided = open_ & ~book.rolling & (book.renewal + AROUND <= until) & ~early
    bucket = np.searchsorted(LEADS, lead, side="left")
    previous = lead + (edges[1] - edges[0])  # the lead a month before: a renewal counts once per bucket
    fresh = np.searchsorted(LEADS, previous, side="left") != bucket
    for which in range(len(LEADS) + 1):
        once = fresh if which < len(LEADS) else lead <= LEADS[-1] + 92
        _add(
            counted.renewing[:, which],
            kind,
            decided & (bucket == which) & once,
            lost <= book.renewal + AROUND,
        )
    if edges[1] <= until + 1:
        apart = open_ & ~book.rolling & (book.renewal - BEFORE > edges[1])
        _add(counted.between, kind, apart, lost < edges[1])


def _add(into: Floats, kind: Ints, there: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_]) -> None:
    into[0] += np.bincount(kind[there], minlength=CLASSES)[:CLASSES]
    into[1] += np.bincount(kind[there & lost], minlength=CLASSES)[:CLASSES]


def _shrunk(counted: Floats, guess: float) -> Floats:
    """Probabilities by row and class: each class towards its row, each row towards all, all towards a guess that counts
    as one customer."""
    total = counted.sum(axis=(1, 2))
    overall = (total[1] + guess) / (total[0] + 1.0)
    n, lost = counted[0].sum(axis=1), counted[1].sum(axis=1)
    row = (lost + PRIOR * overall) / (n + PRIOR)
    found: Floats = (counted[1] + PRIOR * row[:, None]) / (counted[0] + PRIOR)
    return found


def _variation(counted: _Counted) -> tuple[float, float]:
    """Uncertainty of the level of leaving, and its shock between months beyond chance (both of the logarithm)."""
    n = np.array([pair[0] for pair in counted.monthly])
    lost = np.array([pair[1] for pair in counted.monthly])
    expected = n * lost.sum() / max(1.0, n.sum())
    shock = _beyond_chance(lost, expected, expected)
    level = np.sqrt(1.0 / (lost.sum() + 1.0) + shock**2 / max(1, len(n)))
    return float(level), shock


def _beyond_chance(seen: Floats, expected: Floats, variance: Floats) -> float:
    """Standard deviation of a common factor: the mean squared deviation less what chance alone explains."""
    below = float((expected**2).sum())
    if below <= 0 or len(seen) < 3:
        return LEAST_SHOCK
    excess = float((((seen - expected) ** 2) - variance).sum()) / below
    return float(np.clip(np.sqrt(max(0.0, excess)), LEAST_SHOCK, MOST_SHOCK))


def _weights(months: int) -> Floats:
    """Weight of each month, the latest last."""
    found: Floats = 0.5 ** (np.arange(months)[::-1] / HALF_LIFE)
    return found


def _growth(moves: pd.DataFrame, window: Sequence[Standing], cuts: Floats, kind: str) -> Growth:
    """How often customers of each size grow (or shrink), and by how much."""
    first, last = int(window[0].grid.edges[0]), int(window[-1].grid.edges[1])
    seen = moves[
        (moves["kind"] == kind) & (moves["day"] >= first) & (moves["day"] < last) & (moves["before"] > 0)
    ]
    before = seen["before"].to_numpy(dtype=np.int64)
    relative = np.clip(seen["amount"].to_numpy(dtype=float) / np.maximum(1, before), *RELATIVE)
    size, weights = size_of(before, cuts), _weights(len(window))
    month = (
        np.searchsorted([int(book.grid.edges[0]) for book in window], seen["day"].to_numpy(), side="right")
        - 1
    )
    held = np.array(
        [np.bincount(size_of(book.now[book.now > 0], cuts), minlength=SIZES)[:SIZES] for book in window]
    )
    exposed = (held * weights[:, None]).sum(axis=0)
    events = np.bincount(size, weights[month], SIZES)[:SIZES] if len(seen) else np.zeros(SIZES)
    overall = events.sum() / max(1.0, exposed.sum())
    rate = (events + PRIOR * overall) / (exposed + PRIOR)
    pools = tuple(relative[size == k] if (size == k).sum() >= 5 else relative for k in range(SIZES))
    count = (
        np.bincount(month, minlength=len(window)).astype(float)[: len(window)]
        if len(seen)
        else np.zeros(len(window))
    )
    expected = held.sum(axis=1) * count.sum() / max(1.0, held.sum())
    shock = _beyond_chance(count, expected, expected)
    squares = float((relative**2).mean() / max(1e-9, relative.mean() ** 2)) if len(relative) else 1.0
    level = float(np.sqrt(squares / (count.sum() + 1.0) + shock**2 / len(window)))
    return Growth(rate, pools, level, shock)


def _without_lost(moves: pd.DataFrame, books: Sequence[Standing], lost: pd.DataFrame | None) -> pd.DataFrame:
    """Movements without the contracts that customers with several decided against: those are counted as renewals, not as
    shrinking too."""
    apart = [book.parts.record for book in books if book.parts is not None]
    if lost is None or not apart:
        return moves
    counted = lost[lost.index.isin(np.unique(np.concatenate(apart)))]
    given_up = counted.groupby(["account_id", "day"], as_index=False)["amount"].sum()
    less = moves[["account_id", "day"]].merge(given_up, on=["account_id", "day"], how="left")["amount"]
    shrinks = (moves["kind"] == "contraction").to_numpy()
    amount = moves["amount"].to_numpy() + np.where(shrinks, less.fillna(0).to_numpy(dtype=np.int64), 0)
    return moves.assign(amount=amount)[~shrinks | (amount < 0)]


def _arrivals(moves: pd.DataFrame, window: Sequence[Standing]) -> Arrivals:
    edges = np.array([*(int(book.grid.edges[0]) for book in window), int(window[-1].grid.edges[1])])
    came = moves[moves["kind"].isin(["new", "reactivation"]) & (moves["after"] > 0)]
    came = came[(came["day"] >= edges[0]) & (came["day"] < edges[-1])]
    month = np.searchsorted(edges, came["day"].to_numpy(), side="right") - 1
    count = np.bincount(month, minlength=len(window)).astype(float)[: len(window)]
    weights = _weights(len(window))
    mean = float((count * weights).sum() / weights.sum())
    spread = float(np.clip(count.var(ddof=1) / max(1e-9, count.mean()), 1.0, 50.0)) if len(count) > 2 else 1.0
    effective = weights.sum() ** 2 / (weights**2).sum()
    level = float(np.sqrt(spread / max(1.0, mean * effective)))
    return Arrivals(mean, spread, min(level, 1.0), came["amount"].to_numpy(dtype=float))
