"""Free text that names a person without being about them: a ticket of a colleague, a note. Found for a person to
judge, since a family name alone may be somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Model, Q
from django.utils.timezone import localdate

from enishi.accounts.access import visible_accounts
from enishi.accounts.erasing import ids_of, names_of, stands_in
from enishi.accounts.merging import family
from enishi.accounts.models import Contact, Member, Record
from enishi.kit.text import Text
from enishi.store.kinds import KINDS
from enishi.work.api import Note, Task

GONE = "［消去済み］"
MOST = 200
_AROUND = 40
_KEY = re.compile(r"[a-z_]+:[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that names the person. ``key`` comes back from the form where it is to be emptied."""

    key: str
    title: Text
    on: date | None
    customer: str
    excerpt: str


def find_mentions(contact: Contact) -> list[Mention]:
    """Texts at the person's own customer that hold one of the names."""
    names = names_of(contact)
    found = _all_texts(contact) if names and contact.account else iter(())
    hits = (mention for mention, text in found if stands_in(text, names))
    return [mention for mention, _n in zip(hits, range(MOST), strict=False)]


def find_naming(member: Member, contact: Contact, places: Iterable[tuple[str, int]]) -> list[Mention]:
    """The records of others that hold an id or address of the person, as far as the member may read them."""
    numbers = [number for _kind, number in places]
    rows = Record.objects.filter(Q(account=None) | Q(account__in=visible_accounts(member)), pk__in=numbers)
    ids = ids_of(contact)
    words = sorted({*ids.texts, *(user for _, user in ids.users)}, key=len, reverse=True)
    rows = rows.select_related("account").order_by("-happened_at", "-pk")
    return [_mention(row, _text_of(row), words) for row in rows]


def _mention(row: Record, text: str, words: Sequence[str]) -> Mention:
    kind = KINDS[row.kind]
    customer = row.account.name if row.account else ""
    return Mention(
        f"{row.kind}:{row.pk}", kind.title, localdate(row.happened_at), customer, _clip(text, words)
    )


def _all_texts(contact: Contact) -> Iterator[tuple[Mention, str]]:
    assert contact.account  # noqa: S101
    accounts, names = family(contact.account), names_of(contact)
    for row in _records(contact, accounts):
        text = _text_of(row)
        if text:
            yield _mention(row, text, names), text
    for note in Note.objects.filter(account__in=accounts).select_related("account").prefetch_related("texts"):
        text, title = "\n".join([note.body, *(one.body for one in note.texts.all())]), Text("Note", "メモ")
        yield (
            Mention(f"note:{note.pk}", title, localdate(note.made_at), note.account.name, _clip(text, names)),
            text,
        )
    for task in Task.objects.filter(account__in=accounts).select_related("account"):
        text, title = f"{task.title}\n{task.note}", Text("Task", "タスク")
        yield (
            Mention(f"task:{task.pk}", title, localdate(task.made_at), task.account.name, _clip(text, names)),
            text,
        )


def _records(contact: Contact, accounts: set[int]) -> Iterator[Record]:
    """Records with free text that are not about the person: those lose their texts anyway."""
    kinds = [name for name, kind in KINDS.items() if kind.texts and name not in ("account", "contact")]
    rows = Record.objects.filter(account__in=accounts, kind__in=kinds).exclude(contact=contact)
    rows = rows.select_related("account")
    yield from rows.order_by("-happened_at", "-pk").iterator(chunk_size=500)


def _text_of(row: Record) -> str:
    return "\n".join(str(row.data[name]) for name in KINDS[row.kind].texts if row.data.get(name))


def _clip(text: str, words: Sequence[str]) -> str:
    """The surroundings of the first of some words in a text."""
    flat = " ".join(text.split())
    folded = flat.casefold()
    at = min((place for word in words if (place := folded.find(word.casefold())) >= 0), default=0)
    start, end = max(0, at - _AROUND), at + 2 * _AROUND
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")


def read_chosen(contact: Contact, keys: Iterable[str]) -> list[str]:
    """The chosen keys that are mentions of this person indeed."""
    known = {mention.key for mention in find_mentions(contact)}
    return [key for key in dict.fromkeys(keys) if key in known]


def read_kept(
    member: Member, contact: Contact, chosen: Iterable[str], shown: Iterable[str]
) -> list[tuple[str, int]]:
    """The records among a form's keys that were looked through and not chosen: only such as the member may read."""
    left = {key for key in {*shown} - {*chosen} if _KEY.fullmatch(key)}
    readable = find_naming(member, contact, records_of([*left]))
    return records_of([one.key for one in readable if one.key in left])


def records_of(keys: Sequence[str]) -> list[tuple[str, int]]:
    """The records among the keys, whose texts are emptied with their history."""
    pairs = [key.split(":") for key in keys]
    return [(kind, int(number)) for kind, number in pairs if kind in KINDS]


def redact(contact: Contact, keys: Sequence[str]) -> int:
    """Put a mark in the place of the names in notes and tasks; gives how many. In the caller's transaction, before
    the person's names are gone."""
    names = names_of(contact)
    changed: list[Model] = []
    for key in keys:
        kind, _colon, number = key.partition(":")
        if kind == "note":
            note = Note.objects.prefetch_related("texts").get(pk=int(number))
            note.body = without(note.body, names)
            changed.append(note)
            for text in note.texts.all():
                text.body = without(text.body, names)
                text.save(update_fields=["body"])
        elif kind == "task":
            task = Task.objects.get(pk=int(number))
            task.title, task.note = without(task.title, names), without(task.note, names)
            changed.append(task)
    for row in changed:
        row.save()
    return len(changed)


def without(text: str, names: Sequence[str]) -> str:
    """A text with the names marked as gone; all of it, where a name stands in another width or script.

    >>> without("山田様に電話", ["山田"])
    '［消去済み］様に電話'
    """
    if not text or not stands_in(text, names):
        return text
    marked = re.sub("|".join(map(re.escape, names)), GONE, text, flags=re.IGNORECASE)
    return GONE if stands_in(marked, names) else marked
