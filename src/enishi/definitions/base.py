"""What every typed body is made of: texts, comparisons, and the rule that unknown names are mistakes."""

from __future__ import annotations

from typing import Literal

import msgspec

Words = str | dict[str, str]
"""One string for both languages, or ``{en: …, ja: …}``."""

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
MissingRule = Literal["reweight", "neutral", "bad"]
Pair = tuple[float, float]


class Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, frozen=True):
    """Common behaviour: unknown names are mistakes, not silence."""


class Condition(Body, frozen=True):
    """A comparison of one metric with a number. A missing value never satisfies it."""

    metric: str
    op: Operator
    value: float
