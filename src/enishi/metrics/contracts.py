"""The types of the metrics room: what a metric declares, and what the company decides about its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import pandas as pd

from enishi.kit.text import Text

Grain: TypeAlias = Literal["account", "product", "user"]

#: The columns that name one row of a panel, by grain.
KEYS: dict[str, list[str]] = {
    "account": ["as_of", "account_id"],
    "product": ["as_of", "account_id", "product"],
    "user": ["as_of", "account_id", "user_no"],
}

#: What a missing value means. ``zero``: nothing happened, as long as the account (usage, contracts) or the company
#: (other records, of an account of which any record speaks) has ever had facts of this source; otherwise unknown.
#: ``unknown``: nobody knows.
NullMeaning: TypeAlias = Literal["zero", "unknown"]

#: The part of a metric that counts facts whose amount nobody knows; with any, the value is unknown.
UNKNOWN = "unknown"

# The measure of one column: a relation in, one aggregated value out (both Ibis).
Measure: TypeAlias = Callable[[Any], Any]
# The last step in numpy: the columns a metric asked for in, one column out.
Finish: TypeAlias = Callable[[pd.DataFrame], "pd.Series[Any]"]


@dataclass(frozen=True, slots=True)
class Compared:
    """The two amounts a damped ratio is made of, which people are told instead of the ratio; of a mean, itself and how
    many it is the mean of.

    Args:
        now, before: metrics of the amounts, outside the registry.
        text: a sentence's part with ``{now}`` and ``{before}``, each with its unit.
    """

    now: Metric
    before: Metric
    text: Text


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number about an account (or one of its products or users), as of any day.

    Args:
        id: stable name, a column of the panel.
        unit: ``people``, ``days``, ``events``, ``ratio``, ``count``, ``minutes``, ``hours``, ``money``
            (whole minor units of the company's currency), ``points``, ``score``.
        relation: the relation (:mod:`enishi.metrics.relations`) whose rows are aggregated.
        parts: aggregates over that relation by name; a part named ``""`` is the value itself; where one
            named :data:`UNKNOWN` is above zero, the value is unknown.
        finish: numpy step over the parts (and ``of``) for what engines compute differently.
        of: ids of metrics this one is made from.
        direction: +1 more is better, -1 less is better, 0 neither.
        window: days looked back; None for a state or a whole history.
        needs: fact tables without which the value is unknown; ``record_<kind>.<field>``: unless any record states
            the field; ``usage.user``: unless any event of use names a user; ``records``: of any kind, of whichever account.
        freshness_days: a value whose newest fact is older than this is stale; None: it cannot be.
        build: makes the relation itself (a company's own metric); ``relation`` then names this definition.
        helpers: metrics named in ``of`` which exist only for this one.
        compared: for a ratio that is damped for judging, or a mean: the amounts it is told by.
        freshness_of: ``feed``: the newest fact of the source at all; ``account``: of this account.
    """

    id: str
    title: Text
    help: Text
    unit: str
    relation: str
    parts: Mapping[str, Measure] = field(default_factory=dict)
    finish: Finish | None = None
    of: tuple[str, ...] = ()
    grains: tuple[Grain, ...] = ("account",)
    direction: int = 1
    window: int | None = None
    null: NullMeaning = "zero"
    needs: tuple[str, ...] = ("usage",)
    freshness_days: int | None = 7
    freshness_of: Literal["feed", "account"] = "feed"
    family: str = ""
    custom: bool = False
    build: Callable[[Any, list[str]], Any] | None = None
    helpers: tuple[Metric, ...] = ()
    compared: Compared | None = None

    def columns(self) -> dict[str, Measure]:
        """The engine columns of this metric: ``id`` itself, or ``id:part``."""
        return {f"{self.id}:{name}" if name else self.id: part for name, part in self.parts.items()}


@dataclass(frozen=True, slots=True)
class FactSettings:
    """What the company decides about how its facts are read.

    Args:
        currency: ISO 4217 code of the company's currency; money metrics are whole minor units of it.
        login_events: event names that mean signing in (compared without case).
        value_events: event names that mean first value was reached; empty: any use other than signing in.
        power_days: a person is a power user of a product from this many active days of the last 28.
        power_days_by_product: the same for single products.
    """

    currency: str = "JPY"
    login_events: tuple[str, ...] = (
        "login", "logged in", "log in", "signed in", "sign in", "user logged in", "user signed in", "ログイン",
        "サインイン",
    )  # fmt: skip
    value_events: tuple[str, ...] = ()
    power_days: int = 12
    power_days_by_product: Mapping[str, int] = field(default_factory=dict)


class FactFiles(Protocol):
    """Where facts lie: what :class:`enishi.store.api.Published` offers."""

    @property
    def generation(self) -> int: ...

    @property
    def zone(self) -> str: ...

    def files(self, table: str, first: Any = None, last: Any = None) -> list[str]: ...
