"""Every kind in every form of file, written as Japanese offices write: guessed, tried, taken, repeated, corrected."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from enishi.accounts.actions import save_records
from enishi.accounts.models import RecordVersion
from enishi.ingest.files.desk import retry_row
from enishi.ingest.files.importing import run_import, try_import
from enishi.ingest.files.receiving import receive_file
from enishi.ingest.models import Reject
from enishi.kit.home import Home
from enishi.store.kinds import ACCOUNT, KINDS, Type

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
BAD_ROW = 2
TAKEN_IN_PART = ("account", "contact")
HABITS = {
    Type.DATE: ["2024年4月1日", "令和6年4月2日", "2024/4/3", "R6.4.4", "２０２４／４／５", "20240406", "平成31年4月30日", "H31.4.1"],
    Type.INSTANT: [
        "2024年4月1日", "令和6年4月2日", "2024/4/3 10:00", "2024-04-04", "R6.4.5 9時30分", "2024-04-06T09:30:00+09:00", "45389",
        "2024/4/8",
    ],
    Type.MONEY: ["¥1,200", "１，２００円", "3万円", "1.2億", "△1,200", "▲1,200", "(1,200)", "1,234円"],
    Type.INTEGER: ["１２３", "1,200", "5", "７", "12名", "3件", "10", "9"],
    Type.NUMBER: ["9", "１０", "8", "7", "0", "1", "２", "3"],
    Type.BOOLEAN: ["はい", "いいえ", "済", "未", "○", "×", "有", "無"],
    Type.CURRENCY: ["USD", "EUR"] * 4,
    Type.ACCOUNT: ["0012"] * 8,
    Type.TEXT: ["㈱甲〜①", "乙", "丙", "丁", "戊", "己", "庚", "辛"],
}  # fmt: skip

pytestmark = pytest.mark.django_db


def _cells(field):
    if field.name == "id":
        return [f"00{n}" for n in range(8)]
    if field.type is Type.CHOICE:
        return [field.choices[0][1].ja] * 8
    if any(one.above == 0 for one in field.ranges):
        return ["１５０.５" if text == "0" else text for text in HABITS[field.type]]
    return HABITS[field.type]


def table_of(kind):
    """Headings in Japanese, eight rows and their totals; the third has a day that is none, or lacks what must be there
    where a row is taken without a day that cannot be read."""
    told = (Type.INTEGER, Type.MONEY, Type.BOOLEAN, Type.DATE)
    fields = [f for f in kind.fields if f.required or (f.type in told and not f.name.endswith("ed_on"))]
    columns = [_cells(field) for field in fields]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if kind.name in TAKEN_IN_PART:
        place, wrong = 1, ""
    else:
        place, wrong = next(n for n, f in enumerate(fields) if f.type in (Type.DATE, Type.INSTANT)), "いつか"
    rows[BAD_ROW][place] = wrong
    rows.append(["合計", *[""] * (len(fields) - 1)])
    return [field.title.ja for field in fields], rows, place


def _csv(encoding):
    def write(path, head, rows):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([head, *rows])
        text = out.getvalue().replace("〜", "～").replace("¥", "\\" if encoding == "cp932" else "¥")
        path.write_bytes(text.encode(encoding))

    return write


def _lines(path, head, rows):
    path.write_text("".join(json.dumps(dict(zip(head, row, strict=True))) + "\n" for row in rows))


def _parquet(path, head, rows):
    pq.write_table(pa.table(dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))), path)


def _excel(path, head, rows):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("一覧")
        for number, row in enumerate([head, *rows]):
            sheet.write_row(number, 0, row)


FORMS = {
    "utf8.csv": _csv("utf-8"),
    "bom.csv": _csv("utf-8-sig"),
    "sjis.csv": _csv("cp932"),
    "lines.jsonl": _lines,
    "table.parquet": _parquet,
    "book.xlsx": _excel,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_japanese_file_goes_in_once_and_its_bad_row_alone_later(tmp_path, kind, form):
    home, path = Home(tmp_path / "home"), tmp_path / form
    if kind is not ACCOUNT:
        save_records(ACCOUNT, [{"id": "0012", "name": "甲"}], source="product", actor="t", now=NOW)
    head, rows, place = table_of(kind)
    FORMS[form](path, head, rows)
    versions = RecordVersion.objects.count()
    made = receive_file(home, path, form, kind=kind.name, actor="t", now=NOW)
    assert set(made.plan["columns"].values()) == set(head)
    assert try_import(home, made, NOW).counts == {"created": 7, "updated": 0, "unchanged": 0, "rejected": 2}
    assert RecordVersion.objects.count() == versions
    assert run_import(home, made, NOW).counts == {"created": 7, "updated": 0, "unchanged": 0, "rejected": 2}
    taken = RecordVersion.objects.count()
    again = receive_file(home, path, form, kind=kind.name, actor="t", now=NOW)
    assert run_import(home, again, NOW).counts == {"created": 0, "updated": 0, "unchanged": 7, "rejected": 2}
    assert RecordVersion.objects.count() == taken
    reject, totals = Reject.objects.order_by("position")
    assert (reject.origin, totals.origin) == (again.origin, again.origin)
    assert "合計行" in totals.message_ja
    assert reject.place == head[place]
    assert (rows[BAD_ROW][place] or "入力") in reject.message_ja
    right = rows[0][place] if kind.name in TAKEN_IN_PART else "令和6年4月3日"
    cells = dict(zip(head, rows[BAD_ROW], strict=True)) | {head[place]: right}
    retry_row(home, reject, cells, actor="t", now=NOW)
    stated = RecordVersion.objects.filter(kind=kind.name, import_id__in=(made.pk, again.pk))
    assert len(set(stated.values_list("record_id", flat=True))) == 8
    again.refresh_from_db()
    assert (again.created, again.unchanged, again.rejected) == (1, 7, 1)
