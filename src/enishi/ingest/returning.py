"""What becomes of rejected rows when an import is undone.

Its own leave the desk with it. Those it took over from earlier imports, because the same rows came again, go back to
where they stood; those that it had settled wait there again.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from enishi.ingest.models import Import, Reject
from enishi.kit.text import Text

Status = Reject.Status
_STOOD, _SETTLED = "stood", "settled"
_MOST_PLACES = 5  # kept per item: a file that comes every night with the same bad row leaves no endless list
_TAKEN_BACK = Text("What had taken this row in was undone.", "この行を取り込んだ操作は取り消されました。")


def note_place(reject: Reject) -> None:
    """Remember where an item stands before it moves to another import; the caller saves."""
    stood = [*reject.context.get(_STOOD, []), [reject.context["import"], reject.position, reject.content]]
    reject.context = {**reject.context, _STOOD: stood[-_MOST_PLACES:]}


def note_settled(reject: Reject, made: Import) -> None:
    """Remember that an item leaves the desk because an import brought its row; the caller saves."""
    reject.context = {**reject.context, _SETTLED: [made.pk, reject.content]}


def clear_desk(made: Import, by: str, now: datetime) -> int:
    """Take an import that is undone off the desk; gives how many rows of earlier imports wait there again.

    Its own rows, and those taken since, are rejected anew when they come again; what a person discarded stays so.
    """
    back = _reopen_settled(made)
    own = Reject.objects.filter(context__import=made.pk)
    for reject in own.filter(context__has_key=_STOOD).exclude(closed_by="erasure"):
        back += _give_back(reject)
    own.exclude(status=Status.DISCARDED).update(content="")
    own.filter(status=Status.OPEN).update(status=Status.DISCARDED, closed_at=now, closed_by=by)
    return back


def _reopen_settled(made: Import) -> int:
    back = 0
    for reject in Reject.objects.filter(**{f"context__{_SETTLED}__0": made.pk}, status=Status.REPLAYED):
        content = reject.context.pop(_SETTLED)[1]
        came_again = bool(content) and Reject.objects.filter(content=content, status=Status.OPEN).exists()
        first = _standing(reject.context["import"])
        if came_again or first is None or reject.closed_by == "erasure":
            continue
        reject.content = content
        _open(reject)
        Import.objects.filter(pk=first.pk, unchanged__gt=0).update(
            rejected=F("rejected") + 1, unchanged=F("unchanged") - 1
        )
        back += 1
    return back


def _give_back(reject: Reject) -> int:
    """Put an item where it stood before its import, if that import stands; gives 1 where it waits there for somebody."""
    stood = reject.context[_STOOD]
    while stood:
        number, position, content = stood.pop()
        first = _standing(number)
        if first is None or Reject.objects.filter(origin=first.origin, position=position).exists():
            continue
        reject.context["import"], reject.position, reject.content = number, position, content
        reject.origin, reject.source = first.origin, first.name[:100]
        if reject.status == Status.DISCARDED:
            reject.save()
            return 0
        if reject.status == Status.REPLAYED:
            reject.message_en, reject.message_ja = _TAKEN_BACK.en, _TAKEN_BACK.ja
        _open(reject)
        return 1
    return 0


def _standing(number: int) -> Import | None:
    """An import that was not taken back."""
    made = Import.objects.filter(pk=number).first()
    return made if made and not made.is_taken_back else None


def _open(reject: Reject) -> None:
    reject.status, reject.closed_at, reject.closed_by = Status.OPEN, None, ""
    reject.save()
