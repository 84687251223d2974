"""The four causes and the alerts by declared rules. Pure: a panel and a body in, strengths and rules out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.contracts import AlertRule, Cause, CauseRule, Causes
from enishi.signals.mapping import Flags, Floats, column, hold


@dataclass(frozen=True, slots=True)
class CauseEvaluation:
    """Strengths 0-100 of n rows: by cause (n, causes) and by rule (n, rules), 0 where the rule does not hold."""

    body: Causes
    rules: tuple[tuple[Cause, CauseRule], ...]
    strengths: Floats
    by_rule: Floats
    tags: NDArray[np.str_]  # (n,) product | competition | ""
    alerts: NDArray[np.bool_]  # (n, alerts)

    def without(self, rows: Flags) -> CauseEvaluation:
        """The same, with nothing said of some rows."""
        kept = ~rows[:, None]
        return replace(
            self,
            strengths=self.strengths * kept,
            by_rule=self.by_rule * kept,
            alerts=self.alerts & kept,
            tags=np.where(rows, "", self.tags),
        )

    def ranked(self, row: int) -> list[tuple[int, float]]:
        """(cause number, strength) of the causes worth showing, strongest first."""
        shown = [
            (i, float(strength))
            for i, strength in enumerate(self.strengths[row])
            if round(strength) >= self.body.shown_from
        ]
        return sorted(shown, key=lambda entry: (-entry[1], entry[0]))

    def strongest(self, rows: NDArray[np.int64]) -> Floats:
        """Strength of the strongest cause that is shown of some rows, as it is shown; 0 where none is."""
        shown = np.rint(self.strengths[rows])
        return np.where(shown >= self.body.shown_from, shown, 0.0).max(axis=1, initial=0.0)

    def rules_of(self, row: int, cause: int) -> list[int]:
        """Numbers of the rules that hold for a cause and count, strongest first: of each witness the strongest."""
        strength = self.by_rule[row]
        counted = [max(m, key=lambda i: strength[i]) for m in _witnesses(self.rules, self.body.causes[cause])]
        return sorted((i for i in counted if strength[i] > 0), key=lambda i: -strength[i])


def judge_causes(body: Causes, panel: pd.DataFrame) -> CauseEvaluation:
    """Strength of each cause for every row.

    Within a cause the witnesses are taken as independent grounds, 1 - product of (1 - strength/100); rules of one
    witness look at the same thing, and only the strongest of them counts.
    """
    rules = tuple((cause, rule) for cause in body.causes for rule in cause.rules)
    by_rule = _stack([_rule_strength(rule, panel) for _, rule in rules], len(panel))
    strengths = _stack([_combined(by_rule, _witnesses(rules, cause)) for cause in body.causes], len(panel))
    fired = [hold(alert.when, panel) for alert in body.alerts]
    alerts = np.column_stack(fired) if fired else np.zeros((len(panel), 0), dtype=bool)
    return CauseEvaluation(body, rules, strengths, by_rule, _tags(body, panel), alerts)


def _stack(columns: list[Floats], rows: int) -> Floats:
    return np.column_stack(columns) if columns else np.zeros((rows, 0))


def _rule_strength(rule: CauseRule, panel: pd.DataFrame) -> Floats:
    held = hold(rule.when, panel)
    if rule.strength is not None:
        return np.where(held, rule.strength, 0.0)
    xs, ys = np.array(rule.points, dtype=float).T
    strength = np.interp(column(panel, rule.metric), xs, ys)
    return np.where(held, np.nan_to_num(strength), 0.0)


def _witnesses(rules: Sequence[tuple[Cause, CauseRule]], cause: Cause) -> list[list[int]]:
    """Numbers of a cause's rules, those of one witness together."""
    found: dict[str, list[int]] = {}
    for i, (owner, rule) in enumerate(rules):
        if owner is cause:
            found.setdefault(rule.witness or f"rule:{rule.id}", []).append(i)
    return list(found.values())


def _combined(by_rule: Floats, witnesses: Sequence[list[int]]) -> Floats:
    doubt = np.ones(len(by_rule))
    for members in witnesses:
        doubt *= 1 - np.clip(by_rule[:, members].max(axis=1), 0, 100) / 100
    return 100 * (1 - doubt)


def _tags(body: Causes, panel: pd.DataFrame) -> NDArray[np.str_]:
    """The routing tag with most mentions; the earlier topic wins a tie."""
    tags = np.full(len(panel), "", dtype="<U12")
    most = np.zeros(len(panel))
    for topic in body.topics:
        if topic.tag:
            count = np.nan_to_num(column(panel, f"mentions_{topic.id}"))
            more = count > most
            tags[more] = topic.tag
            most = np.maximum(most, count)
    return tags


def open_signals(strengths: Floats, before: Flags, body: Causes) -> Flags:
    """Which causes stand as open signals: opened from ``open_from``, kept until below ``close_below``."""
    limit = np.where(before, body.close_below, body.open_from)
    return np.asarray(strengths >= limit)


def rule_metric(rule: CauseRule | AlertRule) -> str:
    """The metric whose value its sentence quotes: the one it is graded by, else its first condition's."""
    return getattr(rule, "metric", "") or rule.when[0].metric
