"""A list as a file: the format that was asked for, and the answer that holds it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from enishi.reports.tables import Heading, Row, check_format, write_table

TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def asked_format(request: HttpRequest) -> str:
    """What kind of file is asked for; CSV if nothing is said.

    Raises:
        EnishiError: ``unknown_format``.
    """
    return check_format(request.GET.get("format", "csv"))


def table_answer(
    name: str, file_format: str, headings: Sequence[Heading], rows: Iterable[Row], *, title: str
) -> tuple[HttpResponse, int]:
    """The rows as a file to keep, under the house's name and ``name``; and how many there are."""
    ending = "xlsx" if file_format == "xlsx" else "csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{ending}"
        written = write_table(path, file_format, headings, rows, title=title)
        content = path.read_bytes()
    answer = HttpResponse(content, content_type=TYPES.get(ending, "text/csv"))
    answer["Content-Disposition"] = f'attachment; filename="enishi-{name}.{ending}"'
    return answer, written
