"""The page on paper: drawn by a job, kept as exports are, fetched by who asked for it alone."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Member, Scope
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.outlook.reads import view_of
from enishi.reports.pdf import to_pdf
from enishi.web.models import Export
from enishi.web.pages.executive import present
from enishi.web.pages.portfolio.exports import scope_of

log = logging.getLogger("enishi.executive")

PAGE = "executive"
STEPS = 100  # what stands for the rows of a table: percent
GATHERED = 60  # of them once the figures are there
GIVEN_UP = timedelta(minutes=30)  # a drawing that takes longer was stopped with its worker
OPEN = ("queued", "running")


@transaction.atomic
def ask_print(member: Member, language: str, now: datetime) -> Export:
    """Order the page as a file; the one already being drawn where there is one."""
    mine = Export.objects.filter(member=member, page=PAGE, language=language, status__in=OPEN)
    if under_way := mine.filter(asked_at__gt=now - GIVEN_UP).first():
        return under_way
    export = Export.objects.create(
        member=member, page=PAGE, format="pdf", language=language, rows=STEPS, asked_at=now
    )
    write_audit(member, "executive_printed", export, detail={"format": "pdf"})
    transaction.on_commit(lambda: print_executive.enqueue(export.pk))
    return export


@task()
def print_executive(number: int) -> None:
    """Draw an ordered page. May be repeated."""
    export = Export.objects.select_related("member").filter(pk=number, page=PAGE, status__in=OPEN).first()
    if export is None:
        return
    try:
        make_print(export, system_clock())
    except EnishiError as problem:
        hint = problem.hint.in_language(export.language) if problem.hint else ""
        _finish(export, "failed", f"{problem.message.in_language(export.language)} {hint}".strip())
    except Exception:
        log.exception("the executive page %s could not be drawn", number)
        with override(export.language):
            _finish(
                export,
                "failed",
                _(
                    "Something unforeseen stopped it. Ask for the PDF again; if it fails again, tell an administrator: the "
                    "log of the service says what happened (PDF %(number)s)."
                )
                % {"number": number},
            )
        raise


def make_print(export: Export, now: datetime) -> None:
    """Write the file within its member's scope as it is now."""
    Export.objects.filter(pk=export.pk).update(status="running", rows_done=STEPS // 10)
    member = export.member
    with override(export.language):
        context = present.page_context(member, company_day(now))
        Export.objects.filter(pk=export.pk).update(rows_done=GATHERED)
        content = to_pdf(render_to_string("pages/executive/print.html", context))
    export.path.parent.mkdir(parents=True, exist_ok=True)
    export.path.write_bytes(content)
    export.scope = scope_of(member)
    export.accounts = None if member.scope == Scope.ALL else sorted(view_of(member).accounts)
    export.rows_done = STEPS
    _finish(export, "done")


def _finish(export: Export, status: str, error: str = "") -> None:
    export.status, export.error, export.finished_at = status, error[:500], system_clock()
    export.save()
