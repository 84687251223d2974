"""Open and closed signals: what holds since when. Fed day by day, written in bulk."""

from __future__ import annotations

from collections.abc import Iterable
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
        self._describe(judgement, rows, stands, fired, writer, now)

    def _let_go(self, left: list[int], day: date) -> None:
        """Nothing stands of those who are customers no longer, however lately it was seen."""
        for key in [(account, t) for account in left for t in self.types if (account, t) in self.open]:
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

    def _describe(
        self,
        judgement: Judgement,
        rows: NDArray[np.int64],
        stands: NDArray[np.bool_],
        fired: NDArray[np.bool_],
        writer: ReasonWriter,
        now: datetime,
    ) -> None:
        """Put today's strength, tag and evidence on the signals that hold today."""
        body, accounts = judgement.causes.body, judgement.accounts
        entries: dict[int, dict[str, dict[str, Any]]] = {}
        for i, j in np.argwhere(stands):
            row, name = int(rows[i]), body.causes[j].id
            if row not in entries:
                entries[row] = {entry["cause"]: entry for entry in writer.cause_entries(row, {})}
            if entry := entries[row].get(name):
                key = (int(accounts[row]), f"cause:{name}")
                self._put(key, entry["strength"], entry["tag"], entry["evidence"], now)
        for i, j in np.argwhere(fired):
            row, alert = int(rows[i]), body.alerts[j]
            evidence = writer.alert_entry(row, alert, date.min)["evidence"]
            key = (int(accounts[row]), f"alert:{alert.id}")
            self._put(key, 100, str(judgement.causes.tags[row]), evidence, now)

    def _put(self, key: Key, strength: int, tag: str, evidence: list[Any], now: datetime) -> None:
        signal = self.open[key]
        signal.strength, signal.tag, signal.evidence, signal.seen_at = strength, tag, evidence, now
        self.touched[id(signal)] = signal

    def write(self) -> list[Signal]:
        """Store everything that changed; returns the signals that are new and still open."""
        changed = list(self.touched.values())
        new = [signal for signal in changed if signal.pk is None]
        kept = [signal for signal in changed if signal.pk is not None]
        Signal.objects.bulk_create(new, batch_size=BATCH)
        Signal.objects.bulk_create(
            kept,
            batch_size=BATCH,
            update_conflicts=True,
            update_fields=WRITTEN,
            unique_fields=["id"],
        )
        self.touched = {}
        return [signal for signal in new if signal.until is None]
