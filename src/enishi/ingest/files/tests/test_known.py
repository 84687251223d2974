"""Ids and names that are known already: nobody comes a second time unsaid."""

from __future__ import annotations

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Contact, OutsideId, Record
from enishi.ingest.files import importing
from enishi.ingest.files.known import CAPITALS, ELSEWHERE, SAME_NAME
from enishi.ingest.files.newcomers import NEWCOMERS
from enishi.ingest.files.tests.bringing import LATER, NOW, counted
from enishi.ingest.models import Import
from enishi.kit.errors import EnishiError
from enishi.store.kinds import ACCOUNT, KINDS

pytestmark = pytest.mark.django_db

BOOK = [{"id": "C1", "name": "株式会社九重メディカル"}, {"id": "C2", "name": "縁不動産株式会社"}]
FILE = "顧客ID,会社名\nC1,九重メディカル㈱\nC2,縁不動産株式会社\nC3,新顔商事\n"


@pytest.fixture(autouse=True)
def book():
    save_records(ACCOUNT, BOOK, source="sample", actor="t", now=NOW)


def told(tally):
    """What is remarked of ids and names."""
    return {one.code: one.told for one in tally.remarks if one.code != "remembered_mapping"}


@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_ids_known_in_another_system_are_taken_for_those(bring, options):
    made, tally = bring(FILE, **options)
    assert made.system == "sample"
    assert told(tally) == {"id_system": "sample"}
    assert (counted(tally), tally.warnings) == ((1, 1, 1, 0), {})


@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_a_system_that_is_stated_holds_and_doubles_are_told(bring, options):
    made, tally = bring(FILE, system="product", **options)
    assert made.system == "product"
    assert told(tally)[ELSEWHERE] == {"sample": 2}
    remark = next(remark for remark in tally.remarks if remark.code == ELSEWHERE)
    assert "not in your own product (product): 2 of the 3 ids" in remark.text.en
    assert "--system sample" in remark.remedy.ja
    assert (tally.counts["created"], tally.warnings[ELSEWHERE][0]) == (3, 2)
    assert "「C1」は「sample」でも登録されています(株式会社九重メディカル)" in tally.warnings[ELSEWHERE][2]


def test_the_same_numbers_of_other_companies_stay_other_companies(bring):
    made, tally = bring("顧客ID,会社名\nC1,一番商会\nC2,二番商会\n")
    assert (made.system, told(tally), tally.warnings) == ("product", {}, {})
    assert Account.objects.count() == 4


def test_an_equal_name_is_told_and_never_merged(bring):
    for options in ({"dry_run": True}, {}):
        _made, tally = bring("顧客ID,会社名\nX9,㈱九重メディカル\nX8,北浜製作所\n", **options)
        assert told(tally) == {SAME_NAME: ["株式会社九重メディカル"]}
        assert (tally.counts["created"], tally.warnings[SAME_NAME][0]) == (2, 1)
    assert Account.objects.filter(name__contains="九重").count() == 2
    _made, tally = bring("顧客ID,会社名\nX9,㈱九重メディカル\nX8,北浜製作所\n")
    assert (told(tally), tally.warnings) == ({}, {})


def test_an_id_that_was_linked_counts_as_known_in_its_system(bring):
    OutsideId.objects.create(system="crm", value="0061", target="account", account=Account.objects.first())
    made, tally = bring("顧客ID,会社名\n0061,九重メディカル\n")
    assert (made.system, counted(tally)) == ("crm", (0, 1, 0, 0))


ORDERS = "注文番号,顧客コード,注文日時,金額\n1,C1,2026/1/5,1000\n2,C2,2026/1/6,2000\n"


