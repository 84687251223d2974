"""A row counts once, whatever its columns are taken for."""

from __future__ import annotations

import duckdb
import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, OutsideId, Record
from enishi.ingest.api import drain
from enishi.ingest.files.jobs import undo
from enishi.ingest.files.remarks import REMAPPED, REMEMBERED, remarks_of
from enishi.ingest.files.tests.bringing import LATER, NOW, counted
from enishi.ingest.models import Mapping
from enishi.store.api import Published
from enishi.store.kinds import ACCOUNT

pytestmark = pytest.mark.django_db


TICKETS = "Vorgang,account,opened_at\nT1,C1,2026-03-01\nT2,C1,2026-03-02\n"
MORE = TICKETS + "T3,C1,2026-03-03\n"


def test_records_that_came_without_an_id_get_it_when_its_column_is_named(bring):
    save_records(ACCOUNT, [{"id": "C1", "name": "Alpha"}], source="product", actor="t", now=NOW)
    first, tally = bring(TICKETS, "ticket", "t.csv")
    assert counted(tally) == (2, 0, 0, 0)
    assert REMAPPED not in {remark.code for remark in remarks_of(first)}
    made, tried = bring(MORE, "ticket", "t.csv", now=LATER, mapping={"id": "Vorgang"}, dry_run=True)
    assert counted(tried) == (1, 2, 0, 0)
    assert not Record.objects.filter(outside_id="T1").exists()
    made, tally = bring(MORE, "ticket", "t.csv", now=LATER, mapping={"id": "Vorgang"})
    assert counted(tally) == (1, 2, 0, 0)
    assert REMAPPED in {remark.code for remark in remarks_of(made)}
    assert set(Record.objects.values_list("outside_id", flat=True)) == {"T1", "T2", "T3"}
    _made, tally = bring(MORE, "ticket", "t.csv", now=LATER)
    assert counted(tally) == (0, 0, 3, 0)
    _made, tally = bring(MORE, "ticket", "t.csv", now=LATER, mapping={"id": ""})
    assert counted(tally) == (0, 3, 0, 0)
    undo(made, actor="test", now=LATER)


CUSTOMERS = "Kunde,Name,Website\nC1,Alpha,alpha.example\nC2,Beta,\n"


def test_customers_known_by_their_name_become_those_the_events_named(bring, home):
    bring(CUSTOMERS, "account", "c.csv")
    save_records(ACCOUNT, [{"id": "C1", "name": "C1"}], source="product", actor="events", now=NOW)
    bring("account,amount,date\nalpha.example,5,2026-03-01\n", "invoice", "i.csv")
    _made, tally = bring(CUSTOMERS, "account", "c.csv", now=LATER, mapping={"id": "Kunde"})
    living = Account.objects.filter(deleted_at=None, merged_into=None)
    assert dict(living.values_list("outside_id", "name")) == {"C1": "Alpha", "C2": "Beta"}
    assert Record.objects.get().account == living.get(outside_id="C1")
    assert OutsideId.objects.get(value="beta").account == living.get(outside_id="C2")
    _made, tally = bring(CUSTOMERS, "account", "c.csv", now=LATER)
    assert counted(tally) == (0, 0, 2, 0)
    drain(home)
    names = duckdb.read_parquet(Published(home).files("record_account")).query(
        "a", "SELECT arg_max(outside_id, version_id) FROM a WHERE name = 'Beta' GROUP BY record_id"
    )
    assert names.fetchall() == [("C2",)]


def test_the_same_number_of_another_system_stays_another_record(bring):
    save_records(ACCOUNT, [{"id": "C1", "name": "Alpha"}], source="desk a", actor="t", now=NOW)
    bring(TICKETS, "ticket", "t.csv", system="desk a", mapping={"id": "Vorgang"})
    _made, tally = bring(TICKETS, "ticket", "t.csv", system="desk b", mapping={"id": ""})
    assert counted(tally) == (2, 0, 0, 0)


