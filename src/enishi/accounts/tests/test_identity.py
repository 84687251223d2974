"""Links, merges and their undoing, deletion, undone imports, erasure."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.core import serializers

from enishi.accounts.actions import save_records
from enishi.accounts.erasing import erase_contact
from enishi.accounts.linking import Wanted, link_ids, unlink_id
from enishi.accounts.merging import merge_accounts, preview_merge, unmerge_accounts
from enishi.accounts.models import Account, AuditLine, Contact, OutsideId, Record, RecordVersion
from enishi.accounts.removing import delete_records, undo_import
from enishi.kit.errors import Conflict, EnishiError
from enishi.store.kinds import KINDS

Task = apps.get_model("work.Task")
NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def save(kind, *rows, source="crm", now=NOW, **options):
    return save_records(KINDS[kind], rows, source=source, actor="test", now=now, **options)


def ticket(number, account, **more):
    return {"id": number, "account": account, "opened_at": "2026-03-01T00:00:00Z", **more}


def snapshot():
    """Every current row, without when it was touched."""
    rows = []
    for model in (Account, Contact, Record, OutsideId, Task):
        for item in serializers.serialize("python", model.objects.order_by("pk")):
            item["fields"].pop("updated_at", None)
            rows.append(item)
    return rows


@pytest.fixture
def pair():
    """Two accounts of one company, as two systems know it."""
    save("account", {"id": "a1", "name": "アクメ", "domain": "acme.example", "industry": "製造"})
    save("account", {"id": "cus_9", "name": "ACME KK", "industry": "Manufacturing"}, source="billing")
    save("contact", {"id": "c1", "account": "a1", "email": "taro@acme.example"})
    save("contact", {"id": "c9", "account": "cus_9", "email": "taro@acme.example"}, source="billing")
    save("ticket", ticket("t1", "a1"))
    save("ticket", ticket("t9", "cus_9"), source="billing")
    accounts = Account.objects.order_by("pk")
    Task.objects.create(account=accounts[1], title="Call")
    return accounts[0], accounts[1]


def test_a_merge_shows_one_account_and_its_undoing_restores_every_row(pair):
    acme, kk = pair
    before = snapshot()
    seen = preview_merge(kk, acme)
    assert seen.records == {"ticket": 1, "contact": 1}
    assert (seen.followers, seen.outside_ids) == (1, ["billing:c9", "billing:cus_9"])
    assert seen.same_people == ["taro@acme.example"]
    assert {d.title.en: (d.merged, d.survivor) for d in seen.differences}["Industry"] == (
        "Manufacturing",
        "製造",
    )
    merge = merge_accounts(kk, acme, actor="test", now=NOW)
    assert acme.records.count() == acme.contacts.count() == 2
    assert Task.objects.get().account == acme
    unmerge_accounts(merge, actor="test", now=LATER)
    assert snapshot() == before
    told = RecordVersion.objects.filter(kind="merge").order_by("pk")
    assert [(v.record_id, v.account_id) for v in told] == [(kk.pk, acme.pk), (kk.pk, None)]
    assert AuditLine.objects.filter(verb__in=("account_merged", "account_unmerged")).count() == 2


def test_what_arrives_while_merged_returns_to_where_its_source_meant(pair):
    acme, kk = pair
    merge = merge_accounts(kk, acme, actor="test", now=NOW)
    save("ticket", ticket("t10", "cus_9"), source="billing", now=LATER)
    save("ticket", ticket("t2", "a1"), now=LATER)
    assert acme.records.count() == 4
    assert RecordVersion.objects.get(outside_id="t10").account_id == kk.pk
    unmerge_accounts(merge, actor="test", now=LATER)
    assert set(kk.records.values_list("outside_id", flat=True)) == {"t9", "t10"}
    assert set(acme.records.values_list("outside_id", flat=True)) == {"t1", "t2"}


def test_chains_come_apart_in_any_order(pair):
    acme, kk = pair
    save("account", {"id": "top", "name": "Top"})
    top = Account.objects.get(outside_id="top")
    before = snapshot()
    first = merge_accounts(kk, acme, actor="test", now=NOW)
    second = merge_accounts(acme, top, actor="test", now=NOW)
    assert top.records.count() == 2
    unmerge_accounts(first, actor="test", now=LATER)
    assert (kk.records.count(), top.records.count()) == (1, 1)
    unmerge_accounts(second, actor="test", now=LATER)
    assert snapshot() == before


def test_a_merge_holds_all_along_or_from_a_day_and_is_taken_back_from_there(pair):
    acme, kk = pair
    for since, valid_on, known_at in (
        (None, date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)),
        (date(2026, 3, 15), date(2026, 3, 15), datetime(2026, 3, 14, 15, tzinfo=UTC)),  # midnight in Tokyo
    ):
        merge = merge_accounts(kk, acme, actor="test", now=NOW, since=since)
        unmerge_accounts(merge, actor="test", now=LATER)
        told = list(RecordVersion.objects.filter(kind="merge").order_by("-pk")[:2])
        assert [(v.account_id, v.valid_on, v.known_at) for v in told] == [
            (None, valid_on, known_at),
            (acme.pk, valid_on, known_at),
        ]
        kk.refresh_from_db()
    with pytest.raises(EnishiError, match="2026-04-02"):
        merge_accounts(kk, acme, actor="test", now=NOW, since=date(2026, 4, 2))


def test_a_part_of_a_record_stated_while_merged_does_not_move_it_for_good(pair):
    """A source that states some fields again says nothing of the account: its first word on that stands."""
    acme, kk = pair
    merge = merge_accounts(kk, acme, actor="test", now=NOW)
    save("ticket", {"id": "t9", "subject": "again"}, source="billing", now=LATER)
    save("contact", {"id": "c9", "title": "部長"}, source="billing", now=LATER)
    assert acme.records.count() == acme.contacts.count() == 2
    unmerge_accounts(merge, actor="test", now=LATER)
    assert list(kk.records.values_list("outside_id", flat=True)) == ["t9"]
    assert list(kk.contacts.values_list("outside_id", flat=True)) == ["c9"]
    assert OutsideId.objects.get(system="billing", value="c9").account == kk


def test_merges_that_make_no_sense_are_refused(pair):
    acme, kk = pair
    with pytest.raises(Conflict):
        merge_accounts(acme, acme, actor="test", now=NOW)
    merge = merge_accounts(kk, acme, actor="test", now=NOW)
    with pytest.raises(Conflict):
        merge_accounts(kk, acme, actor="test", now=NOW)
    unmerge_accounts(merge, actor="test", now=NOW)
    with pytest.raises(Conflict):
        unmerge_accounts(merge, actor="test", now=NOW)


def test_an_outside_id_is_linked_moved_and_unlinked_with_its_history(pair):
    acme, kk = pair
    link = link_ids([Wanted("product", "g1", acme)], actor="test", now=NOW)[0]
    assert link_ids([Wanted("product", "g1", acme)], actor="test", now=NOW) == []
    link_ids([Wanted("product", "g1", kk)], actor="test", now=LATER, from_now=True)
    save("ticket", ticket("t3", "g1"), source="desk")
    assert Record.objects.get(outside_id="t3").account == kk
    unlink_id(OutsideId.objects.get(value="g1"), actor="test", now=LATER)
    told = RecordVersion.objects.filter(kind="link", record_id=link.pk).order_by("pk")
    assert [(v.account_id, v.deleted, v.known_at.year) for v in told] == [
        (acme.pk, False, 1970),
        (kk.pk, False, 2026),
        (kk.pk, True, 1970),
    ]
    assert save("ticket", ticket("t4", "g1"), source="desk")[0].status == "rejected"
    assert save("ticket", ticket("t5", "ａ１"), source="desk")[0].status == "created"  # a1 in full width
    assert Record.objects.get(outside_id="t5").account == acme
    save("account", {"id": "ａ１", "name": "Wide"})
    save("ticket", ticket("t6", "ａ１"), source="desk")
    assert Record.objects.get(outside_id="t6").account.name == "Wide"


def test_an_id_leads_to_a_deleted_account_only_where_another_stands_for_it(pair):
    acme, kk = pair
    link_ids([Wanted("product", "g1", acme), Wanted("product", "g9", kk)], actor="test", now=NOW)
    merge_accounts(kk, acme, actor="test", now=NOW)
    delete_records(KINDS["account"], ["cus_9"], source="billing", actor="test", now=LATER)
    assert save("ticket", ticket("t5", "g9"), source="desk")[0].status == "created"
    assert Record.objects.get(outside_id="t5").account == acme
    delete_records(KINDS["account"], ["a1"], source="crm", actor="test", now=LATER)
    assert save("ticket", ticket("t6", "g1"), source="desk")[0].status == "rejected"


def test_a_deleted_record_keeps_its_past_and_comes_back(pair):
    ids = ["t1", "t1", "nothing"]
    results = delete_records(KINDS["ticket"], ids, source="crm", actor="test", now=LATER)
    assert [r.status for r in results] == ["deleted", "unchanged", "rejected"]
    row = Record.objects.get(outside_id="t1")
    assert row.deleted_at == LATER
    assert RecordVersion.objects.filter(record_id=row.pk, kind="ticket", deleted=True).count() == 1
    assert save("ticket", ticket("t1", "a1"), now=LATER)[0].status == "created"
    row.refresh_from_db()
    assert row.deleted_at is None


def test_an_undone_import_leaves_what_stood_before(pair):
    before = snapshot()
    save("account", {"id": "a1", "industry": "IT"}, {"id": "n", "name": "New"}, now=LATER, import_id=5)
    save("account", {"id": "cus_9", "name": "x"}, source="billing", now=LATER, import_id=5)
    save("account", {"id": "cus_9", "name": "y"}, source="billing", now=LATER)
    done = undo_import(5, actor="test", now=LATER)
    assert (done.removed, done.restored, done.kept) == (1, 1, 1)
    after = [row for row in snapshot() if row["fields"].get("outside_id") not in ("n", "cus_9")]
    expected = [row for row in before if row["fields"].get("outside_id") != "cus_9"]
    assert [r for r in after if r["fields"].get("value") != "n"] == expected
    assert Account.objects.get(outside_id="n").deleted_at == LATER
    stated, gone = RecordVersion.objects.filter(kind="account", outside_id="n").order_by("pk")
    assert (gone.deleted, gone.known_at) == (True, stated.known_at)  # no day before is judged anew for it


def test_imports_undone_last_first_take_everything_back():
    rows = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]
    save("account", rows[0], import_id=1)
    save("account", {"id": "m", "name": "M"})
    save("account", {"id": "a", "industry": "IT"}, rows[1], {"id": "m", "industry": "IT"}, import_id=2)
    save("account", {"id": "a", "size": "L"}, {"id": "b", "size": "L"}, import_id=3)
    said = {number: undo_import(number, actor="test", now=LATER) for number in (3, 2, 1)}
    counts = {number: (done.removed, done.restored, done.kept) for number, done in said.items()}
    assert counts == {3: (0, 2, 0), 2: (1, 2, 0), 1: (1, 0, 0)}
    living = Account.objects.filter(deleted_at=None).values_list("outside_id", "industry")
    assert list(living) == [("m", "")]
    assert undo_import(1, actor="test", now=LATER).removed == 0
    last = {v.outside_id: v.deleted for v in RecordVersion.objects.filter(kind="account").order_by("pk")}
    assert last == {"a": True, "b": True, "m": False}


def test_terms_of_two_imports_undone_last_first_leave_nothing():
    """Also where the later one stated a day of its own, on which the earlier's terms then stood again."""
    save("account", {"id": "a", "name": "A"})
    first = {"id": "s", "account": "a", "amount": 1000, "started_on": "2025-01-01"}
    save("subscription", first, import_id=1)
    save("subscription", {**first, "amount": 2000, "effective_on": "2025-02-01"}, import_id=2)
    for number in (2, 1):
        undo_import(number, actor="test", now=LATER)
    told = RecordVersion.objects.filter(kind="subscription").order_by("pk")
    assert {v.valid_on.isoformat(): v.deleted for v in told} == {"2025-01-01": True, "2025-02-01": True}
    assert Record.objects.get().deleted_at == LATER


