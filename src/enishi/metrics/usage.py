"""Metrics of use: who uses the product, how often, how widely, and where that is going."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from enishi.kit.text import Text
from enishi.metrics.contracts import UNKNOWN, Compared, Grain, Metric
from enishi.metrics.people import PAST, YEAR, _count, _sum, nameless, within
from enishi.metrics.trends import weekly_slope

ALL: tuple[Grain, ...] = ("account", "product", "user")
WIDE: tuple[Grain, ...] = ("account", "product")
TREND_BOUND = 2.0
TREND_PRIOR = 5.0
WEEKS = 13
RECENT = 28
LEAST_PAST = 84
# How many people is unknown where no event of use names one: of the company's, and ever of the account's.
NAMED = ("usage", "usage.user")


def _within(days: int) -> Any:
    return lambda t: _count(within(t, days) & t.named)


def _nameless(days: int) -> Any:
    return lambda t: nameless(t, days)


def _nameless_half(t: Any) -> Any:
    return nameless(t, RECENT) + nameless(t, RECENT, RECENT)


def _active_users(days: int) -> Metric:
    return Metric(
        f"active_users_{days}",
        Text(f"Active users, {days} d", f"利用者数({days}日)"),
        Text(
            f"People who used the product on at least one of the last {days} days. Unknown where there was use in them and "
            "none of the account's use ever named a user.",
            f"直近{days}日間に1日以上利用した人の数です。その間に利用があっても、その顧客の利用者が一度も記録されていない場合は不明とします。",
        ),
        "people",
        "people",
        {"": _within(days), UNKNOWN: _nameless(days)},
        grains=WIDE,
        window=days,
        needs=NAMED,
    )


def _stickiness(f: pd.DataFrame) -> pd.Series[Any]:
    week, month = f["stickiness:week"].astype(float), f["stickiness:month"].astype(float)
    return (week / month.where(month > 0)).rename("stickiness")


def _trend(f: pd.DataFrame) -> pd.Series[Any]:
    now, before = f["usage_trend_28:now"].astype(float), f["usage_trend_28:before"].astype(float)
    ratio = pd.Series(np.log((now + TREND_PRIOR) / (before + TREND_PRIOR)), index=f.index)
    return ratio.clip(-TREND_BOUND, TREND_BOUND).where(now + before > 0)


def _week(number: int) -> Any:
    return lambda t: t[f"w{number:02d}"].sum()


def _weeks(f: pd.DataFrame) -> np.ndarray:
    """Weekly totals, oldest first; weeks that began before the account's first use are unknown, and all where none has
    any: what stands still at nothing has no trend."""
    columns = [f"usage_slope_90:w{k:02d}" for k in reversed(range(WEEKS))]
    totals = f[columns].to_numpy(dtype=float, na_value=np.nan)
    age = f["days_since_first_use"].to_numpy(dtype=float, na_value=np.nan)
    first = np.array([7 * (k + 1) for k in reversed(range(WEEKS))])
    used = np.nansum(totals, axis=1, keepdims=True) > 0
    return np.where(
        used & (np.nan_to_num(age, nan=-1.0)[:, None] + 1 >= first), np.nan_to_num(totals), np.nan
    )


def _slope(f: pd.DataFrame) -> pd.Series[Any]:
    """The error falls off with it, and stays in the frame for the metric that follows."""
    slope, f["usage_slope_90:error"] = weekly_slope(_weeks(f))
    return pd.Series(slope, index=f.index)


def _slope_error(f: pd.DataFrame) -> pd.Series[Any]:
    return f["usage_slope_90:error"]


def _vs_own_past(f: pd.DataFrame) -> pd.Series[Any]:
    """The days before the first use are no past: the usual rate is taken over those since. Where nobody used it in all
    that time, there is nothing to compare."""
    recent = f["use_vs_own_past:recent"].astype(float)
    ratio = pd.Series(np.log((recent + TREND_PRIOR) / (_usual(f) + TREND_PRIOR)), index=f.index)
    return ratio.clip(-TREND_BOUND, TREND_BOUND)


def _usual(f: pd.DataFrame) -> pd.Series[Any]:
    known = f["days_since_first_use"].astype(float) + 1 - RECENT
    earlier = f["use_vs_own_past:earlier"].astype(float).fillna(0.0)
    return earlier * RECENT / known.clip(upper=PAST - RECENT).where(known >= LEAST_PAST)


def _trend_where_old(f: pd.DataFrame) -> pd.Series[Any]:
    return _trend(f).where(f["days_since_first_use"].astype(float) >= 55)


def _amount(ratio: str, part: str, title: Text, unit: str, of_frame: Any = None) -> Metric:
    """One side of a damped ratio, known where the ratio is; read from the same columns."""

    def finish(f: pd.DataFrame) -> pd.Series[Any]:
        amount = of_frame(f) if of_frame else f[f"{ratio}:{part}"].astype(float).fillna(0.0)
        return amount.where(f[ratio].notna())

    of = (ratio, "days_since_first_use")
    return Metric(
        f"{ratio}_{part}", title, title, unit, "days", {}, finish, of=of, grains=WIDE, null="unknown"
    )


_USES = Compared(
    _amount("usage_trend_28", "now", Text("Uses, 28 d", "利用回数(28日)"), "events"),
    _amount("usage_trend_28", "before", Text("Uses, the 28 d before", "利用回数(その前の28日)"), "events"),
    Text("{now} in 28 days, {before} in the 28 before", "直近28日は{now}、その前の28日は{before}"),
)
_USE_DAYS = Compared(
    _amount("use_vs_own_past", "recent", Text("Days of use, all people, 28 d", "延べ利用日数(28日)"), "days"),
    _amount("use_vs_own_past", "usual", Text("Days of use, usual", "平常の延べ利用日数"), "days", _usual),
    Text("{now} of use in 28 days (all people), usually {before}", "直近28日は延べ{now}、平常は延べ{before}"),
)

METRICS: tuple[Metric, ...] = (
    _active_users(1),
    _active_users(7),
    _active_users(28),
    Metric(
        "active_days_28",
        Text("Days with use, 28 d", "利用日数(28日)"),
        Text("Days of the last 28 on which anybody used the product.", "直近28日のうち利用のあった日数です。"),
        "days", "days", {"": lambda t: t.days_28.sum()}, grains=ALL, window=28,
    ),
    Metric(
        "active_days_364",
        Text("Days with use, 52 weeks", "利用日数(52週)"),
        Text("Days of the last 52 weeks on which anybody used the product: how firm the habit is.",
             "直近52週のうち利用のあった日数です。利用がどれだけ習慣になっているかを示します。"),
        "days", "year", {"": lambda t: t.days.sum()}, grains=WIDE, window=YEAR,
    ),
    Metric(
        "events_28",
        Text("Uses, 28 d", "利用回数(28日)"),
        Text("Events of use in the last 28 days.", "直近28日間の利用イベント数です。"),
        "events", "days", {"": lambda t: t.n_28.sum()}, grains=ALL, window=28,
    ),
    Metric(
        "events_90",
        Text("Uses, 90 d", "利用回数(90日)"),
        Text("Events of use in the last 90 days.", "直近90日間の利用イベント数です。"),
        "events", "days", {"": lambda t: t.n_90.sum()}, grains=ALL, window=90,
    ),
    Metric(
        "logins_28",
        Text("Sign-ins, 28 d", "ログイン回数(28日)"),
        Text("Sign-in events in the last 28 days. Unknown where no sign-ins are sent.",
             "直近28日間のログイン回数です。ログインのイベントが送られていない場合は不明とします。"),
        "events", "logins", {"": lambda t: t.n.sum()}, grains=ALL, window=28,
        needs=("usage", "logins"),
    ),
    Metric(
        "days_since_last_seen",
        Text("Days since last seen", "最終利用からの日数"),
        Text("Days since anybody used the product.", "最後に誰かが利用した日からの日数です。"),
        "days", "history",
        {"": lambda t: (t.as_of.delta(t.last_day, unit="day")).min()},
        grains=ALL, direction=-1, null="unknown",
    ),
    Metric(
        "days_since_first_use",
        Text("Days since first use", "利用開始からの日数"),
        Text("Days since the product was first used.", "最初に利用した日からの日数です。"),
        "days", "history",
        {"": lambda t: (t.as_of.delta(t.first_day, unit="day")).max()},
        grains=ALL, direction=0, null="unknown", freshness_days=None,
    ),
    Metric(
        "events_ever",
        Text("Uses, ever", "利用回数(累計)"),
        Text("Events of use since the first.", "利用開始からの利用イベントの累計です。"),
        "events", "history", {"": lambda t: t.events.sum()}, grains=ALL, freshness_days=None, direction=0,
    ),
    Metric(
        "stickiness",
        Text("Stickiness (WAU/MAU)", "定着率(WAU/MAU)"),
        Text("Active users of 7 days over those of 28 days.", "直近7日の利用者数を直近28日の利用者数で割った値です。"),
        "ratio", "people",
        {"week": _within(7), "month": _within(28)}, _stickiness, grains=WIDE, window=28, null="unknown",
        needs=NAMED,
    ),
    Metric(
        "feature_breadth_28",
        Text("Features used, 28 d", "利用機能数(28日)"),
        Text("Different features used in the last 28 days; signing in is none.",
             "直近28日間に使われた機能の種類数です。ログインは数えません。"),
        "count", "features", {"": lambda t: t.in_28.sum()}, grains=ALL, window=28,
    ),
    Metric(
        "feature_breadth_90",
        Text("Features used, 90 d", "利用機能数(90日)"),
        Text("Different features used in the last 90 days; signing in is none.",
             "直近90日間に使われた機能の種類数です。ログインは数えません。"),
        "count", "features", {"": lambda t: t.in_90.sum()}, grains=ALL, window=90,
    ),
    Metric(
        "usage_trend_28",
        Text("Change of use, 28 d", "利用の増減(28日)"),
        Text("Logarithm of the uses of the last 28 days over those of the 28 days before, between -2 and 2; "
             "5 are added to both so that small numbers do not shout. Unknown in the first 8 weeks of use, and without "
             "any in those 56 days.",
             "直近28日とその前の28日の利用回数の比の対数です(-2〜2)。少数の揺れを抑えるため双方に5を加えます。"
             "利用開始から8週間と、56日間を通じて利用がない場合は不明とします。"),
        "ratio", "days",
        {"now": lambda t: t.n_28.sum(), "before": lambda t: t.n_before.sum()},
        _trend_where_old, of=("days_since_first_use",), grains=WIDE, window=56, null="unknown", compared=_USES,
    ),
    Metric(
        "use_vs_own_past",
        Text("Use against its own past", "この顧客の過去と比べた利用"),
        Text("Logarithm of the days people used it (summed over people and products) in the last 28 days over what is "
             "usual for 28 days in the 24 weeks before, between -2 and 2; 5 are added to both so that small numbers do "
             "not shout. Unknown in the first 16 weeks of use, and where nobody used it in all those weeks.",
             "直近28日の延べ利用日数(利用者×製品×日)と、その前の24週間における28日あたりの延べ利用日数の比の対数です(-2〜2)。"
             "少数の揺れを抑えるため双方に5を加えます。利用開始から16週間と、全期間を通じて利用がない場合は不明とします。"),
        "ratio", "past",
        {"recent": lambda t: t.recent.sum(), "earlier": lambda t: t.earlier.sum()},
        _vs_own_past, of=("days_since_first_use",), grains=WIDE, window=PAST, null="unknown", compared=_USE_DAYS,
    ),
    Metric(
        "usage_slope_90",
        Text("Trend of use, 13 weeks", "利用の傾向(13週)"),
        Text("Theil-Sen slope of the logarithm of weekly uses over 13 weeks, per week (0.1 is about +10 % a week). "
             "Unknown with fewer than 6 whole weeks, and without any use in all of them.",
             "13週間の週次利用回数(対数)に対するTheil–Sen推定の傾きです(週あたり、0.1で約+10%)。"
             "6週未満の場合と、全期間を通じて利用がない場合は不明とします。"),
        "ratio", "days", {f"w{k:02d}": _week(k) for k in range(WEEKS)},
        _slope, of=("days_since_first_use",), grains=WIDE, window=91, null="unknown",
    ),
    Metric(
        "usage_slope_90_se",
        Text("Uncertainty of the trend", "傾向の標準誤差"),
        Text("Standard error of the trend of use (from Kendall's interval of the Theil-Sen slope).",
             "利用の傾向の標準誤差です(Theil–Sen推定の信頼区間から求めます)。"),
        "ratio", "days", {},
        _slope_error, of=("usage_slope_90", "days_since_first_use"), grains=WIDE, window=91, direction=0, null="unknown",
    ),
    Metric(
        "power_users",
        Text("Power users", "パワーユーザー数"),
        Text("People active on at least N of the last 28 days; N is set per product. Unknown where there was use in them and "
             "none of the account's use ever named a user.",
             "直近28日のうちN日以上利用した人の数です。Nは製品ごとに設定します。その間に利用があっても、その顧客の利用者が一度も"
             "記録されていない場合は不明とします。"),
        "people", "people", {"": lambda t: _sum(t.named, t.now), UNKNOWN: _nameless(RECENT)}, grains=WIDE, window=28,
        needs=NAMED,
    ),
    Metric(
        "power_users_change",
        Text("Change of power users", "パワーユーザーの増減"),
        Text("Power users now less those of the 28 days before; unknown where either is.",
             "直近28日とその前の28日のパワーユーザー数の差です。どちらかが不明な場合は不明とします。"),
        "people", "people", {"": lambda t: _sum(t.named, t.now - t.before), UNKNOWN: _nameless_half}, grains=WIDE, window=56,
        needs=NAMED,
    ),
)  # fmt: skip
