"""Recurring revenue of the months ahead, drawn customer by customer.

In each draw every customer stays or leaves (one uniform per customer against its cumulative hazard, so that a higher
hazard only ever brings the end forward), those who stay grow or shrink now and then
(:mod:`enishi.forecasts.changing`), and new ones come. Two things are drawn once for everybody, so that the sum is not too certain: how wrong the
learned rates may be (``level``), and by how much months differ beyond chance (``shock``).

Customers who decide on several contracts apart are lost with the last of them. One uniform decides on all of theirs: who is
discontented enough to give up the safest contract has given up the others before.

The uniforms are a hash of seed and customer (:mod:`enishi.forecasts.chance`): a customer meets the same fate in the draw of
the whole book, of one person's book, and under another scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from enishi.forecasts.chance import uniforms
from enishi.forecasts.changing import Changes, at_most, draw_changes
from enishi.forecasts.leaving import STATED, Leaving
from enishi.forecasts.standing import Floats, Grid, Ints, Standing
from enishi.forecasts.turnover import RELATIVE, SIZES, Turnover, size_of

BLOCK = 1 << 17  # customers x draws worked on at a time: what of them fits the cache
LEVELS = (0.5, 0.8, 0.95)
STAYS, GROWS, SHRINKS = 1, 16, 18  # streams of uniforms

COMPONENTS = (
    "alive", "repriced", "up", "down", "nrr", "grr", "customers",
    "grown", "shrunk", "expansion", "contraction", "nrr_grown", "nrr_shrunk", "grr_shrunk", "new", "came",
)  # fmt: skip
_WEIGHED = COMPONENTS[:7]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The customers of twelve months before each month's end, as they stand today.

    Args:
        opening: their MRR then, of those never lost since (N x M).
        total: MRR then of all of them, also of those lost since (M); 0 where that day is still to come.
    """

    opening: Ints
    total: Ints


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is assumed beside what was learned: factors on leaving, growth and new business, and a price rise (share) at
    each customer's next renewal, at once where there is none."""

    churn: float = 1.0
    expansion: float = 1.0
    new: float = 1.0
    price: float = 0.0

    @property
    def is_plain(self) -> bool:
        return self == Scenario()


@dataclass(frozen=True, slots=True)
class Draws:
    """Sums over the customers of a book, by draw and month (D x M each): see :data:`COMPONENTS`.

    Money in minor units. ``alive``: MRR of who is there at the end, as contracted today; ``repriced``: the part of it whose
    renewal has come; ``up``, ``down``: announced changes; ``grown``, ``shrunk``: what those who are there have won and
    given back, ``expansion``, ``contraction``: the same in the month itself; ``nrr`` …: of the customers of twelve months
    before; ``new``: MRR of those who came since; ``came``: in the month.
    """

    parts: dict[str, Floats]
    opening: int
    cohort: Ints
    churn: float = 1.0


@dataclass(frozen=True, slots=True)
class Paths:
    """What is reported, by draw and month (D x M). Flows add up: before + new + expansion - contraction - churn = MRR."""

    mrr: Floats
    churn: Floats
    expansion: Floats
    contraction: Floats
    new: Floats
    nrr: Floats
    grr: Floats
    customers: Floats
    opening: int


@dataclass(slots=True)
class _Common:
    """What is drawn for everybody: factors on leaving by source, on growth and shrinking (D x M each)."""

    leaving: tuple[Floats, Floats]
    expansion: Floats
    contraction: Floats
    sums: dict[str, Floats] = field(default_factory=dict)


def enough_draws(customers: int) -> int:
    """How many draws a book gets: the fewer customers, the more they matter one by one."""
    return 2000 if customers <= 2000 else 1000 if customers <= 20_000 else 300