def test_records_are_the_same_where_their_customer_is(bring):
    bring(ORDERS, "order", "注文.csv", system="shop")
    made, tally = bring(ORDERS, "order", "注文2.csv")
    assert (made.system, counted(tally)) == ("shop", (0, 0, 2, 0))
    turned = ORDERS.replace("1,C1", "1,C9").replace("2,C2", "2,C1").replace("1,C9", "1,C2")
    made, tally = bring(turned, "order", "別.csv", system="product")
    assert (tally.counts["created"], told(tally), tally.warnings) == (2, {}, {})
    assert Record.objects.filter(kind="order").count() == 4


def test_a_minority_of_known_ids_changes_no_system_but_is_told(bring):
    save_records(KINDS["order"], [
        {"id": "1", "account": "C1", "ordered_at": "2026-01-05", "amount": 1000},
    ], source="shop", actor="t", now=NOW)  # fmt: skip
    made, tally = bring(f"{ORDERS}3,C1,2026/1/7,500\n", "order", "注文.csv")
    assert (made.system, told(tally)[ELSEWHERE]) == ("product", {"shop": 1})
    assert tally.warnings[ELSEWHERE][0] == 1


def test_events_go_to_the_customers_their_ids_are_known_of(bring):
    text = "occurred_at,account,user,event\n2026-03-30T01:00:00Z,C1,u1,login\n"
    made, tally = bring(text, "event", "e.csv", dry_run=True)
    assert (made.system, told(tally)) == ("sample", {"id_system": "sample"})
    _made, tally = bring(text.replace("C1", "㈱九重メディカル"), "event", "e.csv", dry_run=True)
    assert told(tally) == {SAME_NAME: ["株式会社九重メディカル"]}


PEOPLE = "担当者ID,顧客コード,氏名,メールアドレス\n1,C1,山田 太郎,yamada@a.example\n2,C2,佐藤 花子,sato@b.example\n"
OTHERS = (
    "担当者ID,顧客コード,氏名,メールアドレス\n1,C1,John Smith,john@a.example\n2,C2,Ann Smith,ann@b.example\n"
)


def test_people_are_the_same_where_their_mail_or_name_is(bring):
    bring(PEOPLE.replace("氏名", "お名前"), "contact", "担当者.csv", system="sample")  # other headings
    moved = PEOPLE.replace("yamada@a", "taro@a").replace("佐藤 花子", "鈴木 花子")
    made, tally = bring(moved, "contact", "担当者.csv", dry_run=True)
    assert (made.system, counted(tally)) == ("sample", (0, 2, 0, 0))
    made, tally = bring(OTHERS, "contact", "別社.csv")
    assert (made.system, counted(tally), told(tally), tally.warnings) == ("product", (2, 0, 0, 0), {}, {})
    assert Contact.objects.get(source="sample", outside_id="1").name == "山田 太郎"


ANSWERS = "回答ID,顧客コード,種別,点数,回答日,コメント\n1,C1,nps,9,2026/1/5,便利\n2,C2,nps,3,2026/1/5,遅い\n"


@pytest.mark.parametrize(
    "other", [{"2026/1/5": "2026/1/6"}, {"nps,9": "nps,7", "便利": "普通", "遅い": "高い"}]
)
def test_answers_of_another_day_or_content_are_others(bring, other):
    bring(ANSWERS.replace("点数", "評価"), "survey_answer", "回答.csv", system="sample")  # other headings
    made, _tally = bring(ANSWERS, "survey_answer", "回答2.csv", dry_run=True)
    assert made.system == "sample"
    text = ANSWERS
    for was, now in other.items():
        text = text.replace(was, now)
    made, tally = bring(text, "survey_answer", "別社.csv", dry_run=True)
    assert (made.system, counted(tally)) == ("product", (2, 0, 0, 0))


