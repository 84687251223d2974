"""Which accounts events of undone imports alone have made: they go with them."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.db.models import F

from enishi.accounts.merging import FOLLOWERS
from enishi.accounts.models import Account, OutsideId, RecordVersion
from enishi.accounts.references import slices
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.models import Import
from enishi.store.contracts import Unheard

# What of a customer is stated, and what people have done with it.
_HELD_BY = (
    "accounts.Record", "accounts.Contact", *FOLLOWERS, "signals.Override", "signals.ManualMeasure", "segments.TierPin",
)  # fmt: skip


def claim(made: Import, unheard: Unheard) -> int:
    """Note as stated by an import, which is being undone, the accounts that are nothing but what events of undone imports
    said: they have no name but their id, nothing belongs to them, and no event names them under any id."""
    named = Account.objects.filter(
        outside_ids__system=made.system,
        outside_ids__target=OutsideId.Target.ACCOUNT,
        name=F("outside_id"),
        deleted_at=None,
        merged_into=None,
        merged=None,
        children=None,
    )
    undone = Import.objects.filter(kind=EVENT.name, status__in=(Import.Status.UNDOING, Import.Status.UNDONE))
    by_files = [f"key:{name}" for name in undone.values_list("name", flat=True).distinct()]
    claimed = 0
    for part in slices(named.values_list("pk", flat=True)):
        alone = _unheard_of(part, unheard) - _held(part)
        versions = RecordVersion.objects.filter(kind="account", record_id__in=alone)
        claimed += versions.filter(actor__in=by_files).update(import_id=made.pk)
        # What an undone file had changed of it, and gave back.
        versions.filter(import_id=None, deleted=False).exclude(undoes=None).update(import_id=made.pk)
    return claimed


def _unheard_of(accounts: Iterable[int], unheard: Unheard) -> set[int]:
    """Those that no event names: neither under their own id nor under one that was linked to them."""
    links = OutsideId.objects.filter(target=OutsideId.Target.ACCOUNT, account__in=accounts)
    leads = {
        (system, value): account for system, value, account in links.values_list("system", "value", "account")
    }
    gone = set(unheard(leads))
    return set(accounts) - {account for key, account in leads.items() if key not in gone}


def _held(accounts: Iterable[int]) -> set[int]:
    """Those to which something belongs."""
    found: set[int] = set()
    for name in _HELD_BY:
        rows = apps.get_model(name)._default_manager.filter(account__in=accounts)
        if name in ("accounts.Record", "accounts.Contact"):
            rows = rows.filter(deleted_at=None)
        found |= set(rows.values_list("account_id", flat=True))
    return found
