"""What accounts looked like when they were forecast last, kept where their reasons are not: beside a large book."""

from __future__ import annotations

from datetime import date

import pandas as pd

from enishi.kit.home import Home

GROUP = 2000


def keep_rows(home: Home, rows: pd.DataFrame) -> None:
    """Keep a day's rows, in place of the day's before."""
    path = home.forecast_rows
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    rows.sort_values("account_id").to_parquet(part, row_group_size=GROUP, index=False)
    part.replace(path)


def drop_rows(home: Home) -> None:
    home.forecast_rows.unlink(missing_ok=True)


def kept_row(home: Home, day: date, account: int) -> pd.DataFrame:
    """The row of an account on a day; empty where another day is kept, or none."""
    if not home.forecast_rows.exists():
        return pd.DataFrame()
    wanted = [("account_id", "==", account), ("as_of", "==", pd.Timestamp(day))]
    return pd.read_parquet(home.forecast_rows, filters=wanted)
