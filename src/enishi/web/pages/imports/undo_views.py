"""Undoing an import from its result page: records at once, events with the consumer's next pass."""

from __future__ import annotations

from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from enishi.accounts.removing import Undone
from enishi.ingest.files.jobs import undo
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.imports.result_views import found_import


@page(roles=LEADERS, whole_book=True)
@require_POST
def take_back(request: PageRequest, number: int) -> HttpResponseBase:
    """Undo an import that is over."""
    done = undo(found_import(number), actor=request.member, now=timezone.now())
    if done is not None:
        toast_after(request, _told(done))
    return HttpResponseRedirect(reverse("import", args=[number]))


def _told(done: Undone) -> str:
    changed = done.removed + done.restored
    text = ngettext("%(n)s record was taken back.", "%(n)s records were taken back.", changed) % {
        "n": changed
    }
    if done.kept:
        text += " " + ngettext(
            "%(n)s was changed since and stays.", "%(n)s were changed since and stay.", done.kept
        ) % {"n": done.kept}
    return text
