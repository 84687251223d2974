"""The protocol's answers: what is taken, what is refused, and in which words."""

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from enishi.ingest.contracts import MAX_ITEM, MAX_REQUEST
from enishi.ingest.keys import Key, KeyRing
from enishi.ingest.tests.server import KEY, MemoryInbox, basic, call, key_ring, make_app
from enishi.store.contracts import InboxUnavailable, Overloaded

TRACK = {"type": "track", "event": "opened", "userId": "u1", "messageId": "m1"}
BATCH = {"batch": [TRACK], "sentAt": "2026-03-08T00:00:00Z"}


@pytest.fixture
def inbox() -> MemoryInbox:
    return MemoryInbox()


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/batch/", "/v1/b"])
def test_a_batch_is_stored_and_acknowledged(inbox: MemoryInbox, path: str) -> None:
    answer = call(make_app(inbox), path, BATCH)
    assert (answer.status, answer.json()) == (200, {"success": True})
    assert json.loads(inbox.bodies[0].body) == BATCH
    assert inbox.bodies[0].received_us == 1_773_000_000_000_000


@pytest.mark.parametrize("name", ["track", "identify", "group", "page", "screen", "alias"])
def test_single_messages_have_routes_of_their_own(inbox: MemoryInbox, name: str) -> None:
    assert call(make_app(inbox), f"/v1/{name}", TRACK).status == 200
    assert json.loads(inbox.bodies[0].origin)["route"] == name
    assert call(make_app(inbox), f"/v1/{name[0]}", TRACK).status == 200


def test_everything_else_goes_to_the_application_behind(inbox: MemoryInbox) -> None:
    assert call(make_app(inbox), "/accounts/", method="GET").status == 299


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/v1/nothing", "POST", 404), ("/v1/batch", "GET", 405)]
)
def test_wrong_ways_are_named(inbox: MemoryInbox, path: str, method: str, status: int) -> None:
    answer = call(make_app(inbox), path, method=method)
    assert answer.status == status
    assert path in answer.json()["message"]


def test_the_key_may_stand_in_the_body(inbox: MemoryInbox) -> None:
    app = make_app(inbox)
    assert call(app, "/v1/track", {**TRACK, "writeKey": KEY}, headers={"authorization": ""}).status == 200
    assert call(app, "/v1/batch", {**BATCH, "writeKey": KEY}, headers={"authorization": ""}).status == 200


@pytest.mark.parametrize("given", ["", basic("enw_other"), "Basic !!!", "Basic", "Bearer enw_other"])
def test_without_a_key_in_force_nothing_is_taken(inbox: MemoryInbox, given: str) -> None:
    answer = call(make_app(inbox), "/v1/batch", BATCH, headers={"authorization": given})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert not inbox.bodies


def test_a_revoked_key_is_refused_after_the_next_reading(inbox: MemoryInbox) -> None:
    keys: dict[str, Key] = key_ring()._load()
    ring = KeyRing(lambda: keys, lambda used: None)
    app = make_app(inbox, ring)
    assert call(app, "/v1/batch", BATCH).status == 200
    keys = {}
    ring._read_at = float("-inf")
    assert call(app, "/v1/batch", BATCH).status == 401


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize(
    "headers", [{}, {"content-encoding": "gzip"}, {"content-type": "application/x-www-form-urlencoded"}]
)
def test_compressed_bodies_are_known_by_their_bytes(
    inbox: MemoryInbox, pack: Any, headers: dict[str, str]
) -> None:
    answer = call(make_app(inbox), "/v1/batch", pack(json.dumps(BATCH).encode()), headers=headers)
    assert answer.status == 200
    assert json.loads(inbox.bodies[0].body) == BATCH


def test_a_plain_body_that_claims_to_be_compressed_is_taken(inbox: MemoryInbox) -> None:
    assert call(make_app(inbox), "/v1/batch", BATCH, headers={"content-encoding": "gzip"}).status == 200


def test_a_bomb_is_not_unpacked(inbox: MemoryInbox) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < MAX_REQUEST
    app = make_app(inbox)
    tracemalloc.start()
    try:
        assert call(app, "/v1/batch", bomb).status == 413
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_cut_off_compression_is_named(inbox: MemoryInbox) -> None:
    packed = gzip.compress(json.dumps(BATCH).encode())[:-12]
    answer = call(make_app(inbox), "/v1/batch", packed)
    assert (answer.status, answer.json()["error"]) == (400, "bad_compression")


