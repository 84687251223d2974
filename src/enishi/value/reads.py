"""What customers are worth, for pages and for the rooms above."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from enishi.value.models import AccountValue, ValueRun, ValueSettings, ValueStatement

AT_ONCE = 5000
AMOUNTS = (
    "simple", "simple_low", "simple_high", "contractual", "contractual_low", "contractual_high", "residual",
    "residual_low", "residual_high", "noncontractual", "noncontractual_low", "noncontractual_high", "chosen",
    "margin", "service", "acquisition", "earned",
)  # fmt: skip


def get_settings() -> ValueSettings:
    """The company's assumptions, the shipped ones where nobody has changed them."""
    return ValueSettings.objects.filter(pk=1).first() or ValueSettings(pk=1)


def last_run() -> ValueRun | None:
    """The newest valuation that came to its end."""
    return ValueRun.objects.filter(status="done").order_by("-day", "-started_at", "-pk").first()


AT_MOST = timedelta(hours=3)  # a valuation that began longer ago was killed


def running_run(now: datetime) -> ValueRun | None:
    """The valuation that waits or runs."""
    going = ValueRun.objects.filter(status__in=("queued", "running"), started_at__gt=now - AT_MOST)
    return going.order_by("-pk").first()


def values(accounts: Collection[int] | None = None) -> pd.DataFrame:
    """What each account is worth, as last valued.

    Args:
        accounts: only these; None for all.

    Returns:
        ``account_id``, ``day``, the amounts of :class:`AccountValue` as floats in whole minor units (NaN: not enough
        history), ``chosen_by`` (which lifetime value ``chosen`` is).
    """
    rows = AccountValue.objects.order_by()
    if accounts is not None and len(accounts) <= AT_ONCE:
        rows = rows.filter(account__in=list(accounts))
    names = ["account_id", "day", *AMOUNTS, "chosen_by"]
    frame = pd.DataFrame(list(rows.values_list(*names)), columns=names)
    frame = frame.astype({"account_id": np.int64, **dict.fromkeys(AMOUNTS, float)})
    if accounts is not None:
        frame = frame[frame["account_id"].isin(set(accounts))]
    return frame.sort_values("account_id").reset_index(drop=True)


STANDS = timedelta(days=45)  # a statement of a month holds until the next one


def worth_on(day: date) -> dict[int, int]:
    """Account -> the chosen lifetime value as it stood on a day: the present one, or the last statement up to a past
    day. Accounts of which none was told are missing."""
    valued_on = AccountValue.objects.order_by().values_list("day", flat=True).first()
    if valued_on is not None and valued_on <= day:
        present = AccountValue.objects.filter(chosen__isnull=False).order_by()
        return _told(present.values_list("account_id", "chosen"))
    said = ValueStatement.objects.filter(day__lte=day, day__gt=day - STANDS, chosen__isnull=False)
    return _told(said.order_by("day").values_list("account_id", "chosen"))


def _told(rows: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    return {account: chosen for account, chosen in rows if chosen is not None}
