"""Passes that open and close signals take turns: two at once would each open what the other does not see yet."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from enishi.kit.home import Home


@contextmanager
def in_turn(home: Home) -> Iterator[None]:
    """Wait for the pass that is under way, in whatever process; the operating system ends the turn of a dead one."""
    home.root.mkdir(parents=True, exist_ok=True)
    handle = os.open(home.judging, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
