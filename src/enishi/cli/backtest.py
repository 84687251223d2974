"""``enishi backtest``: what the scorecard would have said on past days, and what then happened."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from enishi.cli.installation import open_installation
from enishi.cli.show import progress, show_json
from enishi.cli.words import DAY, json_option, language, option, say, spoken, this_program
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

if TYPE_CHECKING:
    from enishi.signals.api import Outcome

SHORT = 30  # days of silence that can be asked after where the history is young


@spoken(
    "backtest",
    en="""Back-test a scorecard: what it would have said on past days, and what then happened.

No judgement sees its own future. --outcome silence:180 asks whether no event came in the next 180 days (an account
counts from its fifth event on while active in the last 180 days); churn:90 uses recorded churn.""",
    ja="""スコアカードを過去のデータで検証します(その時点の情報だけで判定し、その後の結果と照合します)。

--outcome silence:180 はその後180日間利用がなかったか(5件目のイベント以降、直近180日に利用がある顧客が対象)、
churn:90 は90日以内の解約の記録を結果とします。""",
)
@option(
    "--outcome",
    default="",
    metavar="silence:N|churn:N",
    en="What counts as a loss, and within how many days (churn:90 where contracts have ended, else silence:180).",
    ja="離脱の定義と日数(契約終了の記録があれば churn:90、なければ silence:180)。",
)
@option(
    "--every",
    type=click.Choice(["day", "week", "month", "quarter"]),
    default="month",
    show_default=True,
    en="How often to look.",
    ja="判定する間隔。",
)
@option(
    "--from",
    "start",
    type=DAY,
    en="First day (two years before the last, but not before the first use).",
    ja="開始日(省略時は終了日の2年前。ただし最初の利用より前には遡りません)。",
)
@option("--to", "end", type=DAY, en="Last day (today).", ja="終了日(省略時は本日)。")
@option(
    "--scorecard",
    default="default",
    show_default=True,
    en="Which published scorecard, by its id.",
    ja="公開中のスコアカードのID。",
)
@json_option()
def command(
    outcome: str, every: str, start: datetime | None, end: datetime | None, scorecard: str, as_json: bool
) -> None:
    home = open_installation()
    from enishi.accounts.company import company_day
    from enishi.ingest.api import drain
    from enishi.signals.api import (
        Outcome,
        Trial,
        default_outcome,
        default_start,
        run_backtest,
        scorecard_in_force,
        snapshot_days,
    )
    from enishi.signals.real import as_table

    drain(home)
    last = end.date() if end else company_day(system_clock())
    first = start.date() if start else default_start(home, last)
    days = tuple(snapshot_days(every, first, last))
    _check_span(first, last, days)
    wanted = Outcome.parse(outcome) if outcome else default_outcome(home)
    trial = Trial(draft=scorecard_in_force(scorecard), outcome=wanted, days=days, every=every)
    with progress(say("Back-testing", "検証中"), 100) as step:
        result = run_backtest(trial, home=home, progress=step)
    if as_json:
        show_json(for_machines(result))
        return
    click.echo(as_table(result, language()))
    if not result["rows"]:
        _advise(wanted, first, last)


def _check_span(first: date, last: date, days: tuple[date, ...]) -> None:
    if not days:
        raise EnishiError(
            "empty_span",
            Text(
                f"There is no snapshot between {first} and {last}.",
                f"{first} から {last} の間に判定日がありません。",
            ),
            Text("Choose a longer span, or --every week.", "期間を広げるか、--every week をお試しください。"),
        )


def _advise(outcome: Outcome, first: date, last: date) -> None:
    """Why nothing could be compared, and what can be tried instead."""
    has = (last - first).days
    if has < outcome.days + SHORT:
        why = Text(
            f"The history back-tested has {has} days; {outcome} needs {outcome.days} after a day judged.",
            f"検証した履歴は{has}日分です。{outcome} には、判定日の後に{outcome.days}日分の履歴が必要です。",
        )
    else:
        why = Text(
            f"No account could be followed over {outcome.days} days ({outcome}) from {first} to {last}.",
            f"{first} から {last} の間に、{outcome.days}日間({outcome})の経過を追える顧客企業がありませんでした。",
        )
    click.echo(f"\n{say(why)}")
    if outcome.days > SHORT:
        short = f"{this_program()} backtest --outcome silence:{SHORT} --every week"
        click.echo(say(f"→ Try `{short}`.", f"→ `{short}` をお試しください。"))


def for_machines(result: dict[str, Any]) -> dict[str, Any]:
    """The result in the shape that scripts rely on: ``lead_time_days`` is the median; nothing else is renamed."""
    return {**result, "lead_time_days": result["lead_time"]["median"]}
