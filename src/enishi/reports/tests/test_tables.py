"""Files people open: what stands in them, byte for byte where it matters."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from enishi.reports.tables import Heading, write_table

HEADINGS = [Heading("会社名"), Heading("月額", "money"), Heading("更新日", "day"), Heading("割合", "percent")]
ROWS = [
    ("株式会社髙島①", 120_000, date(2026, 4, 1), 0.256),
    ("=HYPERLINK(1)", Decimal("12.50"), None, None),
]


def test_csv_opens_in_excel_and_keeps_every_letter(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    assert write_table(path, "csv", HEADINGS, ROWS, title="顧客") == 2
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[:3] == [
        "会社名,月額,更新日,割合",
        "株式会社髙島①,120000,2026-04-01,0.2560",
        "'=HYPERLINK(1),12.50,,",
    ]


def test_cp932_writes_vendor_letters_and_marks_what_it_cannot(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    write_table(path, "cp932", HEADINGS, [("髙島①🙂𠮷", 1, None, None)], title="顧客")
    assert path.read_bytes().decode("cp932").split("\r\n")[1] == "髙島①〓〓,1,,"


def test_excel_has_numbers_and_days_not_text(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_table(path, "xlsx", HEADINGS, ROWS, title="顧客一覧: [全社]")
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    rows = sheet.to_python()
    assert sheet.name == "顧客一覧 全社"
    assert rows[1] == ["株式会社髙島①", 120000.0, date(2026, 4, 1), 0.256]
    assert rows[2][:2] == ["=HYPERLINK(1)", 12.5]


def test_a_file_that_fails_half_way_is_not_left_behind(tmp_path: Path) -> None:
    def rows():
        yield ROWS[0]
        raise RuntimeError("the database went away")

    path = tmp_path / "book.csv"
    with pytest.raises(RuntimeError, match="went away"):
        write_table(path, "csv", HEADINGS, rows(), title="x")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_as_rows_are_written(tmp_path: Path) -> None:
    heard: list[int] = []
    rows = [("a", n, None, None) for n in range(1_200)]
    write_table(tmp_path / "b.csv", "csv", HEADINGS, rows, title="x", progress=heard.append)
    assert heard == [500, 1_000, 1_200]
