"""A file from its arrival to its records, its desk and its undoing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Contact, Record, RecordVersion
from enishi.ingest.api import wait_carried
from enishi.ingest.files.desk import StillRejected, rejected_table, retry_row
from enishi.ingest.files.importing import import_file, run_import, try_import
from enishi.ingest.files.jobs import clean_up, undo
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.matching import guess_columns, guess_kind
from enishi.ingest.files.reading import Plan
from enishi.ingest.files.receiving import preview, propose, receive_file
from enishi.ingest.files.remarks import INTERVAL, UNUSED, remarks_of
from enishi.ingest.files.tables import open_table
from enishi.ingest.files.tests.bringing import LATER, NOW
from enishi.ingest.models import Arrival, Import, Mapping, Reject
from enishi.ingest.values import Habits
from enishi.kit.errors import EnishiError
from enishi.store.kinds import ACCOUNT, KINDS, SUBSCRIPTION

pytestmark = pytest.mark.django_db

ACCOUNTS = '顧客コード,会社名(必須),会社名カナ,業種,社員数,契約開始日,備考\nA-1,株式会社アクメ,アクメ,製造,１２０名,令和6年4月1日,特記\nA-2,ベータ商事,ベータショウジ,卸売,"1,200",2023/10/1,\n'
SUBSCRIPTIONS = '契約番号,顧客コード,プラン,月額,席数,開始日,解約日\nS-1,A-1,プロ,"\\120,000",10,2024/4/1,\nS-2,A-2,ライト,3万円,5席,2023年10月1日,2026/3/31\nS-3,A-9,ライト,30000,5,2023/10/1,\nS-4,A-2,ライト,高い,5,いつか,\n'


@pytest.fixture
def write(tmp_path):
    def make(name, text, encoding="cp932"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return make


def take(home, path, kind, now=NOW, **options):
    return import_file(home, path, kind, actor="test", now=now, **options)


def test_a_japanese_account_file_goes_in_without_a_word_of_mapping(home, write):
    made, tally = take(home, write("顧客.csv", ACCOUNTS), "account")
    assert tally.counts == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    acme = Account.objects.get(outside_id="A-1")
    assert (acme.name, acme.employees, acme.since.isoformat()) == ("株式会社アクメ", 120, "2024-04-01")
    assert acme.extra == {"備考": "特記"}
    assert made.backfill
    assert (made.status, made.done) == ("done", 2)
    assert Mapping.objects.get().uses == 1


CONTRACTS = (
    "契約番号,顧客コード,契約開始日,月額,{},備考\nK1,A-1,2025/4/1,12万円,{},x\nK2,A-2,2025/4/1,120万円,{},\n"
)


@pytest.mark.parametrize("heading", ["周期", "支払周期", "支払い方法", "支払方法", "契約周期", "請求周期"])
def test_how_often_is_paid_is_read_whatever_the_column_is_called(home, write, heading):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    made, _tally = take(home, write("k.csv", CONTRACTS.format(heading, "月払い", "年払い")), "subscription")
    assert [row.data["interval"] for row in Record.objects.order_by("outside_id")] == ["month", "year"]
    assert [(remark.code, remark.told) for remark in remarks_of(made)] == [(UNUSED, ["備考"])]


def test_columns_of_no_field_and_an_assumed_interval_are_told(home, write):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    file = write("k.csv", CONTRACTS.format("支払い方法", "銀行振込", "口座振替"))
    made, _tally = take(home, file, "subscription")
    assert {remark.code: remark.told for remark in remarks_of(made)} == {
        UNUSED: ["支払い方法", "備考"], INTERVAL: "month"
    }  # fmt: skip
    made, _tally = take(home, file, "subscription", constants={"interval": "year"})
    assert [remark.code for remark in remarks_of(made)] == [UNUSED]


def test_the_same_file_again_changes_nothing(home, write):
    path = write("顧客.csv", ACCOUNTS)
    take(home, path, "account")
    before = RecordVersion.objects.count()
    for now in (NOW, LATER):
        _made, tally = take(home, path, "account", now=now)
        assert tally.counts["unchanged"] == 2
    assert RecordVersion.objects.count() == before


def test_bad_rows_are_told_corrected_in_place_and_tried_alone(home, write):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    made, tally = take(home, write("契約.csv", SUBSCRIPTIONS), "subscription")
    assert (tally.counts["created"], tally.counts["rejected"]) == (2, 2)
    assert Record.objects.get(outside_id="S-2").data["amount"] == "30000"
    headings, *rows = rejected_table(made, "ja")
    assert headings[-2:] == ["取込エラー", "取込元の行"]
    assert [row[-1] for row in rows] == ["4", "5"]
    assert "A-9" in rows[0][-2]
    assert "高い" in rows[1][-2]
    assert "いつか" in rows[1][-2]
    assert rows[1][headings.index("月額")] == "高い"
    reject = Reject.objects.get(position=5)
    cells = dict(zip(headings[:-2], rows[1], strict=False))
    with pytest.raises(StillRejected) as still:
        retry_row(home, reject, {**cells, "月額": "1万円"}, actor="test", now=LATER)
    assert set(still.value.fields) == {"開始日"}
    good = {**cells, "月額": "1万円", "開始日": "2024/5/1"}
    retry_row(home, reject, good, actor="test", now=LATER)
    assert Record.objects.get(outside_id="S-4").data["amount"] == "10000"
    made.refresh_from_db()
    assert (made.created, made.rejected) == (3, 1)
    assert [row[-1] for row in rejected_table(made, "en")] == ["Row in the file", "4"]


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(home, write):
    path = write("顧客.csv", ACCOUNTS)
    _made, tally = take(home, path, "account", dry_run=True)
    assert tally.counts["created"] == 2
    assert not Account.objects.exists()
    assert not Import.objects.exists()
    assert list(home.uploads.iterdir()) == []


def test_an_import_is_undone(home, write):
    made, _tally = take(home, write("顧客.csv", ACCOUNTS), "account")
    done = undo(made, actor="test", now=LATER)
    assert done.removed == 2
    assert not Account.objects.filter(deleted_at=None).exists()
    with pytest.raises(EnishiError):
        undo(made, actor="test", now=LATER)


def test_a_run_cut_off_goes_on_where_it_stopped(home, write, monkeypatch):
    from enishi.ingest.files import importing

    text = "id,name\n" + "".join(f"a{n},N{n}\n" for n in range(25))
    monkeypatch.setattr(importing, "PORTION", 10)
    made = receive_file(home, write("a.csv", text), "a.csv", kind="account", actor="test", now=NOW)
    calls = []

    def stop(done, _total):
        calls.append(done)
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(home, made, NOW, stop)
    again = Import.objects.get()
    assert (again.status, again.done, again.created) == ("running", 20, 20)
    run_import(home, again, NOW)
    assert (again.done, again.created, again.unchanged) == (25, 25, 0)


def test_a_run_cut_off_still_finds_the_parents_that_come_later(home, write, monkeypatch):
    from enishi.ingest.files import importing

    monkeypatch.setattr(importing, "PORTION", 2)
    text = "id,name,parent\n" + "".join(f"c{n},Child {n},p\n" for n in range(3)) + "x,Alone,\np,Parent,\n"
    made = receive_file(home, write("a.csv", text), "a.csv", kind="account", actor="test", now=NOW)

    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(home, made, NOW, stop)
    tally = run_import(home, Import.objects.get(), NOW)
    assert Account.objects.filter(parent__outside_id="p").count() == 3
    assert tally.warnings == {}


def test_dates_that_could_be_two_are_asked_once_per_column(home, write):
    path = write("契約.csv", "id,account,amount,started_on\ns,A-1,100,03/04/2024\n")
    take(home, write("顧客.csv", ACCOUNTS), "account")
    with pytest.raises(EnishiError) as error:
        take(home, path, "subscription")
    assert (error.value.code, set(error.value.fields)) == ("unclear_dates", {"started_on"})
    assert error.value.message.ja.startswith("2行目「started_on」の「03/04/2024」は")
    assert "--dates dmy" in error.value.hint.en
    assert Import.objects.count() == 1  # the refused attempt is no import
    take(home, path, "subscription", day_order="dmy")
    assert Record.objects.get().data["started_on"] == "2024-04-03"
    made, tally = take(home, path, "subscription")
    assert tally.counts["unchanged"] == 1
    assert made.plan["day_orders"] == {"started_on": "dmy"}


def test_a_field_that_is_needed_says_how_its_column_is_named(home, write):
    path = write("e.csv", "When it was,account,Was\n2026-01-05,C1,x\n")
    with pytest.raises(EnishiError) as error:
        take(home, path, "event", mapping={"event": ""})
    assert "--map event=COLUMN" in error.value.hint.en
    assert "--map event=列名" in error.value.hint.ja
    assert not Import.objects.exists()


def test_files_without_ids_get_ids_from_their_content(home, write):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    path = write(
        "研修.csv", "顧客コード,講座名,修了日\nA-1,基礎,2026/1/5\nA-1,基礎,2026/1/5\nA-2,基礎,2026/1/6\n"
    )
    _made, tally = take(home, path, "training")
    assert tally.counts["created"] == 3
    _made, tally = take(home, path, "training")
    assert tally.counts["unchanged"] == 3


def test_a_contact_file_with_only_mail_addresses(home, write):
    save_records(
        ACCOUNT, [{"id": "A-1", "name": "A", "domain": "acme.example"}], source="crm", actor="t", now=NOW
    )
    path = write("c.csv", "会社,氏名,メール,役割\nA-1,山田 太郎,Taro@Acme.example,決裁者\n")
    take(home, path, "contact")
    taro = Contact.objects.get()
    assert (taro.email, taro.role, taro.outside_id) == (
        "taro@acme.example",
        "decision_maker",
        "taro@acme.example",
    )


def test_parents_below_their_children_are_found_at_the_end(home, write, monkeypatch):
    from enishi.ingest.files import importing

    monkeypatch.setattr(importing, "PORTION", 1)
    text = "id,name,parent\nc,Child,p\np,Parent,\n"
    _made, tally = take(home, write("a.csv", text), "account")
    assert tally.warnings == {}
    assert Account.objects.get(outside_id="c").parent.outside_id == "p"


def test_constants_and_maps_override_the_guess(home, write):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    path = write("nps.csv", "回答番号,顧客コード,点,回答日\n1,A-1,9,2026/3/1\n")
    with pytest.raises(EnishiError) as error:
        take(home, path, "survey_answer")
    assert "measure" in error.value.fields
    take(home, path, "survey_answer", mapping={"score": "点", "id": "回答番号"}, constants={"measure": "nps"})
    assert Record.objects.get().data == {
        "answered_at": "2026-02-28T15:00:00Z",
        "measure": "nps",
        "score": 9.0,
    }
    with pytest.raises(EnishiError, match="no column 'nothing'"):
        take(home, path, "survey_answer", mapping={"score": "nothing"})


def test_a_field_the_kind_has_not_is_answered_with_those_it_has(home, write):
    with pytest.raises(EnishiError) as error:
        take(home, write("顧客.csv", ACCOUNTS), "account", mapping={"employes": "社員数"})
    assert error.value.hint.en.startswith("Its fields: employees, ")
    assert "顧客コード" not in error.value.hint.en


def test_a_date_column_that_contradicts_itself_is_asked_about(home, write):
    take(home, write("顧客.csv", ACCOUNTS), "account")
    text = "id,account,amount,started_on\ns,A-1,100,25/04/2024\nt,A-1,100,04/25/2024\n"
    with pytest.raises(EnishiError, match="Row 2: in 'started_on', '25/04/2024'"):
        take(home, write("契約.csv", text), "subscription")


def test_a_file_that_cannot_be_read_is_called_by_its_own_name(home, write):
    with pytest.raises(EnishiError, match=r"^'notes\.csv' cannot be read"):
        take(home, write("notes.csv", b"\x00\x01\xff" * 99), "account")
    rows = "".join(f"A-{n},N\n" for n in range(9000))
    file = write("late.csv", f'id,name\n{rows}A-9,"open\n')
    with pytest.raises(EnishiError, match=r"^'late\.csv' cannot be read"):
        take(home, file, "account")


def test_a_japanese_usage_file_finds_its_customers(home, write):
    text = "日時,顧客コード,ユーザーID,操作,画面\n2026年1月5日 10:05,K001,u1,帳票出力,ホーム\n"
    made, tally = take(home, write("利用履歴.csv", text), "event")
    assert tally.counts["created"] == 1
    assert made.plan["columns"] == {
        "occurred_at": "日時", "account": "顧客コード", "user": "ユーザーID", "event": "操作"
    }  # fmt: skip


def test_what_a_usage_file_calls_its_customer(home, write):
    text = "利用日時,お客様番号,社員番号,操作\n2026/1/5 10:05,K001,u1,帳票出力\n"
    made, _tally = take(home, write("riyou.csv", text), "event")
    assert made.plan["columns"]["account"] == "お客様番号"


def test_events_go_to_the_inbox_and_bad_ones_to_the_desk(home, write):
    text = "occurred_at,account,user,event,files\n2026-01-05 10:00,acme,u1,login,3\n,acme,u1,login,\n2026-01-05,,,login,\n1850-01-01,acme,u,login,\n"
    made, tally = take(home, write("e.csv", text), "event")
    assert (tally.counts["created"], tally.counts["rejected"], made.done) == (1, 3, 4)
    assert Reject.objects.filter(origin=made.origin, kind="event").count() == 3
    reject = Reject.objects.get(origin=made.origin, position=3)
    assert reject.message("ja").startswith("日時: ")
    cells = {"occurred_at": "2026-01-06", "account": "acme", "user": "u1", "event": "login"}
    retry_row(home, reject, cells, actor="test", now=LATER)
    reject.refresh_from_db()
    assert reject.status == "replayed"


def test_every_kind_is_recognised_by_its_own_headings():
    for kind in KINDS.values():
        for language in ("en", "ja"):
            columns = [field.title.in_language(language) for field in kind.fields]
            found = guess_columns(kind, columns, [], Habits())
            assert {name: match.column for name, match in found.items()} == dict(
                zip([f.name for f in kind.fields], columns, strict=True)
            ), (kind.name, language)
            assert guess_kind("x.csv", columns, [], Habits()) == kind.name


def test_cells_speak_against_a_heading_that_misleads():
    columns = ["顧客コード", "契約番号", "開始日", "金額"]
    sample = [["A", "1", "未入力です", "1000"]] * 5
    assert "started_on" in guess_columns(SUBSCRIPTION, columns, [["A", "1", "2024/1/1", "1000"]], Habits())
    assert "started_on" not in guess_columns(SUBSCRIPTION, columns, sample, Habits())


def test_the_preview_shows_values_and_what_is_wrong(home, write):
    path = write("契約.csv", SUBSCRIPTIONS)
    table = open_table(path)
    proposal = propose("subscription", table.columns, table.sample())
    rows = preview(Import(kind="subscription", plan=proposal.plan.as_json()), table, NOW)
    assert rows[1].values["amount"] == Decimal(30000)
    assert set(rows[3].errors) == {"amount", "started_on"}
    assert Plan.from_json(proposal.plan.as_json()) == proposal.plan


def test_files_left_lying_are_removed(home, write):
    made = receive_file(home, write("a.csv", ACCOUNTS), "a.csv", actor="test", now=NOW)
    assert made.kind == "account"
    try_import(home, made, NOW)
    assert clean_up(home, NOW) == 0
    assert clean_up(home, LATER) == 1
    assert list(home.uploads.iterdir()) == []


def test_a_long_japanese_file_name_is_kept(home, write):
    """A name may have 255 bytes on the disk, and a kanji takes three."""
    made, tally = take(home, write("顧客企業の一覧" * 11 + ".csv", ACCOUNTS), "account")
    assert tally.counts["created"] == 2
    assert made.name.startswith("顧客企業の一覧")


EVENTS = "occurred_at,account,user,event\n" + "".join(
    f"2026-03-{day:02}T0{hour}:00:00Z,A-1,u{hour},opened\n" for day in range(1, 6) for hour in range(5)
)


def test_events_that_came_before_are_not_called_new(home, write):
    _made, tally = take(home, write("e.csv", EVENTS), "event")
    assert tally.counts == {"created": 25, "updated": 0, "unchanged": 0, "rejected": 0}
    _made, tally = take(home, write("e.csv", EVENTS), "event")
    assert tally.counts == {"created": 0, "updated": 0, "unchanged": 25, "rejected": 0}
    more = EVENTS + "2026-03-09T00:00:00Z,A-1,u1,opened\nyesterday,A-1,u1,opened\n"
    last, tally = take(home, write("e.csv", more), "event")
    assert tally.counts == {"created": 1, "updated": 0, "unchanged": 25, "rejected": 1}
    last.refresh_from_db()
    assert (last.created, last.unchanged, last.rejected, last.status) == (1, 25, 1, "done")
    assert not Arrival.objects.exists()


@pytest.mark.parametrize("carried", [True, False])
def test_an_import_of_events_cut_off_counts_what_its_first_part_brought(home, write, monkeypatch, carried):
    from enishi.ingest.files import importing

    made = receive_file(home, write("e.csv", EVENTS), "e.csv", kind="event", actor="test", now=NOW)

    def cut(*_arguments):
        if carried:
            wait_carried(home)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "wait_carried", cut)
        with pytest.raises(KeyboardInterrupt):
            run_import(home, made, NOW)
    again = Import.objects.get()
    assert (again.status, again.sent) == ("running", True)
    assert run_import(home, again, NOW).counts["created"] == 25
    assert (again.unchanged, again.status) == (0, "done")


ENGLISH = {
    "account": {"Customer No": "id", "Customer": "name", "Website": "domain", "Headcount": "employees", "Signed up": "since",
                "Account manager": "owner"},
    "contact": {"Contact ID": "id", "Cust #": "account", "First name": "given_name", "E-mail address": "email",
                "Relationship": "role"},
    "subscription": {"Agreement ID": "id", "Customer No": "account", "Cycle": "interval", "Next renewal": "renewal_on",
                     "Seats purchased": "seats", "Cancellation reason": "end_reason", "MRR": "amount"},
    "invoice": {"Invoice No": "id", "Cust #": "account", "Due": "due_on", "Date": "issued_on", "Total": "amount"},
    "ticket": {"Ticket #": "id", "Customer No.": "account", "Requester": "contact", "First response": "first_reply_at",
               "Opened": "opened_at"},
    "event": {"time": "occurred_at", "account": "account", "user_email": "user", "action": "event"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("event", {"Date/Time": "occurred_at", "Client": "account", "Who": "user", "What happened": "event"}),
        (
            "subscription",
            {"Expires": "ended_on", "Notice received": "notice_on", "Why cancelled": "end_reason"},
        ),
        ("subscription", {"Why they left": "end_reason"}),
        ("account", {"Customer from": "since"}),
        ("invoice", {"Bill to": "account"}),
        ("survey_answer", {"Score (0-10)": "score"}),
    ],
)
def test_headings_as_people_say_it(kind, named):
    found = guess_columns(FILE_KINDS[kind], list(named), [], Habits())
    assert {match.column: name for name, match in found.items()} == named
    assert kind != "event" or guess_kind("x.csv", list(named), [], Habits()) == kind


@pytest.mark.parametrize("kind", ENGLISH)
def test_everyday_english_headings_find_their_fields(kind):
    columns = list(ENGLISH[kind])
    found = guess_columns(FILE_KINDS[kind], columns, [], Habits())
    assert {match.column: name for name, match in found.items()} == ENGLISH[kind]
    assert guess_kind("x.csv", columns, [], Habits()) == kind


@pytest.mark.parametrize(
    "heading", ["CustomerNumber", "customer_code", "Customer-No.", "顧客No.", "顧客番号", "Customer ref"]
)
def test_an_id_is_found_whatever_its_number_is_called(heading):
    assert guess_columns(ACCOUNT, [heading, "Name"], [], Habits())["id"].column == heading
