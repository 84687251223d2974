"""One correction for many rejected items: messages, traits and rows of files, tried, applied, kept and forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django_tasks_db.models import DBTaskResult

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, AuditLine, Company, Record, RecordVersion
from enishi.ingest import mending
from enishi.ingest.api import ask_user_erasure, drain, open_inbox
from enishi.ingest.contracts import Origin
from enishi.ingest.corrections import DATES, NAME, VALUES, Rule, mend
from enishi.ingest.desk import discard_many
from enishi.ingest.files.importing import import_file
from enishi.ingest.mending import Pile, forget, mend_job, run, start, start_again, try_rule
from enishi.ingest.models import Correction, Reject, WriteKey
from enishi.ingest.settling import CAME_AGAIN
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.store.contracts import NewBody
from enishi.store.kinds import ACCOUNT
from enishi.store.published import Published

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
Keys = Callable[..., tuple[WriteKey, str]]
pytestmark = pytest.mark.django_db


def send(home: Home, key: WriteKey, *items: dict) -> None:
    body = NewBody(
        int(NOW.timestamp() * 1e6), Origin(key=key.pk).encode(), json.dumps({"batch": items}).encode()
    )
    open_inbox(home).append([body])
    drain(home)


def event_names(home: Home) -> list[str]:
    import duckdb

    files = Published(home).files("events")
    return sorted(row[0] for row in duckdb.read_parquet(files).project("event").fetchall()) if files else []


CONTRACTS = "契約番号,顧客コード,開始日,月額,請求間隔\n"


@pytest.fixture
def contracts(home: Home, company: Company, tmp_path):
    save_records(ACCOUNT, [{"id": "A-1", "name": "甲"}], source="product", actor="t", now=NOW)

    def bring(*rows: str):
        path = tmp_path / "契約.csv"
        path.write_text(CONTRACTS + "\n".join(rows) + "\n")
        return import_file(home, path, "subscription", actor="t", now=NOW)

    return bring


def test_rules_change_what_they_name_and_nothing_else():
    item = {"a.b": "ﾚｷﾞｭﾗｰ", "n": 3, "x": {"plan": "Gld", "on": "03/04/2024"}, "given": ""}
    flat = Rule(VALUES, "a.b", values={"レギュラー": "standard"})
    deep = Rule(VALUES, "x.plan", values={"Gld": "-"}, nested=True)
    moved = Rule(NAME, "x.on", to="given", nested=True)
    dated = Rule(DATES, "x.on", order="dmy", nested=True)
    assert mend(item, [flat, deep, dated, moved], TOKYO) == {
        "a.b": "standard", "n": 3, "x": {"plan": None}, "given": "2024-04-03",
    }  # fmt: skip
    assert item["x"] == {"plan": "Gld", "on": "03/04/2024"}
    taken = Rule(NAME, "n", to="a.b")
    assert (
        mend(item, [taken, Rule(DATES, "a.b"), Rule(VALUES, "n.m", values={"": "1"}, nested=True)], TOKYO)
        == item
    )


@pytest.mark.parametrize(
    ("place", "to", "after"),
    [
        ("user", "event.name", None),  # a text stands in the way
        ("event.x", "y", None),
        ("deep.a", "deep.a.b.c", {"user": "u", "event": "E", "deep": {"a": {"b": {"c": 1}}}}),
        ("deep.a", "deep", None),
        ("deep", "deep.a", None),
        ("user", "deep.b.c", {"event": "E", "deep": {"a": 1, "b": {"c": "u"}}}),
    ],
)
def test_a_value_is_never_lost_where_its_new_name_cannot_be_given(place, to, after):
    item = {"user": "u", "event": "E", "deep": {"a": 1}}
    assert mend(item, [Rule(NAME, place, to=to, nested=True)], TOKYO) == (after or item)


def test_a_value_of_a_file_is_mapped_once_for_all_its_rows_and_for_the_next_file(home, contracts):
    rows = [f"{n},A-1,2024/4/1,1000,{'隔週' if n < 3 else '年払い'}" for n in range(4)]
    contracts(*rows, "8,A-1,いつか,1000,隔週", "9,A-1,2024/4/1,1000,適当")
    pile = Pile("subscription", "契約.csv", "row_rejected")
    rule = Rule(VALUES, "請求間隔", values={"隔週": "month"})
    trial = try_rule(pile, rule, NOW)
    assert (trial.waiting, trial.touched, trial.taken, trial.nearer) == (5, 4, 3, 1)
    assert (trial.examples[0].before["請求間隔"], trial.examples[0].after["請求間隔"]) == (
        "隔週",
        "month",
    )
    assert Record.objects.count() == 1
    made = start(home, pile, rule, keep=True, actor="p", now=NOW)
    assert (made.taken, made.nearer, made.refused, made.status) == (3, 1, 1, "done")
    assert set(Record.objects.values_list("outside_id", flat=True)) == {"0", "1", "2", "3"}
    left = {json.loads(r.payload)["契約番号"]: r for r in Reject.objects.filter(status="open")}
    assert (left["8"].place, "いつか" in left["8"].message_ja) == ("開始日", True)
    assert (left["9"].place, "適当" in left["9"].message_ja) == ("請求間隔", True)
    assert AuditLine.objects.get(verb="rejects_mended").detail["items"] == 5
    _made, tally = contracts("20,A-1,2024/4/1,1000,隔週")
    assert tally.counts["created"] == 1
    forget(made, actor="p")
    _made, tally = contracts("21,A-1,2024/4/1,1000,隔週")
    assert tally.counts["rejected"] == 1


def test_an_account_called_otherwise_in_a_file_is_mapped_to_its_id(home, contracts):
    contracts(*(f"{n},甲商事㈱,2024/4/1,1000,年払い" for n in range(3)))
    rule = Rule(VALUES, "顧客コード", values={"甲商事(株)": "A-1"})
    pile = Pile("subscription", "契約.csv", "row_rejected")
    assert try_rule(pile, rule, NOW).taken == 3
    assert start(home, pile, rule, keep=False, actor="p", now=NOW).taken == 3


def test_an_event_file_dropped_again_after_its_rows_were_mended_counts_nothing_twice(
    home: Home, company: Company, tmp_path
):
    path = tmp_path / "log.csv"
    path.write_text("occurred_at,user,event\nx4/1,u,Open\nx4/1,u,Open\n2024-04-01,u,Open\n")
    import_file(home, path, "event", actor="t", now=NOW)
    rule = Rule(VALUES, "occurred_at", values={"x4/1": "2024-04-02"})
    made = start(home, Pile("event", "log.csv", "row_rejected"), rule, keep=True, actor="p", now=NOW)
    drain(home)
    assert (made.taken, event_names(home)) == (2, ["Open"] * 3)
    _made, tally = import_file(home, path, "event", actor="t", now=NOW)
    assert (tally.counts["created"], tally.counts["unchanged"]) == (0, 3)
    assert event_names(home) == ["Open"] * 3


def test_a_name_is_mapped_for_messages_that_wait_and_for_those_that_come(
    home: Home, company: Company, make_key: Keys, monkeypatch
):
    key, _text = make_key()
    send(home, key, *({"type": "track", "eventName": f"E{n}", "userId": "u", "messageId": f"m{n}"} for n in range(3)),
         {"type": "track", "userId": "u", "messageId": "none"})  # fmt: skip
    assert set(Reject.objects.values_list("reason", flat=True)) == {"missing_event"}
    pile, rule = Pile("event", key.name, "missing_event"), Rule(NAME, "eventName", to="event", nested=True)
    trial = try_rule(pile, rule, NOW)
    assert (trial.waiting, trial.touched, trial.taken) == (4, 3, 3)
    monkeypatch.setattr(mending, "AT_ONCE", 2)
    made = start(home, pile, rule, keep=True, actor="p", now=NOW)
    assert made.status == "waiting"
    run(home, made, NOW)
    drain(home)
    assert (made.taken, made.refused, made.share_done) == (3, 1, 100)
    assert event_names(home) == ["E0", "E1", "E2"]
    assert Reject.objects.get(status="open").reason == "missing_event"
    send(home, key, {"type": "track", "eventName": "Later", "userId": "u"})
    assert event_names(home)[-1] == "Later"
    forget(made, actor="p")
    send(home, key, {"type": "track", "eventName": "Too late", "userId": "u"})
    assert Reject.objects.filter(status="open").count() == 2


def test_a_message_that_comes_again_understood_leaves_the_desk_by_itself(
    home: Home, company: Company, make_key: Keys
):
    key, _text = make_key()
    other, _text = make_key("other app")
    bad = {"type": "track", "userId": "u", "messageId": "m1"}
    send(home, key, bad, {**bad, "messageId": "m2"}, {"type": "track", "userId": "u"})
    send(home, other, bad)
    assert Reject.objects.filter(status="open").count() == 4
    first = Reject.objects.get(source=key.name, position=0)
    send(home, key, {**bad, "event": "Login"})
    first.refresh_from_db()
    assert (first.status, first.closed_by) == ("replayed", CAME_AGAIN)
    assert Reject.objects.filter(status="open").count() == 3
    assert AuditLine.objects.get(verb="rejects_settled").detail == {"count": 1}
    made = start(home, Pile("event", key.name, "missing_event"), Rule(VALUES, "event", values={"": "Seen"}, nested=True),
                 keep=False, actor="p", now=NOW)  # fmt: skip
    drain(home)
    assert (made.taken, event_names(home)) == (2, ["Login", "Seen", "Seen"])


def test_what_a_message_lacks_besides_is_its_new_reason(home: Home, company: Company, make_key: Keys):
    key, _text = make_key()
    send(home, key, {"type": "track", "eventName": "E", "messageId": "m"}, {"type": "track", "userId": "u", "event": "E",
         "timestamp": "03/04/2024 10:00", "messageId": "d"})  # fmt: skip
    made = start(home, Pile("event", key.name, "missing_event"), Rule(NAME, "eventName", to="event", nested=True),
                 keep=False, actor="p", now=NOW)  # fmt: skip
    assert (made.taken, made.nearer) == (0, 1)
    left = Reject.objects.get(reason="missing_user")
    assert json.loads(left.payload)["event"] == "E"
    dated = Rule(DATES, "timestamp", order="mdy", nested=True)
    assert start(home, Pile("event", key.name, "bad_time"), dated, keep=False, actor="p", now=NOW).taken == 1
    drain(home)
    assert event_names(home) == ["E"]


def test_a_trait_is_mapped_and_kept(home: Home, company: Company, make_key: Keys):
    key, _text = make_key(updates_records=True)
    group = {"type": "group", "userId": "u", "traits": {"employees": "51-200"}}
    send(home, key, {**group, "groupId": "g1"}, {**group, "groupId": "g2"})
    pile, rule = Pile("account", key.name, "bad_trait"), Rule(VALUES, "employees", values={"51-200": "100"})
    assert try_rule(pile, rule, NOW).taken == 2
    assert start(home, pile, rule, keep=True, actor="p", now=NOW).taken == 2
    send(home, key, {**group, "groupId": "g3"})
    assert set(Account.objects.values_list("outside_id", "employees")) == {
        ("g1", 100),
        ("g2", 100),
        ("g3", 100),
    }
    assert not Reject.objects.filter(status="open").exists()


def test_a_job_cut_off_goes_on_and_one_that_is_done_stays_so(home, contracts, monkeypatch):
    contracts(*(f"{n},A-1,2024/4/1,1000,隔週" for n in range(5)))
    monkeypatch.setattr(mending, "AT_ONCE", 0)
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    rule = Rule(VALUES, "請求間隔", values={"隔週": "month"})
    made = start(home, Pile("subscription", "契約.csv", "row_rejected"), rule, keep=False, actor="p", now=NOW)
    real, calls = mending.take_in, []

    def third_fails(*given, **more):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*given, **more)

    monkeypatch.setattr(mending, "take_in", third_fails)
    with pytest.raises(KeyboardInterrupt):
        mend_job.call(made.pk)
    mend_job.call(made.pk)
    made.refresh_from_db()
    assert (made.status, Record.objects.count(), Reject.objects.filter(status="open").count()) == (
        "done",
        5,
        0,
    )
    mend_job.call(made.pk)
    assert Correction.objects.get().status == "done"


def failing_at(monkeypatch, name: str, times: int, nth: int) -> None:
    """Let some calls of a function, from the nth on, meet what nobody foresaw."""
    real, calls = getattr(mending, name), []

    def fails(*given, **more):
        calls.append(1)
        if nth <= len(calls) < nth + times:
            raise ZeroDivisionError
        return real(*given, **more)

    monkeypatch.setattr(mending, name, fails)


def test_an_unforeseen_error_ends_a_correction_as_failed_and_it_goes_on_once_started_again(
    home, contracts, monkeypatch
):
    rows = [f"{n},A-1,2024/4/1,1000,隔週" for n in range(4)]
    contracts("n,A-1,2024/4/1,千円,隔週", *rows)
    failing_at(monkeypatch, "take_in", 1, 3)
    made = start(home, FILE_PILE, FORTNIGHT, keep=False, actor="p", now=NOW)
    third = Reject.objects.get(position=5)
    assert (made.status, made.failure, made.failed_item) == ("failed", "ZeroDivisionError", third.pk)
    assert (made.taken, made.nearer, made.done, Record.objects.count()) == (2, 1, 3, 2)
    assert third.status == "open"
    net = DBTaskResult.objects.get()
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    mend_job.call(*net.args_kwargs["args"])
    assert Correction.objects.get().status == "failed"
    start_again(home, made, actor="boss", now=NOW)
    assert (made.status, made.failure, made.failed_item) == ("done", "", None)
    assert (made.taken, made.nearer, made.refused, made.done, made.total) == (4, 1, 0, 5, 5)
    assert Record.objects.count() == 4
    assert RecordVersion.objects.filter(kind="subscription").count() == 4
    assert AuditLine.objects.get(verb="correction_started_again").detail["items"] == 3
    with pytest.raises(Conflict):
        start_again(home, made, actor="boss", now=NOW)


def test_an_unforeseen_error_in_the_background_fails_the_job_too(home, contracts, monkeypatch):
    contracts(*(f"{n},A-1,2024/4/1,1000,隔週" for n in range(3)))
    monkeypatch.setattr(mending, "AT_ONCE", 0)
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    failing_at(monkeypatch, "judge", 1, 1)
    made = start(home, FILE_PILE, FORTNIGHT, keep=False, actor="p", now=NOW)
    with pytest.raises(ZeroDivisionError):
        mend_job.call(made.pk)
    made.refresh_from_db()
    assert (made.status, made.failure, made.failed_item) == ("failed", "ZeroDivisionError", None)
    start_again(home, made, actor="boss", now=NOW)
    assert (made.status, DBTaskResult.objects.count()) == ("waiting", 2)
    mend_job.call(made.pk)
    made.refresh_from_db()
    assert (made.status, made.taken) == ("done", 3)


FORTNIGHT = Rule(VALUES, "請求間隔", values={"隔週": "month", "hanako@x.example": "-"})
FILE_PILE = Pile("subscription", "契約.csv", "row_rejected")


def before_the_first(monkeypatch, name: str, act: Callable[[], object]) -> None:
    """Let somebody else act right before the first call of a function."""
    real, done = getattr(mending, name), []

    def first(*given):
        if not done:
            done.append(1)
            act()
        return real(*given)

    monkeypatch.setattr(mending, name, first)


def test_what_is_forgotten_while_it_runs_stays_forgotten(home, contracts, monkeypatch):
    contracts(*(f"{n},A-1,2024/4/1,1000,隔週" for n in range(3)))
    before_the_first(monkeypatch, "_apply", lambda: forget(Correction.objects.get(), actor="boss"))
    made = start(home, FILE_PILE, FORTNIGHT, keep=True, actor="p", now=NOW)
    assert (made.kept, made.taken, Correction.objects.get().kept) == (False, 3, False)


def test_a_rule_erased_while_it_runs_stays_erased_and_does_nothing_more(home, contracts, monkeypatch):
    contracts(*(f"{n},A-1,2024/4/1,1000,隔週" for n in range(3)))
    erase = partial(ask_user_erasure, "product", "hanako@x.example", actor="boss", now=NOW)
    before_the_first(monkeypatch, "_apply", erase)
    start(home, FILE_PILE, FORTNIGHT, keep=True, actor="p", now=NOW)
    made = Correction.objects.get()
    assert (made.rule, made.kept, made.taken, made.status) == ({}, False, 0, "done")
    assert Reject.objects.filter(status="open").count() == 3


@pytest.mark.parametrize("name", ["_apply", "_keep_nearer"])
def test_what_is_closed_while_it_runs_stays_closed(home, contracts, monkeypatch, name):
    contracts(
        *(f"{n},A-1,2024/4/1,{'千円' if n < 3 else 1000},{'隔週' if n < 3 else '年払い'}" for n in range(30))
    )
    close = lambda: discard_many(Reject.objects.all(), actor="boss", now=NOW)  # noqa: E731
    before_the_first(monkeypatch, name, close)
    start(home, FILE_PILE, FORTNIGHT, keep=False, actor="p", now=NOW)
    assert set(Reject.objects.values_list("status", flat=True)) == {"discarded"}


def test_little_that_is_cut_off_is_finished_by_the_worker_and_counted_once(home, contracts, monkeypatch):
    rows = [f"{n},A-1,2024/4/1,1000,隔週" for n in range(3)]
    contracts("n,A-1,2024/4/1,千円,隔週", "r,A-1,2024/4/1,1000,適当", *rows)
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    real, calls = mending._apply, []

    def fourth_fails(*given):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(mending, "_apply", fourth_fails)
    with pytest.raises(KeyboardInterrupt):
        start(home, FILE_PILE, FORTNIGHT, keep=False, actor="p", now=NOW)
    job = DBTaskResult.objects.get()
    assert (job.run_after > NOW, job.task_path) == (True, mend_job.module_path)
    mend_job.call(*job.args_kwargs["args"])
    made = Correction.objects.get()
    assert (made.status, made.taken, made.nearer, made.refused, made.done) == ("done", 3, 1, 1, made.total)
    assert sum(made.reasons.values()) == 1


def test_an_erased_person_is_in_no_correction(home: Home, company: Company):
    from enishi.accounts.models import Contact
    from enishi.ingest.api import ask_erasure
    from enishi.store.kinds import CONTACT

    save_records(ACCOUNT, [{"id": "A-1", "name": "甲"}], source="product", actor="t", now=NOW)
    row = {"id": "c", "account": "A-1", "email": "taro@ko.example"}
    save_records(CONTACT, [row], source="product", actor="t", now=NOW)
    rule = Rule(VALUES, "email", values={"Taro@ko.example": "x"})
    Correction.objects.create(kind="contact", rule=rule.as_json(), kept=True, made_by="p")
    ask_erasure(Contact.objects.get(), actor="t", now=NOW)
    assert Correction.objects.values_list("rule", "kept").get() == ({}, False)
