"""Filling the past: every day judged as known then, newest days first, a block at a time.

A block may be interrupted: what is kept stays, and the next call goes on where this one ended. Blocks are judged
from some days before them on, so that bands and signals stand as if the whole past had been walked in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
from django.db import transaction
from django.db.models import Min, Q
from numpy.typing import NDArray

from enishi.accounts.audit import SYSTEM
from enishi.accounts.company import company_remembered
from enishi.definitions.actions import install_defaults
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.signals.bands import BANDS, Codes
from enishi.signals.book import SignalBook
from enishi.signals.context import Rules, load_rules
from enishi.signals.evidence import DayFacts
from enishi.signals.judging import Judgement, judge, rows_by_day, walk_bands
from enishi.signals.models import Cursor, HealthScore, ScoringRun, Signal
from enishi.signals.outdated import SIGNALS_FROM, drop_outdated, note_whole, partly_scored
from enishi.signals.panel import day_end, known_accounts, read_frame, rows_of
from enishi.signals.products import product_scores
from enishi.signals.scoring import LINES_KEPT_UP_TO, Progress, bands_before
from enishi.signals.states import ReasonWriter, group_tenths, kept_lines
from enishi.signals.turns import in_turn
from enishi.signals.writing import write_scores

DAILY_FOR = 90
HISTORY_DAYS = 730
BLOCK_DAYS = 45
WARM_UP = 8
"""Days judged before a block at most, so that it starts with the bands and signals it would have come to."""
ROWS_AT_ONCE = 300_000


def history_days(start: date, end: date) -> list[date]:
    """Daily for the last 90 days before ``end``, weekly (on ``end``'s weekday) before that."""
    recent = [end - timedelta(days=k) for k in range(DAILY_FOR)]
    older = [end - timedelta(days=7 * k) for k in range(DAILY_FOR // 7, (end - start).days // 7 + 1)]
    return sorted({day for day in (*recent, *older) if start <= day <= end})


def backfill_scores(
    end: date,
    start: date | None = None,
    *,
    now: datetime,
    home: Home | None = None,
    progress: Progress | None = None,
) -> int:
    """Judge past days as known then, newest first, where no score of the day is kept yet. Returns the scores written.

    Scores made afterwards that history has overtaken since are made anew (:mod:`.outdated`). May be interrupted at
    any moment and called again: it goes on with the days that are missing.

    Args:
        end: the newest day to fill; score today apart, by :func:`enishi.signals.api.score_day`.
        start: first day; two years before ``end`` by default.
        progress: told how many days are done, and of how many.
    """
    home = home or Home.from_environment()
    install_defaults(SYSTEM, now)
    drop_outdated(home)
    days = history_days(start or end - timedelta(days=HISTORY_DAYS), end)
    with company_remembered(), KnownRecords(home) as records:
        return _Filling(home, records, load_rules(), now, known_accounts(), frozenset(days)).fill(
            days, progress
        )


@dataclass(slots=True)
class _Filling:
    """One run over the missing days."""

    home: Home
    records: KnownRecords
    rules: Rules
    now: datetime
    known: set[int]
    history: frozenset[date]
    written: int = 0

    def fill(self, days: Sequence[date], progress: Progress | None) -> int:
        done = set(HealthScore.objects.order_by().values_list("day", flat=True).distinct())
        told_from = signals_from()
        older = [day for day in days if told_from is None or day < told_from]
        holes = [day for day in days if day not in done and day not in set(older)]
        partly = [day for day in partly_scored(days) if day in done]
        total, finished = len(holes) + len(partly) + len(older), 0
        self._tell(progress, 0, 0, total)
        for block in self._blocks(holes):
            self.keep_scores(self._judge_block(days, block), block)
            finished += self._tell(progress, len(block), finished, total)
        for block in self._blocks(partly):
            self.keep_scores(self._judge_block(days, block), block)
            note_whole(block[0])
            finished += self._tell(progress, len(block), finished, total)
        for block in self._blocks(older):
            judgement = self._judge_block(days, block)
            self.keep_scores(judgement, [day for day in block if day not in done])
            told_from = self._keep_signals(judgement, block[0], told_from)
            finished += self._tell(progress, len(block), finished, total)
        return self.written

    def _tell(self, progress: Progress | None, more: int, finished: int, total: int) -> int:
        if progress:
            progress(finished + more, total)
        return more

    def _blocks(self, days: Sequence[date]) -> list[list[date]]:
        """Days in blocks of what is judged at once, the newest block first."""
        ends = [*range(len(days), 0, -self._size()), 0]
        return [list(days[first:last]) for last, first in pairwise(ends)]

    def _size(self) -> int:
        return min(BLOCK_DAYS, max(1, ROWS_AT_ONCE // max(1, len(self.known))))

    def _warm_up(self) -> int:
        """Days judged before a block; fewer in large books, whose blocks are of a few days."""
        return max(1, min(WARM_UP, self._size() // 2))

    def _judge_block(self, days: Sequence[date], block: Sequence[date]) -> Judgement:
        """A block with the days before it from which its bands and signals follow."""
        before = [day for day in days if day < block[0]][-self._warm_up() :]
        return self.judge_days([*before, *block])

    def judge_days(self, days: Sequence[date]) -> Judgement:
        return judge(
            rows_of(read_frame(self.home, days, self.rules, records=self.records), self.known).rows,
            self.rules,
        )

    def keep_scores(self, judgement: Judgement, days: Sequence[date]) -> None:
        """Write the scores which some of the judged days lack, each day as a whole, the newest first."""
        if not days or not len(judgement.rows):
            return
        first = judgement.rows["as_of"].min().date()
        codes = walk_bands(judgement, bands_before(first, self.known))
        wanted = set(days)
        beside = self._product_scores(judgement, days)
        for moment, rows in reversed(rows_by_day(judgement).items()):
            if (day := moment.date()) in wanted:
                scores = make_scores(judgement, rows, codes, day, self.now, lines=self._keeps_lines(day))
                scores = _lacking(day, [*scores, *(score for score in beside if score.day == day)])
                with transaction.atomic():
                    write_scores(scores)
                self.written += sum(score.own for score in scores)

    def _keeps_lines(self, day: date) -> bool:
        """Weekly days of companies of ordinary size keep their lines; others are computed again when asked for."""
        last = max(self.history, default=day)
        return len(self.known) <= LINES_KEPT_UP_TO and (last - day).days % 7 == 0

    def _product_scores(self, judgement: Judgement, days: Sequence[date]) -> list[HealthScore]:
        if not self.rules.product_slugs:
            return []
        held = {slug: bands_before(days[0], self.known, slug) for slug in self.rules.product_slugs}
        chosen = judgement.rows["as_of"].dt.date.isin(set(days))
        return product_scores(
            self.home, days, self.rules, judgement.rows[chosen].reset_index(drop=True), held, self.now
        )

    def _keep_signals(self, judgement: Judgement, first: date, told_from: date | None) -> date:
        """Walk the signals of a block and join them to those known from ``told_from`` on."""
        book = SignalBook([])
        for moment, rows in rows_by_day(judgement).items():
            day = moment.date()
            writer = ReasonWriter(judgement, DayFacts(self.records, self.rules.causes.topics, day))
            book.advance(judgement, rows, writer, day, day_end(day))
            book.end_departed(set(judgement.accounts[rows].tolist()), day)
        book.describe()  # takes long; nobody can write meanwhile once the transaction has begun
        with in_turn(self.home), transaction.atomic():
            _join(book, first, told_from)
            Cursor.objects.update_or_create(name=SIGNALS_FROM, defaults={"position": first.toordinal()})
        return first


def _lacking(day: date, scores: Sequence[HealthScore]) -> list[HealthScore]:
    """Those a day does not hold: what is kept of it stays, and an account has one own score a day."""
    kept = list(HealthScore.objects.filter(day=day).values_list("account_id", "scorecard", "own"))
    cards, owners = {one[:2] for one in kept}, {account for account, _card, own in kept if own}
    return [
        score
        for score in scores
        if (score.account_id, score.scorecard) not in cards and not (score.own and score.account_id in owners)
    ]


def signals_from() -> date | None:
    """The day from which signals are told without a gap; None where there are none yet."""
    cursor = Cursor.objects.filter(name=SIGNALS_FROM).first()
    if cursor is not None:
        return date.fromordinal(cursor.position)
    run = ScoringRun.objects.filter(status="done").aggregate(first=Min("day"))["first"]
    signal = Signal.objects.aggregate(first=Min("since"))["first"]
    return min((day for day in (run, signal) if day), default=None)


def _join(book: SignalBook, first: date, told_from: date | None) -> None:
    """Write the signals of days from ``first`` to before ``told_from``. One that stands at the end goes on in the later
    one, which then began earlier; one that ended while the block was warming up belongs to the block before."""
    later = _standing(told_from) if told_from else {}
    extended = []
    for key, signal in list(book.open.items()):
        if told_from is None:
            continue
        del book.open[key]
        if (next_one := later.pop(key, None)) is not None:
            next_one.since, next_one.opening = signal.since, signal.opening
            extended.append(next_one)
            book.touched.pop(id(signal))
        else:
            signal.until = told_from
    for signal in later.values():
        if (
            told_from and signal.since < told_from
        ):  # what the later block assumed while warming up did not hold
            signal.since = told_from
            extended.append(signal)
    for number, signal in list(book.touched.items()):
        if signal.until is not None and signal.until <= first:
            del book.touched[number]
    Signal.objects.bulk_update(extended, ["since", "opening"], batch_size=500)
    book.write()


def _standing(day: date) -> dict[tuple[int, str], Signal]:
    found = Signal.objects.filter(Q(until=None) | Q(until__gt=day), since__lte=day)
    return {(signal.account_id, signal.type): signal for signal in found}


def make_scores(
    judgement: Judgement, rows: NDArray[np.int64], codes: Codes, day: date, now: datetime, *, lines: bool
) -> list[HealthScore]:
    """One score per row that has a scorecard with a version."""
    made = []
    for row in rows.tolist():
        number = int(judgement.chosen[row])
        if number < 0 or (version := judgement.rules.cards[number].version) is None:
            continue
        ev = judgement.evaluations[number]
        made.append(
            HealthScore(
                account_id=int(judgement.accounts[row]),
                scorecard=judgement.rules.cards[number].slug,
                version=version,
                day=day,
                tenths=int(ev.tenths[row]) if ev.known[row] else None,
                band=BANDS[codes[row]],
                coverage=round(float(ev.coverage[row]), 4),
                groups=group_tenths(ev, row),
                lines=kept_lines(ev, row) if lines else [],
                computed_at=now,
            )
        )
    return made