def simulate(
    book: Standing,
    left: Leaving,
    learned: Turnover,
    cohorts: Cohorts | None = None,
    *,
    draws: int = 0,
    seed: int = 1,
    churn: float = 1.0,
    arrivals: bool = True,
) -> Draws:
    """Draw the months ahead of a book.

    Args:
        left: :func:`enishi.forecasts.leaving.leaving` of the same book.
        draws: 0 for :func:`enough_draws`.
        churn: factor on every hazard.
        arrivals: whether new business comes (not for a part of the customers).
    """
    draws = draws or enough_draws(len(book))
    months = book.grid.months
    common = _common(learned, left.level, draws, months, seed)
    common.sums = {name: np.zeros((months, draws)) for name in COMPONENTS}
    none = np.zeros(book.path.shape, dtype=np.int64)
    cohorts = cohorts or Cohorts(none, np.zeros(months, dtype=np.int64))
    for rows, stated, changes in _blocks(common, book, left, learned):
        opening, block = cohorts.opening[rows], book.where(rows)
        there = _draw_stays(common, block, left.hazard[rows] * churn, opening, seed, stated)
        for one in changes:
            draw_changes(common.sums, one, block, there, opening, seed)
    if book.parts is not None and left.parts is not None:
        whole, opening = book.where(book.parted), cohorts.opening[book.parted]
        _draw_parts(common, whole, book.parts, left.parts, learned, opening, seed, churn)
    if arrivals:
        _draw_arrivals(common, learned, book, seed, churn)
    parts = {name: np.ascontiguousarray(total.T) for name, total in common.sums.items()}
    return Draws(parts, int(book.now.sum()), cohorts.total, churn)


def _common(learned: Turnover, stated_level: float, draws: int, months: int, seed: int) -> _Common:
    """A level is drawn once per draw, with mean one; half of a shock's variance lasts, half is each month's own."""
    rng = np.random.default_rng([seed, draws])
    level = rng.standard_normal((3, 1, draws))
    lasting, own = rng.standard_normal((3, 1, draws)), rng.standard_normal((3, months, draws))

    def factors(which: int, sigma: float, shock: float) -> Floats:
        log = sigma * level[which] + shock * sqrt(0.5) * (lasting[which] + own[which])
        found: Floats = np.exp(log - (sigma**2 + shock**2) / 2)
        return found

    base = factors(0, learned.level, learned.shock)
    stated = factors(0, stated_level, learned.shock)
    grown = factors(1, learned.expansion.level, learned.expansion.shock)
    return _Common((base, stated), grown, factors(2, learned.contraction.level, learned.contraction.shock))


