"""Outside ids: which account or person another system's id leads to. Explicit, logged, reversible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.dating import Moment
from enishi.accounts.models import Account, Contact, Member, OutsideId
from enishi.accounts.references import slices
from enishi.accounts.versions import lock_versions, write_versions
from enishi.accounts.writing import link_version
from enishi.kit.clock import day_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """An outside id and where it shall lead. A contact makes it a user id, else it is an account's or group's
    (``target`` says so where there is no contact)."""

    system: str
    value: str
    account: Account
    contact: Contact | None = None
    target: str = OutsideId.Target.ACCOUNT


def _name_of(actor: Member | str) -> str:
    return actor.email if isinstance(actor, Member) else actor


def _from(now: datetime, from_now: bool) -> Moment | None:
    zone = company_zone()
    return Moment(now, day_of(now, zone), zone, backfill=False) if from_now else None


def link_ids(
    wanted: Sequence[Wanted], *, actor: Member | str, now: datetime, from_now: bool = False
) -> list[OutsideId]:
    """Let outside ids lead to accounts or contacts; an id that led elsewhere is moved.

    Args:
        from_now: only facts from now on follow; by default those of the past do too.

    Returns:
        the ids made or moved; those that led there already are left out.
    """
    moment = _from(now, from_now)
    with transaction.atomic():
        lock_versions()
        there = _existing(wanted)
        changed = [link for want in wanted if (link := _lead(want, there, _name_of(actor), now))]
        new = [link for link in changed if link.pk is None]
        OutsideId.objects.bulk_create(new, batch_size=500)
        moved = [link for link in changed if link not in new]
        OutsideId.objects.bulk_update(moved, ["account", "contact", "made_by", "made_at"], batch_size=200)
        write_versions(link_version(link, _name_of(actor), moment=moment) for link in changed)
        for link in changed:
            detail = {"system": link.system, "target": str(link.target), "from_now": from_now}
            write_audit(actor, "outside_id_linked", link, account=link.account, detail=detail)
    return changed


def _existing(wanted: Sequence[Wanted]) -> dict[tuple[str, str, str], OutsideId]:
    there = {}
    for part in slices(want.value for want in wanted):
        for link in OutsideId.objects.filter(value__in=part):
            there[(link.system, str(link.target), link.value)] = link
    return there


def _lead(
    want: Wanted, there: dict[tuple[str, str, str], OutsideId], actor: str, now: datetime
) -> OutsideId | None:
    target = OutsideId.Target.USER if want.contact else OutsideId.Target(want.target)
    key = (want.system, str(target), want.value)
    contact = want.contact.pk if want.contact else None
    link = there.get(key)
    if link and (link.account_id, link.contact_id) == (want.account.pk, contact):
        return None
    link = there[key] = link or OutsideId(system=want.system, target=target, value=want.value)
    link.account, link.contact = want.account, want.contact
    link.made_by, link.made_at = actor, now
    return link


def unlink_id(link: OutsideId, *, actor: Member | str, now: datetime, from_now: bool = False) -> None:
    """Let an outside id lead nowhere again: for the past too, or from now on."""
    with transaction.atomic():
        lock_versions()
        write_versions([link_version(link, _name_of(actor), deleted=True, moment=_from(now, from_now))])
        detail = {"system": link.system, "target": str(link.target), "from_now": from_now}
        write_audit(actor, "outside_id_unlinked", link, account=link.account, detail=detail)
        link.delete()
