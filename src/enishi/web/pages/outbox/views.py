"""The mails Enishi sends: what waits, what went, what was given up and why."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.outreach.api import Message, cancel, send_again
from enishi.web.feedback import toast_after
from enishi.web.guard import ADMINS, PageRequest, page

A_PAGE = 50
# The links in these letters let their reader in; nobody else may read them.
SECRET_KINDS = frozenset({"invitation", "password_reset_key"})


def _find(number: int) -> Message:
    found = Message.objects.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _narrowed(status: str, query: str) -> QuerySet[Message]:
    messages = Message.objects.defer("text", "html").order_by("-made_at", "-id")
    if status in Message.Status.values:
        messages = messages.filter(status=status)
    if query:
        messages = messages.filter(address__icontains=query)
    return messages


@require_GET
@page(roles=ADMINS)
def outbox(request: PageRequest) -> HttpResponseBase:
    """The messages, newest first."""
    status, query = request.GET.get("status", ""), request.GET.get("q", "").strip()
    counts = dict(Message.objects.order_by().values_list("status").annotate(n=Count("pk")))
    context = {
        "page": Paginator(_narrowed(status, query), A_PAGE).get_page(request.GET.get("page")),
        "chips": [(value, title, counts.get(value, 0)) for value, title in Message.Status.choices],
        "status": status,
        "query": query,
    }
    return render(request, "pages/outbox/outbox.html", context)


@require_GET
@page(roles=ADMINS)
def message(request: PageRequest, number: int) -> HttpResponseBase:
    """One message as it was written."""
    found = _find(number)
    context = {"message": found, "secret": found.kind in SECRET_KINDS}
    return render(request, "pages/outbox/message.html", context)


@page(roles=ADMINS)
@require_POST
def again(request: PageRequest, number: int) -> HttpResponseBase:
    """Try a message that was given up once more."""
    send_again(_find(number), request.member, timezone.now())
    toast_after(request, _("The message is in the queue again."))
    return HttpResponseRedirect(reverse("outbox-message", args=[number]))


@page(roles=ADMINS)
@require_POST
def cancel_message(request: PageRequest, number: int) -> HttpResponseBase:
    """Stop a message that has not gone out."""
    cancel(_find(number), request.member)
    toast_after(request, _("The message is cancelled."))
    return HttpResponseRedirect(reverse("outbox-message", args=[number]))
