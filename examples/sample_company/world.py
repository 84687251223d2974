"""One customer, whole: company, contract start, course, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from .companies import Company, company
from .sample import Sample
from .stories import Course, Path, draw_course

YEARLY_SHARE = {"SMB": 0.35, "Mid": 0.6, "Enterprise": 0.85}


@dataclass(frozen=True)
class Ending:
    """How a customer leaves. ``decided_on`` is known to nobody; ``notice_on`` is when it tells us."""

    decided_on: date
    notice_on: date
    ended_on: date
    reason: str


@dataclass(frozen=True)
class Customer:
    company: Company
    since: date
    yearly: bool
    seats: int  # at the start of what we see
    people: int  # who actually use it, at full swing
    course: Course
    hazard: Path  # the true chance of deciding to leave, by week
    ending: Ending | None

    @property
    def id(self) -> str:
        return self.company.id

    @property
    def index(self) -> int:
        return self.company.index

    @property
    def story(self) -> str:
        return self.course.story.id

    def last_day(self, until: date) -> date:
        """The last day with a contract, no later than ``until``."""
        return until if self.ending is None else min(until, self.ending.ended_on - timedelta(days=1))

    def at(self, channel: str, sample: Sample, day: date) -> float:
        return float(self.course.paths[channel][sample.week(day)])

    def is_here(self, day: date) -> bool:
        return self.since <= day and (self.ending is None or day < self.ending.ended_on)


def customer(sample: Sample, index: int) -> Customer:
    """The customer with that number: a pure function of the sample's start, seed and the number."""
    who = company(sample, index)
    random = sample.random(index, "contract")
    since = _start(sample, random)
    yearly = random.random() < YEARLY_SHARE[who.size]
    low, high = {"SMB": (3, 11), "Mid": (8, 30), "Enterprise": (20, 110)}[who.size]
    seats = int(np.exp(random.uniform(np.log(low), np.log(high))))
    people = max(2, min(48, round(seats * random.uniform(0.5, 1.0))))
    course = draw_course(sample, index, sample.offset(since) // 7)
    hazard = calendar_hazard(sample, course.hazard(who.size), since, yearly)
    ending = _ending(sample, who, since, yearly, course, hazard)
    if ending is not None:
        _wind_down(sample, random, course, ending)
    return Customer(who, since, yearly, seats, people, course, hazard, ending)


def _start(sample: Sample, random: np.random.Generator) -> date:
    """Three in five were customers before the window; the others come while we watch."""
    if random.random() < 0.6:
        return sample.start - timedelta(days=int(random.gamma(1.6, 330)) + 1)
    return sample.start + timedelta(days=int(random.integers(0, sample.window_weeks * 7 - 21)))


def renewal_after(since: date, day: date) -> date:
    """The first anniversary of the contract later than ``day``."""
    year = day.year - 1
    while True:
        anniversary = _anniversary(since, year)
        if anniversary > day and anniversary > since:
            return anniversary
        year += 1


def _anniversary(since: date, year: int) -> date:
    return (
        since.replace(year=year, day=28) if (since.month, since.day) == (2, 29) else since.replace(year=year)
    )


def month_end_after(day: date) -> date:
    """The first of the month after next: the end of a monthly contract cancelled on ``day``."""
    month = day.month + 2
    return date(day.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _ending(
    sample: Sample, who: Company, since: date, yearly: bool, course: Course, chances: Path
) -> Ending | None:
    """Draw, week by week, whether the customer decides to leave; then follow the contract to its end."""
    random = sample.random(who.index, "ending")
    hit = np.flatnonzero(random.random(sample.weeks) < chances)
    if not len(hit):
        return None
    decided = sample.day(7 * int(hit[0]) + int(random.integers(0, 7)))
    notice = decided + timedelta(days=int(random.integers(7, 60)))
    ended = renewal_after(since, notice + timedelta(days=14)) if yearly else month_end_after(notice)
    reasons = course.story.english_reasons if who.language == "en" else course.story.reasons
    reason = reasons[random.integers(len(reasons))] if reasons and random.random() < 0.75 else ""
    return Ending(decided, notice, ended, reason)


def calendar_hazard(sample: Sample, hazard: Path, since: date, yearly: bool) -> Path:
    """Apply the contract's calendar: those bound for a year decide mostly in the four months before renewal."""
    weeks = np.arange(sample.weeks)
    factor = np.ones(sample.weeks)
    if yearly:
        left = np.array(
            [(renewal_after(since, sample.day(7 * int(w))) - sample.day(7 * int(w))).days for w in weeks]
        )
        factor = np.where((left <= 125) & (left >= 20), 2.4, 0.25)
    factor[weeks * 7 <= sample.offset(since) + 28] = 0.0
    return np.minimum(hazard * factor, 0.3)


def _wind_down(sample: Sample, random: np.random.Generator, course: Course, ending: Ending) -> None:
    """Having decided, most use it less and less; some use it to the last day."""
    if random.random() < 0.3:
        return
    week = sample.week(ending.decided_on)
    rest = np.arange(sample.weeks - week)
    fall = np.clip(1 - rest / random.uniform(8, 24), random.uniform(0.05, 0.5), 1)
    course.paths["use"][week:] *= fall
    course.paths["warmth"][week:] *= np.clip(1 - rest / 20, 0.4, 1)
