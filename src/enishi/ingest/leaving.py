"""What the consumer cannot carry even alone waits on the desk, so that everything else goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from enishi.ingest.contracts import Origin
from enishi.ingest.decoding import content_of_message
from enishi.ingest.models import Reject
from enishi.store.contracts import Body, Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ABOUT_SOMEBODY = ("identify", "group", "alias")  # what they say are traits


def leave(item: Event | Body, origin: Origin, error: Exception) -> None:
    """Put a message, or a body, on the desk; one that was there before and was tried again is open once more.

    Args:
        origin: under which the message goes in again from the desk.
    """
    name, payload = _told(item)
    said = _plain(f"{type(error).__name__}: {error}")[:500]
    Reject.objects.update_or_create(
        origin=name,
        position=0,
        defaults={
            "kind": "event",
            "source": "" if isinstance(item, Body) else item.source,
            "content": "",  # that it comes again does not mean that it can be carried
            "payload": payload,
            "reason": "not_carried",
            "message_en": f"The message could not be carried into the store ({said}).",
            "message_ja": f"メッセージをストアに取り込めませんでした({said})。",
            "place": "$",
            "context": {
                "origin": msgspec.to_builtins(origin),
                "received_us": item.received_us,
                "sent_us": None,
            },
            "status": Reject.Status.OPEN,
            "made_at": _EPOCH + timedelta(microseconds=item.received_us),
            "closed_at": None,
            "closed_by": "",
        },
    )


def _told(item: Event | Body) -> tuple[str, str]:
    """What an item is called on the desk, and what it says."""
    if isinstance(item, Body):
        return f"inbox:{item.number}", _plain(item.body.decode("utf-8", "replace"))
    name = content_of_message(item.stream, item.message_id)[:40]
    return f"carry:{name}", _plain(json.dumps(message_of(item), ensure_ascii=False))


def _plain(text: str) -> str:
    """As every database takes it."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def message_of(event: Event) -> dict[str, Any]:
    """An understood message as the protocol writes it."""
    message: dict[str, Any] = {
        "type": event.type,
        "messageId": event.message_id,
        "event": event.event if event.type == "track" else "",
        "name": event.event.removeprefix("Viewed ") if event.type in ("page", "screen") else "",
        "userId": event.user,
        "anonymousId": event.anonymous,
        "previousId": event.previous,
        "groupId": event.group,
        "timestamp": (_EPOCH + timedelta(microseconds=event.occurred_us)).isoformat(),
        "context": {"product": event.product} if event.product else "",
        "traits" if event.type in _ABOUT_SOMEBODY else "properties": _object(event.properties),
    }
    return {name: value for name, value in message.items() if value != ""}


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
