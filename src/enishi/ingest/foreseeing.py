"""What an erasure would do, counted before it is asked for and without changing anything.

It looks with the same eyes as :mod:`.erasing`: every number here comes from the function that finds the rows there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import duckdb

from enishi.accounts.erasing import ids_of, lines_about, versions_about
from enishi.accounts.models import AuditLine, Contact, OutsideId, Record
from enishi.ingest.about import User
from enishi.ingest.erasing import (
    Place,
    corrections_naming,
    lines_leading,
    records_about,
    records_naming,
    rejects_naming,
    words_of,
)
from enishi.ingest.models import Correction, Reject
from enishi.ingest.reads import table_of
from enishi.ingest.sweeping import Sought, rows_redacted
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.published import Published
from enishi.store.redaction import count_naming

# Where members and the program wrote; what is in no group is "other".
GROUPS: dict[str, Text] = {
    "notes": Text("Notes", "メモ"),
    "tasks": Text("Tasks", "タスク"),
    "tags": Text("Tags", "タグ"),
    "letters": Text("Mails sent", "送信メール"),
    "reasons": Text("Reasons of scores and signals", "スコアや兆候の根拠"),
    "imports": Text("Imports and their mappings", "取り込みと対応付け"),
    "views": Text("Saved views and exports", "保存したビュー・書き出し"),
    "audit": Text("Lines of the audit log", "監査ログ"),
    "events": Text("Events of others", "他の人のイベント"),
    "other": Text("Other texts", "その他の文章"),
}
# What rooms above made of the person, and of the texts that are emptied; it goes with them.
JUDGED: dict[str, Text] = {
    "assessments": Text("Assessments by members", "メンバーによる評価"),
    "moves": Text("Moves between customers", "顧客企業間の異動"),
    "readings": Text("Tone and topic read in texts", "文章から読み取った感情と話題"),
    "corrections": Text("Corrections of tone and topic", "感情と話題の訂正"),
}
Count = Callable[[int | None, Sequence[Place]], dict[str, int]]
_COUNTING: list[Count] = []


def count_with(count: Count) -> None:
    """Have a room above count what it would forget with a contact and with records that lose their texts, by
    :data:`JUDGED`."""
    if count not in _COUNTING:
        _COUNTING.append(count)


_GROUP_OF = {
    "work.Note": "notes", "work.NoteText": "notes", "work.Task": "tasks", "work.Attention": "tasks",
    "work.Tag": "tags", "outreach.Message": "letters", "outreach.Consent": "letters", "signals.Signal": "reasons",
    "signals.AccountState": "reasons", "ingest.Import": "imports", "ingest.Mapping": "imports",
    "web.SavedView": "views", "web.Export": "views",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an erasure asked for now would do.

    Args:
        users: (system, id) whose events go.
        events: so many events of theirs, and those who became one with them, are in the store.
        links: ids that would lead to nobody any more.
        records: kind: records about the person, which lose their texts.
        naming: records of others in which an id or address of the person stands; they lose their texts unless kept.
        versions: earlier versions of the person and of the records about them that are emptied.
        rewritten: group (:data:`GROUPS`): texts in which a mark takes the person's place.
        rejects, corrections: on the desk, which are emptied.
        judged: what rooms above made of the person and of those texts (:data:`JUDGED`), which is deleted.
    """

    users: list[User]
    events: int
    links: int
    records: dict[str, int]
    naming: list[Place]
    versions: int
    rewritten: dict[str, int]
    rejects: int
    corrections: int
    judged: dict[str, int]


def foresee_erasure(contact: Contact, home: Home) -> Foreseen:
    """What :func:`enishi.ingest.erasing.ask_erasure` would do."""
    ids = ids_of(contact)
    sought = Sought([*ids.texts, *(user for _, user in ids.users)])
    about = {(row.kind, row.pk) for row in Record.objects.filter(contact=contact)}
    lines = set(lines_about(contact).values_list("pk", flat=True))
    return _foreseen(
        ids.users,
        sought,
        about,
        lines,
        home,
        links=OutsideId.objects.filter(contact=contact).count(),
        versions=versions_about(contact).count(),
        contact_id=contact.pk,
    )


def foresee_user_erasure(system: str, user_id: str, home: Home) -> Foreseen:
    """What :func:`enishi.ingest.erasing.ask_user_erasure` would do."""
    return _foreseen([(system, user_id)], Sought([user_id]), set(), set(), home)


def _foreseen(
    users: list[User],
    sought: Sought,
    about: set[Place],
    lines: set[int],
    home: Home,
    *,
    links: int = 0,
    versions: int = 0,
    contact_id: int | None = None,
) -> Foreseen:
    """``about``: records about the person; ``lines``: of the audit log, likewise."""
    about = about | set(records_about(users))
    events, told = count_events(home, users, sought)
    naming = [place for place in records_naming(sought) if place not in about]
    return Foreseen(
        users=users,
        events=events,
        links=links,
        records=dict(Counter(kind for kind, _number in sorted(about))),
        naming=naming,
        versions=versions,
        rewritten=_rewritten(users, sought, lines, told),
        rejects=len(rejects_naming(users, sought)),
        corrections=sum(1 for _one in corrections_naming(users, sought)),
        judged=_judged(contact_id, sorted({*about, *naming})),
    )


def _judged(contact_id: int | None, places: Sequence[Place]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for count in _COUNTING:
        found.update(count(contact_id, places))
    return {group: found[group] for group in JUDGED if found[group]}


def _rewritten(users: Collection[User], sought: Sought, lines: set[int], events: int) -> dict[str, int]:
    found = Counter(events=events)
    audit = lines | set(lines_leading(users).values_list("pk", flat=True))
    for row in rows_redacted(sought):
        if isinstance(row, AuditLine):
            audit.add(row.pk)
        elif not isinstance(row, Reject | Correction):  # counted by themselves
            found[_GROUP_OF.get(row._meta.label, "other")] += 1
    found["audit"] = len(audit)
    return {group: found[group] for group in GROUPS if found[group]}


def count_events(home: Home, users: Sequence[User], sought: Sought) -> tuple[int, int]:
    """How many events of these ids are in the store, those of ids that became one with them included; and how many of
    others hold what is telling."""
    published = Published(home)
    numbers = _numbers(published, users)
    query = f"SELECT count(*) FROM {table_of(published, 'events')} WHERE list_contains(?, user_no)"  # noqa: S608 - paths of our own files
    with duckdb.connect() as engine:
        (count,) = engine.execute(query, [numbers]).fetchone() or (0,)
    return int(count), count_naming(published.files("events"), words_of(sought, ""), numbers)


def _numbers(published: Published, users: Sequence[User]) -> list[int]:
    if not users:
        return []
    wanted = ", ".join("(?, ?)" for _user in users)
    query = f"""
        WITH RECURSIVE person AS (
            SELECT user_no FROM {table_of(published, "users")} WHERE (system, user_id) IN ({wanted})
            UNION
            SELECT a.previous_no FROM {table_of(published, "aliases")} a JOIN person USING (user_no)
        )
        FROM person
    """  # noqa: S608 - paths of our own files
    with duckdb.connect() as engine:
        return [row[0] for row in engine.execute(query, [part for user in users for part in user]).fetchall()]
