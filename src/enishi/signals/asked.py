"""The scores of a day, those nobody had made on it among them: worked out when asked for, and never saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from enishi.accounts.audit import SYSTEM
from enishi.accounts.company import company_remembered
from enishi.definitions.actions import install_defaults
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.signals.bands import UNKNOWN
from enishi.signals.context import load_rules
from enishi.signals.filling import make_scores
from enishi.signals.judging import Judgement, judge
from enishi.signals.models import HealthScore
from enishi.signals.panel import known_accounts, read_frame, rows_of
from enishi.signals.scoring import bands_before


def judge_day(day: date, *, now: datetime, home: Home) -> dict[int, HealthScore]:
    """Account -> its score of one past day, judged as known then and not saved."""
    install_defaults(SYSTEM, now)
    with company_remembered(), KnownRecords(home) as records:
        frame = rows_of(read_frame(home, [day], rules := load_rules(), records=records), known_accounts())
        judgement = judge(frame.rows, rules)
    return scores_then(judgement, np.arange(len(judgement.rows)), {}, day, now)


def scores_then(
    judgement: Judgement, rows: NDArray[np.int64], kept: Mapping[int, HealthScore], day: date, now: datetime
) -> dict[int, HealthScore]:
    """The scores kept of a day, and for the accounts of ``rows`` that have none what the judgement says, not saved:
    nobody had said it that day, and asking must not change what the history says."""
    fresh = np.array([row for row in rows if int(judgement.accounts[row]) not in kept], dtype=np.int64)
    accounts = judgement.accounts[fresh]
    held = bands_before(day, set(accounts.tolist())) if len(fresh) else {}
    before = np.array([held.get(int(account), UNKNOWN) for account in accounts], dtype=np.int8)
    codes = np.full(len(judgement.rows), UNKNOWN, dtype=np.int8)
    codes[fresh] = judgement.bands_after(fresh, before)
    made = make_scores(judgement, fresh, codes, day, now, lines=False)
    return {**kept, **{score.account_id: score for score in made}}
