"""The same file again, and the same record twice in one file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, AuditLine, Record, RecordVersion
from enishi.ingest.desk import bring_back, take_in_many
from enishi.ingest.erasing import ask_user_erasure
from enishi.ingest.files.desk import rejected_table, retry_row
from enishi.ingest.files.jobs import undo
from enishi.ingest.files.repeats import REPEATED
from enishi.ingest.files.tests.bringing import LATER, NOW, counted
from enishi.ingest.models import Reject
from enishi.ingest.settling import CAME_AGAIN, stated_since
from enishi.store.kinds import KINDS

pytestmark = pytest.mark.django_db

TWICE = "顧客コード,会社名,社員数\nC1,一番,10\nC2,二番,20\nC1,重複,30\nC2,二番,20\n"
BAD = "顧客コード,会社名,社員数\nC1,一番,10\nC2,,二番\nC3,,三番\n,四番,5\n合計,,15\n合計,,15\n"


@pytest.mark.parametrize("portion", [1, 2000])
def test_an_id_that_stands_twice_with_other_content_is_rejected(bring, monkeypatch, portion):
    from enishi.ingest.files import importing

    monkeypatch.setattr(importing, "PORTION", portion)
    _made, tally = bring(TWICE, dry_run=True)
    assert tally.counts["rejected"] == 1
    _made, tally = bring(TWICE)
    assert counted(tally) == (2, 0, 1, 1)
    reject = Reject.objects.get()
    assert (reject.position, reject.place) == (4, "顧客コード")
    assert reject.message("ja") == "ID: 「C1」は2行目にもあり、内容が異なります。"
    versions = RecordVersion.objects.count()
    for now in (NOW, LATER):
        _made, tally = bring(TWICE, now=now)
        assert counted(tally) == (0, 0, 3, 1)
    assert RecordVersion.objects.count() == versions
    assert Account.objects.get(outside_id="C1").name == "一番"


def test_records_without_an_id_are_told_apart_by_what_names_them(bring):
    text = "会社名,ドメイン,社員数\n一番,a.example,10\n別名,a.example,20\n"
    _made, tally = bring(text)
    assert counted(tally) == (1, 0, 0, 1)
    assert Reject.objects.get().message("en") == (
        "Row: is the same record as row 2 ('a.example'), with other content."
    )


def test_terms_from_several_days_are_several_rows_of_one_id(bring):
    bring(TWICE)
    head = "契約番号,顧客コード,契約開始日,適用日,月額\n"
    rows = "K1,C1,2025/4/1,2025/4/1,100\nK1,C1,2025/4/1,2025/10/1,200\n"
    _made, tally = bring(head + rows, "subscription", "契約.csv")
    assert tally.counts["rejected"] == 0
    assert RecordVersion.objects.filter(kind="subscription").count() == 2
    _made, tally = bring(head + rows, "subscription", "契約.csv")
    assert counted(tally) == (0, 0, 2, 0)
    _made, tally = bring(f"{head}{rows}K1,C1,2025/4/1,2025/10/1,300\n", "subscription", "契約.csv")
    assert counted(tally) == (0, 0, 2, 1)
    assert Record.objects.get().data["amount"] == "200"


def test_a_file_again_leaves_one_item_for_each_rejected_row(bring):
    for now in (NOW, LATER):
        made, tally = bring(BAD, now=now)
        assert tally.counts["rejected"] == 5
        assert Reject.objects.count() == 5
        assert [row[-1] for row in rejected_table(made, "ja")][1:] == ["3", "4", "5", "6", "7"]
    moved, _tally = bring(BAD.replace("C1,一番,10\n", ""))
    assert Reject.objects.count() == 5
    assert [row[-1] for row in rejected_table(moved, "ja")][1:] == ["2", "3", "4", "5", "6"]
    renamed, _tally = bring(BAD, name="別.csv")
    assert Reject.objects.count() == 5
    assert set(Reject.objects.values_list("origin", "source")) == {(renamed.origin, "別.csv")}


def test_what_was_settled_on_the_desk_stays_settled(bring, home):
    made, _tally = bring(BAD)
    cells = {"顧客コード": "C2", "会社名": "二番", "社員数": "20"}
    retry_row(home, Reject.objects.get(position=3), cells, actor="test", now=NOW)
    Reject.objects.filter(position=7).update(status=Reject.Status.DISCARDED)
    for _time in range(2):
        again, tally = bring(BAD, now=LATER)
        assert counted(tally) == (0, 0, 3, 3)
        assert [row[-1] for row in rejected_table(again, "ja")][1:] == ["4", "5", "6"]
    assert Account.objects.get(outside_id="C2").employees == 20
    _made, tally = bring(BAD, now=LATER, dry_run=True)
    assert counted(tally) == (0, 0, 3, 3)
    undo(made, actor="test", now=LATER)
    again, tally = bring(BAD, now=LATER)
    assert tally.counts["rejected"] == 4
    discarded = Reject.objects.get(origin=again.origin, position=7)
    assert bring_back([discarded.pk], actor="test") == 1


def test_what_a_person_began_to_correct_is_kept(bring):
    bring(BAD)
    Reject.objects.filter(position=3).update(payload='{"顧客コード": "C2", "会社名": "", "社員数": "訂正"}')
    again, _tally = bring(BAD)
    assert "訂正" in Reject.objects.get(origin=again.origin, position=3).payload


def test_nothing_of_an_erased_row_is_left_to_compare_with(bring):
    bring(BAD)
    bring("担当者ID,顧客コード,氏名\n二番,C9,佐藤\n三番,C9,鈴木\n", "contact", "担当者.csv")
    ask_user_erasure("product", "二番", actor="test", now=NOW)
    person, other = Reject.objects.filter(kind="contact").order_by("position")
    assert (person.content, person.payload, other.status) == ("", "{}", "open")
    assert set(Reject.objects.filter(kind="account").values_list("status", flat=True)) == {"open"}


ORDERS = "注文番号,顧客コード,注文日時,金額\n1,C1,2026/1/5,1000\n2,C2,2026/1/6,高い\n"


def test_a_row_that_is_accepted_when_the_file_comes_again_leaves_the_desk_by_itself(bring):
    first, _tally = bring(ORDERS, "order", "注文.csv")
    bring("顧客コード,会社名\nC1,一番\nC2,二番\n")
    again, tally = bring(ORDERS, "order", "別名.csv", now=LATER)
    assert counted(tally) == (1, 0, 0, 1)
    assert Reject.objects.filter(status="open").values_list("origin", "position").get() == (again.origin, 3)
    counts = AuditLine.objects.filter(verb__in=("records_saved", "file_imported")).order_by("-pk")[:2]
    assert [line.detail.get("rejected") for line in counts] == [1, None]  # said once
    settled = Reject.objects.get(status="replayed")
    assert (settled.origin, settled.closed_by, settled.closed_at) == (first.origin, CAME_AGAIN, LATER)
    first.refresh_from_db()
    assert (first.rejected, first.unchanged) == (1, 1)
    assert AuditLine.objects.get(verb="rejects_settled").detail == {"count": 1}
    undo(again, actor="test", now=LATER)
    Account.objects.all().delete()
    _made, tally = bring(ORDERS, "order", "注文.csv", now=LATER)
    assert counted(tally) == (0, 0, 0, 2)
    assert Reject.objects.filter(status="open", source="注文.csv").count() == 2


def as_csv(table):
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue()


def test_rows_corrected_in_the_downloaded_list_leave_the_desk_under_any_name(bring):
    made, _tally = bring(BAD)
    listed = as_csv(rejected_table(made, "ja"))
    assert listed.splitlines()[0].endswith("取込エラー番号,取込エラー,取込元の行")
    mended = (
        listed.replace("C2,,二番", "C2,二番,20")
        .replace("C3,,三番", "C3,三番,30")
        .replace(",四番,5", "C4,四番,五")
    )
    again, tally = bring(mended, name="直し.csv", now=LATER)
    assert tally.counts["created"] == 3
    left = Reject.objects.filter(status="open")
    assert {item.payload.count("合計") for item in left} == {1}
    assert {(item.origin, item.source) for item in left} == {(again.origin, "直し.csv")}
    assert Reject.objects.filter(status="replayed", closed_by=CAME_AGAIN).count() == 3
    made.refresh_from_db()
    assert made.rejected == 2


def test_a_row_that_contradicts_another_waits_until_it_is_corrected_or_taken_in_alone(bring, home):
    made, _tally = bring(TWICE)
    listed = as_csv(rejected_table(made, "ja"))
    for options in ({"dry_run": True}, {}):
        _made, tally = bring(listed, name="そのまま.csv", now=LATER, **options)
        assert counted(tally) == (0, 0, 0, 1)
    item = Reject.objects.get(status="open")
    assert "修正されていません" in item.message("ja")
    assert take_in_many(home, [item], actor="t", now=LATER).reasons == {REPEATED: 1}
    assert Account.objects.get(outside_id="C1").name == "一番"
    retry_row(home, item, json.loads(item.payload), actor="t", now=LATER)
    assert Account.objects.get(outside_id="C1").name != "一番"


def test_a_row_that_contradicted_another_comes_in_once_it_is_corrected(bring):
    made, _tally = bring(TWICE)
    _made, tally = bring(as_csv(rejected_table(made, "ja")).replace("C1,", "C9,"), name="直し.csv", now=LATER)
    assert (counted(tally), Reject.objects.filter(status="open").count()) == ((1, 0, 0, 0), 0)


def test_what_came_as_history_stays_history_when_it_comes_again_corrected_or_after_an_undo(bring):
    bring("time,account,user,action\n2026-03-01 10:00,C1,u1,opened\n", "event", "e.csv")
    made, _tally = bring("顧客コード,会社名\nC1,一番\nC2,\n")
    assert made.backfill  # the account was made by the event alone
    undo(made, actor="test", now=NOW)
    made, _tally = bring("顧客コード,会社名\nC1,一番\nC2,\n", now=LATER)
    assert made.backfill
    again, _tally = bring("顧客コード,会社名\nC1,一番\nC2,\n", now=LATER)
    assert again.backfill
    listed = as_csv(rejected_table(again, "ja")).replace("C2,,", "C2,二番,")
    mended, tally = bring(listed, name="直し.csv", now=LATER)
    assert (mended.backfill, counted(tally)) == (True, (1, 0, 0, 0))
    assert not bring("顧客コード,会社名\nC3,三番\n", now=LATER)[0].backfill


def test_a_corrected_row_that_is_still_wrong_is_the_same_item_with_what_it_says_now(bring):
    made, _tally = bring(ORDERS, "order", "注文.csv")
    listed = as_csv(rejected_table(made, "en")).replace("高い", "安い")
    item = Reject.objects.get(position=3)
    again, tally = bring(listed, "order", "orders 2.csv", now=LATER)
    assert (counted(tally), Reject.objects.count()) == ((0, 0, 0, 2), 2)
    item.refresh_from_db()
    assert (item.origin, "安い" in item.payload, "取込" in item.payload) == (again.origin, True, False)
    assert [len(row) for row in rejected_table(again, "en")] == [7, 7, 7]


def test_a_row_corrected_in_its_file_leaves_the_desk_by_the_id_of_its_record(bring):
    bring("顧客コード,会社名\nC1,一番\nC2,二番\n")
    bring(ORDERS, "order", "注文.csv")
    bring(ORDERS, "order", "よその.csv", system="よそ")
    bring(ORDERS.replace("高い", "5000"), "order", "訂正.csv", now=LATER, system="product")
    assert Reject.objects.values_list("source", "status").get() == ("よその.csv", "open")
    bring(ORDERS.replace("高い", "5000"), "order", "よその訂正.csv", now=LATER, system="よそ")
    assert Reject.objects.get().closed_by == CAME_AGAIN


def test_an_event_that_is_accepted_when_the_file_comes_again_leaves_the_desk_by_itself(bring):
    bring(EVENTS, "event", "e.csv")
    bring(EVENTS, "event", "e.csv", now=datetime(2027, 10, 2, tzinfo=UTC))
    reasons = dict(Reject.objects.filter(status="open").values_list("position", "reason"))
    assert reasons == {3: "row_rejected", 6: "row_rejected"}


def test_it_is_told_when_the_record_of_a_rejected_row_was_stated_since(bring):
    made, _tally = bring(ORDERS, "order", "注文.csv")
    item = Reject.objects.get(position=2)
    cells = {"注文番号": "1"}
    assert stated_since(item, made, cells) is None
    bring("顧客コード,会社名\nC1,一番\n")
    row = {"id": "1", "account": "C1", "ordered_at": NOW, "amount": 1000}
    save_records(KINDS["order"], [row], source="product", actor="api:shop", now=LATER)
    found = stated_since(item, made, cells)
    assert found is not None
    assert found[0] == "1"
    assert stated_since(item, made, {"注文番号": "2"}) is None
    assert item.status == "open"


EVENTS = (
    "occurred_at,account,user,event\n2026-03-30T01:00:00Z,C1,u1,login\n2026/13/45 10:00,C1,u1,login\n"
    "2027-10-01T10:00:00Z,C1,u1,login\n2026-03-30T01:00:00Z,,u2,login\n2026-03-30T01:00:00Z,C1,u1,\n"
)


def test_a_dry_run_of_events_rejects_what_the_run_rejects_and_each_reason_is_its_own(bring):
    _made, tried = bring(EVENTS, "event", "e.csv", dry_run=True)
    for _time in range(2):
        _made, tally = bring(EVENTS, "event", "e.csv")
        told = {row.place: errors for row, errors in tally.examples}
        assert told == {row.place: errors for row, errors in tried.examples}
        assert (tally.counts["rejected"], tried.counts["rejected"]) == (3, 3)
        assert Reject.objects.count() == 3
    reasons = dict(Reject.objects.values_list("position", "reason"))
    assert reasons == {3: "row_rejected", 4: "time_in_future", 6: "row_rejected"}


def test_event_rows_without_an_account_are_counted(bring):
    for options in ({"dry_run": True}, {}):
        _made, tally = bring(EVENTS, "event", "e.csv", **options)
        assert tally.warnings["account"][0] == 1
    _made, tally = bring(EVENTS.replace(",C1,", ",,"), "event", "e.csv")
    assert tally.warnings["account"][0] == 2


def test_a_row_of_a_list_is_settled_by_the_id_of_its_own_system_alone(bring):
    """Enishi's own list names the system of each row."""
    head = "外部ID,IDの体系,顧客企業\n"
    bring(f"{head}1,crm,\n")
    bring(f"{head}1,product,一番\n", now=LATER)
    assert Reject.objects.get().status == "open"
    bring(f"{head}1,crm,二番\n", now=LATER)
    assert (Reject.objects.get().status, Account.objects.count()) == ("replayed", 2)


