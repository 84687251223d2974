"""Files that are something else, damaged, or sloppy: refused with place and remedy, or taken without losing a row."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from enishi.accounts.coercion import Refused
from enishi.accounts.models import Account
from enishi.ingest.amounts import read_amount
from enishi.ingest.files import tables
from enishi.ingest.files.desk import retry_row
from enishi.ingest.files.errors import BadFile
from enishi.ingest.files.importing import import_file
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.reading import Plan, RowReader
from enishi.ingest.files.tables import open_table
from enishi.ingest.models import Reject
from enishi.ingest.values import Habits, read_boolean, read_date
from enishi.kit.home import Home

MORNING = datetime(2024, 4, 1, 9, 30)  # noqa: DTZ001 - cells of Excel name no zone
NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
# A workbook in the form of Excel 97: ID, 開始日, 金額 and one row.
OLD_WORKBOOK = (
    "H4sIAAAAAAACA+1YTWgTQRT+ZpM0P6T5MxVaIcSCVWuhiBcv7VaJFg8J1YtWBJvaHKSSSvCiF6s1BxFBEUHFS6EiXqpe/EEFFQRB"
    "of4cCoKQKJ48CQoe2qzvvexKWhUa1ELLfMt88+bNvJ23M29mdvfVVLQ0fruljHnohgsVy4+GGp2i5HcKEVC9ZbHo5D5KlsaSgt9H"
    "E9ngwYPGl16eQ57vMgzccj8hBj5Q2ofDyIzkc8lFxFbxIavYhy5ihaukCaFZvIoJHxBeIXxTWj4U7hHNWeEualtSezFlZto321G8"
    "x2iVuhD4vnfF5p1oNqIJzzmKj59T1bYebCkczB5aYhUJdxAToAntzeVzBS6HcQ0BoJ/QmU53plIlxGmyJ/DNSgJfnVX9OKn1i6tX"
    "IP33uXrvH/Q+msT5+guGGxiFNSCLpIggfG6uMRQy10/PYDW4yIkCfEfKBXXm4ov+Tzlq/fp8+hLFTTbA+7rsA5E5+0CjrI8g8RDC"
    "IkdllUTIkZkbX96kB/vM/aIZlb2/ekKsYYdg4QRbkHFIagxhF6V2kTcIn5S7rhK5RThOIUx5W1+TLWwfkzanpLaN+tkkeGuurZHX"
    "kVz8vPNeovjRXE/yZG/5WHxy2hxHK51YQ2TP1xg6VIe6cplx33RyZe8m74Wbf9lZfEbE9t2yj8EwZnktEaLC1RKPjvpZMuyxYmv1"
    "G2sl1jwej6h/9i6GxDO2ehpj624jhjsyaD01J3AAGhoaGhoaGhoaGn8DZb+bu+yPBI/97u+1/+vMUqro3yTLFrswQtcR+qjchjzl"
    "BRytK35WwqOce6kF2jj/Cxm7qfcChjEofgzXHb/07aZqn2fBhpF/t4Tq7b9Sj5//uf8f5P1YHgAWAAA="
)


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return out.getvalue()


REFUSED = {
    "nothing in it": ("a.csv", b"", "it is empty", "保存し直して"),
    "headings only": ("a.csv", "顧客ID,会社名\n".encode(), "below the headings (顧客ID, 会社名) there is no row", "1行目には列の見出し"),
    "a PDF called .csv": ("売上.csv", b"%PDF-1.7\n1 0 obj\n", "it is a PDF", "CSVまたはExcelで出力"),
    "a picture": ("a.xlsx", b"\x89PNG\r\n\x1a\n\x00", "it is a picture", "CSVまたはExcelで出力"),
    "a web page called .xls": ("a.xls", b"\n<HTML><body><table><tr><td>ID</td></tr></table>", "it is a web page", ".xlsx形式で保存"),
    "an old workbook that cannot be opened": ("a.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "(.xls)", ".xlsx形式で保存"),
    "Numbers": ("a.numbers", zipped("Index/Document.iwa", "Metadata/Properties.plist"), "Numbers document", "書き出す"),
    "Word": ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "Word document", "CSVまたはExcelで出力"),
    "a binary workbook": ("a.xlsb", zipped("[Content_Types].xml", "xl/workbook.bin"), ".xlsb", ".xlsx形式で保存"),
    "OpenDocument": ("a.ods", zipped("mimetype", "content.xml"), "OpenDocument", ".xlsx形式で保存"),
    "a zip": ("a.zip", zipped("customers.csv"), "ZIP archive", "展開して"),
    "a quotation mark open to the end": ("a.csv", b'id,name\n1,a\n2,"b\n3,c\n', "begins on line 3", "二重引用符を閉じて"),
    "open in the last cell": ("a.csv", b'id,name\n1,a\n2,"b', "begins on line 3", "二重引用符を閉じて"),
    "open at the last line's end": ("a.csv", b'id,name\n1,a\n2,"b\n', "begins on line 3", "二重引用符を閉じて"),
    "open until another cell's mark": ("a.csv", b'id,name\n1,"a\n2,b\n3,"c"\n4,d\n', "begins on line 2", "二重引用符を閉じて"),
    "JSON over several lines": ("a.json", b'{\n  "id": 1\n}', "line 1 is not JSON", "JSON Lines"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "en", "ja"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_what_it_is_where_and_what_to_do(tmp_path, name, content, en, ja):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFile) as refused:
        list(open_table(path).rows())
    told = refused.value
    assert name in told.message.en
    assert name in told.message.ja
    assert en in told.message.en
    assert ja in told.hint.ja
    assert told.message.ja.isascii() is told.hint.ja.isascii() is False


def cells_of(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    table = open_table(path)
    return table.columns, list(table.rows())


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_and_a_mixture_of_them(tmp_path, end):
    plain = ["id,name", "1,a", '2,"b\nb"', "3,c"]
    columns, rows = cells_of(tmp_path, "a.csv", end.join(plain).encode())
    assert (columns, [cells for _line, cells in rows]) == (
        ["id", "name"],
        [["1", "a"], ["2", "b\nb"], ["3", "c"]],
    )
    mixed = cells_of(tmp_path, "b.csv", b"id,name\r\n1,a\n2,b\r3,c\r\n")
    assert mixed[1] == [(2, ["1", "a"]), (3, ["2", "b"]), (4, ["3", "c"])]


def test_marks_within_a_cell_of_one_line_do_no_harm(tmp_path):
    _columns, rows = cells_of(tmp_path, "a.csv", b'id,name\n1,5" screen\n2,"say "hi" all"\n')
    assert len(rows) == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_and_without_its_mark(tmp_path, encoding):
    columns, rows = cells_of(tmp_path, "a.csv", "ID\t会社名\n1\t甲商事\n".encode(encoding))
    assert (columns, rows) == (["ID", "会社名"], [(2, ["1", "甲商事"])])


def test_headings_that_repeat_are_told_apart_and_keep_their_cells(tmp_path):
    columns, rows = cells_of(tmp_path, "a.csv", "ID,名前,名前\n1,a,b\n".encode())
    assert (columns, rows) == (["ID", "名前", "名前 (2)"], [(2, ["1", "a", "b"])])


def test_excel_with_cover_title_merged_cells_serial_days_and_formulas(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("表紙").write("A1", "社外秘")
        sheet = book.add_worksheet("一覧")
        sheet.merge_range("B2:E2", "顧客一覧 2026年4月1日現在")
        sheet.write_row("B3", ["顧客ID", "開始日", "金額", "更新"])
        sheet.merge_range("B4:B5", "甲")
        sheet.write_row("C4", [45383, 1000])
        sheet.write_row("C5", ["R6.4.2", 5])
        sheet.write_formula("E4", "=C4", None, 45383)
        sheet.write_datetime("E5", MORNING, book.add_format({"num_format": "yyyy/mm/dd hh:mm"}))
        book.add_worksheet("別表").write_row(0, 0, ["a", "b"])
    table = open_table(path)
    assert (table.details["sheet"], table.columns) == ("一覧", ["顧客ID", "開始日", "金額", "更新"])
    assert list(table.rows()) == [
        (4, ["甲", 45383.0, 1000.0, 45383.0]),
        (5, ["甲", "R6.4.2", 5.0, MORNING]),
    ]
    assert read_date(45383.0, Habits()) == date(2024, 4, 1)
    assert open_table(path, {"sheet": "一覧"}).total == 2


def test_a_workbook_of_excel_97_is_read(tmp_path):
    columns, rows = cells_of(tmp_path, "a.xls", gzip.decompress(base64.b64decode(OLD_WORKBOOK)))
    assert (columns, rows) == (["ID", "開始日", "金額"], [(2, ["a", date(2024, 4, 1), 1200])])


def test_parquet_with_columns_within_columns_and_time_zones(tmp_path):
    path = tmp_path / "a.parquet"
    tokyo = pa.array([datetime(2024, 4, 1, tzinfo=UTC)], pa.timestamp("us", "Asia/Tokyo"))
    pq.write_table(
        pa.table(
            {"id": ["1"], "plan": [{"name": "甲", "deep": {"n": 1}}], "tags": [[{"q": 1}]], "at": tokyo}
        ),
        path,
    )
    ((_place, cells),) = open_table(path).rows()
    assert cells[:3] == ["1", '{"name": "甲", "deep": {"n": 1}}', '[{"q": 1}]']
    assert cells[3].astimezone(UTC) == datetime(2024, 4, 1, tzinfo=UTC)


def test_an_array_in_a_file_called_json_lines(tmp_path):
    assert cells_of(tmp_path, "a.jsonl", '[{"id": 1, "name": "甲"}, {"id": 2}]'.encode()) == (
        ["id", "name"], [(1, [1, "甲"]), (2, [2, None])],
    )  # fmt: skip


VALUES = {
    "△1,200": -1200, "▲1,200": -1200, "(1,200)": -1200, "1,234円": 1234, "¥1,234": 1234, "１，２３４": 1234,
    "−1,200": -1200, "-¥1,200": -1200,
}  # fmt: skip
DAYS = {
    "令和6年4月1日": date(2024, 4, 1), "R6.4.1": date(2024, 4, 1), "2024/4/1": date(2024, 4, 1), "２０２４／４／１": date(2024, 4, 1),
    "平成31年4月30日": date(2019, 4, 30), "令和元年5月1日": date(2019, 5, 1), "H31.4.30": date(2019, 4, 30),
    "令和6年4月": date(2024, 4, 1), "2024年4月1日(月)": date(2024, 4, 1), "20240401": date(2024, 4, 1),
}  # fmt: skip
MARKS = {
    "済": True, "未": False, "○": True, "×": False, "有": True, "無": False, "〇": True, "✕": False, "入金済": True,
    "未払い": False,
}  # fmt: skip


def test_values_as_japanese_offices_write_them():
    assert {text: read_amount(text)[0] for text in VALUES} == VALUES
    assert {text: read_date(text, Habits()) for text in DAYS} == DAYS
    assert {text: read_boolean(text) for text in MARKS} == MARKS


def test_a_percentage_is_not_guessed_at():
    with pytest.raises(Refused) as refused:
        read_amount("12.5％")
    assert "12.5％" in refused.value.text.ja
    assert "%を外し" in refused.value.text.ja


TOTALS = (
    "合計",
    "合　計",
    "【総合計】",
    "小計:",
    "計",
    "Grand Total",
    "subtotal",
    "Total: 25 customers",
    "合計 25社",
)
NO_TOTALS = ("合計会計事務所", "計画商事", "Total Systems", "Sum 41", "C-1")


@pytest.mark.parametrize("first", [*TOTALS, *NO_TOTALS])
def test_lines_of_totals_are_told_from_names_that_begin_alike(first):
    kind = FILE_KINDS["account"]
    reader = RowReader(
        kind, ["name", "employees"], Plan({"name": "name", "employees": "employees"}), Habits()
    )
    assert ("row" in reader.read(2, [first, "5"]).errors) is (first in TOTALS)
    assert ("row" in reader.read(2, [None, first]).errors) is (first in TOTALS)


@pytest.mark.django_db
def test_title_ragged_rows_and_a_line_of_totals_lose_nothing(tmp_path):
    path, home = tmp_path / "顧客.csv", Home(tmp_path / "home")
    path.write_bytes(
        "顧客一覧(2026年4月1日現在)\n\n顧客ID,会社名,従業員数\n1,甲商事,10\n2,乙,二,20\n3,丙\n4,丁,40,,\n合計,4社,70\n".encode(
            "cp932"
        )
    )
    _made, tally = import_file(home, path, "account", actor="t", now=NOW)
    assert tally.counts == {"created": 3, "updated": 0, "unchanged": 0, "rejected": 2}
    assert set(Account.objects.values_list("outside_id", "name")) == {
        ("1", "甲商事"),
        ("3", "丙"),
        ("4", "丁"),
    }
    ragged, totals = Reject.objects.order_by("position")
    assert (ragged.position, totals.position) == (5, 8)
    assert "見出し3列に対してセルが4個" in ragged.message_ja
    assert "20" in ragged.message_ja
    assert "合計行" in totals.message_ja
    assert "line of totals" in totals.message_en
    retry_row(home, ragged, {"顧客ID": "2", "会社名": "乙二", "従業員数": "20"}, actor="t", now=NOW)
    assert Account.objects.get(outside_id="2").employees == 20


@pytest.mark.django_db
@pytest.mark.parametrize("bad", ['{"id": "2", "name": }', "[2]", '"2"'])
def test_a_line_that_is_no_object_waits_on_the_desk_and_the_others_come_in(tmp_path, bad):
    path, home = tmp_path / "a.jsonl", Home(tmp_path / "home")
    path.write_text('{"id": "1", "name": "A"}\n' + bad + '\n{"id": "3", "name": "C"}\n')
    _made, tally = import_file(home, path, "account", actor="t", now=NOW, dry_run=True)
    assert (tally.counts["created"], tally.counts["rejected"]) == (2, 1)
    import_file(home, path, "account", actor="t", now=NOW)
    reject = Reject.objects.get()
    assert reject.position == 2
    assert reject.message("en").startswith("Row: is not ")
    assert bad in reject.payload.replace('\\"', '"')
    retry_row(home, reject, {"id": "2", "name": "B"}, actor="t", now=NOW)
    assert dict(Account.objects.values_list("outside_id", "extra")) == {"1": {}, "2": {}, "3": {}}
    _made, tally = import_file(home, path, "account", actor="t", now=NOW)
    assert (tally.counts["unchanged"], Reject.objects.count()) == (3, 1), "settled it stays"


@pytest.mark.django_db
def test_names_that_come_up_late_in_json_are_kept_also_over_the_desk(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_JSON_LOOK", 1)
    path, home = tmp_path / "a.jsonl", Home(tmp_path / "home")
    lines = [
        {"id": "1", "name": "甲"},
        {"id": "2", "name": "乙", "grade": "A"},
        {"id": "3", "name": None, "grade": "B"},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    import_file(home, path, "account", actor="t", now=NOW)
    retry_row(home, Reject.objects.get(), {"id": "3", "name": "丙"}, actor="t", now=NOW)
    assert dict(Account.objects.values_list("outside_id", "extra")) == {
        "1": {},
        "2": {"grade": "A"},
        "3": {"grade": "B"},
    }
