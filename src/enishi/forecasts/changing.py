"""Growth and shrinking of the customers who stay: Poisson processes, with changes seen in the past.

All draws are laid end to end, and each customer's changes scattered over that line: how many there are is one number a
customer, and each is one more that says where on the line it falls and by how much. So it costs what happens, not what
could; and what falls into a draw is a Poisson process again, apart from those of the other draws (Kingman 1993, "Poisson
processes", 2.1 and 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from enishi.forecasts.chance import one_each, words
from enishi.forecasts.standing import Floats, Grid, Ints, Standing

_HALF, _LOW = np.uint64(32), np.uint64((1 << 32) - 1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What customers of one size win, or give back.

    Args:
        shrinks: whether they give back. stream: of its uniforms, and the next one.
        at_most: probability that a customer changes at most k times in all draws together (K).
        drift: expected growth of MRR until each month (M). pool: shares of MRR won, or given back (positive).
        factor: common to all, by month and draw (M x D).
    """

    shrinks: bool
    stream: int
    at_most: Floats
    drift: Floats
    pool: Floats
    factor: Floats


def at_most(mean: float) -> Floats:
    """Probability of no event of a Poisson count, of at most one, of at most two ..., as far as they can be told from 1."""
    from scipy.special import pdtr

    found: Floats = pdtr(np.arange(int(mean + 10 * sqrt(mean) + 20)), mean)
    return found


@dataclass(frozen=True, slots=True)
class _Events:
    """Rows, draws and months of what happens, the first month its customer is gone, and what it had before (each E). Events of
    those who are gone by then are in it, with ``kept`` 0."""

    row: Ints
    draw: Ints
    month: Ints
    last: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.bool_]
    share: Floats


def draw_changes(
    sums: dict[str, Floats], changes: Changes, book: Standing, there: npt.NDArray[np.uint8], opening: Ints, seed: int
) -> None:  # fmt: skip
    """Add what the customers of a block win, or give back, to the sums by month and draw.

    Args:
        there: months at whose end each is still there, by draw (N x D).
        opening: MRR of twelve months before each month's end (N x M); 0 of who was no customer then.
    """
    happened = _happened(changes, book, there, seed)
    months, draws = changes.factor.shape
    place, cell = happened.row * months + happened.month, happened.month * draws + happened.draw
    base = (book.path * changes.drift).ravel()[place]
    amount = base * happened.share
    amount *= changes.factor.ravel()[cell]
    amount *= happened.kept
    if changes.shrinks:
        _within(amount, base, happened, draws)
    gone = np.flatnonzero(happened.kept & (happened.last < months))
    ended = happened.last[gone].astype(np.int64) * draws + happened.draw[gone]

    def add(name: str, amount: Floats, flow: str = "") -> None:
        begun = np.bincount(cell, amount, months * draws)
        if flow:
            sums[flow] += begun.reshape(months, draws)
        lasting = begun - np.bincount(ended, amount[gone], months * draws)
        sums[name] += np.cumsum(lasting.reshape(months, draws), axis=0)

    stock = "shrunk" if changes.shrinks else "grown"
    add(stock, amount, "contraction" if changes.shrinks else "expansion")
    if not opening.any():
        return
    held = (opening > 0).ravel()[place]
    amount *= held
    add(f"nrr_{stock}", amount)
    if changes.shrinks:
        spare = np.maximum(0, book.path - opening).astype(np.float64).ravel()[place]
        add("grr_shrunk", np.maximum(0.0, amount - spare))


def _within(amount: Floats, base: Floats, happened: _Events, draws: int) -> None:
    """Nobody gives back more than they have (``base``), what they gave back before in the same draw included."""
    np.minimum(amount, base, out=amount)
    fate = happened.row * draws + happened.draw
    again = np.flatnonzero(np.bincount(fate)[fate] > 1)
    again = again[np.lexsort((happened.month[again], fate[again]))]
    first = np.flatnonzero(np.diff(fate[again], prepend=-1))
    turn = np.arange(len(again)) - np.repeat(first, np.diff(first, append=len(again)))
    given: Floats = np.zeros(len(first))
    for which in range(1 + int(turn.max(initial=-1))):
        own = np.flatnonzero(turn == which)
        place, whose = again[own], np.searchsorted(first, own, side="right") - 1
        amount[place] = np.minimum(amount[place], np.maximum(0.0, base[place] - given[whose]))
        given[whose] += amount[place]


def _happened(changes: Changes, book: Standing, there: npt.NDArray[np.uint8], seed: int) -> _Events:
    months, draws = changes.factor.shape
    counts = np.searchsorted(changes.at_most, one_each(seed, changes.stream, book.accounts), side="right")
    row, word = words(seed, changes.stream + 1, book.accounts, counts)
    share = changes.pool[((word & _LOW) * np.uint64(len(changes.pool)) >> _HALF).view(np.int64)]
    word >>= _HALF
    word *= np.uint64(draws)  # the draw above the lower half, the time within it in there
    draw = (word >> _HALF).view(np.int64)
    word &= _LOW
    month = month_at(word.view(np.int64), book.grid)
    ends = np.where((book.path == 0).any(axis=1), (book.path == 0).argmax(axis=1), months).astype(np.uint8)
    last = np.minimum(there, ends[:, None]).ravel()[row * draws + draw]
    return _Events(row, draw, month, last, month < last, share)


def month_at(time: Ints, grid: Grid) -> Ints:
    """The month of a time, told as a share of all months in 2 ** 32 parts. All months but the first are whole."""
    within = time * (grid.elapsed[-1] * 2.0**-32)
    within += 1.0 - grid.share[0]
    return within.astype(np.int64)
