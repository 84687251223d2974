"""The one writer: what is acknowledged arrives once, dated and numbered."""

import threading
from datetime import date, timedelta

import duckdb
import pytest

from enishi.store.consumer import Consumer
from enishi.store.contracts import Body, Event, NewBody, Version
from enishi.store.published import Published
from enishi.store.tests.fakes import START, Bench, event, us


def test_an_event_is_published_with_its_numbers_and_days(bench: Bench) -> None:
    late = START.replace(hour=16)  # already the next day in Tokyo
    bench.send(event("a", late), event("b", user="suzuki"))
    published = bench.catch_up()
    first, second = sorted(bench.rows("events"), key=lambda row: str(row["message_id"]))
    assert (first["day"], first["known_on"], first["recorded_on"]) == (
        date(2026, 3, 11),
        date(2026, 3, 10),
        date(2026, 3, 10),
    )
    assert first["group_no"] == second["group_no"] == 1
    assert first["user_no"] != second["user_no"]
    assert {row["user_id"] for row in bench.rows("users")} == {"sato", "suzuki"}
    assert len(bench.rows("memberships")) == 2
    assert published.zone == "Asia/Tokyo"


def test_followers_hear_of_history_that_arrived_and_from_which_day_on(bench: Bench) -> None:
    def send(*events: dict[str, object]) -> int:
        bench.send(*events)
        return bench.catch_up().generation

    def told(generation: int) -> date | None:
        return Published(bench.home).history_since(generation)

    first = send(event("live"), event("late", START - timedelta(days=3)))
    assert told(0) is None  # what came late was not known before
    second = send(event("old", START - timedelta(days=9), backfill=True))
    third = send(event("newer", START - timedelta(days=2), backfill=True))
    assert (told(0), told(first)) == (date(2026, 3, 1), date(2026, 3, 1))
    assert (told(second), told(third)) == (date(2026, 3, 8), None)
    month = START - timedelta(days=30)
    bench.application.known = [
        Version(1, "ticket", 1, 1, None, month.date(), us(month), us(START), False, True, "crm", "T-1", {}),
        Version(2, "link", 2, 1, None, date(1970, 1, 1), 0, us(START), False, False, "crm", "A-1", {}),
    ]
    bench.catch_up()
    assert told(third) == told(0) == date(2026, 2, 8)


def test_backfilled_history_is_known_when_it_happened(bench: Bench) -> None:
    bench.send(event("a", START - timedelta(days=400), backfill=True))
    bench.catch_up()
    (row,) = bench.rows("events")
    assert row["known_on"] == row["day"] == date(2025, 2, 3)
    assert row["recorded_on"] == date(2026, 3, 10)


def test_the_same_message_is_counted_once_for_ever(bench: Bench) -> None:
    bench.send(event("a"), event("a"), event("b"))
    bench.catch_up()
    bench.send(event("b"), event("c"))
    bench.catch_up()
    bench.clock.advance(days=700)
    bench.send(event("a"), event("c"))
    bench.catch_up()
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a", "b", "c"]
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 3


