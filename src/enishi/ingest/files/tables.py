"""A file as a table: headings and rows, whichever of the known forms it has."""

from __future__ import annotations

import csv
import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from enishi.ingest.files.bounds import MOST_UNPACKED, check_parquet, check_workbook, copy_within, too_large
from enishi.ingest.files.errors import under_name, unreadable
from enishi.ingest.files.foreign import bad_old_workbook, bad_workbook, check_called_workbook, check_start
from enishi.ingest.files.text import find_delimiter, find_encoding, open_bytes, open_text, read_rows
from enishi.kit.cells import as_meant
from enishi.kit.text import Text

Row = tuple[int, list[Any]]  # the place in the file, for messages; the cells
_LOOK = 20  # rows looked at to find the headings
_JSON_LOOK = 20_000


@dataclass(frozen=True, slots=True)
class Unread:
    """A line of which no cells can be made, and why; it comes after a row's cells, which are empty."""

    line: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file.

    Args:
        form: csv, jsonl, parquet or xlsx.
        columns: headings, made unique.
        details: what was found out (encoding, delimiter, sheet), shown and kept with the import.
        total: the number of rows where the form tells it, else None.
        rows: starts reading from the first data row; may be called again. A row may hold cells beyond the headings,
            or in JSON an object of names that came up late.
    """

    form: str
    columns: list[str]
    details: dict[str, str]
    total: int | None
    rows: Callable[[], Iterator[Row]]

    def sample(self, size: int = 200) -> list[list[Any]]:
        """The first rows' cells."""
        return [cells for _place, cells in islice(self.rows(), size)]


_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_NAME_COLUMNS = Text(
    "Write the names of the columns into the first row.", "1行目に列の見出しを入力してください。"
)
_ADD_ROWS = Text(
    "Check what was taken out; the first row must hold the names of the columns.",
    "出力の条件をご確認ください。1行目には列の見出しが必要です。",
)
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # how the container of a locked workbook names its content
_LOOK_FOR_LOCK = 64 << 20


def open_table(path: Path, details: Mapping[str, str] | None = None, *, name: str = "") -> Table:
    """Open a file, finding out its form.

    Args:
        details: what a person set otherwise (``encoding``, ``delimiter``, ``sheet``).
        name: what its owner calls it, where it is kept under another name.

    Raises:
        BadFile: it is empty, or of no known form.
    """
    own = name or path.name
    with under_name(path.name, own):
        table = _opened(path, details)

    def rows() -> Iterator[Row]:
        with under_name(path.name, own):
            yield from table.rows()

    return replace(table, rows=rows)


def _opened(path: Path, details: Mapping[str, str] | None) -> Table:
    if not path.exists() or path.stat().st_size == 0:
        raise unreadable(path.name, "it is empty or missing.", "ファイルが空か、存在しません。")
    with _refusing(path):
        with open_bytes(path) as file:
            start = file.read(4096)
            check_start(start, path.name)
            if _opener(start) is _open_csv:
                check_called_workbook(start, path.name)
            if start.startswith(_OLD_EXCEL) and _LOCKED in start + file.read(_LOOK_FOR_LOCK):
                raise unreadable(
                    path.name,
                    "it is protected by a password. Take the password off in Excel.",
                    "パスワードで保護されています。Excelでパスワードを解除してください。",
                )
        table = _opener(start)(path, dict(details or {}))
    if not table.columns:
        raise unreadable(path.name, "it has no headings.", "見出し行がありません。", _NAME_COLUMNS)
    every = table.rows

    def rows() -> Iterator[Row]:
        with _refusing(path):
            yield from every()

    if next(rows(), None) is None:
        raise unreadable(
            path.name,
            f"below the headings ({', '.join(table.columns[:5])}) there is no row.",
            f"見出し({'、'.join(table.columns[:5])})の下に、データの行がありません。",
            _ADD_ROWS,
        )
    return replace(table, rows=rows)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever is wrong inside a file is the file's fault, and said."""
    try:
        yield
    except (csv.Error, zlib.error, EOFError, OSError, ValueError, TypeError, RecursionError) as error:
        raise unreadable(path.name, f"{error}.", f"ファイルが壊れています({error})。") from error


