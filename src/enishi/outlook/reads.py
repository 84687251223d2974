"""Where revenue will land, within the scope of the member who asks: drawn anew for their customers, or read from what was
drawn of the whole book."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.db.models import QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member, Scope
from enishi.forecasts.leaving import CERTAIN
from enishi.forecasts.moved import STEPS, what_moved
from enishi.forecasts.simulation import (
    Cohorts,
    Draws,
    Paths,
    Scenario,
    between,
    expected,
    expected_arrivals,
    simulate,
)
from enishi.forecasts.standing import Floats
from enishi.forecasts.turnover import TooLittle
from enishi.metrics.revenue import day_of_number
from enishi.metrics.spans import FOREVER
from enishi.outlook.facts import cohort_totals, read_moves
from enishi.outlook.keeping import Stated, from_bytes, rates_from_json
from enishi.outlook.making import AT_ONCE
from enishi.outlook.models import BackTest, Category, Forecast, RenewalCall, Target, Thresholds
from enishi.risk.api import HORIZONS, last_scored, model_in_use
from enishi.segments.api import last_tiers

KEEP_SECONDS = 900
FACTORS = (
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
)  # on leaving, that are drawn: what is assumed between two lies on the line between them
CELLS = 30_000_000  # customers x draws x months that are drawn while somebody waits
LEAST_DRAWS = 200
DIMENSIONS = ("tier", "industry", "size", "region", "channel")


@dataclass(frozen=True, slots=True)
class View:
    """Whose customers, and which of them. ``whole``: all of the company's, so that new business counts."""

    accounts: frozenset[int]
    whole: bool
    key: str


def view_of(member: Member, dimension: str = "", segment: str = "") -> View:
    """The customers a member sees, or those of them in a segment."""
    ids = frozenset(visible_accounts(member).order_by().values_list("pk", flat=True))
    if dimension in DIMENSIONS and segment:
        held = segment_of(dimension)
        value = "" if segment == "-" else segment
        ids = frozenset(pk for pk in ids if held.get(pk, "") == value)
        return View(ids, False, _these(ids))
    return View(ids, True, "all") if member.scope == Scope.ALL else View(ids, False, _these(ids))


def _these(accounts: Collection[int]) -> str:
    """Which customers, as part of a key of the cache: another one for any other customers."""
    numbers = np.sort(np.fromiter(accounts, dtype=np.int64, count=len(accounts)))
    return hashlib.sha256(numbers.tobytes()).hexdigest()[:32]


def kept() -> BaseCache:
    """Where what was read and drawn of statements is kept for minutes; small and apart from the rest."""
    return caches["drawn"]


def segment_of(dimension: str) -> dict[int, str]:
    """Account -> value of a dimension; of a tier the last one it was in, so that who left stays where it was."""
    if dimension == "tier":
        return last_tiers()
    return dict(Account.objects.order_by().values_list("pk", dimension))


def latest(before: date | None = None) -> Forecast | None:
    """The newest statement that is done and has numbers; one from before a day."""
    done = Forecast.objects.filter(status=Forecast.Status.DONE, book__isnull=False)
    return (done.filter(day__lt=before) if before else done).first()


def under_way() -> Forecast | None:
    return Forecast.objects.filter(status__in=[Forecast.Status.QUEUED, Forecast.Status.RUNNING]).first()


def is_behind(forecast: Forecast) -> bool:
    """Whether the churn forecasts have spoken anew since a statement was made: it is made again within minutes."""
    return bool(forecast.result.get("scored", 0) != last_scored())


def model_speaks() -> bool | None:
    """Whether a churn forecast in use says probabilities; None where none has been learned."""
    found = [model.speaks for horizon in HORIZONS if (model := model_in_use(horizon)) is not None]
    return any(found) if found else None


def missing_history() -> TooLittle | None:
    """What of history there is too little of, where the newest statement says so."""
    last = Forecast.objects.filter(status=Forecast.Status.DONE).first()
    missing = last.result.get("missing") if last else None
    return TooLittle(**missing) if missing else None


def read_statement(forecast: Forecast) -> Stated:
    """A statement as it was made; kept for minutes."""
    key = f"outlook:statement:{forecast.pk}:{_made(forecast)}"
    found: Stated | None = kept().get(key)
    if found is None:
        learned = rates_from_json(forecast.rates)
        found = from_bytes(bytes(forecast.book.body), forecast.day, learned, forecast.model)
        kept().set(key, found, KEEP_SECONDS)
    return found


