"""Erasing a person everywhere: records here, events and published files in the store, texts on the desk.

A person is found by the places that say whom something is about, whatever the id; within texts only by what is telling
(:mod:`.sweeping`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from enishi.accounts.audit import write_audit
from enishi.accounts.erasing import blank_texts, erase_contact, stands_in
from enishi.accounts.models import AuditLine, Contact, Member, OutsideId, Record, RecordVersion
from enishi.accounts.versions import lock_versions
from enishi.ingest.about import User, names_people, people_of
from enishi.ingest.models import Correction, ErasureRequest, Import, Reject
from enishi.ingest.naming import TEXT, Naming
from enishi.ingest.sweeping import Sought, redact_everywhere, rows_naming
from enishi.kit.text import Text
from enishi.store.contracts import Words
from enishi.store.kinds import KINDS

Place = tuple[str, int]  # kind, record number

# Rooms above forget what they made of the texts that are emptied; each is told the contact and the further places.
_FORGETTING: list[Callable[[int | None, Sequence[Place]], None]] = []

_SENT = Naming(inner=True, keys=True)  # properties as an application sent them
_ESCAPED = r"\\u00[2-7]"  # a plain character written otherwise in JSON

_EMPTIED = Text(
    "Emptied: it named a person who was erased.", "消去された人物の情報を含んでいたため、内容を消去しました。"
)


def forget_with_texts(forget: Callable[[int | None, Sequence[Place]], None]) -> None:
    """Have what a room above made of texts go with them."""
    if forget not in _FORGETTING:
        _FORGETTING.append(forget)


def ask_erasure(
    contact: Contact,
    *,
    texts: Sequence[Place] = (),
    keep: Collection[Place] = (),
    actor: Member | str,
    now: datetime,
) -> ErasureRequest:
    """Erase a contact here at once, and ask the consumer to remove the person from the store; it does so with its
    next pass, reads the store back, and notes on the request what is left. The files the person was in are deleted for
    good when readers can no longer hold them (an hour). :mod:`.foreseeing` says beforehand what would go.

    Args:
        texts: (kind, number) of further records whose free text names the person; they lose their texts too.
        keep: (kind, number) of records of others that somebody has looked through and that keep their texts although
            an id or address of the person stands in them.
    """
    with transaction.atomic():
        husk = erase_contact(contact, actor=actor, now=now)
        users, named, names = husk.ids.users, husk.ids.texts, husk.ids.names
        sought = Sought([*named, *(user for _, user in users)])
        # Addresses are looked for at the end, too.
        asked = sorted({*users, *(("", text) for text in named)})
        request = _request(asked, husk.contact_id, actor, now)
        _empty_others(request, users, sought, dict.fromkeys(texts, names), keep)
        _redact(users, sought, label_of(husk.contact_id))
        request.records += husk.records
        request.save()
    return request


def ask_user_erasure(
    system: str, user_id: str, *, keep: Collection[Place] = (), actor: Member | str, now: datetime
) -> ErasureRequest:
    """The same for a user id that is no contact here."""
    with transaction.atomic():
        lock_versions()
        users, sought = [(system, user_id)], Sought([user_id])
        request = _request(users, None, actor, now)
        _empty_others(request, users, sought, {}, keep)
        _redact(users, sought, label_of(None))
        request.save()
        write_audit(actor, "user_erased", f"{system} user")
    return request


def _empty_others(
    request: ErasureRequest,
    users: Collection[User],
    sought: Sought,
    texts: Mapping[Place, Sequence[str]],
    keep: Collection[Place],
) -> None:
    """Records of others, items of the desk and corrections lose their texts; what was kept is noted.

    Args:
        texts: names to look for in further records.
    """
    naming = set(records_naming(sought))
    places = sorted({*texts, *(naming - {*keep}), *records_about(users)})
    emptied = {place: _fields_naming(place, sought, texts.get(place, ())) for place in places}
    request.texts = [[*place, sorted(fields)] for place, fields in emptied.items()]
    request.kept = [list(place) for place in sorted(naming - {*emptied})]
    request.records = blank_texts(emptied, now=request.requested_at)
    _empty_corrections(users, sought)
    request.rejects = _empty_rejects(users, sought)
    for forget in _FORGETTING:
        forget(request.contact_id, places)


def records_naming(sought: Sought) -> list[Place]:
    """Records of others whose fields or history name the person: in the store they lose their texts as well."""
    found = {(row.kind, row.pk) for row, _ in rows_naming(sought, Record)}
    found |= {(row.kind, row.record_id) for row, _ in rows_naming(sought, RecordVersion)}
    return sorted(
        (kind, number) for kind, number in found if kind in KINDS and kind not in ("account", "contact")
    )


def _fields_naming(place: Place, sought: Sought, names: Sequence[str]) -> set[str]:
    """The fields of a record that name the person, now or in its history, although they are not about anybody."""
    kind, number = place
    others = [name for name in KINDS[kind].texts if name not in KINDS[kind].personal]
    states = [
        *Record.objects.filter(kind=kind, pk=number).values_list("data", flat=True),
        *RecordVersion.objects.filter(kind=kind, record_id=number).values_list("data", flat=True),
    ]
    told = ((name, str(state[name])) for state in states for name in others if state.get(name))
    return {name for name, text in told if sought.stands_in(text, TEXT) or stands_in(text, names)}


def records_about(users: Collection[User]) -> list[Place]:
    """Records about the person that were stated before anybody knew who that is: the id is kept aside."""
    found = Q(pk__in=[])
    for system, user in users:
        found |= Q(source=system, extra__contact=user)
    return list(Record.objects.filter(found).values_list("kind", "pk"))


def label_of(contact_id: int | None) -> str:
    """What stands in the person's place."""
    return "erased" if contact_id is None else f"erased-{contact_id}"


