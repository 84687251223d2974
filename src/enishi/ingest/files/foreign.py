"""Files that are something else than their name says: what they are, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

from enishi.ingest.files.errors import BadFile, unreadable
from enishi.kit.text import Text

_AS_XLSX = Text("Open it in Excel and save it as .xlsx.", "Excelで開き、.xlsx形式で保存し直してください。")
_AS_TABLE = Text(
    "Take the data out of the system it comes from as CSV or Excel.",
    "元のシステムから、データをCSVまたはExcelで出力してください。",
)
_STARTS: tuple[tuple[bytes, Text, Text], ...] = (
    (b"%PDF", Text("it is a PDF.", "中身はPDFです。"), _AS_TABLE),
    (b"\x89PNG", Text("it is a picture.", "中身は画像です。"), _AS_TABLE),
    (b"\xff\xd8\xff", Text("it is a picture.", "中身は画像です。"), _AS_TABLE),
    (b"GIF8", Text("it is a picture.", "中身は画像です。"), _AS_TABLE),
    (b"{\\rtf", Text("it is a text document (RTF).", "中身は文書(RTF)です。"), _AS_TABLE),
    (b"SQLite format 3", Text("it is a database (SQLite).", "中身はデータベース(SQLite)です。"), _AS_TABLE),
    (b"7z\xbc\xaf", Text("it is a 7-Zip archive.", "中身は7-Zipの圧縮ファイルです。"),
     Text("Unpack it and drop the file in it.", "展開して、中のファイルを取り込んでください。")),
    (b"Rar!", Text("it is a RAR archive.", "中身はRARの圧縮ファイルです。"),
     Text("Unpack it and drop the file in it.", "展開して、中のファイルを取り込んでください。")),
)  # fmt: skip
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype html|html|head|body|table|meta|\?xml)\b", re.IGNORECASE)
_INSIDE: tuple[tuple[str, Text, Text], ...] = (
    ("Index/", Text("it is a Numbers document.", "Numbersの書類です。"),
     Text("In Numbers choose File, Export to, Excel (or CSV).", "Numbersの「ファイル」→「書き出す」→「Excel」(または「CSV」)で書き出してください。")),
    ("word/", Text("it is a Word document.", "Wordの文書です。"), _AS_TABLE),
    ("ppt/", Text("it is a PowerPoint document.", "PowerPointの資料です。"), _AS_TABLE),
    ("xl/workbook.bin", Text("it is a binary workbook (.xlsb).", "バイナリー形式のブック(.xlsb)です。"), _AS_XLSX),
    ("content.xml", Text("it is an OpenDocument file.", "OpenDocument形式のファイルです。"), _AS_XLSX),
)  # fmt: skip


def check_start(start: bytes, name: str) -> None:
    """Refuse what is known to be no table by its first bytes.

    Raises:
        BadFile: with what it is, and the remedy.
    """
    for sign, what, remedy in _STARTS:
        if start.startswith(sign):
            raise unreadable(name, what.en, what.ja, remedy)
    if _WEB_PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise unreadable(
            name, "it is a web page (HTML or XML).", "中身はWebページ(HTML・XML)です。", _AS_XLSX
        )


def not_a_workbook(entries: Iterable[str], name: str) -> BadFile:
    """What to say of a zip file that is no workbook of Excel's, by the names of its entries."""
    names = list(entries)
    for sign, what, remedy in _INSIDE:
        if any(entry.startswith(sign) for entry in names):
            return unreadable(name, what.en, what.ja, remedy)
    remedy = Text("Unpack it and drop the file in it.", "展開して、中のファイルを取り込んでください。")
    return unreadable(name, "it is a ZIP archive.", "中身はZIPの圧縮ファイルです。", remedy)


_EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls")
_MARKS = (
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
)  # of texts, which some systems write under the name of a workbook
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def check_called_workbook(start: bytes, name: str) -> None:
    """Refuse what is called a workbook and holds neither one nor text.

    Raises:
        BadFile: with the remedy.
    """
    called = name.lower().removesuffix(".gz").endswith(_EXCEL)
    if called and not start.startswith(_MARKS) and _NO_TEXT.search(start):
        raise bad_workbook(name)


def bad_workbook(name: str) -> BadFile:
    """What to say of a workbook (.xlsx) that cannot be opened."""
    return unreadable(
        name,
        "it is no Excel file that can be opened: it is damaged or cut off.",
        "Excelファイルとして開けません。ファイルが壊れているか、途中で切れています。",
        Text(
            "Open it in Excel and save it as .xlsx, or take it out of its system anew.",
            "Excelで開いて.xlsx形式で保存し直すか、元のシステムから出力し直してください。",
        ),
    )


def bad_old_workbook(name: str) -> BadFile:
    """What to say of a file that looks like an old workbook (.xls) and cannot be opened as one."""
    return unreadable(
        name, "it is no workbook that can be opened (.xls).", "ブック(.xls)として開けません。", _AS_XLSX
    )
