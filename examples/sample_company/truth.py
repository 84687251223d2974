"""What really moved each account. Read by tests and by nothing else: a score may never see this."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from .sample import Sample
from .world import Customer, customer


def truth_row(sample: Sample, who: Customer) -> dict[str, Any]:
    """The account's story, its true weekly hazard from the first simulated week, and how it ended."""
    course, ending = who.course, who.ending
    return {
        "account": who.id,
        "story": who.story,
        "since": who.since.isoformat(),
        "yearly": who.yearly,
        "onset_on": sample.day(7 * course.onset).isoformat() if course.onset is not None else None,
        "recovery_on": sample.day(7 * course.recovery).isoformat() if course.recovery is not None else None,
        "decided_on": ending.decided_on.isoformat() if ending else None,
        "notice_on": ending.notice_on.isoformat() if ending else None,
        "ended_on": ending.ended_on.isoformat() if ending else None,
        "reason": ending.reason if ending else None,
        "first_week": sample.start.isoformat(),
        "hazard": [float(f"{value:.5f}") for value in who.hazard],
    }


def chance_of_ending(row: dict[str, Any], first_week: int, weeks: int) -> float:
    """The probability, by the true hazards, of deciding to leave within ``weeks`` weeks from ``first_week``."""
    return float(1 - np.prod(1 - np.array(row["hazard"][first_week : first_week + weeks])))


def write_truth(sample: Sample, path: Path) -> None:
    """One JSON object a line, gzipped, one line an account."""
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for index in range(sample.accounts):
            out.write(json.dumps(truth_row(sample, customer(sample, index)), ensure_ascii=False) + "\n")
