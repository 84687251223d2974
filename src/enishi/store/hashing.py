"""Hashes that are promised to stay: they are kept for ever and compared across versions."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def message_hashes(message_ids: Sequence[str]) -> Ints:
    """A (n, 2) array: the 64-bit hash of each id, and 64 further bits of the same BLAKE2b digest.

    The first column finds an id, the second stands for the full id when it is found: two ids that agree in
    both (1 in 10^38) are taken for the same.
    """
    joined = b"".join([blake2b(text.encode(), digest_size=16).digest() for text in message_ids])
    return np.frombuffer(joined, dtype="<i8").reshape(-1, 2)


def key_hash(system: str, value: str) -> int:
    """The 64-bit hash under which an outside id stands in a dictionary (the id itself decides)."""
    digest = blake2b(f"{system}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
