"""Where revenue will land, within the scope of the member who asks: drawn anew for their customers, or read from what was
drawn of the whole book."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.db.models import QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member, Scope
from enishi.forecasts.leaving import CERTAIN, STATED, Leaving
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
from enishi.forecasts.standing import Standing
from enishi.forecasts.turnover import TooLittle
from enishi.metrics.revenue import day_of_number, number_of
from enishi.metrics.spans import FOREVER
from enishi.outlook.facts import cohort_totals, read_moves, stamp
from enishi.outlook.keeping import SHAPE, Stated, from_bytes, rates_from_json
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


FEW = 5000  # numbers that are looked up rather than laid against all there are

T = TypeVar("T")
_holding: ContextVar[bool] = ContextVar("holding", default=False)


@dataclass(frozen=True)
class View:
    """Whose customers, and which of them. ``whole``: all of the company's, so that new business counts; their numbers are
    read when they are first asked for."""

    rows: QuerySet[Account]
    whole: bool
    key: str
    known: frozenset[int] | None = None

    @cached_property
    def accounts(self) -> frozenset[int]:
        return _numbers(self.rows) if self.known is None else self.known

    def seen(self, accounts: Sequence[int]) -> set[int]:
        """Those of some customers that are in view."""
        if self.known is None and len(accounts) <= FEW:
            return set(self.rows.filter(pk__in=accounts).order_by().values_list("pk", flat=True))
        return self.accounts.intersection(accounts)  # type: ignore[return-value]


def _numbers(rows: QuerySet[Account]) -> frozenset[int]:
    return frozenset(rows.order_by().values_list("pk", flat=True))


def view_of(member: Member, dimension: str = "", segment: str = "") -> View:
    """The customers a member sees, or those of them in a segment."""
    rows, parted = visible_accounts(member), dimension in DIMENSIONS and bool(segment)
    if member.scope == Scope.ALL and not parted:
        return View(rows, True, "all")
    ids = _numbers(rows)
    if dimension in DIMENSIONS and segment:
        held = segment_of(dimension)
        value = "" if segment == "-" else segment
        ids = frozenset(pk for pk in ids if held.get(pk, "") == value)
    return View(rows, False, _these(ids), ids)


def _these(accounts: Collection[int]) -> str:
    """Which customers, as part of a key of the cache: another one for any other customers."""
    numbers = np.sort(np.fromiter(accounts, dtype=np.int64, count=len(accounts)))
    return hashlib.sha256(numbers.tobytes()).hexdigest()[:32]


def kept() -> BaseCache:
    """Where what was read and drawn of statements is kept for minutes; small and apart from the rest."""
    return caches["drawn"]


def keep(name: str, depends: Sequence[Any], work: Callable[[], T], lasting: bool = True) -> T:
    """What is worked out of a statement, kept for minutes: small things alone, numbers and words.

    Args:
        depends: all that it follows from, whose customers (:attr:`Outlook.key`) included.
        lasting: false where it follows from more than that, so that :func:`holding` leaves it to its time.
    """
    key = f"outlook:{name}:{hashlib.sha256(repr(tuple(depends)).encode()).hexdigest()[:40]}"
    found: tuple[T] | None = cache.get(key)
    if found is None or (lasting and _holding.get()):
        found = found or (work(),)
        cache.set(key, found, KEEP_SECONDS)
    return found[0]


@contextmanager
def holding() -> Iterator[None]:
    """Within it, what is there and asked for is kept from now on: it follows from its key, and nobody shall wait for it."""
    before = _holding.set(True)
    try:
        yield
    finally:
        _holding.reset(before)


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
    return "-".join([SHAPE, *(str(int(moment.timestamp() * 1e6)) if moment else "" for moment in moments)])


@dataclass(frozen=True)
class Outlook:
    """A statement within a view, under a scenario. What of it takes long is read when it is first asked for: what pages show
    of it is kept."""

    forecast: Forecast
    view: View
    scenario: Scenario

    @property
    def day(self) -> date:
        return self.forecast.day

    @property
    def key(self) -> str:
        """Of what is kept about the customers in view, whatever is assumed."""
        return f"{self.forecast.pk}:{_made(self.forecast)}:{self.view.key}"

    @cached_property
    def depends(self) -> tuple[Any, ...]:
        """What everything told of it follows from."""
        return self.key, self.scenario, stamp(self.day), get_company().fiscal_year_start

    @cached_property
    def ends(self) -> list[date]:
        """The first day after each month."""
        return keep("ends", (self.key,), lambda: self.stated.book.grid.ends)

    @cached_property
    def stated(self) -> Stated:
        """The customers in view."""
        stated = read_statement(self.forecast)
        if self.view.whole:
            return stated
        mine = np.isin(stated.book.accounts, list(self.view.accounts))
        return stated if mine.all() else stated.where(mine)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """What became of them so far."""
        moves = read_moves(self.day)
        return moves if self.view.whole else moves[moves["account_id"].isin(self.view.accounts)]

    @cached_property
    def paths(self) -> Paths:
        """Their draws."""
        return _paths(self.view, self.forecast, self.stated, self.moves, self.scenario)

    @cached_property
    def new(self) -> list[int]:
        """MRR of new business expected at each month's end; none where the view is a part of the company."""
        if not self.view.whole:
            return [0] * self.stated.book.grid.months
        told = expected_arrivals(self.stated.learned, self.stated.book, self.scenario)
        return [round(float(value)) for value in told]

    @cached_property
    def expected(self) -> list[int]:
        """MRR expected at each month's end, whole minor units, new business included."""
        if not self.scenario.is_plain:
            return [round(float(value)) for value in self.paths.mrr.mean(axis=0)]
        sure = expected(self.stated.book, self.stated.left, self.stated.learned).sum(axis=0)
        return [int(value) + more for value, more in zip(sure, self.new, strict=True)]


