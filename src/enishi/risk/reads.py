"""What forecasts say and said, for pages and for the rooms above."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from django.db.models import Q, QuerySet

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.models import Member
from enishi.risk.models import HORIZONS, AccountRisk, ForecastModel, ForecastRun, Statement

AT_ONCE = 5000


def probabilities(horizon: int, accounts: Collection[int] | None = None) -> pd.DataFrame:
    """How likely each account is to leave within a horizon, as forecast last.

    Args:
        horizon: 30, 90 or 180 days, or 0 for the next renewal.
        accounts: only these; None for all.

    Returns:
        ``account_id``, ``probability``, ``low``, ``high``, ``known``. Where no model may speak, ``known`` is False
        and the probability is the base rate (NaN where not even that is known), without an interval. Accounts that are
        not forecast (notice given, left, no contract) have no row.
    """
    rows = AccountRisk.objects.filter(horizon=horizon).order_by()
    names = ("account_id", "probability", "low", "high", "base_rate")
    if accounts is None or len(accounts) > AT_ONCE:
        found = list(rows.values_list(*names))
    else:
        found = list(rows.filter(account__in=list(accounts)).values_list(*names))
    frame = pd.DataFrame(found, columns=list(names)).astype(dict.fromkeys(names[1:], float))
    if accounts is not None:
        frame = frame[frame["account_id"].isin(set(accounts))]
    frame["known"] = frame["probability"].notna()
    frame["probability"] = frame["probability"].fillna(frame["base_rate"])
    frame = frame.sort_values("account_id").reset_index(drop=True)
    return frame.astype({"account_id": np.int64})[["account_id", "probability", "low", "high", "known"]]


def model_in_use(horizon: int) -> ForecastModel | None:
    """The version that speaks for a horizon today."""
    return ForecastModel.objects.filter(horizon=horizon, status=ForecastModel.Status.IN_USE).first()


def forecast_days(horizon: int) -> list[date]:
    """The days of which statements are kept, oldest first."""
    days = Statement.objects.filter(horizon=horizon).order_by("day").values_list("day", flat=True)
    return list(days.distinct())


def statements_on(horizon: int, day: date, accounts: Collection[int] | None = None) -> pd.DataFrame:
    """What was said of each account on a day: its last statement up to then, of at most a week before.

    Returns:
        ``account_id``, ``probability``, ``low``, ``high``, ``day`` it was made, ``model`` (number of the
        :class:`ForecastModel`), ``outcome`` (True, False, None while open).
    """
    names = ["account_id", "probability", "low", "high", "day", "model_id", "outcome"]
    since = pd.Timestamp(day) - pd.Timedelta(days=STANDS_DAYS)
    asked = Q(horizon=horizon, day__lte=day, day__gt=since.date())
    rows = Statement.objects.filter(asked).order_by("account_id", "day").values_list(*names)
    frame = pd.DataFrame(list(rows), columns=names).drop_duplicates("account_id", keep="last")
    if accounts is not None:
        frame = frame[frame["account_id"].isin(set(accounts))]
    return frame.rename(columns={"model_id": "model"}).reset_index(drop=True)


STANDS_DAYS = 7
"""A statement is repeated after so many days, whether or not it changed."""


@dataclass(frozen=True, slots=True)
class RiskLine:
    """What is said of an account for one horizon, with everything a page shows beside it."""

    horizon: int
    risk: AccountRisk | None  # None: this account is not forecast for the horizon
    model: ForecastModel | None  # None: nothing was learned for the horizon yet

    @property
    def known(self) -> bool:
        return self.risk is not None and self.risk.probability is not None

    @property
    def missing(self) -> int:
        """Outcomes missing until a probability may be said; 0 where one may."""
        return self.model.missing if self.model and not self.model.speaks else 0

    @property
    def threshold(self) -> float | None:
        """The probability from which on an account counts as at risk."""
        return self.model.trained_on.get("threshold") if self.model else None


def account_risks(member: Member, account_id: int) -> list[RiskLine]:
    """What is said of an account the member may see, for every horizon.

    Raises:
        NotFound: as of :func:`enishi.accounts.access.access_account`.
    """
    account = access_account(member, account_id)
    models = {
        model.horizon: model
        for model in ForecastModel.objects.filter(status=ForecastModel.Status.IN_USE).defer("state", "report")
    }
    risks = {risk.horizon: risk for risk in AccountRisk.objects.filter(account=account)}
    return [RiskLine(h, risks.get(h), models.get(h)) for h in HORIZONS if h in risks or h in models]


def list_versions(horizon: int, most: int = 50) -> list[ForecastModel]:
    """The versions of a horizon, newest first, without what they learned."""
    rows = ForecastModel.objects.filter(horizon=horizon).defer("state").select_related("made_by")
    return list(rows.order_by("-version")[:most])


def last_run(kind: str) -> ForecastRun | None:
    """The newest pass of a kind, whatever became of it."""
    return ForecastRun.objects.filter(kind=kind).first()


def last_scored() -> int:
    """Which pass said what is said now: another one after every scoring, a new version or the return to an old one; 0 before
    the first."""
    done = ForecastRun.objects.filter(kind=ForecastRun.Kind.SCORE, status=ForecastRun.Status.DONE)
    return done.values_list("pk", flat=True).first() or 0


def list_risks(member: Member, horizon: int) -> QuerySet[AccountRisk]:
    """What is said of the accounts a member sees, those most at risk first."""
    rows = AccountRisk.objects.filter(horizon=horizon, account__in=visible_accounts(member))
    return rows.select_related("account").order_by("-rank", "account")


def record(member: Member, horizon: int, since: date | None = None) -> pd.DataFrame:
    """What was said and what came of it, of the accounts a member sees: one row per statement that is decided.

    Returns:
        ``account_id``, ``day``, ``probability``, ``low``, ``high``, ``outcome`` (bool), ``lost_on``, ``model`` (number),
        oldest first. A statement that stood for several days counts once.
    """
    names = ["account_id", "day", "probability", "low", "high", "outcome", "lost_on", "model_id"]
    rows = Statement.objects.filter(
        horizon=horizon, outcome__isnull=False, account__in=visible_accounts(member)
    )
    rows = rows.filter(day__gte=since) if since else rows
    found = pd.DataFrame(list(rows.order_by("day", "account").values_list(*names)), columns=names)
    return found.rename(columns={"model_id": "model"})


def account_record(member: Member, account_id: int, horizon: int, most: int = 200) -> list[Statement]:
    """Every statement kept of an account, newest first, each with the version that said it."""
    account = access_account(member, account_id)
    rows = (
        Statement.objects.filter(account=account, horizon=horizon)
        .select_related("model")
        .defer("model__state")
    )
    return list(rows.order_by("-day")[:most])


def open_statements(horizon: int) -> int:
    """How many statements wait for what will come."""
    return Statement.objects.filter(horizon=horizon, outcome=None, settled_at=None).count()