def _made(forecast: Forecast) -> str:
    moments = (forecast.asked_at, forecast.finished_at)
    return "-".join(str(int(moment.timestamp() * 1e6)) if moment else "" for moment in moments)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A statement within a view, under a scenario.

    Args:
        stated: the customers in view. paths: their draws. expected: MRR at each month's end, whole minor units, new
            business included where the view is the whole company. moves: what became of them so far.
    """

    forecast: Forecast
    view: View
    stated: Stated
    paths: Paths
    expected: list[int]
    new: list[int]
    moves: pd.DataFrame
    scenario: Scenario

    @property
    def day(self) -> date:
        return self.forecast.day

    @property
    def key(self) -> str:
        """Of what is kept about the customers in view, whatever is assumed."""
        return f"{self.forecast.pk}:{_made(self.forecast)}:{self.view.key}"

    @property
    def ends(self) -> list[date]:
        return self.stated.book.grid.ends


def read_outlook(view: View, forecast: Forecast, scenario: Scenario | None = None) -> Outlook:
    """The outlook of a view; what was drawn is kept for minutes."""
    asked = scenario or Scenario()
    stated = read_statement(forecast)
    moves = read_moves(forecast.day)
    if view.whole:
        gone = np.zeros(len(stated.book), dtype=bool)
    else:
        gone = ~np.isin(stated.book.accounts, list(view.accounts))
    mine = stated if not gone.any() else stated.where(~gone)
    held = moves if view.whole else moves[moves["account_id"].isin(view.accounts)]
    paths = _paths(view, forecast, mine, held, asked)
    sure = expected(mine.book, mine.left, mine.learned).sum(axis=0)
    plain_new = expected_arrivals(mine.learned, mine.book) if view.whole else np.zeros(len(sure))
    new = [round(float(value)) for value in plain_new]
    middle = [int(value) + more for value, more in zip(sure, new, strict=True)]
    if not asked.is_plain:
        middle = [round(float(value)) for value in paths.mrr.mean(axis=0)]
        new = [
            round(float(v))
            for v in (expected_arrivals(mine.learned, mine.book, asked) if view.whole else plain_new)
        ]
    return Outlook(forecast, view, mine, paths, middle, new, held, asked)


def _paths(view: View, forecast: Forecast, mine: Stated, moves: pd.DataFrame, asked: Scenario) -> Paths:
    """What is drawn depends on the churn factor alone; the rest of a scenario is worked out from the draws."""
    if view.whole and mine.drawn:
        return between(list(mine.drawn), asked)
    return between([_drawn(view, forecast, mine, moves, factor) for factor in around(asked.churn)], asked)


def around(churn: float) -> tuple[float, ...]:
    """The drawn factor, or the two between which one lies."""
    if churn in FACTORS:
        return (churn,)
    below = [one for one in FACTORS if one < churn][-1:]
    return (*below, *[one for one in FACTORS if one > churn][:1])


def _drawn(view: View, forecast: Forecast, mine: Stated, moves: pd.DataFrame, factor: float) -> Draws:
    key = f"outlook:draws:{forecast.pk}:{_made(forecast)}:{view.key}:{factor}"
    found: Draws | None = kept().get(key)
    if found is None:
        size = max(1, len(mine.book)) * mine.book.grid.months
        draws = 0 if len(mine.book) <= AT_ONCE else max(LEAST_DRAWS, CELLS // size)
        cohorts = Cohorts(mine.cohorts.opening, cohort_totals(moves, mine.book.grid.ends, forecast.day))
        found = simulate(
            mine.book, mine.left, mine.learned, cohorts, draws=draws, churn=factor, arrivals=view.whole
        )
        kept().set(key, found, KEEP_SECONDS)
    return found


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal that falls due: what was computed, and what a person says of it."""

    account_id: int
    on: date
    mrr: int
    probability: float  # not to renew
    computed: str
    stated: bool  # by a model; otherwise the company's base rate
    call: RenewalCall | None

    @property
    def category(self) -> str:
        return self.call.category if self.call else self.computed


def thresholds() -> Thresholds:
    return Thresholds.objects.first() or Thresholds()


def category_of(probability: float, certain: bool, limits: Thresholds) -> str:
    if certain:
        return Category.NOTICE
    if probability <= limits.commit:
        return Category.COMMIT
    return Category.AT_RISK if probability >= limits.at_risk else Category.LIKELY


def renewals(stated: Stated, first: date, end: date, today: date) -> list[Renewal]:
    """The renewals of ``[first, end)``, by day: customers with money now and a date, and announced ends."""
    book, left, limits = stated.book, stated.left, thresholds()
    calls = {
        call.account_id: call
        for call in RenewalCall.objects.filter(ended_at=None, expires_on__gte=today).select_related("member")
    }
    stops = _announced_ends(stated)
    found = []
    for row in np.flatnonzero(book.now > 0).tolist():
        certain = bool(left.source[row] == CERTAIN)
        due = stops[row] if certain else book.renewal[row]
        on = day_of_number(int(due)) if due < FOREVER else None
        if on is None or not first <= on < end:
            continue
        chance = 1.0 if certain else float(left.renews[row])
        call = None if certain else calls.get(int(book.accounts[row]))
        computed = category_of(chance, certain, limits)
        found.append(
            Renewal(
                int(book.accounts[row]),
                on,
                int(book.now[row]),
                chance,
                computed,
                bool(left.source[row] == 1),
                call,
            )
        )
    return sorted(found, key=lambda one: (one.on, -one.mrr))


