"""Erasures by the API: asked for, carried out by the consumer, and asked after."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field as Constraint

from enishi.accounts.models import Contact
from enishi.ingest.api import ask_erasure, ask_user_erasure
from enishi.ingest.models import ErasureRequest
from enishi.kit.clock import system_clock
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
        "A contact's user ids are erased with it.", "連絡先を消去すると、そのユーザーIDの記録も消去されます。"
    ),
)


class ErasureBody(Schema):
    """One of the two: a contact, or a user of the product who is no contact here."""

    contact: str = Constraint("", max_length=250, description="outside id of the contact")
    user: str = Constraint(
        "", max_length=250, description="user id of the product, where there is no contact"
    )


class Erasure(Schema):
    """How far an erasure is, and what was removed: records whose texts went, rejected items emptied, rows of the
    store, versions blanked. ``traces`` are rows that still name the person, read back: 0, and null until then."""

    number: int
    state: str = Constraint(description="waiting or done")
    address: str = Constraint(description="where to ask again")
    requested_at: str
    done_at: str | None
    records: int
    rejects: int
    rows: int
    blanked: int
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
        "traces": row.traces,
    }


@router.post(
    "",
    auth=KeyAuth("erase:contact"),
    response={202: Erasure, 404: Problem, 503: Problem, **REFUSALS},
    operation_id="erase_contact",
    summary="Erase a person / 個人情報の消去",
)
def erase(request: HttpRequest, body: ErasureBody) -> HttpResponse:
    """Remove everything that identifies a contact: record, history, events. It cannot be undone.

    The record is empty on answer; events and published files follow within seconds. Ask at `address` (also in the
    header `Location`) until `state` is `done`.
    """
    caller = caller_of(request)

    if bool(body.contact) == bool(body.user):
        raise _ONE_OF_TWO

    def work() -> tuple[int, dict[str, Any]]:
        return 202, _told(_ask(caller, body))

    response = once(request, caller.key, work)
    response.headers["Location"] = json.loads(response.content)["address"]
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _ask(caller: Caller, body: ErasureBody) -> ErasureRequest:
    if body.user:
        return ask_user_erasure(caller.key.system, body.user, actor=caller.actor, now=system_clock())
    number = number_of(CONTACT, caller.key.system, body.contact)
    contact = Contact.objects.filter(pk=number).first() if number else None
    if contact is None:
        raise NOT_FOUND
    return ask_erasure(contact, actor=caller.actor, now=system_clock())


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
