"""``enishi forecast fit|score|report``: learn who leaves, say how likely each account is to, and how good that was."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from enishi.cli.installation import open_installation
from enishi.cli.show import progress, show_json, show_table
from enishi.cli.words import DAY, json_option, language, option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.home import Home

if TYPE_CHECKING:
    from enishi.risk.models import ForecastModel

RENEWAL = "renewal"
HORIZONS = ("30", "90", "180", RENEWAL)


@spoken(
    "forecast",
    en="""Forecast which customers leave: learn (fit), say the probabilities (score), or tell how good they were (report).

fit learns from what was known by the end of the day, publishes a version that is no worse than the one in use, and
keeps the others with the reason. score says the probabilities by the version in use; where nothing has been learned for
the horizon yet, it learns first, as fit does. With --as-of a past day, everything is as known then: learned only from what had
ended by that day, and nothing in use is changed.""",
    ja="""どの顧客が解約しそうかを予測します(fit: 学習、score: 確率の表示、report: 精度の報告)。

fit は対象日の終わりまでに判明していた情報から学習し、使用中の版に劣らなければ公開します(劣る版は理由とともに
保存します)。score は使用中の版で確率を示します。その期間の学習がまだの場合は、先に fit と同じ学習を行います。--as-of に過去の日を指定すると、その日までに結果が判明していた実績だけで学習し、使用中の版は変わりません。""",
)
@click.argument("action", type=click.Choice(["fit", "score", "report"]))
@option(
    "--horizon",
    type=click.Choice(HORIZONS),
    en="Days ahead, or the next renewal (fit: all; score and report: 90).",
    ja="予測期間の日数、または次回更新(省略時、fit はすべて、score と report は90)。",
)
@option("--as-of", "day", type=DAY, en="As known on this day (today).", ja="対象日(省略時は本日)。")
@option(
    "--limit", type=int, default=30, show_default=True, en="How many accounts to list.", ja="表示する件数。"
)
@json_option()
def command(action: str, horizon: str | None, day: datetime | None, limit: int, as_json: bool) -> None:
    home = open_installation()
    from enishi.accounts.company import company_day, refuse_future
    from enishi.ingest.api import drain

    now = system_clock()
    today = company_day(now)
    asked = day.date() if day else today
    refuse_future(asked, now)
    drain(home)
    number = None if horizon is None else 0 if horizon == RENEWAL else int(horizon)
    if action == "fit":
        _fit(home, number, asked, today, now, as_json)
    elif action == "score":
        _score(home, 90 if number is None else number, asked, today, now, limit, as_json)
    else:
        _report(home, 90 if number is None else number, asked, today, now, as_json)


# -------------------------------------------------------------------------------------------------- fit


def _fit(home: Home, horizon: int | None, asked: date, today: date, now: datetime, as_json: bool) -> None:
    from enishi.risk.fitting import fit_forecasts
    from enishi.risk.models import HORIZONS as ALL

    horizons = ALL if horizon is None else (horizon,)
    with progress(say("Learning", "学習中"), 100) as step:
        made = fit_forecasts(asked, horizons, now=now, home=home, publish=asked == today, progress=step)
    if as_json:
        show_json({"day": asked, "models": [model_entry(model) for model in made]})
        return
    for model in made:
        _tell_model(model)
        if model.made_at < now:
            click.echo(
                say("  Nothing new was learned since.", "  その後、新たに学習できる実績はありません。")
            )


def model_entry(model: ForecastModel) -> dict[str, Any]:
    """A version in the shape that scripts rely on."""
    return {
        "horizon": model.horizon or RENEWAL,
        "version": model.version,
        "status": model.status,
        "as_of": model.as_of,
        "outcome": model.outcome,
        "kind": model.kind,
        "speaks": model.speaks,
        "missing_outcomes": model.missing,
        "base_rate": model.base_rate,
        "rows": model.rows,
        "accounts": model.accounts,
        "outcomes": model.outcomes,
        "facts_generation": model.facts_generation,
        "trained_on": model.trained_on,
        "reason": {"en": model.reason_en, "ja": model.reason_ja},
    }


def horizon_words(horizon: int) -> str:
    if not horizon:
        return say("next renewal", "次回更新")
    return say(f"{horizon} days", f"{horizon}日")


STATUS = {
    "candidate": ("kept as a candidate", "候補として保存"),
    "in_use": ("in use", "使用中"),
    "retired": ("retired", "使用終了"),
    "refused": ("refused", "不採用"),
}


def _tell_model(model: ForecastModel) -> None:
    click.secho(
        say(
            f"{horizon_words(model.horizon)}: version {model.version}, {say(*STATUS[model.status])}",
            f"{horizon_words(model.horizon)}: 第{model.version}版({say(*STATUS[model.status])})",
        ),
        bold=True,
    )
    click.echo(
        say(
            f"  {model.rows} rows of {model.accounts} accounts, {model.outcomes} of which left; known by {model.as_of}",
            f"  {model.accounts}社・{model.rows}行から学習(うち解約{model.outcomes}社、{model.as_of} までに判明した情報)",
        )
    )
    click.echo(f"  {model.reason_ja if language() == 'ja' else model.reason_en}")
    for left in model.trained_on.get("left_out", []):
        click.echo(f"  {left[language()]}")


# ------------------------------------------------------------------------------------------------ score


def _score(
    home: Home, horizon: int, asked: date, today: date, now: datetime, limit: int, as_json: bool
) -> None:
    from enishi.risk.then import forecast_then, forecast_today, speaks_then

    with progress(say("Forecasting", "予測中"), 100) as step:
        if asked == today:
            model, said = forecast_today(home, horizon, today, now, step)
        else:
            model, said = forecast_then(home, horizon, asked, now, step)
    if as_json:
        show_json(
            {"day": asked, "horizon": horizon or RENEWAL, "model": model_entry(model), "accounts": said}
        )
        return
    _tell_model(model)
    told = f"title_{language()}"
    rows = [
        [
            entry["name"],
            _percent(entry["probability"]),
            say("–", "–")
            if entry["low"] is None
            else f"{_percent(entry['low'])} – {_percent(entry['high'])}",
            say("; ", "、").join(driver.get(told, driver["feature"]) for driver in entry["drivers"][:3]),
        ]
        for entry in said[:limit]
    ]
    show_table(
        [
            say("Account", "顧客企業"),
            say("Leaves", "解約の確率"),
            say("Interval", "区間"),
            say("Because of", "主な要因"),
        ],
        rows,
        _order_words(len(said), speaks_then(model) if asked != today else model.status == "in_use"),
        right=(1, 2),
    )


def _order_words(n: int, speaks: bool) -> str:
    if speaks:
        return say(f"{n} accounts, those most at risk first", f"{n}社(リスクの高い順)")
    return say(
        f"{n} accounts in the order of the scorecard: no version of this horizon is in use",
        f"{n}社(スコアカードの順。この期間で使用中の版はありません)",
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


# ----------------------------------------------------------------------------------------------- report


def _report(home: Home, horizon: int, asked: date, today: date, now: datetime, as_json: bool) -> None:
    from enishi.risk.then import model_for
    from enishi.risk.tracking import came_of

    with progress(say("Reading the record", "実績を確認しています"), 100) as step:
        model = model_for(home, horizon, asked, today, now, step)
    record = came_of(horizon, asked)
    if as_json:
        entry = {"day": asked, "horizon": horizon or RENEWAL, "model": model_entry(model)}
        show_json({**entry, "report": model.report, "record": record})
        return
    _tell_model(model)
    _tell_judged(model)
    click.echo(
        say(
            f"  Said and decided so far: {record['n']} statements of {record['accounts']} accounts.",
            f"  これまでに結果が判明した予測: {record['accounts']}社・{record['n']}件",
        )
    )
    if record["n"]:
        click.echo(
            say(
                f"  On average {_percent(record['said'])} was said, {_percent(record['came'])} left.",
                f"  予測の平均は{_percent(record['said'])}、実際の解約は{_percent(record['came'])}でした。",
            )
        )


def _tell_judged(model: ForecastModel) -> None:
    """How good a version was on past periods it had not learned from, beside what is simpler."""
    judged = model.report.get("evaluation") or {}
    if not judged.get("auc"):
        click.echo(
            say(
                "  There is no later period yet on which it could be judged.",
                "  精度を検証できる後の期間がまだありません。",
            )
        )
        return
    click.echo(
        say(
            f"  Judged on {judged['n']} past statements of {judged['accounts']} accounts, {judged['left']} of which left ({judged['from']} to {judged['to']}); 95% intervals by accounts",
            f"  検証: {judged['accounts']}社・{judged['n']}件(うち解約{judged['left']}社、{judged['from']} 〜 {judged['to']})、かっこ内は顧客単位の95%区間",
        )
    )
    for name, value in _judged_lines(judged, model.base_rate):
        click.echo(f"  {name}: {value}")


def _judged_lines(judged: dict[str, Any], base_rate: float | None) -> list[tuple[str, str]]:
    others, base, ece = judged["others"], judged["base"], judged["ece"]
    beside = [
        ("scorecard", say("scorecard", "スコアカード")),
        ("recency", say("days since last seen", "最終利用からの日数")),
    ]
    aucs = [f"{name} {_spread(others[key]['auc'])}" for key, name in beside if others.get(key, {}).get("auc")]
    aucs.append(say("chance 0.500", "偶然 0.500"))
    return [
        ("AUC", say("; ", "、").join([_spread(judged["auc"]), *aucs])),
        (
            say("Brier", "Brierスコア"),
            say(
                f"{_spread(judged['brier'], 4)}; base rate for all {base['brier']:.4f}; skill {_spread(judged['skill'])}",
                f"{_spread(judged['brier'], 4)}、全体の解約率を一律に当てはめた場合 {base['brier']:.4f}、スキル {_spread(judged['skill'])}",
            ),
        ),
        (
            say("Calibration error", "確率と実績のずれ(ECE)"),
            say(
                f"{ece['value']:.1%}; a perfect forecast would show {ece['expected']:.1%}, at most {ece['high']:.1%}",
                f"{ece['value']:.1%}(完全な予測でも {ece['expected']:.1%}、最大 {ece['high']:.1%})",
            ),
        ),
        (
            say(f"Of {judged['capacity']} called, left", f"上位{judged['capacity']}社のうち解約"),
            say(
                f"{_percent(judged['precision']['value'])}; of any {_percent(base['precision'])}",
                f"{_percent(judged['precision']['value'])}(全体では {_percent(base['precision'])})",
            ),
        ),
        (say("Warning before the loss", "解約前の警告"), _lead(judged.get("lead_time"))),
        (say("Base rate", "全体の解約率"), _percent(base_rate)),
    ]


def _spread(figure: dict[str, Any], digits: int = 3) -> str:
    low, high = figure.get("low"), figure.get("high")
    span = "" if low is None or high is None else f" ({low:.{digits}f} – {high:.{digits}f})"
    return "–" if figure.get("value") is None else f"{figure['value']:.{digits}f}{span}"


def _lead(lead: dict[str, Any] | None) -> str:
    if not lead or lead["median"] is None:
        return "–"
    return say(
        f"{lead['median']:.0f} days (median); {lead['alarmed']} of {lead['churns']} losses were seen coming",
        f"{lead['median']:.0f}日前(中央値)、解約{lead['churns']}件のうち{lead['alarmed']}件を事前に検知",
    )
