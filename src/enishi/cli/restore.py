"""``enishi restore``: put a backup back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from enishi.cli.show import progress, show_json
from enishi.cli.snapshot_format import DATABASE
from enishi.cli.words import json_option, option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.kit.text import Text


@spoken(
    "restore",
    en="Restore a backup into the data folder.\n\nThe file is checked whole before anything changes. An installation that is there stays untouched unless --force is given; it is then set aside under another name.",
    ja="バックアップをデータフォルダーに復元します。\n\n変更前にファイル全体を検証します。既存の環境がある場合は --force を付けない限り変更しません(付けた場合も別名で退避します)。",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(
    "--force", is_flag=True, en="Set an existing installation aside.", ja="既存の環境を退避して復元します。"
)
@json_option()
def command(file: Path, force: bool, as_json: bool) -> None:
    from enishi.cli.restoring import restore_backup

    home = Home.from_environment()
    with progress(say("Restoring", "復元中")):
        about = restore_backup(file, home, force=force, now=system_clock())
        _bring_up(home, about, force)
    if as_json:
        show_json({"data": str(home.root), "made_at": about["made_at"], "generation": about["generation"]})
    else:
        click.echo(say(f"Restored to {home.root}, as of {about['made_at'][:19]} UTC.", f"{home.root} に復元しました({about['made_at'][:19]} UTC時点)。"))  # fmt: skip


def _bring_up(home: Home, about: dict[str, Any], force: bool) -> None:
    """Fill PostgreSQL where that is used, and bring the database to this version."""
    from enishi.cli.installation import open_django
    from enishi.cli.setting_up import set_up

    open_django()
    if about["database"] == "postgresql":
        from enishi.cli import pgcopy

        if not pgcopy.is_empty() and not force:
            raise Conflict(
                "not_empty",
                Text(
                    "The PostgreSQL database holds an installation already.",
                    "PostgreSQLデータベースにはすでに環境があります。",
                ),
                Text(
                    "Name an empty database in DATABASE_URL, or add --force.",
                    "DATABASE_URL に空のデータベースを指定するか、--force を付けてください。",
                ),
            )
        pgcopy.load_tables(home.root / DATABASE, about["migrations"], about["inbox"])
        shutil.rmtree(home.root / DATABASE)
    set_up(home)
