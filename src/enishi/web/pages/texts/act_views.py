"""Correcting a judgement in place, learning anew, going back to a version."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.kit import clock
from enishi.texts import api as room
from enishi.web.feedback import back_to, toast, toast_after
from enishi.web.guard import LEADERS, WORKERS, PageRequest, page
from enishi.web.pages.texts.views import chip_of
from enishi.web.pages.texts.words import choices


@require_http_methods(["GET", "POST"])
@page(roles=WORKERS)
def correct(request: PageRequest, number: int) -> HttpResponse:
    """The judgement as a form, and back with what the person said."""
    if request.method == "GET":
        row = room.access_judgement(request.member, number)
        return render(request, "pages/texts/form.html", {"row": row, **choices()})
    tone, topic = request.POST.get("tone", ""), request.POST.get("topic", "")
    row = room.correct_judgement(
        request.member,
        number,
        tone=tone,
        topic=topic,
        now=clock.system_clock(),
        digest=request.POST.get("digest", ""),
    )
    undo = reverse("text-withdraw", args=[number])
    return toast(chip_of(request, row), _("Corrected. The next version learns from it."), undo=undo)


@require_POST
@page(roles=WORKERS)
def withdraw(request: PageRequest, number: int) -> HttpResponse:
    """Let the model's word hold again."""
    row = room.withdraw_correction(request.member, number, now=clock.system_clock())
    if request.headers.get("HX-Target", "").startswith("text-"):
        return toast(chip_of(request, row), _("The correction is taken back."))
    toast_after(request, _("The correction is taken back."))
    return back_to(request, reverse("texts-corrections"))


@require_POST
@page(roles=LEADERS)
def learn(request: PageRequest) -> HttpResponse:
    """Have the worker learn a version from the corrections."""
    room.ask_learning(request.member)
    toast_after(request, _("Learning has begun."))
    return back_to(request, reverse("texts"))


@require_POST
@page(roles=LEADERS)
def use(request: PageRequest, number: int) -> HttpResponse:
    """Go back to a version that was in use before."""
    room.use_version(number, member=request.member, now=clock.system_clock())
    toast_after(request, _("Version %(n)s is in use. Texts are read again by it.") % {"n": number})
    return back_to(request, reverse("texts"))
