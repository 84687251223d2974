"""What the executive page is composed of, each from the room that knows it, within the reader's scope."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.utils.translation import pgettext

from enishi.accounts.models import Account, Member
from enishi.growth.api import Wanted, list_ready, offer_titles, totals
from enishi.metrics.periods import Period, add_months, period_of
from enishi.metrics.revenue import bridges, retention
from enishi.outlook.reads import Moved, Outlook
from enishi.risk.api import AccountRisk, model_in_use
from enishi.signals.models import AccountState
from enishi.web.pages.portfolio.words import cause_words
from enishi.work.loads import Load, loads
from enishi.work.reads import View as WorkView

MONTHS_AT_RISK = 6
SHOWN = 6
HORIZONS = (90, 180, 30, 0)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A customer and the MRR it is expected to take away within half a year."""

    account: Account
    mrr: int
    loss: int
    cause: str


@dataclass(frozen=True, slots=True)
class Risk:
    """Money expected to be lost within half a year: the sum, the customers that make most of it, what drives it."""

    loss: int
    mrr: int
    customers: tuple[AtRisk, ...]
    drivers: tuple[tuple[str, int, int], ...]  # words, expected loss, customers
    by_model: bool


def money_at_risk(outlook: Outlook, language: str) -> Risk:
    """Expected loss of MRR by leaving within six months: contracted MRR x probability to be gone by then."""
    stated = outlook.stated
    month = min(MONTHS_AT_RISK, stated.book.grid.months) - 1
    book, gone = stated.book, 1 - stated.left.survival[:, month]
    loss = np.where(book.path[:, month] == 0, book.now, book.now * gone).round().astype(np.int64)
    order = np.argsort(-loss, kind="stable")
    ids = [int(book.accounts[row]) for row in order if loss[row] > 0]
    money = dict(zip(book.accounts.tolist(), loss.tolist(), strict=True))
    states = dict(AccountState.objects.filter(account__in=ids[:5000]).values_list("account_id", "main_cause"))
    words = cause_words()
    accounts = Account.objects.in_bulk([pk for pk in ids if pk in outlook.view.accounts][:SHOWN])
    now = dict(zip(book.accounts.tolist(), book.now.tolist(), strict=True))
    shown = tuple(
        AtRisk(accounts[pk], now[pk], money[pk], words.get(states.get(pk, ""), ""))
        for pk in ids[: SHOWN * 3]
        if pk in accounts
    )[:SHOWN]
    drivers, by_model = _drivers(ids[:5000], money, states, words, language)
    return Risk(int(loss.sum()), int(book.now.sum()), shown, drivers, by_model)


def _drivers(
    ids: list[int], money: dict[int, int], states: dict[int, str], words: dict[str, str], language: str
) -> tuple[tuple[tuple[str, int, int], ...], bool]:
    """What the money at risk is due to: the strongest driver of each customer by the churn model, or else its main cause."""
    rows = AccountRisk.objects.filter(account__in=ids, horizon=HORIZONS[0], probability__isnull=False)
    named = {pk: _strongest(drivers, language) for pk, drivers in rows.values_list("account_id", "drivers")}
    by_model = any(named.values())
    found = named if by_model else {pk: words.get(cause, "") for pk, cause in states.items()}
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for pk in ids:
        if word := found.get(pk, ""):
            sums[word] += money[pk]
            counts[word] += 1
    return tuple((word, total, counts[word]) for word, total in sums.most_common(5)), by_model


def _strongest(drivers: list[dict[str, Any]], language: str) -> str:
    raising = [one for one in drivers if float(one.get("effect") or 0) > 0]
    return str(raising[0].get(f"title_{language}") or raising[0].get("title_en", "")) if raising else ""


def money_to_gain(member: Member, today: date, language: str) -> dict[str, Any]:
    """Customers ready for an offer: the best of them, and what all of them bring."""
    wanted = Wanted(when="now")
    rows, whole = list_ready(member, wanted, today), totals(member, wanted, today)
    titles = offer_titles()
    shown = [
        {
            "account": row.account,
            "offer": titles[row.offer].in_language(language) if row.offer in titles else row.offer,
            "row": row,
        }
        for row in rows[:SHOWN]
    ]
    return {"rows": shown, "accounts": whole.accounts, "uplift": whole.uplift}


def team_load(member: Member, today: date) -> list[Load]:
    """Whose customers call, and whose tasks wait; people without any left out."""
    found = loads(member, today, WorkView.ALL)
    return [one for one in found if one.calling or one.due or one.overdue or one.accounts][:12]


def model_trust() -> dict[str, Any] | None:
    """The churn model's record beside days since last seen; None where no model may speak."""
    for horizon in HORIZONS:
        model = model_in_use(horizon)
        told = (model.report or {}).get("evaluation", {}) if model is not None and model.speaks else {}
        auc = (told.get("auc") or {}).get("value")
        if model is None or auc is None:
            continue
        other = ((told.get("others") or {}).get("recency") or {}).get("auc") or {}
        ece, observed = told.get("ece") or {}, told.get("observed") or {}
        return {
            "horizon": horizon, "version": model.version, "auc": auc, "low": told["auc"].get("low"), "high": told["auc"].get("high"),
            "recency": other.get("value"), "skill": (told.get("skill") or {}).get("value"), "n": told.get("n"), "left": told.get("left"),
            "said": told.get("said"), "came": observed.get("value"),
            "ece": ece.get("value") if isinstance(ece, dict) else ece,
        }  # fmt: skip
    return None


def model_missing() -> int | None:
    """How many outcomes the churn model still lacks; None where it speaks or was never fitted."""
    model = model_in_use(HORIZONS[0])
    return model.missing if model is not None and not model.speaks else None


@dataclass(frozen=True, slots=True)
class Change:
    """What a month changed: from ``since`` to ``until``, actual figures; and the forecast's bridge where there is one."""

    since: date
    until: date
    before: int
    after: int
    moves: tuple[tuple[str, int], ...]
    nrr: float | None
    nrr_before: float | None
    moved: Moved | None
    period: Period | None


def change_of(outlook: Outlook, moved: Moved | None, period: Period | None) -> Change:
    """Since the end of last month, or, in a month's first week, since the one before."""
    day = outlook.day
    first = day.replace(day=1) if day.day > 7 else add_months(day.replace(day=1), -1)
    span = Period(first, day + timedelta(days=1), period_of(day, "month").title)
    bridge = bridges(outlook.moves, [span])[0]
    now, then = (_nrr(outlook.moves, end) for end in (day + timedelta(days=1), first))
    moves = (
        ("new", bridge.new + bridge.reactivation), ("expansion", bridge.expansion), ("contraction", -bridge.contraction),
        ("churn", -bridge.churn),
    )  # fmt: skip
    return Change(
        first - timedelta(days=1), day, bridge.opening, bridge.closing, moves, now, then, moved, period
    )


def _nrr(moves: pd.DataFrame, end: date) -> float | None:
    year = retention(moves, add_months(end, -12), end)
    return year.nrr if year.opening > 0 else None


def largest_steps(moved: Moved, count: int = 2) -> list[tuple[str, int]]:
    """The steps that moved the forecast most."""
    ordered = sorted(moved.steps.items(), key=lambda pair: -abs(pair[1]))
    return [pair for pair in ordered if pair[1]][:count]


def movement_words() -> dict[str, str]:
    return {
        "new": pgettext("movement", "new customers"), "expansion": pgettext("movement", "expansion"),
        "contraction": pgettext("movement", "contraction"), "churn": pgettext("movement", "churn"),
    }  # fmt: skip
