"""Filters, order, counts and rows over the book of a past day: the same view, asked of another time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from enishi.accounts.access import visible_in_past
from enishi.accounts.models import Account, Member
from enishi.accounts.search import named
from enishi.kit.text import fold, name_words
from enishi.signals.api import Provenance, overrides_on
from enishi.signals.models import AccountState
from enishi.signals.stages import CHURNED
from enishi.web.asking import numbers_in
from enishi.web.pages.account.leaving import leaving_in
from enishi.web.pages.account.words import say_origin as judged
from enishi.web.pages.portfolio import likelihood
from enishi.web.pages.portfolio.columns import METRIC
from enishi.web.pages.portfolio.filters import asks_for_former
from enishi.web.pages.portfolio.query import NONE, Query
from enishi.web.pages.portfolio.reads import Slice
from enishi.work.api import Tag

ORIGIN = ["computed_on", "version", "published_on"]
Mask = npt.NDArray[np.bool_]
Condition = Callable[[pd.DataFrame, Sequence[str]], Mask]

# Column key -> the frame's name where they differ.
_SORTS = {
    "score": "tenths", "renewal": "renewal_on", "last_seen": "last_seen_on", "last_contact": "last_contact_on",
    "tenure": "tenure_days", "cause": "main_cause",
}  # fmt: skip
_RANK = {"red": 0, "yellow": 1, "green": 2}
_OWN = (
    "name",
    "name_kana",
    "domain",
    "industry",
    "size",
    "region",
    "country",
    "channel",
    "seller",
    "outside_id",
    "stage",
)
_STATE = (
    "tenths", "band", "band_week_ago", "coverage", "main_cause", "mrr", "ltv", "at_stake", "seats", "active_users",
    "tenure_days", "tier", "renewal_on", "last_seen_on", "last_contact_on", "unpriced",
)  # fmt: skip


def _words(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    values = frame[name].astype(object)
    return values.where(values.notna(), "").astype(str)


def _is(name: str) -> Condition:
    def condition(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
        wanted = ["" if value == NONE else value for value in values]
        return _words(frame, name).isin(wanted).to_numpy(dtype=bool)

    return condition


def _holds(name: str) -> Condition:
    def condition(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
        wanted = set(values)
        return np.array([entry is not None and not wanted.isdisjoint(_list(entry)) for entry in frame[name]])

    return condition


def _list(entry: Any) -> list[str]:
    return [str(one) for one in entry] if isinstance(entry, list | np.ndarray) else []


def _owner(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    mails = list(Member.objects.filter(pk__in=numbers_in(values)).values_list("email", flat=True))
    return _words(frame, "owner").isin(mails + ([""] if NONE in values else [])).to_numpy(dtype=bool)


def _trend(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    """A trend is tested on weeks of stored scores; of a past day only the direction of the week is known."""
    change = frame["change"].to_numpy(dtype=float, na_value=np.nan)
    kinds = {"up": change > 0, "down": change < 0, "flat": change == 0}
    return np.logical_or.reduce([kinds.get(value, np.zeros(len(frame), bool)) for value in values])


def _moved(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    now, before = frame["band"].map(_RANK), frame["band_week_ago"].map(_RANK)
    out = np.zeros(len(frame), bool)
    if "worse" in values:
        out |= (now < before).to_numpy(dtype=bool)
    if "better" in values:
        out |= (now > before).to_numpy(dtype=bool)
    return out & ~frame["by_hand"].to_numpy(dtype=bool)


def _lacking(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    names = [METRIC + value for value in values]
    empty = [frame[n].isna().to_numpy() if n in frame else np.ones(len(frame), bool) for n in names]
    return np.logical_or.reduce(empty)


def _set(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    ours = frame["by_hand"].to_numpy(dtype=bool)
    return (ours & ("hand" in values)) | (~ours & ("rules" in values))


def _contract(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    paying = (frame["mrr"].fillna(0) > 0).to_numpy(dtype=bool)
    out = np.zeros(len(frame), bool)
    if "paying" in values:
        out |= paying
    if "without" in values:
        out |= ~paying
    if "noticed" in values:
        out |= frame["noticed"].to_numpy(dtype=bool)
    if "unpriced" in values:
        out |= frame["unpriced"].to_numpy(dtype=bool)
    return out


def _tag(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    """Tags are put on by hand to find accounts now: they hold whatever the day."""
    tagged = Tag.objects.filter(folded__in=[fold(value) for value in values])
    return frame["account_id"].isin(list(tagged.values_list("account", flat=True))).to_numpy(dtype=bool)


def _forecast(frame: pd.DataFrame, values: Sequence[str]) -> Mask:
    without = frame[likelihood.COLUMN].isna().to_numpy()
    return (without & ("none" in values)) | (~without & ("stated" in values))


CONDITIONS: dict[str, Condition] = {
    **{name: _is(name) for name in ("band", "tier", "stage", "industry", "size", "region")},
    "owner": _owner,
    "trend": _trend,
    "cause": _holds("causes"),
    "alert": _holds("alerts"),
    "product": _holds("products"),
    "plan": _holds("plans"),
    "moved": _moved,
    "lacking": _lacking,
    "contract": _contract,
    "set": _set,
    "tag": _tag,
    likelihood.WHETHER: _forecast,
}


def _number(frame: pd.DataFrame, name: str, limit: int, day: date, unit: int) -> Mask:
    if name == "renewal":
        until = pd.Timestamp(day + timedelta(days=limit))
        return frame["renewal_on"].between(pd.Timestamp(day), until).to_numpy(dtype=bool)
    if name == "silent":
        return (frame["last_seen_on"] <= pd.Timestamp(day - timedelta(days=limit))).to_numpy(dtype=bool)
    if name == likelihood.LEAST:
        return (frame[likelihood.COLUMN] >= limit / 100).to_numpy(dtype=bool)
    mrr = frame["mrr"].to_numpy(dtype=float, na_value=np.nan)
    return mrr >= limit * unit if name == "mrr_min" else mrr <= limit * unit


def _found(frame: pd.DataFrame, member: Member, text: str) -> Mask:
    """Within the member's scope, and every word of the search in what the account was or is called."""
    allowed = frame["account_id"].isin(visible_in_past(member)).to_numpy(dtype=bool)
    words = name_words(text)
    if not words:
        return allowed
    found = Account.objects.filter(named(text)).values_list("pk", flat=True)
    now = frame["account_id"].isin(list(found)).to_numpy(dtype=bool)
    then = [fold(f"{a} {b} {c}") for a, b, c in zip(*(_words(frame, n) for n in ("name", "name_kana", "outside_id")), strict=True)]  # fmt: skip
    return allowed & (now | np.array([all(word in one for word in words) for one in then], dtype=bool))