def _opener(start: bytes) -> Callable[[Path, dict[str, str]], Table]:
    if start.startswith(b"PAR1"):
        return _open_parquet
    if start.startswith((b"PK\x03\x04", _OLD_EXCEL)):
        return _open_excel
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _open_json
    return _open_csv


# CSV


def _open_csv(path: Path, details: dict[str, str]) -> Table:
    encoding = details.get("encoding") or find_encoding(path)
    try:
        with open_text(path, encoding) as text:
            sample = text.read(65536)
    except (UnicodeDecodeError, LookupError):
        raise _not_text(path, encoding) from None
    delimiter = details.get("delimiter") or find_delimiter(sample, path.name)

    def every() -> Iterator[Row]:
        try:
            with open_text(path, encoding) as text:
                yield from read_rows(text, delimiter, path.name)
        except UnicodeDecodeError:
            raise _not_text(path, encoding) from None

    skip, columns = _headings([cells for _line, cells in islice(every(), _LOOK)])
    found = {"encoding": encoding, "delimiter": delimiter}
    return Table("csv", columns, found, None, lambda: _even(islice(every(), skip + 1, None), len(columns)))


def _not_text(path: Path, encoding: str) -> Exception:
    return unreadable(
        path.name, f"it is not {encoding} throughout.", f"文字コード({encoding})が途中で食い違っています。"
    )


def _headings(rows: Sequence[Sequence[Any]]) -> tuple[int, list[str]]:
    """Where the headings stand (titles above the table are passed over), and they themselves, made unique."""
    filled = [sum(1 for cell in row if not _empty(cell)) for row in rows]
    if not filled:
        return 0, []
    usual = Counter(n for n in filled if n).most_common(1)
    wanted = max(1, min(max(filled), usual[0][0] if usual else 1))
    skip = next((n for n, count in enumerate(filled) if count >= wanted and _texts(rows[n])), 0)
    names = list(rows[skip])
    while names and _empty(names[-1]):
        names.pop()
    return skip, _unique([as_meant(str(name).strip()) if not _empty(name) else "" for name in names])


def _empty(cell: Any) -> bool:
    return cell is None or not str(cell).strip()


def _texts(row: Sequence[Any]) -> bool:
    return all(isinstance(cell, str) for cell in row if not _empty(cell))


