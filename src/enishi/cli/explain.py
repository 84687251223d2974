"""``enishi explain ACCOUNT``: the score, what it is made of, what changed, and why the account is at risk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from enishi.cli.finding import find_account
from enishi.cli.installation import open_installation
from enishi.cli.score import BANDS
from enishi.cli.show import show_json, show_table
from enishi.cli.words import DAY, json_option, language, option, say, spoken
from enishi.kit.errors import NotFound
from enishi.kit.text import Text

CAUSES = {
    "disvaluation": ("Disvaluation: they see no value", "低評価「価値を感じていない」"),
    "disconnection": ("Disconnection: the relationship is lost", "分断「関係が切れている」"),
    "disengagement": ("Disengagement: it is not used", "低利用「使われていない」"),
    "downturn": ("Downturn: their own business shrinks", "低業績「顧客側の業績悪化」"),
}


@spoken(
    "explain",
    en="Explain an account's score: every line of it, what changed in a week, the causes and their evidence.\n\nACCOUNT is its number, an outside id, or part of its name.",
    ja="顧客企業のスコアを説明します(内訳、1週間の変化、要因とその根拠)。\n\nACCOUNT には番号、連携元のID、または名称の一部を指定します。",
)
@click.argument("account")
@option(
    "--as-of",
    "day",
    type=DAY,
    en="As known on this day.",
    ja="この日の時点で分かっていた内容。",
)
@json_option()
def command(account: str, day: datetime | None, as_json: bool) -> None:
    open_installation()
    from enishi.signals.api import explain

    found = find_account(account)
    try:
        judged = explain(found.pk, day.date() if day else None)
    except NotFound as error:
        raise _nothing_known(account, error) from None
    told = {"account": found.outside_id, "name": found.name, **judged}
    if as_json:
        show_json(told)
    else:
        _tell(told)


def _nothing_known(typed: str, error: NotFound) -> NotFound:
    """The refusal in the words the account was asked for with."""
    return NotFound(
        error.code,
        Text(f"{typed}: {error.message.en}", f"{typed}: {error.message.ja}"),
        error.hint,
    )


def tenths(value: int | None, signed: bool = False) -> str:
    """A score of whole tenths as people read it."""
    if value is None:
        return "–"
    return f"{value / 10:+.1f}" if signed else f"{value / 10:.1f}"


CHURNED = "churned"  # the stage of those who left


def _tell(told: dict[str, Any]) -> None:
    click.secho(f"{told['name']}  ({told['account']})", bold=True)
    before = told.get("tenths_week_ago")
    moved = (
        f"  ({tenths(told['tenths'] - before, True)} {say('in a week', '1週間で')})"
        if told["tenths"] is not None and before is not None
        else ""
    )
    click.echo(
        f"{told['day']}  {say(*BANDS[told['band']])}  {tenths(told['tenths'])}{moved}  {say('coverage', '把握率')} {told['coverage']:.0%}"
    )
    for note in (_judged_later(told), told.get("week_note")):
        if note:
            click.echo(note[language()])
    if told.get("stage") == CHURNED:
        click.echo(
            say("This customer has left: there is no score.", "解約済みの顧客のため、スコアはありません。")
        )
        return
    if limit := told.get("limit"):
        click.echo(f"{limit[language()]} {limit[f'hint_{language()}']}")
    click.echo()
    _tell_lines(told["lines"])
    _tell_list(
        say("What changed in a week", "1週間の変化"),
        [f"{tenths(c['tenths'], True):>6}  {c[f'title_{language()}']}" for c in told["changes"]],
    )
    _tell_list(say("Causes", "要因"), [line for cause in told["causes"] for line in _cause(cause)])
    _tell_list(say("Alerts", "アラート"), _alerts(told["alerts"]))


def _judged_later(told: dict[str, Any]) -> dict[str, str] | None:
    """What is said of a score made after its day, or by a version published after it."""
    found: dict[str, str] | None = (told.get("judged") or {}).get("text")
    return found


def _tell_lines(lines: list[dict[str, Any]]) -> None:
    """What the score is made of, and by name only what nothing is known of."""
    known = [line for line in lines if line["status"] != "missing"]
    unknown = [line[f"title_{language()}"] for line in lines if line["status"] == "missing"]
    show_table(
        [say("Made of", "内訳"), say("Adds", "寄与")],
        [[line[f"text_{language()}"], tenths(line["tenths"])] for line in known],
        right=(1,),
    )
    if unknown:
        click.echo(f"{say('No data, left out: ', 'データがなく対象外: ')}{say(', ', '、').join(unknown)}")


def _cause(cause: dict[str, Any]) -> list[str]:
    title = say(*CAUSES.get(cause["cause"], (cause["cause"], cause["cause"])))
    return [f"{title}  {cause['strength']}", *(f"    ・{item[language()]}" for item in cause["evidence"])]


def _alerts(alerts: list[dict[str, Any]]) -> list[str]:
    from enishi.definitions.api import get_causes

    titles = {alert.id: Text.parse(alert.title) for alert in get_causes().alerts} if alerts else {}
    return [
        f"{say(titles[a['alert']]) if a['alert'] in titles else a['alert']}  ({a['since']})" for a in alerts
    ]


def _tell_list(title: str, lines: list[str]) -> None:
    if lines:
        click.echo()
        click.secho(title, bold=True)
        for line in lines:
            click.echo(f"  {line}")
