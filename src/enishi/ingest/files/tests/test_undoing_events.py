"""An import of events under a wrong mapping is taken back, and the same file comes in under the right one."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.linking import Wanted, link_ids
from enishi.accounts.models import Account, AuditLine
from enishi.accounts.removing import delete_records
from enishi.ingest.api import drain
from enishi.ingest.erasing import ask_user_erasure
from enishi.ingest.files.desk import retry_row
from enishi.ingest.files.jobs import undo
from enishi.ingest.files.tests.bringing import LATER, NOW, counted
from enishi.ingest.models import Import, Reject, StorePolicy
from enishi.kit.errors import Conflict
from enishi.store.api import Published
from enishi.store.kinds import ACCOUNT

pytestmark = pytest.mark.django_db

WRONG = {"account": "wer", "user": ""}
KUNDE = {"account": "kunde", "user": ""}
RIGHT = {"account": "kunde", "user": "wer"}
USAGE = "time,kunde,wer,action\n" + "".join(
    f"2026-03-{day:02}T01:00:00Z,C{day % 2},u{day},opened\n" for day in range(1, 7)
)
BAD = USAGE + "2026-03-09T01:00:00Z,C1,u9,\n"


def uses(home):
    """(customer, person) of each use."""
    table = {name: read(home, name) for name in ("groups", "users", "usage")}
    groups = {row["group_no"]: row["group_id"] for row in table["groups"]}
    users = {row["user_no"]: row["user_id"] for row in table["users"]}
    return sorted((groups[row["group_no"]], users.get(row["user_no"], "")) for row in table["usage"])


def read(home, table):
    return [row for path in Published(home).files(table) for row in pq.read_table(path).to_pylist()]


def living():
    return set(Account.objects.filter(deleted_at=None, merged_into=None).values_list("outside_id", flat=True))


def test_a_file_read_wrongly_is_undone_and_read_rightly(bring, home):
    save_records(ACCOUNT, [{"id": "u1", "name": "Uni One"}], source="product", actor="t", now=NOW)
    bring(
        "time,kunde,action\n2026-03-02T01:00:00Z,u2,opened\n",
        "event",
        "other.csv",
        mapping={"account": "kunde"},
    )
    made, tally = bring(BAD, "event", "e.csv", mapping=WRONG)
    assert counted(tally) == (6, 0, 0, 1)
    cells = {"time": "2026-03-09T01:00:00Z", "kunde": "C1", "wer": "u9", "action": "opened"}
    retry_row(home, Reject.objects.get(), cells, actor="t", now=LATER)
    drain(home)
    assert living() == {*(f"u{n}" for n in range(1, 7)), "u9"}
    judged = Published(home).generation

    assert undo(made, actor="boss", now=LATER) is None
    with pytest.raises(Conflict):
        undo(made, actor="boss", now=LATER)
    drain(home)
    made.refresh_from_db()
    assert (made.status, made.undone_by) == ("undone", "boss")
    assert made.taken_back == {"events": 7, "customers": 5, "staying": 0}
    assert living() == {"u1", "u2"}  # named, and named by another file
    assert uses(home) == [("u2", "")]
    assert str(Published(home).history_since(judged)) == "2026-03-01"
    assert AuditLine.objects.get(verb="events_withdrawn").detail == made.taken_back
    assert not AuditLine.objects.filter(verb="import_undone").exists(), (
        "one line says what the undoing came to"
    )
    _made, tally = bring("id,account,amount,started_on\nK1,u3,50,2026-04-01\n", "subscription", "k.csv")
    assert counted(tally) == (0, 0, 0, 1), "u3 went with the events"

    _made, tally = bring(BAD, "event", "e.csv", now=LATER, mapping=RIGHT)
    assert counted(tally) == (6, 0, 0, 1)
    drain(home)
    assert living() == {"C0", "C1", "u1", "u2"}
    assert uses(home) == [*((f"C{n % 2}", f"u{n}") for n in (2, 4, 6, 1, 3, 5)), ("u2", "")]
    _made, tally = bring(BAD, "event", "e.csv", now=LATER)
    assert counted(tally) == (0, 0, 6, 1)


def test_customers_that_went_with_their_events_come_back_with_them(bring, home):
    made, _tally = bring(USAGE, "event", "e.csv", mapping=KUNDE)
    undo(made, actor="boss", now=LATER)  # the consumer has not done it yet when the file comes again
    bring(USAGE, "event", "e.csv", now=LATER, mapping=RIGHT)
    drain(home)
    assert living() == {"C0", "C1"}
    assert uses(home) == [(f"C{n % 2}", f"u{n}") for n in (2, 4, 6, 1, 3, 5)]
    assert not Account.objects.get(outside_id="C0").deleted_at


def test_what_is_kept_as_counts_only_is_told_and_not_counted_again(bring, home):
    old = USAGE + "2024-01-01T01:00:00Z,C1,u1,opened\n"
    made, _tally = bring(old, "event", "e.csv", mapping=KUNDE)
    StorePolicy.objects.create(raw_months=12)
    undo(made, actor="boss", now=LATER)
    drain(home)
    made.refresh_from_db()
    assert made.taken_back == {"events": 6, "customers": 1, "staying": 1}
    _made, tally = bring(old, "event", "e.csv", now=LATER, mapping=RIGHT)
    assert counted(tally) == (6, 0, 1, 0)
    assert Import.objects.filter(status="undoing").count() == 0


def day(number, customer):
    return f"time,kunde,action\n2026-03-{number:02}T01:00:00Z,{customer},opened\n"


def test_a_customer_stays_while_anything_is_left_of_them(bring, home):
    """Events under an id linked to them, or what somebody has written of them."""
    first, _tally = bring(day(1, "acme") + day(2, "noted").split("\n", 1)[1], "event", "a.csv", mapping=KUNDE)
    drain(home)
    acme, noted = (Account.objects.get(outside_id=value) for value in ("acme", "noted"))
    link_ids([Wanted("crm", "77", acme)], actor="t", now=NOW)
    bring(day(3, "77"), "event", "b.csv", system="crm", mapping=KUNDE)
    noted.notes.create(body="called")
    undo(first, actor="boss", now=LATER)
    drain(home)
    assert living() == {"acme", "noted"}
    assert uses(home) == [("77", "")]


def test_a_customer_of_several_imports_goes_with_the_last_of_them(bring, home):
    made = [bring(day(n, "C1"), "event", f"{n}.csv", mapping=KUNDE)[0] for n in (1, 2)]
    for one, left in zip(made, ({"C1"}, set()), strict=True):
        undo(one, actor="boss", now=LATER)
        drain(home)
        assert living() == left
    bring(day(3, "C1"), "event", "3.csv", now=LATER, mapping=KUNDE)
    drain(home)
    assert living() == {"C1"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_customer_whom_a_file_named_goes_with_the_last_of_both(bring, home, order, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    events, _tally = bring(day(1, "R1") + day(1, "R2").split("\n", 1)[1], "event", "e.csv", mapping=KUNDE)
    drain(home)
    named, _tally = bring("id,name\nR1,Uni One\n", system="product")
    for number in order:
        undo((events, named)[number], actor="boss", now=LATER)
        drain(home)
    assert living() == set()
    counts = [
        (made.taken_back.get("customers"), made.taken_back.get("along"))
        for made in Import.objects.order_by("pk")
    ]
    assert counts == ([(2, None), (None, None)] if order == (1, 0) else [(1, None), (None, 1)])
    bring(day(3, "R1"), "event", "again.csv", now=LATER, mapping=KUNDE)
    drain(home)
    assert living() == {"R1"}


def test_a_customer_somebody_deleted_does_not_come_back_with_an_event(bring, home):
    save_records(ACCOUNT, [{"id": "C1", "name": "Uni One"}], source="product", actor="t", now=NOW)
    delete_records(ACCOUNT, ["C1"], source="product", actor="t", now=NOW)
    bring(day(1, "C1"), "event", "a.csv", now=LATER, mapping=KUNDE)
    drain(home)
    gone = Account.objects.get()
    assert (gone.name, gone.deleted_at) == ("Uni One", NOW)


def test_a_file_whose_name_names_an_erased_person_can_still_be_undone(bring, home):
    mail = "tanaka@example.com"
    made, _tally = bring(USAGE, "event", f"{mail}.csv", mapping=KUNDE)
    drain(home)
    request = ask_user_erasure("product", mail, actor="t", now=LATER)
    drain(home)
    request.refresh_from_db()
    assert ({row["source"] for row in read(home, "events")}, request.traces) == ({"erased.csv"}, 0)
    undo(made, actor="boss", now=LATER)
    drain(home)
    made.refresh_from_db()
    assert made.taken_back == {"events": 6, "customers": 2, "staying": 0}
    assert (living(), uses(home)) == (set(), [])


def test_events_named_by_an_undone_import_count_once_when_their_own_file_comes_again(bring, home):
    wrong, _tally = bring(USAGE, "event", "a.csv", mapping=WRONG)
    more = USAGE + "2026-03-08T01:00:00Z,C0,u8,opened\n"
    assert counted(bring(more, "event", "b.csv", mapping=RIGHT)[1]) == (1, 0, 6, 0)
    last = more + "2026-03-09T01:00:00Z,C1,u9,opened\n"
    undo(wrong, actor="boss", now=LATER)
    assert counted(bring(more, "event", "b.csv", now=LATER, mapping=RIGHT)[1]) == (6, 0, 1, 0)
    for expected in ((1, 0, 7, 0), (0, 0, 8, 0)):
        assert counted(bring(last, "event", "c.csv", now=LATER, mapping=KUNDE)[1]) == expected
    for made in Import.objects.filter(name="b.csv"):
        undo(made, actor="boss", now=LATER)
    assert counted(bring(last, "event", "c.csv", now=LATER, mapping=RIGHT)[1]) == (7, 0, 1, 0)