def select(book: pd.DataFrame, member: Member, query: Query, *, day: date, unit: int) -> pd.DataFrame:
    """The accounts of a view as known on ``day``, in no order."""
    if book.empty:
        return book
    keep = _found(book, member, query.text)
    if not asks_for_former(query):
        keep = keep & (book["stage"] != CHURNED).to_numpy(dtype=bool)
    if "noticed" in query.choices.get("contract", ()):
        gone = leaving_in(book["account_id"].tolist(), day)
        book = book.assign(noticed=book["account_id"].isin(list(gone)))
    if {"set", "moved"} & set(query.choices):
        book = book.assign(by_hand=book["account_id"].isin(list(overrides_on(day))))
    for name, values in query.choices.items():
        keep = keep & CONDITIONS[name](book, values)
    for name, limit in query.numbers.items():
        keep = keep & _number(book, name, limit, day, unit)
    return book[keep]


def order(frame: pd.DataFrame, query: Query) -> pd.DataFrame:
    """In the view's order; accounts without a value stand last either way, ties by number."""
    if frame.empty:
        return frame
    key = _SORTS.get(query.sort_key, query.sort_key)
    names = ["name_kana", "name"] if key == "name" else [key if key in frame else "at_stake"]
    keyed = frame.assign(
        **{name: frame[name].replace("", None) for name in names if frame[name].dtype == object}
    )
    up = [not query.descending] * len(names) + [True]
    return frame.loc[keyed.sort_values([*names, "account_id"], ascending=up, na_position="last").index]


def slices(frame: pd.DataFrame) -> list[Slice]:
    """Accounts and MRR by band, band a week before and tier."""
    if frame.empty:
        return []
    keys = ["band", "band_week_ago", "tier"]
    grouped = frame.groupby(keys, dropna=False)["mrr"]
    sums = grouped.agg(["size", "sum", "count"]).reset_index()
    return [
        Slice(
            str(one["band"]),
            str(one["band_week_ago"]),
            str(one["tier"]),
            int(one["size"]),
            int(one["sum"]),
            int(one["count"]),
        )
        for one in _records(sums)
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in one.items()} for one in frame.to_dict("records")]


def rows(frame: pd.DataFrame) -> Iterator[Account]:
    """Accounts with their state as known then; the present row lends only what has no past (its number)."""
    now = (
        Account.objects.prefetch_related("tags").in_bulk([int(pk) for pk in frame["account_id"]])
        if len(frame)
        else {}
    )
    mails = {str(mail).lower() for mail in frame["owner"].dropna()} if len(frame) else set()
    owners = {m.email.lower(): m for m in Member.objects.filter(email__in=mails)} if mails else {}
    for entry in _records(frame):
        number = int(entry["account_id"])
        if number in now:
            yield _account(now[number], entry, owners)


def _account(account: Account, entry: dict[str, Any], owners: dict[str, Member]) -> Account:
    for name in _OWN:
        setattr(account, name, _text(entry.get(name)) or (account.name if name == "name" else ""))
    account.employees = _plain(entry.get("employees"))
    account.since = _plain(entry.get("since"))
    account.owner = owners.get(_text(entry.get("owner")).lower())
    state = AccountState(account_id=account.pk, **{name: _plain(entry.get(name)) for name in _STATE})
    state.alerts = [{"alert": name} for name in _list(entry.get("alerts"))]
    state.metrics = {n.removeprefix(METRIC): _plain(v) for n, v in entry.items() if n.startswith(METRIC)}
    likelihood.set_probability(account, _plain(entry.get(likelihood.COLUMN)))
    state.__dict__["change"] = _plain(entry.get("change"))
    account._state.fields_cache["state"] = state
    return account


def say_origin(entry: Mapping[Any, Any], day: date) -> str:
    """How a row's score came about, in the reader's language; empty for a live one and where there is none."""
    computed, version, published = (_plain(entry.get(name)) for name in ORIGIN)
    return judged(Provenance(day, computed, version, published)) if version else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    """A value without the clothes of the frame: dates as dates, whole numbers as such, missing as None."""
    if value is None or value is pd.NaT or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.item() if isinstance(value, np.generic) else value
