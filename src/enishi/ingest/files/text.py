"""Text files: which encoding, which delimiter, where the headings stand. Streams; a file may be larger than memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from charset_normalizer import from_bytes

from enishi.ingest.files.errors import unreadable

_SAMPLE = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_CELL = 16 << 20
_GZIP = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE = ("cp932", "euc_jp")

csv.field_size_limit(_LONGEST_CELL)


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(path, "rb") if packed else path.open("rb"))


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text with its line ends kept, as the csv module wants it."""
    file = open_bytes(path)
    try:
        return io.TextIOWrapper(file, encoding=encoding, newline="")
    except (LookupError, ValueError):
        file.close()
        raise


def find_encoding(path: Path) -> str:
    """The encoding of a text file: by its mark, as UTF-8 if it is that throughout, else Shift_JIS or EUC.

    A file that begins in plain ASCII is read on to the first other byte, so that names far below decide too.
    """
    with open_bytes(path) as file:
        sample = _first_telling(file)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if b"\x00" in sample[:4096]:
        raise unreadable(path.name, "it is not a text file.", "テキストファイルではないようです。")
    if _decodes(sample, "utf-8"):
        return "utf-8"
    if b"\x1b$" in sample and _decodes(sample, "iso2022_jp"):
        return "iso2022_jp"
    fitting = [name for name in _JAPANESE if _decodes(sample, name)]
    if fitting:
        return min(fitting, key=lambda name: _oddness(sample.decode(name, "ignore")))
    best = from_bytes(sample[:65536]).best()
    return best.encoding if best else "cp932"


def _first_telling(file: BinaryIO) -> bytes:
    """The first portion with anything but ASCII in it."""
    sample = file.read(_SAMPLE)
    while sample.isascii() and b"\x1b" not in sample:
        following = file.read(_SAMPLE)
        if not following:
            break
        sample = following
    return sample


def _decodes(sample: bytes, name: str) -> bool:
    """Whether a portion is valid; the last character of a full one may be cut in two."""
    try:
        codecs.getincrementaldecoder(name)("strict").decode(sample, final=len(sample) < _SAMPLE)
    except UnicodeDecodeError:
        return False
    return True


def _oddness(text: str) -> float:
    """The share of characters Japanese business files do not hold: half-width kana in rows, rare kanji."""
    odd = sum(1 for c in text if "\uff61" <= c <= "\uff9f" or "\ue000" <= c <= "\uf8ff" or c == "\x80")
    return odd / max(1, len(text))


def find_delimiter(sample: str, name: str = "") -> str:
    """The delimiter that cuts the first lines into the most even columns."""
    if name.lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        rows = islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 50)
        widths = Counter(len(row) for row in _whole(rows) if row)
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total()) * min(width - 1, 5)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _whole(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def read_rows(text: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins; quoted cells may hold line ends."""
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        row = next(reader, None)
        if row is None:
            return
        yield line, row