USAGE = "time,account,wer,action\n" + "".join(
    f"2026-03-{day:02}T01:00:00Z,C1,u{day},opened\n2026-03-{day:02}T01:00:00Z,C1,u{day},opened\n" for day in range(1, 6)
)  # fmt: skip


def test_events_count_once_whatever_their_mapping(bring, home):
    _made, tally = bring(USAGE, "event", "e.csv")
    assert counted(tally) == (10, 0, 0, 0)
    more = USAGE + "2026-03-09T01:00:00Z,C1,u9,opened\n"
    made, tally = bring(more, "event", "e.csv", now=LATER, mapping={"user": "wer"})
    assert counted(tally) == (1, 0, 10, 0)
    assert REMAPPED in {remark.code for remark in remarks_of(made)}
    for options in ({}, {"mapping": {"user": ""}}, {"mapping": {"message_id": "wer", "user": ""}}):
        _made, tally = bring(more, "event", "e.csv", now=LATER, **options)
        assert counted(tally) == (0, 0, 11, 0)
    drain(home)
    assert duckdb.read_parquet(Published(home).files("usage")).sum("n").fetchall() == [(11,)]


def test_events_count_once_in_whatever_zone_the_company_is(bring):
    text = "time,account,user,action\n2026-03-01 10:00,C1,u1,opened\n2026-03-02,C1,u1,opened\n"
    bring(text, "event", "e.csv")
    company = get_company()
    company.time_zone = "America/New_York"
    company.save()
    more = text + "2026-03-09 10:00,C1,u1,opened\n"
    for expected in ((1, 0, 2, 0), (0, 0, 3, 0)):
        made, tally = bring(more, "event", "e.csv", now=LATER)
        assert counted(tally) == expected
    assert REMAPPED not in {remark.code for remark in remarks_of(made)}
    company.time_zone = "Europe/Paris"
    company.save()
    _made, tally = bring(more, "event", "e.csv", now=LATER)
    assert counted(tally) == (0, 0, 3, 0)


def test_times_without_a_zone_stay_as_read_in_rows_that_come_again(bring):
    bring("id,name\nC1,Acme\n", "account", "c.csv")
    text = "id,account,subject,opened_at,resolved_at\n"
    rows = ["T1,C1,Slow,2026-03-01 10:00,", "T2,C1,Slow,2026-03-02,", "T3,C1,Slow,2026-03-03T10:00Z,"]
    bring(text + "\n".join(rows), "ticket", "t.csv")
    company = get_company()
    company.time_zone = "Europe/London"
    company.save()
    _made, tally = bring(text + "\n".join(rows), "ticket", "t.csv", now=LATER)
    assert counted(tally) == (0, 0, 3, 0)
    closed = text + "T1,C1,Slow,2026-03-01 10:00,2026-03-01 12:00\nT3,C1,Slow,2026-03-03 11:00,\n"
    for expected in ((0, 2, 0, 0), (0, 0, 2, 0)):
        _made, tally = bring(closed, "ticket", "t.csv", now=LATER)
        assert counted(tally) == expected
    held = dict(Record.objects.filter(kind="ticket").values_list("outside_id", "data"))
    assert (held["T1"]["opened_at"], held["T1"]["resolved_at"]) == (
        "2026-03-01T01:00:00Z",
        "2026-03-01T12:00:00Z",
    )
    assert held["T3"]["opened_at"] == "2026-03-03T11:00:00Z"


def test_an_undone_import_leaves_no_mapping_that_nothing_else_used(bring):
    first, tally = bring(CUSTOMERS, "account", "c.csv", mapping={"name": "Website"})
    assert REMEMBERED not in tally.remarks
    other, tally = bring(CUSTOMERS, "account", "c.csv", now=LATER)
    assert REMEMBERED in tally.remarks
    assert other.plan["columns"]["name"] == "Website"
    for made in (other, first):
        assert Mapping.objects.exists()
        undo(made, actor="test", now=LATER)
    assert not Mapping.objects.exists()
