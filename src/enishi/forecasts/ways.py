"""What would have to change: the smallest realistic ways under a threshold, in things a company can do something about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from enishi.forecasts.drivers import Words
from enishi.forecasts.features import Feature
from enishi.forecasts.logistic import expit

Floats = NDArray[np.float64]

GRID = 33
_SCORES, _SHORT = frozenset({"score", "points"}), 2.0
WHOLE = _SCORES | {"people", "events", "count", "days", "minutes", "hours", "money"}
MOST_CHANGES = 3
NOTHING = 1e-9


class Behind(Protocol):
    """What a score that is itself a feature is made of, for the rows at hand.

    Nobody can change a score; its measures can be changed, and the score follows.
    """

    @property
    def feature(self) -> str:
        """The score's column, 0 to 100."""
        ...

    def after(self, row: int, changes: Mapping[str, float], name: str, values: Floats) -> Floats:
        """(k,) The score of a row if, besides earlier changes, ``name`` had each of these values; NaN where the row has
        no score."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One feature's values and what each would add to the log-odds. Features of one ``family`` tell of the same thing
    (use, tickets, payments): they are not added up."""

    feature: Feature
    values: Floats
    parts: Floats
    family: str


@dataclass(frozen=True, slots=True)
class Change:
    """From a value to another, and what that adds to the log-odds (negative: less at risk)."""

    name: str
    before: float
    after: float
    gain: float
    reach: float  # how far it is, in the feature's own typical spread
    family: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands.

    Args:
        row: its number for ``behind``.
        values: of each way's feature.
        parts: what each feature adds to its log-odds.
        behind: the score's measures; None: no score moves with them.
        score_part: what the score adds to the log-odds at given values.
    """

    row: int
    values: Mapping[str, float]
    parts: Mapping[str, float]
    behind: Behind | None = None
    score_part: Callable[[Floats], Floats] | None = None

    def gains(self, way: Way, taken: Sequence[Change]) -> Floats:
        """What each value of a way adds to the log-odds after earlier changes, by itself and through the score."""
        name = way.feature.name
        own = way.parts - self.parts[name]
        if self.behind is None or self.score_part is None:
            return own
        value, so_far = self.values[name], {change.name: change.after for change in taken}
        scores = self.behind.after(self.row, so_far, name, np.r_[way.values, value])
        if np.isnan(scores).any():
            return own
        parts = self.score_part(scores)
        return np.asarray(own + parts[:-1] - parts[-1])


def grid_of(feature: Feature, unit: str) -> Floats:
    """Values customers really have, from the 5 to the 95 % quantile, evenly as the model sees them; whole ones where the
    unit is told in whole numbers, but for scores of a short scale, such as a tone of -1 to 1."""
    if feature.typical is None:
        return np.zeros(0)
    low, _, high = feature.typical
    if low == high:
        return np.zeros(0)
    if feature.log:
        first, last = (float(np.sign(x) * np.log1p(abs(x))) for x in (low, high))
        seen = np.linspace(first, last, GRID)
        values = np.sign(seen) * np.expm1(np.abs(seen))
    else:
        values = np.linspace(low, high, GRID)
    if unit not in WHOLE or (unit in _SCORES and high - low <= _SHORT):
        return values
    rounded = np.unique(np.round(values))
    return rounded[(rounded >= low) & (rounded <= high)]


def moves(way: Way, place: Place, taken: Sequence[Change] = ()) -> list[Change]:
    """Moves that help, in the declared direction where there is one, nearest first."""
    value = place.values[way.feature.name]
    if not np.isfinite(value):
        return []
    gains = place.gains(way, taken)
    allowed = gains < -NOTHING
    if way.feature.direction:
        allowed &= (way.values - value) * way.feature.direction > 0
    seen = way.feature.seen(np.r_[way.values, value])
    reach = np.abs(seen[:-1] - seen[-1]) / (way.feature.size or 1.0)
    order = np.argsort(reach, kind="stable")
    return [
        Change(way.feature.name, value, float(way.values[i]), float(gains[i]), float(reach[i]), way.family)
        for i in order
        if allowed[i]
    ]


def ways_down(ways: Sequence[Way], place: Place, needed: float) -> list[list[Change]]:
    """The sets of changes that each take ``needed`` off the log-odds: single ones, nearest first, one of a family; where
    no single one does, the fewest together, each of another family. Empty where nothing realistic suffices."""
    single = [
        change
        for way in ways
        if (change := next((one for one in moves(way, place) if -one.gain >= needed), None))
    ]
    if single:
        nearest: dict[str, Change] = {}
        for change in sorted(single, key=lambda one: one.reach):
            nearest.setdefault(change.family, change)
        return [[change] for change in nearest.values()]
    together = _together(ways, place, needed)
    return [together] if together else []


def _together(ways: Sequence[Way], place: Place, needed: float) -> list[Change]:
    taken: list[Change] = []
    left = needed
    for _ in range(MOST_CHANGES):
        told = {change.family for change in taken}
        found = [moves(way, place, taken) for way in ways if way.family not in told]
        enough = [next((one for one in some if -one.gain >= left), None) for some in found]
        if taken and (last := min((one for one in enough if one), key=lambda one: one.reach, default=None)):
            return [*taken, last]
        best = min((one for some in found for one in some), key=lambda one: one.gain, default=None)
        if best is None:
            return []
        taken.append(best)
        left += best.gain
    return []


def exit_of(changes: Sequence[Change], words: Mapping[str, Words], logit: float) -> dict[str, Any]:
    """One way down as JSON."""
    told: list[dict[str, Any]] = []
    for change in changes:
        spoken = words[change.name]
        before, after = spoken.value(change.before), spoken.value(change.after)
        told.append({
            "feature": change.name, "title_en": spoken.title.en, "title_ja": spoken.title.ja,
            "before": change.before, "after": change.after, "unit": spoken.unit,
            "en": f"{spoken.title.en}: {before.en} → {after.en}", "ja": f"{spoken.title.ja}: {before.ja} → {after.ja}",
        })  # fmt: skip
    reached = float(expit(logit + sum(change.gain for change in changes)))
    return {
        "feature": told[0]["feature"],
        "en": " + ".join(one["en"] for one in told),
        "ja": "、".join(one["ja"] for one in told),
        "probability": reached,
        "changes": told,
    }
