"""``enishi demo``: load the sample company, or carry it on to today."""

from __future__ import annotations

import time
from datetime import date, datetime

import click

from enishi.cli.init import tell_sign_in
from enishi.cli.installation import open_django
from enishi.cli.sample import find_sample
from enishi.cli.setting_up import set_up
from enishi.cli.show import progress, show_json
from enishi.cli.words import json_option, option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.kit.text import Text


@spoken(
    "demo",
    en="Load the sample company: a Japanese software vendor, its customers and two years of facts.\n\nLoaded once; called again it carries the company on to today.",
    ja="サンプル企業(国内のソフトウェア企業とその顧客、2年分の履歴)を読み込みます。\n\n2回目以降は、前回から本日までの続きを追加します。",
)
@option(
    "--accounts",
    type=click.IntRange(1, 100_000),
    default=400,
    show_default=True,
    en="How many customers.",
    ja="顧客企業の数。",
)
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
    type=click.DateTime(["%Y-%m-%d"]),
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
@json_option()
def command(
    accounts: int, months: int, until: datetime | None, seed: int | None, activity: float, if_empty: bool, no_score: bool, as_json: bool
) -> int:  # fmt: skip
    started = time.monotonic()
    home = open_django()
    sign_in = set_up(home)
    if sign_in and not as_json:
        tell_sign_in(sign_in)
    now = system_clock()
    last = until.date() if until else _today(now)
    loader = find_sample("load")
    known = loader.loaded(home)
    if known is None and _has_accounts():
        return _leave_alone(if_empty, as_json)
    if known is not None:
        changed = _carry_on(loader, known, home, last, now)
    else:
        settings = {} if seed is None else {"seed": seed}
        sample = loader.Sample(until=last, accounts=accounts, months=months, activity=activity, **settings)
        _load(loader, sample, home, now, None)
        changed = True
    if changed and not no_score:
        _score(home, now, first=known is None)
    if as_json:
        show_json({"loaded": changed, "seconds": round(time.monotonic() - started, 1)})
    elif changed:
        click.echo(say(f"The sample company is ready ({time.monotonic() - started:.0f} s).", f"サンプル企業の準備ができました({time.monotonic() - started:.0f}秒)。"))  # fmt: skip
    return 0


def _today(now: datetime) -> date:
    from enishi.accounts.company import company_day

    return company_day(now)


def _has_accounts() -> bool:
    from enishi.accounts.models import Account

    return Account.objects.exists()


def _leave_alone(if_empty: bool, as_json: bool) -> int:
    if not if_empty:
        raise Conflict(
            "not_empty",
            Text(
                "This installation holds accounts of your own.",
                "この環境にはすでに顧客企業が登録されています。",
            ),
            Text(
                "Load the sample into another folder: enishi --data DIR demo.",
                "サンプルは別のフォルダーに読み込んでください: enishi --data DIR demo",
            ),
        )
    if as_json:
        show_json({"loaded": False, "seconds": 0})
    return 0


def _carry_on(loader: object, known: object, home: Home, last: date, now: datetime) -> bool:
    """Add the days since the sample was last told; False where it is up to date."""
    from dataclasses import replace

    if last <= known.until:  # type: ignore[attr-defined]
        return False
    _load(loader, replace(known, until=last), home, now, known.until)  # type: ignore[type-var,attr-defined]
    return True


def _load(loader: object, sample: object, home: Home, now: datetime, after: date | None) -> None:
    titles = {
        "records": say("Records", "台帳と履歴"),
        "people": say("Drawing usage", "利用履歴の生成"),
        "events": say("Storing usage", "利用履歴の保存"),
    }
    with progress(say("Sample company", "サンプル企業")) as step:

        def told(what: str, done: float, total: float | None = None) -> None:
            step(done, total, titles[what])

        loader.load(sample, home, now=now, told=told, after=after)  # type: ignore[attr-defined]


def _score(home: Home, now: datetime, first: bool) -> None:
    """Score today; the first time the past before it, so that trends and signals have their history."""
    from enishi.cli.scoring import score_all, score_past
    from enishi.segments.api import assign_tiers

    if first:
        score_past(_today(now), now)
    score_all(_today(now), now)
    assign_tiers(now=now)