def read_outlook(view: View, forecast: Forecast, scenario: Scenario | None = None) -> Outlook:
    """The outlook of a view; what was drawn is kept for minutes."""
    return Outlook(forecast, view, scenario or Scenario())


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
    """A renewal that falls due: what was computed, and what a person says of it. ``contract``: number of the contract, or of
    the largest of those due that day, of a customer who decides on several days; 0 where all they hold is due."""

    account_id: int
    contract: int
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


Due = tuple[
    int, int, date, int, float, bool, bool
]  # account, contract, day, MRR, probability not to renew, certain, said by a model


def renewals(stated: Stated, first: date, end: date, today: date) -> list[Renewal]:
    """The renewals of ``[first, end)``, by day: contracts with money now and a date, and announced ends."""
    return _told(_due(stated, first, end), today)


def renewals_in(outlook: Outlook, first: date, end: date, today: date) -> list[Renewal]:
    """The same of an outlook; who falls due is kept, what people say of it is of now."""
    due = keep("due", (outlook.key, first, end), lambda: _due(outlook.stated, first, end))
    return _told(due, today)


def _told(due: list[Due], today: date) -> list[Renewal]:
    limits, calls = thresholds(), defaultdict(list)
    for call in RenewalCall.objects.filter(ended_at=None, expires_on__gte=today).select_related("member"):
        calls[call.account_id].append(call)
    return [
        Renewal(
            account, contract, on, mrr, chance, category_of(chance, certain, limits), said,
            None if certain else _call_of(calls[account], contract, on),
        )
        for account, contract, on, mrr, chance, certain, said in due
    ]  # fmt: skip


def _call_of(calls: list[RenewalCall], contract: int, on: date) -> RenewalCall | None:
    """What is said of a contract; or of its day, where the customer's contracts were told apart otherwise when it was said."""
    exact = next((call for call in calls if call.contract == contract), None)
    return exact or next((call for call in calls if call.renewal_on == on), None)


