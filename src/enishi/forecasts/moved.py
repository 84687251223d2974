"""What moved between two forecasts of the same day: customer by customer, adding up to the last yen.

A customer's expected MRR is what the contracts say x the probability to be there x expected growth. Going from the earlier
forecast to the later, one thing is changed after the other, each rounded to whole minor units; what each changed is a
step, so the steps of a customer add up to its difference, and those of all customers to the difference of the forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from enishi.forecasts.leaving import BASE, STATED
from enishi.forecasts.standing import Floats, Ints
from enishi.metrics.revenue import number_of

STEPS = ("came", "left", "noticed", "stayed", "terms", "risk", "model", "rates", "growth")
"""New customers; customers lost since; ends announced since; those who could have left by now and are there; changed
contracts, less the growth expected by now; probabilities that moved under the same model; under another model than before; base rates; rates of growth."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a forecast to explain the next one by: per customer, months as in the grid it was made with.

    Args:
        day: known then. edges: of the months (M + 1). cumulative: hazards up to each month's end (N x M).
        growth: expected relative change a month (N). model: name of what stated the probabilities.
        arrivals: MRR of new business expected at each month's end (M).
    """

    day: date
    edges: Ints
    accounts: Ints
    now: Ints
    path: Ints
    cumulative: Floats
    growth: Floats
    source: Ints
    noticed: Ints
    model: str
    arrivals: Floats

    def month_of(self, end: date) -> int | None:
        """The month that ends when ``end`` begins."""
        place = int(np.searchsorted(self.edges[1:], number_of(end)))
        found = place < len(self.edges) - 1 and int(self.edges[place + 1]) == number_of(end)
        return place if found else None

    def elapsed(self, day: int) -> float:
        """Months from the forecast to a day number, as the grid counts them."""
        first = (
            self.edges[:1]
            .astype("datetime64[D]")
            .astype("datetime64[M]")
            .astype("datetime64[D]")
            .astype(np.int64)
        )
        starts = np.concatenate([first, self.edges[1:-1]])
        months = np.concatenate([[0.0], np.cumsum(np.diff(self.edges) / (self.edges[1:] - starts))])
        return float(np.interp(day, self.edges, months))

    def hazard_by(self, day: int) -> Floats:
        """Cumulative hazards up to a day number, in straight lines between the months' ends (N)."""
        at = np.concatenate([self.edges[:1], self.edges[1:]])
        curve = np.concatenate([np.zeros((len(self.accounts), 1)), self.cumulative], axis=1)
        place = int(np.clip(np.searchsorted(at, day, side="right") - 1, 0, len(at) - 2))
        share = min(1.0, max(0.0, (day - at[place]) / (at[place + 1] - at[place])))
        found: Floats = curve[:, place] + (curve[:, place + 1] - curve[:, place]) * share
        return found


def what_moved(
    earlier: Kept, later: Kept, end: date, merged: Mapping[int, int] | None = None
) -> pd.DataFrame:
    """The steps of every customer from one forecast of the MRR at ``end`` (the first day after it) to the next.

    Args:
        merged: account -> the account it was merged into since.

    Returns:
        ``account_id``, ``before``, ``after`` and one column per name of :data:`STEPS` (whole minor units); each row adds
        up: before + steps = after.

    Raises:
        ValueError: a forecast that does not reach ``end``.
    """
    first, last = earlier.month_of(end), later.month_of(end)
    if first is None or last is None:
        raise ValueError(f"a forecast does not reach {end}")
    old, new = _frame(earlier, later, first, merged or {}), _frame(later, later, last, merged or {})
    both = old.add_suffix("_old").join(new.add_suffix("_new"), how="outer")
    there, here = both["path_old"].notna().to_numpy(), both["path_new"].notna().to_numpy()
    values = {name: both[name].fillna(0.0).to_numpy(dtype=float) for name in both.columns}
    return _steps(values, there, here, earlier.model, later.model, both.index)


def _frame(kept: Kept, later: Kept, month: int, merged: Mapping[int, int]) -> pd.DataFrame:
    """A forecast's factors by account: path, hazard to the end in all and by the later day, growth in all and from then on."""
    end, day = int(kept.edges[month + 1]), int(later.edges[0])
    passed = (
        np.minimum(kept.hazard_by(day), kept.cumulative[:, month])
        if kept is not later
        else np.zeros(len(kept.accounts))
    )
    rest = kept.elapsed(end) - (kept.elapsed(day) if kept is not later else 0.0)
    frame = pd.DataFrame(
        {
            "account_id": [merged.get(int(account), int(account)) for account in kept.accounts],
            "path": kept.path[:, month], "now": kept.now, "stays": np.exp(-kept.cumulative[:, month]),
            "stays_on": np.exp(-(kept.cumulative[:, month] - passed)),
            "grows": (1 + kept.growth) ** kept.elapsed(end), "grows_on": (1 + kept.growth) ** max(0.0, rest),
            "source": kept.source, "noticed": kept.noticed,
        }
    )  # fmt: skip
    if not merged:
        return frame.set_index("account_id")
    weight = frame["path"].clip(lower=1)
    for name in ("stays", "stays_on", "grows", "grows_on"):
        frame[name] *= weight
    together = frame.assign(weight=weight).groupby("account_id").agg(
        {"path": "sum", "now": "sum", "weight": "sum", "source": "max", "noticed": "min",
         **dict.fromkeys(("stays", "stays_on", "grows", "grows_on"), "sum")}
    )  # fmt: skip
    for name in ("stays", "stays_on", "grows", "grows_on"):
        together[name] /= together["weight"]
    return together.drop(columns="weight")


def _steps(
    v: Mapping[str, Floats],
    there: np.ndarray,
    here: np.ndarray,
    model: str,
    next_model: str,
    accounts: pd.Index[int],
) -> pd.DataFrame:
    before = np.where(there, np.rint(v["path_old"] * v["stays_old"] * v["grows_old"]), 0)
    after = np.where(here, np.rint(v["path_new"] * v["stays_new"] * v["grows_new"]), 0)
    on = np.rint(v["path_old"] * v["stays_on_old"] * v["grows_old"])  # is there on the later day
    terms = np.rint(v["path_new"] * v["stays_on_old"] * v["grows_on_old"])
    risk = np.rint(v["path_new"] * v["stays_new"] * v["grows_on_old"])
    stays = there & here
    ended = stays & (v["noticed_new"] > 0) & (v["noticed_old"] == 0)
    lost = (there & ~here) | (stays & (v["now_old"] > 0) & (v["now_new"] <= 0))
    apart = stays & ~ended & ~lost
    changed = np.where(apart, risk - terms, 0)
    why = _reason(v["source_old"], v["source_new"], model != next_model)
    columns = {
        "came": np.where(here & ~there, after, 0),
        "left": np.where(lost, after - before, 0),
        "noticed": np.where(ended & ~lost, after - before, 0),
        "stayed": np.where(apart, on - before, 0),
        "terms": np.where(apart, terms - on, 0),
        **{name: np.where(why == name, changed, 0) for name in ("risk", "model", "rates")},
        "growth": np.where(apart, after - risk, 0),
    }
    frame = pd.DataFrame({"before": before, **columns, "after": after}).astype(np.int64)
    return frame.assign(account_id=accounts.to_numpy()).sort_values("account_id", ignore_index=True)


def _reason(old: Floats, new: Floats, other_model: bool) -> np.ndarray:
    """Why a probability moved: base rates at both ends, another source or model, or the customer itself."""
    return np.select(
        [(old == BASE) & (new == BASE), (old != new) | other_model, new == STATED],
        ["rates", "model", "risk"],
        "rates",
    )