def test_sizes_are_bounded(inbox: MemoryInbox) -> None:
    app = make_app(inbox)
    big = {"batch": [{**TRACK, "properties": {"x": "y" * MAX_REQUEST}}]}
    assert call(app, "/v1/batch", big).status == 413
    assert call(app, "/v1/batch", big, pieces=7).status == 413
    assert call(app, "/v1/batch", BATCH, headers={"content-length": str(MAX_REQUEST + 1)}).status == 413
    assert call(app, "/v1/track", {**TRACK, "properties": {"x": "y" * MAX_ITEM}}).status == 413
    assert not inbox.bodies


def test_a_body_in_pieces_is_put_together(inbox: MemoryInbox) -> None:
    assert call(make_app(inbox), "/v1/batch", BATCH, pieces=5).status == 200
    assert json.loads(inbox.bodies[0].body) == BATCH


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"batch":[{"a":tru}]}', "byte 16"),
        (b'{"batch":[{"a":1,}]}', "byte 17"),
        (b'{"batch":[', "end of body"),
        (b"", "end of body"),
        (b'{"batch":5}', "$.batch"),
        (b"[1]", "$"),
        (b"{}", "$"),
        (b'{"batch":["\xff"]}', "byte 11"),
    ],
)
def test_malformed_json_is_refused_with_its_place(inbox: MemoryInbox, body: bytes, place: str) -> None:
    answer = call(make_app(inbox), "/v1/batch", body)
    assert answer.status == 400
    assert list(answer.json()["fields"]) == [place]
    assert not inbox.bodies


def test_refusals_speak_the_senders_language(inbox: MemoryInbox) -> None:
    app = make_app(inbox)
    english = call(app, "/v1/batch", b"{", headers={"accept-language": "en-GB,ja;q=0.5"}).json()
    japanese = call(app, "/v1/batch", b"{", headers={"accept-language": "ja,en;q=0.5"}).json()
    assert english["message"].startswith("The JSON is malformed")
    assert "JSONの形式" in japanese["message"]
    assert set(english) == {"success", "code", "error", "message", "hint", "fields"}


def test_browsers_may_send_from_anywhere(inbox: MemoryInbox) -> None:
    app = make_app(inbox)
    preflight = call(app, "/v1/batch", method="OPTIONS", headers={"authorization": "", "origin": "https://x"})
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    allowed = preflight.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "anonymousid"} <= set(allowed)
    for answer in (call(app, "/v1/batch", BATCH), call(app, "/v1/batch", b"{")):
        assert answer.headers["access-control-allow-origin"] == "*"


def test_a_failing_disk_is_said_and_nothing_acknowledged(inbox: MemoryInbox) -> None:
    inbox.error = InboxUnavailable("database or disk is full")
    answer = call(make_app(inbox), "/v1/batch", BATCH)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_overload_asks_to_come_back(inbox: MemoryInbox) -> None:
    app = make_app(inbox)
    app.commit.max_waiting = 0
    answer = call(app, "/v1/batch", BATCH)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert Overloaded(3).retry_after == 3


def test_an_unforeseen_failure_is_no_acknowledgement(inbox: MemoryInbox) -> None:
    inbox.error = RuntimeError("surprise")
    assert call(make_app(inbox), "/v1/batch", BATCH).status == 500


def test_an_empty_batch_is_fine(inbox: MemoryInbox) -> None:
    assert call(make_app(inbox), "/v1/batch", {"batch": []}).status == 200
    assert not inbox.bodies


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"\\ud83d"', '"\\ufffd"'),
        ('"\\udE00 x"', '"\\ufffd x"'),
        ('"\\ud83d\\ude00"', '"\\ud83d\\ude00"'),
        ('"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'),
        ('"\\\\ud83d"', '"\\\\ud83d"'),
    ],
)
def test_half_characters_do_not_spoil_a_batch(inbox: MemoryInbox, sent: str, kept: str) -> None:
    body = '{"batch":[{"type":"track","event":%s,"userId":"u"}]}'
    assert call(make_app(inbox), "/v1/batch", (body % sent).encode()).status == 200
    assert inbox.bodies[0].body == (body % kept).encode()
