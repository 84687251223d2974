"""Uniforms that are a hash of seed, stream, customer and place (splitmix64: Steele, Lea & Flood 2014, "Fast splittable
pseudorandom number generators"): a customer meets the same fate whoever else is drawn, in whatever order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enishi.forecasts.standing import Floats, Ints

_GAMMA, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = (1 << 64) - 1
_GREATEST = np.float32(1 - 2.0**-24)  # half a step more is rounded up, to 1

Words = npt.NDArray[np.uint64]


def _mixed(word: Words) -> Words:
    """The words themselves, mixed."""
    for shift, factor in ((30, _MIX1), (27, _MIX2)):
        word ^= word >> np.uint64(shift)
        word *= np.uint64(factor)
    word ^= word >> np.uint64(31)
    return word


def keys(seed: int, stream: int, accounts: Ints) -> Words:
    """A word of each account (N), from which others may be told by their place."""
    with np.errstate(over="ignore"):
        start = np.uint64((seed * _MIX1 + stream * _MIX2) & _WORD)
        return _mixed(accounts.astype(np.uint64) * np.uint64(_GAMMA) + start)


def uniforms(seed: int, stream: int, accounts: Ints, draws: int) -> npt.NDArray[np.float32]:
    """Numbers in (0, 1) of each account and draw (N x D), the same whoever else is drawn."""
    with np.errstate(over="ignore"):
        places = np.arange(1, draws + 1, dtype=np.uint64) * np.uint64(_GAMMA)
        word = _mixed(keys(seed, stream, accounts)[:, None] + places)
    word >>= np.uint64(40)
    found = word.astype(np.float32)
    found += np.float32(0.5)
    found *= np.float32(2.0**-24)
    return np.minimum(found, _GREATEST, out=found)


def one_each(seed: int, stream: int, accounts: Ints) -> Floats:
    """A number in [0, 1) of each account (N)."""
    found: Floats = (keys(seed, stream, accounts) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def words(seed: int, stream: int, accounts: Ints, counts: Ints) -> tuple[Ints, Words]:
    """So many words of each account as it has a count, one account after the other.

    Returns:
        The row of each word, and the words (sum of ``counts`` each).
    """
    row = np.repeat(np.arange(len(accounts)), counts)
    with np.errstate(over="ignore"):
        before = (np.cumsum(counts) - counts).astype(np.uint64)
        key = keys(seed, stream, accounts) - before * np.uint64(_GAMMA)
        places = np.arange(1, len(row) + 1, dtype=np.uint64)
        places *= np.uint64(_GAMMA)
        places += key[row]
        return row, _mixed(places)
