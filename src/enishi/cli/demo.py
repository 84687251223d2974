"""``enishi demo``: load the sample company, or carry it on to today."""

from __future__ import annotations

import time
from datetime import datetime

import click

from enishi.cli.init import tell_sign_in
from enishi.cli.installation import open_django
from enishi.cli.sample import Wanted, bring_sample, find_sample, has_sample
from enishi.cli.scoring import score_all, score_past
from enishi.cli.setting_up import set_up
from enishi.cli.show import show_json
from enishi.cli.words import DAY, json_option, language, option, program_name, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.kit.text import Text

accounts_option = option(
    "--accounts",
    type=click.IntRange(1, 100_000),
    default=400,
    show_default=True,
    en="How many customers the sample company has.",
    ja="サンプル企業の顧客企業の数。",
)


@spoken(
    "demo",
    en="Load the sample company: a Japanese software vendor, its customers and two years of facts.\n\nLoaded once; called again it goes on where it was cut off, or carries the company on to today.",
    ja="サンプル企業(国内のソフトウェア企業とその顧客、2年分の履歴)を読み込みます。\n\n2回目以降は、中断した続き、または前回から本日までの続きを追加します。",
)
@accounts_option
@option(
    "--months",
    type=click.IntRange(3, 60),
    default=24,
    show_default=True,
    en="How many months of history.",
    ja="履歴の月数。",
)
@option(
    "--until",
    type=DAY,
    en="Last day of the history (today).",
    ja="履歴の最終日(省略時は本日)。",
)
@option(
    "--seed",
    type=int,
    default=None,
    en="Another seed makes another company.",
    ja="乱数の種(変えると別の企業になります)。",
)
@option(
    "--activity",
    type=float,
    default=1.0,
    show_default=True,
    en="How much people do, relative to the default.",
    ja="利用量の倍率。",
)
@option(
    "--if-empty",
    is_flag=True,
    en="Do nothing where there are accounts of your own.",
    ja="お客様自身のデータがある場合は何もしません。",
)
@option(
    "--no-score",
    is_flag=True,
    en="Load only; score later with `enishi score`.",
    ja="読み込みのみ行い、スコア計算は行いません。",
)
@option(
    "--past",
    is_flag=True,
    en="Score the past too, now (otherwise the running service does it little by little).",
    ja="過去のスコアも今すぐ計算します(省略時は起動後に少しずつ計算します)。",
)
@json_option()
def command(
    accounts: int, months: int, until: datetime | None, seed: int | None, activity: float, if_empty: bool, no_score: bool, past: bool, as_json: bool
) -> None:  # fmt: skip
    started = time.monotonic()
    home = open_django()
    sign_in = set_up(home, language=language(), name=find_sample("people").ADMINISTRATOR)
    if sign_in and not as_json:
        tell_sign_in(sign_in)
    now = system_clock()
    changed = bring_sample(
        home, Wanted(accounts, months, until.date() if until else None, seed, activity), now
    )
    if not changed and not if_empty and not has_sample(home):
        raise _not_empty()
    if changed and not no_score:
        score_sample(now, past)
    if as_json:
        show_json({"loaded": changed, "seconds": round(time.monotonic() - started, 1)})
    else:
        _tell(home, changed, time.monotonic() - started)


def _not_empty() -> Conflict:
    return Conflict(
        "not_empty",
        Text(
            "This installation holds accounts of your own.",
            "この環境にはすでに顧客企業が登録されています。",
        ),
        Text(
            f"Load the sample into another folder: {program_name()} --data DIR demo.",
            f"サンプルは別のフォルダーに読み込んでください: {program_name()} --data DIR demo",
        ),
    )


def _tell(home: Home, changed: bool, seconds: float) -> None:
    if changed:
        click.echo(
            say(
                f"The sample company is ready ({seconds:.0f} s).",
                f"サンプル企業の準備ができました({seconds:.0f}秒)。",
            )
        )
    elif has_sample(home):
        click.echo(say("The sample company is up to date.", "サンプル企業は最新の状態です。"))


def score_sample(now: datetime, past: bool = False) -> None:
    """Score today, so that the pages have something to show; with ``past`` the history before it."""
    from enishi.accounts.company import company_day
    from enishi.segments.api import assign_tiers

    today = company_day(now)
    if past:
        score_past(today, now)
    score_all(today, now)
    assign_tiers(now=now)
