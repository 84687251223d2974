"""A view as a file: at once where it is small, by a job where it is large."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext, override, pgettext
from django_tasks import task

from enishi.accounts.access import visible_in_past
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Account, Member, Scope
from enishi.accounts.references import MemberBook
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.reports.tables import SHEET_ROWS, Heading, check_format, write_table
from enishi.signals.api import overrides_on
from enishi.web.models import Export
from enishi.web.pages.portfolio import past_book, past_rows
from enishi.web.pages.portfolio.columns import BY_KEY, Column, all_columns, known_keys
from enishi.web.pages.portfolio.filters import filtered_accounts
from enishi.web.pages.portfolio.query import Query, read_query
from enishi.web.pages.portfolio.reads import iterate_rows
from enishi.web.pages.portfolio.words import all_words, minor_units, plain_word

AT_ONCE = 2_000
KEPT_DAYS = 7
_KINDS = {
    "money": "money",
    "number": "decimal",
    "score": "decimal",
    "change": "decimal",
    "percent": "percent",
    "likely": "percent",
    "day": "day",
}


def _columns(query: Query) -> list[Column]:
    """The view's columns, led by what identifies the account, also to :mod:`enishi.ingest.files.own` when it comes back."""
    known = all_columns()
    lead = ["outside_id", "id_system", "name"]
    if "score" in query.columns and "band" not in query.columns:
        lead.append("band")
    keys = [*lead, *(key for key in query.columns if key not in lead)]
    return [known[key] for key in keys if key in known]


def _headings(columns: list[Column], currency: str) -> list[Heading]:
    headings = []
    for column in columns:
        title = f"{column.title} ({currency})" if column.look == "money" else str(column.title)
        headings.append(Heading(title, _KINDS.get(column.look, "text")))
    return headings


def _tells_band(columns: list[Column]) -> bool:
    return any(column.key == "band" for column in columns)


def _rows(
    member: Member, query: Query, columns: list[Column], today: date, unit: int, seen: list[int]
) -> Iterator[list[Any]]:
    """The cells of each account; its number is added to ``seen``."""
    titles, members = all_words(), MemberBook()

    def cell(column: Column, account: Account) -> Any:
        value = column.value(account)
        if value is None or value in ("", []):
            return None
        if column.look == "owner":
            return _told_owner(account, members)
        if column.look == "money":
            return value if unit == 1 else Decimal(value) / unit
        return plain_word(column.look, value, titles)

    past = query.as_of if _is_past(query, today) else None
    origins = _origins(past) if past else None
    by_hand = overrides_on(past or today)
    for account in _accounts(member, query, today, unit):
        seen.append(account.pk)
        cells = [cell(column, account) for column in columns]
        if _tells_band(columns):
            cells.append(gettext("By hand") if account.pk in by_hand else None)
        yield cells if origins is None else [*cells, origins.get(account.pk)]


def _told_owner(account: Account, members: MemberBook) -> str | None:
    """The owner's name, or the mail address where the name does not lead back to that member."""
    owner = account.owner
    if owner is None:
        return None
    return owner.full_name if members.find(owner.full_name) == (owner.pk, owner.email) else owner.email


def _is_past(query: Query, today: date) -> bool:
    return query.as_of is not None and query.as_of < today


def _origins(day: date) -> dict[int, str]:
    """Account -> how its score of a past day came about, where that was not on the day itself."""
    book = past_book.book_of(day)
    return {int(one["account_id"]): past_rows.say_origin(one, day) for one in book.to_dict("records")}


def _accounts(member: Member, query: Query, today: date, unit: int) -> Iterator[Account]:
    """The view's accounts in its order: as they stand, or as they were known on its past day."""
    if not query.as_of or query.as_of >= today:
        yield from iterate_rows(filtered_accounts(member, query, today=today, unit=unit), query)
        return
    book = past_book.book_of(query.as_of)
    found = past_rows.order(past_rows.select(book, member, query, day=query.as_of, unit=unit), query)
    for start in range(0, len(found), 1_000):
        yield from past_rows.rows(found.iloc[start : start + 1_000])


