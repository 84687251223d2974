"""An account's records: as they stand now, or as they were known on a past day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from enishi.accounts.company import company_zone
from enishi.accounts.dating import happened_at
from enishi.accounts.models import Account, Contact, Record, RecordVersion
from enishi.accounts.versions import MERGE
from enishi.kit.clock import day_of, end_of_day
from enishi.store.kinds import KINDS, Kind, Type

INCIDENT = KINDS["incident"]


@dataclass(frozen=True, slots=True)
class Known:
    """A record as known: its kind's fields by name, read."""

    kind: str
    pk: int
    outside_id: str
    source: str
    happened_at: datetime
    data: Mapping[str, Any]
    contact_id: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def day(self, name: str) -> date | None:
        """A date field; an instant's day is in UTC, so use :meth:`instant` for those."""
        value = self.data.get(name)
        return date.fromisoformat(value[:10]) if value else None

    def instant(self, name: str) -> datetime | None:
        value = self.data.get(name)
        return datetime.fromisoformat(value) if value else None

    @property
    def link(self) -> str:
        """The web address of a news item; only such as a page may link to, whatever was kept."""
        url = str(self.data.get("url") or "") if self.kind == "news" else ""
        return url if url.startswith(("https://", "http://")) else ""

    def amount(self, name: str = "amount") -> Decimal:
        return Decimal(str(self.data.get(name) or 0))


def records_of(account: Account, as_of: date | None, *kinds: str) -> list[Known]:
    """Records of the account, newest first. ``as_of``: what was known at the end of that day."""
    if as_of is None:
        rows = Record.objects.filter(account=account, deleted_at=None, kind__in=kinds)
        return [known_now(row) for row in rows]
    found = [known for kind in kinds for known in _then(account, KINDS[kind], as_of)]
    return sorted(found, key=lambda known: (known.happened_at, known.pk), reverse=True)


def known_now(row: Record) -> Known:
    """A record's current row."""
    return Known(
        row.kind, row.pk, row.outside_id, row.source, row.happened_at, row.data, row.contact_id, row.extra
    )


def _then(account: Account, kind: Kind, day: date) -> Iterable[Known]:
    zone, theirs = company_zone(), numbers_then(account, day)
    here = _of(account, kind) | Q(pk__in=numbers_of(theirs, kind.name))
    rows = {row.pk: row for row in Record.objects.filter(here, kind=kind.name)}
    for number, version in versions_on(kind, rows, day, zone).items():
        if version.account_id not in theirs and not (version.account_id is None and kind is INCIDENT):
            continue
        data = as_known(kind, version.data, day, zone)
        extra = version.data.get("extra") or {}
        happened = happened_at(kind, version.data, zone) or rows[number].happened_at
        yield Known(
            kind.name, number, version.outside_id, version.source, happened, data, version.contact_id, extra
        )


def numbers_then(account: Account, day: date) -> set[int]:
    """The account and those it had taken in, by the merges known at the end of ``day``."""
    merges = RecordVersion.objects.filter(kind=MERGE, known_at__lt=end_of_day(day, company_zone()))
    lead = {one.record_id: None if one.deleted else one.account_id for one in merges.order_by("pk")}
    found, before = {account.pk}, set[int]()
    while found != before:
        before = set(found)
        found |= {number for number, survivor in lead.items() if survivor in found}
    return found


def numbers_of(accounts: Iterable[int], kind: str) -> set[int]:
    """Records and persons that ever stood at one of the accounts: they may have been moved to another since."""
    versions = RecordVersion.objects.filter(account_id__in=list(accounts), kind=kind)
    return set(versions.order_by().values_list("record_id", flat=True))


def _of(account: Account, kind: Kind) -> Q:
    """Records of the account; incidents also where they hit everyone."""
    return Q(account=account) | Q(account=None) if kind is INCIDENT else Q(account=account)


def versions_on(kind: Kind, numbers: Iterable[int], day: date, zone: ZoneInfo) -> dict[int, RecordVersion]:
    """The version of each record that was known and in force at the end of ``day``; none where deleted."""
    versions: QuerySet[RecordVersion] = RecordVersion.objects.filter(
        kind=kind.name, record_id__in=list(numbers), known_at__lt=end_of_day(day, zone)
    )
    if kind.effective:
        versions = versions.filter(valid_on__lte=day).order_by("valid_on", "pk")
    else:
        versions = versions.order_by("pk")
    newest = {version.record_id: version for version in versions}
    return {number: version for number, version in newest.items() if not version.deleted}