def amounts_of(number: str) -> tuple[object, object]:
    last = RecordVersion.objects.filter(kind="subscription", outside_id=number).order_by("pk").last()
    return Record.objects.get(outside_id=number).data["amount"], last.data["amount"]


def test_what_an_undone_import_left_to_a_later_row_goes_with_that_row():
    save("account", {"id": "a", "name": "A"})
    save("subscription", {"id": "s", "account": "a", "amount": 1350, "started_on": "2025-01-01"})
    day = {"id": "s", "effective_on": "2025-12-01"}
    save("subscription", {**day, "amount": 1250}, now=LATER, import_id=16)
    save("subscription", {**day, "seats": 20}, now=LATER, import_id=14)
    said = undo_import(16, actor="test", now=LATER)
    assert (said.restored, said.kept, amounts_of("s")) == (0, 1, ("1250", "1250"))
    assert undo_import(14, actor="test", now=LATER, undone={16}).restored == 1
    assert amounts_of("s") == ("1350", "1350")
    standing = {
        (v.valid_on, v.known_at): v.data for v in RecordVersion.objects.order_by("pk") if v.data.get("amount")
    }
    assert {data["amount"] for data in standing.values()} == {"1350"}
    assert "seats" not in Record.objects.get(outside_id="s").data


def test_what_a_person_said_over_an_undone_import_stays():
    save("account", {"id": "a", "name": "A"}, import_id=1)
    save("account", {"id": "a", "size": "M"})
    save("account", {"id": "a", "industry": "IT"}, import_id=2)
    save("account", {"id": "a", "size": "L"}, import_id=3)
    said = [
        undo_import(n, actor="test", now=LATER, undone=set(done))
        for n, done in ((2, ()), (3, (2,)), (1, (2, 3)))
    ]
    assert [(done.restored, done.kept) for done in said] == [(0, 1), (1, 0), (0, 1)]
    kept = Account.objects.get()
    assert (kept.size, kept.industry) == ("M", "")


