"""From a panel's columns to a design matrix: declared metrics by their declaration, everything else generically.

Every column of the design has mean 0 over the training rows and about half a standard deviation of size (Gelman 2008,
Stat. Med. 27), so that one prior fits them all, a missing value counts as an average one, and a feature's share of the
log-odds is told against the average customer.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.metrics.contracts import Metric

Floats = NDArray[np.float64]
Kind = Literal["number", "category", "prior"]

KEYS = ("as_of", "account_id", "label", "lost_on", "ends_on", "split")
"""Columns of a panel that are no features."""

OF_THE_RECORDS = frozenset({"record_kinds", "tickets_read_90"})
"""Metrics that tell how much is on record, or who judged it, rather than how the customer fares: a source connected later
would look like a change in its customers."""

OTHER, NOBODY_KNOWS = "…", ""
LEAST_SHARE = 0.005  # a value (or its absence) seen in fewer rows than this is no column of its own
LEAST_ROWS = 10
MOST_LEVELS = 25
_COUNTED = frozenset({"people", "events", "count", "days", "hours", "minutes", "money"})
_KNOTS = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}  # Harrell 2015, 2.4.6
_TEXT_IS_NUMBER = 0.95
_ALIKE = 1e-12  # a deviation smaller than this share of the values is rounding: they are all the same

LINEAR, CURVE, MISSING, LEVEL, PRIOR = "linear", "curve", "missing", "level", "prior"


@dataclass(frozen=True, slots=True)
class Feature:
    """How one column of the panel enters.

    Args:
        log: whether it is seen as ``sign(x) log(1 + |x|)``.
        low, high: where it is cut, after the transform; beyond, nothing was seen.
        middle, size: what is taken off and divided by.
        knots: of the restricted cubic spline, after the transform; empty: a straight line.
        bend: (len(knots) - 2, 3) of each curve column: intercept, slope and size of what is taken off, so that it is
            orthogonal to the straight line.
        missing: share of rows without a value, where that is a column; else None.
        like: the feature whose rows without a value are the same, and whose column therefore tells it.
        levels: of a category, with their shares.
        typical: of the raw values the 5, 50 and 95 % quantiles over rows.
        direction: as of the metric: +1 more is better.
    """

    name: str
    kind: Kind
    log: bool = False
    low: float = 0.0
    high: float = 0.0
    middle: float = 0.0
    size: float = 0.0
    knots: tuple[float, ...] = ()
    bend: tuple[tuple[float, float, float], ...] = ()
    missing: float | None = None
    like: str = ""
    levels: Mapping[str, float] = field(default_factory=dict)
    typical: tuple[float, float, float] | None = None
    direction: int = 0

    def parts(self) -> list[str]:
        """The sort of each of its columns."""
        if self.kind == "category":
            return [LEVEL] * len(self.levels)
        own = [PRIOR if self.kind == "prior" else LINEAR] if self.size > 0 else []
        return own + [CURVE] * len(self.bend) + ([MISSING] if self.missing is not None else [])

    def columns(self, values: pd.Series[Any]) -> list[Floats]:
        """Its columns for a panel's column."""
        if self.kind == "category":
            return self._levels(values)
        raw = numbers(values)
        gone = np.isnan(raw)
        seen = self.seen(raw)
        columns = []
        if self.size > 0:
            columns.append(np.where(gone, 0.0, (seen - self.middle) / self.size))
        for curve, (at_zero, slope, size) in zip(curves(seen, self.knots), self.bend, strict=True):
            columns.append(np.where(gone, 0.0, (curve - at_zero - slope * seen) / size))
        if self.missing is not None:
            columns.append(gone - self.missing)
        return columns

    def seen(self, raw: Floats) -> Floats:
        """Raw values as they are seen: transformed and cut."""
        seen = np.sign(raw) * np.log1p(np.abs(raw)) if self.log else raw
        return seen if self.kind == "prior" else np.clip(seen, self.low, self.high)

    def _levels(self, values: pd.Series[Any]) -> list[Floats]:
        names = as_text(values)
        known = np.where(np.isin(names, list(self.levels)), names, OTHER)
        if OTHER not in self.levels:  # never seen: says nothing, counts as the average customer
            strange = known == OTHER
            return [np.where(strange, 0.0, (known == level) - share) for level, share in self.levels.items()]
        return [(known == level) - share for level, share in self.levels.items()]

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"levels": dict(self.levels)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Feature:
        made = dict(state)
        for name in ("knots", "typical"):
            made[name] = tuple(made[name]) if made[name] is not None else None
        made["bend"] = tuple(tuple(row) for row in made["bend"])
        return cls(**made)


