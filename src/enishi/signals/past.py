"""The whole book as it was known on a past day: scores, causes, alerts, metrics and the accounts' own fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.accounts.audit import SYSTEM
from enishi.accounts.company import company_remembered, get_company, refuse_future
from enishi.definitions.actions import install_defaults
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.asked import scores_then
from enishi.signals.asof import KnownRecords, contracts_in_force, count_churn
from enishi.signals.bands import CODES, UNKNOWN
from enishi.signals.context import Rules, load_rules
from enishi.signals.history import kept_on
from enishi.signals.hooks import tiers_on, worth_on
from enishi.signals.judging import Judgement, judge
from enishi.signals.models import HealthScore
from enishi.signals.money import ChurnBase, simple_ltv
from enishi.signals.panel import known_accounts, read_frame, rows_of, week_before
from enishi.signals.provenance import provenance_of
from enishi.signals.scoring import overrides_on, pair_rows, stakes_of, unpriced
from enishi.signals.stages import CHURNED
from enishi.signals.states import number
from enishi.store.kinds import ACCOUNT, KINDS

Progress = Callable[[float, float], object]

_ACCOUNTS = """
select record_id as account_id, outside_id, name, name_kana, domain, industry, employees, size, region, country,
       owner, channel, seller, since
from account
"""
_SOLD = """
select account_id, list(distinct product) as products, list(distinct plan) as plans from subscription group by 1
"""


@dataclass(frozen=True, slots=True)
class _Then:
    """What one day's rows are made from. ``rows`` and ``week`` are row numbers (-1: unknown a week before)."""

    day: date
    judgement: Judgement
    rows: NDArray[np.int64]
    week: NDArray[np.int64]
    scores: dict[int, HealthScore]
    kept_week: dict[int, tuple[int | None, str]]
    overrides: dict[int, str]
    columns: dict[str, NDArray[Any]]


