"""Open and closed signals: what holds since when. Fed day by day, written in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enishi.accounts.company import company_day
from enishi.signals.causes import open_signals
from enishi.signals.judging import Judgement
from enishi.signals.models import Signal
from enishi.signals.stages import have_left
from enishi.signals.states import ReasonWriter

BATCH = 2000
WRITTEN = ["strength", "tag", "evidence", "since", "until", "seen_at"]
Key = tuple[int, str]
Spot = tuple[ReasonWriter, int, int]
"""Where the words of a signal are found: the writer of a day, the row, and the number of the cause or alert."""


class SignalBook:
    """The signals of some accounts, kept in memory until :meth:`write`.

    Args:
        accounts: whose open signals to load; None for everyone's.
    """

    def __init__(self, accounts: Iterable[int] | None = None) -> None:
        rows = Signal.objects.filter(until=None)
        if accounts is not None:
            rows = rows.filter(account__in=list(accounts))
        self.open: dict[Key, Signal] = {(s.account_id, s.type): s for s in rows}
        self.seen: dict[Key, date] = {key: company_day(s.seen_at) for key, s in self.open.items()}
        self.touched: dict[int, Signal] = {}
        self.noted: dict[int, Spot] = {}
        self.first: dict[int, Spot] = {}
        self.types: tuple[str, ...] = ()

    def since(self, account: int) -> dict[str, date]:
        """Type -> first day of the account's open signals."""
        return {t: self.open[account, t].since for t in self.types if (account, t) in self.open}

    def advance(
        self, judgement: Judgement, rows: NDArray[np.int64], writer: ReasonWriter, day: date, now: datetime
    ) -> None:
        """Fold one day's judgement in."""
        body = judgement.causes.body
        causes = [f"cause:{cause.id}" for cause in body.causes]
        alerts = [f"alert:{alert.id}" for alert in body.alerts]
        self.types = (*causes, *alerts)
        accounts = judgement.accounts[rows]
        strengths = judgement.causes.strengths[rows]
        stands = open_signals(strengths, self._open_flags(accounts, causes), body)
        self._fold(accounts, stands, causes, {}, day)
        fired = judgement.causes.alerts[rows]
        quiet = {f"alert:{alert.id}": alert.quiet_days for alert in body.alerts}
        self._fold(accounts, fired, alerts, quiet, day)
        self._let_go(accounts[have_left(judgement.rows)[rows]].tolist(), day)
        self._note(judgement, rows, stands, fired, writer, now)

    def end_departed(self, present: Collection[int], day: date) -> None:
        """Nothing stands of accounts that are no more: deleted, or part of another."""
        self._let_go([account for account in {key[0] for key in self.open} if account not in present], day)

    def _let_go(self, left: list[int], day: date) -> None:
        """Nothing stands of those who are customers no longer, however lately it was seen."""
        gone = set(left)
        for key in [key for key in self.open if key[0] in gone]:
            signal = self.open.pop(key)
            signal.until = day
            self.touched[id(signal)] = signal

    def _open_flags(self, accounts: NDArray[np.int64], types: list[str]) -> NDArray[np.bool_]:
        flags = np.zeros((len(accounts), len(types)), dtype=bool)
        if not self.open:
            return flags
        for i, account in enumerate(accounts.tolist()):
            flags[i] = [(account, t) in self.open for t in types]
        return flags

    def _fold(
        self,
        accounts: NDArray[np.int64],
        stands: NDArray[np.bool_],
        types: list[str],
        quiet: dict[str, int],
        day: date,
    ) -> None:
        was = self._open_flags(accounts, types)
        for i, j in np.argwhere(stands | was):
            key = (int(accounts[i]), types[j])
            if stands[i, j]:
                self.seen[key] = day
                if not was[i, j]:
                    signal = Signal(account_id=key[0], type=key[1], since=day)
                    self.open[key] = signal
                    self.touched[id(signal)] = signal
            elif day - self.seen[key] >= timedelta(days=quiet.get(types[j], 0)):
                signal = self.open.pop(key)
                signal.until = day
                self.touched[id(signal)] = signal

    def _note(
        self,
        judgement: Judgement,
        rows: NDArray[np.int64],
        stands: NDArray[np.bool_],
        fired: NDArray[np.bool_],
        writer: ReasonWriter,
        now: datetime,
    ) -> None:
        """Remember where today's strength, tag and evidence of what holds are found: only the last are written, and
        what a new signal opened with."""
        body, accounts = judgement.causes.body, judgement.accounts
        shown = np.rint(judgement.causes.strengths[rows]) >= body.shown_from
        worded = {"cause": shown, "alert": np.ones_like(fired)}
        for prefix, held, names in (("cause", stands, body.causes), ("alert", fired, body.alerts)):
            for i, j in np.argwhere(held):
                row = int(rows[i])
                signal = self.open[int(accounts[row]), f"{prefix}:{names[j].id}"]
                signal.seen_at = now
                self.touched[id(signal)] = signal
                if worded[prefix][i, j]:
                    self.noted[id(signal)] = spot = (writer, row, int(j))
                    if signal.pk is None and not signal.opening:
                        self.first.setdefault(id(signal), spot)

    def describe(self) -> None:
        """Put the newest strength, tag and evidence on every signal that changed, and on new ones what they opened
        with."""
        for number, spot in self.noted.items():
            if (signal := self.touched.get(number)) is None:
                continue
            _describe(signal, *spot)
            if (first := self.first.get(number)) is not None:
                entry = _entry(signal, *first) if first != spot else None
                signal.opening = entry["evidence"] if entry else signal.evidence
        self.noted, self.first = {}, {}

    def write(self) -> list[Signal]:
        """Store everything that changed; returns the signals that are new and still open."""
        self.describe()
        changed = list(self.touched.values())
        new = [signal for signal in changed if signal.pk is None]
        kept = [signal for signal in changed if signal.pk is not None]
        Signal.objects.bulk_create(
            kept,
            batch_size=BATCH,
            update_conflicts=True,
            update_fields=WRITTEN,
            unique_fields=["id"],
        )
        Signal.objects.bulk_create(new, batch_size=BATCH)
        self.touched = {}
        return [signal for signal in new if signal.until is None]


def _entry(signal: Signal, writer: ReasonWriter, row: int, place: int) -> dict[str, Any] | None:
    """What is said of a signal on a day; ``place`` is the number of its cause or alert."""
    if signal.type.startswith("alert:"):
        return writer.alert_entry(row, writer.causes.body.alerts[place], date.min)
    return writer.cause_entry(row, place, {})


def _describe(signal: Signal, writer: ReasonWriter, row: int, place: int) -> None:
    """The words of one signal."""
    signal.tag = str(writer.causes.tags[row])
    if (entry := _entry(signal, writer, row, place)) is not None:
        signal.strength, signal.evidence = entry.get("strength", 100), entry["evidence"]
