"""Whatever is sent, the way in answers with an event, a reason, or a refusal; never with a crash."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.ingest.bodies import BadBody, TooLarge, check_body, unpack
from enishi.ingest.contracts import Channel, Origin, Refused
from enishi.ingest.decoding import decode_bodies
from enishi.ingest.items import Circumstances, read_instant, read_item
from enishi.store.contracts import Body

CHANNEL = Channel("app", product="crm")
RECEIVED = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp() * 1e6)
AT = Circumstances(RECEIVED, None, "", False, "7")

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "type", "event", "name", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp",
    "originalTimestamp", "properties", "traits", "context",
)  # fmt: skip
likely = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(FIELDS, values),
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "x", None])
        | values,
        "context": st.fixed_dictionaries({}, optional={"groupId": values, "product": values}) | values,
    },
)


@settings(max_examples=300, deadline=None)
@given(item=likely | values, sent=values)
def test_any_item_becomes_one_event_or_one_reject(item: Any, sent: Any) -> None:
    content = json.dumps({"batch": [item], "sentAt": sent}).encode()
    count, _ = check_body("batch", content)
    events, rejects = decode_bodies(
        [Body(1, RECEIVED, Origin().encode(), content)],
        lambda origin: CHANNEL,
        lambda source: [],
        ZoneInfo("UTC"),
    )
    assert count == len(events) + len(rejects) == 1
    for event in events:
        assert event.message_id
        assert event.occurred_us <= event.received_us
        assert json.loads(event.properties) is not None
        assert event.user or event.anonymous or event.group
        event.message_id.encode()
        event.user.encode()
    for reject in rejects:
        assert reject.reason
        assert reject.message_en != reject.message_ja


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_taken_or_refused(content: bytes) -> None:
    for route in ("batch", "track"):
        with contextlib.suppress(BadBody, TooLarge):
            check_body(route, unpack(content))


def item(**more: Any) -> bytes:
    return json.dumps({"type": "track", "event": "e", "userId": "u", "messageId": "m", **more}).encode()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2026-03-09T01:02:03Z", "2026-03-09T01:02:03"),
        ("2026-03-09T01:02:03.123456+09:00", "2026-03-08T16:02:03.123456"),
        ("2026-03-09T01:02:03", "2026-03-09T01:02:03"),
        ("2026-03-09", "2026-03-09T00:00:00"),
        (1773018123, "2026-03-09T01:02:03"),
        (1773018123000, "2026-03-09T01:02:03"),
        ("1773018123000", "2026-03-09T01:02:03"),
    ],
)
def test_times_are_read_in_the_forms_sdks_send(said: Any, read: str) -> None:
    expected = int(datetime.fromisoformat(read).replace(tzinfo=UTC).timestamp() * 1e6)
    assert read_instant(said, "$.timestamp") == expected


@pytest.mark.parametrize("said", ["", "soon", "2026-13-01", "nan", "inf", "1e400"])
def test_other_times_are_refused_with_their_place(said: str) -> None:
    with pytest.raises(Refused) as caught:
        read_instant(said, "$.timestamp")
    assert caught.value.place == "$.timestamp"


def test_without_an_id_the_content_names_the_message() -> None:
    said = json.dumps(
        {"type": "track", "event": "e", "userId": "u", "timestamp": "2026-03-01T00:00:00Z"}
    ).encode()
    first, second = read_item(said, CHANNEL, AT), read_item(said, CHANNEL, AT, 3)
    assert first.message_id == second.message_id
    bare = json.dumps({"type": "track", "event": "e", "userId": "u"}).encode()
    assert read_item(bare, CHANNEL, AT).message_id != read_item(bare, CHANNEL, AT, 3).message_id


def test_the_sender_may_name_the_product() -> None:
    assert read_item(item(), CHANNEL, AT).product == "crm"
    assert read_item(item(context={"product": "erp"}), CHANNEL, AT).product == "erp"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"type": "page", "name": "Home"}, "Viewed Home"),
        ({"type": "screen", "properties": {"name": "Main"}}, "Viewed Main"),
        ({"type": "page"}, "page"),
        ({"type": "page", "properties": {"name": 5}}, "page"),
        ({"event": "  Report Opened "}, "Report Opened"),
    ],
)
def test_events_get_their_names(more: dict[str, Any], name: str) -> None:
    assert read_item(item(**more), CHANNEL, AT).event == name


def test_rudderstacks_traits_lie_in_the_context() -> None:
    said = item(type="identify", context={"traits": {"email": "a@b.example"}})
    assert json.loads(read_item(said, CHANNEL, AT).properties) == {"email": "a@b.example"}


def test_imported_history_is_backfill() -> None:
    body = Body(1, RECEIVED, Origin(route="import").encode(), b'{"batch":[' + item() + b"]}")
    events, _ = decode_bodies([body], lambda origin: CHANNEL, lambda source: [], ZoneInfo("UTC"))
    assert events[0].backfill


def decoded(items: str) -> tuple[Any, Any]:
    content = f'{{"batch":[{items}],"sentAt":1e999}}'.encode()
    check_body("batch", content)
    body = Body(1, RECEIVED, Origin().encode(), content)
    return decode_bodies([body], lambda origin: CHANNEL, lambda source: [], ZoneInfo("UTC"))


@pytest.mark.parametrize("value", ["1e999", "-1e999", "9" * 5000, "[" * 101 + "]" * 101])
@pytest.mark.parametrize("kind", ["page", "track", "identify", "group"])
def test_what_nobody_can_read_later_is_a_bad_item(kind: str, value: str) -> None:
    """A browser's key is public: one such message may not hold up everybody's facts."""
    part = "traits" if kind in ("identify", "group") else "properties"
    one = f'{{"type":"{kind}","event":"e","userId":"u","groupId":"g","{part}":{{"name":"Home","x":{value}}}}}'
    events, rejects = decoded(f'{one},{{"type":"track","event":"next","userId":"u"}}')
    assert [event.event for event in events] == ["next"]
    reason = "too_deep" if "[" in value else "number_too_large"
    assert [(row.reason, row.place) for row in rejects] == [(reason, f"$.{part}")]


@pytest.mark.parametrize("value", ["9" * 400, "1.5e308", "[" * 99 + "]" * 99, str([[1] * 3] * 200)])
def test_a_long_number_and_many_lists_are_taken(value: str) -> None:
    events, rejects = decoded(f'{{"type":"track","event":"e","userId":"u","properties":{{"x":{value}}}}}')
    assert (json.loads(events[0].properties), rejects) == ({"x": json.loads(value)}, [])


def test_a_correction_that_makes_nonsense_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    import enishi.ingest.decoding as decoding

    monkeypatch.setattr(decoding, "mend", lambda *_: {"properties": {1j: object()}})
    content = json.dumps({"batch": [{"type": "track", "userId": "u"}]}).encode()
    body = Body(1, RECEIVED, Origin().encode(), content)
    rule: Any = object()
    _, rejects = decode_bodies([body], lambda origin: CHANNEL, lambda source: [rule], ZoneInfo("UTC"))
    assert [reject.reason for reject in rejects] == ["missing_event"]


def test_what_breaks_the_reading_of_one_item_goes_to_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    import enishi.ingest.items as items

    real = items._parse

    def failing(raw: bytes) -> Any:
        if b"poison" in bytes(raw):
            raise RecursionError
        return real(raw)

    monkeypatch.setattr(items, "_parse", failing)
    content = json.dumps({"batch": [{"type": "poison"}, json.loads(item())]}).encode()
    events, rejects = decode_bodies(
        [Body(1, RECEIVED, Origin().encode(), content)],
        lambda origin: CHANNEL,
        lambda source: [],
        ZoneInfo("UTC"),
    )
    assert [event.message_id for event in events] == ["m"]
    assert [reject.reason for reject in rejects] == ["unreadable"]


@pytest.mark.parametrize("route", ["batch", "track"])
def test_json_nested_beyond_reason_is_the_senders_mistake(route: str) -> None:
    deep = b"[" * 50_000 + b"]" * 50_000
    body = (
        b'{"batch":[{"properties":' + deep + b"}]}"
        if route == "batch"
        else b'{"properties":[' + b"[" * 5000 + b"]" * 5000 + b"]}"
    )
    with pytest.raises(BadBody, match="nested"):
        check_body(route, body)
