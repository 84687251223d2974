"""What the executive page is composed of, each from the room that knows it, within the reader's scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.forecasts.api import TOPICS
from enishi.forecasts.drivers import GIVEN
from enishi.forecasts.leaving import CERTAIN
from enishi.growth.api import Wanted, last_run, list_ready, offer_titles, totals
from enishi.metrics.periods import Period, add_months, period_of
from enishi.metrics.revenue import bridges, retention
from enishi.outlook.reads import Moved, Outlook, View, keep
from enishi.risk.api import AccountRisk, last_scored, model_in_use
from enishi.signals.models import AccountState, ScoringRun
from enishi.texts.api import GROWTH_DAYS, growing_topics
from enishi.web.pages.portfolio.words import cause_words
from enishi.web.pages.risk.present import verdict
from enishi.work.loads import Load, loads
from enishi.work.reads import View as WorkView

MONTHS_AT_RISK = 6
SHOWN = 6
HORIZONS = (90, 180, 30, 0)
READ = 5000  # customers whose causes are read, those with the largest loss
CAUSES_SHOWN = 5
THEMES = {
    "service": ("ticket", "outage", "hours_to_resolve"),
    "payment": ("overdue",),
    "voice": ("nps", "csat", "tone"),
    "people": ("contact", "champion", "decision_maker", "training", "people_"),
    "use": ("use", "usage", "active", "events_28", "events_90", "logins", "stickiness", "breadth", "last_seen", "licence", "own_past"),
}  # fmt: skip
"""Parts of names of measures that help can change, by what they tell of; the first theme that fits."""


@dataclass(frozen=True, slots=True)
class Why:
    """What a customer may leave for: a key, its words, and who says so (``cause``: judged as its main cause, ``driver``: of
    what one can act on, what the churn model leans on most); no ``source`` where it has given notice, no key where nothing
    stands out."""

    key: str = ""
    words: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A customer and the MRR it is expected to take away by :func:`lost_until`."""

    account: Account
    mrr: int
    loss: int
    why: Why


@dataclass(frozen=True, slots=True)
class Share:
    """A line of what the expected loss is due to, and how many customers make it."""

    why: Why
    loss: int
    customers: int


@dataclass(frozen=True, slots=True)
class Risk:
    """Money expected to be lost by ``until``: the sum, the customers that make most of it, what it is due to (adding
    up to the sum)."""

    loss: int
    mrr: int
    until: date
    customers: tuple[AtRisk, ...]
    drivers: tuple[Share, ...]


REST = "rest"  # key of the line of all that have no line of their own
_Losing = tuple[int, int, int, Why]  # account, MRR, expected loss, why


def money_at_risk(outlook: Outlook, language: str) -> Risk:
    """Expected loss of MRR by leaving, half a year ahead: contracted MRR x probability to be gone by then."""
    depends = (outlook.depends, last_scored(), _scored(), language)
    loss, mrr, first, shares = keep("losses", depends, lambda: _at_risk(outlook, language))
    seen = outlook.view.seen([one[0] for one in first])
    accounts = Account.objects.in_bulk([one[0] for one in first if one[0] in seen][:SHOWN])
    shown = tuple(AtRisk(accounts[pk], now, gone, why) for pk, now, gone, why in first if pk in accounts)
    return Risk(loss, mrr, lost_until(outlook), shown, shares)


def lost_until(outlook: Outlook) -> date:
    """The last day of the months in which losses count."""
    return outlook.ends[_last_month(outlook)] - timedelta(days=1)


def _last_month(outlook: Outlook) -> int:
    """The first of the statement's months with whose end half a year has passed: the rest of the running one is no month."""
    far = add_months(outlook.day, MONTHS_AT_RISK)
    return next((place for place, end in enumerate(outlook.ends) if end > far), len(outlook.ends) - 1)


def losing_for(outlook: Outlook, language: str, key: str) -> tuple[Share | None, list[_Losing]]:
    """The customers behind a line of what the loss is due to, the largest loss first; all of them where no line is asked
    for. None as the line where there is none of that key."""
    losing = _losing(outlook, language)
    shares = shares_of(losing)
    if not key:
        return Share(Why(), sum(one[2] for one in losing), len(losing)), losing
    line = next((one for one in shares if one.why.key == key), None)
    named = {one.why.key for one in shares}
    behind = [one for one in losing if (one[3].key if one[3].key in named else REST) == key]
    return line, behind if line else []


def _scored() -> int:
    """Which scoring said what is said now of causes and bands."""
    return ScoringRun.objects.filter(status="done").order_by("-pk").values_list("pk", flat=True).first() or 0


def _at_risk(outlook: Outlook, language: str) -> tuple[int, int, list[_Losing], tuple[Share, ...]]:
    losing = _losing(outlook, language)
    loss, mrr = sum(one[2] for one in losing), int(outlook.stated.book.now.sum())
    return loss, mrr, losing[: SHOWN * 3], shares_of(losing)


