"""What can be done to the records: each call one transaction and one audit line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.coercion import Setting
from enishi.accounts.company import get_company
from enishi.accounts.dating import Moment
from enishi.accounts.models import Member
from enishi.accounts.saving import CREATED, REJECTED, UNCHANGED, UPDATED, Batch, RowResult
from enishi.accounts.versions import lock_versions
from enishi.accounts.writing import write_batch
from enishi.kit.clock import day_of
from enishi.store.kinds import Kind

__all__ = ["RowResult", "save_records"]


def name_of(actor: Member | str) -> str:
    return actor.email if isinstance(actor, Member) else actor


def start_batch(
    kind: Kind, source: str, *, backfill: bool, now: datetime, dated: Mapping[str, date] | None = None
) -> Batch:
    company = get_company()
    zone = ZoneInfo(company.time_zone)
    moment = Moment(now, day_of(now, zone), zone, backfill)
    return Batch(kind, source, Setting(zone, company.currency, now), moment, dated)


def save_records(
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    *,
    source: str,
    actor: Member | str,
    backfill: bool = False,
    now: datetime,
    dry_run: bool = False,
    import_id: int | None = None,
    dated: Mapping[str, date] | None = None,
    told: bool = True,
) -> list[RowResult]:
    """State rows of a kind: new ids are made, known ids updated, equal rows left alone.

    The only door for records. Some thousand rows a call; all of them in one transaction.

    Args:
        rows: values by field name; ``id`` is the outside id within ``source``. ``account``, ``contact`` and
            ``parent`` are outside ids (or our rows), members are mail addresses. A field left out keeps its
            value, None empties it. ``extra`` takes further columns.
        source: the system the ids belong to.
        backfill: the rows are history, known from when they happened rather than from now.
        now: aware instant of learning.
        dry_run: decide, but write nothing.
        import_id: the import these rows belong to, so that it can be undone.
        dated: where a delivery takes several calls, the ids whose terms it states by their day, with the first
            such day (see :mod:`.terms`).
        told: write the audit line; without it the caller writes one that says more.

    Returns:
        one result per row, in order. Bad rows are rejected alone.
    """
    batch = start_batch(kind, source, backfill=backfill, now=now, dated=dated)
    if dry_run:
        return [outcome.result for outcome in batch.plan(rows)]
    with transaction.atomic():
        lock_versions()
        outcomes = batch.plan(rows)
        write_batch(batch, outcomes, name_of(actor), import_id)
        results = [outcome.result for outcome in outcomes]
        counts = Counter(result.status for result in results)
        if told and counts[CREATED] + counts[UPDATED]:
            shown = (CREATED, UPDATED, UNCHANGED) if import_id else (CREATED, UPDATED, UNCHANGED, REJECTED)
            detail = {
                name: counts[name] for name in shown
            }  # what a file rejects, the import's own line counts
            write_audit(actor, "records_saved", kind.name, detail={**detail, "source": source})
    return results
