"""``enishi asof DATE``: what was known on a past day, of all accounts or of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import click

from enishi.cli.finding import find_account
from enishi.cli.installation import open_installation
from enishi.cli.score import BANDS, show_bands
from enishi.cli.scoring import score_then
from enishi.cli.show import show_json, show_table
from enishi.cli.words import DAY, json_option, option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.home import Home

_ONLY_JSON = ("number", "account", "computed_band", "judged")


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

    refuse_future(day.date(), system_clock())
    if tell_unknown(day.date(), home, as_json):
        return
    wanted = {account.pk for account in map(find_account, accounts)}
    rows = known_on(home, day.date(), wanted, metrics or ("mrr", "active_users_28", "days_since_last_seen"))
    if as_json:
        show_json({"day": day.date(), "accounts": rows})
        return
    counts = {band: sum(1 for row in rows if row["band"] == band) for band in BANDS}
    show_bands(day.date(), counts)
    _tell_provenance(day.date(), rows)
    columns = [name for name in (rows[0] if rows else {}) if name not in _ONLY_JSON]
    worst = sorted(rows, key=lambda row: (row["score"] is None, row["score"] or 0))[:limit]
    titles = {
        "name": say("Account", "顧客企業"),
        "band": say("Band", "区分"),
        "score": say("Score", "スコア"),
        **{name: say(get_metric(name).title) for name in columns if name not in ("name", "band", "score")},
    }
    show_table(
        [titles.get(c, c) for c in columns],
        [[_cell(c, row[c]) for c in columns] for row in worst],
        right=range(2, len(columns)),
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


def _tell_provenance(day: date, rows: Sequence[Mapping[str, Any]]) -> None:
    """Scores made afterwards, or by a version published afterwards, say so; those of today, when they were made: the
    metrics beside them are of this moment."""
    from enishi.accounts.company import company_day, company_zone
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

    told = {(one["computed_on"], one["text"]["en"], one["text"]["ja"]) for row in rows if (one := row["judged"]) and one["text"]}  # fmt: skip
    for _on, en, ja in sorted(told, reverse=True):
        click.echo(say(f"Scores: {en}.", f"スコア: {ja}"))


def known_on(home: Home, day: date, wanted: set[int], metrics: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per account that existed on the day, under its name then: score, band (a person's, where one was in
    force, else the computed one) and the metrics asked for."""
    from enishi.accounts.models import Account
    from enishi.metrics.api import duckdb_facts, get_metric, panel
    from enishi.signals.api import names_on, overrides_on, provenance_of

    chosen = [get_metric(name).id for name in metrics]
    scores = score_then(day, system_clock())
    facts = duckdb_facts(home)
    frame = panel(facts, [day], chosen, accounts=sorted(wanted) or None)
    accounts = Account.objects.in_bulk(frame["account_id"].tolist())
    names, overrides = names_on(day, home=home), overrides_on(day)
    rows = []
    for values in frame.to_dict("records"):
        account = accounts.get(values["account_id"])
        if account is None:
            continue
        score = scores.get(account.pk)
        computed = score.band if score else "unknown"
        rows.append(
            {
                "number": account.pk,
                "account": account.outside_id,
                "name": names.get(account.pk) or account.outside_id,
                "band": overrides.get(account.pk, computed),
                "computed_band": computed,
                "score": score.tenths / 10 if score and score.tenths is not None else None,
                "judged": provenance_of(score).as_json() if score else None,
                **{name: _number(values[name]) for name in chosen},
            }
        )
    return rows


def _number(value: Any) -> float | int | None:
    """A metric's value for JSON: whole numbers whole, missing as null."""
    if value is None or value != value:
        return None
    number = float(value)
    return int(number) if number.is_integer() else round(number, 6)


def _cell(column: str, value: Any) -> str:
    if column == "band":
        return say(*BANDS[value])
    if isinstance(value, float | int):
        return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return "–" if value is None else str(value)