@transaction.atomic
def ask_export(member: Member, query: Query, file_format: str, rows: int, language: str) -> Export:
    """Order a file of a view; small ones are ready on return.

    Raises:
        EnishiError: ``unknown_format``, ``too_many_rows`` for a spreadsheet.
    """
    check_format(file_format)
    if file_format == "xlsx" and rows > SHEET_ROWS:
        raise EnishiError(
            "too_many_rows",
            Text(
                f"{rows:,} rows do not fit into an Excel sheet.",
                f"{rows:,}行はExcelの1シートに収まりません。",
            ),
            Text("Choose CSV, or narrow the view.", "CSVを選ぶか、条件を絞り込んでください。"),
        )
    export = Export.objects.create(
        member=member, address=query.kept, format=file_format, language=language, rows=rows
    )
    detail = {"view": query.kept, "format": file_format, "rows": rows}
    write_audit(member, "portfolio_exported", export, detail=detail)
    if rows <= AT_ONCE:
        make_export(export)
    else:
        transaction.on_commit(lambda: export_portfolio.enqueue(export.pk))
    return export


def make_export(export: Export) -> None:
    """Write the file of an order, within its member's scope as it is now."""
    company = get_company()
    unit = minor_units(company.currency)
    query = read_query(QueryDict(export.address), known_keys())
    seen: list[int] = []

    def heard(n: int) -> None:
        Export.objects.filter(pk=export.pk).update(rows_done=n, status="running")

    with override(export.language):
        columns = _columns(query)
        rows = _rows(export.member, query, columns, company_day(timezone.now()), unit, seen)
        headings = _headings(columns, company.currency)
        if _tells_band(columns):
            headings.append(Heading(gettext("Band set"), "text"))
        if _is_past(query, company_day(timezone.now())):
            headings.append(Heading(gettext("How the score came about"), "text"))
        n = write_table(
            export.path, export.format, headings, rows, title=pgettext("page", "Customers"), progress=heard
        )
    export.rows = export.rows_done = n
    export.scope = scope_of(export.member)
    export.accounts = None if export.member.scope == Scope.ALL else seen
    export.status, export.finished_at = "done", timezone.now()
    export.save()


@task()
def export_portfolio(number: int) -> None:
    """The job behind a large export."""
    export = Export.objects.select_related("member").filter(pk=number, status="queued").first()
    if export is None:
        return
    try:
        make_export(export)
    except Exception as problem:
        export.status, export.error, export.finished_at = "failed", str(problem)[:500], timezone.now()
        export.save()
        raise


def scope_of(member: Member) -> str:
    """By what rule a member sees accounts."""
    return f"{member.role}:{member.scope}:{member.team_id or ''}"


def _sees_all_of(member: Member, export: Export) -> bool:
    """Whether a member still sees every account a file holds: one handed over takes the file along."""
    if export.scope != scope_of(member):
        return False
    if member.scope == Scope.ALL:
        return True
    return export.accounts is not None and visible_in_past(member).issuperset(export.accounts)


def access_export(member: Member, number: int, page: str = "portfolio") -> Export:
    """One's own order, and a file made only as long as one sees what it holds; nobody else's, whatever their role."""
    export = Export.objects.filter(member=member, pk=number, page=page).first()
    if export is None or (export.status == "done" and not _sees_all_of(member, export)):
        raise NotFound(
            "unknown_export",
            Text("There is no such file of yours.", "該当するファイルはありません。"),
            Text("Export the view again.", "もう一度、一覧から書き出してください。"),
        )
    return export


def delete_old_exports(now: datetime) -> int:
    """Remove files older than a week; the number removed. Called by the schedule."""
    old = Export.objects.filter(asked_at__lt=now - timedelta(days=KEPT_DAYS))
    n = 0
    for export in old:
        export.path.unlink(missing_ok=True)
        export.delete()
        n += 1
    return n


def file_name(export: Export, today: date) -> str:
    return f"enishi-{export.page}-{today:%Y%m%d}.{export.ending}"


def sortable(key: str) -> bool:
    return key.startswith("m.") or bool(BY_KEY.get(key) and BY_KEY[key].sort)
