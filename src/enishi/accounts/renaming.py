"""Records that get another id of the same source: their file states one now, or another column holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from enishi.accounts.actions import name_of
from enishi.accounts.audit import write_audit
from enishi.accounts.merging import merge_accounts
from enishi.accounts.models import Account, Contact, Member, OutsideId, Record, RecordVersion
from enishi.accounts.references import slices
from enishi.accounts.search import account_search
from enishi.accounts.shapes import Row, model_of
from enishi.accounts.versions import lock_versions, row_instant, write_versions
from enishi.accounts.writing import link_new
from enishi.store.kinds import Kind


def rename_records(
    kind: Kind,
    names: Mapping[str, str],
    *,
    source: str,
    actor: Member | str,
    now: datetime,
    import_id: int | None = None,
) -> set[str]:
    """Give records the ids their source calls them by from now on; what was stated of them stays with them.

    An id that is taken stays with whom it has, but for an account that events alone have made: nobody named it, and
    the two become one.

    Args:
        names: earlier id -> the id now.

    Returns:
        the ids now that were given.
    """
    with transaction.atomic():
        lock_versions()
        rows = _living(kind, source, names)
        taken = _living(kind, source, {names[old]: "" for old in rows}, deleted=True)
        given: dict[str, Row] = {}
        for old, row in rows.items():
            new = names[old]
            if new not in taken and new not in given:
                given[new] = row
            elif kind.name == "account" and _is_nameless(taken.get(new)):
                merge_accounts(row, taken[new], actor=actor, now=now)  # type: ignore[arg-type]
        _rename(kind, given, source, name_of(actor), now, import_id)
        if given:
            write_audit(actor, "records_renamed", kind.name, detail={"count": len(given), "source": source})
    return set(given)


def _living(kind: Kind, source: str, names: Mapping[str, str], *, deleted: bool = False) -> dict[str, Row]:
    model: Any = model_of(kind)
    found: dict[str, Row] = {}
    for part in slices(names):
        rows = model.objects.filter(source=source, outside_id__in=part)
        if model is Record:
            rows = rows.filter(kind=kind.name)
        if model is Account:
            rows = rows.filter(merged_into=None)
        found |= {row.outside_id: row for row in (rows if deleted else rows.filter(deleted_at=None))}
    return found


def _is_nameless(row: Row | None) -> bool:
    return isinstance(row, Account) and row.deleted_at is None and row.name == row.outside_id


def _rename(
    kind: Kind, given: Mapping[str, Row], source: str, actor: str, now: datetime, import_id: int | None
) -> None:
    at = row_instant(now)
    for new, row in given.items():
        row.outside_id, row.updated_at = new, at
        if isinstance(row, Account):
            row.search = account_search(row)
        row.save(
            update_fields=["outside_id", "updated_at", *(["search"] if isinstance(row, Account) else [])]
        )
    _link(given, source, actor)
    numbers = {row.pk: new for new, row in given.items()}
    write_versions(_again(kind, numbers, actor, now, import_id))


def _link(given: Mapping[str, Row], source: str, actor: str) -> None:
    target = OutsideId.Target
    accounts = [(new, row) for new, row in given.items() if isinstance(row, Account)]
    people = [(new, row) for new, row in given.items() if isinstance(row, Contact) and not row.user_id]
    link_new(
        [
            OutsideId(system=source, target=target.ACCOUNT, value=new, account_id=row.pk)
            for new, row in accounts
        ],
        actor,
    )
    link_new(
        [OutsideId(system=source, target=target.USER, value=new, account_id=row.account_id, contact_id=row.pk)
         for new, row in people],
        actor,
    )  # fmt: skip


def _again(
    kind: Kind, numbers: Mapping[int, str], actor: str, now: datetime, import_id: int | None
) -> list[RecordVersion]:
    """What holds of each record, said once more under its id now."""
    last: dict[tuple[int, date, datetime], RecordVersion] = {}
    for part in slices(map(str, numbers)):
        found = RecordVersion.objects.filter(kind=kind.name, record_id__in=[int(text) for text in part])
        for version in found.order_by("pk"):
            last[(version.record_id, version.valid_on, version.known_at)] = version
    for version in last.values():
        version.pk, version.outside_id = None, numbers[version.record_id]
        version.recorded_at, version.actor, version.import_id = now, actor, import_id
    return list(last.values())
