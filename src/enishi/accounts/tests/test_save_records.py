"""The one door for records: what a stated row becomes, and what stays as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, AuditLine, Contact, Member, OutsideId, Record, RecordVersion
from enishi.store.kinds import KINDS

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def save(kind, *rows, source="crm", now=NOW, **options):
    return save_records(KINDS[kind], rows, source=source, actor="test", now=now, **options)


def statuses(results):
    return [result.status for result in results]


def versions(kind):
    return list(RecordVersion.objects.filter(kind=kind).order_by("pk"))


@pytest.fixture
def acme():
    save("account", {"id": "a1", "name": "株式会社アクメ", "name_kana": "アクメ", "domain": "acme.example"})
    return Account.objects.get(outside_id="a1")


def test_a_new_id_is_made_and_the_same_row_again_changes_nothing():
    row = {"id": "a1", "name": "Acme", "employees": 120, "since": date(2024, 4, 1)}
    assert statuses(save("account", row)) == ["created"]
    assert statuses(save("account", row, now=LATER)) == ["unchanged"]
    assert len(versions("account")) == 1
    assert AuditLine.objects.filter(verb="records_saved").count() == 1
    version = versions("account")[0]
    assert version.data == {"name": "Acme", "employees": 120, "since": "2024-04-01"}
    assert (version.known_at, version.valid_on) == (NOW, date(2024, 4, 1))
    account = Account.objects.get()
    assert version.record_id == version.account_id == account.pk


def test_a_correction_is_a_new_version_and_absent_fields_stay(acme):
    assert statuses(save("account", {"id": "a1", "industry": "製造"}, now=LATER)) == ["updated"]
    acme.refresh_from_db()
    assert (acme.name, acme.industry) == ("株式会社アクメ", "製造")
    assert acme.updated_at >= LATER
    assert [v.data.get("industry") for v in versions("account")] == [None, "製造"]
    save("account", {"id": "a1", "industry": None}, now=LATER)
    acme.refresh_from_db()
    assert acme.industry == ""


def test_bad_rows_are_rejected_alone_and_name_the_field():
    results = save(
        "account",
        {"id": "ok", "name": "Ok"},
        {"name": "no id"},
        {"id": "x"},
        {"id": "y", "name": "Y", "employees": "12.5", "stage": "gone", "since": "yesterday"},
        {"id": "z", "name": "Z", "colour": "red"},
    )
    assert statuses(results) == ["created", "rejected", "rejected", "rejected", "rejected"]
    assert set(results[1].errors) == {"id"}
    assert set(results[2].errors) == {"name"}
    assert set(results[3].errors) == {"employees", "stage", "since"}
    assert set(results[4].errors) == {"colour"}
    assert "12.5" in results[3].errors["employees"].ja
    assert Account.objects.count() == 1


def test_an_account_is_found_by_id_of_the_system_then_of_any_system_then_by_domain(acme):
    rows = [
        {"id": "1", "account": "a1", "opened_at": "2026-03-01T10:00:00+09:00"},
        {"id": "2", "account": "info@acme.example", "opened_at": "2026-03-01"},
        {"id": "3", "contact": "someone@acme.example", "opened_at": "2026-03-01"},
        {"id": "4", "account": "nobody", "opened_at": "2026-03-01"},
    ]
    assert statuses(save("ticket", *rows, source="desk")) == ["created", "created", "created", "rejected"]
    assert set(Record.objects.values_list("account_id", flat=True)) == {acme.pk}
    assert Record.objects.get(outside_id="1").data["opened_at"] == "2026-03-01T01:00:00Z"
    assert Record.objects.get(outside_id="2").data["opened_at"] == "2026-02-28T15:00:00Z"
    assert Record.objects.get(outside_id="3").extra == {"contact": "someone@acme.example"}


def test_an_account_is_found_by_its_name_in_other_capitals_unless_two_bear_it():
    save("account", {"id": "v", "name": "Vale Homes"}, {"id": "w", "name": "Wye"}, {"id": "x", "name": "WYE"})
    row = {"opened_at": NOW, "subject": "Help"}
    told = save("ticket", *({**row, "id": name, "account": name} for name in ("VALE HOMES", "WYE", "wye")))
    assert statuses(told) == ["created", "created", "rejected"]


def test_an_id_two_systems_use_for_different_accounts_is_not_guessed():
    save("account", {"id": "7", "name": "One"}, source="crm")
    save("account", {"id": "7", "name": "Two"}, source="billing")
    result = save("order", {"id": "o", "account": "7", "ordered_at": NOW, "amount": 1}, source="shop")[0]
    assert result.status == "rejected"
    assert "2" in result.errors["account"].en
    ok = save("order", {"id": "o", "account": "7", "ordered_at": NOW, "amount": 1}, source="billing")
    assert statuses(ok) == ["created"]
    assert Record.objects.get().account.name == "Two"


def test_a_contact_is_found_by_mail_and_links_its_user_id(acme):
    rows = {"id": "c1", "account": "a1", "email": "Taro@Acme.example", "name": "山田 太郎", "user_id": "u-9"}
    save("contact", rows)
    taro = Contact.objects.get()
    link = OutsideId.objects.get(target="user")
    assert (link.value, link.contact_id, link.account_id) == ("u-9", taro.pk, acme.pk)
    save("ticket", {"id": "t", "contact": "taro@acme.example", "opened_at": NOW})
    ticket = Record.objects.get()
    assert (ticket.contact_id, ticket.account_id) == (taro.pk, acme.pk)
    links = versions("link")
    assert {(v.data["target"], v.data["value"]) for v in links} == {("account", "a1"), ("user", "u-9")}
    assert {v.known_at.year for v in links} == {1970}


def test_members_are_found_by_mail_or_name_and_unknown_ones_are_kept_aside(acme):
    hanako = Member.objects.create_user("hanako@vendor.example", family_name="佐藤", given_name="花子")
    save("account", {"id": "a1", "owner": "佐藤 花子"})
    acme.refresh_from_db()
    assert acme.owner == hanako
    assert versions("account")[-1].data["owner"] == "hanako@vendor.example"
    result = save("account", {"id": "a1", "owner": "left@vendor.example"}, now=LATER)[0]
    acme.refresh_from_db()
    assert (acme.owner, acme.extra, set(result.warnings)) == (
        hanako,
        {"owner": "left@vendor.example"},
        {"owner"},
    )
    assert statuses(save("account", {"id": "a1", "owner": "left@vendor.example"}, now=LATER)) == ["unchanged"]
    save("account", {"id": "a1", "owner": None}, now=LATER)
    acme.refresh_from_db()
    assert (acme.owner, acme.extra) == (None, {})


def test_a_reference_that_leads_nowhere_leaves_what_the_record_said(acme):
    save("account", {"id": "top", "name": "T"}, {"id": "below", "name": "B", "parent": "a1"})
    save("account", {"id": "a1", "parent": "top"})
    save("contact", {"id": "c1", "account": "a1", "name": "山田 太郎"})
    save("ticket", {"id": "t", "account": "a1", "contact": "c1", "opened_at": NOW})
    unknown = save("account", {"id": "a1", "parent": "tpo"}, now=LATER)[0]
    acme.refresh_from_db()
    assert (acme.parent.name, acme.extra, list(unknown.warnings)) == ("T", {"parent": "tpo"}, ["parent"])
    assert versions("account")[-1].data["parent"] == acme.parent_id
    ring = save("account", {"id": "a1", "parent": "below"}, now=LATER)[0]
    acme.refresh_from_db()
    assert (acme.parent.name, acme.extra, list(ring.warnings)) == ("T", {}, ["parent"])
    save("ticket", {"id": "t", "contact": "c9"}, now=LATER)
    ticket = Record.objects.get()
    assert (ticket.contact.outside_id, ticket.extra) == ("c1", {"contact": "c9"})
    save("ticket", {"id": "t", "account": "top", "contact": "c9"}, now=LATER)
    ticket.refresh_from_db()
    assert (ticket.contact, ticket.account.name) == (None, "T")


def test_parents_may_come_in_the_same_batch_and_never_form_a_ring():
    save(
        "account",
        {"id": "child", "name": "C", "parent": "top"},
        {"id": "top", "name": "T", "parent": "child"},
    )
    child, top = Account.objects.get(outside_id="child"), Account.objects.get(outside_id="top")
    assert {child.parent_id, top.parent_id} in ({top.pk, None}, {child.pk, None})
    late = save("account", {"id": "x", "name": "X", "parent": "y"})[0]
    assert "parent" in late.warnings
    rows = [{"id": "x", "name": "X", "parent": "y"}, {"id": "y", "name": "Y"}]
    assert statuses(save("account", *rows)) == ["updated", "created"]
    x = Account.objects.get(outside_id="x")
    assert (x.parent.name, x.extra) == ("Y", {})
    assert versions("account")[-1].kind == "account"
    assert {v.data.get("parent") for v in versions("account") if v.record_id == x.pk} == {None, x.parent_id}
    assert statuses(save("account", *rows)) == ["unchanged", "unchanged"]


def test_terms_change_by_date_and_are_corrected_on_the_same_date(acme):
    first = {"id": "s", "account": "a1", "amount": 1000, "started_on": "2025-01-01", "seats": 5}
    second = {**first, "amount": 2000, "effective_on": "2026-02-01"}
    ahead = {**first, "amount": 3000, "effective_on": "2027-01-01"}
    assert statuses(save("subscription", first, second, ahead)) == ["created", "updated", "updated"]
    again = ({**first, "effective_on": None}, second, ahead)
    assert statuses(save("subscription", *again, now=LATER)) == ["unchanged"] * 3
    row = Record.objects.get()
    assert row.data["amount"] == "2000"
    dates = [(v.valid_on.isoformat(), v.data["amount"]) for v in versions("subscription")]
    assert dates == [("2025-01-01", "1000"), ("2026-02-01", "2000"), ("2027-01-01", "3000")]
    save("subscription", {**second, "amount": 2100}, now=LATER)
    assert (versions("subscription")[-1].valid_on, Record.objects.get().data["amount"]) == (
        date(2026, 2, 1),
        "2100",
    )


def test_terms_changed_without_a_date_hold_from_today_but_an_end_keeps_them(acme):
    first = {"id": "s", "account": "a1", "amount": 1000, "started_on": "2025-01-01"}
    save("subscription", first)
    save("subscription", {"id": "s", "amount": 1500}, now=LATER)
    save("subscription", {"id": "s", "ended_on": "2026-12-31"}, now=LATER)
    told = [
        (v.valid_on.isoformat(), v.data["amount"], v.data.get("ended_on")) for v in versions("subscription")
    ]
    assert told == [
        ("2025-01-01", "1000", None),
        ("2026-06-01", "1500", None),
        ("2026-06-01", "1500", "2026-12-31"),
    ]


def test_history_is_known_from_when_it_happened_except_what_nobody_dated(acme):
    save(
        "account",
        {"id": "b", "name": "B", "since": "2023-05-01", "employees": 50, "stage": "established"},
        backfill=True,
    )
    told = [(v.known_at, v.data) for v in versions("account") if v.outside_id == "b"]
    assert told[0][0] == datetime(2023, 4, 30, 15, tzinfo=UTC)
    assert told[0][1] == {"name": "B", "since": "2023-05-01"}
    assert told[1][0] == NOW
    assert told[1][1]["employees"] == 50
    save("account", {"id": "b", "name": "B2"}, backfill=True, now=LATER)
    told = [(v.known_at, v.data["name"], v.data.get("employees")) for v in versions("account")[-2:]]
    assert told == [(datetime(2023, 4, 30, 15, tzinfo=UTC), "B2", None), (NOW, "B2", 50)]
    save("ticket", {"id": "t", "account": "b", "opened_at": "2024-01-01T00:00:00Z"}, backfill=True)
    assert versions("ticket")[0].known_at == datetime(2024, 1, 1, tzinfo=UTC)
    save(
        "interaction", {"id": "future", "account": "b", "occurred_at": "2029-01-01T00:00:00Z"}, backfill=True
    )
    assert versions("interaction")[0].known_at == NOW


def test_amounts_are_checked_against_the_currency(acme):
    base = {"account": "a1", "issued_on": "2026-01-01"}
    results = save(
        "invoice",
        {**base, "id": "1", "amount": "1200.50"},
        {**base, "id": "2", "amount": "1200.00"},
        {**base, "id": "3", "amount": "12.5", "currency": "usd"},
        {**base, "id": "4", "amount": "1", "currency": "XXY"},
        {**base, "id": "5", "amount": float("nan")},
    )
    assert statuses(results) == ["rejected", "created", "created", "rejected", "rejected"]
    assert Record.objects.get(outside_id="2").data["amount"] == "1200"
    assert Record.objects.get(outside_id="3").data["currency"] == "USD"


def test_a_dry_run_says_the_same_and_writes_nothing(acme):
    rows = [{"id": "a1", "name": "New"}, {"id": "n", "name": "N"}, {"id": "bad"}]
    said = save("account", *rows, dry_run=True)
    assert statuses(said) == ["updated", "created", "rejected"]
    assert Account.objects.count() == 1
    assert len(versions("account")) == 1
    assert statuses(save("account", *rows)) == statuses(said)


def test_kana_and_romaji_find_kanji_names(acme):
    from enishi.kit.text import fold

    save("account", {"id": "t", "name": "東京製作所", "name_kana": "トウキョウセイサクショ"})
    for typed in ("とうきょう", "トウキョウ", "toukyou", "tokyo", "ＴＯＫＹＯ", "東京"):
        assert Account.objects.filter(search__contains=fold(typed)).count() == 1, typed


def test_four_times_the_rows_take_about_the_same_number_of_queries():
    def queries(first: int, n: int) -> int:
        accounts = [
            {"id": f"a{i}", "name": f"会社{i}", "domain": f"d{i}.example"} for i in range(first, first + n)
        ]
        people = [
            {"id": f"c{i}", "account": f"a{i}", "email": f"p@d{i}.example"} for i in range(first, first + n)
        ]
        with CaptureQueriesContext(connection) as made:
            save("account", *accounts)
            save("contact", *people)
            save("account", *accounts)
            save("account", *({"id": row["id"], "industry": "製造"} for row in accounts))
        return len(made)

    few, many = queries(0, 50), queries(1000, 200)
    assert many <= few * 1.5, (few, many)
