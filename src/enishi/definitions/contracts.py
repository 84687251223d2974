"""The typed bodies of the declared things: scorecard, causes, tiers, metric.

A body is plain JSON or YAML. :func:`enishi.definitions.rules.parse_body` turns it into one of these and names
every mistake by its place.
"""

from __future__ import annotations

from typing import Literal

from enishi.definitions.base import Body, Condition, MissingRule, Operator, Pair, Words
from enishi.definitions.fit import Fit
from enishi.definitions.offers import Offer

__all__ = ["Body", "Condition", "Fit", "MissingRule", "Offer", "Operator", "Pair", "Words"]


class TenurePoints(Body, frozen=True):
    """The table for accounts younger than ``until_days``; the last entry leaves it out."""

    points: tuple[Pair, ...]
    until_days: int | None = None


class PointsMapping(Body, frozen=True, tag_field="type", tag="points"):
    """Piecewise linear: ``[metric value, points 0-100]`` in rising order of value, flat beyond the ends.

    ``scale: log`` interpolates over log(1 + value), for counts whose ratio matters and not their difference.
    """

    points: tuple[Pair, ...]
    scale: Literal["linear", "log"] = "linear"
    by_tenure: tuple[TenurePoints, ...] = ()


class Step(Body, frozen=True):
    """``points`` from ``at_least`` on."""

    at_least: float
    points: float


class TenureSteps(Body, frozen=True):
    steps: tuple[Step, ...]
    below: float = 0
    until_days: int | None = None


class StepsMapping(Body, frozen=True, tag_field="type", tag="bands"):
    """Bands: the points of the highest step reached, ``below`` under the first."""

    steps: tuple[Step, ...]
    below: float = 0
    by_tenure: tuple[TenureSteps, ...] = ()


class PercentileMapping(Body, frozen=True, tag_field="type", tag="percentile"):
    """Rank among peers on the same day, 0-100.

    Peers share all of ``peers`` (``product``, ``plan``, ``size``, ``tenure``, ``stage``, ``industry``); where
    fewer than ``minimum`` do, the last named is dropped, down to all accounts. With fewer than ``minimum`` of those
    ``fallback`` gives points for the amount itself; without it the value is missing. ``points`` shapes the
    percentile; without it the percentile is the points.
    """

    peers: tuple[Literal["product", "plan", "size", "tenure", "stage", "industry", "tier"], ...] = (
        "product",
        "plan",
        "size",
        "tenure",
    )
    minimum: int = 10
    better: Literal["higher", "lower"] = "higher"
    points: tuple[Pair, ...] = ()
    fallback: PointsMapping | None = None


Mapping = PointsMapping | StepsMapping | PercentileMapping


class Group(Body, frozen=True):
    """A part of the score: its weight is relative to the other groups present."""

    id: str
    title: Words
    weight: float


class Measure(Body, frozen=True):
    """One line of the score.

    Args:
        metric: id of a metric; empty for a ``manual`` measure, whose value a person states (0-100).
        weight: relative to the group's other measures; 0 is watched but not scored.
        missing: left out and re-weighted, counted as 50, or counted as 0.
        freshness_days: a value older than this is stale; without it the metric's own limit holds.
        stale: a stale value counts as missing, or is kept and marked.
        facts: where the page shows the facts behind it.
    """

    id: str
    group: str
    mapping: Mapping
    metric: str = ""
    manual: bool = False
    title: Words = ""
    weight: float = 0
    missing: MissingRule = "reweight"
    freshness_days: int | None = None
    stale: Literal["missing", "keep"] = "missing"
    facts: Literal["usage", "people", "tickets", "incidents", "revenue", "surveys", "timeline", ""] = ""


class Cap(Body, frozen=True):
    """Worst-input rule: where all of ``when`` hold, the score is at most ``at_most``."""

    id: str
    title: Words
    when: tuple[Condition, ...]
    at_most: float


class AppliesTo(Body, frozen=True):
    """Which accounts the scorecard is for; an empty list means any."""

    products: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    tenure_from_days: int | None = None
    tenure_below_days: int | None = None


class ScoreBands(Body, frozen=True):
    """Green from ``green``, yellow from ``yellow``, red below. A band is left only when its limit is passed
    by more than ``margin``."""

    green: float = 65
    yellow: float = 40
    margin: float = 2


class TrendRule(Body, frozen=True):
    """The arrow: the change over ``weeks`` weeks must exceed ``minimum`` points and ``z`` standard errors of
    the account's own usual weekly movement."""

    weeks: int = 4
    minimum: float = 3
    z: float = 1.96


class Stake(Body, frozen=True):
    """Declared assumption: the share of a year's revenue at risk by band; a cause of strength 100 counts as red."""

    green: float = 0.05
    yellow: float = 0.2
    red: float = 0.5
    unknown: float = 0.15


