"""A file through the browser, from the drop to the undoing."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Member, Record
from enishi.ingest.api import drain
from enishi.ingest.files.jobs import run_import_job
from enishi.ingest.models import Import, Mapping, Reject
from enishi.kit.home import Home
from enishi.store.kinds import ACCOUNT, SUBSCRIPTION
from enishi.web.pages.imports import result_views

pytestmark = pytest.mark.django_db

FILE = "顧客コード,会社名,社員数,契約開始日\nA-1,株式会社アクメ,120名,2024/4/1\nA-2,,たくさん,2023/10/1\n"
SOFT = FILE.replace(",,たくさん", ",ベータ,たくさん")


@pytest.fixture
def client():
    member = Member.objects.create_user("ops@vendor.example", role="manager", scope="all", language="ja")
    client = Client()
    client.force_login(member)
    return client


def drop(client, text=FILE, name="顧客.csv", encoding="cp932", **more):
    file = io.BytesIO(text.encode(encoding))
    file.name = name
    answer = client.post(reverse("import-new"), {"file": file, **more})
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Import.objects.latest("pk")


def form_of(made, **more):
    fields = {f"col-{name}": column for name, column in made.plan["columns"].items()}
    return {"kind": made.kind, "system": made.system, "backfill": "1", "keep_rest": "1", **fields, **more}


def run(client, made, **more):
    answer = client.post(reverse("import-run", args=[made.pk]), form_of(made, **more))
    assert answer.status_code == 302, answer.content.decode()
    run_import_job.func(made.pk)
    made.refresh_from_db()
    return made


def test_the_empty_page_invites_and_the_history_lists(client):
    assert "ここに" in client.get(reverse("imports")).content.decode()
    drop(client)
    assert "顧客.csv" in client.get(reverse("imports")).content.decode()


def test_columns_of_no_field_are_named_before_and_after(client):
    made = drop(client, FILE.replace("社員数", "社内区分"))
    address = reverse("import", args=[made.pk])
    assert "対応していない列: 社内区分" in client.get(address).content.decode()
    run(client, made)
    assert "対応していない列: 社内区分" in client.get(address).content.decode()


def test_a_dropped_file_is_guessed_previewed_tried_run_corrected_and_undone(client):
    made = drop(client)
    assert (made.kind, made.details["encoding"]) == ("account", "cp932")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "株式会社アクメ" in page
    assert "たくさん" in page
    assert '<span class="cell-why">会社名: 入力されていません。新しい顧客企業には必須です。</span>' in page
    tried = client.post(reverse("import-try", args=[made.pk]), form_of(made)).content.decode()
    assert "1件" in tried or "新規1" in tried or "新規" in tried
    assert not Account.objects.exists()
    run(client, made)
    assert (made.status, made.created, made.rejected) == ("done", 1, 1)
    result = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "たくさん" in result
    assert "会社名: 入力されていません" in result
    reject = Reject.objects.get()
    row = reverse("import-row", args=[made.pk, reject.pk])
    cells = {"cell-0": "A-2", "cell-1": "", "cell-2": "30", "cell-3": "2023/10/1"}
    assert client.post(row, cells).status_code == 422
    done = client.post(row, {**cells, "cell-1": "ベータ"})
    assert done["HX-Redirect"] == reverse("import", args=[made.pk])
    assert Account.objects.get(outside_id="A-2").employees == 30
    save_records(
        ACCOUNT, [{"id": "A-2", "name": "ガンマ"}], source=made.system, actor="t", now=timezone.now()
    )
    client.post(reverse("import-undo", args=[made.pk]))
    assert [account.name for account in Account.objects.filter(deleted_at=None)] == ["ガンマ"]
    told = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "新規1件を削除しました。 その後に別の方法で変更された1件は、そのまま残しました。" in told


def test_what_an_undone_import_could_not_take_leaves_the_desk_for_good(client):
    made = run(client, drop(client))
    reject = Reject.objects.get()
    client.post(reverse("import-undo", args=[made.pk]))
    reject.refresh_from_db()
    assert (reject.status, reject.closed_by) == ("discarded", "ops@vendor.example")
    reopen = reverse("rejects-reopen") + f"?items={reject.pk}"
    assert reopen not in client.get(reverse("reject", args=[reject.pk])).content.decode()
    client.post(reopen)
    cells = {"cell-0": "A-2", "cell-1": "ベータ", "cell-2": "30", "cell-3": "2023/10/1"}
    for status in ("discarded", "open"):  # open: what was undone before its rejects went along
        Reject.objects.filter(status="discarded").update(status=status)
        assert client.post(reverse("import-row", args=[made.pk, reject.pk]), cells).status_code == 409
    assert not Account.objects.filter(deleted_at=None).exists()
    assert (
        reverse("import-row", args=[made.pk, reject.pk])
        not in client.get(reverse("import", args=[made.pk])).content.decode()
    )


def test_counts_and_pages_follow_a_row_that_is_taken_in(client, monkeypatch):
    monkeypatch.setattr(result_views, "A_PAGE", 2)
    made = run(client, drop(client, "顧客コード,会社名\nA-1,\nA-2,\nA-3,\nA-4,\n"))
    first, *_rest, last = Reject.objects.order_by("position")
    row = reverse("import-row", args=[made.pk, first.pk])
    assert f'hx-post="{row}?page=1"' in client.get(reverse("import", args=[made.pk])).content.decode()
    told = client.post(f"{row}?page=1", {"cell-0": "A-1", "cell-1": "一番"}).content.decode()
    tiles = re.findall(r'class="stat-value[^>]*>(\d+)', told)
    assert (tiles, "3件中 1〜2件" in told) == (["1", "0", "0", "3"], True)
    assert re.findall(r'<tr id="reject-(\d+)"', told) == [str(last.pk - 1)]
    cells, row = {"cell-0": "A-4", "cell-1": "四番"}, reverse("import-row", args=[made.pk, last.pk])
    assert "HX-Redirect" in client.post(f"{row}?page=2", cells)  # that page is empty now


def test_rejected_rows_come_as_a_file_that_may_be_dropped_again(client):
    made = run(client, drop(client))
    for query, encoding in (("", "utf-8-sig"), ("?format=cp932", "cp932")):
        answer = client.get(reverse("import-rejected", args=[made.pk]) + query)
        text = answer.content.decode(encoding)
        assert (
            text.splitlines()[0] == "顧客コード,会社名,社員数,契約開始日,取込エラー番号,取込エラー,取込元の行"
        )
        assert "A-2,,たくさん" in text
    again = drop(client, text.replace(",,たくさん", ",ベータ,30"), "直し.csv")
    assert again.plan["columns"] == made.plan["columns"]
    run(client, again)
    assert Account.objects.get(outside_id="A-2").extra == {}


def test_no_heading_and_no_cell_of_the_rejects_is_a_formula(client):
    text = '顧客コード,会社名,社員数,"=HYPERLINK(""x"")"\n,=1+1,たくさん,＠x\nA-2,ベータ,30,\n'
    made = run(client, drop(client, text, encoding="utf-8"))
    answer = client.get(reverse("import-rejected", args=[made.pk])).content.decode("utf-8-sig")
    heading, row = answer.splitlines()
    assert heading.startswith('顧客コード,会社名,社員数,"\'=HYPERLINK(""x"")"')
    assert row.startswith(",'=1+1,たくさん,'＠x,")
    run(client, drop(client, answer.replace(",'=1+1,たくさん", "A-1,'=1+1,30"), "直し.csv", encoding="utf-8"))
    account = Account.objects.get(outside_id="A-1")
    assert (account.name, account.extra) == ("=1+1", {'=HYPERLINK("x")': "＠x"})


def test_another_mapping_shows_at_once_and_is_remembered(client):
    made = drop(client, SOFT)
    assert "cell-bad" in client.get(reverse("import", args=[made.pk])).content.decode()
    changed = client.post(reverse("import-change", args=[made.pk]), form_of(made, **{"col-employees": ""}))
    assert "cell-bad" not in changed.content.decode()
    made.refresh_from_db()
    assert "employees" not in made.plan["columns"]
    run(client, made)
    assert (made.created, made.rejected) == (2, 0)
    second = drop(client, SOFT)
    assert "employees" not in second.plan["columns"]
    client.post(reverse("mapping-forget", args=[Mapping.objects.get().pk]))
    assert "employees" in drop(client).plan["columns"]


def test_an_owner_who_is_no_member_is_told_in_the_preview_and_the_dry_run(client):
    made = drop(client, "顧客番号,会社名,担当CSM\nC-1,九重不動産,山田 太郎\n")
    told = "「山田 太郎」に当たる有効なメンバーを一人に特定できない"
    assert told in client.get(reverse("import", args=[made.pk])).content.decode()
    tried = client.post(reverse("import-try", args=[made.pk]), form_of(made)).content.decode()
    assert told in tried.partition('id="tried-warnings"')[2]


def test_another_kind_or_encoding_starts_the_guess_anew(client):
    made = drop(client)
    client.post(reverse("import-change", args=[made.pk]), form_of(made, kind="contact"))
    made.refresh_from_db()
    assert made.kind == "contact"
    page = client.post(reverse("import-change", args=[made.pk]), form_of(made, encoding="utf-8"))
    assert page.status_code == 200
    assert "utf-8" in page.content.decode()


def test_dates_whose_order_is_unclear_must_be_settled_first(client):
    Account.objects.create(name="A", source="product", outside_id="A-1")
    made = drop(client, "id,account,amount,started_on\ns,A-1,100,03/04/2024\n", "s.csv")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert 'name="order-3"' in page
    refused = client.post(reverse("import-run", args=[made.pk]), form_of(made))
    assert refused.status_code == 422
    run(client, made, **{"order-3": "dmy"})
    assert made.created == 1


def test_numbers_that_may_be_two_are_shown_as_read_and_read_as_chosen(client):
    Account.objects.create(name="A", source="product", outside_id="A-1")
    text = "Name;account;amount;currency;started_on\ns;A-1;1.250;EUR;2024-04-03\n"
    made = drop(client, text, "s.csv", kind="subscription")
    address = reverse("import", args=[made.pk])
    page = client.get(address).content.decode()
    assert "amount(「1.250」は1250)" in page
    assert 'name="decimal-2"' in page
    chosen = form_of(made, **{"decimal-2": ".", "made_ids": "1"})
    page = client.post(reverse("import-change", args=[made.pk]), chosen).content.decode()
    assert "amount(「1.250」は1.250)" in page
    made.refresh_from_db()
    assert made.plan["decimals"] == {"amount": "."}


def test_the_column_of_times_is_shown_and_can_be_left_out(client):
    made = drop(client, "Name,Website,opened,time\nA,a.example,2026-03-01,14:03\n", "t.csv", kind="ticket")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert '<option value="time" selected>+ time</option>' in page
    client.post(reverse("import-change", args=[made.pk]), form_of(made, **{"clock-2": "-"}))
    made.refresh_from_db()
    assert made.plan["clocks"] == {"opened": ""}
    client.post(reverse("import-change", args=[made.pk]), form_of(made))
    made.refresh_from_db()
    assert made.plan["clocks"] == {"opened": ""}, "as chosen before"


def test_the_line_of_the_id_says_of_which_columns_it_is_made(client):
    made = drop(client, "会社,メールアドレス\nA-1,taro@acme.example\n", "people.csv", kind="contact")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert '<small class="quiet">メールアドレスから作ります</small>' in page


def test_broken_files_and_files_thrown_away_leave_nothing(client):
    file = io.BytesIO(b"PK\x03\x04nonsense")
    file.name = "x.xlsx"
    assert client.post(reverse("import-new"), {"file": file}).status_code == 400
    assert client.post(reverse("import-new"), {}).status_code == 400
    before = set(Home.from_environment().uploads.iterdir())
    made = drop(client)
    client.post(reverse("import-discard", args=[made.pk]))
    assert not Import.objects.exists()
    assert set(Home.from_environment().uploads.iterdir()) == before


def test_only_leaders_come_in():
    for role, expected in (("csm", 403), ("viewer", 403), ("admin", 200)):
        client = Client()
        client.force_login(Member.objects.create_user(f"{role}@vendor.example", role=role, scope="all"))
        assert client.get(reverse("imports")).status_code == expected


def test_ids_are_made_of_cells_only_when_somebody_agreed(client):
    made = drop(client, "会社名,社員数\nアクメ,5\n")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "会社名をIDとして使います" in page
    assert "このファイルにIDの列はない" in page
    refused = client.post(reverse("import-run", args=[made.pk]), form_of(made))
    assert refused.status_code == 422
    assert "「ID」に当たる列がありません" in refused.content.decode()
    run(client, made, made_ids="1")
    assert Account.objects.get().outside_id == "アクメ"
    again = drop(client, "会社名,社員数\nアクメ,6\n", "次.csv")
    assert again.plan["made_ids"]


def test_the_system_that_knows_the_ids_is_offered_first_and_doubles_are_told(client):
    row = {"id": "A-1", "name": "アクメ株式会社"}
    save_records(ACCOUNT, [row], source="sample", actor="t", now=datetime(2026, 4, 1, tzinfo=UTC))
    made = drop(client, "顧客コード,会社名\nA-1,株式会社アクメ\n")
    assert made.system == "sample"
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert page.index('value="sample" id="f-system-0" checked') < page.index("1件中0件が登録済み")
    assert "「sample」のIDとして取り込みます" in page
    page = client.post(
        reverse("import-change", args=[made.pk]), form_of(made, system="product")
    ).content.decode()
    assert "「sample」で登録済みです" in page
    client.post(reverse("import-change", args=[made.pk]), form_of(made, system_other="crm"))
    made.refresh_from_db()
    assert made.system == "crm"
    run(client, made, system="product")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    for told in (
        "別のシステムで登録済み</strong>: 1行。例: 「A-1」は",
        reverse("identity-merges"),
        "自社製品(product)",
    ):
        assert told in page


def test_an_event_that_would_be_refused_is_told_in_the_preview(client):
    events = "日時,会社名,操作\n2026-03-01 10:00,C1,ログイン\n2099-01-01 10:00,C1,ログイン\n"
    told = client.get(reverse("import", args=[drop(client, events, "利用.csv").pk])).content.decode()
    assert "2026年3月1日 10:00 JST" in told
    assert '2099-01-01 10:00<span class="cell-why">日時: 日時が1日以上先の未来' in told


def test_events_are_taken_back_by_the_consumer_after_a_dialog_that_says_how_many(client):
    events = "日時,会社名,操作\n2026-03-01 10:00,C1,ログイン\n2026-03-02 10:00,C1,ログイン\n"
    made, told = drop(client, events, "利用.csv"), "新しい顧客企業1社(C1)。"
    address = reverse("import", args=[made.pk])
    assert told in client.get(address).content.decode()
    tried = client.post(reverse("import-try", args=[made.pk]), form_of(made)).content.decode()
    assert told in tried[tried.index('id="tried-warnings"') :]
    made = run(client, made)
    assert (
        f"{told} 登録済みの顧客企業であれば、この取り込みを取り消して" in client.get(address).content.decode()
    )
    assert "利用イベント2件とそこから作られた顧客企業1社(" in client.get(address).content.decode()
    client.post(reverse("import-undo", args=[made.pk]))
    assert "取り消し中" in client.get(address).content.decode()
    progress = reverse("import-progress", args=[made.pk])
    assert "集計をやり直して" in client.get(progress).content.decode()
    assert client.post(reverse("import-undo", args=[made.pk])).status_code == 409
    drain(Home.from_environment())
    assert client.get(progress)["HX-Redirect"] == address
    told = client.get(address).content.decode()
    assert "利用イベント2件を取り消しました。" in told
    assert "顧客企業1社も取り消しました。" in told
    assert "import-undo" not in told
    assert "未登録のID" not in told


def test_a_list_of_cancellations_is_previewed_run_and_undone(client):
    save_records(ACCOUNT, [{"id": "C1", "name": "一番"}], source="product", actor="t", now=timezone.now())
    contract = {"id": "S1", "account": "C1", "amount": "100", "started_on": "2025-04-01"}
    save_records(SUBSCRIPTION, [contract], source="product", actor="t", now=timezone.now())
    made = drop(client, "id,ended_on,end_reason\nS1,2026-12-07,price\nS9,2026-12-08,price\n", "end.csv")
    assert made.kind == "subscription"
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "登録済みのIDの行だけを変更として取り込みます" in page
    assert '<span class="cell-why">ID: 契約「S9」は登録されていません。' in page
    assert "まだ必要" not in page
    assert " disabled" not in page[page.index('class="form-actions"') :]
    assert 'aria-invalid="true"' not in page
    tried = client.post(reverse("import-try", args=[made.pk]), form_of(made, backfill="")).content.decode()
    assert "更新1件" in tried or "変更1" in tried
    made = run(client, made, backfill="")
    assert (made.updated, made.rejected) == (1, 1)
    assert Record.objects.get().data["ended_on"] == "2026-12-07"
    client.post(reverse("import-undo", args=[made.pk]))
    assert "ended_on" not in Record.objects.get().data


def test_a_column_with_two_ways_of_decimals_offers_the_choice(client):
    text = 'id,account,amount,issued_on\nI1,C1,"1.234,50",2026-03-01\nI2,C1,"1,234.50",2026-03-02\n'
    made = drop(client, text, "invoices.csv", kind="invoice")
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert "小数点の書き方が混在しています" in page
    assert 'name="decimal-2"' in page
    changed = client.post(reverse("import-change", args=[made.pk]), form_of(made, **{"decimal-2": "."}))
    made.refresh_from_db()
    assert made.plan["decimals"]["amount"] == "."
    assert "2行目の「1.234,50」と矛盾します" in changed.content.decode()


def test_in_a_column_with_both_marks_what_either_reads_waits_until_one_is_chosen(client):
    text = 'id,account,amount,issued_on\nI1,C1,"1.234,50",2026-03-01\nI2,C1,980.40,2026-03-02\nI3,C1,"1,100",2026-03-03\n'
    made = drop(client, text, "invoices.csv", kind="invoice")
    address = reverse("import-change", args=[made.pk])
    page = client.get(reverse("import", args=[made.pk])).content.decode()
    assert '<option value="-" selected>混在' in page
    assert "「1,100」は1100とも1.1とも読めます" in page
    chosen = client.post(address, form_of(made, **{"decimal-2": "."})).content.decode()
    assert "とも読めます" not in chosen
    assert '<option value="-">混在' in chosen
    made.refresh_from_db()
    assert made.plan["mixed"] == {"amount": "."}
    assert "とも読めます" in client.post(address, form_of(made, **{"decimal-2": "-"})).content.decode()
