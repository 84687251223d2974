"""Holding one generation of the published files for as long as it takes: a backup of a large store outlasts the
readers' grace time.

A pin is a folder of hard links. Whatever the consumer then merges, drops or erases, the linked files stay whole
until the pin is given up. A lock on the folder says that its process lives; what a killed process left is removed.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enishi.kit.home import Home
from enishi.store.manifest import Manifest


def _folder(home: Home) -> Path:
    """Beside the published files: hard links do not cross file systems."""
    return home.published.with_name("pins")


@contextmanager
def pinned(home: Home, manifest: Manifest) -> Iterator[Path]:
    """A folder with all files of a generation, which nobody removes while it is open.

    Args:
        manifest: read a moment ago: its files must still be within their grace time.
    """
    remove_dead_pins(home)
    folder = _folder(home) / secrets.token_hex(8)
    folder.mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for files in manifest.tables.values():
            for file in files:
                target = folder / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(home.published / file.path, target)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def remove_dead_pins(home: Home) -> int:
    """Remove pins whose process is gone: they may hold what was erased since. Returns how many."""
    removed = 0
    for folder in _folder(home).glob("*"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(handle)
    return removed
