"""All that is held of an account as files: one Excel book, or a zip of CSV files, a table per kind of record."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.models import Account, Contact, Member
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.reports.tables import Heading, write_csv
from enishi.store.kinds import KINDS, Kind
from enishi.web.pages.account.known import records_of
from enishi.web.words import person
from enishi.work.api import notes_of, tasks_of

ENCODINGS = {"csv": "utf-8-sig", "cp932": "cp932"}
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
    "cp932": "application/zip",
}
_PASSED_BY = ("account", "contact", "acquisition_cost", "exchange_rate")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    title: str
    headings: list[str]
    rows: list[list[Any]]


def account_file(account: Account, form: str) -> bytes:
    """The whole file. ``form`` is xlsx, csv (UTF-8 with BOM) or cp932.

    Raises:
        NotFound: another form.
    """
    if form not in TYPES:
        raise NotFound(
            "unknown_format",
            Text(f"“{form}” is not a format we write.", f"「{form}」形式には対応していません。"),
            Text("Choose CSV or Excel.", "CSVまたはExcelをお選びください。"),
        )
    sheets = [sheet for sheet in _sheets(account) if sheet.rows]
    return _book(sheets) if form == "xlsx" else _archive(sheets, ENCODINGS[form])


def _sheets(account: Account) -> Iterator[Sheet]:
    language = get_language() or "ja"
    yield _own(account, language)
    yield _contacts(account, language)
    for kind in KINDS.values():
        if kind.name not in _PASSED_BY:
            yield _records(account, kind, language)
    notes = [[note.made_at.date(), person(note.author), note.body] for note in notes_of(account)]
    yield Sheet(
        "note",
        pgettext("account tab", "Notes"),
        [_("Date"), _("Author"), pgettext("timeline", "Note")],
        notes,
    )
    tasks = [
        [task.due_on, task.title, task.note, task.get_status_display(), person(task.assignee)]
        for task in tasks_of(account)
    ]
    yield Sheet(
        "task",
        pgettext("account tab", "Tasks"),
        [
            pgettext("task", "Due"),
            _("What is to be done"),
            pgettext("task", "Note"),
            pgettext("task", "Status"),
            pgettext("task", "Who"),
        ],
        tasks,
    )


def _columns(kind: Kind) -> list[str]:
    return [field.name for field in kind.fields if field.name not in ("id", "account", "contact")]


def _titles(kind: Kind, names: list[str], language: str) -> list[str]:
    return [kind.field(name).title.in_language(language) for name in names]


def _own(account: Account, language: str) -> Sheet:
    kind = KINDS["account"]
    names = [name for name in _columns(kind) if name not in ("parent", "owner")]
    row = [account.outside_id, *(getattr(account, name) for name in names), _mail(account.owner)]
    headings = ["ID", *_titles(kind, names, language), kind.field("owner").title.in_language(language)]
    return Sheet("account", kind.title.in_language(language), headings, [row])


def _mail(member: Member | None) -> str:
    return member.email if member else ""


def _contacts(account: Account, language: str) -> Sheet:
    kind = KINDS["contact"]
    names = _columns(kind)
    people = Contact.objects.filter(account=account, deleted_at=None, erased_at=None)
    rows = [[one.outside_id, *(getattr(one, name) for name in names)] for one in people]
    return Sheet("contact", kind.plural.in_language(language), ["ID", *_titles(kind, names, language)], rows)


def _records(account: Account, kind: Kind, language: str) -> Sheet:
    names = _columns(kind)
    people = {one.pk: one.full_name for one in Contact.objects.filter(account=account, erased_at=None)}
    has_contact = any(field.name == "contact" for field in kind.fields)
    headings = ["ID", *_titles(kind, names, language)]
    rows = []
    for known in records_of(account, None, kind.name):
        row = [known.outside_id, *(_plain(known.data, name) for name in names)]
        rows.append([*row, people.get(known.contact_id or 0, "")] if has_contact else row)
    if has_contact:
        headings.append(kind.field("contact").title.in_language(language))
    return Sheet(kind.name, kind.plural.in_language(language), headings, rows)


def _plain(data: Mapping[str, Any], name: str) -> Any:
    value = data.get(name)
    return "" if value is None else value


def _book(sheets: list[Sheet]) -> bytes:
    buffer = BytesIO()
    # Text stays text: no cell of a customer's becomes a formula or a link.
    book = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True},
    )
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.title[:31])
        page.freeze_panes(1, 0)
        page.write_row(0, 0, sheet.headings, bold)
        for number, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(row):
                _write(page, number, column, value, day)
        page.autofit()
    book.close()
    return buffer.getvalue()


def _write(page: Any, row: int, column: int, value: Any, day: Any) -> None:
    if hasattr(value, "isoformat"):
        page.write_datetime(row, column, value, day)
    elif isinstance(value, bool | int | float):
        page.write(row, column, value)
    elif value not in (None, ""):
        page.write_string(row, column, str(value)[:32_767])


def _archive(sheets: list[Sheet], encoding: str) -> bytes:
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        tempfile.TemporaryDirectory() as folder,
    ):
        for sheet in sheets:
            path = Path(folder) / f"{sheet.name}.csv"
            headings = [Heading(title) for title in sheet.headings]
            write_csv(path, headings, sheet.rows, encoding=encoding, progress=lambda _n: None)
            archive.write(path, path.name)
    return buffer.getvalue()
