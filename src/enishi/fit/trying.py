"""Who would change band if edited axes were in force: by what the last judging read, so that nobody waits for the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.definitions.fit import Fit
from enishi.fit.jobs import read_stated
from enishi.fit.models import AccountFit
from enishi.fit.rules import by_age, in_force, inputs_of, rate
from enishi.metrics.revenue import number_of

BANDS = ("good", "fair", "poor", "")
_KEPT = ("account_id", "facts", "sale_band", "sale_tenths", "band", "tenths")


@dataclass(frozen=True, slots=True)
class Move:
    """A customer whose band would be another one; tenths None: too little is known."""

    account_id: int
    name: str
    before: str
    after: str
    tenths_before: int | None
    tenths_after: int | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the bands of one point (at the sale, now) would become. ``moves``: the first of ``changed``, to poor first."""

    accounts: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    changed: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """``unread``: ids of the inputs of which the last judging read nothing; they count as unknown here."""

    sale: Effect
    now: Effect
    unread: tuple[str, ...]


def try_axes(member: Member, fit: Fit, today: date, most: int) -> Tried:
    """What the customers in view would be judged by axes that are not in force."""
    rows = AccountFit.objects.filter(account__in=visible_accounts(member)).order_by()
    kept = pd.DataFrame(list(rows.values_list(*_KEPT)), columns=list(_KEPT)).set_index("account_id")
    known = {which: _known(kept["facts"], which) for which in ("sale", "start", "now")}
    sold = pd.Series({account: facts["sale_on"] for account, facts in kept["facts"].items() if "sale_on" in facts}, dtype="int64")  # fmt: skip
    stated, day = read_stated(), number_of(today)
    at_sale = rate(fit, {"own": known["sale"]}, in_force(stated, sold), sold.index, early=True)
    here = known["now"].index
    said = in_force(stated, pd.Series(day, index=here, dtype="int64"))
    now = [
        rate(fit, {"own": known["now"], "start": known["start"]}, said, index, early)
        for index, early in by_age(here, sold, day)
    ]
    return Tried(
        _effect(kept[["sale_band", "sale_tenths"]], at_sale, most),
        _effect(kept[["band", "tenths"]], pd.concat(now), most),
        tuple(_unread(fit, known)),
    )


def _known(facts: pd.Series[Any], which: str) -> pd.DataFrame:
    rows = {account: one[which] for account, one in facts.items() if one.get(which)}
    if not rows:
        return pd.DataFrame(index=pd.Index([], dtype="int64"))
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), dtype="int64"))


def _unread(fit: Fit, known: Mapping[str, pd.DataFrame]) -> Iterable[str]:
    for _axis, one in inputs_of(fit, early=False):
        name, where = one.attribute or one.metric, "start" if one.at == "start" else "sale"
        if name and len(known[where]) and name not in known[where]:
            yield one.id


def _effect(before: pd.DataFrame, after: pd.DataFrame, most: int) -> Effect:
    old = before.set_axis(["band", "tenths"], axis=1).reindex(after.index)
    changed = after.index[(old["band"] != after["band"]).to_numpy()]
    order = after.loc[changed].assign(
        place=lambda rows: rows["band"].map({"poor": 0, "good": 1, "fair": 2, "": 3})
    )
    first = order.sort_values(["place", "tenths"], kind="stable").index[:most]
    names = dict(Account.objects.filter(pk__in=[int(account) for account in first]).values_list("pk", "name"))
    moves = tuple(
        Move(
            int(account), names.get(int(account), ""), str(old.at[account, "band"]), str(after.at[account, "band"]),
            _whole(old.at[account, "tenths"]), _whole(after.at[account, "tenths"]),
        )
        for account in first
    )  # fmt: skip
    held, would = (Counter(bands.tolist()) for bands in (old["band"], after["band"]))
    return Effect(len(after), held, would, len(changed), moves)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
