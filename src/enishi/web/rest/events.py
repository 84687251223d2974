"""Usage events by the API: sent by systems that send records there already, the same way in as files of events; and
read as they are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field as Constraint
from pydantic import WithJsonSchema

from enishi.accounts.coercion import Refused, Setting, coerce_instant, coerce_text, plain_json
from enishi.accounts.company import company_zone, get_company
from enishi.accounts.saving import CREATED, MISSING, REJECTED, RowResult
from enishi.ingest.api import accept_events, event_message
from enishi.ingest.files.events import NOBODY
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.web.rest.cursors import Cursor
from enishi.web.rest.event_reads import EventQuery, read_events
from enishi.web.rest.keys import Caller, KeyAuth, caller_of
from enishi.web.rest.once import once
from enishi.web.rest.problems import language_of
from enishi.web.rest.reads import account_meant
from enishi.web.rest.shapes import MOST_ROWS, REFUSALS, Instant, Problem, UpsertAnswer, told_results

router = Router(tags=["Usage events"])

_SPAN = timedelta(days=30)
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

_TEXTS = ("event", "account", "user", "product", "id")
_ROW = {
    "type": "object",
    "title": "Usage event",
    "properties": {
        "id": {
            "type": ["string", "null"],
            "description": "the same id counts once / 同じIDは一度だけ数えます",
        },
        "occurred_at": {"type": "string", "format": "date-time", "description": "When / 日時"},
        "event": {"type": "string", "description": "Event / イベント"},
        "account": {
            "type": ["string", "null"],
            "description": "group id of the product / 製品側のグループID",
        },
        "user": {"type": ["string", "null"], "description": "user id of the product / 製品側のユーザーID"},
        "product": {"type": ["string", "null"], "description": "Product / 製品"},
        "properties": {"type": ["object", "null"], "description": "further facts / 追加の項目"},
    },
    "required": ["occurred_at", "event"],
    "additionalProperties": False,
}


class EventsBody(Schema):
    records: Annotated[
        list[Annotated[dict[str, Any], WithJsonSchema(_ROW)]],
        Constraint(min_length=1, max_length=MOST_ROWS),
    ]
    backfill: bool = Constraint(
        False, description="history: known from when it happened / 過去の履歴として登録"
    )
    dry_run: bool = Constraint(False, description="say what would happen, write nothing / 試し実行")


def read_event(row: dict[str, Any], setting: Setting) -> tuple[dict[str, Any], dict[str, Text]]:
    """A row as a message of the protocol, or what is wrong with it by field."""
    values: dict[str, str] = {}
    errors: dict[str, Text] = {
        name: Text("is not a field of an event.", "利用イベントにない項目です。")
        for name in set(row) - {*_TEXTS, "occurred_at", "properties"}
    }
    for name in (*_TEXTS, "occurred_at"):
        coerce = coerce_instant if name == "occurred_at" else coerce_text
        try:
            values[name] = (coerce(row[name], setting) or "") if row.get(name) not in (None, "") else ""
        except Refused as refused:
            errors[name] = refused.text
    for name in ("occurred_at", "event"):
        if not values.get(name) and name not in errors:
            errors[name] = MISSING
    if not (values.get("account") or values.get("user") or {"account", "user"} & set(errors)):
        errors["account"] = NOBODY
    properties = row.get("properties") or {}
    if not isinstance(properties, dict):
        errors["properties"] = Text("is not an object.", "オブジェクトではありません。")
    if errors:
        return {}, errors
    return _message(values, properties), {}


def _message(values: dict[str, str], properties: dict[str, Any]) -> dict[str, Any]:
    return event_message(
        occurred_at=values["occurred_at"],
        event=values["event"],
        account=values["account"],
        user=values["user"],
        product=values["product"],
        properties=plain_json(properties),
        message_id=values["id"],
    )


class EventsQuery(Schema):
    """Which events to read."""

    limit: int = Constraint(100, ge=1, le=MOST_ROWS)
    cursor: str = Constraint("", max_length=200)
    account: str = Constraint(
        "", max_length=250, description="outside id of an account, as everywhere / 顧客企業の外部ID"
    )
    since: Instant | date | None = Constraint(
        None,
        description="happened at or after (a day: from its beginning); without it: 30 days before `until` / この日時以降",
    )
    until: Instant | date | None = Constraint(
        None, description="happened before (a day: before its beginning); without it: now / この日時より前"
    )


class EventRecord(Schema):
    """A usage event. ``account`` and ``user`` are the ids it came with, ``account_number`` our number of the account
    it leads to today."""

    id: str
    type: str = Constraint(description="track, page, screen, identify, group or alias")
    event: str
    occurred_at: str
    received_at: str
    account: str | None
    account_number: int | None
    user: str | None
    product: str | None
    properties: dict[str, Any]
    source: str


class EventPage(Schema):
    records: list[EventRecord]
    next_cursor: str | None = None


@router.get(
    "",
    auth=KeyAuth("read:event"),
    response={200: EventPage, 404: Problem, **REFUSALS},
    operation_id="list_events",
    summary="Read usage events / 利用イベントの取得",
)
def list_events(request: HttpRequest, query: Query[EventsQuery]) -> HttpResponse:
    """Events as they are kept, in the order in which they happened, within the accounts the key sees.

    An event is there some seconds after it was sent. Those that come late, or from the past, stand at their own
    time: ask for a span of days again to have them too. Raw events that retention has dropped are gone.
    """
    caller = caller_of(request)
    until = _within(_instant(query.until or system_clock()))
    since = _within(_instant(query.since)) if query.since else max(_EARLIEST, until - _SPAN)
    after = Cursor.decode(query.cursor, most=2**64) if query.cursor else None
    place = (_within(after.at), after.number - 2**63) if after else None
    wanted = EventQuery(since, until, _accounts(caller, query.account), place, query.limit)
    rows, last = read_events(Home.from_environment(), wanted)
    cursor = Cursor(last[0], last[1] + 2**63).encode() if last else None
    told = msgspec.json.encode({"records": rows, "next_cursor": cursor})
    return HttpResponse(told, content_type="application/json; charset=utf-8")


def _instant(at: datetime | date) -> datetime:
    """A day begins in the company's time zone."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(), company_zone())


