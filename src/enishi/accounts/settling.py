"""What time settles: references that lead somewhere by now, and terms that have come into force."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from enishi.accounts.actions import save_records, start_batch
from enishi.accounts.audit import SYSTEM
from enishi.accounts.models import Account, Record, RecordVersion
from enishi.accounts.shapes import State
from enishi.accounts.terms import present
from enishi.accounts.versions import lock_versions, row_instant
from enishi.accounts.writing import update_rows
from enishi.store.kinds import ACCOUNT, KINDS, Kind

_AT_ONCE = 1000
_LOOK_BACK = timedelta(days=14)


def settle_references(now: datetime) -> int:
    """State again what was kept aside because nobody of that name was known (an owner who has joined since, a parent
    or a contact that came later), where the field is still empty: what stands was left as it is when the name came,
    and nobody is told tonight. Gives how many records changed."""
    changed = 0
    for name in ("owner", "parent"):
        rows = Account.objects.filter(deleted_at=None, extra__has_key=name, **{name: None})
        changed += _state_again(ACCOUNT, rows.values_list("source", "outside_id", "extra"), name, now)
    for kind in KINDS.values():
        if kind.name in ("account", "contact"):
            continue
        for name in (f.name for f in kind.fields if f.name in ("contact", "member")):
            empty = Q(contact=None) if name == "contact" else Q(data__member=None) | ~Q(data__has_key=name)
            found = Record.objects.filter(empty, kind=kind.name, deleted_at=None, extra__has_key=name)
            changed += _state_again(kind, found.values_list("source", "outside_id", "extra"), name, now)
    return changed


def _state_again(kind: Kind, rows: Any, name: str, now: datetime) -> int:
    by_source: dict[str, list[State]] = defaultdict(list)
    for source, outside_id, extra in rows.iterator(chunk_size=_AT_ONCE):
        by_source[source].append({"id": outside_id, name: extra[name]})
    changed = 0
    for source, stated in by_source.items():
        for start in range(0, len(stated), _AT_ONCE):
            part = stated[start : start + _AT_ONCE]
            results = save_records(kind, part, source=source, actor=SYSTEM, now=now)
            changed += sum(1 for result in results if result.status == "updated")
    return changed


def roll_terms(now: datetime) -> int:
    """Show the terms that came into force since they were stated (a price from next month). Gives how many rows
    changed. Nothing new is learned, so no version is written."""
    return sum(_roll(kind, now) for kind in KINDS.values() if kind.effective)


def _roll(kind: Kind, now: datetime) -> int:
    batch = start_batch(kind, "", backfill=False, now=now)
    today = batch.moment.today
    recent = RecordVersion.objects.filter(
        kind=kind.name, valid_on__gt=today - _LOOK_BACK, valid_on__lte=today
    )
    numbers = sorted(set(recent.values_list("record_id", flat=True)))
    changed = 0
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        with transaction.atomic():
            lock_versions()
            changed += _show_present(kind, part, batch)
    return changed


def _show_present(kind: Kind, numbers: list[int], batch: Any) -> int:
    terms: dict[int, dict[Any, State]] = defaultdict(dict)
    for version in RecordVersion.objects.filter(kind=kind.name, record_id__in=numbers).order_by("pk"):
        terms[version.record_id][version.valid_on] = version.data
    changed = []
    for row in Record.objects.filter(pk__in=numbers, kind=kind.name, deleted_at=None):
        state = dict(present(terms[row.pk], batch.moment.today))
        extra = state.pop("extra", {})
        if state != row.data:
            row.data, row.extra, row.updated_at = state, extra, row_instant(batch.moment.now)
            changed.append(row)
    update_rows(Record, changed)
    return len(changed)