def test_short_numbers_of_events_are_nobodys_until_it_is_said_whose_they_are(bring):
    save_records(
        ACCOUNT,
        [{"id": "7", "name": "七海商会", "domain": "nanami.example"}],
        source="crm",
        actor="t",
        now=NOW,
    )
    text = "occurred_at,account,user,event\n2026-03-30T01:00:00Z,7,u1,login\n"
    with pytest.raises(EnishiError, match="known in 'crm'") as refusal:
        bring(text, "event", "e.csv")
    assert (refusal.value.code, "--system crm" in refusal.value.hint.ja) == ("whose_ids", True)
    made, tally = bring(text, "event", "e.csv", system="shop", dry_run=True)
    assert (made.system, told(tally)) == ("shop", {ELSEWHERE: {"crm": 1}})
    made, tally = bring(text.replace("u1", "a@nanami.example"), "event", "e.csv", dry_run=True)
    assert (made.system, told(tally)) == ("crm", {"id_system": "crm"})


@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_customers_whose_ids_differ_in_capitals_alone_are_told(bring, options):
    text = "顧客ID,会社名\nc1,別の商会\nC2,縁不動産株式会社\nd9,大分工業\nD9,第九商事\n"
    _made, tally = bring(text, system="sample", **options)
    assert told(tally)[CAPITALS] == {"c1": "C1"}
    assert tally.warnings[CAPITALS] == [2, *_apart("c1", "C1")]


@pytest.mark.parametrize("dry_run", [True, False])
def test_customers_that_events_make_in_other_capitals_are_told(bring, dry_run):
    head = "occurred_at,account,user,event\n"
    bring(f"{head}2026-03-30T01:00:00Z,C1,u1,login\n", "event", "e.csv", system="sample")
    text = f"{head}2026-03-30T02:00:00Z,C1,u1,login\n2026-03-30T02:00:00Z,c2,u2,login\n"
    for now, warned in ((NOW, [1, *_apart("c2", "C2")]), (LATER, None)):
        _made, tally = bring(text, "event", "e.csv", now=now, system="sample", dry_run=dry_run)
        assert told(tally).get(CAPITALS) == ({"c2": "C2"} if warned or dry_run else None)
        assert tally.warnings.get(CAPITALS) == (None if dry_run else warned)


@pytest.mark.parametrize("dry_run", [True, False])
def test_customers_that_events_would_make_or_made_are_named(bring, home, dry_run):
    head = "occurred_at,account,user,event\n"
    text = head + "".join(
        f"2026-03-30T0{n}:00:00Z,{name},u1,login\n" for n, name in enumerate(["C2", *"1234567", "C1"])
    )
    _made, tally = bring(text, "event", "e.csv", system="sample", dry_run=dry_run)
    en, ja = (
        "7 new customers (1, 2, 3, 4, 5 and 2 more).",
        "新しい顧客企業7社(1、2、3、4、5 ほか2社)。",
    )
    assert (tally.warnings[NEWCOMERS], NEWCOMERS in told(tally)) == ([7, en, ja], False)
    if not dry_run:  # a mistyped one among those that are known by now
        _made, tally = bring(f"{text}2026-03-30T09:00:00Z,C999999,u1,login\n", "event", system="sample")
        assert tally.warnings[NEWCOMERS][1] == "1 new customer (C999999)."


def test_customers_made_before_an_import_was_cut_off_are_named_too(bring, home, monkeypatch):
    text = "occurred_at,account,user,event\n2026-03-30T01:00:00Z,X1,u1,login\n"
    wait = importing.wait_carried

    def killed(*arguments):
        wait(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "wait_carried", killed)
    with pytest.raises(KeyboardInterrupt):
        bring(text, "event", system="sample")
    monkeypatch.setattr(importing, "wait_carried", wait)
    made = Import.objects.get()
    path = home.uploads / "again.csv"
    path.write_text(text)
    made.stored, made.status = path.name, Import.Status.RUNNING
    made.save()
    assert importing.run_import(home, made, NOW).warnings[NEWCOMERS][0] == 1


def _apart(name, other):
    return [
        f"'{name}' differs from '{other}', who is known, in capitals alone.",
        f"「{name}」は登録済みの「{other}」と大文字小文字だけが異なります。",
    ]
