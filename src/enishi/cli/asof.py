"""``enishi asof DATE``: what was known on a past day, of all accounts or of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from enishi.cli.finding import find_account
from enishi.cli.installation import open_installation
from enishi.cli.score import BANDS, show_bands
from enishi.cli.show import progress, show_json, show_table
from enishi.cli.words import DAY, json_option, language, option, say, spoken, this_program
from enishi.kit.clock import system_clock
from enishi.kit.home import Home

if TYPE_CHECKING:
    from enishi.metrics.api import Metric

DEFAULT_METRICS = ("mrr", "active_users_28", "days_since_last_seen")


@spoken(
    "asof",
    en="Say what was known on a past day: scores and metrics of every account, or of those named.\n\nDATE is written as 2026-04-01. Nothing learned later is used.",
    ja="過去の時点で分かっていた内容(スコアと指標)を表示します。\n\nDATE は 2026-04-01 の形で指定します。その日より後に得られた情報は使いません。",
)
@click.argument("day", metavar="DATE", type=DAY)
@click.argument("accounts", nargs=-1)
@option(
    "--metric",
    "metrics",
    multiple=True,
    en="A metric to show, by its id as on the page Health → Metrics. Repeatable.",
    ja="表示する指標のID(「ヘルス → 指標」を参照)。複数指定可。",
)
@option(
    "--limit", type=int, default=30, show_default=True, en="How many accounts to list.", ja="表示する件数。"
)
@json_option()
def command(
    day: datetime, accounts: tuple[str, ...], metrics: tuple[str, ...], limit: int, as_json: bool
) -> None:
    home = open_installation()
    from enishi.accounts.company import refuse_future
    from enishi.metrics.api import get_metric
    from enishi.signals.stages import CHURNED
    from enishi.web.pages.health.catalogue import metric_catalogue

    refuse_future(day.date(), system_clock())
    if tell_unknown(day.date(), home, as_json):
        return
    wanted = {account.pk for account in map(find_account, accounts)}
    catalogue = metric_catalogue()
    chosen = [get_metric(name, catalogue) for name in metrics or DEFAULT_METRICS]
    known = known_on(home, day.date(), wanted, [metric.id for metric in chosen])
    if as_json:
        show_json({"day": day.date(), "accounts": known})
        return
    rows = [row for row in known if row["stage"] != CHURNED]
    counts = {band: sum(1 for row in rows if row["band"] == band) for band in BANDS}
    show_bands(day.date(), counts)
    if left := len(known) - len(rows):
        click.echo(say(f"Had left by then: {left}.", f"この日までに解約済み: {left}社"))
    _tell_provenance(day.date(), rows, home)
    worst = sorted(rows, key=lambda row: (row["score"] is None, row["score"] or 0))[:limit]
    _show_rows(worst, chosen)


def _show_rows(rows: Sequence[Mapping[str, Any]], metrics: Sequence[Metric]) -> None:
    money = {metric.id for metric in metrics if metric.unit == "money"}
    titles = {
        "name": say("Account", "顧客企業"),
        "band": say("Band", "区分"),
        "score": say("Score", "スコア"),
        **{metric.id: say(metric.title) for metric in metrics},
    }
    show_table(
        list(titles.values()),
        [[_money(row[c]) if c in money else _cell(c, row[c]) for c in titles] for row in rows],
        right=range(2, len(titles)),
    )


def tell_unknown(day: date, home: Home, as_json: bool) -> bool:
    """Whether the day lies before the first fact of any customer; says so, and which day is the first."""
    from enishi.signals.api import first_known_day

    first = first_known_day(home)
    if first is not None and day >= first:
        return False
    if as_json:
        show_json({"day": day, "accounts": [], "first_known_day": first})
        return True
    click.echo(
        say(
            f"Nothing was known of any customer on {day}.",
            f"{day} の時点では、どの顧客企業についても情報がありませんでした。",
        )
    )
    if first:
        click.echo(say(f"→ The first day with facts is {first}.", f"→ 情報がある最初の日は {first} です。"))
    return True


def _tell_provenance(day: date, rows: Sequence[Mapping[str, Any]], home: Home) -> None:
    """Scores made afterwards, or by a version published afterwards, say so; those of today, when they were made: the
    metrics beside them are of this moment."""
    from enishi.accounts.company import company_day, company_zone
    from enishi.signals.api import is_behind
    from enishi.signals.models import HealthScore

    latest = HealthScore.objects.filter(day=day).order_by("-computed_at").first()
    if day == company_day(system_clock()) and latest:
        local = latest.computed_at.astimezone(company_zone())
        click.echo(
            say(
                f"Scores of {local:%H:%M}, metrics of this moment.",
                f"スコアは {local:%H:%M} 時点、指標は現在の値です。",
            )
        )
    elif is_behind(home):
        click.echo(
            say(
                f"History arrived since: these scores are about to be worked out anew (at once: {this_program()} score --past).",
                f"その後に履歴が取り込まれたため、これらのスコアは間もなく計算し直されます(今すぐ計算: {this_program()} score --past)。",
            )
        )
    told = {(one["computed_on"], one["text"]["en"], one["text"]["ja"]) for row in rows if (one := row["judged"]) and one["text"]}  # fmt: skip
    for _on, en, ja in sorted(told, reverse=True):
        click.echo(say(f"Scores: {en}.", f"スコア: {ja}"))


def known_on(home: Home, day: date, wanted: set[int], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """One row per customer known on the day, as on the page of that day: name then, stage, score, band (a person's,
    where one was in force, else the computed one) and the metrics asked for."""
    from enishi.accounts.models import Account
    from enishi.signals.api import book_as_of

    with progress(say(f"Reading what was known on {day}", f"{day} 時点の情報を確認しています")) as step:
        book = book_as_of(day, home=home, now=system_clock(), progress=step)
    if wanted:
        book = book[book["account_id"].isin(wanted)]
    ids = dict(Account.objects.values_list("pk", "outside_id"))
    return [
        _row(values, ids[values["account_id"]], day, metrics)
        for values in book.to_dict("records")
        if values["account_id"] in ids
    ]


def _row(values: Mapping[Any, Any], outside_id: str, day: date, metrics: Sequence[str]) -> dict[str, Any]:
    tenths = _number(values["tenths"])
    return {
        "number": values["account_id"],
        "account": outside_id,
        "name": values["name"] if isinstance(values["name"], str) and values["name"] else outside_id,
        "stage": values["stage"],
        "band": values["band"],
        "computed_band": values["computed_band"],
        "score": None if tenths is None else tenths / 10,
        "judged": _judged(values, day),
        **{name: _number(values.get(f"m.{name}")) for name in metrics},
    }


def _judged(values: Mapping[Any, Any], day: date) -> dict[str, Any] | None:
    """When the score was made and by which version; None where there is none."""
    from enishi.signals.api import Provenance

    if not isinstance(values["computed_on"], date):
        return None
    published = values["published_on"]
    made = Provenance(
        day,
        values["computed_on"],
        int(values["version"]),
        published if isinstance(published, date) else None,
    )
    return made.as_json()


def _number(value: Any) -> float | int | None:
    """A metric's value for JSON: whole numbers whole, missing as null."""
    if value is None or value != value:
        return None
    number = float(value)
    return int(number) if number.is_integer() else round(number, 6)


def _money(minor: int | None) -> str:
    """In the company's currency; JSON has whole minor units."""
    from enishi.accounts.company import get_company
    from enishi.web.words import money

    return money(minor, get_company().currency, language())


def _cell(column: str, value: Any) -> str:
    if column == "band":
        return say(*BANDS[value])
    if isinstance(value, float | int):
        return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return "–" if value is None else str(value)