def _unique(names: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    result = []
    for number, name in enumerate(names, 1):
        name = name or f"#{number}"
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _even(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """Rows filled to the headings' width; empty ones left out. A row that holds more than there are headings keeps
    it, so that whoever reads it can say so."""
    for place, cells in rows:
        cells = list(cells)
        while len(cells) > width and _empty(cells[-1]):
            cells.pop()
        if any(not _empty(cell) for cell in cells):
            yield place, [*cells, *[None] * (width - len(cells))]


# Excel


def _open_excel(path: Path, details: dict[str, str]) -> Table:
    try:
        with open_bytes(path) as file, tempfile.SpooledTemporaryFile(max_size=64 << 20) as copy:
            copy_within(file, cast("BinaryIO", copy), path.name)
            check_workbook(cast("BinaryIO", copy), path.name)
            book = CalamineWorkbook.from_filelike(copy)
            sheet = details.get("sheet") or _first_filled(book)
            rows = _sheet_rows(book.get_sheet_by_name(sheet))
    except (CalamineError, KeyError, ValueError) as error:
        if path.name.lower().endswith(".xls"):
            raise bad_old_workbook(path.name) from None
        raise bad_workbook(path.name) from error
    skip, columns = _headings(rows[:_LOOK])
    found = {"sheet": sheet, "sheets": "\n".join(book.sheet_names)}
    numbered = [(n, row) for n, row in enumerate(rows, 1)]
    return Table(
        "xlsx",
        columns,
        found,
        max(0, len(rows) - skip - 1),
        lambda: _even(iter(numbered[skip + 1 :]), len(columns)),
    )


def _sheet_rows(sheet: Any) -> list[list[Any]]:
    """The sheet's rows; what cells merged over several rows say holds for each of them."""
    rows = [list(row) for row in sheet.iter_rows()]
    first = sheet.start[1] if sheet.start else 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top == bottom or left != right:
            continue  # across: a title
        column = left - first
        for row in rows[top + 1 : bottom + 1]:
            row[column] = rows[top][column]
    return rows


def _first_filled(book: CalamineWorkbook) -> str:
    for name in book.sheet_names:
        if book.get_sheet_by_name(name).height > 1:
            return str(name)
    return str(book.sheet_names[0])


# JSON Lines


class _Odd(Exception):
    """What should be an object is none."""

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.text = Text(en, ja)


def _open_json(path: Path, details: dict[str, str]) -> Table:
    columns: dict[str, None] = {}
    odd: dict[int, Unread] = {}
    for place, item in islice(_json_items(path), _JSON_LOOK):
        if isinstance(item, Unread):
            odd[place] = item
        else:
            columns.update(dict.fromkeys(item))
    if odd and not columns:
        place, first = min(odd.items())
        raise unreadable(path.name, f"line {place} {first.reason.en}", f"{place}行目が{first.reason.ja}")
    names = list(columns)

    def rows() -> Iterator[Row]:
        for place, item in _json_items(path):
            if isinstance(item, Unread):
                yield place, [*[None] * len(names), item]
                continue
            cells = [item.get(name) for name in names]
            late = {name: item[name] for name in item if name not in columns}
            yield place, [*cells, late] if late else cells

    return Table("jsonl", names, {"encoding": "utf-8"}, None, rows)


def _json_items(path: Path) -> Iterator[tuple[int, dict[str, Any] | Unread]]:
    """Objects, one a line or in one array, flattened to dotted names."""
    with open_text(path, "utf-8-sig") as text:
        start = text.read(1)
        text.seek(0)
        if start == "[":
            for number, item in enumerate(_json_array(path, text), 1):
                yield number, _object(item, lambda parsed: parsed)
            return
        for number, line in enumerate(text, 1):
            if line.strip():
                yield number, _object(line, _parsed)


def _json_array(path: Path, text: TextIO) -> list[Any]:
    whole = text.read(MOST_UNPACKED // 4 + 1)  # a character may take four bytes
    if len(whole) > MOST_UNPACKED // 4:
        raise too_large(path.name)
    try:
        items = _parsed(whole)
    except _Odd as odd:
        raise unreadable(path.name, f"line 1 {odd.text.en}", f"1行目が{odd.text.ja}") from None
    if not isinstance(items, list):
        raise unreadable(path.name, "it is no list of objects.", "オブジェクトの一覧ではありません。")
    return items


def _object(given: Any, parse: Callable[[Any], Any]) -> dict[str, Any] | Unread:
    try:
        return _flat(parse(given))
    except _Odd as odd:
        line = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        return Unread(line.strip(), odd.text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Odd(f"is not JSON ({error}).", f"JSONとして読み取れません({error})。") from None


def _flat(item: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(item, dict):
        raise _Odd("is not an object.", "オブジェクトではありません。")
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = (
                json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
            )
    return flat


# Parquet


def _open_parquet(path: Path, details: dict[str, str]) -> Table:
    try:
        with open_bytes(path) as packed, pq.ParquetFile(packed) as file:
            check_parquet(file.metadata, path.name)
            names, total = list(file.schema_arrow.names), file.metadata.num_rows
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    except (pa.ArrowInvalid, OSError) as error:
        raise unreadable(path.name, str(error), "Parquetファイルとして開けませんでした。") from None

    def rows() -> Iterator[Row]:
        number = 0
        with open_bytes(path) as packed, pq.ParquetFile(packed, read_dictionary=texts) as file:
            for batch in file.iter_batches(batch_size=2000):
                columns = [_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, [_json_cell(cell) for cell in cells]

    return Table("parquet", names, {}, total, rows)


def _values(column: pa.Array) -> list[Any]:
    """A text that repeats stands in memory once: a small file may hold a long one a million times."""
    if not isinstance(column, pa.DictionaryArray):
        return list(column.to_pylist())
    texts = column.dictionary.to_pylist()
    return [None if place is None else texts[place] for place in column.indices.to_pylist()]


def _json_cell(cell: Any) -> Any:
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, list | dict) else cell