def test_undoing_the_corrected_rows_brings_them_back_to_the_desk_of_their_import(bring):
    made, _tally = bring(BAD)
    listed = as_csv(rejected_table(made, "ja"))
    mended = listed.replace("C2,,二番", "C2,二番,20").replace("C3,,三番", "C3,三番,多数")
    for _time in range(2):
        again, tally = bring(mended, name="直し.csv", now=LATER)
        assert (tally.counts["created"], tally.counts["rejected"]) == (2, 3)
        made.refresh_from_db()
        assert (made.unchanged, made.rejected) == (2, 3)
        undo(again, actor="test", now=LATER)
        made.refresh_from_db()
        assert (made.created, made.unchanged, made.rejected) == (1, 0, 5)
        waiting = Reject.objects.filter(status="open").order_by("position")
        assert list(waiting.values_list("origin", "position")) == [(made.origin, n) for n in range(3, 8)]
        again.refresh_from_db()
        assert again.taken_back["waiting"] == 5
    bring(BAD, now=LATER)
    assert Reject.objects.count() == 5


def test_a_row_corrected_after_its_file_came_again_waits_under_the_first_when_that_is_undone(bring, home):
    made, _tally = bring(BAD)
    again, _tally = bring(BAD, now=LATER)
    cells = {"顧客コード": "C2", "会社名": "二番", "社員数": "20"}
    item = Reject.objects.get(position=3)
    retry_row(home, item, cells, actor="test", now=LATER)
    Reject.objects.filter(position=7).update(status=Reject.Status.DISCARDED)
    undo(again, actor="test", now=LATER)
    assert not Account.objects.filter(outside_id="C2", deleted_at=None).exists()
    item.refresh_from_db()
    assert (item.origin, item.status, "取り消され" in item.message("ja")) == (made.origin, "open", True)
    assert Reject.objects.filter(status="open", origin=made.origin).count() == 4
    assert bring_back([Reject.objects.get(position=7).pk], actor="test") == 1
    retry_row(home, item, cells, actor="test", now=LATER)
    undo(made, actor="test", now=LATER)
    assert not Reject.objects.filter(status="open").exists()
