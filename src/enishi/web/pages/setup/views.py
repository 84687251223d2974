"""From empty to the first score, and the list of sources."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import get_company
from enishi.ingest.models import Reject, WriteKey
from enishi.web.guard import ADMINS, LEADERS, PageRequest, page
from enishi.web.models import BackgroundJob
from enishi.web.pages.setup.actions import make_first_key, start_job
from enishi.web.pages.setup.forms import calendar_words
from enishi.web.pages.setup.frame import setup_tabs
from enishi.web.pages.setup.jobs import SAMPLE, SCORE
from enishi.web.pages.setup.reads import list_sources, read_progress
from enishi.web.pages.setup.snippets import write_snippets


@require_GET
@page(roles=LEADERS)
def setup(request: PageRequest) -> HttpResponseBase:
    """The checklist and the sources."""
    return _show(request)


def _show(request: PageRequest, clear_key: str = "") -> HttpResponseBase:
    home = settings.CONFIGURATION.home
    key = WriteKey.objects.filter(revoked_at__isnull=True).first()
    shown = clear_key or (key.shown if key else "YOUR_WRITE_KEY")
    context = {
        "tabs": setup_tabs(
            request.member, "setup", {"rejects": Reject.objects.filter(status=Reject.Status.OPEN).count()}
        ),
        "progress": read_progress(get_company(), home),
        "calendar": calendar_words(get_company()),
        "sources": list_sources(home, timezone.localdate()),
        "snippets": write_snippets(settings.CONFIGURATION.url, shown),
        "clear_key": clear_key,
        "key": key,
        "jobs": {
            job.kind: job
            for job in BackgroundJob.objects.filter(status__in=["queued", "running"]).order_by("asked_at")
        },
        "failed": BackgroundJob.objects.filter(status="failed").first(),
        "imports_address": reverse("imports"),
        "keys_address": reverse("keys"),
        "rejects_address": reverse("rejects"),
    }
    return render(request, "pages/setup/setup.html", context)


@require_GET
@page(roles=LEADERS)
def arrived(request: PageRequest) -> HttpResponseBase:
    """Whether the first facts are here: asked for by the guide while it waits; the key beside it stays on the page."""
    progress = read_progress(get_company(), settings.CONFIGURATION.home)
    return render(request, "pages/setup/_arrived.html", {"progress": progress})


@page(roles=ADMINS)
@never_cache
@require_POST
def first_key(request: PageRequest) -> HttpResponseBase:
    """Make the first write key and show the snippets with it, this one time."""
    if WriteKey.objects.filter(revoked_at__isnull=True).exists():
        return HttpResponseRedirect(reverse("setup"))
    return _show(request, make_first_key(request.member, _("First product")))


@page(roles=ADMINS)
@require_POST
def load_sample(request: PageRequest) -> HttpResponseBase:
    """Load the sample company."""
    start_job(request.member, SAMPLE)
    return HttpResponseRedirect(reverse("setup"))


@page(roles=LEADERS)
@require_POST
def score_now(request: PageRequest) -> HttpResponseBase:
    """Score every account now."""
    start_job(request.member, SCORE)
    return HttpResponseRedirect(reverse("setup"))


@require_GET
@page(roles=LEADERS)
def job(request: PageRequest, number: int) -> HttpResponseBase:
    """The progress line of a job, asked for by the page each second; when it is over the page loads anew."""
    found = BackgroundJob.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    answer = render(request, "pages/setup/job.html", {"job": found})
    if found.over:
        answer.headers["HX-Refresh"] = "true"
    return answer
