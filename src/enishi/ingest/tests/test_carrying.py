"""From a request to stored facts, accounts and rejects."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from enishi.accounts.models import Account, Company, Contact, Member, OutsideId
from enishi.ingest.api import StillRefused, accept_events, consume_once, discard_reject, drain, event_message
from enishi.ingest.api import replay_reject as replay
from enishi.ingest.contracts import Origin
from enishi.ingest.inbox import inbox_of
from enishi.ingest.models import Reject, WriteKey
from enishi.kit.clock import HandClock
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.store.api import NewBody, Published

pytestmark = pytest.mark.django_db

Keys = Callable[..., tuple[WriteKey, str]]


def rows(home: Home, table: str) -> list[dict[str, Any]]:
    files = Published(home).files(table)
    if not files:
        return []
    return duckdb.sql(f"from read_parquet({files})").to_arrow_table().to_pylist()


def send(home: Home, clock: HandClock, key: WriteKey, *items: Any, route: str = "batch", **more: Any) -> None:
    body = json.dumps({"batch": items, **more}).encode()
    received = int(clock().timestamp() * 1e6)
    inbox_of(home).append([NewBody(received, Origin(key=key.pk, route=route).encode(), body)])
    drain(home, clock)


def track(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "opened", "userId": "u1", "messageId": f"m{number}"} | more


def test_events_arrive_with_the_settings_of_their_key(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key("web", product="crm", system="prod")
    send(home, clock, key, track(context={"groupId": "g1"}), track(2, groupId="g1", userId=7))
    found = rows(home, "events")
    assert {row["product"] for row in found} == {"crm"}
    assert {row["source"] for row in found} == {"web"}
    assert {row["user_id"] for row in rows(home, "users")} == {"u1", "7"}
    assert rows(home, "groups")[0]["system"] == "prod"


def test_two_write_keys_may_use_the_same_message_ids(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    web, _ = make_key("web")
    jobs, _ = make_key("jobs")
    for _ in range(2):
        send(home, clock, web, track(1), track(2))
        send(home, clock, jobs, track(1))
    found = sorted((row["source"], row["message_id"]) for row in rows(home, "events"))
    assert found == [("jobs", "m1"), ("web", "m1"), ("web", "m2")]


def test_a_retry_with_the_key_that_replaced_the_first_counts_once(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    old, _ = make_key("web")
    send(home, clock, old, track(1))
    old.revoked_at = clock()
    old.save()
    new, _ = make_key("web 2", stream=old.stream)
    send(home, clock, new, track(1), track(2))
    assert sorted(row["message_id"] for row in rows(home, "events")) == ["m1", "m2"]


def test_a_clients_wrong_clock_is_corrected(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(
        home, clock, key,
        track(timestamp="1970-01-01T00:00:10Z"), track(2, originalTimestamp="1970-01-01T00:00:40Z"),
        sentAt="1970-01-01T00:00:40Z",
    )  # fmt: skip
    times = sorted(row["occurred_at"] for row in rows(home, "events"))
    now = clock().replace(tzinfo=None)
    assert times == [now - timedelta(seconds=30), now]


def test_impossible_times_go_to_the_desk(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    ahead = (clock() + timedelta(hours=20)).isoformat()
    far = (clock() + timedelta(hours=25)).isoformat()
    old = "1999-12-31T00:00:00Z"
    send(home, clock, key, *(track(n, timestamp=at) for n, at in enumerate((ahead, far, old, "gestern"))))
    assert [row["occurred_at"] for row in rows(home, "events")] == [clock().replace(tzinfo=None)]
    assert sorted(r.reason for r in Reject.objects.all()) == ["bad_time", "time_in_future", "time_too_old"]


@pytest.mark.parametrize(
    ("item", "reason", "place"),
    [
        ({"type": "track", "userId": "u"}, "missing_event", "$.event"),
        ({"type": "track", "event": "e"}, "missing_user", "$.userId"),
        ({"type": "identify", "groupId": "g"}, "missing_user", "$.userId"),
        ({"type": "group", "userId": "u"}, "missing_group", "$.groupId"),
        ({"type": "alias", "userId": "u"}, "missing_previous", "$.previousId"),
        ({"userId": "u"}, "missing_type", "$.type"),
        ({"type": "charge", "userId": "u"}, "unknown_type", "$.type"),
        ({"type": "track", "event": "e", "userId": "u", "properties": []}, "not_an_object", "$.properties"),
        ({"type": "track", "event": 5, "userId": "u"}, "wrong_type", "$.event"),
        ({"type": "track", "event": "e", "userId": "u" * 251}, "id_too_long", "$.userId"),
        ({"type": "track", "event": "e", "userId": "u", "properties": {"x": "y" * 33000}}, "item_too_large", "$"),
        ("text", "wrong_type", "$"),
        (None, "wrong_type", "$"),
    ],
)  # fmt: skip
def test_a_bad_item_does_not_spoil_its_batch(
    home: Home, clock: HandClock, company: Company, make_key: Keys, item: Any, reason: str, place: str
) -> None:
    key, _ = make_key()
    send(home, clock, key, track(1), item, track(2))
    assert len(rows(home, "events")) == 2
    (reject,) = Reject.objects.all()
    assert (reject.reason, reject.place, reject.position) == (reason, place, 1)
    assert reject.message("ja") != reject.message("en")
    assert json.loads(reject.payload) == item


def test_rejects_are_not_doubled_when_bodies_are_read_again(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    from enishi.ingest.application import DjangoApplication
    from enishi.store.api import Body

    key, _ = make_key()
    body = Body(9, 0, Origin(key=key.pk).encode(), b'{"batch":[{}]}')
    DjangoApplication(clock).decode([body])
    DjangoApplication(clock).decode([body])
    assert Reject.objects.count() == 1


def test_a_corrected_item_is_replayed_once(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(home, clock, key, {"type": "track", "userId": "u", "timestamp": "2026-03-09T01:00:00Z"})
    (reject,) = Reject.objects.all()
    clock.advance(days=2)
    with pytest.raises(StillRefused) as caught:
        replay(home, reject, reject.payload, actor="boss@example.com", now=clock())
    assert caught.value.code == "missing_event"
    corrected = json.dumps({**json.loads(reject.payload), "event": "opened"})
    done = replay(home, reject, corrected, actor="boss@example.com", now=clock())
    assert (done.status, done.closed_by) == ("replayed", "boss@example.com")
    drain(home, clock)
    (event,) = rows(home, "events")
    assert event["event"] == "opened"
    assert str(event["occurred_at"]).startswith("2026-03-09 01:00")
    assert str(event["known_on"]) == "2026-03-12"
    with pytest.raises(Conflict):
        replay(home, reject, corrected, actor="boss@example.com", now=clock())


def test_what_an_older_program_published_is_carried_anew_before_it_is_read(
    home: Home, clock: HandClock, company: Company, make_key: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing new to carry, too: the next command would look for columns that are not there."""
    send(home, clock, make_key()[0], track())
    before = Published(home).generation
    monkeypatch.setattr("enishi.store.rebuild.fingerprint", lambda: "newer")
    assert drain(home, clock) > before


