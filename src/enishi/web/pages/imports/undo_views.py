"""Undoing an import from its result page: records at once, events with the consumer's next pass."""

from __future__ import annotations

from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from enishi.ingest.files.jobs import undo
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.imports.result_views import found_import, taken_back_told


@page(roles=LEADERS, whole_book=True)
@require_POST
def take_back(request: PageRequest, number: int) -> HttpResponseBase:
    """Undo an import that is over."""
    made = found_import(number)
    if undo(made, actor=request.member, now=timezone.now()) is not None:
        toast_after(request, " ".join(taken_back_told(made.taken_back)))
    return HttpResponseRedirect(reverse("import", args=[number]))