def test_what_people_changed_since_stays_through_several_undoings():
    save("account", {"id": "a", "name": "A"}, import_id=1)
    save("account", {"id": "a", "size": "M"})
    save("account", {"id": "a", "industry": "IT"}, import_id=2)
    said = [undo_import(number, actor="test", now=LATER) for number in (2, 1)]
    assert [(done.removed, done.restored, done.kept) for done in said] == [(0, 1, 0), (0, 0, 1)]
    kept = Account.objects.get()
    assert (kept.deleted_at, kept.size, kept.industry) == (None, "M", "")


def test_undoing_terms_restores_the_terms_in_force():
    save("account", {"id": "a", "name": "A"})
    first = {"id": "s", "account": "a", "amount": 1000, "started_on": "2025-01-01"}
    save("subscription", first)
    save("subscription", {**first, "amount": 2000, "effective_on": "2026-02-01"}, now=LATER, import_id=8)
    assert Record.objects.get().data["amount"] == "2000"
    undo_import(8, actor="test", now=LATER)
    assert Record.objects.get().data["amount"] == "1000"
    last = RecordVersion.objects.filter(kind="subscription").last()
    assert (last.valid_on.isoformat(), last.data["amount"]) == ("2026-02-01", "1000")


def test_an_erased_person_leaves_no_name_mail_or_text(pair):
    taro = Contact.objects.get(source="crm")
    save(
        "contact",
        {
            "id": "c1",
            "name": "山田 太郎",
            "user_id": "u-secret",
            "phone": "090-1234-5678",
            "extra": {"x": "太郎"},
        },
    )
    save("ticket", ticket("t5", "a1", contact="c1", subject="太郎です", body="秘密"))
    erased = erase_contact(taro, actor="test", now=LATER)
    assert ("crm", "u-secret") in erased.ids.users
    assert "taro@acme.example" in erased.ids.texts
    everything = repr(
        serializers.serialize("python", [*Contact.objects.filter(source="crm"), *Record.objects.all()])
    )
    everything += repr(list(RecordVersion.objects.exclude(source="billing").values()))
    everything += repr(list(AuditLine.objects.values())) + repr(list(OutsideId.objects.values()))
    for secret in ("太郎", "taro@acme.example", "u-secret", "秘密", "090-1234"):
        kept = everything.replace(repr("taro@acme.example"), "") if secret.startswith("taro") else everything
        assert secret not in kept, secret
    assert Record.objects.get(outside_id="t5").data["opened_at"]
