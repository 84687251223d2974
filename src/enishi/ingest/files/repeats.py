"""One record, one row: an id that stands in a file twice with different content is nobody's to guess."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from enishi.accounts.coercion import clip
from enishi.ingest.files.reading import ROW, Plan, ReadRow
from enishi.ingest.files.standing import content_of, of_same_headings
from enishi.ingest.models import Import, Reject
from enishi.kit.text import Text
from enishi.store.kinds import Kind

REPEATED = "repeated_id"  # the reason of a rejected row


def without_waiting(made: Import, rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """The rows, in order; one that comes back in the list of rejected rows, where the row that it contradicts is not, gets
    an error as long as it is unchanged."""
    items = Reject.objects.filter(kind=made.kind, reason=REPEATED, status=Reject.Status.OPEN)
    told = list(items.values_list("pk", "origin", "content"))
    alike = of_same_headings(made, {origin for _number, origin, _content in told})
    waiting = {number: content for number, origin, content in told if origin in alike}
    for row in rows:
        if row.number in waiting and waiting[row.number] == content_of(made, row):
            row.errors = row.errors or {"id" if "id" in made.plan["columns"] else ROW: UNCHANGED}
            row.reason = REPEATED
        yield row


def without_repeats(kind: Kind, plan: Plan, rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """The rows, in order; the second of an id gets an error if it says something else than the first.

    Of kinds whose terms change (:attr:`Kind.effective`), each day from which terms hold has its own row. Rows that
    could not be read do not count as the first.
    """
    first: dict[bytes, tuple[int, bytes]] = {}
    for row in rows:
        name = row.values.get("id")
        if name and not row.errors:
            day = row.values.get(kind.effective) if kind.effective else None
            place, content = first.setdefault(
                _digest([row.system, name, day]), (row.place, _digest(row.values))
            )
            if place != row.place and content != _digest(row.values):
                row.errors, row.reason = _repeated(str(name), place, "id" in plan.columns), REPEATED
        yield row


def _digest(value: object) -> bytes:
    text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()


def _repeated(name: str, place: int, stated: bool) -> dict[str, Text]:
    told = clip(name)
    if stated:
        return {
            "id": Text(
                f"'{told}' stands in row {place} too, with other content.",
                f"「{told}」は{place}行目にもあり、内容が異なります。",
            )
        }
    return {
        ROW: Text(
            f"is the same record as row {place} ('{told}'), with other content.",
            f"{place}行目と同じデータ(「{told}」)ですが、内容が異なります。",
        )
    }


UNCHANGED = Text(
    "is that of another row of its file too, with other content, and this row is unchanged: correct it, or take it in alone on "
    "the rejects desk.",
    "元のファイルでは、同じIDで内容の異なる行がほかにあります。この行は修正されていません。修正するか、取り込みエラーの画面で"
    "この行だけを取り込んでください。",
)
