"""A running or finished import: progress, counts, rejected rows, undo."""

from __future__ import annotations

import csv
import io

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.ingest.files.desk import StillRejected, rejected_table, retry_row
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.known import TITLES
from enishi.ingest.files.reading import stated_headings
from enishi.ingest.files.remarks import remarks_of
from enishi.ingest.models import Import, Reject
from enishi.ingest.withdrawing import undo_told
from enishi.kit.home import Home
from enishi.store.api import Published
from enishi.web.feedback import toast
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.imports.reads import language, rejected_page, rejected_row, told_system
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 25


def found_import(number: int) -> Import:
    made = Import.objects.filter(pk=number).first()
    if made is None:
        raise Http404
    return made


def show_result(request: PageRequest, made: Import) -> HttpResponse:
    """Counts, what was kept otherwise, and the rows that were not taken."""
    rejects = Reject.objects.filter(origin=made.origin, status=Reject.Status.OPEN).order_by("position")
    shown = Paginator(rejects, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": setup_tabs(request.member, "imports"),
        "made": made,
        "error": made.error(language()),
        "kind": FILE_KINDS[made.kind].plural.in_language(language()),
        "titles": {f.name: f.title.in_language(language()) for f in FILE_KINDS[made.kind].fields},
        "remarks": [remark for remark in remarks_of(made) if remark.grave],
        "warnings": _warnings(made, doubles=False),
        "doubles": _warnings(made, doubles=True),
        "system": told_system(made),
        "page": shown,
        "rows": rejected_page(made, list(shown)),
        "kept": shown.paginator.count,
        "undo_told": undo_told(made, Published(Home.from_environment()).raw_from),
        "running": made.is_under_way,
    }
    return render(request, "pages/imports/result.html", context)


def _warnings(made: Import, *, doubles: bool) -> list[tuple[str, int, str]]:
    """What was kept otherwise than written, by field; or which new rows may be somebody known already."""
    fields = {field.name: field.title for field in FILE_KINDS[made.kind].fields}
    titles = {name: title.in_language(language()) for name, title in {**fields, **TITLES}.items()}
    place = 2 if language().startswith("ja") else 1
    told = made.warnings.items()
    return [(titles.get(name, name), one[0], one[place]) for name, one in told if (name in TITLES) is doubles]


@require_GET
@page(roles=LEADERS, whole_book=True)
def progress(request: PageRequest, number: int) -> HttpResponseBase:
    """The progress line; when the import is over, the whole page is asked for anew."""
    made = found_import(number)
    if made.is_under_way:
        return render(request, "pages/imports/_progress.html", {"made": made})
    return HttpResponse(headers={"HX-Redirect": reverse("import", args=[made.pk])})


@require_GET
@page(roles=LEADERS, whole_book=True)
def download(request: PageRequest, number: int) -> HttpResponseBase:
    """The rejected rows as a file, with reasons: to be corrected and dropped again."""
    made = found_import(number)
    encoding = "cp932" if request.GET.get("format") == "cp932" else "utf-8-sig"
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rejected_table(made, language()))
    return HttpResponse(
        file.getvalue().encode(encoding, errors="geta"),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="rejected-{made.pk}.csv"'},
    )


@page(roles=LEADERS, whole_book=True)
@require_POST
def correct(request: PageRequest, number: int, reject: int) -> HttpResponseBase:
    """Try one corrected row again; taken, it leaves the list."""
    made = found_import(number)
    found = Reject.objects.filter(pk=reject, origin=made.origin).first()
    if found is None:
        raise Http404
    cells = {
        heading: request.POST.get(f"cell-{n}") or None
        for n, heading in enumerate(stated_headings(made.headings))
    }
    try:
        retry_row(Home.from_environment(), found, cells, actor=request.member, now=timezone.now())
    except StillRejected:
        found.refresh_from_db()
        context = {"row": rejected_row(made, found), "made": made, "open": True}
        return render(request, "pages/imports/_row.html", context, status=422)
    return toast(HttpResponse(""), _("The row was taken in."))