@dataclass(frozen=True, slots=True)
class Design:
    """The features of a model, and how they become columns."""

    features: tuple[Feature, ...]

    @property
    def owners(self) -> NDArray[np.intp]:
        """(p,) number of the feature of each column."""
        return np.repeat(np.arange(len(self.features)), [len(f.parts()) for f in self.features])

    @property
    def sorts(self) -> list[str]:
        """(p,) sort of each column."""
        return [part for feature in self.features for part in feature.parts()]

    def matrix(self, panel: pd.DataFrame) -> Floats:
        """(n, p) columns; a feature the panel lacks counts as missing."""
        nothing = pd.Series(np.full(len(panel), np.nan), index=panel.index)
        columns = [
            column
            for feature in self.features
            for column in feature.columns(panel.get(feature.name, nothing))
        ]
        return np.column_stack(columns) if columns else np.zeros((len(panel), 0))

    def warn_of_lacking(self, panel: pd.DataFrame) -> None:
        """Warn of columns that were learned from and that a panel has not: they count as unknown of everybody."""
        lacking = [feature.name for feature in self.features if feature.name not in panel]
        if lacking:
            few, more = ", ".join(repr(name) for name in lacking[:5]), len(lacking) - 5
            warnings.warn(
                f"the panel lacks {few}{f' and {more} more' if more > 0 else ''} of the {len(self.features)} columns learned "
                "from: they count as unknown of everybody",
                stacklevel=4,
            )

    def as_dict(self) -> list[dict[str, Any]]:
        return [feature.as_dict() for feature in self.features]

    @classmethod
    def from_dict(cls, state: Iterable[Mapping[str, Any]]) -> Design:
        return cls(tuple(Feature.from_dict(feature) for feature in state))

    def get(self, name: str) -> Feature:
        return next(feature for feature in self.features if feature.name == name)


def learn_design(
    panel: pd.DataFrame,
    *,
    priors: Collection[str] = (),
    knots: int = 0,
    known: Mapping[str, Metric] | None = None,
    without: Collection[str] = (),
) -> tuple[Design, dict[str, str]]:
    """What the training rows say of each column; labels are not looked at.

    Args:
        panel: training rows.
        priors: columns that enter as they are, without a cut or a curve, because experts gave them their weight.
        knots: of the splines, 3 to 5; 0 for straight lines.
        known: metrics with a declaration.
        without: columns to leave out.

    Returns:
        The design, and why columns were left out: ``records`` (:data:`OF_THE_RECORDS`), ``constant``, ``empty``, ``date``,
        ``identifier``.
    """
    found: list[Feature] = []
    dropped: dict[str, str] = {}
    gaps: dict[bytes, str] = {}
    for name in feature_names(panel, without):
        if name in OF_THE_RECORDS:
            dropped[name] = "records"
            continue
        one = _learn(name, panel[name], name in priors, knots, (known or {}).get(name), gaps)
        if isinstance(one, str):
            dropped[name] = one
        else:
            found.append(one)
    return Design(tuple(found)), dropped


def feature_names(panel: pd.DataFrame, without: Collection[str] = ()) -> list[str]:
    """Columns of a panel that are features, in its order."""
    return [str(name) for name in panel.columns if name not in KEYS and name not in without]


def _learn(
    name: str, values: pd.Series[Any], prior: bool, knots: int, metric: Metric | None, gaps: dict[bytes, str]
) -> Feature | str:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "date"
    if not is_number(values):
        return _learn_category(name, values)
    raw = numbers(values)
    gone = np.isnan(raw)
    if gone.all():
        return "empty"
    made = _learn_prior(name, raw) if prior else _learn_number(name, raw, knots, metric)
    missing, like = _gap(name, gone, gaps)
    if made is None and missing is None:
        return "constant"
    made = made or Feature(name, "number")
    state = made.as_dict() | {
        "missing": missing,
        "like": like,
        "direction": metric.direction if metric else 0,
    }
    low, middle, high = np.quantile(raw[~gone], [0.05, 0.5, 0.95])
    return Feature(**state | {"typical": (float(low), float(middle), float(high))})


def _gap(name: str, gone: NDArray[np.bool_], gaps: dict[bytes, str]) -> tuple[float | None, str]:
    """The share without a value, where enough rows have none and enough have one; told once for like features."""
    share = float(gone.mean())
    if min(share, 1 - share) < LEAST_SHARE or min(gone.sum(), (~gone).sum()) < LEAST_ROWS:
        return None, ""
    pattern = np.packbits(gone).tobytes()
    first = gaps.setdefault(pattern, name)
    return (share, "") if first == name else (None, first)


def _learn_prior(name: str, raw: Floats) -> Feature | None:
    known = raw[~np.isnan(raw)]
    deviation = float(known.std())
    if deviation <= _ALIKE * max(1.0, float(np.abs(known).max())):
        return None
    return Feature(name, "prior", middle=float(known.mean()), size=2 * deviation)


