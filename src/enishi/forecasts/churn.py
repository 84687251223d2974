"""How likely each customer is to leave within a horizon: :class:`ChurnForecaster`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.forecasts.backcast import Backcast, backcast, past_of
from enishi.forecasts.calibration import Recalibration, recalibrate
from enishi.forecasts.challenger import Challenger, fit_challenger
from enishi.forecasts.champion import STRENGTHS, Champion, choose, fit_all, prepare, with_covariance
from enishi.forecasts.drift import judge_inputs
from enishi.forecasts.drivers import Words, can_change, driver, family_of, typical_of, value_of, words_of
from enishi.forecasts.estimator import Estimator
from enishi.forecasts.features import Design, feature_names, numbers
from enishi.forecasts.folds import Folds, make_folds
from enishi.forecasts.leaks import Leak, find_leaks
from enishi.forecasts.logistic import expit, log_odds
from enishi.forecasts.rows import Rows, beside, labelled_rows, last_day, one_thread, sampled
from enishi.forecasts.selection import CHALLENGER, LEAST_TO_CHALLENGE, judged_on, select, told_then
from enishi.forecasts.trust import CAPACITY, evaluate
from enishi.forecasts.ways import Behind, Place, Way, exit_of, grid_of, ways_down
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.metrics.contracts import Metric

Floats = NDArray[np.float64]

LEAST_LEFT = 20
"""Accounts that must have left, and as many that must have stayed, before a probability is said."""
TRIED_BAGS = 2
"""Bags of the challenger while it is tried; more once it stands."""
LEVEL = 0.9
"""Coverage of the interval of a probability."""


class ChurnForecaster(Estimator):
    """Calibrated probabilities to leave within a horizon, from day one to a rich history without a break.

    A regularised logistic regression with restricted cubic splines. Columns with a prior weight (the scorecard) keep it
    until outcomes say otherwise; all others start at no effect. How far the data may lead is chosen on later periods
    within the training span, where the probabilities are recalibrated too (shift and slope, recent outcomes first).

    Args:
        horizon_days: the days within which an account leaves or stays; 0: until its next renewal.
        prior: prior mean of the log-odds per unit of a column, e.g. ``{"card": -0.05}``: twenty points of the scorecard
            less are one log-odds more. Such columns enter as they are.
        seed: of everything drawn at random.
        level: coverage of the intervals of :meth:`predict`.
        metrics: metrics with a declaration (unit, direction, words): the shipped ones, or those and the company's own.
        words: titles of columns that are no metrics, in both languages.
        least_left: accounts that must have left, and stayed, before it speaks.

    Attributes:
        speaks_: whether there were outcomes enough for a probability; else ``missing_outcomes_`` says how many
            accounts that left (or stayed) are missing.
        outcomes_, accounts_, rows_, censored_: accounts that left, accounts, labelled rows, rows without a label.
        base_rate_: share of labelled rows that left; None where none left, or none stayed: such rows know no rate.
        model_: the fitted model that stands; ``recalibration_``: its shift and slope.
        past_: what it would have said of past rows it had not learned from (``as_of, account_id, label, probability``), by
            the model that would have stood then.
        selection_: which model stands and why, in both languages.
        left_out_: columns that are no feature, and why.

    Example:
        >>> ChurnForecaster(90, prior={"card": -0.05}).fit(panel).predict(panel)  # doctest: +SKIP
    """

    def __init__(
        self,
        horizon_days: int = 90,
        *,
        prior: Mapping[str, float] | None = None,
        seed: int = 0,
        level: float = LEVEL,
        metrics: Mapping[str, Metric] | None = None,
        words: Mapping[str, Text] | None = None,
        least_left: int = LEAST_LEFT,
    ) -> None:
        from enishi.metrics.registry import REGISTRY  # slow to import: only where forecasts are made

        self.horizon_days = horizon_days
        self.prior = dict(prior or {})
        self.seed = seed
        self.level = level
        self.metrics = dict(REGISTRY) if metrics is None else dict(metrics)
        self.words = dict(words or {})
        self.least_left = least_left
        self.model_: Champion | Challenger
        self.selection_: dict[str, Any]
        self.leaks_: list[Leak]

    # ------------------------------------------------------------------------------------------- fitting

    def fit(self, panel: pd.DataFrame) -> Self:
        """Learn from labelled rows.

        Args:
            panel: ``label`` (1 left, 0 stayed, NaN not yet known: such rows teach nothing), and where there are any
                ``as_of``, ``account_id``, ``lost_on``, ``ends_on`` (the day the label was known; ``as_of`` + horizon
                where it is not told). Every other column is a feature.

        Raises:
            EnishiError: ``no_labels`` where the panel has no such column, ``bad_label`` where one is neither 0 nor 1.
        """
        rows = labelled_rows(panel, self.horizon_days)
        self._count(panel, rows)
        self.leaks_ = find_leaks(rows.panel.assign(label=rows.labels, account_id=rows.accounts))
        rows = sampled(rows, self.seed)
        basis = rows.panel if len(rows) else panel[feature_names(panel)]  # on day one no label is known yet
        with one_thread():
            self._learn(rows, make_folds(rows.keys, self.seed), basis)
        return self

    def _count(self, panel: pd.DataFrame, rows: Rows) -> None:
        left = pd.unique(rows.accounts[rows.labels == 1]).size
        stayed = pd.unique(rows.accounts[rows.labels == 0]).size
        self.outcomes_, self.accounts_ = int(left), int(pd.unique(rows.accounts).size)
        self.rows_, self.censored_ = len(rows), len(panel) - len(rows)
        self.missing_outcomes_ = int(max(self.least_left - min(left, stayed), 0))
        self.speaks_ = self.missing_outcomes_ == 0
        self.base_rate_ = float(rows.labels.mean()) if left and stayed else None

    def _teller(self, rows: Rows, designs: dict[int, Design]) -> Any:
        def tell(learn: NDArray[np.intp], judge: NDArray[np.intp]) -> Floats:
            past, now = rows.take(learn), rows.take(judge)
            design = designs[id(learn)] = self._prepare(past)[0]
            fits = fit_all(design, design.matrix(past.panel), past.labels, past.accounts, self.prior)
            matrix = design.matrix(now.panel)
            return np.array([fit.logit(matrix) for fit in fits])

        return tell

    def _prepare(self, rows: Rows, basis: pd.DataFrame | None = None) -> tuple[Design, dict[str, str]]:
        panel = rows.panel if basis is None else basis
        leaks = [leak.column for leak in self.leaks_]
        return prepare(panel, rows.labels, rows.accounts, self.prior, self.metrics, leaks)

    def _learn(self, rows: Rows, folds: Folds, basis: pd.DataFrame) -> None:
        design, self.left_out_ = self._prepare(rows, basis)
        self.left_out_ |= {leak.column: "leak" for leak in self.leaks_}
        designs: dict[int, Design] = {}  # of each fold, learned once for champion and challenger
        found = backcast(rows.keys, folds, self._teller(rows, designs), choose)
        rival = self._rival(rows, folds, designs)
        self.selection_ = select(judged_on(rows, folds, found, rival), self.outcomes_, self.seed)
        wins = rival is not None and self.selection_["stands"] == CHALLENGER
        self.model_ = self._challenger(design, rows) if wins else self._champion(design, rows, found.chosen)
        standing = rival if wins and rival is not None else found
        self.recalibration_ = standing.recalibration
        self.past_ = past_of(rows, standing, told_then(rows, folds, found, rival, self.seed))
        self.sizes_ = self._sizes(rows)
        self.later_ = folds.later
        self.last_day_ = last_day(rows)
        self.words_ = {f.name: words_of(f.name, self.metrics, self.words) for f in design.features}

    def _rival(self, rows: Rows, folds: Folds, designs: dict[int, Design]) -> Backcast | None:
        """What the challenger would have said, where it has a chance to win."""
        if self.outcomes_ < LEAST_TO_CHALLENGE or not folds.pairs:
            return None

        def tell(learn: NDArray[np.intp], judge: NDArray[np.intp]) -> Floats:
            past, now = rows.take(learn), rows.take(judge)
            fitted = fit_challenger(
                designs[id(learn)], past.panel, past.labels, past.accounts, self.seed, bags=TRIED_BAGS
            )
            return np.array([fitted.logit(now.panel)])

        return backcast(rows.keys, folds, tell, lambda labels, logits, accounts: 0)

    def _sizes(self, rows: Rows) -> dict[str, float]:
        parts = self.recalibration_.slope * self.model_.parts(rows.panel) if len(rows) else np.zeros((1, 0))
        names = [feature.name for feature in self.model_.design.features]
        return {name: float(size) for name, size in zip(names, parts.std(axis=0), strict=False)}

    def _champion(self, design: Design, rows: Rows, chosen: int) -> Champion:
        matrix, strength = design.matrix(rows.panel), STRENGTHS[chosen]
        (fit,) = fit_all(design, matrix, rows.labels, rows.accounts, self.prior, [strength])
        return with_covariance(Champion(design, fit, strength), matrix, rows.labels, rows.accounts)

    def _challenger(self, design: Design, rows: Rows) -> Challenger:
        return fit_challenger(design, rows.panel, rows.labels, rows.accounts, self.seed)

    # -------------------------------------------------------------------------------------- what it says

    def decision_function(self, panel: pd.DataFrame) -> Floats:
        """(n,) log-odds, also where there are too few outcomes for a probability: who is more at risk than whom."""
        return self.recalibration_.apply(self.model_.logit(panel))

    def predict_proba(self, panel: pd.DataFrame) -> Floats:
        """(n, 2): probability to stay, to leave; as scikit-learn has it. NaN where there are too few outcomes. A column it
        learned from that the panel lacks counts as unknown of everybody, with a warning."""
        p = expit(self.decision_function(panel)) if self.speaks_ else np.full(len(panel), np.nan)
        return np.column_stack([1 - p, p])

    def predict(self, panel: pd.DataFrame) -> pd.DataFrame:
        """Probability to leave with the interval of its uncertainty.

        The interval is of the probability, not of what will come: it holds what a fit on endless data of this kind
        would say in ``level`` of all cases (account-clustered Laplace approximation on the log-odds). NaN where there
        are too few outcomes.

        Returns:
            ``probability``, ``low``, ``high``, on the panel's index.
        """
        from scipy.stats import norm  # slow to import: not in every process

        names = ["probability", "low", "high"]
        if not self.speaks_:
            return pd.DataFrame(np.nan, index=panel.index, columns=names)
        raw = self.model_.logit(panel)
        logit = self.recalibration_.apply(raw)
        own = self.recalibration_.slope**2 * self.model_.variance(panel)
        deviation = np.sqrt(own + self.recalibration_.variance(raw))
        reach = norm.ppf((1 + self.level) / 2) * deviation
        columns = [expit(logit), expit(logit - reach), expit(logit + reach)]
        return pd.DataFrame(dict(zip(names, columns, strict=True)), index=panel.index)

    def contributions(self, panel: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to the log-odds of the average customer (``reference_``).

        Returns:
            A column per feature; rows add up to :meth:`decision_function` less the reference.
        """
        parts = self.recalibration_.slope * self.model_.parts(panel)
        return pd.DataFrame(parts, index=panel.index, columns=[f.name for f in self.model_.design.features])

    @property
    def reference_(self) -> float:
        """Log-odds of the average customer."""
        return float(self.recalibration_.apply(np.array([self.model_.reference]))[0])

    # ------------------------------------------------------------------------------------------ reasons

    def drivers(self, panel: pd.DataFrame, most: int = 5) -> list[list[dict[str, Any]]]:
        """The features that make each row's risk differ most from the average customer's, in words, where their value does.

        Returns:
            Per row, strongest first: ``feature``, ``title_en``, ``title_ja``, ``en``, ``ja`` (with value and usual
            value), ``value`` and ``effect`` (log-odds; above 0: more at risk).
        """
        effects = self.contributions(panel).to_numpy()
        features = self.model_.design.features
        order = np.argsort(-np.abs(effects), axis=1, kind="stable")
        raw = {f.name: panel[f.name].tolist() if f.name in panel else [None] * len(panel) for f in features}
        told: list[list[dict[str, Any]]] = []
        for i, chosen in enumerate(order):
            known = (self._driver(features[j], raw, i, effects[i, j]) for j in chosen if effects[i, j] != 0)
            told.append(list(islice((one for one in known if one), most)))
        return told

    def _driver(self, feature: Any, raw: Mapping[str, list[Any]], i: int, effect: float) -> dict[str, Any]:
        value = value_of(feature, raw[feature.name][i])
        return driver(feature.name, self.words_[feature.name], value, typical_of(feature), effect)

    def exits(
        self,
        row: pd.Series[Any] | pd.DataFrame,
        below: float,
        changeable: Collection[str] | None = None,
        most: int = 3,
        behind: Behind | None = None,
    ) -> list[dict[str, Any]]:
        """The smallest realistic changes that would bring a customer's probability under a threshold.

        One feature at a time, the others standing still; where no single one does, up to three, each of another matter
        (use, tickets, payments). Only what helping the customer can change, in the direction the metric declares as better,
        to values customers really have (5 to 95 %). A score with a prior is no such thing; what is ``behind`` it is.

        Args:
            row: a panel row.
            below: the probability to come under, between 0 and 1.
            changeable: features that can be changed; None: by their nature.
            behind: the measures behind a score that is a feature, so that the score follows their changes.

        Returns:
            Nearest first: ``feature``, ``en``, ``ja``, ``probability`` it leads to, ``changes``. Empty where it is under the
            threshold already, or nothing realistic suffices.
        """
        one = row if isinstance(row, pd.DataFrame) else row.to_frame().T
        return self.exits_of(one, below, changeable, most, behind)[0]

    def exits_of(
        self,
        panel: pd.DataFrame,
        below: float,
        changeable: Collection[str] | None = None,
        most: int = 3,
        behind: Behind | None = None,
    ) -> list[list[dict[str, Any]]]:
        """:meth:`exits` of every row; row ``i`` of the panel is row ``i`` of ``behind``."""
        ways, score_part = self._ways(changeable), self._score_part(behind)
        names = [way.feature.name for way in ways]
        values = {
            name: numbers(panel[name]) if name in panel else np.full(len(panel), np.nan) for name in names
        }
        logits, parts = self.decision_function(panel), self.contributions(panel)
        told = {name: parts[name].to_numpy() for name in names}
        target, found = log_odds(below) - 1e-9, []
        for i, logit in enumerate(logits):
            own = {name: float(values[name][i]) for name in names}
            place = Place(i, own, {name: float(told[name][i]) for name in names}, behind, score_part)
            sets = ways_down(ways, place, logit - target) if logit > target else []
            found.append([exit_of(changes, self.words_, float(logit)) for changes in sets[:most]])
        return found

    def _ways(self, changeable: Collection[str] | None) -> list[Way]:
        """Every changeable feature's realistic values, and what each adds."""
        ways = []
        for feature in self.model_.design.features:
            if not can_change(feature, self.metrics, changeable):
                continue
            values = grid_of(feature, self.words_[feature.name].unit)
            if len(values):
                parts = self._parts_at(feature.name, values)
                ways.append(Way(feature, values, parts, family_of(feature.name, self.metrics)))
        return ways

    def _parts_at(self, name: str, values: Floats) -> Floats:
        """What a feature adds to the log-odds at each value."""
        column = [feature.name for feature in self.model_.design.features].index(name)
        parts = self.model_.parts(pd.DataFrame({name: values}))[:, column]
        return np.asarray(self.recalibration_.slope * parts)

    def _score_part(self, behind: Behind | None) -> Callable[[Floats], Floats] | None:
        """What the score adds to the log-odds, by its tenths; None where it is no feature."""
        if behind is None or behind.feature not in [f.name for f in self.model_.design.features]:
            return None
        table = self._parts_at(behind.feature, np.arange(1001) / 10)
        return lambda scores: table[np.clip(np.rint(scores * 10), 0, 1000).astype(int)]

    # --------------------------------------------------------------------------------------- how good it is

    def report(self, panel: pd.DataFrame | None = None, capacity: int = CAPACITY) -> dict[str, Any]:
        """How good it has been on rows it had not learned from, as JSON.

        Rows of the training span are judged by ``past_`` (what would have been said then), rows of later snapshot days
        by the model itself; rows it learned from are never judged by it.

        Args:
            panel: labelled rows; None: of the training span only.
            capacity: accounts the team can call per snapshot.
        """
        rows = self._judgeable(panel)
        threshold = None if self.base_rate_ is None else min(0.5, 2 * self.base_rate_)
        told: dict[str, Any] = {
            "horizon_days": self.horizon_days,
            "minimum_outcomes": self.least_left,
            **{name.rstrip("_"): getattr(self, name) for name in _TOLD},
            "scheme": "later" if self.later_ else "accounts",
            "recalibration": {"shift": self.recalibration_.shift, "slope": self.recalibration_.slope},
            "leaks": [
                {"feature": leak.column, "en": leak.text.en, "ja": leak.text.ja} for leak in self.leaks_
            ],
            "weights": self.weights(),
        }
        others = {name: name for name in ("recency", "scorecard") if name in rows}
        told["evaluation"] = evaluate(
            rows,
            others=others,
            horizon_days=self.horizon_days,
            capacity=capacity,
            threshold=threshold,
            seed=self.seed,
        )
        return told

    def _judgeable(self, panel: pd.DataFrame | None) -> pd.DataFrame:
        past = getattr(self, "past_", None)
        if panel is None:
            return (
                past
                if past is not None
                else pd.DataFrame(columns=["as_of", "account_id", "label", "probability"])
            )
        rows = labelled_rows(panel, self.horizon_days)
        new = rows.take(np.flatnonzero(rows.keys["as_of"].to_numpy() > np.datetime64(self.last_day_)))
        said = new.keys.assign(probability=expit(self.decision_function(new.panel)), **beside(new.panel))
        return said if past is None else pd.concat([past, said], ignore_index=True)

    def weights(self) -> list[dict[str, Any]]:
        """How much each feature moves the log-odds between customers (standard deviation over the training rows)."""
        return [
            {
                "feature": name,
                "en": self.words_[name].title.en,
                "ja": self.words_[name].title.ja,
                "size": size,
            }
            for name, size in sorted(self.sizes_.items(), key=lambda pair: -pair[1])
        ]

    def drift(self, panel: pd.DataFrame, learned: Sequence[Any] | None = None) -> dict[str, Any]:
        """Which inputs lie off at the last month-end of a panel, beyond what month-ends differ by, and since when.

        Args:
            panel: rows of the month-ends learned from and of those since, whatever is known of their outcomes.
            learned: those learned from; None: up to the last one with a known outcome.

        Returns:
            As :func:`~enishi.forecasts.drift.judge_inputs`.
        """
        if learned is None:
            learned = [
                day for day in pd.unique(panel["as_of"]) if pd.Timestamp(day) <= pd.Timestamp(self.last_day_)
            ]
        return judge_inputs(self.model_.design, self.words_, panel, learned)

    def recalibrated(self, panel: pd.DataFrame) -> Self:
        """The same fit with its level brought to recent outcomes: labelled rows of snapshot days it had not learned from.

        Returns:
            A copy that has these days behind it; shift and slope are shrunk to no change, so that a few outcomes move
            them little.
        """
        rows = labelled_rows(panel, self.horizon_days)
        rows = rows.take(np.flatnonzero(rows.keys["as_of"].to_numpy() > np.datetime64(self.last_day_)))
        made = copy(self)
        if len(rows):
            said = self.decision_function(rows.panel)
            made.recalibration_ = self.recalibration_.then(recalibrate(rows.labels, said, rows.accounts))
            made.last_day_ = last_day(rows)
        return made

    # ------------------------------------------------------------------------------------- kept as JSON

    def to_dict(self) -> dict[str, Any]:
        """The learned state as JSON; :meth:`from_dict` says the same to the last digit. Without ``past_``."""
        return {
            "format": FORMAT,
            "horizon_days": self.horizon_days,
            "prior": dict(self.prior),
            "seed": self.seed,
            "level": self.level,
            "least_left": self.least_left,
            "design": self.model_.design.as_dict(),
            "kind": _kind(self.model_),
            "model": self.model_.as_dict(),
            "recalibration": self.recalibration_.as_dict(),
            "words": {name: words.as_dict() for name, words in self.words_.items()},
            "leaks": [
                {"feature": leak.column, "auc": leak.auc, "en": leak.text.en, "ja": leak.text.ja}
                for leak in self.leaks_
            ],
            **{name: getattr(self, name) for name in _COUNTS},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], metrics: Mapping[str, Metric] | None = None) -> Self:
        """A forecaster as it was when :meth:`to_dict` wrote it.

        Raises:
            EnishiError: ``unknown_forecast_format`` where another version of Enishi wrote it.
        """
        if state.get("format") != FORMAT:
            raise EnishiError(
                "unknown_forecast_format",
                Text(
                    f"The forecast was written in format {state.get('format')!r}; this version reads {FORMAT}.",
                    f"予測モデルの形式「{state.get('format')}」は、このバージョンでは読めません(対応形式: {FORMAT})。",
                ),
                Text("Fit it again: enishi forecast fit.", "enishi forecast fit で学習し直してください。"),
            )
        given = {name: state[name] for name in ("prior", "seed", "level", "least_left")}
        made = cls(state["horizon_days"], metrics=metrics, **given)
        design = Design.from_dict(state["design"])
        made.model_ = _KINDS[state["kind"]].from_dict(design, state["model"])
        made.recalibration_ = Recalibration.from_dict(state["recalibration"])
        made.words_ = {
            name: Words(Text(words["en"], words["ja"]), words["unit"])
            for name, words in state["words"].items()
        }
        made.leaks_ = [Leak(one["feature"], one["auc"], Text(one["en"], one["ja"])) for one in state["leaks"]]
        for name in _COUNTS:
            setattr(made, name, state[name])
        return made


FORMAT = 1
_KINDS: dict[str, type[Champion] | type[Challenger]] = {"logistic": Champion, "steps": Challenger}
_COUNTS = (
    "speaks_", "missing_outcomes_", "outcomes_", "accounts_", "rows_", "censored_", "base_rate_", "selection_",
    "left_out_", "later_", "last_day_", "sizes_",
)  # fmt: skip


def _kind(model: Champion | Challenger) -> str:
    return next(kind for kind, made in _KINDS.items() if isinstance(model, made))


_TOLD = (
    "speaks_", "missing_outcomes_", "outcomes_", "accounts_", "rows_", "censored_", "base_rate_", "selection_", "left_out_",
)  # fmt: skip
