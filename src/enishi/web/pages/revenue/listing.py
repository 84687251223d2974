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

    @property
    def kept(self) -> int:
        """What of the money before is still there after; growth of one makes up for the loss of no other."""
        return sum(min(entry.before, entry.after) for entry in self.entries)

    @property
    def kept_share(self) -> float | None:
        return self.kept / self.before if self.before else None


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


def _lost(frame: pd.DataFrame) -> Iterator[Entry]:
    """Customers of the start that are gone at the end: those logo churn counts."""
    return (entry for entry in _retained(frame) if entry.before > 0 and entry.after <= 0)


def _cohort(moves: pd.DataFrame, drill: Drill) -> Iterator[Entry]:
    """Everyone who came in the period: MRR on the day they came, and at the end of the day looked at."""
    came = listed(moves, "new", number_of(drill.start), number_of(drill.end))
    day = drill.on or drill.end
    held = mrr_at(moves[moves["day"] < number_of(day)], day)
    for row in came.itertuples(index=False):
        account, first = int(row.account_id), int(row.amount)  # type: ignore[arg-type]
        after = int(held.get(account, 0))
        yield Entry(account, after - first, first, after)


def _renewals(due: pd.DataFrame, drill: Drill) -> Iterator[Entry]:
    """Renewals due in the span, with the MRR before and after each date."""
    part = due[(due["day"] >= number_of(drill.start)) & (due["day"] < number_of(drill.end))]
    ordered = part.sort_values(["renewed", "mrr"], ascending=[True, False], kind="stable")
    rows: Iterator[Any] = ordered.itertuples(index=False)
    for row in rows:
        before, after = int(row.mrr), int(row.after)
        kind = "renewed" if row.renewed else "not_renewed"
        on = day_of_number(int(row.day))
        yield Entry(int(row.account_id), after - before, before, after, kind, on, str(row.product))


def _entries(member: Member, drill: Drill, known_on: date, day: date, today: date) -> Iterator[Entry]:
    if drill.movement == "renewals":
        return _renewals(reads.read_due(member, drill.view, known_on, day, today), drill)
    moves = reads.read_book(member, drill.view, known_on, today).moves
    if drill.movement == "mrr":
        return _standing(moves, drill.end)
    if drill.movement == "cohort":
        return _cohort(moves, drill)
    if drill.movement in ("retention", "lost"):
        held = retention_by_account(moves, drill.start, drill.end)
        return _lost(held) if drill.movement == "lost" else _retained(held)
    return _moves(listed(moves, drill.movement, number_of(drill.start), number_of(drill.end)))


def read_listing(member: Member, drill: Drill, today: date) -> Listing:
    """The entries behind a figure of the page, in scope and in the figure's segment."""
    day = drill.view.day(today)
    known_on = min(day, drill.knew or day)
    entries = tuple(_entries(member, drill, known_on, day, today))
    return Listing(
        entries,
        sum(entry.amount for entry in entries),
        sum(entry.before for entry in entries),
        sum(entry.after for entry in entries),
    )
