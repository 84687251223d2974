"""``enishi doctor``: is the installation sound, is the data fresh, and what to do where not."""

from __future__ import annotations

import click

from enishi.cli.checks import examine, nothing_there
from enishi.cli.findings import LEVELS, Finding
from enishi.cli.installation import is_there, open_django
from enishi.cli.show import show_json
from enishi.cli.words import json_option, language, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.home import Home

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@spoken(
    "doctor",
    en="Check the installation and the data: what is wrong, and how to mend it.\n\nExit code 0: sound. 3: warnings. 1: errors.",
    ja="環境とデータを点検し、問題と対処方法を示します。\n\n終了コード 0: 正常、3: 注意あり、1: 異常あり。",
)
@json_option()
def command(as_json: bool) -> int:
    home = Home.from_environment()
    if is_there(home):
        open_django()
        findings = examine(home, system_clock())
    else:
        findings = nothing_there(home)
    worst = max((finding.level for finding in findings), key=LEVELS.index)
    if as_json:
        show_json(
            {"status": worst, "data": str(home.root), "checks": [_as_dict(finding) for finding in findings]}
        )
    else:
        click.echo(say(f"Data folder: {home.root}", f"データフォルダー: {home.root}"))
        for finding in findings:
            _tell(finding)
        _sum_up([finding.level for finding in findings])
    return {"ok": 0, "warning": 3, "error": 1}[worst]


def _as_dict(finding: Finding) -> dict[str, str]:
    remedy = finding.remedy.in_language(language()) if finding.remedy else ""
    return {
        "check": finding.check,
        "level": finding.level,
        "message": finding.message.in_language(language()),
        "remedy": remedy,
    }


def _tell(finding: Finding) -> None:
    mark, colour = MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=colour, bold=True)} {finding.message.in_language(language())}")
    if finding.remedy:
        click.echo(f"    → {finding.remedy.in_language(language())}")


def _sum_up(levels: list[str]) -> None:
    errors, warnings = levels.count("error"), levels.count("warning")
    if not errors and not warnings:
        click.secho(say("All is well.", "問題はありません。"), fg="green")
    else:
        click.echo(say(f"Errors: {errors}, warnings: {warnings}.", f"異常 {errors}件、注意 {warnings}件"))
