"""All that is kept of one person, as a file to hand to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.accounts.models import Contact, OutsideId, Record, RecordVersion
from enishi.accounts.shapes import shape_of
from enishi.kit.home import Home
from enishi.stakeholders.api import moves_of
from enishi.store.api import Published
from enishi.store.kinds import CONTACT, KINDS

MOST_EVENTS = 100_000
_SHOWN = ["occurred_at", "received_at", "type", "event", "product", "properties", "source"]


def disclose(home: Home, contact: Contact) -> dict[str, Any]:
    """The person's record with its history, the ids, the records about the person, what members stated of them, at
    which other customers they were found, and every event sent under the
    ids (the newest :data:`MOST_EVENTS`; ``events_left_out`` says how many more there are)."""
    links = list(OutsideId.objects.filter(contact=contact).values("system", "value", "made_at"))
    ids = {(link["system"], link["value"]) for link in links}
    ids |= {(contact.source, text) for text in (contact.user_id, contact.outside_id) if text}
    events, left_out = read_events(home, ids)
    return {
        "person": {**shape_of(CONTACT).state(CONTACT, contact), "id": contact.outside_id},
        "account": contact.account.name if contact.account else None,
        "outside_ids": links,
        "history": list(_history(contact)),
        "records": list(_records(contact)),
        "assessments": list(_assessments(contact)),
        "moves": list(_moves(contact)),
        "events": events,
        "events_left_out": left_out,
    }


def as_file(found: dict[str, Any]) -> bytes:
    return json.dumps(found, ensure_ascii=False, indent=1, default=str).encode()


def _history(contact: Contact) -> Iterator[dict[str, Any]]:
    rows = RecordVersion.objects.filter(kind=CONTACT.name, record_id=contact.pk).order_by("pk")
    for row in rows:
        yield {"valid_on": row.valid_on, "known_at": row.known_at, "source": row.source, **row.data}


def _records(contact: Contact) -> Iterator[dict[str, Any]]:
    for row in Record.objects.filter(contact=contact).order_by("happened_at", "pk"):
        state = shape_of(KINDS[row.kind]).state(KINDS[row.kind], row)
        yield {"kind": row.kind, "id": row.outside_id, "happened_at": row.happened_at, **state}


def _assessments(contact: Contact) -> Iterator[dict[str, Any]]:
    """What members stated of the person, also where it was taken back."""
    for row in contact.assessments.order_by("made_at", "pk"):
        yield {
            name: getattr(row, name)
            for name in (
                "made_at",
                "undone_at",
                "influence",
                "level",
                "feeling",
                "feeling_until",
                "leaving_on",
                "note",
            )
        }


def _moves(contact: Contact) -> Iterator[dict[str, Any]]:
    """Contacts at other customers that are, or may be, the same person."""
    for move in moves_of([contact.pk], None):
        other = move.present if move.former_id == contact.pk else move.former
        yield {
            "account": other.account.name,
            "id": other.outside_id,
            "status": move.status,
            "grounds": move.reasons,
        }


def read_events(home: Home, ids: set[tuple[str, str]]) -> tuple[list[dict[str, Any]], int]:
    """Events sent under the ids, newest first, and how many were left out."""
    published = Published(home)
    numbers = set()
    for file in published.files("users"):
        rows = pq.read_table(file, columns=["system", "user_id", "user_no"]).to_pylist()
        numbers |= {row["user_no"] for row in rows if (row["system"], row["user_id"]) in ids}
    found: list[dict[str, Any]] = []
    if numbers:
        wanted = pc.field("user_no").isin(list(numbers))
        for file in published.files("events"):
            found += pq.read_table(file, columns=_SHOWN, filters=wanted).to_pylist()
    found.sort(key=lambda row: row["occurred_at"], reverse=True)
    return found[:MOST_EVENTS], max(0, len(found) - MOST_EVENTS)
