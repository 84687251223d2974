"""One message of the Segment protocol, understood: pure, given the body's circumstances.

The rules of time. The client's clock may be wrong, so what it says is moved by the difference between our
receiving and its ``sentAt``. What then still lies in the future is taken as happening on receipt if it is at
most a day ahead, and refused beyond; what lies before the year 2000 is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from enishi.ingest.contracts import MAX_ITEM, Channel, Refused
from enishi.kit.text import Text
from enishi.store.columns import Events
from enishi.store.contracts import Event

_DAY_US = 86_400_000_000
_OLDEST_US = 946_684_800_000_000  # 2000-01-01
MAX_ID = 250
MAX_NAME = 200
MAX_DEPTH = 100  # whoever reads properties later goes through them step by step

Id = str | int | float | None
_USE = frozenset({"track", "page", "screen"})


class _Context(msgspec.Struct, gc=False):
    groupId: Id = None
    product: str | None = None
    traits: msgspec.Raw = msgspec.Raw(b"")


class _Item(msgspec.Struct, gc=False):
    type: str | None = None
    messageId: Id = None
    event: str | None = None
    name: str | None = None
    userId: Id = None
    anonymousId: Id = None
    previousId: Id = None
    groupId: Id = None
    originalTimestamp: str | int | float | None = None
    timestamp: str | int | float | None = None
    properties: msgspec.Raw = msgspec.Raw(b"")
    traits: msgspec.Raw = msgspec.Raw(b"")
    context: _Context | None = None


_decode = msgspec.json.Decoder(_Item).decode
_decode_any = msgspec.json.Decoder().decode
_NO_CONTEXT = _Context()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the body an item stood in.

    Args:
        received_us: when it arrived.
        sent_us: the client's clock at sending; None where not said.
        type: of every item, for the single routes; empty where each item says its own.
        place: unique name of the body; with its position, an item without an id is named after it.
    """

    received_us: int
    sent_us: int | None
    type: str
    backfill: bool
    place: str
    delivery: str = ""


def read_item(raw: bytes | msgspec.Raw, channel: Channel, at: Circumstances, position: int = 0) -> Event:
    """The event an item stands for.

    Raises:
        Refused: with the reason in both languages and its place.
    """
    one = Events()
    add_item(one, raw, channel, at, position)
    return one[0]


def add_items(
    events: Events,
    items: Sequence[bytes | msgspec.Raw],
    channel: Channel,
    at: Circumstances,
    refused: Callable[[int, Exception], None],
) -> None:
    """Add the events that the items of one body stand for; of the others ``refused`` hears, with their position."""
    add, product = events.adder(), channel.product
    for position, raw in enumerate(items):
        try:
            _read(add, raw, at, position, product)
        except Exception as error:
            refused(position, error)
    events.fill(_shared(channel, at))


def add_item(
    events: Events, raw: bytes | msgspec.Raw, channel: Channel, at: Circumstances, position: int
) -> None:
    """Add one message.

    Raises:
        Refused: with the reason in both languages and its place.
    """
    _read(events.adder(), raw, at, position, channel.product)
    events.fill(_shared(channel, at))


def _shared(channel: Channel, at: Circumstances) -> tuple[str, int, bool, str, str, str]:
    """What all events of a body have in common: the fields of :class:`Event` from ``system`` on."""
    return channel.system, at.received_us, at.backfill, channel.name, channel.stream, at.delivery


def _read(
    add: Callable[..., None], raw: bytes | msgspec.Raw, at: Circumstances, position: int, product: str
) -> None:
    """Add what an item itself says: the fields of :class:`Event` before ``system``."""
    if len(raw) > MAX_ITEM:
        raise _too_large(len(raw))
    item = _parse(raw)
    context = item.context or _NO_CONTEXT
    kind = at.type or item.type or ""
    user = _id(item.userId, "$.userId") if item.userId is not None else ""
    anonymous = _id(item.anonymousId, "$.anonymousId") if item.anonymousId is not None else ""
    group = _id(item.groupId, "$.groupId") if item.groupId is not None else ""
    if not group and context.groupId is not None:
        group = _id(context.groupId, "$.context.groupId")
    previous = _id(item.previousId, "$.previousId") if kind == "alias" and item.previousId is not None else ""
    name, properties = _content(kind, item, context)
    if kind not in _USE or not user:
        _check_ids(kind, user, anonymous, group, previous)
    add(
        _message_id(item, raw, at, position),
        kind,
        name,
        clean(context.product)[:MAX_NAME] if context.product else product,
        group,
        user,
        anonymous,
        previous,
        _occurred(item, at),
        properties,
    )


def _too_large(size: int) -> Refused:
    return Refused(
        "item_too_large",
        Text(
            f"The message has {size:,} bytes; {MAX_ITEM:,} are allowed.",
            f"メッセージが{size:,}バイトあります。上限は{MAX_ITEM:,}バイトです。",
        ),
    )


def _parse(raw: bytes | msgspec.Raw) -> _Item:
    try:
        return _decode(raw)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `")
        raise Refused(
            "wrong_type",
            Text(f"A value has the wrong type: {said}.", f"値の型が正しくありません({said})。"),
            place.rstrip("`") or "$",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(
            "bad_json", Text(f"Not valid JSON: {error}.", f"JSONとして読めません({error})。")
        ) from None
    except RecursionError:
        raise _too_deep("$") from None


def _too_deep(place: str) -> Refused:
    return Refused("too_deep", Text("It is nested too deeply.", "入れ子が深すぎます。"), place)