def _due(stated: Stated, first: date, end: date) -> list[Due]:
    book, left = stated.book, stated.left
    found = _due_of(book, left, first, end, ~book.parted)
    if book.parts is not None and left.parts is not None:
        found += _due_of(book.parts, left.parts, first, end, np.ones(len(book.parts), dtype=bool), apart=True)
    return sorted(found, key=lambda one: (one[2], -one[3]))


def _due_of(
    book: Standing, left: Leaving, first: date, end: date, asked: np.ndarray, apart: bool = False
) -> list[Due]:
    """The rows asked for that are decided within ``[first, end)``; ``apart``: each one of several of its customer."""
    certain = left.source == CERTAIN
    due = np.where(certain, _announced_ends(book), book.renewal)
    within = asked & (book.now > 0) & (due < FOREVER) & (due >= number_of(first)) & (due < number_of(end))
    found: list[Due] = []
    for row in np.flatnonzero(within).tolist():
        on, sure = day_of_number(int(due[row])), bool(certain[row])
        if on is not None:
            found.append(
                (
                    int(book.accounts[row]), int(book.record[row]) if apart else 0, on, int(book.now[row]),
                    1.0 if sure else float(left.renews[row]), sure, bool(left.source[row] == STATED),
                )
            )  # fmt: skip
    return found


def _announced_ends(book: Standing) -> np.ndarray:
    """The renewal date of those who gave notice, or the end of the month in which their money ends."""
    none = (book.path == 0).any(axis=1)
    month = np.where(none, (book.path == 0).argmax(axis=1), book.grid.months - 1)
    ends = book.grid.edges[month + 1] - 1
    within = (book.renewal >= book.grid.edges[month]) & (book.renewal <= ends + 1)
    return np.where(within, book.renewal, ends)


@dataclass(frozen=True)
class Moved:
    """The bridge from one statement of a day to a later one, in view; ``read`` gives the customers' own steps."""

    earlier: Forecast
    later: Forecast
    end: date
    before: int
    after: int
    steps: dict[str, int]  # by name of STEPS, and "new" for business still to come
    read: Callable[[], pd.DataFrame | None]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per customer, adding up to the steps."""
        found = self.read()
        return pd.DataFrame() if found is None else found


def read_moved(view: View, earlier: Forecast, later: Forecast, end: date) -> Moved | None:
    """What moved between two statements of the MRR at ``end``; None where one does not reach it. The sums are kept."""
    pairs = Account.objects.filter(merged_into__isnull=False).order_by("pk").values_list("pk", "merged_into")
    merged = {pk: int(into) for pk, into in pairs if into is not None}
    read = partial(_read_table, view, earlier, later, end, merged)
    depends = (view.key, *((one.pk, _made(one)) for one in (earlier, later)), end, merged)
    sums = keep("moved", depends, lambda: _sums(read(), view, earlier, later, end))
    return None if sums is None else Moved(earlier, later, end, *sums, read)


def _read_table(
    view: View, earlier: Forecast, later: Forecast, end: date, merged: dict[int, int]
) -> pd.DataFrame | None:
    old, new = read_statement(earlier).kept(), read_statement(later).kept()
    if old.month_of(end) is None or new.month_of(end) is None:
        return None
    table = what_moved(old, new, end, merged)
    return table if view.whole else table[table["account_id"].isin(view.accounts)].reset_index(drop=True)


def _sums(
    table: pd.DataFrame | None, view: View, earlier: Forecast, later: Forecast, end: date
) -> tuple[int, int, dict[str, int]] | None:
    """MRR before and after, and the steps between, new business included where the view is the whole company."""
    if table is None:
        return None
    steps = {name: int(table[name].sum()) for name in STEPS}
    to_come = [0, 0]
    if view.whole:
        for place, one in enumerate((earlier, later)):
            told = read_statement(one).kept()
            to_come[place] = round(float(told.arrivals[told.month_of(end) or 0]))
    steps["new"] = to_come[1] - to_come[0]
    return int(table["before"].sum()) + to_come[0], int(table["after"].sum()) + to_come[1], steps


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
