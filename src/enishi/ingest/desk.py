"""The rejects desk: whatever was refused goes in again by the way it came, corrected, alone or many at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from enishi.accounts.actions import save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.ingest.about import FILE, MESSAGE, system_of, way_of
from enishi.ingest.api import discard_reject, replay_reject
from enishi.ingest.files.desk import retry_row
from enishi.ingest.files.repeats import REPEATED, UNCHANGED
from enishi.ingest.models import Import, Reject
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import KINDS


def take_in(home: Home, reject: Reject, payload: str, *, actor: Member | str, now: datetime) -> None:
    """Try an item again with a corrected payload; taken, it leaves the desk.

    Raises:
        EnishiError: with messages by field or place; the item stays open.
    """
    way = way_of(reject)
    if way == MESSAGE:
        replay_reject(home, reject, payload, actor=actor, now=now)
    elif way == FILE:
        retry_row(home, reject, _object(payload), actor=actor, now=now)
    else:
        _save_traits(reject, _object(payload), actor, now)


def _object(payload: str) -> dict[str, Any]:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise EnishiError(
            "bad_json", Text(f"Not valid JSON: {error}.", f"JSONとして読めません({error})。")
        ) from None
    if not isinstance(found, dict):
        raise EnishiError(
            "not_an_object", Text("It must be a JSON object.", "JSONオブジェクトである必要があります。")
        )
    return found


class NotTaken(EnishiError):
    status = 422


def _save_traits(reject: Reject, row: dict[str, Any], actor: Member | str, now: datetime) -> None:
    with transaction.atomic():
        found = Reject.objects.select_for_update().get(pk=reject.pk)
        if found.status != Reject.Status.OPEN or found.kind not in KINDS:
            raise Conflict(
                "reject_closed", Text("This item is no longer open.", "この項目はすでに処理されています。")
            )
        source = system_of(found)
        result = save_records(KINDS[found.kind], [row], source=source, actor=actor, now=now)[0]
        if result.errors:
            raise NotTaken(
                "still_rejected",
                Text("It still cannot be taken.", "まだ取り込めません。"),
                fields=result.errors,
            )
        found.status, found.closed_at = Reject.Status.REPLAYED, now
        found.closed_by = actor.email if isinstance(actor, Member) else actor
        found.save()
        write_audit(actor, "reject_replayed", found, detail={"reason": found.reason})


@dataclass(slots=True)
class Sweep:
    """What many tries came to."""

    taken: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def take_in_many(home: Home, rejects: Iterable[Reject], *, actor: Member | str, now: datetime) -> Sweep:
    """Try items again as they are (after the missing account was made, say). A row that contradicts another of its file
    stays: which of the two holds is for a person to say, of each."""
    sweep = Sweep()
    for reject in rejects:
        try:
            if reject.reason == REPEATED:
                raise NotTaken(REPEATED, UNCHANGED)
            take_in(home, reject, reject.payload, actor=actor, now=now)
            sweep.taken += 1
        except EnishiError as error:
            sweep.refused += 1
            sweep.reasons[error.code] = sweep.reasons.get(error.code, 0) + 1
    return sweep


def discard_many(rejects: Iterable[Reject], *, actor: Member | str, now: datetime) -> list[int]:
    """Close items without taking them in; gives the numbers of those that were open, for bringing them back."""
    gone = []
    with transaction.atomic():
        for reject in rejects:
            if reject.status == Reject.Status.OPEN:
                discard_reject(reject, actor=actor, now=now)
                gone.append(reject.pk)
    return gone


def may_open_again(reject: Reject) -> bool:
    if reject.status != Reject.Status.DISCARDED or reject.closed_by == "erasure":
        return False
    made = Import.objects.filter(pk=reject.context.get("import") or 0).first()
    return made is None or not made.is_taken_back


def bring_back(numbers: Iterable[int], *, actor: Member | str) -> int:
    """Open discarded items again; those emptied by an erasure, or gone with their import, stay closed."""
    with transaction.atomic():
        rows = Reject.objects.filter(pk__in=list(numbers), status=Reject.Status.DISCARDED)
        back = [row.pk for row in rows if may_open_again(row)]
        count = Reject.objects.filter(pk__in=back).update(
            status=Reject.Status.OPEN, closed_at=None, closed_by=""
        )
        if count:
            write_audit(actor, "rejects_reopened", "rejects", detail={"count": count})
    return count
