"""The typed body of an offer: what a customer may be offered next, to whom, on which signs, when, and for how much more."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Literal

from enishi.definitions.base import Body, Condition, Words
from enishi.definitions.checks import check_conditions, check_ids, check_weight, check_words
from enishi.definitions.errors import Mistake
from enishi.kit.text import Text

EXTENDED_USE = "extended_use_growth"
"""What the growth room adds to the metrics: use of the features that the next plan's customers use more."""

OfferKind = Literal["plan", "seats", "product", "term"]
BandName = Literal["green", "yellow", "red", "unknown"]


class Eligible(Body, frozen=True):
    """Who may be approached at all. A contract in force and no notice are always required; red is never allowed.

    Args:
        products, plans, stages, tiers: empty means any.
        renewal_within_days: only this many days before a renewal; who has no renewal date is not held back.
        churn_below: only where the forecast of leaving within 90 days is below this share; who is not forecast is not held
            back.
        rest_days: not again so soon after a win of the kind, a refusal or an approach that was closed.
        when: all must hold; an unknown value holds nobody back unless ``strict``.
    """

    products: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    stages: tuple[str, ...] = ("adoption", "established", "advocacy")
    bands: tuple[BandName, ...] = ("green", "yellow", "unknown")
    tiers: tuple[str, ...] = ()
    tenure_from_days: int = 90
    renewal_within_days: int | None = None
    churn_below: float | None = None
    rest_days: int = 90
    when: tuple[Condition, ...] = ()


class OfferSignal(Body, frozen=True):
    """A sign that the customer is ready: all of ``when`` hold. ``text`` may say ``{value}``, the first condition's metric."""

    id: str
    when: tuple[Condition, ...]
    text: Words
    weight: float = 1
    facts: Literal["usage", "people", "tickets", "incidents", "revenue", "surveys", "timeline", ""] = ""


class Timing(Body, frozen=True):
    """``threshold``: as soon as the signs are there; ``renewal``: from ``days_before`` the renewal on (at once for
    contracts without a renewal date)."""

    at: Literal["threshold", "renewal"] = "threshold"
    days_before: int = 120


class UpliftRule(Body, frozen=True):
    """What a win brings a month: ``share_of_mrr`` (0.2 = a fifth of what the customer pays) or ``money_per_month`` (whole
    units of the company's currency). ``learn``: what other customers pay for the very plan or product, or past wins of the kind, replace it once
    there are enough of them; of the two the one that told past wins better."""

    unit: Literal["share_of_mrr", "money_per_month"] = "share_of_mrr"
    value: float = 0.2
    learn: bool = True


class Offer(Body, frozen=True):
    """An offer of the catalogue.

    Args:
        to_plan, to_product: what exactly is offered; empty: the next plan of the price ladder in the contracts, or the
            product most often held together with the customer's own.
        least_weight: weight of signs from which the customer counts as ready.
        priority: among equals the lowest comes first.
        minutes: work of one approach, for the comparison of efforts.
    """

    title: Words
    type: OfferKind
    signals: tuple[OfferSignal, ...]
    description: Words = ""
    to_plan: str = ""
    to_product: str = ""
    eligible: Eligible = Eligible()
    timing: Timing = Timing()
    uplift: UpliftRule = UpliftRule()
    least_weight: float = 1
    priority: int = 100
    minutes: int = 60


def check_offer(body: Offer, metrics: Collection[str] | None) -> Iterator[Mistake]:
    """Everything that is wrong with an offer, with its place."""
    if metrics is not None:
        metrics = {*metrics, EXTENDED_USE}
    yield from check_words("title", body.title)
    yield from check_ids("signals", [signal.id for signal in body.signals])
    if not body.signals:
        text = Text("At least one sign is needed.", "見込みのサインを一つ以上設定してください。")
        yield Mistake("signals", text)
    for i, signal in enumerate(body.signals):
        yield from check_conditions(f"signals[{i}].when", signal.when, metrics)
        yield from check_words(f"signals[{i}].text", signal.text)
        yield from check_weight(f"signals[{i}].weight", signal.weight)
    if body.eligible.when:
        yield from check_conditions("eligible.when", body.eligible.when, metrics)
    yield from _check_reach(body)
    yield from _check_numbers(body)
    yield from _check_target(body)


def _check_reach(body: Offer) -> Iterator[Mistake]:
    total = sum(signal.weight for signal in body.signals)
    if not 0 < body.least_weight <= max(total, 0) + 1e-9 and body.signals:
        yield Mistake(
            "least_weight",
            Text(
                f"All signs together weigh {total:g}; {body.least_weight:g} can never be reached.",
                f"全サインの重みの合計は{total:g}です。{body.least_weight:g}には届きません。",
            ),
        )
    if "red" in body.eligible.bands:
        yield Mistake(
            "eligible.bands",
            Text(
                "A customer in danger is helped first; an offer cannot be made to one.",
                "「危険」の顧客には提案できません。先に支援が必要です。",
            ),
        )


def _check_numbers(body: Offer) -> Iterator[Mistake]:
    days = {
        "eligible.tenure_from_days": body.eligible.tenure_from_days,
        "eligible.rest_days": body.eligible.rest_days,
        "eligible.renewal_within_days": body.eligible.renewal_within_days or 0,
        "timing.days_before": body.timing.days_before,
        "minutes": body.minutes,
    }
    for place, value in days.items():
        if not 0 <= value <= 3650:
            yield Mistake(place, Text("It lies between 0 and 3650.", "0から3650の間で指定してください。"))
    if body.eligible.churn_below is not None and not 0 < body.eligible.churn_below <= 1:
        yield Mistake(
            "eligible.churn_below", Text("It is a share between 0 and 1.", "0から1の割合で書きます。")
        )
    most = 10 if body.uplift.unit == "share_of_mrr" else 1e12
    if not (math.isfinite(body.uplift.value) and 0 < body.uplift.value <= most):
        yield Mistake(
            "uplift.value",
            Text(
                "The uplift is above 0 (a share such as 0.2, at most 10, or an amount a month).",
                "見込み増加額は0より大きい値で指定してください(割合は0.2のように10以下、または月額)。",
            ),
        )


def _check_target(body: Offer) -> Iterator[Mistake]:
    for place, value, kind in (("to_plan", body.to_plan, "plan"), ("to_product", body.to_product, "product")):
        if value and body.type != kind:
            yield Mistake(
                place,
                Text(
                    f"Only an offer of type '{kind}' names it.",
                    "この種類の提案では指定できません。",
                ),
            )