def _learn_number(name: str, raw: Floats, knots: int, metric: Metric | None) -> Feature | None:
    known = raw[~np.isnan(raw)]
    log = metric.unit in _COUNTED if metric else _leans(known)
    seen = np.sign(known) * np.log1p(np.abs(known)) if log else known
    low, high = np.quantile(seen, [0.005, 0.995])
    if low == high:
        low, high = seen.min(), seen.max()
    seen = np.clip(seen, low, high)
    deviation = float(seen.std())
    if not np.isfinite(deviation) or deviation <= _ALIKE * max(1.0, abs(float(high))):
        return None
    at = _knots(seen, knots)
    return Feature(
        name,
        "number",
        log=log,
        low=float(low),
        high=float(high),
        middle=float(seen.mean()),
        size=2 * deviation,
        knots=at,
        bend=_bend(seen, at),
    )


def _leans(known: Floats) -> bool:
    """Whether an undeclared number is a count or an amount with a long tail, which logarithms make even."""
    low, middle, high = np.quantile(known, [0.0, 0.5, 0.95])
    return bool(low >= 0 and high > 5 * middle + 1)


def _knots(seen: Floats, count: int) -> tuple[float, ...]:
    """Knots at quantiles; where many rows share a value, at quantiles of the others as well. () where too few differ."""
    if count < 3:
        return ()
    values, sizes = np.unique(seen, return_counts=True)
    if len(values) < 5:
        return ()
    heavy = values[sizes > len(seen) / 4]
    others = seen[~np.isin(seen, heavy)]
    if len(heavy) and len(others) >= LEAST_ROWS:
        inner = np.quantile(others, np.linspace(0.1, 0.9, count - 1))
        at = np.unique(np.r_[heavy[0], inner])
    else:
        at = np.unique(np.quantile(seen, _KNOTS[count]))
    apart = np.r_[True, np.diff(at) > 1e-6 * (values[-1] - values[0])]
    at = at[apart]
    return tuple(float(x) for x in at) if len(at) >= 3 else ()


def curves(seen: Floats, knots: tuple[float, ...]) -> list[Floats]:
    """The bent columns of a restricted cubic spline: linear beyond the outer knots (Stone & Koo 1985; Harrell 2015).

    Args:
        seen: (n,).
        knots: t_1 < … < t_k.

    Returns:
        k - 2 columns, divided by (t_k - t_1)^2.
    """
    if len(knots) < 3:
        return []
    t = np.asarray(knots)
    last, before, span = t[-1], t[-2], (t[-1] - t[0]) ** 2

    def cube(x: Floats) -> Floats:
        above = np.maximum(x, 0.0)
        return cast(Floats, above * above * above)  # a tenth of the time of a power

    from_before, from_last = cube(seen - before), cube(seen - last)
    return [
        (
            cube(seen - one)
            - from_before * ((last - one) / (last - before))
            + from_last * ((before - one) / (last - before))
        )
        / span
        for one in t[:-2]
    ]


def _bend(seen: Floats, knots: tuple[float, ...]) -> tuple[tuple[float, float, float], ...]:
    straight = np.column_stack([np.ones(len(seen)), seen])
    found = []
    for curve in curves(seen, knots):
        line, *_ = np.linalg.lstsq(straight, curve, rcond=None)
        rest = float((curve - straight @ line).std())
        found.append((float(line[0]), float(line[1]), 2 * rest if rest > 1e-9 else 1e9))
    return tuple(found)


def _learn_category(name: str, values: pd.Series[Any]) -> Feature | str:
    names = pd.Series(as_text(values))
    shares = names.value_counts(normalize=True, sort=True)
    if (shares.index != NOBODY_KNOWS).sum() == 0:
        return "empty"
    least = max(LEAST_SHARE, LEAST_ROWS / len(names))
    kept = {str(level): float(share) for level, share in shares.items() if share >= least}
    kept = dict(list(kept.items())[:MOST_LEVELS])
    if not kept:
        return "identifier"
    rest = 1 - sum(kept.values())
    if rest * len(names) >= 0.5:
        kept[OTHER] = rest
    if len(kept) == 1:
        return "constant"
    return Feature(name, "category", levels=kept)


def is_number(values: pd.Series[Any]) -> bool:
    """Whether a column is numeric, or text that is numbers almost everywhere it says anything."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return True
    if isinstance(values.dtype, pd.CategoricalDtype):
        return False
    said = values[values.notna() & (values.astype(str).str.strip() != "")]
    if said.empty:
        return True
    return float(pd.to_numeric(said, errors="coerce").notna().mean()) >= _TEXT_IS_NUMBER


def numbers(values: pd.Series[Any]) -> Floats:
    """A column as floats: NaN where it is no finite number."""
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        found = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def as_text(values: pd.Series[Any]) -> NDArray[np.object_]:
    """A column as words; what is missing is :data:`NOBODY_KNOWS`."""
    return np.asarray(values.astype(object).where(values.notna(), NOBODY_KNOWS).astype(str), dtype=object)


def missing_with(design: Design, name: str) -> Iterable[str]:
    """Features whose values are missing in the same rows as those of ``name``."""
    return (feature.name for feature in design.features if feature.like == name)