def file_without(sought: Sought, label: str, name: str) -> str:
    """A file's name with the label in the person's place, here and in the store, where its events are found by it."""
    found: str = sought.without(name, TEXT, label)
    return found[: Import._meta.get_field("name").max_length]


def words_of(sought: Sought, label: str, spared: Collection[str] = ()) -> Words:
    """What names the person in the store's texts of others.

    Args:
        spared: sources whose names stay.
    """

    def without(column: str, text: str) -> str:
        if column == "source":
            return text if text in spared else file_without(sought, label, text)
        found: str = sought.without(text, _SENT if column == "properties" else TEXT, label)
        return found

    near = "|".join([*map(re.escape, sought.written), _ESCAPED])
    return Words(near, without) if sought.written else Words()


def _redact(users: Collection[User], sought: Sought, label: str) -> None:
    """Take the person out of what people wrote and were told, and out of the log of where the ids led."""
    _rename_files(sought, label)
    redact_everywhere(sought, label)
    lines_leading(users).update(target_label=label)


def _rename_files(sought: Sought, label: str) -> None:
    """What a file's events have made stays known as theirs."""
    for made, columns in rows_naming(sought, Import):
        if "name" in columns:
            old, new = f"key:{made.name}", f"key:{file_without(sought, label, made.name)}"
            RecordVersion.objects.filter(actor=old).update(actor=new)
            OutsideId.objects.filter(made_by=old).update(made_by=new)


def lines_leading(users: Collection[User]) -> QuerySet[AuditLine]:
    """Lines of the audit log that tell where the ids led."""
    led = AuditLine.objects.filter(target_kind="outsideid", detail__target="user")
    return led.filter(target_label__in=[f"{system}:{user}" for system, user in users])


def _request(
    users: Sequence[tuple[str, str]], contact_id: int | None, actor: Member | str, now: datetime
) -> ErasureRequest:
    name = actor.email if isinstance(actor, Member) else actor
    return ErasureRequest.objects.create(
        users=[list(user) for user in users], contact_id=contact_id, requested_by=name, requested_at=now
    )


def _empty_rejects(users: Collection[User], sought: Sought) -> int:
    """Items on the desk that are about the person or quote what is telling lose what they quote, and the reasons that
    may."""
    rows = Reject.objects.filter(pk__in=rejects_naming(users, sought))
    rows.filter(status=Reject.Status.OPEN).update(status=Reject.Status.DISCARDED)
    return rows.update(
        payload="{}", content="", message_en=_EMPTIED.en, message_ja=_EMPTIED.ja, closed_by="erasure"
    )


def rejects_naming(users: Collection[User], sought: Sought) -> set[int]:
    """Items on the desk that are about the person or quote what is telling."""
    found, wanted = Q(pk__in=[]), set(users)
    for way in {way for _, user in users for way in (user, json.dumps(user)[1:-1])}:
        found |= Q(payload__contains=way)
    about = {row.pk for row in Reject.objects.filter(found) if people_of(row) & wanted}
    return about | {row.pk for row, _ in rows_naming(sought, Reject)}


def _empty_corrections(users: Collection[User], sought: Sought) -> None:
    for correction in corrections_naming(users, sought):
        correction.rule, correction.kept = {}, False
        correction.save(update_fields=["rule", "kept"])


def corrections_naming(users: Collection[User], sought: Sought) -> Iterator[Correction]:
    """Corrections that are about the person or quote what is telling."""
    ids = {user.casefold() for _, user in users}
    for correction in Correction.objects.exclude(rule={}):
        values = correction.rule["values"]
        told = [*values, *values.values()]
        if sought.stands_in(told, TEXT) or (names_people(correction) and ids & {v.casefold() for v in told}):
            yield correction