def _within(at: datetime) -> datetime:
    """An instant no earlier and no later than any event is."""
    return min(max(at, _EARLIEST), _LATEST)


def _accounts(caller: Caller, outside_id: str) -> list[int] | None:
    """The accounts whose events are wanted and seen; None for all there are, and those that belong to none."""
    if not outside_id and caller.sees_all:
        return None
    seen = caller.accounts()
    if outside_id:
        return [account_meant(caller, outside_id)]
    return list(seen.values_list("pk", flat=True))


@router.post(
    "",
    auth=KeyAuth("write:event"),
    response={200: UpsertAnswer, 207: UpsertAnswer, **REFUSALS},
    operation_id="send_events",
    summary="Send usage events / 利用イベントの登録",
)
def send_events(request: HttpRequest, body: EventsBody) -> HttpResponse:
    """Up to 1,000 events a call, durable on answer; an event sent again counts once.

    Without an `id`, an event is known by its content, and equal ones of a call by their order. For high volumes
    use the Segment protocol (`/v1/batch`).
    """
    caller = caller_of(request)

    def work() -> tuple[int, dict[str, Any]]:
        company = get_company()
        setting = Setting(ZoneInfo(company.time_zone), company.currency)
        read = [read_event(row, setting) for row in body.records]
        results = [
            RowResult(n, REJECTED if errors else CREATED, errors=errors)
            for n, (_m, errors) in enumerate(read)
        ]
        good = [n for n, (_m, errors) in enumerate(read) if not errors]
        if good and not body.dry_run:
            _send(caller.key.system, caller.actor, body.backfill, [read[n][0] for n in good], good, results)
        return told_results(body.records, results, language_of(request))

    return once(request, caller.key, work)


def _send(
    system: str,
    source: str,
    backfill: bool,
    messages: list[dict[str, Any]],
    places: list[int],
    results: list[RowResult],
) -> None:
    accepted = accept_events(
        messages,
        source=source,
        backfill=backfill,
        system=system,
        home=Home.from_environment(),
        now=system_clock(),
    )
    for position, refused in accepted.refused:
        result = results[places[position]]
        result.status, result.errors = REJECTED, {"occurred_at": refused.message}
