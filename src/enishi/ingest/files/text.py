"""Text files: which encoding, which delimiter, where the headings stand. Streams; a file may be larger than memory."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from charset_normalizer import from_bytes

from enishi.ingest.files.errors import unreadable
from enishi.kit.text import Text

_SAMPLE = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_CELL = 16 << 20
_GZIP = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENDS = ("\n", "\r")
_JAPANESE = ("cp932", "euc_jp")
_WESTERN = "cp1252"
_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]+")
# As they stand in Western words: an accent or sign alone, at most three small letters together. Of the bytes of Japanese,
# whose characters are pairs in rows, few look like it.
_ACCENTS = re.compile(
    "[À-ÖØ-öø-ÿŒœŠšŽžŸ‘’“”–—…€£¥§©®°ºª²³«»¿¡·™•\xa0]|’[À-ÖØ-Þ]|’?[à-öø-ÿœšž]{1,3}[’”»…]{0,2}"
)
# Those few: what is one character of Shift_JIS (山, 年, 定). It stands within a Western word where small letters go on after
# it (O’Brien, Škoda, L’Église) or capitals do (ŠKODA), at its end (don’t), or where an accent is in the midst of one (Noël).
_PAIR = re.compile("[‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸà-ü](?=[@-~])|[’à-ü](?=[À-üœšž])")
_IN_WORD = re.compile(
    "[ŒœŠšŽžŸ‘’“”–—…•™à-ü](?=[A-Za-z][a-zà-ÿœšž]|[A-Z]{4})"
    "|(?<=[A-Za-z])[à-üšž](?=[a-zà-ü])|(?<=[A-Za-z])’(?=[À-ü][a-zà-ü])|(?<=n)’(?=t)|(?<=[a-z])’(?=s)|(?<=I)’(?=[md])"
)

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
    """The encoding of a text file: by its mark, as UTF-8 if it is that throughout, else Windows-1252 where all but
    single letters within words is ASCII, else Shift_JIS or EUC.

    A file that begins in plain ASCII is read on to the first other byte, so that names far below decide too.
    """
    with open_bytes(path) as file:
        sample = _first_telling(file)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if b"\x00" in sample[:4096]:
        if wide := _wide(sample):
            return wide
        raise unreadable(path.name, "it is not a text file.", "テキストファイルではないようです。")
    if _decodes(sample, "utf-8"):
        return "utf-8"
    if b"\x1b$" in sample and _decodes(sample, "iso2022_jp"):
        return "iso2022_jp"
    if _is_western(sample):
        return _WESTERN
    fitting = [name for name in _JAPANESE if _decodes(sample, name)]
    if fitting:
        return min(fitting, key=lambda name: _oddness(sample.decode(name, "ignore")))
    best = from_bytes(sample[:65536]).best()
    return best.encoding if best else "cp932"


def _wide(sample: bytes) -> str:
    """UTF-16 without its mark: zeros stand in every other place only, and in many of them."""
    sample = sample[: len(sample) // 2 * 2]
    for name, zeros, others in (
        ("utf-16-le", sample[1::2], sample[0::2]),
        ("utf-16-be", sample[0::2], sample[1::2]),
    ):
        if 0 not in others and zeros.count(0) * 5 > len(zeros) and _decodes(sample, name):
            return name
    return ""


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


def _is_western(sample: bytes) -> bool:
    if not _decodes(sample, _WESTERN):
        return False
    text = sample.decode(_WESTERN)
    found = _ABOVE_ASCII.findall(text)
    if sum(1 for run in found if _ACCENTS.fullmatch(run)) * 10 < len(found) * 9:
        return False
    return not _decodes(sample, "cp932") or 2 * len(_IN_WORD.findall(text)) >= len(_PAIR.findall(text))


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


def read_rows(text: TextIO, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins; quoted cells may hold line ends.

    Raises:
        BadFile: a quotation mark is never closed, or closes rows further on: those between would be lost in one cell.
    """
    lines: list[str] = []  # of the present row

    def noted() -> Iterator[str]:
        for line in text:
            lines.append(line)
            yield line

    reader = csv.reader(noted(), delimiter=delimiter)
    while True:
        lines.clear()
        line = reader.line_num + 1
        row = next(reader, None)
        if row is None:
            return
        if len(lines) > 1 or not lines[0].endswith(_ENDS) or (row and row[-1].endswith(_ENDS)):
            _check_quotes(lines, delimiter, line, name)
        yield line, row


def _check_quotes(lines: list[str], delimiter: str, line: int, name: str) -> None:
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        if len(lines) == 1 and not _open_quote(lines[0], delimiter):
            return  # marks within a cell of one line do no harm
        raise unreadable(
            name,
            f'in the row that begins on line {line} a quotation mark (") is not closed.',
            f'{line}行目から始まる行で、二重引用符(")が閉じられていません。',
            Text(
                "Close the quotation mark on that line (or write it twice within a cell) and try again.",
                "その行の二重引用符を閉じて(セル内の文字であれば二つ続けて)から、もう一度お試しください。",
            ),
        ) from None


def _open_quote(line: str, delimiter: str) -> bool:
    """Whether a row of one line ends within quotation marks: then what follows would belong to it."""
    alone, followed = (next(csv.reader(lines, delimiter=delimiter)) for lines in ([line], [line, "x"]))
    return alone != followed
