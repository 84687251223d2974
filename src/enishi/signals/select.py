"""Which scorecard is an account's score: the first, by priority, that applies. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import AppliesTo, Scorecard
from enishi.signals.mapping import Flags, column

_LISTS = (
    ("product", "products"),
    ("plan", "plans"),
    ("size", "sizes"),
    ("tier", "tiers"),
    ("stage", "stages"),
)


def applies(rule: AppliesTo, panel: pd.DataFrame) -> Flags:
    """Rows the scorecard is for. An account whose attribute is unknown fits only a list that is empty."""
    fits = np.ones(len(panel), dtype=bool)
    for name, wanted in _LISTS:
        values = getattr(rule, wanted)
        if values:
            known = panel[name].isin(values).to_numpy() if name in panel.columns else False
            fits &= known
    tenure = column(panel, "tenure_days")
    with np.errstate(invalid="ignore"):
        if rule.tenure_from_days is not None:
            fits &= tenure >= rule.tenure_from_days
        if rule.tenure_below_days is not None:
            fits &= tenure < rule.tenure_below_days
    return fits


def choose_cards(cards: Sequence[Scorecard], panel: pd.DataFrame) -> NDArray[np.int64]:
    """Number of each row's scorecard in ``cards`` (ordered by priority); -1 where none applies.

    A scorecard of a single product stands beside the account's score and never is it.
    """
    chosen = np.full(len(panel), -1, dtype=np.int64)
    for i, card in enumerate(cards):
        if not card.product:
            chosen[(chosen < 0) & applies(card.applies_to, panel)] = i
    return chosen