def clean(text: str) -> str:
    """Without the one character that databases cannot hold."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def _id(value: str | int | float, place: str) -> str:
    """An id as text; numbers are taken as they are written."""
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > MAX_ID:
        raise Refused(
            "id_too_long",
            Text(
                f"The id has {len(text)} characters; {MAX_ID} are allowed.",
                f"IDが{len(text)}文字あります。上限は{MAX_ID}文字です。",
            ),
            place,
        )
    return clean(text)


def _content(kind: str, item: _Item, context: _Context) -> tuple[str, str]:
    """The event's name and its properties (traits for identify and group) as a JSON object."""
    if kind == "track":
        return _event_name(item.event), _object(item.properties, "$.properties")[0]
    if kind in ("page", "screen"):
        properties, found = _object(item.properties, "$.properties")
        return _page_name(kind, item.name, found), properties
    if kind == "identify":
        return kind, _object(item.traits if bytes(item.traits) else context.traits, "$.traits")[0]
    if kind in ("group", "alias"):
        return kind, _object(item.traits, "$.traits")[0]
    if not kind:
        raise Refused("missing_type", Text("The message says no type.", "type がありません。"), "$.type")
    raise Refused(
        "unknown_type",
        Text(
            f"The type '{clean(kind[:40])}' is none of track, page, screen, identify, group, alias.",
            f"type「{clean(kind[:40])}」は track・page・screen・identify・group・alias のいずれでもありません。",
        ),
        "$.type",
    )


def _event_name(name: str | None) -> str:
    text = name.strip() if name else ""
    if not text:
        raise Refused(
            "missing_event", Text("The event has no name.", "イベント名(event)がありません。"), "$.event"
        )
    return clean(text[:MAX_NAME])


def _page_name(kind: str, name: str | None, properties: dict[str, Any]) -> str:
    text = (name or "").strip()
    if not text and isinstance(told := properties.get("name"), str):
        text = told.strip()
    return f"Viewed {clean(text)}"[:MAX_NAME] if text else kind


def _object(raw: msgspec.Raw, place: str) -> tuple[str, dict[str, Any]]:
    """A JSON object as it is written, and what it says. Read here, so that it can be read by all who come later: the
    decoder passes over numbers that none can hold."""
    text = str(raw, "utf-8").strip()
    if not text or text == "null":
        return "{}", {}
    if text[:1] != "{":
        raise Refused(
            "not_an_object", Text("This must be an object.", "オブジェクトである必要があります。"), place
        )
    try:
        found = _decode_any(text)
    except msgspec.ValidationError:
        raise Refused(
            "number_too_large",
            Text("It holds a number that is too large.", "大きすぎる数値が含まれています。"),
            place,
        ) from None
    except RecursionError:
        raise _too_deep(place) from None
    if len(text) > 2 * MAX_DEPTH and is_deeper(found, MAX_DEPTH):
        raise _too_deep(place)
    return text, found


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists lie within each other more often than so many times."""
    level = [value]
    for _ in range(levels):
        held = [part.values() if isinstance(part, dict) else part for part in level]
        level = [part for parts in held for part in parts if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def _check_ids(kind: str, user: str, anonymous: str, group: str, previous: str) -> None:
    if not (user or anonymous or (group and kind not in ("identify", "alias"))):
        raise Refused(
            "missing_user",
            Text(
                "There is neither userId nor anonymousId, so nobody can be named.",
                "userId も anonymousId もないため、誰の操作か分かりません。",
            ),
            "$.userId",
        )
    if kind == "group" and not group:
        raise Refused(
            "missing_group", Text("The group call has no groupId.", "groupId がありません。"), "$.groupId"
        )
    if kind == "alias" and not (previous and user):
        raise Refused(
            "missing_previous",
            Text(
                "An alias call needs previousId and userId.", "alias には previousId と userId が必要です。"
            ),
            "$.previousId",
        )


def _message_id(item: _Item, raw: bytes | msgspec.Raw, at: Circumstances, position: int) -> str:
    """The sender's id. Without one: the content's, so that sending it again is recognised; where the content
    does not even say when, the place's."""
    given = item.messageId
    if given is not None and (text := (given if isinstance(given, str) else str(given)).strip()):
        return clean(text)
    if item.timestamp or item.originalTimestamp:
        return "content:" + hashlib.blake2b(bytes(raw), digest_size=16).hexdigest()
    return f"place:{at.place}:{position}"


def read_instant(value: str | int | float, place: str) -> int:
    """Microseconds since the epoch of an ISO 8601 text, or of epoch seconds or milliseconds.

    Raises:
        Refused: it is neither.
    """
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    try:
        number = float(value)
        return int(number * (1_000 if abs(number) > 100_000_000_000 else 1_000_000))
    except (ValueError, OverflowError):
        shown = clean(str(value)[:60])
        raise Refused(
            "bad_time",
            Text(f"'{shown}' is not a time (ISO 8601).", f"「{shown}」は日時(ISO 8601)として読めません。"),
            place,
        ) from None


def _occurred(item: _Item, at: Circumstances) -> int:
    value = item.originalTimestamp or item.timestamp
    if value is None or value == "":
        return at.received_us
    place = "$.originalTimestamp" if item.originalTimestamp else "$.timestamp"
    occurred = read_instant(value, place)
    if at.sent_us is not None:
        occurred += at.received_us - at.sent_us
    return plausible(occurred, at.received_us, place)


def plausible(occurred_us: int, received_us: int, place: str) -> int:
    """The time of happening by the rules of this module's introduction."""
    if occurred_us <= received_us:
        if occurred_us >= _OLDEST_US:
            return occurred_us
        raise Refused(
            "time_too_old", Text("The time lies before the year 2000.", "日時が2000年より前です。"), place
        )
    if occurred_us - received_us <= _DAY_US:
        return received_us
    raise Refused(
        "time_in_future",
        Text(
            "The time lies more than a day in the future.",
            "日時が1日以上先の未来になっています。",
        ),
        place,
    )
