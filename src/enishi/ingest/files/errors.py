"""What can be wrong with a file as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text


class BadFile(EnishiError):
    """The file cannot be read at all."""


_REMEDY = Text(
    "Save it as CSV (UTF-8 or Shift_JIS), Excel (.xlsx), JSON Lines or Parquet and try again.",
    "CSV(UTF-8またはShift_JIS)、Excel(.xlsx)、JSON Lines、Parquetのいずれかで保存し直してお試しください。",
)


def unreadable(name: str, en: str, ja: str, remedy: Text = _REMEDY) -> BadFile:
    """A file that cannot be read: why, and what to do."""
    return BadFile(
        "unreadable_file", Text(f"'{name}' cannot be read: {en}", f"「{name}」を読み取れません。{ja}"), remedy
    )


@contextmanager
def under_name(stored: str, own: str) -> Iterator[None]:
    """What is wrong with a file that is kept under another name is said of the name its owner knows."""
    try:
        yield
    except BadFile as error:
        told = Text(error.message.en.replace(stored, own), error.message.ja.replace(stored, own))
        raise BadFile(error.code, told, error.hint, error.fields) from error.__cause__
