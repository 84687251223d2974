"""Definitions as text files: take them all out, bring some in, see what each would change."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.definitions.api import export_folder, import_folder, list_published
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health.tabs import tabs

KINDS = ("metric", "scorecard", "causes", "tiers", "stages", "names", "offer", "fit")
ENDINGS = (".yaml", ".yml", ".json")
LARGEST = 2_000_000
MOST_FILES = 500


@require_GET
@page()
def definitions(request: PageRequest) -> HttpResponse:
    """What is in force of every kind."""
    rows = [(kind, list_published(kind)) for kind in KINDS]
    context = {"tabs": tabs("health-definitions"), "rows": rows, "edits": request.member.role in LEADERS}
    return render(request, "pages/health/definitions.html", context)


@require_GET
@page(roles=LEADERS)
def export(request: PageRequest) -> HttpResponse:
    """Every definition in force as a folder of YAML files, zipped."""
    buffer = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in export_folder(Path(folder)):
            archive.write(path, path.relative_to(folder).as_posix())
    write_audit(request.member, "definitions_exported", "definitions")
    name = f"enishi-definitions-{company_day(system_clock()):%Y%m%d}.zip"
    answer = HttpResponse(buffer.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _refuse(en: str, ja: str) -> EnishiError:
    hint = Text(
        "Send one YAML or JSON file, or a zip of them.", "YAML・JSONファイル、またはそのZIPをお送りください。"
    )
    return EnishiError("bad_upload", Text(en, ja), hint)


def unpack(name: str, content: bytes, folder: Path) -> int:
    """Lay an upload out as files below ``folder``; the number of files. Names never lead outside it."""
    if len(content) > LARGEST:
        raise _refuse("The file is larger than 2 MB.", "ファイルが2MBを超えています。")
    if not name.lower().endswith(".zip"):
        if not name.lower().endswith(ENDINGS):
            raise _refuse(f"{name} is not a definitions file.", f"{name} は定義ファイルではありません。")
        (folder / PurePosixPath(name).name).write_bytes(content)
        return 1
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise _refuse("The zip file is damaged.", "ZIPファイルが壊れています。") from error
    entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(ENDINGS)]
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > 10 * LARGEST:
        raise _refuse("The zip file holds too much.", "ZIPファイルの中身が大きすぎます。")
    for index, entry in enumerate(entries):
        (folder / f"{index:03d}-{PurePosixPath(entry.filename).name}").write_bytes(
            _read_entry(archive, entry)
        )
    return len(entries)


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & 1:
        raise _refuse(
            "The zip file is locked with a password.",
            "ZIPファイルにパスワードが設定されています。解除してからお送りください。",
        )
    try:
        with archive.open(entry) as packed:
            return packed.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _refuse("The zip file is damaged.", "ZIPファイルが壊れています。") from error


@require_POST
@page(roles=LEADERS)
def bring_in(request: PageRequest) -> HttpResponse:
    """Read files as drafts, or put them in force at once; a dry run only says what would happen."""
    upload = request.FILES.get("file")
    if upload is None:
        raise _refuse("Choose a file.", "ファイルを選択してください。")
    act = request.POST.get("act", "check")
    with tempfile.TemporaryDirectory() as folder:
        unpack(upload.name or "", upload.read(LARGEST + 1), Path(folder))
        results = import_folder(
            Path(folder),
            actor=request.member,
            now=system_clock(),
            publish_now=act == "publish",
            dry_run=act == "check",
        )
    if act != "check":
        toast_after(request, _("The files are read."))
    context = {"tabs": tabs("health-definitions"), "results": results, "act": act, "name": upload.name}
    return render(request, "pages/health/definitions_in.html", context)