def as_known(kind: Kind, data: Mapping[str, Any], day: date, zone: ZoneInfo) -> dict[str, Any]:
    """The fields whose value was known on ``day``: outcomes dated later are left out."""
    hidden = {
        f.name for f in kind.fields if f.known_from and not _is_known(kind, f.known_from, data, day, zone)
    }
    return {name: value for name, value in data.items() if name not in hidden}


def _is_known(kind: Kind, known_from: str, data: Mapping[str, Any], day: date, zone: ZoneInfo) -> bool:
    days = [_day(kind, name, data.get(name), zone) for name in known_from.split("|")]
    stated = [one for one in days if one is not None]
    return bool(stated) and min(stated) <= day


def _day(kind: Kind, name: str, value: Any, zone: ZoneInfo) -> date | None:
    if not value:
        return None
    if kind.field(name).type is Type.INSTANT:
        return day_of(datetime.fromisoformat(value), zone)
    return date.fromisoformat(value)


def incidents_of(account: Account, as_of: date | None) -> list[Known]:
    """Incidents that hit this account, or everyone."""
    if as_of is not None:
        return records_of(account, as_of, "incident")
    rows = Record.objects.filter(_of(account, INCIDENT), kind="incident", deleted_at=None)
    return [known_now(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as known; ``left_on`` and ``bounced_on`` are empty where that was not known yet. On a past day the
    contact bears the name, title and addresses of then."""

    contact: Contact
    role: str
    left_on: date | None
    bounced_on: date | None

    @property
    def present(self) -> bool:
        return self.left_on is None


def people_of(account: Account, as_of: date | None) -> list[Person]:
    """The people at the account, present ones first."""
    contacts = Contact.objects.filter(erased_at=None)
    if as_of is None:
        living = contacts.filter(account=account, deleted_at=None)
        found = [Person(one, one.role, one.left_on, one.bounced_on) for one in living]
    else:
        theirs = numbers_then(account, as_of)
        once = contacts.filter(Q(account=account) | Q(pk__in=numbers_of(theirs, "contact")))
        found = _people_then({one.pk: one for one in once}, theirs, as_of)
    return sorted(found, key=lambda one: (not one.present, one.contact.pk))


def _people_then(contacts: Mapping[int, Contact], theirs: set[int], day: date) -> list[Person]:
    kind, zone = KINDS["contact"], company_zone()
    found = []
    for number, version in versions_on(kind, contacts, day, zone).items():
        if version.account_id in theirs:
            contact = _contact_then(contacts[number], as_known(kind, version.data, day, zone))
            found.append(Person(contact, contact.role, contact.left_on, contact.bounced_on))
    return found


_SAID = ("family_name", "given_name", "name", "name_kana", "email", "phone", "title", "department", "role")


def _contact_then(contact: Contact, data: Mapping[str, Any]) -> Contact:
    """The row with what was known of the person then; not to be saved."""
    then = copy(contact)
    for name in _SAID:
        setattr(then, name, data.get(name) or "")
    for name in ("left_on", "bounced_on"):
        stated = data.get(name)
        setattr(then, name, date.fromisoformat(stated) if stated else None)
    then.name = then.full_name or then.outside_id
    return then


def contacts_on(numbers: Iterable[int | None], day: date | None) -> dict[int, Contact]:
    """Persons by number, wherever they stand now: as they are, or as known on a past day. Erased ones are left out."""
    wanted = {number for number in numbers if number}
    rows = {one.pk: one for one in Contact.objects.filter(pk__in=wanted, erased_at=None)}
    if day is None:
        return {number: one for number, one in rows.items() if one.deleted_at is None}
    kind, zone = KINDS["contact"], company_zone()
    then = versions_on(kind, rows, day, zone)
    return {number: _contact_then(rows[number], as_known(kind, one.data, day, zone)) for number, one in then.items()}  # fmt: skip


def named_then(account: Account, day: date | None) -> Account:
    """The account under the name of a past day, its parent too, to show and not to save; as it is where none was known
    yet."""
    known = account_then(account, day) if day else {}
    if day is None or not known.get("name"):
        return account
    then = _renamed(account, known)
    if account.parent:
        stated = known.get("parent")
        then.parent = _renamed(account.parent, account_then(account.parent, day)) if stated else None
    return then


def _renamed(account: Account, known: Mapping[str, Any]) -> Account:
    then = copy(account)
    if known.get("name"):
        then.name, then.name_kana = known["name"], known.get("name_kana") or ""
    return then


def account_then(account: Account, day: date) -> Mapping[str, Any]:
    """The account's own fields as known on ``day``; empty where it was not known yet."""
    kind = KINDS["account"]
    zone = company_zone()
    version = versions_on(kind, [account.pk], day, zone).get(account.pk)
    return as_known(kind, version.data, day, zone) if version else {}