def replay_named(home: Home, clock: HandClock, reject: Reject, item: dict[str, str]) -> None:
    """Replay a nameless item with a name; some minutes pass."""
    replay(home, reject, json.dumps({**item, "event": "opened"}), actor="x", now=clock())
    drain(home, clock)
    clock.advance(minutes=5)


def test_a_reject_whose_number_was_given_before_is_another_message(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    """After an older database was put back, the numbers of rejects come again; the store knows the ids it has seen."""
    key, _ = make_key()
    item = {"type": "track", "userId": "u"}
    for _time in range(2):
        send(home, clock, key, item)
        reject = Reject.objects.get()
        Reject.objects.filter(pk=reject.pk).update(id=7)
        Reject.objects.exclude(pk=7).delete()
        reject = Reject.objects.get(pk=7)
        replay_named(home, clock, reject, item)
        Reject.objects.all().delete()
    assert len(rows(home, "events")) == 2


def test_a_reject_that_is_replayed_twice_after_a_restore_counts_once(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    item = {"type": "track", "userId": "u"}
    send(home, clock, key, item)
    for _time in range(2):
        replay_named(home, clock, Reject.objects.get(), item)
        Reject.objects.update(status="open", closed_at=None, closed_by="")
    assert len(rows(home, "events")) == 1


def test_a_reject_of_a_single_route_keeps_its_type(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    body = NewBody(
        int(clock().timestamp() * 1e6), Origin(key=key.pk, route="track").encode(), b'{"userId":"u"}'
    )
    inbox_of(home).append([body])
    drain(home, clock)
    (reject,) = Reject.objects.all()
    replay(home, reject, '{"userId":"u","event":"opened"}', actor="x", now=clock())
    drain(home, clock)
    assert [row["type"] for row in rows(home, "events")] == ["track"]


def test_discarding_closes(home: Home, clock: HandClock, company: Company, make_key: Keys) -> None:
    key, _ = make_key()
    send(home, clock, key, {})
    member = Member.objects.create_user("ops@example.com")
    assert discard_reject(Reject.objects.get(), actor=member, now=clock()).status == "discarded"


def test_a_new_group_becomes_an_account_with_its_traits(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    group = {
        "type": "group",
        "userId": "u1",
        "groupId": "g1",
        "traits": {"name": "丸山商事", "employees": 30},
    }
    send(home, clock, key, track(1, context={"groupId": "g2"}), group | {"messageId": "g"})
    assert set(Account.objects.values_list("outside_id", "name")) == {("g1", "丸山商事"), ("g2", "g2")}
    assert OutsideId.objects.filter(target="account").count() == 2
    assert {row["name"] for row in rows(home, "record_account")} == {"丸山商事", "g2"}
    assert {row["value"] for row in rows(home, "link")} == {"g1", "g2"}
    send(home, clock, key, group | {"messageId": "g3", "traits": {"name": "Other"}})
    assert Account.objects.get(outside_id="g1").name == "丸山商事"


def test_a_key_may_leave_unknown_groups_on_the_desk(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key(creates_accounts=False)
    send(home, clock, key, track(1, context={"groupId": "g2"}))
    assert not Account.objects.exists()
    assert len(rows(home, "groups")) == 1


def test_traits_update_records_where_the_key_allows_it(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key(updates_records=True)
    send(home, clock, key, track(1, context={"groupId": "g1"}))
    send(
        home, clock, key,
        {"type": "group", "userId": "u1", "groupId": "g1", "messageId": "a", "traits": {"name": "Acme", "website": "acme.example"}},
        {"type": "identify", "userId": "u1", "messageId": "b", "context": {"groupId": "g1"},
         "traits": {"email": "sato@acme.example", "lastName": "佐藤", "firstName": "花"}},
    )  # fmt: skip
    assert Account.objects.get().name == "Acme"
    contact = Contact.objects.get()
    assert (contact.family_name, contact.given_name, contact.user_id) == ("佐藤", "花", "u1")
    send(
        home, clock, key, {"type": "identify", "userId": "u1", "messageId": "c", "traits": {"title": "部長"}}
    )
    assert Contact.objects.get().title == "部長"


def test_a_files_rows_count_once_however_often_it_is_imported(
    home: Home, clock: HandClock, company: Company
) -> None:
    def file() -> list[dict[str, Any]]:
        row = {"occurred_at": "2024-05-01T00:00:00Z", "account": "a1", "user": "u1", "event": "opened"}
        other = row | {"properties": {"n": 1}}
        return [event_message(**values) for values in (row, row, other)]

    for _ in range(2):
        accepted = accept_events(file(), source="events.csv", backfill=True, home=home, now=clock())
        assert (accepted.count, accepted.refused) == (3, [])
        drain(home, clock)
    found = rows(home, "events")
    assert len(found) == 3
    assert {str(row["known_on"]) for row in found} == {"2024-05-01"}
    assert str(Account.objects.get().since) == "2024-05-01"


def test_a_files_bad_rows_are_told_at_once(home: Home, clock: HandClock, company: Company) -> None:
    messages = [
        event_message(occurred_at="yesterday", event="e", user="u"),
        event_message(occurred_at=clock(), event="", user="u"),
        event_message(occurred_at=clock(), event="e", account="a"),
    ]
    accepted = accept_events(messages, source="x.csv", home=home, now=clock())
    assert accepted.count == 1
    assert [(place, refused.code) for place, refused in accepted.refused] == [
        (0, "bad_time"),
        (1, "missing_event"),
    ]


def test_draining_an_empty_installation_is_nothing(home: Home, clock: HandClock, company: Company) -> None:
    assert drain(home, clock) == 0
    assert consume_once(home, clock)


def test_the_zone_of_the_company_decides_the_days(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(home, clock, key, track(1, timestamp="2026-03-09T16:00:00Z", context={"groupId": "g"}))
    assert [str(row["day"]) for row in rows(home, "usage")] == ["2026-03-10"]
    company.time_zone = "America/New_York"
    company.save()
    send(home, clock, key, track(2, timestamp="2026-03-09T16:00:00Z", context={"groupId": "g"}))
    assert {str(row["day"]) for row in rows(home, "usage")} == {"2026-03-09"}
    assert sum(row["n"] for row in rows(home, "usage")) == 2
    assert len(rows(home, "record_account")) == 1
    assert Published(home).zone == "America/New_York"


def test_odd_characters_are_held(home: Home, clock: HandClock, company: Company, make_key: Keys) -> None:
    key, _ = make_key(updates_records=True)
    odd = "a\u0000'\"\n\u2028😀%"
    send(
        home, clock, key,
        track(odd, userId=odd, groupId=odd, event=odd, properties={odd: odd}),
        {"type": "identify", "userId": odd, "groupId": odd, "traits": {"email": odd, "name": odd}, "messageId": "i"},
        {"type": odd, "userId": "u"},
    )  # fmt: skip
    held = odd.replace("\x00", "\ufffd")
    assert {row["user_id"] for row in rows(home, "users")} == {held}
    (event,) = (row for row in rows(home, "events") if row["type"] == "track")
    assert (event["event"], json.loads(event["properties"])) == (held, {odd: odd})
    assert Account.objects.get().outside_id == held
    (reject,) = Reject.objects.filter(kind="event")
    assert (reject.reason, json.loads(reject.payload)["userId"]) == ("unknown_type", "u")
    # The mail address is none; the trait is held at the desk with the reason, the message is stored all the same.
    (trait,) = Reject.objects.exclude(kind="event")
    assert (trait.kind, trait.place) == ("contact", "email")


def refuse() -> None:
    raise ValueError("no")


def spoil() -> None:
    """A statement that fails spoils its whole transaction on PostgreSQL: the next one must not be in it."""
    Account.objects.create(name="x" * 10_000_000, since=None, outside_id=None)


@pytest.mark.parametrize("fail", [refuse, spoil])
def test_an_identity_that_cannot_be_saved_holds_up_nothing(
    home: Home,
    clock: HandClock,
    company: Company,
    make_key: Keys,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[], None],
) -> None:
    import enishi.ingest.traits as traits

    real = traits.save_records

    def failing(kind: Any, given: Any, **more: Any) -> Any:
        if any(row["id"] == "bad" for row in given):
            fail()
        return real(kind, given, **more)

    monkeypatch.setattr(traits, "save_records", failing)
    key, _ = make_key()
    send(home, clock, key, track(1, groupId="bad"), track(2, groupId="good"))
    assert len(rows(home, "events")) == 2
    assert list(Account.objects.values_list("outside_id", flat=True)) == ["good"]
    assert Reject.objects.get().reason == "identity_failed"


def test_one_trait_that_does_not_fit_costs_nothing_else(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key(updates_records=True)
    send(
        home, clock, key,
        {"type": "group", "userId": "u", "groupId": "g", "traits": {"name": "Acme", "employees": "51-200"}, "messageId": "g"},
        track(1, groupId="g"),
    )  # fmt: skip
    account = Account.objects.get()
    assert (account.name, account.employees) == ("Acme", None)
    reject = Reject.objects.get()
    assert (reject.reason, reject.place) == ("bad_trait", "employees")


def test_long_ids_with_one_beginning_have_an_entry_each_on_the_desk(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key(updates_records=True)
    ids = [f"urn:tenant:{'0' * 80}:{n}" for n in range(3)]
    wrong = {"name": "Acme", "employees": "51-200"}
    for name in ("first", "again"):
        said = [{"type": "group", "userId": "u", "groupId": one, "traits": wrong, "messageId": f"{name}-{one}"} for one in ids]  # fmt: skip
        send(home, clock, key, *said)
    assert sorted(json.loads(row.payload)["id"] for row in Reject.objects.all()) == ids
