"""From a dropped file to a running import."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.audit import write_audit
from enishi.ingest.files.habits import LOOK
from enishi.ingest.files.importing import Tally, try_import
from enishi.ingest.files.jobs import queue_import
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.ingest.files.reading import ROW, ROW_TITLE
from enishi.ingest.files.receiving import (
    is_history,
    open_stored,
    propose,
    receive_file,
    remembered_system,
    remove_stored,
    settle_system,
)
from enishi.ingest.files.remarks import check_ids
from enishi.ingest.files.tables import Row, Table, open_table
from enishi.ingest.models import Import, Mapping
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import Kind
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.imports.reads import kind_titles, language, plan_from, told_warnings, workshop
from enishi.web.pages.imports.result_views import show_result
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 30
_TRIED = 5000
_MOST_BYTES = 4 << 30
ENCODINGS = (("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 (BOM)"), ("cp932", "Shift_JIS (CP932)"), ("euc_jp", "EUC-JP"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252"), ("cp1250", "Windows-1250"))  # fmt: skip


def find_import(number: int) -> Import:
    made = Import.objects.filter(pk=number).first()
    if made is None:
        raise Http404
    return made


def _being_prepared(number: int) -> Import:
    made = find_import(number)
    if made.status not in (Import.Status.MAPPING, Import.Status.FAILED):
        raise EnishiError(
            "import_started",
            Text("This import has been started already.", "この取り込みはすでに開始されています。"),
        )
    return made


@require_GET
@page(roles=LEADERS, whole_book=True)
def imports(request: PageRequest) -> HttpResponseBase:
    """Where files are dropped; what came before; saved mappings."""
    rows = Import.objects.all()
    if kind := request.GET.get("kind", ""):
        rows = rows.filter(kind=kind)
    context = {
        "tabs": setup_tabs(request.member, "imports"),
        "page": Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
        "kinds": kind_titles(),
        "titles": dict(kind_titles()),
        "kind": kind,
        "mappings": Mapping.objects.all()[:50],
    }
    return render(request, "pages/imports/imports.html", context)


@page(roles=LEADERS, whole_book=True)
@require_POST
def receive(request: PageRequest) -> HttpResponseBase:
    """Take a dropped file in and go on to its mapping."""
    file = request.FILES.get("file")
    kind = request.POST.get("kind", "")
    if not isinstance(file, UploadedFile) or not file.name or (file.size or 0) > _MOST_BYTES:
        raise EnishiError(
            "no_file", Text("Choose a file of at most 4 GB.", "4GB以下のファイルを選んでください。")
        )
    made = receive_file(
        Home.from_environment(),
        file.file,  # type: ignore[arg-type]
        file.name,
        kind=kind if kind in FILE_KINDS else "",
        actor=request.member,
        now=timezone.now(),
    )
    before = Import.objects.filter(digest=made.digest, kind=made.kind, status=Import.Status.DONE).first()
    if before:
        toast_after(request, _("The same file was imported before. Importing it again changes nothing."))
    return HttpResponseRedirect(reverse("import", args=[made.pk]))


@require_GET
@page(roles=LEADERS, whole_book=True)
def show(request: PageRequest, number: int) -> HttpResponseBase:
    """The page of an import, by how far it has come."""
    made = find_import(number)
    if made.status not in (Import.Status.MAPPING, Import.Status.FAILED) or not made.stored:
        return show_result(request, made)
    return _show_mapping(request, made, "pages/imports/mapping.html")


def _show_mapping(
    request: PageRequest,
    made: Import,
    template: str,
    *,
    tally: Tally | None = None,
    error: EnishiError | None = None,
    status: int = 200,
) -> HttpResponse:
    table = open_stored(Home.from_environment(), made)
    context = {
        "tabs": setup_tabs(request.member, "imports"),
        "made": made,
        "work": workshop(made, table),
        "table": table,
        "kinds": kind_titles(),
        "sheets": [(s, s) for s in made.details.get("sheets", "").split("\n") if s],
        "encodings": _encodings(made),
        "tally": tally,
        "warnings": told_warnings(made.kind, tally.warnings) if tally else [],
        "examples": _examples(tally, FILE_KINDS[made.kind]) if tally else [],
        "error": error.as_dict(language()) if error else None,
        "partial": template.endswith("_workshop.html"),
    }
    return render(request, template, context, status=status)


def _encodings(made: Import) -> list[tuple[str, str]]:
    """Those to choose from; the one that was found is among them."""
    found = made.details.get("encoding", "")
    return [*ENCODINGS, *([(found, found.upper())] if found and found not in dict(ENCODINGS) else [])]


def _examples(tally: Tally, kind: Kind) -> list[tuple[str, list[int]]]:
    """Why rows would be rejected, each reason once with the first rows it is about."""
    titles = {spec.name: spec.title for spec in kind.fields} | {ROW: ROW_TITLE}
    found: dict[str, list[int]] = {}
    for row, errors in tally.examples:
        for name, text in errors.items():
            title = titles[name].in_language(language()) if name in titles else name
            found.setdefault(f"{title}: {text.in_language(language())}", []).append(row.place)
    return list(found.items())[:20]


def _guess(kind: str, table: Table, rows: Sequence[Row]) -> dict[str, Any]:
    sample, delimiter = [cells for _place, cells in rows], table.details.get("delimiter", "")
    return propose(kind, table.columns, sample, delimiter).plan.as_json()


def _save_form(made: Import, request: PageRequest) -> Table:
    """Take over what the mapping form says; another kind, sheet or encoding starts the guess anew."""
    home, asked = Home.from_environment(), request.POST
    details = dict(made.details)
    for name in ("encoding", "sheet", "delimiter"):
        if asked.get(name) and name in details:
            details[name] = asked[name]
    kind = asked.get("kind", made.kind)
    if kind not in FILE_KINDS:
        kind = made.kind
    anew = details != made.details or kind != made.kind
    made.kind = kind
    table = open_table(home.uploads / made.stored, details, name=made.name)
    if anew:
        made.details, made.headings, made.total = {**details, **table.details}, table.columns, table.total
        rows = list(islice(table.rows(), LOOK))
        made.plan = _guess(kind, table, rows)
        made.system = remembered_system(kind, table.columns)
        settle_system(made, rows)
        made.backfill = is_history(made, rows)
    else:
        made.plan = plan_from(made, table, {k: str(v) for k, v in asked.items()}).as_json()
        named = asked.get("system_other", "").strip() or asked.get("system", "").strip()
        made.system = named[:60] or made.system
        made.backfill = asked.get("backfill", "") == "1"
    made.status, made.tried = Import.Status.MAPPING, False
    made.save()
    return table


@page(roles=LEADERS, whole_book=True)
@require_POST
def change(request: PageRequest, number: int) -> HttpResponseBase:
    """A changed mapping: saved, and shown with what it makes of the first rows."""
    made = _being_prepared(number)
    try:
        _save_form(made, request)
    except EnishiError as error:
        made.refresh_from_db()
        return _show_mapping(request, made, "pages/imports/_workshop.html", error=error)
    return _show_mapping(request, made, "pages/imports/_workshop.html")


@page(roles=LEADERS, whole_book=True)
@require_POST
def attempt(request: PageRequest, number: int) -> HttpResponseBase:
    """A dry run over the first rows."""
    made = _being_prepared(number)
    try:
        _save_form(made, request)
        tally = try_import(Home.from_environment(), made, timezone.now(), most=_TRIED)
    except EnishiError as error:
        return _show_mapping(request, made, "pages/imports/_workshop.html", error=error)
    return _show_mapping(request, made, "pages/imports/_workshop.html", tally=tally)


@page(roles=LEADERS, whole_book=True)
@require_POST
def run(request: PageRequest, number: int) -> HttpResponseBase:
    """Start the import in the background."""
    made = _being_prepared(number)
    try:
        _save_form(made, request)
        check_ids(made)
        queue_import(Home.from_environment(), made, actor=request.member)
    except EnishiError as error:
        return _show_mapping(request, made, "pages/imports/mapping.html", error=error, status=422)
    return HttpResponseRedirect(reverse("import", args=[made.pk]))


@page(roles=LEADERS, whole_book=True)
@require_POST
def discard(request: PageRequest, number: int) -> HttpResponseBase:
    """Throw a prepared file away."""
    made = _being_prepared(number)
    with transaction.atomic():
        write_audit(request.member, "file_discarded", made, detail={"kind": made.kind})
        remove_stored(Home.from_environment(), made)
        made.delete()
    toast_after(request, _("The file was thrown away. Nothing was imported."))
    return HttpResponseRedirect(reverse("imports"))


@page(roles=LEADERS, whole_book=True)
@require_POST
def forget_mapping(request: PageRequest, number: int) -> HttpResponseBase:
    """Forget a saved mapping; the next file with these headings is guessed at anew."""
    mapping = Mapping.objects.filter(pk=number).first()
    if mapping is None:
        raise Http404
    with transaction.atomic():
        write_audit(request.member, "mapping_forgotten", mapping, detail={"kind": mapping.kind})
        mapping.delete()
    toast_after(request, _("The mapping was forgotten."))
    return HttpResponseRedirect(reverse("imports"))
