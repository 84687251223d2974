"""Writing what a batch decided: rows, outside ids, versions. Everything here runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from enishi.accounts.bulk import insert_rows
from enishi.accounts.dating import Moment, Version
from enishi.accounts.models import Account, Contact, OutsideId, Record, RecordVersion
from enishi.accounts.references import slices
from enishi.accounts.saving import UPDATED, Batch, Outcome
from enishi.accounts.shapes import Slot
from enishi.accounts.versions import ALWAYS, LINK, row_instant, write_versions
from enishi.kit.text import Text
from enishi.store.kinds import ALWAYS_ON

RING = Text(
    "would make the account its own parent; it stays as it is.",
    "親会社の関係が循環するため、変更しませんでした。",
)
_NEVER_UPDATED = ("id", "source", "outside_id", "created_at", "kind", "merged_into", "erased_at")


def write_batch(batch: Batch, outcomes: Sequence[Outcome], actor: str, import_id: int | None = None) -> None:
    """Write the changed records of a batch and put the numbers of new rows into the results."""
    slots = _changed(outcomes)
    _write_rows(batch, slots)
    if batch.kind.name == "account":
        find_parents(batch, outcomes)
        slots = _changed(outcomes)
        link_new(_account_links(batch, slots), actor)
    if batch.kind.name == "contact":
        link_new(_contact_links(batch, slots), actor)
    write_versions(
        as_row(batch, slot, version, actor, import_id) for slot in slots for version in slot.versions
    )
    for outcome in outcomes:
        if outcome.slot:
            outcome.result.record_id = outcome.slot.row.pk


def _changed(outcomes: Sequence[Outcome]) -> list[Slot]:
    return list({id(o.slot): o.slot for o in outcomes if o.slot and o.slot.versions}.values())


def _write_rows(batch: Batch, slots: list[Slot]) -> None:
    at = row_instant(batch.moment.now)
    for slot in slots:
        row = slot.row
        row.created_at = batch.moment.now if slot.fresh else row.created_at
        row.updated_at = at
        row.deleted_at = None
        batch.shape.fill(batch.kind, slot, batch.members, batch.moment.zone)
    insert_rows(batch.shape.model, [slot.row for slot in slots if slot.fresh])
    update_rows(batch.shape.model, [slot.row for slot in slots if not slot.fresh])


def update_rows(model: type[Account] | type[Contact] | type[Record], rows: list[Any]) -> None:
    """Write all columns of many rows that exist (an upsert by number)."""
    names = [f.name for f in model._meta.concrete_fields if f.name not in _NEVER_UPDATED]
    rows = list({row.pk: row for row in rows}.values())
    insert_rows(model, rows, update=names)


def as_row(
    batch: Batch, slot: Slot, version: Version, actor: str, import_id: int | None = None
) -> RecordVersion:
    """A decided version as a row of the history."""
    kind, row = batch.kind.name, slot.row
    return RecordVersion(
        kind=kind,
        record_id=row.pk,
        account_id=row.pk if kind == "account" else version.account,
        contact_id=row.pk if kind == "contact" else version.contact,
        source=batch.source,
        outside_id=row.outside_id,
        valid_on=version.valid_on,
        known_at=version.known_at,
        recorded_at=batch.moment.now,
        backfill=batch.moment.backfill,
        data=version.state,
        actor=actor,
        import_id=import_id,
    )


def find_parents(batch: Batch, outcomes: Sequence[Outcome]) -> None:
    """Resolve parents that were made in this batch, and refuse rings."""
    waiting = [o for o in outcomes if o.parent and o.slot]
    for outside_id, slot in batch.slots.items():
        if slot.fresh and slot.versions:
            batch.accounts.add(outside_id, slot.row.pk)
    for outcome in waiting:
        found = batch.accounts.find(outcome.parent)
        if len(found) == 1 and outcome.slot:
            if not outcome.slot.versions:
                outcome.slot.versions = [Version(outcome.slot.state, batch.moment.today, batch.moment.now)]
                outcome.result.status = UPDATED
            _set_parent(outcome.slot, next(iter(found)))
            outcome.result.warnings.pop("parent", None)
    changed = _without_rings([o for o in outcomes if o.slot and o.slot.versions])
    update_rows(Account, [o.slot.row for o in [*waiting, *changed] if o.slot])


def _set_parent(slot: Slot, parent: int | None) -> None:
    """State a parent in the row and in the versions about to be written."""
    for state in [slot.state, *(version.state for version in slot.versions)]:
        aside = {k: v for k, v in state.get("extra", {}).items() if k != "parent"}
        state.pop("extra", None)
        state.pop("parent", None)
        state |= ({"extra": aside} if aside else {}) | ({"parent": parent} if parent else {})
    slot.row.extra = slot.state.get("extra", {})
    slot.row.parent_id = parent  # type: ignore[union-attr]


def _without_rings(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Take away parents that would lead back to the account itself, which keeps the one it had unless that does too;
    gives the outcomes changed."""
    stated = [o for o in outcomes if o.slot and o.slot.state.get("parent")]
    if not stated:
        return []
    rows = Account.objects.filter(parent__isnull=False).values_list("pk", "parent_id")
    above: dict[int, int] = {number: parent for number, parent in rows if parent}
    above |= {o.slot.row.pk: o.slot.state["parent"] for o in stated if o.slot}
    changed = []
    for outcome in stated:
        if outcome.slot and _leads_back(outcome.slot.row.pk, above):
            _put_back(outcome.slot, above)
            outcome.result.warnings["parent"] = RING
            changed.append(outcome)
    return changed


