"""Erasures by the API: asked for, carried out by the consumer, and asked after."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field as Constraint

from enishi.accounts.models import Contact, Record
from enishi.ingest.api import ask_erasure, ask_user_erasure
from enishi.ingest.erasing import Place
from enishi.ingest.foreseeing import foresee_erasure, foresee_user_erasure
from enishi.ingest.models import ErasureRequest
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import CONTACT
from enishi.web.rest.keys import Caller, KeyAuth, caller_of
from enishi.web.rest.once import once
from enishi.web.rest.problems import NOT_FOUND, BadRequest
from enishi.web.rest.reads import number_of
from enishi.web.rest.shapes import REFUSALS, Problem

router = Router(tags=["Privacy"])
_RETRY_SECONDS = 2


_ONE_OF_TWO = BadRequest(
    "contact_or_user",
    Text("Name a contact or a user, one of the two.", "contact と user のどちらか一方を指定してください。"),
    Text(
        "A contact's user ids are erased with it.", "関係者を消去すると、そのユーザーIDの記録も消去されます。"
    ),
)


class ErasureBody(Schema):
    """One of the two: a contact, or a user of the product who is no contact here."""

    contact: str = Constraint("", max_length=250, description="outside id of the contact")
    user: str = Constraint(
        "", max_length=250, description="user id of the product, where there is no contact"
    )

    keep: list[str] = Constraint(
        default_factory=list,
        description="keys of records of others (`naming` of a dry run) that were looked through and stay as they are",
    )
    dry_run: bool = Constraint(False, description="say what would go, and do nothing")


class Naming(Schema):
    """A record of somebody else in whose texts an id or address of the person stands: it loses them unless kept."""

    key: str
    kind: str
    source: str
    id: str


class Foreseen(Schema):
    """What an erasure would do: events that go, ids that would lead nowhere, records about the person by kind, records
    of others that name them, versions emptied, texts by group in which the person is replaced, items of the desk and
    corrections emptied, and judgements of the person and of those texts deleted, by group."""

    events: int
    links: int
    records: dict[str, int]
    naming: list[Naming]
    versions: int
    rewritten: dict[str, int]
    rejects: int
    corrections: int
    judged: dict[str, int]


class Erasure(Schema):
    """How far an erasure is, and what was removed: records whose texts went, rejected items emptied, rows of the
    store, versions blanked. ``kept`` are records of others left as they are on purpose; ``traces`` are other rows that
    still name the person, read back: 0, and null until then."""

    number: int
    state: str = Constraint(description="waiting or done")
    address: str = Constraint(description="where to ask again")
    requested_at: str
    done_at: str | None
    records: int
    rejects: int
    rows: int
    blanked: int
    kept: int
    traces: int | None


def _told(row: ErasureRequest) -> dict[str, Any]:
    return {
        "number": row.pk,
        "state": "done" if row.done_at else "waiting",
        "address": reverse("rest:get_erasure", args=[row.pk]),
        "requested_at": row.requested_at.isoformat(),
        "done_at": row.done_at.isoformat() if row.done_at else None,
        "records": row.records,
        "rejects": row.rejects,
        "rows": row.rows,
        "blanked": row.blanked,
        "kept": len(row.kept),
        "traces": row.traces,
    }


@router.post(
    "",
    auth=KeyAuth("erase:contact"),
    response={200: Foreseen, 202: Erasure, 404: Problem, 503: Problem, **REFUSALS},
    operation_id="erase_contact",
    summary="Erase a person / 個人情報の消去",
)
def erase(request: HttpRequest, body: ErasureBody) -> HttpResponse:
    """Remove everything that identifies a contact: record, history, events. It cannot be undone.

    The record is empty on answer; events and published files follow within seconds. Ask at `address` (also in the
    header `Location`) until `state` is `done`. With `dry_run` nothing is done; the answer (200) says what would go.
    """
    caller = caller_of(request)
    if bool(body.contact) == bool(body.user):
        raise _ONE_OF_TWO
    if body.dry_run:
        return JsonResponse(_would(caller, body))

    def work() -> tuple[int, dict[str, Any]]:
        return 202, _told(_ask(caller, body))

    response = once(request, caller.key, work)
    response.headers["Location"] = json.loads(response.content)["address"]
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _ask(caller: Caller, body: ErasureBody) -> ErasureRequest:
    keep, now = _places(body.keep), system_clock()
    if body.user:
        return ask_user_erasure(caller.key.system, body.user, keep=keep, actor=caller.actor, now=now)
    return ask_erasure(_contact(caller, body), keep=keep, actor=caller.actor, now=now)


def _would(caller: Caller, body: ErasureBody) -> dict[str, Any]:
    home = Home.from_environment()
    found = (
        foresee_user_erasure(caller.key.system, body.user, home)
        if body.user
        else foresee_erasure(_contact(caller, body), home)
    )
    rows = Record.objects.filter(pk__in=[number for _kind, number in found.naming]).order_by("pk")
    naming = [
        {"key": f"{row.kind}:{row.pk}", "kind": row.kind, "source": row.source, "id": row.outside_id}
        for row in rows
    ]
    told = asdict(found) | {"naming": naming}
    del told["users"]
    return told


def _contact(caller: Caller, body: ErasureBody) -> Contact:
    number = number_of(CONTACT, caller.key.system, body.contact)
    contact = Contact.objects.filter(pk=number).first() if number else None
    if contact is None:
        raise NOT_FOUND
    return contact


def _places(keys: list[str]) -> list[Place]:
    pairs = [key.partition(":") for key in keys]
    wrong = [key for key, (_kind, _colon, number) in zip(keys, pairs, strict=True) if not number.isdecimal()]
    if wrong:
        raise BadRequest(
            "bad_keep",
            Text(f"“{wrong[0]}” is no key of a record.", f"「{wrong[0]}」は記録のキーではありません。"),
            Text(
                "Take the keys from `naming` of a dry run.",
                "dry_run の naming にある key を指定してください。",
            ),
        )
    return [(kind, int(number)) for kind, _colon, number in pairs]


@router.get(
    "/{int:number}",
    auth=KeyAuth("erase:contact"),
    response={200: Erasure, 404: Problem, **REFUSALS},
    operation_id="get_erasure",
    url_name="get_erasure",
    summary="How far an erasure is / 消去の状況",
)
def get_erasure(request: HttpRequest, number: int) -> dict[str, Any]:
    """Done once the store was read back: `traces` is the number of rows that still name the person."""
    found = ErasureRequest.objects.filter(pk=min(number, 2**63 - 1)).first()
    if found is None:
        raise NOT_FOUND
    return _told(found)
