"""Files in whatever form they come."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.ingest.files import bounds, tables
from enishi.ingest.files.errors import BadFile
from enishi.ingest.files.tables import open_table
from enishi.ingest.files.text import find_encoding

HEAD = ["顧客ID", "会社名", "備考"]
ROWS = [["a1", "株式会社アクメ", "一行目\n二行目"], ["a2", "㈱ベータ〜①", 'say "hi", all'], ["a3", "ｶﾞﾝﾏ", ""]]


def as_csv(encoding, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([HEAD, *ROWS])
    return out.getvalue().replace("〜", "～").encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("packed", [False, True])
def test_csv_in_every_dress(tmp_path, encoding, delimiter, packed):
    path = tmp_path / "顧客.csv"
    body = as_csv(encoding, delimiter)
    path.write_bytes(gzip.compress(body) if packed else body)
    table = open_table(path)
    assert table.columns == HEAD
    found = [cells for _line, cells in table.rows()]
    assert [row[0] for row in found] == ["a1", "a2", "a3"]
    assert found[0] == ROWS[0]
    assert found[1][1:] == ["㈱ベータ～①", 'say "hi", all']
    assert [line for line, _cells in table.rows()] == [2, 4, 5]


def test_japanese_far_below_ascii_still_decides(tmp_path):
    path = tmp_path / "a.csv"
    lines = "id,name\n" + "".join(f"{n},plain\n" for n in range(150_000)) + "x,株式会社\n"
    path.write_bytes(lines.encode("cp932"))
    table = open_table(path)
    assert table.details["encoding"] == "cp932"
    assert list(table.rows())[-1][1] == ["x", "株式会社"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,note\nCafé Lumière,O’Brien – £1200\nGröße AG,“déjà vu”\n", "cp1252"),
        ("name\nO’Brien\n", "cp1252"),
        ("price\n£1200\n", "cp1252"),
        ("id,name\n1,A社\n2,120名\n", "cp932"),
        ("id,name\n1,Smith様\n2,ｱｸﾒ\n3,ギガ\n4,東京\n", "cp932"),
        ("id,name\n1,アクメ\n2,Smith様\n", "euc_jp"),
        (
            "name\nL’Oréal\nŠkoda Auto\nŽižek\nNoël\nŒuvre\nGenève\nMüller\nŠKODA\nI don’t\n“Great”\n",
            "cp1252",
        ),
        ("id,name,owner\nC1,Acme,山田\nC2,Beta,山本\nC3,Gamma,三田\n", "cp932"),
        ("id,name\n1,Acme 2024年\n2,Beta PC店\n3,Smith様\n", "cp932"),
    ],
)
def test_western_letters_are_told_from_japanese(tmp_path, text, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    table = open_table(path)
    assert table.details["encoding"] == encoding
    assert [cells for _line, cells in table.rows()] == list(csv.reader(io.StringIO(text)))[1:]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (
            "cp932",
            [
                *"三四百年店山田本北有男様支担備表予能貼圭暴添",
                "山田",
                "2024年",
                "Smith様",
                "PC店",
                "男A",
                "丁",
                "定",
                "備",
                "知知",
            ],
        ),
        (
            "cp1252",
            ["O’Brien", "Škoda", "ŽELEZO", "Žižek", "Noël", "L’Oréal", "Genève", "don’t", "Père", "£12"],
        ),
    ],
)
def test_one_character_of_an_otherwise_plain_file_is_enough(tmp_path, encoding, words):
    path = tmp_path / "a.csv"
    for text in [
        text for word in words for text in (f"id,name\n1,{word}\n", f"id,name,city\nC1,{word},Paris\n")
    ]:
        path.write_bytes(text.encode(encoding))
        assert (text, find_encoding(path)) == (text, encoding)


def test_titles_above_the_headings_are_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("顧客一覧 2026年4月\n\n顧客ID,会社名,会社名,\na,A,B,\n\nb,B\n")
    table = open_table(path)
    assert table.columns == ["顧客ID", "会社名", "会社名 (2)"]
    assert [cells for _l, cells in table.rows()] == [["a", "A", "B"], ["b", "B", None]]


def test_excel(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy/mm/dd"}) as book:
        book.add_worksheet("説明")
        sheet = book.add_worksheet("データ")
        sheet.write_row(0, 0, ["ID", "金額", "開始日"])
        sheet.write_row(1, 0, [1001, 1200.5])
        sheet.write_datetime(1, 2, date(2024, 4, 1))
    table = open_table(path)
    assert (table.form, table.columns, table.total, table.details["sheet"]) == (
        "xlsx", ["ID", "金額", "開始日"], 1, "データ"
    )  # fmt: skip
    assert next(table.rows()) == (2, [1001.0, 1200.5, date(2024, 4, 1)])


def test_json_lines_and_arrays_flatten(tmp_path):
    items = [{"id": 1, "traits": {"name": "A"}, "tags": ["x"]}, {"id": 2, "more": None}]
    lines, array = tmp_path / "a.jsonl", tmp_path / "b.json"
    lines.write_text("\n".join(json.dumps(item) for item in items) + "\n\n")
    array.write_text(json.dumps(items))
    for path in (lines, array):
        table = open_table(path)
        assert table.columns == ["id", "traits.name", "tags", "more"]
        assert [cells for _n, cells in table.rows()] == [[1, "A", '["x"]', None], [2, None, None, None]]


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "on": [date(2024, 4, 1), None], "l": [[1], []]}), path)
    table = open_table(path)
    assert (table.columns, table.total) == (["id", "on", "l"], 2)
    assert next(table.rows()) == (1, ["a", date(2024, 4, 1), "[1]"])


@pytest.mark.parametrize(
    "body", [b"", b"PAR1nonsense", b"PK\x03\x04nonsense", b"\x00\x01\x02" * 99, b'{oops\n{"a": 1\n']
)
def test_what_cannot_be_read_says_so_in_both_languages(tmp_path, body):
    path = tmp_path / "broken"
    path.write_bytes(body)
    with pytest.raises(BadFile) as error:
        list(open_table(path).rows())
    assert "broken" in error.value.message.en
    assert error.value.message.ja != error.value.message.en


CELLS = st.text(
    st.characters(codec="cp932", exclude_categories=("Cc",), exclude_characters="¢£¬‖−〜"), max_size=12
).map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8).filter(lambda rows: any(map(any, rows))))
def test_what_cp932_can_write_comes_back(tmp_path, rows):
    path = tmp_path / "round.csv"
    with path.open("w", encoding="cp932", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["顧客コード", "会社名カナ"], *rows])
    table = open_table(path, {"encoding": "cp932", "delimiter": ","})
    expected = [list(row) for row in rows if any(row)]
    assert [cells for _n, cells in table.rows()] == expected
    assert open_table(path).details["encoding"] in ("cp932", "utf-8", "euc_jp")


def sheet(path, *cells):
    """A workbook with nothing but cells at the given places."""
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        for place in cells:
            page.write_string(place, "x")
    return path


def test_a_stray_cell_far_away_is_named_and_asks_for_no_memory(tmp_path):
    with pytest.raises(BadFile) as refused:
        open_table(sheet(tmp_path / "a.xlsx", "A1", "A2", "XFD1048576"))
    assert "16,384" in refused.value.message.en
    assert open_table(sheet(tmp_path / "b.xlsx", "A1", "A2", "B9000")).total == 8999


def test_what_unpacks_beyond_all_bounds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_UNPACKED", 100_000)
    monkeypatch.setattr(tables, "MOST_UNPACKED", 100_000)
    bomb = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(bomb)) as book:
        page = book.add_worksheet()
        for row in range(40):
            page.write_string(row, 0, f"{row}" + "x" * 30_000)
    packed = tmp_path / "b.json.gz"
    packed.write_bytes(gzip.compress(b"[" + b'{"a":1},' * 20_000 + b"{}]"))
    for path in (bomb, packed):
        with pytest.raises(BadFile, match="larger than"):
            open_table(path)


@pytest.mark.parametrize(
    "content",
    [
        b'a,b\n1,"' + b"x" * (17 << 20) + b'"\n', b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-8], b"\x1f\x8b" + b"\x00" * 50,
        b"PK\x03\x04" + b"\x00" * 600, b"PAR1" + b"\x00" * 100 + b"PAR1", b"\xd0\xcf\x11\xe0" + b"\x00" * 600,
    ],
    ids=["long cell", "deep list", "deep object", "cut gzip", "empty gzip", "zip", "parquet", "old excel"],
)  # fmt: skip
def test_a_damaged_file_is_refused_never_an_accident(tmp_path, content):
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(BadFile):
        list(open_table(path).rows())


def test_a_workbook_with_a_password_is_said_to_be_locked(tmp_path):
    path = tmp_path / "locked.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\x00" * 5000 + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(BadFile, match="password"):
        open_table(path)


@pytest.mark.parametrize(
    "details", [{"delimiter": "ab"}, {"encoding": "hex"}, {"encoding": "punycode"}, {"encoding": "x\x00y"}]
)
def test_settings_nobody_offers_are_refused(tmp_path, details):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(BadFile):
        list(open_table(path, details).rows())


def test_a_parquet_group_beyond_all_bounds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_UNPACKED", 100_000)
    path = tmp_path / "a.parquet"
    texts = [f"{n:06d}" + "x" * 50 for n in range(5000)]
    pq.write_table(pa.table({"a": texts}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    with pytest.raises(BadFile, match="larger than"):
        open_table(path)


def test_a_long_text_repeated_in_parquet_stands_in_memory_once(tmp_path):
    path, long = tmp_path / "a.parquet", "x" * 1_000_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1000 + [None], pa.int32()), [long])
    pq.write_table(pa.table({"id": list(range(1001)), "a": column}), path)
    before = pa.total_allocated_bytes()
    rows = open_table(path).rows()
    assert next(rows) == (1, [0, long])
    assert pa.total_allocated_bytes() - before < 50_000_000
    assert list(rows)[-1] == (1001, [1000, None])
