"""Files that state a part of what is known: cancellations, seats, stages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from enishi.accounts.models import Account, Record, RecordVersion
from enishi.ingest.files.desk import StillRejected, judge_rows, retry_row
from enishi.ingest.files.jobs import undo
from enishi.ingest.files.tests.bringing import LATER
from enishi.ingest.models import Import, Reject
from enishi.kit.errors import EnishiError

pytestmark = pytest.mark.django_db

CONTRACTS = (
    "id,account,amount,interval,started_on,seats\nS1,C1,100,year,2025-04-01,5\nS2,C1,200,month,2025-05-01,\n"
)


@pytest.fixture
def known(bring):
    bring("id,name,stage\nC1,First,adoption\nC2,Second,adoption\n")
    bring(CONTRACTS, "subscription", "contracts.csv")


def held(name):
    return Record.objects.get(kind="subscription", outside_id=name).data


def counts(tally):
    return [tally.counts[name] for name in ("created", "updated", "unchanged", "rejected")]


@pytest.mark.usefixtures("known")
def test_a_list_of_cancellations_ends_contracts_and_undone_they_run_on(bring):
    before = held("S1"), held("S2")
    text = "id,ended_on,end_reason\nS1,2026-12-07,price\n"
    made, tally = bring(text, "subscription", "end.csv", LATER)
    assert counts(tally) == [0, 1, 0, 0]
    told = {"ended_on": "2026-12-07", "end_reason": "price", "notice_on": "2026-06-01"}
    assert held("S1") == before[0] | told, "an end of a coming day is a notice of today"
    assert counts(bring(text, "subscription", "end.csv", LATER)[1]) == [0, 0, 1, 0]
    remark = next(one for one in tally.remarks if one.code == "known_only")
    assert remark.told == ["account", "amount", "started_on"]
    assert not remark.grave
    undo(made, actor="test", now=LATER)
    assert (held("S1"), held("S2")) == before


@pytest.mark.usefixtures("known")
def test_terms_from_a_day_are_stated_without_the_rest(bring):
    text = "id,account,seats,effective_on\nS1,C1,9,2026-05-01\n"
    _made, tally = bring(text, "subscription", "seats.csv", LATER)
    assert counts(tally) == [0, 1, 0, 0]
    assert (held("S1")["seats"], held("S1")["amount"], held("S1")["interval"]) == (9, "100", "year")
    assert "assumed_interval" not in {remark.code for remark in tally.remarks}


@pytest.mark.usefixtures("known")
def test_a_row_of_an_unknown_id_waits_on_the_desk_and_is_corrected_there(bring, home):
    text = "id,ended_on\nS1,2026-12-07\nS999,2026-12-08\n"
    made, tally = bring(text, "subscription", "end.csv", LATER)
    assert counts(tally) == [0, 1, 0, 1]
    remark = next(one for one in tally.remarks if one.code == "known_only")
    assert remark.grave
    assert remark.text.en.endswith(
        "Of the 2 ids looked at, 1 are not known, and their rows will be rejected: S999."
    )
    reject = Reject.objects.get()
    assert (reject.position, reject.place) == (3, "id")
    assert reject.message_en.startswith(
        "ID: No subscription 'S999' is known: correct the id. To add it, give 'Account', "
    )
    assert "「S999」は登録されていません" in reject.message_ja
    cells = json.loads(reject.payload)
    assert list(judge_rows(made, [(3, cells)], LATER)[0]) == ["id"]
    with pytest.raises(StillRejected):
        retry_row(home, reject, cells, actor="test", now=LATER)
    retry_row(home, reject, {**cells, "id": "S2"}, actor="test", now=LATER)
    assert held("S2")["ended_on"] == "2026-12-08"
    undo(Import.objects.get(pk=made.pk), actor="test", now=LATER)
    assert "ended_on" not in held("S1") | held("S2")
    assert not Record.objects.filter(outside_id="S999").exists()


@pytest.mark.usefixtures("known")
def test_a_file_of_unknown_ids_alone_is_refused_with_what_new_ones_need(bring):
    before = Import.objects.count()
    with pytest.raises(EnishiError) as error:
        bring("id,ended_on\nS998,2026-12-07\nS999,2026-12-08\n", "subscription", "end.csv", LATER)
    assert (error.value.code, set(error.value.fields)) == ("bad_mapping", {"account", "amount", "started_on"})
    assert error.value.hint.en.startswith("None of its ids is that of a known subscription")
    assert "登録済みの契約に当たるIDがなく" in error.value.hint.ja
    assert Import.objects.count() == before


@pytest.mark.usefixtures("known")
def test_an_empty_cell_of_what_a_contract_must_have_keeps_it(bring, home):
    text = (
        "id,account,amount,started_on,ended_on\nS1,,,,2026-12-07\nS3,C2,,2026-01-01,\nS2,,many,,2026-12-08\n"
    )
    made, tally = bring(text, "subscription", "mixed.csv", LATER)
    assert counts(tally) == [0, 1, 0, 2]
    assert (held("S1")["amount"], held("S1")["ended_on"]) == ("100", "2026-12-07")
    new, wrong = Reject.objects.order_by("position")
    assert new.message_en == "Recurring amount per interval: is missing: a new subscription needs it."
    assert wrong.place == "amount"
    cells = {**json.loads(wrong.payload), "amount": ""}
    assert judge_rows(made, [(4, cells)], LATER) == [{}]
    retry_row(home, wrong, cells, actor="test", now=LATER)
    assert (held("S2")["amount"], held("S2")["ended_on"]) == ("200", "2026-12-08")


@pytest.mark.usefixtures("known")
def test_customers_and_other_kinds_are_stated_in_part_too(bring):
    _made, tally = bring("id,stage\nC1,churned\nC9,churned\n", "account", "stages.csv", LATER)
    assert counts(tally) == [0, 1, 0, 1]
    assert (Account.objects.get(outside_id="C1").name, Account.objects.get(outside_id="C1").stage) == (
        "First",
        "churned",
    )
    bring("id,account,opened_at\nT1,C1,2026-03-01\n", "ticket", "tickets.csv")
    _made, tally = bring("id,resolved_at\nT1,2026-03-02\n", "ticket", "resolved.csv", LATER)
    assert counts(tally) == [0, 1, 0, 0]
    assert Record.objects.get(kind="ticket").account == Account.objects.get(outside_id="C1")


@pytest.mark.usefixtures("known")
def test_a_dry_run_tells_the_same_and_writes_nothing(bring):
    _made, tally = bring(
        "id,ended_on\nS1,2026-12-07\nS999,2026-12-08\n", "subscription", "end.csv", LATER, dry_run=True
    )
    assert counts(tally) == [0, 1, 0, 1]
    assert [row.place for row, _errors in tally.examples] == [3]
    assert "ended_on" not in held("S1")


def test_rows_of_one_file_are_known_to_each_other(bring):
    bring("id,name\nC1,First\n")
    _made, tally = bring(
        "id,account,amount,started_on,ended_on\nS1,C1,100,2025-04-01,\nS1,,,,2026-02-01\n",
        "subscription",
        "c.csv",
        datetime(2026, 4, 1, 3, tzinfo=UTC),
    )
    assert tally.counts["created"] == 1
    assert Reject.objects.get().reason == "repeated_id"


@pytest.mark.usefixtures("known")
def test_a_row_corrected_to_a_known_id_counts_as_changed(bring, home):
    made, _tally = bring("id,seats\nS1,6\ns2,7\nS9,8\n", "subscription", "seats.csv", LATER)
    for name, position in (("S2", 3), ("S1", 4)):
        reject = Reject.objects.get(position=position)
        retry_row(home, reject, {"id": name, "seats": position}, actor="test", now=LATER)
    made.refresh_from_db()
    assert (made.created, made.updated, made.rejected) == (0, 3, 0)


@pytest.mark.usefixtures("known")
def test_a_corrected_row_and_a_later_import_undone_last_first_leave_nothing(bring, home):
    before = held("S1"), held("S2")
    seats, _tally = bring('id,seats,effective_on\nS1,"20,5",2026-12-01\n', "subscription", "seats.csv", LATER)
    price, _tally = bring("id,amount,effective_on\nS1,1250,2026-12-01\n", "subscription", "price.csv", LATER)
    cells = {"id": "S1", "seats": "20", "effective_on": "2026-12-01"}
    retry_row(home, Reject.objects.get(), cells, actor="test", now=LATER)
    done = [undo(made, actor="test", now=LATER) for made in (price, seats)]
    assert [(one.restored, one.kept) for one in done if one] == [(0, 1), (1, 0)]
    assert (held("S1"), held("S2")) == before
    versions = RecordVersion.objects.filter(kind="subscription", outside_id="S1").order_by("pk")
    standing = {version.valid_on: version.data for version in versions}
    assert {(data["amount"], data["seats"]) for data in standing.values()} == {("100", 5)}


@pytest.mark.usefixtures("known")
def test_an_unknown_id_names_the_known_one_that_differs_in_capitals(bring):
    bring("id,seats\nS1,6\ns2,7\nS9,8\n", "subscription", "seats.csv", LATER)
    capitals, stranger = Reject.objects.order_by("position")
    told = "No subscription 's2' is known ('S2' is, which differs in capitals alone): correct the id."
    assert told in capitals.message_en
    assert (
        "「s2」は登録されていません(大文字小文字だけが異なる「S2」は登録されています)。"
        in capitals.message_ja
    )
    assert "capitals" not in stranger.message_en
