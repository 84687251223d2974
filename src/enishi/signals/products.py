"""Scorecards of a single product: the same accounts, with the product's own numbers where a metric has them.

Their scores stand beside the account's (in :class:`HealthScore`, under the scorecard's name) and never are it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
import numpy as np
import pandas as pd

from enishi.definitions.contracts import Scorecard
from enishi.kit.home import Home
from enishi.metrics.api import panel
from enishi.signals.bands import BANDS
from enishi.signals.context import Card, Rules, metrics_of_card
from enishi.signals.judging import Judgement, judge, rows_by_day, walk_bands
from enishi.signals.mapping import Flags
from enishi.signals.models import HealthScore
from enishi.signals.panel import company_facts
from enishi.signals.select import applies
from enishi.signals.stages import have_left
from enishi.signals.states import group_tenths


def product_scores(
    home: Home,
    days: Sequence[date],
    rules: Rules,
    rows: pd.DataFrame,
    held: dict[str, dict[int, int]],
    now: datetime,
) -> list[HealthScore]:
    """Scores of every product scorecard on some days, for the accounts that have the product.

    Args:
        rows: the account frame of those days, living accounts only.
        held: scorecard -> account -> band code held before the first day.
    """
    made: list[HealthScore] = []
    for card in rules.cards:
        if card.body.product and card.version is not None:
            judgement = _judge_product(home, days, rules, card, rows)
            if judgement is not None:
                made += _scores(judgement, card, held.get(card.slug, {}), now)
    return made


def _judge_product(
    home: Home, days: Sequence[date], rules: Rules, card: Card, rows: pd.DataFrame
) -> Judgement | None:
    named = [rules.metrics[name] for name in sorted(metrics_of_card(card.body)) if name in rules.metrics]
    own = [metric for metric in named if "product" in metric.grains]
    with company_facts(home) as facts:
        numbers = panel(facts, list(days), own, grain="product")
    numbers = numbers[numbers["product"] == card.body.product].drop(columns="product")
    if numbers.empty:
        return None
    numbers["as_of"] = pd.to_datetime(numbers["as_of"])
    here = rows[~have_left(rows)]
    frame = here.drop(columns=[metric.id for metric in own if metric.id in here.columns])
    frame = frame.merge(numbers, on=["as_of", "account_id"], how="inner").reset_index(drop=True)
    frame["product"] = card.body.product
    alone = Card(card.slug, _without_product(card), card.version)
    return judge(frame, Rules((alone,), rules.causes, rules.metrics, rules.stages)) if len(frame) else None


def _without_product(card: Card) -> Scorecard:
    """The body as that of an ordinary scorecard, which is how it is judged on the product's own frame."""
    return msgspec.structs.replace(card.body, product="")


def _fits(judgement: Judgement, card: Card) -> Flags:
    return applies(card.body.applies_to, judgement.rows)


def _scores(judgement: Judgement, card: Card, held: dict[int, int], now: datetime) -> list[HealthScore]:
    codes, fits = walk_bands(judgement, held), _fits(judgement, card)
    ev = judgement.evaluations[0]
    return [
        HealthScore(
            account_id=int(judgement.accounts[row]),
            scorecard=card.slug,
            own=False,
            version=card.version,
            day=moment.date(),
            tenths=int(ev.tenths[row]) if ev.known[row] else None,
            band=BANDS[codes[row]],
            coverage=round(float(ev.coverage[row]), 4),
            groups=group_tenths(ev, row),
            computed_at=now,
        )
        for moment, rows in rows_by_day(judgement).items()
        for row in rows[np.flatnonzero(fits[rows])].tolist()
    ]
