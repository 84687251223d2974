"""Files that state only a part of what is known: a list of cancellations has an id, a day and a reason.

A field that every record of a kind needs is needed of new ones only. A row whose id is known changes what it names; one
whose id is not known is rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from enishi.accounts.coercion import clip
from enishi.accounts.saving import EMPTIED
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.files.known import Directory
from enishi.ingest.files.reading import Plan, ReadRow, RowReader
from enishi.ingest.files.tables import Table
from enishi.kit.text import Text
from enishi.store.kinds import Field, Kind

_AT_ONCE = 500
_LOOK = 20_000  # rows among which one that is known is looked for
_NAMED = 3  # ids in a sentence


def lacking(kind: Kind, plan: Plan) -> list[Field]:
    """The fields a new record needs for which the file has neither column nor value. An account follows from its contact."""
    given = {*plan.columns, *plan.constants, "id"}
    if kind.has_account and "contact" in plan.columns:
        given.add("account")
    return [spec for spec in kind.fields if spec.required and spec.name not in given]


def known_ids(kind: Kind, rows: Sequence[ReadRow], system: str) -> set[str]:
    """The ids of the rows by which their own system knows a record."""
    directory = Directory(kind)
    where = {name: row.system or system for row in rows if (name := directory.id_of(row))}
    held = directory.holders(rows, set(where.values()))
    return {name for name, holders in held.items() if any(one.system == where[name] for one in holders)}


def states_parts(kind: Kind, plan: Plan, table: Table, reader: RowReader, system: str) -> bool:
    """Whether a file cannot make new records and speaks of known ones: it has a column of ids, and one of them is known."""
    if kind.name == EVENT.name or not lacking(kind, plan) or plan.columns.get("id") not in table.columns:
        return False
    rows = (reader.read(place, cells) for place, cells in islice(table.rows(), _LOOK))
    while portion := list(islice(rows, _AT_ONCE)):
        if known_ids(kind, portion, system):
            return True
    return False


def drop_emptied(row: ReadRow, errors: Mapping[str, Text]) -> bool:
    """Take empty cells of what a known record must have for saying nothing; whether there were any."""
    names = [name for name, text in errors.items() if text == EMPTIED and name in row.values]
    for name in names:
        del row.values[name]
    return bool(names)


def refuse_strangers(kind: Kind, plan: Plan, rows: Sequence[ReadRow], system: str) -> None:
    """Note on rows of a file that cannot make new records that their id is not known: it is what can be corrected."""
    fields = [] if kind.name == EVENT.name else lacking(kind, plan)
    known = known_ids(kind, rows, system) if fields else set()
    named = [(row, name) for row in rows if (name := str(row.values.get("id") or "")) and name not in known]
    unknown = {name for row, name in named if (row.system or system) == system} if fields else set()
    meant = Directory(kind).in_other_capitals(unknown, system) if unknown else {}
    for row, name in named if fields else ():
        row.errors = {"id": _unknown(kind, name, fields, meant.get(name, "")), **row.errors}


def _unknown(kind: Kind, name: str, fields: Iterable[Field], meant: str) -> Text:
    en, ja = _titles(fields)
    but_en = f" ('{clip(meant)}' is, which differs in capitals alone)" if meant else ""
    but_ja = f"(大文字小文字だけが異なる「{clip(meant)}」は登録されています)" if meant else ""
    return Text(
        f"No {kind.title.en.lower()} '{clip(name)}' is known{but_en}: correct the id. To add it, give {en} as well, in a file that has "
        "these columns.",
        f"{kind.title.ja}「{clip(name)}」は登録されていません{but_ja}。IDを修正してください。新しく登録する場合は、{ja}の列もあるファイルで"
        "取り込んでください。",
    )


def _titles(fields: Iterable[Field]) -> tuple[str, str]:
    told = [spec.title for spec in fields]
    return ", ".join(f"'{title.en}'" for title in told), "".join(f"「{title.ja}」" for title in told)


def told_parts(kind: Kind, fields: Sequence[Field], looked: int, strangers: Sequence[str]) -> Text:
    """How such a file is taken in, and which of its ids are not known."""
    en, ja = _titles(fields)
    text = Text(
        f"No column gives {en}: rows whose ID is known change what they name, and keep these.",
        f"{ja}の列がないため、登録済みのIDの行だけを変更として取り込みます(これらの項目は変わりません)。",
    )
    if not strangers:
        return text
    few, more = [clip(name) for name in strangers[:_NAMED]], len(strangers) - _NAMED
    names_en, names_ja = ", ".join(few), "、".join(few)
    if more > 0:
        names_en, names_ja = f"{names_en} and {more:,} more", f"{names_ja} ほか{more:,}件"
    return Text(
        f"{text.en} Of the {looked:,} ids looked at, {len(strangers):,} are not known, and their rows will be rejected: {names_en}.",
        f"{text.ja}確認した{looked:,}件のIDのうち{len(strangers):,}件は登録されていないため、その行は受け付けられません: {names_ja}。",
    )


def told_needed(kind: Kind) -> Text:
    """Why a file is refused that neither knows what a new record needs nor an id that is known."""
    return Text(
        f"None of its ids is that of a known {kind.title.en.lower()}, so every row would be a new one: choose the columns, or "
        "correct the ids or the system they belong to (--system).",
        f"登録済みの{kind.title.ja}に当たるIDがなく、すべての行が新規になります。列を選ぶか、IDまたはIDの体系(--system)を確認してください。",
    )
