"""Recurring revenue of the months ahead, drawn customer by customer.

In each draw every customer stays or leaves (one uniform per customer against its cumulative hazard, so that a higher
hazard only ever brings the end forward), those who stay grow or shrink now and then (a Poisson process with changes seen in
the past), and new ones come. Two things are drawn once for everybody, so that the sum is not too certain: how wrong the
learned rates may be (``level``), and by how much months differ beyond chance (``shock``).

The uniforms are a hash of seed, customer and draw (splitmix64: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
generators"): a customer meets the same fate in the draw of the whole book, of one person's book, and under another scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from enishi.forecasts.leaving import STATED, Leaving
from enishi.forecasts.standing import Floats, Ints, Standing
from enishi.forecasts.turnover import SIZES, Growth, Turnover, size_of

BLOCK = 1 << 17  # customers x draws worked on at a time: what of them fits the cache
LEVELS = (0.5, 0.8, 0.95)
_GAMMA, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = (1 << 64) - 1
STAYS, EVENTS = 1, 16  # streams of uniforms

COMPONENTS = (
    "alive", "repriced", "up", "down", "nrr", "grr", "customers",
    "grown", "shrunk", "expansion", "contraction", "nrr_grown", "nrr_shrunk", "grr_shrunk", "new", "came",
)  # fmt: skip
_WEIGHED = COMPONENTS[:7]
_FLOWS = ("expansion", "contraction")


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


def uniforms(seed: int, stream: int, accounts: Ints, draws: int) -> npt.NDArray[np.float32]:
    """Numbers in (0, 1) of each account and draw (N x D), the same whoever else is drawn."""
    with np.errstate(over="ignore"):
        start = np.uint64((seed * _MIX1 + stream * _MIX2) & _WORD)
        word = accounts.astype(np.uint64)[:, None] * np.uint64(_GAMMA) + start
        word = _mixed(word) + np.arange(1, draws + 1, dtype=np.uint64)[None, :] * np.uint64(_GAMMA)
        word = _mixed(word)
    return ((word >> np.uint64(40)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-24)


def _mixed(word: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_MIX1)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_MIX2)
    return word ^ (word >> np.uint64(31))


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
    weights = _weights(book, cohorts)
    size = max(1, BLOCK // draws)
    for stated in (False, True):
        rows = np.flatnonzero((left.source == STATED) == stated)
        for begin in range(0, len(rows), size):
            part = rows[begin : begin + size]
            _draw_block(common, book.where(part), left.hazard[part] * churn, weights[:, :, part], cohorts.opening[part],
                        learned, seed, int(stated))  # fmt: skip
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


def _weights(book: Standing, cohorts: Cohorts) -> npt.NDArray[np.float32]:
    """What each customer who is there adds to the sums of :data:`_WEIGHED`, in order of the products (M x 7 x N)."""
    path = book.path
    before = np.concatenate([book.now[:, None], path[:, :-1]], axis=1)
    change = path - before
    months = np.arange(book.grid.months)
    due = np.where(book.rolling, 0, book.renewal_months())[:, None] <= months
    held = cohorts.opening > 0
    rows = (
        path, path * due, np.maximum(change, 0), np.where(path > 0, np.maximum(-change, 0), 0), path * held,
        np.minimum(path, cohorts.opening), path > 0,
    )  # fmt: skip
    return np.stack([row.T.astype(np.float32) for row in rows], axis=1)


def _draw_block(
    common: _Common, book: Standing, hazard: Floats, weights: npt.NDArray[np.float32], opening: Ints, learned: Turnover,
    seed: int, source: int,
) -> None:  # fmt: skip
    draws = common.expansion.shape[1]
    limit = -np.log(uniforms(seed, STAYS, book.accounts, draws))
    passed = np.zeros_like(limit)
    there = np.zeros_like(limit)  # months at whose end the customer is still there
    factor = common.leaving[source].astype(np.float32)
    rate = hazard.astype(np.float32)
    room = np.empty_like(limit)
    for month in range(hazard.shape[1]):
        if rate[:, month].any():
            passed += np.multiply(rate[:, month, None], factor[month], out=room)
        alive = np.less(passed, limit, out=room)
        there += alive
        sums = weights[month] @ alive
        for name, total in zip(_WEIGHED, sums, strict=True):
            common.sums[name][month] += total
    _draw_events(common, book, there.astype(np.int16), opening, learned, seed)


def _draw_events(
    common: _Common, book: Standing, there: npt.NDArray[np.int16], opening: Ints, learned: Turnover, seed: int
) -> None:
    """Growth and shrinking of those who are there: arrival times of a Poisson process, one event after the other."""
    size = size_of(book.now, learned.cuts)
    rates = learned.expansion.rate[size] + learned.contraction.rate[size]
    ends = np.where((book.path == 0).any(axis=1), (book.path == 0).argmax(axis=1), book.grid.months)
    last = np.minimum(there, ends[:, None].astype(np.int16)).ravel()
    elapsed = book.grid.elapsed
    draws = there.shape[1]
    cells = np.flatnonzero((rates > 0).repeat(draws) & (last > 0))
    time = np.zeros(len(cells))
    for event in range(200):
        if not len(cells):
            return
        row, draw = np.divmod(cells, draws)
        time = time - np.log(_single(seed, EVENTS + 2 * event, book.accounts[row], draw)) / rates[row]
        month = np.searchsorted(elapsed, time, side="left")
        kept = month < last[cells]
        cells, time, row, draw, month = cells[kept], time[kept], row[kept], draw[kept], month[kept]
        which = _single(seed, EVENTS + 2 * event + 1, book.accounts[row], draw)
        _add_events(common, book, learned, size, opening, (row, draw, month, last[cells], which))


def _single(seed: int, stream: int, accounts: Ints, draw: Ints) -> Floats:
    """:func:`uniforms` of single accounts and draws."""
    with np.errstate(over="ignore"):
        start = np.uint64((seed * _MIX1 + stream * _MIX2) & _WORD)
        word = _mixed(accounts.astype(np.uint64) * np.uint64(_GAMMA) + start)
        word = _mixed(word + (draw + 1).astype(np.uint64) * np.uint64(_GAMMA))
    return ((word >> np.uint64(40)).astype(np.float64) + 0.5) * 2.0**-24


def net_growth(learned: Turnover, expansion: float = 1.0) -> Floats:
    """Expected relative change of MRR per month of a customer that stays, by size."""
    return expansion * learned.expansion.mean + learned.contraction.mean


def _add_events(
    common: _Common,
    book: Standing,
    learned: Turnover,
    size: Ints,
    opening: Ints,
    events: tuple[np.ndarray, ...],
) -> None:
    row, draw, month, last, which = events
    if not len(row):
        return
    share = learned.expansion.rate / np.maximum(1e-12, learned.expansion.rate + learned.contraction.rate)
    grows = which <= share[size[row]]
    drift = (1 + net_growth(learned)[size[row]]) ** book.grid.elapsed[month]
    base = book.path[row, month] * drift
    own = share[size[row]]
    place = np.where(grows, which / np.maximum(own, 1e-12), (which - own) / np.maximum(1 - own, 1e-12))
    relative = np.where(
        grows, _picked(learned.expansion, size[row], place), _picked(learned.contraction, size[row], place)
    )
    factor = np.where(grows, common.expansion[month, draw], common.contraction[month, draw])
    amount = np.abs(base * relative) * factor
    amount = np.where(grows, amount, np.minimum(amount, base))
    for chosen, flow, stock in ((grows, "expansion", "grown"), (~grows, "contraction", "shrunk")):
        at = (month[chosen], draw[chosen], last[chosen], amount[chosen])
        _spread(common.sums[flow], *at, lasting=False)
        _spread(common.sums[stock], *at)
        _spread(
            common.sums[f"nrr_{stock}"], *at[:3], at[3] * _held_months(opening, row[chosen], month[chosen])
        )
    room = np.maximum(0, book.path[row, month] - opening[row, month])
    kept = ~grows
    eaten = np.maximum(0.0, amount[kept] - room[kept]) * _held_months(opening, row[kept], month[kept])
    _spread(common.sums["grr_shrunk"], month[kept], draw[kept], last[kept], eaten)


def _held_months(opening: Ints, row: Ints, month: Ints) -> npt.NDArray[np.bool_]:
    return opening[row, month] > 0


def _picked(growth: Growth, size: Ints, place: Floats) -> Floats:
    """A change seen in the past, for each event: the one at ``place`` (0-1) of its size's pool."""
    found = np.zeros(len(size))
    for which in range(SIZES):
        pool, mine = growth.sizes[which], size == which
        if len(pool) and mine.any():
            found[mine] = pool[np.clip((place[mine] * len(pool)).astype(np.int64), 0, len(pool) - 1)]
    return found


def _spread(total: Floats, month: Ints, draw: Ints, last: Ints, amount: Floats, lasting: bool = True) -> None:
    """Add amounts to their month and, where they last, to those after it until the customer is gone."""
    months, draws = total.shape
    if not lasting:
        total += np.bincount(month * draws + draw, amount, months * draws).reshape(months, draws)
        return
    begun = np.bincount(month * draws + draw, amount, (months + 1) * draws)
    ended = np.bincount(last.astype(np.int64) * draws + draw, amount, (months + 1) * draws)
    total += np.cumsum((begun - ended).reshape(months + 1, draws), axis=0)[:months]


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
