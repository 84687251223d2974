"""Customers that events make: an id by which nobody is known becomes a customer, and so does a mistyped one. It is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from enishi.accounts.coercion import clip
from enishi.accounts.models import Account, RecordVersion
from enishi.ingest.models import Import
from enishi.ingest.traits import unknown_ids
from enishi.kit.text import Text
from enishi.store.kinds import ACCOUNT

NEWCOMERS = "new_customers"
_NAMED = 5


class Strangers:
    """The ids of rows, of which customers would be made."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def add(self, ids: Iterable[object]) -> None:
        self._ids |= {str(name): None for name in ids if name}

    def unknown(self, system: str) -> list[str]:
        return unknown_ids(system, self._ids)


def last_version(made: Import) -> int:
    """The number of the last version of a record from before an import of events began, also where it was cut off."""
    versions = RecordVersion.objects.order_by("-pk")
    if made.received and made.started_at:
        versions = versions.filter(recorded_at__lt=made.started_at)
    return versions.values_list("pk", flat=True).first() or 0


def made_by_events(made: Import, after: int) -> dict[int, str]:
    """The customers that an import's events made: number -> id."""
    told = RecordVersion.objects.filter(kind=ACCOUNT.name, actor=f"key:{made.name}", pk__gt=after)
    found = Account.objects.filter(pk__in=told.values("record_id"), source=made.system, deleted_at=None)
    return dict(found.order_by("pk").values_list("pk", "outside_id"))


def told_newcomers(names: Sequence[str]) -> Text:
    """How many customers events make, and the first ids."""
    few, more = [clip(name) for name in names[:_NAMED]], len(names) - _NAMED
    en, ja = ", ".join(few), "、".join(few)
    if more > 0:
        en, ja = f"{en} and {more:,} more", f"{ja} ほか{more:,}社"
    customers = "new customer" if len(names) == 1 else "new customers"
    return Text(f"{len(names):,} {customers} ({en}).", f"新しい顧客企業{len(names):,}社({ja})。")
