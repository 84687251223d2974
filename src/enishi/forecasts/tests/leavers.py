"""Panels with a known truth: who leaves is drawn from probabilities that are written down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SLOPES = {"use": -1.2, "tickets": 0.6}
LEVEL = -2.2


def make_panel(accounts: int = 200, days: int = 12, seed: int = 0, gap: int = 30) -> pd.DataFrame:
    """Rows every ``gap`` days; ``truth`` is the probability the label was drawn from; ``card`` follows use alone."""
    random = np.random.default_rng(seed)
    usual = random.normal(size=accounts)
    parts = []
    for number in range(days):
        use = 0.7 * usual + 0.7 * random.normal(size=accounts)
        tickets, noise = random.normal(size=accounts), random.normal(size=accounts)
        truth = 1 / (1 + np.exp(-(LEVEL + SLOPES["use"] * use + SLOPES["tickets"] * tickets)))
        parts.append(
            pd.DataFrame(
                {
                    "as_of": pd.Timestamp(2024, 1, 31) + pd.Timedelta(days=gap * number),
                    "account_id": np.arange(accounts),
                    "label": (random.random(accounts) < truth).astype(float),
                    "use": use,
                    "tickets": tickets,
                    "noise": noise,
                    "sparse": np.where(random.random(accounts) < 0.3, np.nan, noise),
                    "plan": random.choice(["Basic", "Pro"], accounts),
                    "card": np.clip(60 + 12 * use + 4 * random.normal(size=accounts), 0, 100),
                    "truth": truth,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def without_truth(panel: pd.DataFrame, **more: Any) -> pd.DataFrame:
    return panel.drop(columns="truth").assign(**more)
