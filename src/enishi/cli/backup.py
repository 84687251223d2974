"""``enishi backup``: everything in one file, while everything runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from enishi.cli.installation import open_installation
from enishi.cli.show import progress, show_json
from enishi.cli.words import json_option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict, NotFound
from enishi.kit.text import Text


@spoken(
    "backup",
    en="Write the whole installation to one file. It may keep running.\n\nThe file holds everything, the signing key included: keep it as safe as the data folder. Without FILE it is named after the time, in the present folder.",
    ja="環境全体を1つのファイルに保存します。稼働中でも実行できます。\n\nファイルには署名鍵を含むすべてのデータが入ります。データフォルダーと同様に厳重に管理してください。FILEを省略すると、現在のフォルダーに日時の名前で保存します。",
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option()
def command(file: Path | None, as_json: bool) -> None:
    began = time.monotonic()
    home = open_installation(old_is_fine=True)
    from enishi.cli.snapshot import make_backup

    now = system_clock()
    target = file or Path.cwd() / f"enishi-{now:%Y%m%d-%H%M%S}.tar.gz"
    if target.exists():
        raise Conflict(
            "file_exists",
            Text(f"{target} exists already.", f"{target} はすでに存在します。"),
            Text("Name another file.", "別のファイル名を指定してください。"),
        )
    if not target.parent.is_dir():
        raise NotFound(
            "no_folder",
            Text(f"There is no folder {target.parent}.", f"フォルダー {target.parent} がありません。"),
            Text(
                "Make it, or name another file.", "フォルダーを作成するか、別のファイル名を指定してください。"
            ),
        )
    with progress(say("Backing up", "バックアップ中")) as step:
        made = make_backup(home, target, now, step)
    home.backup_note.write_text(now.isoformat())
    if as_json:
        show_json(
            {"file": str(made.path), "bytes": made.bytes, "files": made.files, "generation": made.generation}
        )
    else:
        took = time.monotonic() - began
        click.echo(say(f"{made.path}: {made.bytes / 1e6:.1f} MB, {made.files} files, {took:.1f} s", f"{made.path}: {made.bytes / 1e6:.1f} MB、{made.files}ファイル、{took:.1f}秒"))  # fmt: skip
