"""What messages say about who people and companies are, as far as their write key lets them say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from enishi.accounts.actions import save_records
from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import Account, Contact, OutsideId, RecordVersion
from enishi.accounts.references import slices
from enishi.ingest.contracts import Channel
from enishi.ingest.corrections import kept_rules, mend
from enishi.ingest.items import clean
from enishi.ingest.models import Import, Reject
from enishi.store.contracts import Event
from enishi.store.hashing import message_hashes
from enishi.store.kinds import ACCOUNT, CONTACT, Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLICE = 500
_WHOSE = {"id", "account"}  # without these nobody is meant

Row = dict[str, Any]
Refusal = tuple[int, Mapping[str, Any]]  # the place of a row, and what is wrong by field
ChannelOf = Callable[[str], Channel | None]

_ACCOUNT_TRAITS = {
    "name": "name", "company": "name", "industry": "industry", "employees": "employees", "website": "domain",
    "domain": "domain", "country": "country", "region": "region",
}  # fmt: skip
_CONTACT_TRAITS = {
    "email": "email", "name": "name", "firstName": "given_name", "first_name": "given_name",
    "firstname": "given_name", "lastName": "family_name", "last_name": "family_name", "lastname": "family_name",
    "phone": "phone", "title": "title", "jobTitle": "title", "department": "department",
}  # fmt: skip


def apply_identities(
    events: Sequence[Event], groups: Sequence[Event], channel_of: ChannelOf, now: datetime
) -> None:
    """Make accounts of new groups, and let traits update accounts and contacts where the key allows it.

    Saying the same again changes nothing, so that a consumer may repeat it after a crash.

    Args:
        events: identify, group and alias messages, in order.
        groups: the earliest event of each group id heard of for the first time.
        channel_of: settings by the name of the source; None where it is gone.
    """
    allowed = [(event, channel) for event in events if (channel := channel_of(event.source))]
    named = {(event.system, event.group): _traits(event) for event, _ in allowed if event.type == "group"}
    newcomers = [e for e in groups if (channel := channel_of(e.source)) and channel.creates_accounts]
    made = _make_accounts(newcomers, named, now)
    telling = [event for event, channel in allowed if channel.updates_records]
    _update_accounts([e for e in telling if e.type == "group" and (e.system, e.group) not in made], now)
    _update_contacts([e for e in telling if e.type == "identify" and e.user], now)


def _traits(event: Event) -> Mapping[str, Any]:
    found = json.loads(event.properties)
    return found if isinstance(found, dict) else {}


def _fields(traits: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    row: Row = {}
    for trait, field in names.items():
        value = traits.get(trait)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            row.setdefault(field, clean(value) if isinstance(value, str) else value)
    return row


def _known(system: str, ids: Iterable[str]) -> set[str]:
    """Which ids of a system lead to an account that is there."""
    there = Q(account__deleted_at=None) | Q(account__merged_into__isnull=False)
    return set(_leading(system, ids, there))


def _taken(system: str, ids: Iterable[str]) -> set[str]:
    """Which ids of a system are those of an account that is there, or that somebody has deleted. One that went because
    an import was undone comes back with its id."""
    accounts = _leading(system, ids, Q())
    back = _taken_back(accounts.values())
    return {value for value, account in accounts.items() if account not in back}


def unknown_ids(system: str, ids: Iterable[str]) -> list[str]:
    """Of the ids of a system, in order, those of which events would make accounts."""
    every = list(dict.fromkeys(ids))
    taken = _taken(system, every)
    return [value for value in every if value not in taken]


def _taken_back(accounts: Iterable[int]) -> set[int]:
    """Those that are gone and were last stated by an import that was undone."""
    stated: dict[int, int | None] = {}
    for part in slices(accounts):
        gone = Account.objects.filter(pk__in=part, deleted_at__isnull=False, merged_into=None)
        rows = RecordVersion.objects.filter(kind=ACCOUNT.name, record_id__in=gone.values("pk"), deleted=False)
        stated |= dict(rows.order_by("pk").values_list("record_id", "import_id"))
    undone = Import.objects.filter(status=Import.Status.UNDONE).in_bulk(set(stated.values()) - {None})
    return {account for account, number in stated.items() if number in undone}


def _leading(system: str, ids: Iterable[str], which: Q) -> dict[str, int]:
    """The accounts to which ids of a system lead."""
    found: dict[str, int] = {}
    for part in slices(ids):
        links = OutsideId.objects.filter(
            which, system=system, target=OutsideId.Target.ACCOUNT, value__in=part
        )
        found |= dict(links.values_list("value", "account_id"))
    return found


def _make_accounts(
    newcomers: Sequence[Event], named: Mapping[tuple[str, str], Mapping[str, Any]], now: datetime
) -> set[tuple[str, str]]:
    made: set[tuple[str, str]] = set()
    for (system, source, backfill), events in _by_batch(newcomers).items():
        taken = _taken(system, (event.group for event in events))
        rows = []
        for event in events:
            if event.group in taken:
                continue
            since = company_day(_EPOCH + timedelta(microseconds=event.occurred_us))
            told = _fields(named.get((system, event.group), {}), _ACCOUNT_TRAITS)
            rows.append({"name": event.group, "since": since, **told, "id": event.group})
            made.add((system, event.group))
        _save(ACCOUNT, rows, system, source, backfill, now, made=True)
    return made


def _by_batch(events: Iterable[Event]) -> dict[tuple[str, str, bool], list[Event]]:
    batches: dict[tuple[str, str, bool], list[Event]] = {}
    for event in events:
        batches.setdefault((event.system, event.source, event.backfill), []).append(event)
    return batches


def _update_accounts(events: Sequence[Event], now: datetime) -> None:
    for (system, source, backfill), batch in _by_batch(events).items():
        known = _known(system, (event.group for event in batch))
        rows = [
            {**fields, "id": event.group}
            for event in batch
            if event.group in known and (fields := _fields(_traits(event), _ACCOUNT_TRAITS))
        ]
        _save(ACCOUNT, rows, system, source, backfill, now)


def _update_contacts(events: Sequence[Event], now: datetime) -> None:
    """People whose account is known: by the group of the message, or because the contact is there already."""
    for (system, source, backfill), batch in _by_batch(events).items():
        groups = _known(system, (event.group for event in batch if event.group))
        people = _people(system, (event.user for event in batch))
        rows = []
        for event in batch:
            fields = _fields(_traits(event), _CONTACT_TRAITS)
            if event.group in groups:
                rows.append({**fields, "id": event.user, "user_id": event.user, "account": event.group})
            elif event.user in people and fields:
                rows.append({**fields, "id": event.user})
        _save(CONTACT, rows, system, source, backfill, now)


def _people(system: str, ids: Iterable[str]) -> set[str]:
    wanted, found = sorted(set(ids)), set[str]()
    for start in range(0, len(wanted), _SLICE):
        part = wanted[start : start + _SLICE]
        links = OutsideId.objects.filter(system=system, target=OutsideId.Target.USER, value__in=part)
        found |= set(links.filter(contact__isnull=False).values_list("value", flat=True))
        own = Contact.objects.filter(source=system, outside_id__in=part)
        found |= set(own.values_list("outside_id", flat=True))
    return found


def _save(
    kind: Kind,
    rows: list[Row],
    system: str,
    source: str,
    backfill: bool,
    now: datetime,
    *,
    made: bool = False,
) -> None:
    """Save what was told. ``made``: records that are new, and must be called something."""
    for start in range(0, len(rows), _SLICE):
        part = rows[start : start + _SLICE]
        actor = f"key:{source}"
        results = save_records(kind, part, source=system, actor=actor, backfill=backfill, now=now)
        refused: list[Refusal] = [(r.index, r.errors) for r in results if r.errors]
        if refused:
            refused = _mended(kind, part, refused, system, source, backfill, now)
        _keep_rejected(kind, part, refused, source, now)
        fitting = [_without(part[index], errors) for index, errors in refused if not _WHOSE & errors.keys()]
        if made:
            fitting = [{"name": row["id"], **row} for row in fitting]
        if fitting:
            save_records(kind, fitting, source=system, actor=actor, backfill=backfill, now=now)


def _mended(
    kind: Kind,
    rows: list[Row],
    refused: Sequence[Refusal],
    system: str,
    source: str,
    backfill: bool,
    now: datetime,
) -> list[Refusal]:
    """What is still refused once the corrections kept for the source are applied; the rest is saved."""
    rules = kept_rules(kind.name, source=source)
    if not rules:
        return list(refused)
    zone = company_zone()
    again = [mend(rows[index], rules, zone) for index, _errors in refused]
    results = save_records(kind, again, source=system, actor=f"key:{source}", backfill=backfill, now=now)
    return [
        (index, errors) for (index, errors), result in zip(refused, results, strict=True) if result.errors
    ]


def _without(row: Row, errors: Mapping[str, Any]) -> Row:
    """What fits of a row: a number of employees like "51-200" is no reason to know nothing of a customer."""
    return {name: value for name, value in row.items() if name not in errors}


def _keep_rejected(
    kind: Kind, rows: list[Row], errors: Sequence[Refusal], source: str, now: datetime
) -> None:
    """Traits that do not fit go to the desk; the message itself is stored all the same."""
    rejects = []
    for index, texts in errors:
        row = rows[index]
        field, text = next(iter(texts.items()))
        rejects.append(
            Reject(
                kind=kind.name,
                source=source,
                origin=_origin(kind, source, row, field),
                position=0,
                payload=json.dumps(row, ensure_ascii=False, default=str),
                reason="bad_trait",
                message_en=f"{field}: {text.en}",
                message_ja=f"{field}: {text.ja}",
                place=field,
                made_at=now,
            )
        )
    Reject.objects.bulk_create(rejects, ignore_conflicts=True)


def _origin(kind: Kind, source: str, row: Row, field: str) -> str:
    """The same said again makes no second entry. Hashed, so that long ids with one beginning stay apart."""
    said = json.dumps([source, row["id"], field, row.get(field)], default=str)
    return f"traits:{kind.name[:16]}:{hashlib.blake2b(said.encode(), digest_size=16).hexdigest()}"


def _read_traits(event: Event) -> Mapping[str, Any]:
    try:
        return _traits(event)
    except (ValueError, RecursionError):
        return {"traits": event.properties}


def keep_failed(event: Event, error: Exception, now: datetime) -> None:
    """A message whose identity could not be applied at all goes to the desk, to be looked at."""
    kind = CONTACT if event.type == "identify" else ACCOUNT
    row = {"id": event.user if kind is CONTACT else event.group, **_read_traits(event)}
    Reject.objects.bulk_create(
        [
            Reject(
                kind=kind.name,
                source=event.source,
                origin=f"identity:{message_hashes([event.message_id])[0][0]}",
                position=0,
                payload=json.dumps(row, ensure_ascii=False).replace("\x00", "\ufffd"),
                reason="identity_failed",
                message_en=f"The record could not be saved: {error}"[:500].replace("\x00", "\ufffd"),
                message_ja=f"レコードを保存できませんでした: {error}"[:500].replace("\x00", "\ufffd"),
                place="$.traits",
                made_at=now,
            )
        ],
        ignore_conflicts=True,
    )
