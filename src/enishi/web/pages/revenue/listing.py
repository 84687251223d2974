"""The accounts behind a figure, adding up to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from enishi.accounts.models import Member
from enishi.metrics.revenue import day_of_number, mrr_at, number_of, retention_by_account
from enishi.web.pages.revenue import reads
from enishi.web.pages.revenue.figures import listed
from enishi.web.pages.revenue.query import Drill

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One account's part of a figure. ``kind`` and ``on`` only for movements."""

    account_id: int
    amount: int
    before: int
    after: int
    kind: str = ""
    on: date | None = None
    product: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries, largest first, and what they add up to."""

    entries: tuple[Entry, ...]
    amount: int
    before: int
    after: int

    @property
    def accounts(self) -> int:
        return len({entry.account_id for entry in self.entries})


def _moves(frame: pd.DataFrame) -> Iterator[Entry]:
    rows: Iterator[Any] = frame.itertuples(index=False)
    for row in rows:
        yield Entry(
            int(row.account_id),
            int(row.amount),
            int(row.before),
            int(row.after),
            str(row.kind),
            day_of_number(int(row.day)),
            str(getattr(row, "product", "")),
        )


def _retained(frame: pd.DataFrame) -> Iterator[Entry]:
    ordered = frame.assign(lost=frame["opening"] - frame["closing"]).sort_values(
        "lost", ascending=False, kind="stable"
    )
    for key, row in ordered.iterrows():
        account: Any = key[0] if isinstance(key, tuple) else key
        product = str(key[1]) if isinstance(key, tuple) else ""
        opening, closing = int(row["opening"]), int(row["closing"])
        yield Entry(int(account), closing - opening, opening, closing, product=product)


def _standing(moves: pd.DataFrame, day: date) -> Iterator[Entry]:
    """MRR in force before ``day`` begins, largest first."""
    held = mrr_at(moves[moves["day"] < number_of(day)], day)
    for account, amount in held.sort_values(ascending=False, kind="stable").items():
        yield Entry(int(account), int(amount), 0, int(amount))  # type: ignore[call-overload]


def read_listing(member: Member, drill: Drill, today: date) -> Listing:
    """The entries behind a figure of the page, in scope and in the figure's segment."""
    known_on = min(today, drill.end) if drill.view.known == "then" else today
    moves = reads.read_book(member, drill.view, known_on).moves
    if drill.movement == "mrr":
        entries = tuple(_standing(moves, drill.end))
    elif drill.movement == "retention":
        entries = tuple(_retained(retention_by_account(moves, drill.start, drill.end)))
    else:
        chosen = listed(moves, drill.movement, number_of(drill.start), number_of(drill.end))
        entries = tuple(_moves(chosen))
    return Listing(
        entries,
        sum(entry.amount for entry in entries),
        sum(entry.before for entry in entries),
        sum(entry.after for entry in entries),
    )