def _losing(outlook: Outlook, language: str) -> list[_Losing]:
    """Every customer with an expected loss, the largest first."""
    stated = outlook.stated
    month = _last_month(outlook)
    book, gone = stated.book, 1 - stated.left.survival[:, month]
    loss = np.where(book.path[:, month] == 0, book.now, book.now * gone).round().astype(np.int64)
    order = np.argsort(-loss, kind="stable")
    order = order[loss[order] > 0]
    ids = book.accounts[order].tolist()
    sure = set(book.accounts[stated.left.source == CERTAIN].tolist())
    causes = _causes(ids[:READ], sure, language)
    now, money = book.now[order].tolist(), loss[order].tolist()
    return [(pk, mrr, gone, causes.get(pk, Why())) for pk, mrr, gone in zip(ids, now, money, strict=True)]


def shares_of(losing: Sequence[_Losing]) -> tuple[Share, ...]:
    """What the money is due to, the most first, the rest in one line: together all of it."""
    sums: Counter[Why] = Counter()
    counts: Counter[Why] = Counter()
    for _pk, _mrr, loss, why in losing:
        sums[why] += loss
        counts[why] += 1
    named = [why for why, _total in sums.most_common() if why.key][:CAUSES_SHOWN]
    rows = [Share(why, sums[why], counts[why]) for why in named]
    rest = sum(sums.values()) - sum(row.loss for row in rows)
    if rest:
        others = len(losing) - sum(row.customers for row in rows)
        rows.append(Share(Why(REST, _("Others, or nothing that stands out")), rest, others))
    return tuple(rows)


def _causes(ids: list[int], sure: set[int], language: str) -> dict[int, Why]:
    """What each customer may leave for, in words of what a company can act on: notice given, its main cause, or what the
    churn model leans on most among use, contacts, service, payments and what was said."""
    states = dict(AccountState.objects.filter(account__in=ids).values_list("account_id", "main_cause"))
    rows = AccountRisk.objects.filter(account__in=ids, horizon=HORIZONS[0], probability__isnull=False)
    drivers = dict(rows.values_list("account_id", "drivers"))
    words, notice = cause_words(), Why("notice", _("Notice given"))
    found = {}
    for pk in ids:
        cause = states.get(pk) or ""
        judged = Why(f"cause:{cause}", words[cause], "cause") if cause in words else None
        found[pk] = notice if pk in sure else judged or _theme(drivers.get(pk) or [], language)
    return found


def _theme(drivers: Sequence[Mapping[str, Any]], language: str) -> Why:
    """The strongest raising driver that somebody can act on; in words no judged cause has, so that neither is taken for
    the other."""
    titles = {
        "use": _("Changes in use"), "people": _("Contacts and training"), "service": _("Tickets and outages"),
        "payment": _("Late payments"), "voice": _("Answers and tone"),
    }  # fmt: skip
    for one in drivers:
        name = str(one.get("feature", ""))
        if float(one.get("effect") or 0) <= 0 or name in GIVEN:
            continue
        if name.startswith("mentions_"):
            said = str(one.get(f"title_{language}") or one.get("title_en", ""))
            return Why(f"driver:{name}", said, "driver")
        theme = next((theme for theme, parts in THEMES.items() if any(part in name for part in parts)), "")
        if theme:
            return Why(f"driver:{theme}", titles[theme], "driver")
    return Why()


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
    judged = last_run() is not None
    return {"rows": shown, "accounts": whole.accounts, "uplift": whole.uplift, "judged": judged}


def topics_at_risk(member: Member, view: View, today: date, language: str) -> dict[str, Any]:
    """What customers at risk write more of than before: topics of their texts, beyond chance. Kept for minutes."""
    depends = (view.key, today, language, _scored())
    return keep("topics-at-risk", depends, lambda: _topics_at_risk(member, today, language), lasting=False)


def _topics_at_risk(member: Member, today: date, language: str) -> dict[str, Any]:
    red = AccountState.objects.filter(band="red", account__in=visible_accounts(member))
    found, texts = growing_topics(member, today, list(red.values_list("account", flat=True)))
    lines = [
        {
            "topic": one.topic,
            "title": TOPICS[one.topic].in_language(language),
            "now": one.now,
            "before": one.before,
            "negative": one.negative,
        }
        for one in found[:SHOWN]
    ]
    return {"lines": lines, "texts": texts, "days": GROWTH_DAYS}


def team_load(member: Member, today: date) -> list[Load]:
    """Whose customers call, and whose tasks wait; people without any left out."""
    found = loads(member, today, WorkView.ALL)
    return [one for one in found if one.calling or one.due or one.overdue or one.accounts][:12]


def model_trust() -> dict[str, Any] | None:
    """The churn model's record beside the scorecard's and days since last seen, on the same customers; None where no model
    may speak."""
    for horizon in HORIZONS:
        model = model_in_use(horizon)
        told = (model.report or {}).get("evaluation", {}) if model is not None and model.speaks else {}
        auc = (told.get("auc") or {}).get("value")
        if model is None or auc is None:
            continue
        others = told.get("others") or {}
        recency, card = (
            ((others.get(name) or {}).get("auc") or {}).get("value") for name in ("recency", "scorecard")
        )
        ece, observed = told.get("ece") or {}, told.get("observed") or {}
        return {
            "horizon": horizon, "version": model.version, "auc": auc, "low": told["auc"].get("low"), "high": told["auc"].get("high"),
            "recency": recency, "card": card, "verdict": verdict(told)["text"], "skill": (told.get("skill") or {}).get("value"), "n": told.get("n"), "left": told.get("left"),
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