class Scorecard(Body, frozen=True):
    """``priority``: where several scorecards fit an account, the lowest number is its score.

    ``product``: score this product's own usage instead of the whole account's.
    """

    title: Words
    groups: tuple[Group, ...]
    measures: tuple[Measure, ...]
    description: Words = ""
    priority: int = 100
    product: str = ""
    applies_to: AppliesTo = AppliesTo()
    caps: tuple[Cap, ...] = ()
    bands: ScoreBands = ScoreBands()
    minimum_coverage: float = 0.3
    trend: TrendRule = TrendRule()
    stake: Stake = Stake()


class Evidence(Body, frozen=True):
    """What is said when a rule holds.

    ``text`` may hold ``{value}`` (the metric's), ``{amount}`` (the same without its sign), ``{amounts}`` (what a
    change of use compares, or how many people a mean is of, in words; else the value) and ``{on}`` (the fact's day). ``fact`` names a finder
    of ``enishi.signals.evidence`` that supplies the record and its day.
    """

    text: Words
    fact: str = ""
    facts: str = ""


class CauseRule(Body, frozen=True):
    """All of ``when`` must hold; the strength is fixed or read from ``points`` over ``metric``.

    ``witness``: rules of one witness look at the same thing (use that falls, seen in three ways) and count once, by
    the strongest; without it a rule is a witness of its own.
    """

    id: str
    when: tuple[Condition, ...]
    evidence: Evidence
    metric: str = ""
    strength: float | None = None
    points: tuple[Pair, ...] = ()
    witness: str = ""


class Cause(Body, frozen=True):
    """Its strength is 1 - product of (1 - strength of each witness): independent signs support one another."""

    id: Literal["disvaluation", "disconnection", "disengagement", "downturn"]
    title: Words
    rules: tuple[CauseRule, ...]


class AlertRule(Body, frozen=True):
    """Fires at once when all of ``when`` hold and stays open until they have not held for ``quiet_days``."""

    id: str
    title: Words
    when: tuple[Condition, ...]
    evidence: Evidence
    quiet_days: int = 0


class Topic(Body, frozen=True):
    """Words looked for in what the customer wrote or gave as reason over the last ``days``.

    The number of texts that mention it is the metric ``mentions_<id>``, which rules may use. ``tag`` routes the
    account's causes: the product or a rival is behind them, which customer success cannot mend alone.
    """

    id: str
    title: Words
    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    days: int = 180
    tag: Literal["product", "competition", ""] = ""


class Causes(Body, frozen=True):
    """``shown_from``: weaker causes are not shown; ``open_from``/``close_below``: hysteresis of the signal."""

    causes: tuple[Cause, ...]
    alerts: tuple[AlertRule, ...]
    title: Words = ""
    topics: tuple[Topic, ...] = ()
    shown_from: float = 20
    open_from: float = 40
    close_below: float = 30


class TierRule(Body, frozen=True):
    """Accounts that meet all of ``when`` are in ``tier``, whatever their share. First match wins."""

    id: str
    tier: str
    title: Words
    when: tuple[Condition, ...] = ()
    stages: tuple[str, ...] = ()
    attribute: str = ""
    values: tuple[str, ...] = ()


class Tier(Body, frozen=True):
    """``up_to_share``: cumulative share of value at which the tier ends, ranked from the largest account.

    A tier without it is reached by rule or pin only (a community, for example).
    """

    id: str
    title: Words
    description: Words = ""
    up_to_share: float | None = None
    minutes_per_month: float = 0


class Tiers(Body, frozen=True):
    """``margin``: share by which a cut must be passed; ``minimum_days``: how long a tier is kept at least.

    Who pays nothing on record ranks last. Who pays in a currency without an exchange rate is not ranked: rules and pins
    apart, the account keeps its tier, or has none until the rate is known.
    """

    tiers: tuple[Tier, ...]
    title: Words = ""
    value: Literal["ltv", "mrr"] = "ltv"
    rules: tuple[TierRule, ...] = ()
    margin: float = 0.03
    minimum_days: int = 30


class Stages(Body, frozen=True):
    """When an account is in which lifecycle stage, where no source says so; see the shipped file.

    ``left_after_silent_days``: an account without any contract on record is a customer until silent for so long.
    """

    title: Words = ""
    onboarding_days: int = 90
    onboarding_at_most_days: int = 180
    established_after_days: int = 365
    regular_use_days: int = 4
    left_after_silent_days: int = 180


class Names(Body, frozen=True):
    """How events and products are called on screen; what is not named is made readable from its id."""

    title: Words = ""
    events: dict[str, Words] = {}
    products: dict[str, Words] = {}


BODIES: dict[str, type[Body]] = {
    "scorecard": Scorecard,
    "causes": Causes,
    "tiers": Tiers,
    "stages": Stages,
    "names": Names,
    "offer": Offer,
    "fit": Fit,
}
