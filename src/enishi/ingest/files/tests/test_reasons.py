"""What is said of rows and files that cannot be taken: all of it at once, with what would be taken."""

from __future__ import annotations

import io
import zipfile

import pytest

from enishi.accounts.models import Record
from enishi.ingest.files.importing import import_file
from enishi.ingest.files.tests.bringing import NOW
from enishi.ingest.models import Reject
from enishi.kit.errors import EnishiError

pytestmark = pytest.mark.django_db

HEAD = "id,account,amount,interval,seats,started_on,renewal_on\n"


@pytest.fixture
def known(bring):
    bring("id,name\nC1,First\n")


@pytest.mark.usefixtures("known")
def test_all_that_is_wrong_with_a_row_is_told_at_once(bring):
    bring(
        HEAD + "S1,C1,100,fortnight,-3,2026-01-01,2025-06-01\nS2,C9,many,month,1,2026-01-01,\n",
        "subscription",
    )
    first, second = Reject.objects.order_by("position")
    assert set(first.context["fields"]) == {"interval", "seats", "renewal_on"}
    assert "'2025-06-01' lies before 'Started on' (2026-01-01)" in first.message_en
    assert "「2025-06-01」は契約開始日(2026-01-01)より前です" in first.message_ja
    assert set(second.context["fields"]) == {"account", "amount"}
    assert "'many' is not a number: write it as 1234.5." in second.message_en


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("cell", ["15/13/2026", "2026-02-30", "soon"])
def test_what_is_a_day_in_no_order_is_no_date_and_nothing_is_asked(bring, cell):
    _made, tally = bring(HEAD + f"S1,C1,100,month,1,{cell},\nS2,C1,100,month,1,25/12/2025,\n", "subscription")
    assert (tally.counts["created"], tally.counts["rejected"]) == (1, 1)
    assert Record.objects.get().data["started_on"] == "2025-12-25"
    assert f"'{cell}' is not a date: write it as 2026-03-31." in Reject.objects.get().message_en
    assert "2026-03-31 のように" in Reject.objects.get().message_ja


@pytest.mark.usefixtures("known")
def test_what_has_happened_lies_at_most_a_day_ahead(bring):
    rows = (
        "T1,C1,2026-04-01 23:00,\nT2,C1,2026-04-02 11:00,\nT3,C1,2027-05-01,\nT4,C1,2026-03-01,2027-05-02\n"
    )
    _made, tally = bring("id,account,opened_at,resolved_at\n" + rows, "ticket", now=NOW)
    assert (tally.counts["created"], tally.counts["rejected"]) == (2, 2)
    opened, resolved = Reject.objects.order_by("position")
    assert "'2027-05-01 00:00' lies more than a day in the future" in opened.message_en
    assert "1日以上先の未来になっています" in opened.message_ja
    assert list(resolved.context["fields"]) == ["resolved_at"]


def packed() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", "<c r='A1'/>" * 5000)
    return held.getvalue()


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 20, b"\x00\x41" * 500, packed()[:300], packed(), b"PK\x03\x04" + bytes(range(200))],
)
def test_a_broken_workbook_is_called_so(home, tmp_path, content):
    path = tmp_path / "customers.xlsx"
    path.write_bytes(content)
    with pytest.raises(EnishiError) as error:
        import_file(home, path, "account", actor="test", now=NOW)
    assert "it is no Excel file that can be opened" in error.value.message.en
    assert "Excelファイルとして開けません" in error.value.message.ja
    assert "save it as .xlsx" in error.value.hint.en


def test_text_under_the_name_of_a_workbook_is_read_all_the_same(home, tmp_path):
    path = tmp_path / "customers.xls"
    path.write_text("id\tname\nC1\tFirst\n", encoding="utf-16")
    _made, tally = import_file(home, path, "account", actor="test", now=NOW)
    assert tally.counts["created"] == 1
