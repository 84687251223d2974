"""A running or finished import: progress, counts, rejected rows, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.ingest.files.desk import StillRejected, rejected_table, retry_row
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.reading import stated_headings
from enishi.ingest.files.remarks import remarks_of
from enishi.ingest.models import Import, Reject
from enishi.ingest.withdrawing import undo_told
from enishi.kit.home import Home
from enishi.store.api import Published
from enishi.web import words
from enishi.web.feedback import toast, toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.imports.reads import (
    language,
    rejected_page,
    rejected_row,
    told_system,
    told_warnings,
)
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 25


def found_import(number: int) -> Import:
    made = Import.objects.filter(pk=number).first()
    if made is None:
        raise Http404
    return made


def show_result(request: PageRequest, made: Import) -> HttpResponse:
    """Counts, what was kept otherwise, and the rows that were not taken."""
    shown = _rejects(request, made)
    warnings = [] if made.is_taken_back else told_warnings(made.kind, made.warnings)
    context = {
        "tabs": setup_tabs(request.member, "imports"),
        "made": made,
        "error": made.error(language()),
        "kind": _kind(made),
        "titles": {f.name: f.title.in_language(language()) for f in FILE_KINDS[made.kind].fields},
        "remarks": [one for one in remarks_of(made) if one.grave and not made.is_taken_back],
        "warnings": [one for one in warnings if not one.remedy],
        "doubles": [one for one in warnings if one.remedy],
        "taken_back": taken_back_told(made.taken_back),
        "system": told_system(made),
        "page": shown,
        "rows": rejected_page(made, list(shown)),
        "kept": shown.paginator.count,
        "undo_told": undo_told(made, Published(Home.from_environment()).raw_from),
        "running": made.is_under_way,
    }
    return render(request, "pages/imports/result.html", context)


def _rejects(request: PageRequest, made: Import) -> Page[Reject]:
    rejects = Reject.objects.filter(origin=made.origin, status=Reject.Status.OPEN).order_by("position")
    return Paginator(rejects, A_PAGE).get_page(request.GET.get("page"))


def _kind(made: Import) -> str:
    return FILE_KINDS[made.kind].plural.in_language(language())


def taken_back_told(counts: Mapping[str, int]) -> list[str]:
    """What undoing an import came to, a sentence for each count that is not none."""
    told = {
        "removed": ngettext(
            "%(told)s new record went.", "%(told)s new records went.", counts.get("removed", 0)
        ),
        "restored": ngettext(
            "%(told)s changed record got its earlier values back.",
            "%(told)s changed records got their earlier values back.",
            counts.get("restored", 0),
        ),
        "kept": ngettext(
            "%(told)s was changed by something else since and stays as it is.",
            "%(told)s were changed by something else since and stay as they are.",
            counts.get("kept", 0),
        ),
        "along": ngettext(
            "%(told)s customer went with them: only events that were taken back before had made it.",
            "%(told)s customers went with them: only events that were taken back before had made them.",
            counts.get("along", 0),
        ),
        "events": ngettext(
            "%(told)s event was taken back.", "%(told)s events were taken back.", counts.get("events", 0)
        ),
        "customers": ngettext(
            "%(told)s customer that they alone had made went with them.",
            "%(told)s customers that they alone had made went with them.",
            counts.get("customers", 0),
        ),
        "staying": ngettext(
            "%(told)s is no longer kept by itself, or was erased with a person; it is not counted again when the file comes again.",
            "%(told)s are no longer kept one by one, or were erased with a person; they are not counted again when the file comes again.",
            counts.get("staying", 0),
        ),
        "waiting": ngettext(
            "%(told)s rejected row of an earlier import waits on the desk again.",
            "%(told)s rejected rows of earlier imports wait on the desk again.",
            counts.get("waiting", 0),
        ),
    }
    found = [text % {"told": words.number(counts[name])} for name, text in told.items() if counts.get(name)]
    return found or ([_("There was nothing to take back.")] if counts else [])


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
    """Try one corrected row again; taken, it leaves the list, and the counts follow."""
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
        context = {
            "row": rejected_row(made, found), "made": made, "open": True, "page": _rejects(request, made)
        }  # fmt: skip
        return render(request, "pages/imports/_row.html", context, status=422)
    return _taken(request, made)


def _taken(request: PageRequest, made: Import) -> HttpResponse:
    """The counts, and the row that moves up from the next page; where no row is left on this one, the whole anew."""
    made.refresh_from_db()
    told, shown = _("The row was taken in."), _rejects(request, made)
    if not shown.paginator.count or str(shown.number) != request.GET.get("page", "1"):
        toast_after(request, told)
        return HttpResponse(headers={"HX-Redirect": reverse("import", args=[made.pk])})
    rows = list(shown)
    context = {
        "made": made,
        "kind": _kind(made),
        "page": shown,
        "following": rejected_row(made, rows[-1]) if len(rows) == A_PAGE else None,
        "swapped": True,
    }
    return toast(render(request, "pages/imports/_taken.html", context), told)