def _blocks(
    common: _Common, book: Standing, left: Leaving, learned: Turnover
) -> Iterator[tuple[Ints, int, list[Changes]]]:
    """Rows of the book, whether a model states their probabilities, and how they change: alike within a block."""
    size, stated = size_of(book.now, learned.cuts), left.source == STATED
    most, alone = max(1, BLOCK // common.expansion.shape[1]), ~book.parted
    for which in range(SIZES):
        changes = _changes(common, learned, which, book.grid)
        for source in (0, 1):
            rows = np.flatnonzero((size == which) & (stated == source) & alone)
            for begin in range(0, len(rows), most):
                yield rows[begin : begin + most], source, changes


def _changes(common: _Common, learned: Turnover, which: int, grid: Grid) -> list[Changes]:
    """Growth and shrinking of the customers of a size; what never was is left out."""
    drift = (1 + net_growth(learned)[which]) ** grid.elapsed
    found = []
    for stream, growth, factor in (
        (GROWS, learned.expansion, common.expansion), (SHRINKS, learned.contraction, common.contraction),
    ):  # fmt: skip
        mean, pool = growth.rate[which] * grid.elapsed[-1] * factor.shape[1], np.abs(growth.sizes[which])
        if mean > 0 and len(pool):
            found.append(Changes(stream == SHRINKS, stream, at_most(float(mean)), drift, pool, factor))
    return found


def _weights(book: Standing, opening: Ints) -> npt.NDArray[np.float32]:
    """What each customer who is there adds to the sums of :data:`_WEIGHED`, in order of the products (M x 7 x N)."""
    path = book.path
    before = np.concatenate([book.now[:, None], path[:, :-1]], axis=1)
    change = path - before
    months = np.arange(book.grid.months)
    due = np.where(book.rolling, 0, book.renewal_months())[:, None] <= months
    rows = (
        path, path * due, np.maximum(change, 0), np.where(path > 0, np.maximum(-change, 0), 0), path * (opening > 0),
        np.minimum(path, opening), path > 0,
    )  # fmt: skip
    found = np.empty((book.grid.months, len(rows), len(book)), dtype=np.float32)
    for place, row in enumerate(rows):
        found[:, place] = row.T
    return found


def _draw_stays(
    common: _Common, book: Standing, hazard: Floats, opening: Ints, seed: int, source: int
) -> npt.NDArray[np.uint8]:
    """Months at whose end each customer of a block is still there, by draw (N x D); adds up what they bring."""
    draws = common.expansion.shape[1]
    limit = uniforms(seed, STAYS, book.accounts, draws)
    np.negative(np.log(limit, out=limit), out=limit)
    passed, room = np.zeros_like(limit), np.empty_like(limit)
    there, alive = np.zeros(limit.shape, dtype=np.uint8), np.empty(limit.shape, dtype=bool)
    factor, rate = common.leaving[source].astype(np.float32), hazard.astype(np.float32)
    weights = _weights(book, opening)
    for month in range(hazard.shape[1]):
        if rate[:, month].any():
            passed += np.multiply(rate[:, month, None], factor[month], out=room)
        there += np.less(passed, limit, out=alive).view(np.uint8)
        np.copyto(room, alive)
        for name, total in zip(_WEIGHED, weights[month] @ room, strict=True):
            common.sums[name][month] += total
    return there


def _draw_parts(
    common: _Common,
    whole: Standing,
    parts: Standing,
    left: Leaving,
    learned: Turnover,
    opening: Ints,
    seed: int,
    churn: float,
) -> None:
    """Draw the customers who decide on several contracts apart. What such a contract has won by the time it is given up
    counts as churn."""
    hazard, size = left.hazard * churn, size_of(whole.now, learned.cuts)
    of, source = np.searchsorted(whole.accounts, parts.accounts), (left.source == STATED).astype(np.int64)
    most = max(1, BLOCK // common.expansion.shape[1] // 4)
    for which in range(SIZES):
        changes, rows = _changes(common, learned, which, whole.grid), np.flatnonzero(size == which)
        for begin in range(0, len(rows), most):
            mine = rows[begin : begin + most]
            chosen = np.flatnonzero(np.isin(of, mine))
            block, before = parts.where(chosen), opening[mine]
            there = _draw_several(common, block, hazard[chosen], source[chosen], before, seed)
            place = np.searchsorted(mine, of[chosen])
            share = block.path / np.maximum(1, whole.path[mine])[place]
            for one in changes:
                draw_changes(
                    common.sums, one, block, there, np.rint(before[place] * share).astype(np.int64), seed
                )


def _draw_several(
    common: _Common, parts: Standing, hazard: Floats, source: Ints, opening: Ints, seed: int
) -> npt.NDArray[np.uint8]:
    """Months at whose end each of the parts is still there, by draw (K x D); adds up what their customers bring.

    Args:
        source: 1 where a model states the probability (K).
        opening: of the customers, twelve months before each month's end (A x M).
    """
    draws, first = common.expansion.shape[1], np.flatnonzero(np.diff(parts.accounts, prepend=-1))
    limit = -np.log(uniforms(seed, STAYS, parts.accounts, draws))
    passed, there = np.zeros(limit.shape), np.zeros(limit.shape, dtype=np.uint8)
    factor = np.stack(common.leaving)
    due = np.where(parts.rolling, 0, parts.renewal_months())
    was, before = np.add.reduceat(parts.now, first)[:, None], parts.now
    for month, path in enumerate(parts.path.T):
        passed += hazard[:, month, None] * factor[source, month]
        alive = passed < limit
        there += alive
        held, risen = path[:, None] * alive, np.maximum(path - before, 0)[:, None] * alive
        total, up = np.add.reduceat(held, first), np.add.reduceat(risen, first)
        begun = opening[:, month, None]
        for name, added in (
            ("alive", total), ("repriced", held * (due <= month)[:, None]), ("up", up),
            ("down", np.where(total > 0, was + up - total, 0)), ("nrr", total * (begun > 0)), ("grr", np.minimum(total, begun)),
            ("customers", total > 0),
        ):  # fmt: skip
            common.sums[name][month] += added.sum(axis=0)
        was, before = total, path
    return there


def net_growth(learned: Turnover, expansion: float = 1.0) -> Floats:
    """Expected relative change of MRR per month of a customer that stays, by size; nobody loses more than there is, however
    often they shrink."""
    return np.maximum(RELATIVE[0], expansion * learned.expansion.mean + learned.contraction.mean)


def _draw_arrivals(common: _Common, learned: Turnover, book: Standing, seed: int, churn: float) -> None:
    """New business: how many come (Poisson, or wider as in the past), what they bring, and how long it lasts."""
    come, (months, draws) = learned.arrivals, common.expansion.shape
    if not len(come.sizes) or come.mean <= 0:
        return
    rng = np.random.default_rng([seed, draws, 7])
    level = np.exp(come.level * rng.standard_normal(draws) - come.level**2 / 2)
    mean = come.mean * book.grid.share[:, None] * level
    if come.spread > 1.01:
        mean = rng.gamma(mean / (come.spread - 1), come.spread - 1)
    count = rng.poisson(mean)
    brought = count * come.sizes.mean() + np.sqrt(count) * come.sizes.std() * rng.standard_normal(count.shape)
    few = count <= 30
    drawn = rng.choice(come.sizes, int(count[few].sum()))
    ends = np.concatenate([[0], np.cumsum(drawn)])
    edge = np.concatenate([[0], np.cumsum(count[few])])
    brought[few] = ends[edge[1:]] - ends[edge[:-1]]
    brought = np.maximum(0.0, brought)
    stays = np.exp(-learned.first_year * churn * book.grid.share[:, None] * common.leaving[0])
    held = np.zeros(draws)
    for month in range(months):
        held = held * stays[month] + brought[month]
        common.sums["new"][month] = held
    common.sums["came"] += brought


def expected_arrivals(learned: Turnover, book: Standing, scenario: Scenario | None = None) -> Floats:
    """MRR of new business expected at the end of each month (M)."""
    asked, come = scenario or Scenario(), learned.arrivals
    each = come.mean * (float(come.sizes.mean()) if len(come.sizes) else 0.0) * asked.new
    held, found = 0.0, np.zeros(book.grid.months)
    for month, share in enumerate(book.grid.share):
        held = held * float(np.exp(-learned.first_year * asked.churn * share)) + each * float(share)
        found[month] = held
    return found


def expected(book: Standing, left: Leaving, learned: Turnover) -> Ints:
    """Expected MRR of each customer at the end of each month, whole minor units (N x M): the sum of these and of
    :func:`expected_arrivals` is the forecast, to the last yen."""
    size = size_of(book.now, learned.cuts)
    grown = (1 + net_growth(learned)[size])[:, None] ** book.grid.elapsed[None, :]
    return np.rint(book.path * left.survival * grown).astype(np.int64)


def compose(draws: Draws, scenario: Scenario | None = None) -> Paths:
    """The reported figures under a scenario, from the draws of its churn factor."""
    asked, p = scenario or Scenario(), draws.parts
    mrr = (
        p["alive"]
        + asked.price * p["repriced"]
        + asked.expansion * p["grown"]
        - p["shrunk"]
        + asked.new * p["new"]
    )
    before = np.concatenate([np.full((len(mrr), 1), float(draws.opening)), mrr[:, :-1]], axis=1)
    priced = np.diff(np.concatenate([np.zeros((len(mrr), 1)), p["repriced"]], axis=1), axis=1).clip(0)
    expansion = asked.expansion * p["expansion"] + p["up"] + asked.price * priced
    contraction = p["contraction"] + p["down"]
    new = asked.new * p["came"]
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.where(draws.cohort > 0, draws.cohort, np.nan).astype(float)
        priced_share = 1 + asked.price * np.where(
            p["alive"] > 0, p["repriced"] / np.maximum(1, p["alive"]), 0
        )
        nrr = (p["nrr"] * priced_share + asked.expansion * p["nrr_grown"] - p["nrr_shrunk"]) / base
        grr = np.clip((p["grr"] - p["grr_shrunk"]) / base, 0, 1)
    churn = np.maximum(0.0, before + new + expansion - contraction - mrr)
    return Paths(mrr, churn, expansion, contraction, new, nrr, grr, p["customers"], draws.opening)


def between(grid: list[Draws], scenario: Scenario) -> Paths:
    """The figures under a scenario whose churn factor lies between two drawn ones: each draw's line between them."""
    ordered = sorted(grid, key=lambda one: one.churn)
    churn = min(max(scenario.churn, ordered[0].churn), ordered[-1].churn)
    above = next(i for i, one in enumerate(ordered) if one.churn >= churn - 1e-9)
    high = ordered[above]
    if above == 0 or abs(high.churn - churn) < 1e-9:
        return compose(high, scenario)
    low = ordered[above - 1]
    share = (churn - low.churn) / (high.churn - low.churn)
    parts = {name: low.parts[name] + (high.parts[name] - low.parts[name]) * share for name in COMPONENTS}
    return compose(replace(low, parts=parts, churn=churn), scenario)


def interval(values: Floats, level: float) -> tuple[Floats, Floats]:
    """The central interval of the draws (first axis)."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
