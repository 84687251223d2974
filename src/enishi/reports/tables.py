"""A table as a file people open: CSV for machines and for Excel in Japan, and Excel itself."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from enishi.kit.cells import harmless
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

FORMATS = ("csv", "cp932", "xlsx")
SHEET_ROWS = 1_048_575  # what Excel holds below the heading
_EVERY = 500
_LOOKS = {
    "number": "#,##0",
    "decimal": "#,##0.0",
    "money": "#,##0.##",
    "percent": "0.0%",
    "day": "yyyy-mm-dd",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of a file.

    Args:
        kind: text, number, decimal, money (in whole units of the currency), percent (0 to 1) or day.
    """

    title: str
    kind: str = "text"


Row = Sequence[Any]
Progress = Callable[[int], None]


def _geta(error: UnicodeError) -> tuple[str, int]:
    """〓 for what CP932 cannot write, as Japanese printers have it: visible, and never a wrong letter."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "〓" * (error.end - error.start), error.end


codecs.register_error("geta", _geta)


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.6g}" if kind != "percent" else f"{value:.4f}"
    if isinstance(value, int | Decimal):
        return str(value)
    return harmless(str(value))


def write_csv(
    path: Path, headings: Sequence[Heading], rows: Iterable[Row], *, encoding: str, progress: Progress
) -> int:
    """Write a CSV with CRLF lines; return the number of rows. ``progress`` hears of every 500th."""
    kinds = [heading.kind for heading in headings]
    n = 0
    with path.open("w", encoding=encoding, errors="geta", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(heading.title) for heading in headings])
        for n, row in enumerate(rows, 1):
            writer.writerow([_cell(value, kind) for value, kind in zip(row, kinds, strict=True)])
            if n % _EVERY == 0:
                progress(n)
    progress(n)
    return n


def write_excel(
    path: Path, headings: Sequence[Heading], rows: Iterable[Row], *, title: str, progress: Progress
) -> int:
    """Write one sheet with a frozen, filterable heading; return the number of rows written.

    Rows stream to disk, so that memory does not grow with them. Rows beyond what a sheet holds are refused by
    the caller (:data:`SHEET_ROWS`).
    """
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        head = book.add_format({"bold": True, "bottom": 1, "font_name": "Yu Gothic"})
        plain = book.add_format({"font_name": "Yu Gothic"})
        looks = [_look(book, heading.kind, plain) for heading in headings]
        for position, heading in enumerate(headings):
            sheet.set_column(position, position, 28 if position == 0 else 15)
            sheet.write_string(0, position, heading.title, head)
        sheet.freeze_panes(1, 1)
        n = 0
        for n, row in enumerate(rows, 1):
            for position, value in enumerate(row):
                _write_cell(sheet, n, position, value, looks[position])
            if n % _EVERY == 0:
                progress(n)
        sheet.autofilter(0, 0, max(n, 1), len(headings) - 1)
    progress(n)
    return n


def _look(book: Any, kind: str, plain: Any) -> Any:
    return (
        book.add_format({"num_format": _LOOKS[kind], "font_name": "Yu Gothic"}) if kind in _LOOKS else plain
    )


def _write_cell(sheet: Any, row: int, column: int, value: Any, look: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, look)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(row, column, float(value), look)
    else:
        sheet.write_string(row, column, str(value)[:32_767], look)


def _sheet_name(title: str) -> str:
    kept = "".join(letter for letter in title if letter not in "[]:*?/\\'")
    return kept[:31] or "Enishi"


def check_format(file_format: str) -> str:
    """Hand a format back that can be written.

    Raises:
        EnishiError: ``unknown_format``.
    """
    if file_format in FORMATS:
        return file_format
    message = Text(
        f"“{file_format}” is not a format we write.", f"「{file_format}」形式には対応していません。"
    )
    raise EnishiError(
        "unknown_format", message, Text("Choose CSV or Excel.", "CSVまたはExcelをお選びください。")
    )


def write_table(
    path: Path,
    file_format: str,
    headings: Sequence[Heading],
    rows: Iterable[Row],
    *,
    title: str,
    progress: Progress = lambda _n: None,
) -> int:
    """Write rows as ``csv`` (UTF-8 with BOM), ``cp932`` or ``xlsx``, complete or not at all.

    Returns:
        The number of rows written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        if file_format == "xlsx":
            n = write_excel(part, headings, rows, title=title, progress=progress)
        else:
            encoding = "cp932" if file_format == "cp932" else "utf-8-sig"
            n = write_csv(part, headings, rows, encoding=encoding, progress=progress)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return n
