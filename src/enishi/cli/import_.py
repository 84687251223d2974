"""``enishi import KIND FILE``: take in a file, with the result of every row."""

from __future__ import annotations

import codecs
import csv
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from enishi.cli.installation import open_installation
from enishi.cli.show import progress, show_json
from enishi.cli.words import json_option, language, option, say, spoken, this_program
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.store.kinds import Type

EXAMPLES = 10
DECIMAL_MARKS = {"": "", "point": ".", "comma": ","}
OTHER_IDS = Text(
    "If you know them under other ids: --system NAME, or --map account=COLUMN.",
    "登録済みの顧客企業であれば、--system 名前 または --map account=列名 を指定してください。",
)
# What people call a kind.
EVERYDAY = {
    "customer": "account", "company": "account", "client": "account", "organization": "account", "organisation": "account",
    "person": "contact", "people": "contact", "user": "contact", "contract": "subscription", "agreement": "subscription",
    "bill": "invoice", "case": "ticket", "issue": "ticket", "meeting": "interaction", "call": "interaction",
    "activity": "interaction", "touchpoint": "interaction", "outage": "incident", "survey": "survey_answer",
    "answer": "survey_answer", "nps": "survey_answer", "purchase": "order", "usage": "event", "log": "event",
    "cost": "acquisition_cost", "article": "news", "press": "news", "rate": "exchange_rate", "fx": "exchange_rate", "fx_rate": "exchange_rate",
}  # fmt: skip


@spoken(
    "import",
    en="""Import a file of records or events.

KIND is account, contact, subscription, invoice, ticket, interaction, incident, survey_answer, order, training, news,
acquisition_cost, exchange_rate or event, also in the plural and by everyday names (customer, contract, bill, meeting, usage). FILE is CSV (UTF-8, Shift_JIS/CP932, Windows-1252), JSON Lines, Parquet or Excel. Columns
are matched by their headings; --map corrects the guess and is remembered for files with the same headings. The same
file again changes nothing. Exit code 3: some rows were rejected.""",
    ja="""ファイルを取り込みます。

KIND には account(顧客企業)、contact(関係者)、subscription(契約)、invoice(請求)、ticket(問い合わせ)、
interaction(対応履歴)、incident(障害)、survey_answer(アンケート)、order(注文)、training(研修)、acquisition_cost(獲得費用)、
exchange_rate(為替)、event(利用イベント)を指定します。FILE は CSV(UTF-8、Shift_JIS/CP932、Windows-1252)、JSON Lines、Parquet、Excel に
対応しています。列は見出しから自動で対応付けられ、--map で修正した内容は次回も使われます。同じファイルを再度取り込んでも
変化はありません。終了コード3は、受け付けられない行があったことを示します。""",
)
@click.argument("kind", callback=lambda _context, _parameter, name: kind_named(name))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@option(
    "--map",
    "maps",
    multiple=True,
    metavar="OURS=THEIRS",
    en="Our field is their column, as in user=staff_number (empty: leave it out). Repeatable.",
    ja="項目と列の対応(例: user=社員番号。列名を空にすると取り込みません)。複数指定可。",
)
@option(
    "--set",
    "constants",
    multiple=True,
    metavar="FIELD=VALUE",
    en="One value for every row. Repeatable.",
    ja="全行に同じ値を設定します。複数指定可。",
)
@option(
    "--system",
    default="",
    en="The system the ids belong to (product: your own). Left out: the one that knows most of them, which is said.",
    ja="IDが属するシステムの名前(自社製品は product)。省略時は、IDの多くが登録済みのシステムを使い、その旨を表示します。",
)
@option(
    "--dates",
    type=click.Choice(["ymd", "dmy", "mdy"]),
    en="Order of day and month where dates are ambiguous.",
    ja="日付の並び順(曖昧な場合)。",
)
@option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    en="The mark before decimals (1,234.5 or 1.234,5) where numbers are ambiguous.",
    ja="小数点の記号(1,234.5 は point、1.234,5 は comma)。数値が曖昧な場合。",
)
@option(
    "--encoding",
    default="",
    callback=lambda _context, _parameter, name: _codec(name),
    en="Encoding of a CSV file, as in cp1252 or utf-8. Left out: found out, and said where it is not UTF-8.",
    ja="CSVの文字コード(例: cp932、utf-8)。省略時は自動で判別し、UTF-8以外の場合は表示します。",
)
@option(
    "--history/--news",
    default=None,
    en="Whether the rows were known when they happened, or are news of today (history for the first file of a kind).",
    ja="発生日から分かっていた履歴とするか、本日分かった新しい情報とするか(各種類の最初のファイルは履歴)。",
)
@option(
    "--dry-run",
    is_flag=True,
    en="Say what would happen; change nothing.",
    ja="結果の確認のみ行い、何も変更しません。",
)
@option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    en="Write the rejected rows with their reasons to this CSV file.",
    ja="受け付けられなかった行と理由をCSVに出力します。",
)
@json_option()
def command(
    kind: str, file: Path, maps: tuple[str, ...], constants: tuple[str, ...], system: str, dates: str | None,
    decimal: str | None, encoding: str, history: bool | None, dry_run: bool, rejects: Path | None, as_json: bool,
) -> int:  # fmt: skip
    mapping, fixed = _pairs(maps, "--map"), _pairs(constants, "--set")
    home = open_installation()
    from enishi.accounts.audit import COMMAND_LINE
    from enishi.ingest.api import drain
    from enishi.ingest.files.importing import import_file

    with progress(say(f"Importing {file.name}", f"取り込み {file.name}")) as step:
        made, tally = import_file(
            home, file, kind, actor=COMMAND_LINE, now=system_clock(), mapping=mapping, constants=fixed,
            day_order=dates or "", decimal=DECIMAL_MARKS[decimal or ""], backfill=history, system=system, encoding=encoding, dry_run=dry_run,
            progress=step,
        )  # fmt: skip
    if not dry_run:
        drain(home)
        if rejects:
            _write_rejects(made, rejects)
    if as_json:
        show_json(_as_dict(made, tally, dry_run))
    else:
        _tell(made, tally, dry_run)
    return 3 if tally.counts["rejected"] else 0


