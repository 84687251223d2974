"""Files that are either wholly there after a crash, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_PART = ".part"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file, then give it its name for good.

    On any error the temporary file is removed and ``path`` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + _PART)
    try:
        write(part)
        sync_file(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def is_unfinished(path: Path) -> bool:
    """Whether a file is what a crash left of :func:`write_durably`."""
    return path.name.endswith(_PART)
