"""Scoring from the command line, with progress shown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from enishi.cli.show import progress
from enishi.cli.words import say

ROUNDS = 30
"""Of reading texts before a score: ten minutes at most."""


def score_all(day: date, now: datetime) -> Any:
    """Score every account as of a day."""
    from enishi.signals.api import score_day

    with progress(say(f"Scoring {day}", f"スコア計算 {day}")) as step:
        return score_day(day, now=now, progress=step)


def read_texts(now: datetime) -> bool:
    """Read the texts that wait for it, whose tone scores know; whether any fact came of it.

    Read a minute later by the worker, they would make the scores of a day differ from those just told.
    """
    from django.db.models import Max

    from enishi.accounts.models import RecordVersion
    from enishi.texts.api import judge_new_texts

    def newest() -> int:
        return RecordVersion.objects.aggregate(last=Max("pk"))["last"] or 0

    before = newest()
    with progress(say("Reading texts", "文章の判定")):
        for _round in range(ROUNDS):  # what a very large import leaves is the worker's
            if judge_new_texts(now):
                break
    return newest() > before


def score_past(today: date, now: datetime) -> Any:
    """Score the days before today as they were known then, where that has not been done."""
    from enishi.signals.api import backfill_scores
    from enishi.signals.outdated import close_gaps

    with progress(say("Scoring the past", "過去のスコア計算")) as step:
        written = backfill_scores(today - timedelta(days=1), now=now, progress=step)
    close_gaps()
    return written


def score_then(day: date, now: datetime) -> dict[int, Any]:
    """Account number -> its score as it was, or would have been, judged on a past day; kept from now on."""
    from enishi.signals.api import scores_as_of

    with progress(say(f"Scoring as of {day}", f"{day} 時点のスコア計算")):
        return scores_as_of(day, now=now, keep=True)
