"""The rejects desk's way back: a corrected item goes in again as if it had arrived now."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.ingest.contracts import Channel, Origin, Refused, channel_of_file
from enishi.ingest.decoding import circumstances
from enishi.ingest.inbox import inbox_of
from enishi.ingest.items import read_item
from enishi.ingest.keys import channel_of_key
from enishi.ingest.models import Reject, WriteKey
from enishi.kit.clock import microseconds
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.contracts import NewBody

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StillRefused(EnishiError):
    """The corrected item cannot be taken either."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(
            refused.code,
            refused.message,
            Text("Correct it and try again.", "修正してもう一度お試しください。"),
            {refused.place: refused.message},
        )


def replay_reject(
    home: Home, reject: Reject, corrected_payload: str, *, actor: Member | str, now: datetime
) -> Reject:
    """Check a corrected event and put it into the inbox; the reject is closed.

    The event keeps the time at which it happened (corrected for the client's clock as when it came first), and
    counts as known from now.

    Raises:
        StillRefused: with the reason and its place; nothing has changed.
        Conflict: the reject is no open event.
    """
    with transaction.atomic():
        row = Reject.objects.select_for_update().get(pk=reject.pk)
        if row.kind != "event" or row.status != Reject.Status.OPEN:
            raise Conflict(
                "reject_closed",
                Text("This item is no longer open.", "この項目はすでに処理されています。"),
            )
        origin = msgspec.convert(row.context.get("origin") or {}, Origin)
        body = _body(row, origin, corrected_payload, now)
        inbox_of(home).append([NewBody(microseconds(now), origin_for(origin).encode(), body)])
        _close(row, Reject.Status.REPLAYED, actor, now)
        write_audit(actor, "reject_replayed", row, detail={"reason": row.reason})
    return row


def check_message(reject: Reject, corrected_payload: str, now: datetime) -> None:
    """Whether a corrected event could be taken; nothing is written.

    Raises:
        StillRefused: with the reason and its place.
    """
    origin = msgspec.convert(reject.context.get("origin") or {}, Origin)
    _body(reject, origin, corrected_payload, now)


def discard_reject(reject: Reject, *, actor: Member | str, now: datetime) -> Reject:
    """Close an open reject without taking it in."""
    with transaction.atomic():
        row = Reject.objects.select_for_update().get(pk=reject.pk)
        if row.status == Reject.Status.OPEN:
            _close(row, Reject.Status.DISCARDED, actor, now)
            write_audit(actor, "reject_discarded", row, detail={"reason": row.reason})
    return row


def origin_for(origin: Origin) -> Origin:
    """The origin under which a replayed item goes in: a batch of one, with its settings."""
    return msgspec.structs.replace(origin, route="import" if origin.route == "import" else "batch")


def _close(row: Reject, status: str, actor: Member | str, now: datetime) -> None:
    row.status, row.closed_at = status, now
    row.closed_by = actor.email if isinstance(actor, Member) else actor
    row.save(update_fields=["status", "closed_at", "closed_by"])


def _body(row: Reject, origin: Origin, payload: str, now: datetime) -> bytes:
    item = _object(payload)
    if origin.route not in ("batch", "import"):
        item.setdefault("type", origin.route)
    received = row.context.get("received_us") or microseconds(now)
    place = _name_of(row, received)
    item.setdefault("messageId", place)
    at = circumstances(origin_for(origin), received, row.context.get("sent_us"), place)
    try:
        event = read_item(msgspec.json.encode(item), _channel(origin), at)
    except Refused as refused:
        raise StillRefused(refused) from None
    item.pop("originalTimestamp", None)
    item["timestamp"] = (_EPOCH + timedelta(microseconds=event.occurred_us)).isoformat()
    return msgspec.json.encode({"batch": [item]})


def _name_of(row: Reject, received_us: int) -> str:
    """The id of an item that gives itself none: from what it was and when it came. Its number alone may be given twice:
    the database may be put back to an earlier day, which the store outlives."""
    told = json.dumps([row.origin, row.position, received_us, row.payload])
    return f"reject:{hashlib.blake2b(told.encode(errors='replace'), digest_size=16).hexdigest()}"


def _object(payload: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        refused = Refused("bad_json", Text(f"Not valid JSON: {error}.", f"JSONとして読めません({error})。"))
        raise StillRefused(refused) from None
    if not isinstance(found, dict):
        raise StillRefused(
            Refused(
                "not_an_object",
                Text(
                    "A message must be a JSON object.", "メッセージはJSONオブジェクトである必要があります。"
                ),
            )
        )
    return found


def _channel(origin: Origin) -> Channel:
    if not origin.key:
        return channel_of_file(origin)
    key = WriteKey.objects.filter(pk=origin.key).first()
    return channel_of_key(key) if key else Channel(f"key {origin.key}", creates_accounts=False)
