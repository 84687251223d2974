"""How large what a file unpacks to may be. A small file can hold a sheet of seventeen thousand million cells, most of
them because of one stray cell in the far corner; the reader would ask for memory for them all."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

import pyarrow.parquet as pq

from enishi.ingest.files.errors import unreadable
from enishi.ingest.files.foreign import bad_workbook, not_a_workbook

MOST_CELLS = 40_000_000
MOST_UNPACKED = 1 << 30
_CHUNK = 1 << 20
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.I)
_PLACE = re.compile(rb'<c\b[^<>]{0,80}?\br="([A-Z]{1,3})([0-9]{1,7})"')
_LONGEST_TAG = 200


def copy_within(source: BinaryIO, target: BinaryIO, name: str) -> None:
    """Copy, as long as it stays within what is unpacked at all."""
    for chunk in iter(lambda: source.read(_CHUNK), b""):
        if target.tell() + len(chunk) > MOST_UNPACKED:
            raise too_large(name)
        target.write(chunk)
    target.seek(0)


def check_workbook(book: BinaryIO, name: str) -> None:
    """Refuse a workbook that would not fit into memory.

    Raises:
        BadFile: no workbook of Excel's, too much text, or cells too far apart.
    """
    start = book.read(2)
    book.seek(0)
    if start != b"PK":
        return  # the older form holds 16 million cells at most
    try:
        with zipfile.ZipFile(book) as packed:
            entries = packed.infolist()
            if not any(entry.filename.lower() == "xl/workbook.xml" for entry in entries):
                raise not_a_workbook((entry.filename for entry in entries), name)
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise too_large(name)
            for entry in entries:
                if _SHEET.fullmatch(entry.filename):
                    with packed.open(entry) as sheet:
                        _check_sheet(_chunks(sheet), name)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise bad_workbook(name) from error
    finally:
        book.seek(0)


def check_parquet(metadata: pq.FileMetaData, name: str) -> None:
    """Refuse a Parquet file one of whose row groups unpacks beyond all bounds; groups are read one after another.

    Raises:
        BadFile: a row group is too large.
    """
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    if any(group.total_byte_size > MOST_UNPACKED for group in groups):
        raise too_large(name)


def _chunks(sheet: IO[bytes]) -> Iterator[bytes]:
    """The sheet's text in portions that overlap by a tag."""
    rest = b""
    while chunk := sheet.read(_CHUNK):
        yield rest + chunk
        rest = chunk[-_LONGEST_TAG:]


def _check_sheet(chunks: Iterator[bytes], name: str) -> None:
    rows, columns = 0, 0
    for chunk in chunks:
        for letters, number in _PLACE.findall(chunk):
            rows, columns = max(rows, int(number)), max(columns, _column(letters))
        if rows * columns > MOST_CELLS:
            raise unreadable(
                name,
                f"a sheet reaches to row {rows:,}, column {columns:,}: a stray cell stands far outside the table.",
                f"シートが{rows:,}行・{columns:,}列目まで広がっています。表から離れた位置にセルが残っています。",
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def too_large(name: str) -> Exception:
    return unreadable(
        name,
        f"unpacked it is larger than {MOST_UNPACKED >> 20} MB. CSV and JSON Lines may be of any size.",
        f"展開後のサイズが{MOST_UNPACKED >> 20}MBを超えています。CSV・JSON Linesであればサイズの上限はありません。",
    )