def test_two_ids_with_the_same_64_bits_are_told_apart(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import enishi.store.consumer as module
    from enishi.store.hashing import message_hashes

    def colliding(ids: list[str]):
        hashes = message_hashes(ids).copy()
        hashes[:, 0] = 7  # and so does every id of the one stream
        return hashes

    monkeypatch.setattr(module, "message_hashes", colliding)
    bench.send(event("a"), event("b"))
    bench.catch_up()
    bench.send(event("b"), event("c"))
    bench.catch_up()
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a", "b", "c"]


def test_only_use_is_counted(bench: Bench) -> None:
    bench.send(event("a"), event("b", type="identify", event="identify"), event("c", type="page"))
    bench.catch_up()
    assert len(bench.rows("events")) == 3
    assert sum(int(str(row["n"])) for row in bench.rows("usage")) == 2
    assert [told.message_id for told in bench.application.told] == ["b"]


def test_a_repeated_identify_is_not_told_again(bench: Bench) -> None:
    bench.send(event("b", type="identify"))
    bench.catch_up()
    bench.send(event("b", type="identify"))
    bench.catch_up()
    assert len(bench.application.told) == 1


def test_an_anonymous_visitor_becomes_the_person_who_signs_in(bench: Bench) -> None:
    bench.send(event("a", user="", anonymous="x1"), event("b", user="sato", anonymous="x1"))
    bench.catch_up()
    users = {str(row["user_id"]): row for row in bench.rows("users")}
    assert users["x1"]["system"] == "product:anonymous"
    (alias,) = bench.rows("aliases")
    assert (alias["previous_no"], alias["user_no"]) == (users["x1"]["user_no"], users["sato"]["user_no"])


def test_an_alias_call_joins_an_earlier_user_id(bench: Bench) -> None:
    bench.send(event("a", user="old"))
    bench.catch_up()
    bench.send(event("b", type="alias", user="new", previous="old"))
    bench.catch_up()
    users = {str(row["user_id"]): row["user_no"] for row in bench.rows("users")}
    (alias,) = bench.rows("aliases")
    assert (alias["previous_no"], alias["user_no"]) == (users["old"], users["new"])
    assert len(users) == 2


def test_a_membership_is_kept_from_its_earliest_day(bench: Bench) -> None:
    bench.send(event("a"))
    bench.catch_up()
    bench.send(event("b", START - timedelta(days=30), backfill=True), event("c"))
    bench.catch_up()
    assert sorted(str(row["known_on"]) for row in bench.rows("memberships")) == ["2026-02-08", "2026-03-10"]


def test_numbers_stay_over_restarts(bench: Bench) -> None:
    bench.send(event("a", user="sato"), event("b", user="ito"))
    bench.catch_up()
    bench.send(event("c", user="ito"), event("d", user="abe"))
    bench.catch_up()
    users = [(row["user_no"], row["user_id"]) for row in bench.rows("users")]
    assert len({number for number, _ in users}) == len(users) == 3
    by_id = {user: number for number, user in users}
    assert next(row["user_no"] for row in bench.rows("events") if row["message_id"] == "c") == by_id["ito"]


def test_record_versions_are_carried_in_order(bench: Bench) -> None:
    def version(number: int, kind: str = "account", **data: object) -> Version:
        return Version(
            number, kind, 5, 5, None, date(2026, 3, 1), us(START), us(START), False, False, "crm", "A-5", data
        )

    bench.application.known = [
        version(3, name="Acme", employees=12, note="x"),
        version(4, "link", system="crm", value="A-5", target="account"),
        version(7, "subscription", amount="1200.5", started_on="2026-02-01", recurring=True, extra={"k": 1}),
        version(8, "forgotten_kind"),
    ]
    bench.catch_up()
    (account,) = bench.rows("record_account")
    assert account["name"] == "Acme"
    assert account["employees"] == 12
    assert account["extra"] == '{"note":"x"}'
    assert bench.rows("link")[0]["value"] == "A-5"
    (subscription,) = bench.rows("record_subscription")
    assert str(subscription["amount"]) == "1200.5000"
    assert subscription["started_on"] == date(2026, 2, 1)
    assert Published(bench.home).manifest.versions == 8
    bench.catch_up()
    assert len(bench.rows("record_account")) == 1


def test_only_one_consumer_at_a_time(bench: Bench) -> None:
    with bench.consumer():
        second = Consumer(bench.home, bench.inbox, bench.application, bench.clock)
        assert not second.try_open()
    with bench.consumer():
        pass


def test_nothing_new_makes_no_generation(bench: Bench) -> None:
    bench.send(event("a"))
    generation = bench.catch_up().generation
    assert bench.catch_up().generation == generation


def test_readers_learn_which_days_grew(bench: Bench) -> None:
    bench.send(event("a"))
    before = bench.catch_up().generation
    bench.send(event("b", START - timedelta(days=3)))
    assert bench.catch_up().days_changed_since(before) == [date(2026, 3, 7)]


def test_each_new_group_is_told_once_by_its_earliest_event(bench: Bench) -> None:
    bench.send(event("a"), event("b", group="beta"), event("c"))
    bench.catch_up()
    bench.send(event("d", group="beta"), event("e", group="gamma"))
    bench.catch_up()
    assert bench.application.groups == ["acme", "beta", "gamma"]


def test_an_inbox_made_anew_goes_on_with_higher_numbers(bench: Bench) -> None:
    for number in range(5):
        bench.send(event(f"a{number}"))
    bench.catch_up()
    bench.inbox.close()
    for path in bench.home.root.glob("inbox.sqlite3*"):
        path.unlink()
    bench.send(event("b1"))
    bench.send(event("b2"))
    bench.catch_up()
    bench.send(event("b3"))
    bench.catch_up()
    assert len(bench.rows("events")) == 8


POISON = "\ud800"  # half a character: no column takes it


def test_one_message_that_cannot_be_carried_is_left_to_people_and_all_others_go_on(bench: Bench) -> None:
    before = [event(f"a{n}", user=f"before{n}") for n in range(3)]
    bench.send(*before, event("bad", user="nobody", properties=POISON), event("b", user="after"))
    bench.send(event("c", user="later"))
    bench.catch_up()
    assert [told.message_id for told in bench.application.aside if isinstance(told, Event)] == ["bad"]
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a0", "a1", "a2", "b", "c"]
    assert sorted(int(str(row["user_no"])) for row in bench.rows("users")) == [1, 2, 3, 4, 5]
    generation = Published(bench.home).generation
    assert bench.catch_up().generation == generation, "nothing is carried again"


def test_a_body_that_cannot_be_understood_is_left_to_people(bench: Bench) -> None:
    bench.send(event("a"))
    bench.inbox.append([NewBody(us(START), "test", b"{")])
    bench.send(event("b"))
    bench.catch_up()
    assert [body.number for body in bench.application.aside if isinstance(body, Body)] == [2]
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a", "b"]


@pytest.mark.parametrize(
    "error", [OSError("no space left"), duckdb.IOException("full"), RuntimeError("busy")]
)
def test_what_passes_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(bench.application, "accept", failing)
    monkeypatch.setattr(bench.application, "is_passing", lambda found: isinstance(found, RuntimeError))
    bench.send(event("a"), event("b"))
    with pytest.raises(type(error)):
        bench.catch_up()
    monkeypatch.undo()
    bench.catch_up()
    assert (len(bench.rows("events")), bench.application.aside) == (2, [])


def test_where_record_versions_cannot_be_carried_no_message_is_blamed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise ValueError("no date")

    bench.send(event("a"))
    monkeypatch.setattr(bench.application, "versions", failing)
    with pytest.raises(ValueError, match="no date"):
        bench.catch_up()
    assert not bench.application.aside


def test_it_says_when_all_there_was_is_published(bench: Bench) -> None:
    stop, heard = threading.Event(), list[int]()

    def went() -> None:
        heard.append(len(bench.rows("events")))
        stop.set()

    bench.send(event("a"))
    with bench.consumer() as consumer:
        consumer.run(stop, went)
    assert heard == [1]
