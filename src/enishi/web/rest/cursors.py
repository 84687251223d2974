"""Paging by what changed when: stable while records are written."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from enishi.kit.text import Text
from enishi.web.rest.problems import BadRequest


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page."""

    at: datetime
    number: int

    def encode(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.number}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, most: int = 10**18) -> Cursor:
        """Read a cursor; ``most`` is more than any number it may name.

        Raises:
            BadRequest: it is none of ours.
        """
        try:
            plain = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
            at, _bar, number = plain.partition("|")
            found = datetime.fromisoformat(at)
            if found.tzinfo is None or not number.isdigit() or int(number[:21]) >= most:
                raise ValueError
            return cls(found, int(number))
        except (ValueError, binascii.Error):
            raise BadRequest(
                "bad_cursor",
                Text("The cursor is not one of ours.", "カーソルの値が正しくありません。"),
                Text("Use 'next_cursor' of the page before.", "前のページの next_cursor をお使いください。"),
                {"cursor": Text("Unknown.", "不正な値です。")},
            ) from None


def page_of(
    rows: QuerySet[Any], cursor: str, limit: int, *, at: str = "updated_at"
) -> tuple[list[Any], str | None]:
    """A page of rows in order of change, and the cursor of the next."""
    if cursor:
        after = Cursor.decode(cursor)
        rows = rows.filter(Q(**{f"{at}__gt": after.at}) | Q(**{at: after.at}, pk__gt=after.number))
    found = list(rows.order_by(at, "pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Cursor(getattr(last, at), last.pk).encode()