def book_as_of(
    day: date, *, home: Home | None = None, now: datetime | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """Every account that was known on ``day``, by what was known then.

    Scores once stored are read, never made anew; those of a day or an account without one are worked out and not
    stored, so that the same is said whether or not somebody asked before. Causes, alerts and metrics are worked out
    from the facts known on the day, by the rules in force now. Money is whole minor units.

    Returns:
        One row per account: the fields of :class:`~enishi.signals.models.AccountState` a list shows, ``alerts``,
        ``causes``, ``products`` and ``plans`` as lists, ``metrics`` as one column ``m.<id>`` each, the account's own
        fields as known (``owner`` is a mail address), and how its score came about (``computed_on``, ``version``,
        ``published_on``; see :class:`~enishi.signals.provenance.Provenance`).
    """
    home, tell = home or Home.from_environment(), progress or (lambda done, total: None)
    now = now or system_clock()
    refuse_future(day, now)
    install_defaults(SYSTEM, now)
    with company_remembered(), KnownRecords(home) as records:
        rules = load_rules()
        frame = read_frame(home, [week_before(day), day], rules, records=records, every_metric=True)
        tell(70, 100)
        judgement = judge(rows_of(frame, known_accounts()).rows, rules)
        then = _gather(day, judgement, now)
        rate = ChurnBase(*count_churn(records, day)).monthly_rate
        book = pd.DataFrame([_row(then, i) for i in range(len(then.rows))])
        tell(90, 100)
        if book.empty:
            return pd.DataFrame({"account_id": pd.Series(dtype=np.int64)})
        book["ltv"] = _worth(book, day, rate)
        bands = np.array([CODES.get(band, UNKNOWN) for band in book["band"]], dtype=np.int8)
        contracts = contracts_in_force(records, day)
        book["at_stake"] = stakes_of(judgement, then.rows, bands, contracts)
        book["unpriced"] = unpriced(judgement, then.rows, contracts)
        tiers = tiers_on(day)
        book["tier"] = [tiers.get(account, "") for account in book["account_id"]]
        book = _with_fields(_with_metrics(book, then, rules), records, day)
        # An id may lead to an account for all time: nothing was known of the customer for that.
        return book[book["name"].notna() | book["tenure_days"].notna()].reset_index(drop=True)


def _worth(book: pd.DataFrame, day: date, monthly_churn: float | None) -> list[int | None]:
    """Lifetime values as said of the day; where none was, the simple one."""
    told, margin = worth_on(day), float(get_company().gross_margin)
    return [
        told.get(account, simple_ltv(_none(mrr), margin, monthly_churn))
        for account, mrr in zip(book["account_id"], book["mrr"], strict=True)
    ]


def first_known_day(home: Home | None = None) -> date | None:
    """The first day on which anything was known of any customer: use, or a record that belongs to an account.

    What holds for all time (an account brought in with its history, an id that always led to it) says of no day that
    something was known on it.
    """
    with KnownRecords(home or Home.from_environment()) as records:
        tables = [
            "group_days",
            *(f"record_{kind.name}" for kind in KINDS.values() if kind.has_account or kind == ACCOUNT),
        ]
        days = [records.first_known(table) for table in tables]
    return min((day for day in days if day), default=None)


def names_on(day: date, *, home: Home | None = None) -> dict[int, str]:
    """Account -> its name as known on a day."""
    with company_remembered(), KnownRecords(home or Home.from_environment()) as records:
        accounts = records.query("select record_id as account_id, name from account", day)
    return dict(zip(accounts["account_id"].tolist(), accounts["name"].fillna("").tolist(), strict=True))


def _gather(day: date, judgement: Judgement, now: datetime) -> _Then:
    rows, week = pair_rows(judgement, day, week_before(day), set(judgement.accounts.tolist()))
    earlier = HealthScore.objects.filter(day=week_before(day), own=True)
    columns = {str(n): judgement.rows[n].to_numpy(dtype=object) for n in judgement.rows.columns}
    return _Then(
        day=day,
        judgement=judgement,
        rows=rows,
        week=week,
        scores=scores_then(judgement, rows, kept_on(day), day, now),
        kept_week={a: (t, b) for a, t, b in earlier.values_list("account_id", "tenths", "band")},
        overrides=overrides_on(day),
        columns=columns,
    )


def _row(then: _Then, i: int) -> dict[str, Any]:
    row = int(then.rows[i])
    account = int(then.judgement.accounts[row])
    causes = then.judgement.causes
    named = [causes.body.causes[c].id for c, _ in causes.ranked(row)]
    fired = zip(causes.body.alerts, causes.alerts[row], strict=True)
    return {
        "account_id": account,
        "stage": str(then.columns["stage"][row]),
        **_score(then, account, row, int(then.week[i])),
        **_origin(then.scores.get(account)),
        "main_cause": named[0] if named else "",
        "causes": named,
        "alerts": [alert.id for alert, holds in fired if holds],
        "mrr": _whole(then, "mrr", row),
        "seats": _whole(then, "seats", row),
        "active_users": _whole(then, "active_users_28", row),
        "tenure_days": _whole(then, "tenure_days", row),
        "renewal_on": _day(then, "days_to_renewal", row, 1),
        "last_seen_on": _day(then, "days_since_last_seen", row, -1),
        "last_contact_on": _day(then, "days_since_contact", row, -1),
    }


def _score(then: _Then, account: int, row: int, week: int) -> dict[str, Any]:
    score = then.scores.get(account)
    before, band_before = then.kept_week.get(account, (None, ""))
    if account not in then.kept_week and week >= 0 and then.judgement.known[week]:
        before = int(then.judgement.tenths[week])
    tenths = score.tenths if score else None
    band = score.band if score else "unknown"
    if then.columns["stage"][row] == CHURNED:
        return {
            "tenths": None,
            "band": "unknown",
            "computed_band": "unknown",
            "band_week_ago": band_before,
            "coverage": 0.0,
            "change": None,
        }
    return {
        "tenths": tenths,
        "band": then.overrides.get(account, band),
        "computed_band": band,
        "band_week_ago": band_before,
        "coverage": score.coverage if score else 0.0,
        "change": None if tenths is None or before is None else tenths - before,
    }


def _origin(score: HealthScore | None) -> dict[str, Any]:
    if score is None:
        return {"computed_on": None, "version": None, "published_on": None}
    found = provenance_of(score)
    return {
        "computed_on": found.computed_on,
        "version": found.version,
        "published_on": found.published_on,
    }


def _whole(then: _Then, name: str, row: int) -> int | None:
    values = then.columns.get(name)
    value = None if values is None else values[row]
    return None if value is None or pd.isna(value) else round(float(value))


def _day(then: _Then, name: str, row: int, sign: int) -> date | None:
    days = _whole(then, name, row)
    return None if days is None else then.day + timedelta(days=sign * days)


def _none(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _with_metrics(book: pd.DataFrame, then: _Then, rules: Rules) -> pd.DataFrame:
    values = {
        f"m.{name}": np.array([_float(v) for v in then.columns[name][then.rows]])
        for name in rules.metrics
        if name in then.columns
    }
    return pd.concat([book, pd.DataFrame(values, index=book.index)], axis=1)


def _float(value: Any) -> float:
    found = number(None if value is None or pd.isna(value) else value)
    return np.nan if found is None else float(found)


def _with_fields(book: pd.DataFrame, records: KnownRecords, day: date) -> pd.DataFrame:
    accounts = records.query(_ACCOUNTS, day).drop_duplicates("account_id")
    book = book.merge(accounts, on="account_id", how="left")
    sold = records.query(_SOLD, day).drop_duplicates("account_id")
    return book.merge(sold, on="account_id", how="left")
