"""``enishi real``: the shipped scorecard on real public history, judged as of then."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from enishi.cli.installation import open_django
from enishi.cli.setting_up import set_up
from enishi.cli.show import progress, show_json
from enishi.cli.words import json_option, language, say, spoken
from enishi.kit.clock import system_clock


@spoken(
    "real",
    en="""Judge real public history with the shipped scorecard, quarter by quarter as it was known then.

Uses OpenStack's contribution history from the reference data (ENISHI_DATA, else ../shared/data), in a temporary
installation of its own; nothing of yours is touched.""",
    ja="""標準のスコアカードで実際の公開データを四半期ごとに当時の情報だけで判定し、結果と照合します。

参照データ(環境変数 ENISHI_DATA、省略時は ../shared/data)にあるOpenStackの開発履歴を使います。一時的な環境で
実行するため、お客様のデータには影響しません。""",
)
@json_option()
def command(as_json: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="enishi-real-") as folder:
        os.environ["ENISHI_HOME"] = folder
        os.environ.pop("DATABASE_URL", None)
        home = open_django()
        set_up(home)
        from enishi.cli.backtest import for_machines
        from enishi.signals.real import as_table, find_data, run_real

        path = find_data()
        with progress(say(f"Importing and judging {Path(path).name}", f"{Path(path).name} の取り込みと判定")):
            result = run_real(home, system_clock(), path)
    if as_json:
        show_json(for_machines(result))
    else:
        click.echo(as_table(result, language()))
