"""Hashes that are promised to stay: they are kept for ever and compared across versions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def message_hashes(message_ids: Sequence[str], streams: Sequence[str] | None = None) -> Ints:
    """A (n, 2) array: the 64-bit hash of each id within its stream, and 64 further bits of the id alone.

    Both halves are of the id's BLAKE2b digest; the first is joined with the stream's digest by exclusive or. So the
    same id of two streams never agrees, and two ids agree in both by a chance of 1 in 10^38: they are taken for the
    same. The first column finds an id, the second stands for the full id when it is found.

    Args:
        streams: one for each id; without, or where empty, the id is unique everywhere.
    """
    joined = b"".join([blake2b(text.encode(), digest_size=16).digest() for text in message_ids])
    hashes = np.frombuffer(joined, dtype="<i8").reshape(-1, 2)
    return hashes if streams is None else in_streams(hashes, streams)


def in_streams(hashes: Ints, streams: Sequence[str]) -> Ints:
    """Hashes of ids alone, moved into their streams (or, done again, out of them)."""
    moved = hashes.copy()
    first = streams[0] if streams else ""
    if streams.count(first) == len(streams):
        moved[:, 0] ^= stream_hash(first)
    else:
        moved[:, 0] ^= np.array([stream_hash(stream) for stream in streams], dtype=np.int64)
    return moved


@cache
def stream_hash(stream: str) -> int:
    """The 64 bits a stream moves its ids by."""
    if not stream:
        return 0
    digest = blake2b(stream.encode(), digest_size=8, person=b"stream").digest()
    return int.from_bytes(digest, "little", signed=True)


def key_hash(system: str, value: str) -> int:
    """The 64-bit hash under which an outside id stands in a dictionary (the id itself decides)."""
    digest = blake2b(f"{system}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