def kind_named(name: str) -> str:
    """The kind, also in the plural."""
    wanted = name.lower().replace("-", "_").replace(" ", "_")
    for candidate in (wanted, wanted.removesuffix("s"), f"{wanted.removesuffix('ies')}y"):
        if candidate in FILE_KINDS or candidate in EVERYDAY:
            return EVERYDAY.get(candidate, candidate)
    every = ", ".join(FILE_KINDS)
    near = get_close_matches(wanted, FILE_KINDS, 1)
    raise EnishiError(
        "unknown_kind",
        Text(f"There is no kind {name!r}.", f"種類 {name!r} はありません。"),
        Text(f"Did you mean {near[0]}? All: {every}.", f"{near[0]} ではありませんか。指定できる種類: {every}")
        if near
        else Text(f"Choose one of: {every}.", f"次から選んでください: {every}"),
    )


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        raise click.BadParameter(
            say(f"there is no encoding {name!r}", f"文字コード {name!r} はありません"),
            param_hint="--encoding",
        ) from None


def _pairs(given: tuple[str, ...], name: str) -> dict[str, str]:
    found = {}
    for pair in given:
        left, equals, right = pair.partition("=")
        if not equals or not left:
            raise click.BadParameter(
                say(f"{pair!r} is not of the form A=B", f"{pair!r} は A=B の形ではありません"),
                param_hint=name,
            )
        found[left.strip()] = right.strip()
    return found


def _write_rejects(made: Any, target: Path) -> None:
    """The rejected rows with their reasons: corrected, the file may be imported again."""
    from enishi.ingest.files.desk import rejected_table

    with target.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(rejected_table(made, language()))


def _as_dict(made: Any, tally: Any, dry_run: bool) -> dict[str, Any]:
    remarks = {remark.code: remark.told for remark in tally.remarks}
    return {
        "import": made.pk,
        "kind": made.kind,
        "system": made.system,
        "history": made.backfill,
        "encoding": made.details.get("encoding"),
        "dry_run": dry_run,
        **tally.counts,
        "mapping": made.plan.get("columns", made.plan),
        "warnings": {name: count[0] for name, count in tally.warnings.items()} | remarks,
        "rejected_rows": [
            {"row": row.place, "errors": {field: say(text) for field, text in errors.items()}}
            for row, errors in tally.examples
        ],
    }