def _put_back(slot: Slot, above: dict[int, int]) -> None:
    number = slot.row.pk
    above[number] = slot.parent or 0
    if _leads_back(number, above):
        above[number] = 0
    _set_parent(slot, above[number] or None)


def _leads_back(number: int, above: Mapping[int, int]) -> bool:
    seen: set[int] = set()
    at = above.get(number)
    while at and at not in seen:
        if at == number:
            return True
        seen.add(at)
        at = above.get(at)
    return False


def _account_links(batch: Batch, slots: list[Slot]) -> list[OutsideId]:
    return [
        OutsideId(
            system=batch.source, target=OutsideId.Target.ACCOUNT, value=s.row.outside_id, account_id=s.row.pk
        )
        for s in slots
        if s.fresh
    ]


def _contact_links(batch: Batch, slots: list[Slot]) -> list[OutsideId]:
    """A contact is found among the users by its user id, or by its own id where it has none."""
    return [
        OutsideId(
            system=batch.source,
            target=OutsideId.Target.USER,
            value=slot.state.get("user_id") or slot.row.outside_id,
            account_id=slot.account,
            contact_id=slot.row.pk,
        )
        for slot in slots
        if slot.account
    ]


def link_new(wanted: list[OutsideId], actor: str) -> list[OutsideId]:
    """Write those outside ids that are not linked yet, and move a person's id along with the person.

    An id that already leads elsewhere stays: it was linked on purpose.
    """
    if not wanted:
        return []
    first, target = wanted[0], wanted[0].target
    there: dict[str, OutsideId] = {}
    for part in slices(link.value for link in wanted):
        found = OutsideId.objects.filter(system=first.system, target=target, value__in=part)
        there |= {link.value: link for link in found}
    new = {link.value: link for link in wanted if link.value not in there}
    moved = []
    for link in wanted:
        old = there.get(link.value)
        if (
            old
            and link.contact_id
            and old.contact_id == link.contact_id
            and old.account_id != link.account_id
        ):
            old.account_id = link.account_id
            moved.append(old)
    for link in new.values():
        link.made_by = actor
    insert_rows(OutsideId, new.values())
    OutsideId.objects.bulk_update(moved, ["account"], batch_size=200)
    write_versions(
        [*(link_version(v, actor) for v in new.values()), *(link_version(v, actor) for v in moved)]
    )
    return [*new.values(), *moved]


def link_version(
    link: OutsideId, actor: str, *, deleted: bool = False, moment: Moment | None = None
) -> RecordVersion:
    """Where an outside id leads, as a version: for ever, or from ``moment`` on."""
    return RecordVersion(
        kind=LINK,
        record_id=link.pk,
        account_id=link.account_id,
        contact_id=link.contact_id,
        source=link.system,
        outside_id=link.value,
        valid_on=moment.today if moment else ALWAYS_ON,
        known_at=moment.now if moment else ALWAYS,
        deleted=deleted,
        data={"system": link.system, "value": link.value, "target": str(link.target)},
        actor=actor,
    )