def _announced_ends(stated: Stated) -> np.ndarray:
    """The renewal date of those who gave notice, or the end of the month in which their money ends."""
    book = stated.book
    none = (book.path == 0).any(axis=1)
    month = np.where(none, (book.path == 0).argmax(axis=1), book.grid.months - 1)
    ends = book.grid.edges[month + 1] - 1
    within = (book.renewal >= book.grid.edges[month]) & (book.renewal <= ends + 1)
    return np.where(within, book.renewal, ends)


@dataclass(frozen=True, slots=True)
class Moved:
    """The bridge from one statement of a day to a later one, in view."""

    earlier: Forecast
    later: Forecast
    end: date
    before: int
    after: int
    steps: dict[str, int]  # by name of STEPS, and "new" for business still to come
    table: pd.DataFrame


def read_moved(view: View, earlier: Forecast, later: Forecast, end: date) -> Moved | None:
    """What moved between two statements of the MRR at ``end``; None where one does not reach it."""
    old, new = read_statement(earlier).kept(), read_statement(later).kept()
    first, last = old.month_of(end), new.month_of(end)
    if first is None or last is None:
        return None
    merged = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    table = what_moved(old, new, end, {pk: int(into) for pk, into in merged if into is not None})
    if not view.whole:
        table = table[table["account_id"].isin(view.accounts)].reset_index(drop=True)
    steps = {name: int(table[name].sum()) for name in STEPS}
    to_come = (round(float(old.arrivals[first])), round(float(new.arrivals[last]))) if view.whole else (0, 0)
    steps["new"] = to_come[1] - to_come[0]
    before, after = int(table["before"].sum()) + to_come[0], int(table["after"].sum()) + to_come[1]
    return Moved(earlier, later, end, before, after, steps, table)


def earlier_statements(later: Forecast) -> list[Forecast]:
    """Statements of earlier days whose customers are kept, newest first."""
    done = Forecast.objects.filter(status=Forecast.Status.DONE, book__isnull=False, day__lt=later.day)
    by_day: dict[date, Forecast] = {}
    for one in done.order_by("-day", "kind", "-pk"):
        by_day.setdefault(one.day, one)
    return list(by_day.values())


def sees_company(member: Member) -> bool:
    """Whether a member may read money of the whole company: its targets, and what past forecasts of it said."""
    return member.scope == Scope.ALL


def latest_test() -> BackTest | None:
    return BackTest.objects.first()


def targets_in_force(dimension: str = "", segment: str = "") -> dict[tuple[str, str, date], Target]:
    """(measure, every, start) -> the target in force."""
    found: dict[tuple[str, str, date], Target] = {}
    for target in Target.objects.filter(dimension=dimension, segment=segment).order_by("pk"):
        found[(target.measure, target.every, target.start)] = target
    return {key: target for key, target in found.items() if target.value is not None}


def targets_for(
    member: Member, dimension: str = "", segment: str = ""
) -> dict[tuple[str, str, date], Target]:
    """The targets that fit what a member sees: none for who sees a part of the customers, as they are set for all."""
    if not sees_company(member):
        return {}
    return targets_in_force(dimension, segment) if segment else targets_in_force()


def target_history() -> QuerySet[Target]:
    """Every line there ever was, the newest first."""
    return Target.objects.select_related("member")


def segments_with_targets() -> list[tuple[str, str]]:
    rows = Target.objects.exclude(dimension="").order_by().values_list("dimension", "segment").distinct()
    return sorted(rows)


def account_outlook(stated: Stated, accounts: Collection[int]) -> pd.DataFrame:
    """Per customer: MRR now, expected at each month's end (m0 …), probability to be there at the end of the last."""
    chosen = stated.where(np.isin(stated.book.accounts, list(accounts)))
    table = expected(chosen.book, chosen.left, chosen.learned)
    columns: dict[str, Any] = {f"m{month}": table[:, month] for month in range(table.shape[1])}
    stays: Floats = chosen.left.survival[:, -1] if len(chosen.book) else np.zeros(0)
    return pd.DataFrame(
        {"account_id": chosen.book.accounts, "now": chosen.book.now, **columns, "stays": stays}
    )