def _tell_columns(made: Any, tally: Any) -> None:
    """How the columns were read, and what of the file nothing else would show."""
    from enishi.ingest.files.kinds import FILE_KINDS

    columns, clocks = made.plan.get("columns", {}), made.plan.get("clocks", {})
    for field in FILE_KINDS[made.kind].fields:
        if column := columns.get(field.name):
            clock = f" + {clocks[column]}" if field.type is Type.INSTANT and clocks.get(column) else ""
            click.echo(f"  {say(field.title)} ({field.name}) ← {column}{clock}")
    encoding = made.details.get("encoding", "utf-8")
    if not encoding.startswith("utf-8"):
        told = say(
            f"  Read as {encoding}; otherwise: --encoding NAME",
            f"  文字コードは {encoding} として読み取りました(異なる場合は --encoding で指定)",
        )
        click.echo(told, err=True)
    for remark in tally.remarks:
        told = say(f"  {remark.text.en} {remark.remedy.en}", f"  {remark.text.ja}{remark.remedy.ja}")
        click.secho(told, fg="yellow" if remark.grave else None, err=True)


def _titles(kind: str) -> dict[str, str]:
    from enishi.ingest.files.kinds import FILE_KINDS
    from enishi.ingest.files.known import TITLES
    from enishi.ingest.files.reading import ROW, ROW_TITLE

    fields = {field.name: field.title for field in FILE_KINDS[kind].fields}
    return {name: say(title) for name, title in {**fields, **TITLES, ROW: ROW_TITLE}.items()}


def _tell_since(made: Any, counts: dict[str, int]) -> None:
    """From when what came in counts as known; what was known already stays as it is."""
    if counts["created"] or counts["updated"]:
        told = (
            say(
                "  Taken as history, known from when it happened (--news: from today)",
                "  発生日から分かっていた履歴として扱います(本日分かった情報とする場合は --news)",
            )
            if made.backfill
            else say(
                "  Taken as news, known from today (--history: from when it happened)",
                "  本日分かった新しい情報として扱います(発生日から分かっていた場合は --history)",
            )
        )
        click.echo(told)
    elif counts["unchanged"]:
        told = say(
            "  Nothing is new: unchanged rows stay history or news as they came first. To change that, undo the import that "
            "brought them and import the file again with --history or --news",
            "  新しい行はありません。変更のない行は、最初に取り込んだときの扱い(履歴または新しい情報)のままです。変えるには、"
            "その取り込みを取り消してから --history または --news を付けて取り込み直してください",
        )
        click.echo(told)


def _tell_warnings(tally: Any, titles: dict[str, str]) -> None:
    from enishi.ingest.files.newcomers import NEWCOMERS

    for name, (count, en, ja) in tally.warnings.items():
        title, rows = titles.get(name, name), f"{count} row{'s' * (count > 1)}"
        told = say(f"  {title}: {rows}, for example: {en}", f"  {title}: {count}行。例: {ja}")
        if name == NEWCOMERS:
            told = say(f"  {title}: {en} {OTHER_IDS.en}", f"  {title}: {ja}{OTHER_IDS.ja}")
        click.secho(told, fg="yellow", err=True)


def _tell(made: Any, tally: Any, dry_run: bool) -> None:
    counts = tally.counts
    words = {
        "created": say("new", "新規"),
        "updated": say("changed", "更新"),
        "unchanged": say("unchanged", "変更なし"),
        "rejected": say("rejected", "受付不可"),
    }
    if dry_run and made.kind == "event":  # only the store can tell which ones came before
        words = {
            "created": say(
                "readable (repeated ones are not counted again)", "取り込み可能(重複は計上されません)"
            ),
            "rejected": words["rejected"],
        }
    _tell_columns(made, tally)
    _tell_since(made, counts)
    told = ", ".join(f"{counts[name]} {word}" for name, word in words.items())
    click.echo((say("Would be: ", "予定: ") if dry_run else "") + told)
    if not dry_run:
        undo = f"{this_program()} undo {made.pk}"
        click.echo(say(f"  To take it back: {undo}", f"  取り消すには次を実行します: {undo}"))
    titles = _titles(made.kind)
    _tell_warnings(tally, titles)
    for row, errors in tally.examples[:EXAMPLES]:
        reasons = "; ".join(f"{titles.get(name, name)}: {say(text)}" for name, text in errors.items())
        click.echo(say(f"  row {row.place}: {reasons}", f"  {row.place}行目: {reasons}"), err=True)
    if counts["rejected"] > EXAMPLES:
        click.echo(
            say(
                "  … all of them: --rejects FILE, or Setup → Rejects",
                "  … すべての行は --rejects FILE または「設定 → 取り込みエラー」で確認できます",
            ),
            err=True,
        )
