"""Bodies of the inbox become events; items that cannot be understood become rejects."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from enishi.ingest.contracts import Channel, Origin, Refused, decode_origin
from enishi.ingest.corrections import Rule, mend
from enishi.ingest.items import Circumstances, add_item, add_items, read_instant
from enishi.ingest.models import Reject
from enishi.kit.text import Text
from enishi.store.columns import Events
from enishi.store.contracts import Body

log = logging.getLogger("enishi.ingest")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Envelope(msgspec.Struct):
    """A batch request; everything else in it is of no use here."""

    batch: list[msgspec.Raw]
    sentAt: msgspec.Raw = msgspec.Raw(b"")
    writeKey: msgspec.Raw = msgspec.Raw(b"")
    context: msgspec.Raw = msgspec.Raw(b"")


class Single(msgspec.Struct):
    """What the server looks at in a single message."""

    sentAt: msgspec.Raw = msgspec.Raw(b"")
    writeKey: msgspec.Raw = msgspec.Raw(b"")


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_single = msgspec.json.Decoder(Single).decode
_decode_any = msgspec.json.Decoder().decode

BATCH_ROUTES = ("batch", "import")


def split(origin: Origin, body: bytes) -> tuple[list[bytes | msgspec.Raw], int | None]:
    """The items of a body, and when the client says it sent them."""
    if origin.route in BATCH_ROUTES:
        envelope = decode_envelope(body)
        return list(envelope.batch), _sent(envelope.sentAt)
    return [body], _sent(decode_single(body).sentAt)


def text_of(raw: msgspec.Raw) -> str:
    """A raw JSON value if it is a text; else nothing."""
    if not bytes(raw):
        return ""
    value = _decode_any(raw)
    return value if isinstance(value, str) else ""


def _sent(raw: msgspec.Raw) -> int | None:
    try:
        text = text_of(raw)
        return read_instant(text, "$.sentAt") if text else None
    except (Refused, msgspec.DecodeError, RecursionError):
        return None  # a sentAt that cannot be read corrects nothing


def circumstances(origin: Origin, received_us: int, sent_us: int | None, place: str) -> Circumstances:
    """How the items of a body of this origin are to be read."""
    return Circumstances(
        received_us,
        sent_us,
        "" if origin.route in BATCH_ROUTES else origin.route,
        origin.backfill or origin.route == "import",
        place,
        origin.delivery,
    )


def decode_bodies(
    bodies: Sequence[Body],
    channel_of: Callable[[Origin], Channel],
    rules_of: Callable[[str], Sequence[Rule]],
    zone: ZoneInfo,
) -> tuple[Events, list[Reject]]:
    """All events of some bodies in order, and unsaved rejects for the rest.

    Args:
        rules_of: corrections kept for a source, tried on what would be refused.
        zone: of times that name none, where a correction reads them.
    """
    events = Events()
    rejects: list[Reject] = []
    for body in bodies:
        origin = decode_origin(body.origin)
        channel = channel_of(origin)
        try:
            items, sent_us = split(origin, body.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            broken = Refused("bad_json", Text(f"Not valid JSON: {error}", f"JSONとして読めません: {error}"))
            rejects.append(_reject(body, 0, body.body, channel, origin, None, broken))
            continue
        at = circumstances(origin, body.received_us, sent_us, str(body.number))
        failures: list[tuple[int, Exception]] = []
        add_items(events, items, channel, at, lambda *found: failures.append(found))  # noqa: B023 - called now
        for position, failure in failures:
            raw = bytes(items[position])
            rules = rules_of(channel.name)
            if rules and _add_mended(events, raw, rules, zone, channel, at, position):
                continue
            refused = failure if isinstance(failure, Refused) else _unread(failure)
            rejects.append(_reject(body, position, raw, channel, origin, sent_us, refused))
    return events, rejects


def _add_mended(
    events: Events,
    raw: bytes,
    rules: Sequence[Rule],
    zone: ZoneInfo,
    channel: Channel,
    at: Circumstances,
    position: int,
) -> bool:
    """Add a message as the kept corrections make it, if that can be taken."""
    try:
        item = _decode_any(raw)
        if not isinstance(item, dict):
            return False
        add_item(events, msgspec.json.encode(mend(item, rules, zone)), channel, at, position)
    except Exception:
        return False  # whatever a correction makes of it: it is told why it was refused as it came
    return True


def _unread(error: Exception) -> Refused:
    """Whatever one sender managed to write may not stop everybody's facts."""
    log.error("an accepted item could not be read", exc_info=error)
    name = type(error).__name__
    return Refused(
        "unreadable", Text(f"The message cannot be read ({name}).", f"メッセージを読み取れません({name})。")
    )


def _reject(
    body: Body,
    position: int,
    raw: bytes,
    channel: Channel,
    origin: Origin,
    sent_us: int | None,
    refused: Refused,
) -> Reject:
    return Reject(
        kind="event",
        source=channel.name,
        origin=f"inbox:{body.number}",
        position=position,
        content=content_of_message(channel.stream, _message_id(raw)),
        payload=raw.decode("utf-8", "replace").replace("\x00", "�"),
        reason=refused.code,
        message_en=refused.message.en,
        message_ja=refused.message.ja,
        place=refused.place[:200],
        context={
            "origin": msgspec.to_builtins(origin),
            "received_us": body.received_us,
            "sent_us": sent_us,
        },
        made_at=_EPOCH + timedelta(microseconds=body.received_us),
    )


def _message_id(raw: bytes) -> str:
    """The id a message that cannot be understood gives itself; empty where it gives none."""
    try:
        item = _decode_any(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    found = item.get("messageId") if isinstance(item, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def content_of_message(stream: str, message_id: str) -> str:
    """By what the desk knows a message if it comes again; empty for one without an id."""
    return (
        hashlib.sha256(f"{stream}\n{message_id}".encode(errors="replace")).hexdigest() if message_id else ""
    )
