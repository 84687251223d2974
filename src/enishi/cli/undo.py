"""``enishi undo IMPORT``: take back what a file brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from enishi.cli.installation import open_installation
from enishi.cli.show import show_json, show_table
from enishi.cli.words import json_option, option, say, spoken
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text

if TYPE_CHECKING:
    from enishi.ingest.models import Import

SHOWN = 20
PATIENCE = 3600.0  # seconds, where the service does it


@spoken(
    "undo",
    en="""Take back what an import brought.

IMPORT is its number; without it the last imports are listed. Records get the values they had before, or go; events leave
all figures, those of past days too, and the file can be imported again under another mapping.""",
    ja="""取り込みを取り消します。

IMPORT には取り込みの番号を指定します(省略時は最近の取り込みを一覧表示)。データは取り込み前の値に戻るか、削除されます。
利用イベントは過去の時点も含めてすべての集計から消え、列の対応付けを直して同じファイルをもう一度取り込めます。""",
)
@click.argument("number", metavar="[IMPORT]", type=int, required=False)
@option("--yes", is_flag=True, en="Do not ask first.", ja="確認せずに実行します。")
@json_option()
def command(number: int | None, yes: bool, as_json: bool) -> None:
    home = open_installation()
    from enishi.accounts.audit import COMMAND_LINE
    from enishi.ingest.api import drain
    from enishi.ingest.files.jobs import undo
    from enishi.ingest.withdrawing import undo_told
    from enishi.store.api import Published

    if number is None:
        _show(as_json)
        return
    made = _found(number)
    if not (yes or as_json or not made.is_undoable):
        click.echo(f"{made.name}: {say(undo_told(made, Published(home).raw_from))}", err=True)
        click.confirm(say("Undo it?", "取り消しますか?"), abort=True)
    begun = made.status == made.Status.UNDOING  # cut off before: it goes on
    if not begun:
        undo(made, actor=COMMAND_LINE, now=system_clock())
    drain(home, timeout=PATIENCE)
    made.refresh_from_db()
    _tell(made, as_json)


def _found(number: int) -> Import:
    from enishi.ingest.models import Import

    made = Import.objects.filter(pk=number).first()
    if made is None:
        raise NotFound(
            "unknown_import",
            Text(f"There is no import {number}.", f"番号 {number} の取り込みはありません。"),
            Text("`enishi undo` lists the last ones.", "「enishi undo」で最近の取り込みを確認できます。"),
        )
    return made


def _show(as_json: bool) -> None:
    """The last imports that can be undone."""
    from enishi.accounts.company import company_zone
    from enishi.ingest.files.kinds import FILE_KINDS
    from enishi.ingest.models import Import

    zone = company_zone()
    last = [made for made in Import.objects.order_by("-pk")[: 5 * SHOWN] if made.is_undoable][:SHOWN]
    if as_json:
        show_json([{"import": m.pk, "file": m.name, "kind": m.kind, "made_at": m.made_at, "created": m.created,
                    "updated": m.updated} for m in last])  # fmt: skip
        return
    rows = [
        [
            m.pk,
            m.name,
            say(FILE_KINDS[m.kind].plural),
            f"{m.made_at.astimezone(zone):%Y-%m-%d %H:%M}",
            f"{m.created:,}",
            f"{m.updated:,}",
        ]
        for m in last
    ]
    headings = [say("Import", "番号"), say("File", "ファイル"), say("Kind", "種類"), say("When", "日時"),
                say("New", "新規"), say("Changed", "更新")]  # fmt: skip
    show_table(headings, rows, say("Imports that can be undone", "取り消せる取り込み"), right=(0, 4, 5))


def _tell(made: Import, as_json: bool) -> None:
    counts = made.taken_back
    if as_json:
        show_json({"import": made.pk, "kind": made.kind, **counts})
    elif "events" in counts:
        click.echo(
            say(
                f"{counts['events']:,} events were taken back, with {counts['customers']:,} customers that they alone had "
                "made. 'enishi score' judges anew.",
                f"利用イベント{counts['events']:,}件と、それだけから作られた顧客企業{counts['customers']:,}社を取り消しました。"
                "「enishi score」で計算し直せます。",
            )
        )
    else:
        removed, restored, kept = (counts[name] for name in ("removed", "restored", "kept"))
        click.echo(
            say(
                f"{removed} removed, {restored} restored, {kept} changed since and left as they are",
                f"削除 {removed}、復元 {restored}、その後の変更により維持 {kept}",
            )
        )
    if along := counts.get("along"):
        click.echo(
            say(
                f"  Customers that only events taken back before had made, gone with them: {along}",
                f"  先に取り消した利用イベントだけから作られていたため、あわせて取り消した顧客企業: {along}",
            )
        )
    if waiting := counts.get("waiting"):
        click.echo(
            say(
                f"  Rejected rows of earlier imports that wait on the desk again: {waiting}",
                f"  再び取り込みエラーに戻った以前の行: {waiting}",
            )
        )
