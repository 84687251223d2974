"""What people do about an offer: make it, set it aside, say what came of it, take it back."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.access import access_account
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Account
from enishi.growth import api as growth
from enishi.growth.actions import access_proposal
from enishi.kit import clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.web.feedback import back_to, toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.account.act_views import show_errors
from enishi.web.pages.growth.forms import ProposeForm, ResultForm, SetAsideForm
from enishi.web.pages.growth.present import kind_words, language, signs_of, target_words
from enishi.web.pages.portfolio.words import product_words
from enishi.work.api import ACTING_ROLES

ACTING = frozenset(ACTING_ROLES)


def _done(request: PageRequest, message: str, undo: str) -> HttpResponse:
    toast_after(request, message, undo=undo)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _dialog(
    request: PageRequest, form: forms.Form, address: str, title: str, submit: str, about: str
) -> HttpResponse:
    context = {"form": form, "address": address, "title": title, "submit": submit, "about": about}
    return render(request, "pages/growth/dialog.html", context)


def _offer_title(slug: str) -> str:
    found = growth.offer_titles().get(slug)
    if found is None:
        raise NotFound(
            "unknown_offer",
            Text(f"There is no offer '{slug}'.", f"「{slug}」という提案はカタログにありません。"),
        )
    return found.in_language(language())


def _about(account: Account, slug: str) -> dict[str, Any]:
    """What the task says: the offer, what exactly, and the signs."""
    title = _offer_title(slug)
    row = growth.Readiness.objects.filter(account=account, offer=slug).first()
    if row is None:
        return {"title": _("Talk about: %(offer)s") % {"offer": title}, "note": ""}
    exactly = target_words(
        row.kind, row.target, product_words([row.target["product"]] if row.target.get("product") else [])
    )
    words = f"{title} ({exactly})" if exactly else title
    return {
        "title": _("Talk about: %(offer)s") % {"offer": words},
        "note": "\n".join(f"- {sign.text}" for sign in signs_of(row)),
    }


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def propose(request: PageRequest, number: int, offer: str) -> HttpResponse:
    """Make the offer: a task for somebody."""
    now = clock.system_clock()
    account = access_account(request.member, number)
    form = ProposeForm(
        request.POST if request.method == "POST" else None,
        member=request.member, account=account, today=company_day(now), initial=_about(account, offer),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = growth.propose(
                request.member, account.pk, offer, form.cleaned_data["title"], now=now,
                due_on=form.cleaned_data["due_on"], assignee=form.cleaned_data["assignee"], note=form.cleaned_data["note"],
            )  # fmt: skip
        except EnishiError as error:
            show_errors(form, error)
        else:
            return _done(
                request,
                _("The task is made; the offer counts as under discussion."),
                reverse("growth-undo", args=[made.pk]),
            )
    return _dialog(
        request,
        form,
        reverse("growth-propose", args=[number, offer]),
        _("Make the offer"),
        _("Make the task"),
        f"{account.name} · {_offer_title(offer)}",
    )


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def set_aside(request: PageRequest, number: int, offer: str) -> HttpResponse:
    """Not now, with a reason and until when."""
    now = clock.system_clock()
    account = access_account(request.member, number)
    form = SetAsideForm(request.POST if request.method == "POST" else None, today=company_day(now))
    if request.method == "POST" and form.is_valid():
        try:
            made = growth.set_aside(
                request.member,
                account.pk,
                offer,
                form.cleaned_data["reason"],
                form.cleaned_data["until"],
                now=now,
            )
        except EnishiError as error:
            show_errors(form, error)
        else:
            return _done(request, _("Set aside."), reverse("growth-undo", args=[made.pk]))
    return _dialog(
        request,
        form,
        reverse("growth-aside", args=[number, offer]),
        _("Set the offer aside"),
        _("Set aside"),
        f"{account.name} · {_offer_title(offer)}",
    )


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def result(request: PageRequest, number: int) -> HttpResponse:
    """What came of an offer."""
    now = clock.system_clock()
    proposal = access_proposal_to_show(request, number)
    form = ResultForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        amount = form.cleaned_data["amount"]
        minor = (
            None if amount is None else round(amount * 10 ** get_currency_precision(get_company().currency))
        )
        try:
            growth.record_result(
                request.member,
                number,
                form.cleaned_data["won"] == "1",
                now=now,
                amount=minor,
                reason=form.cleaned_data["reason"],
            )
        except EnishiError as error:
            show_errors(form, error)
        else:
            return _done(request, _("Recorded."), reverse("growth-undo", args=[number]))
    title = growth.offer_titles().get(proposal.offer)
    about = f"{proposal.account.name} · {title.in_language(language()) if title else kind_words().get(proposal.kind, '')}"
    return _dialog(
        request,
        form,
        reverse("growth-result", args=[number]),
        _("What came of the offer"),
        pgettext("offer", "Record"),
        about,
    )


def access_proposal_to_show(request: PageRequest, number: int) -> growth.Proposal:
    from django.db import transaction

    with transaction.atomic():
        return access_proposal(request.member, number)


@require_POST
@page(roles=ACTING)
def undo(request: PageRequest, number: int) -> HttpResponse:
    """Take the last step about an offer back."""
    growth.undo(request.member, number, now=clock.system_clock())
    toast_after(request, _("Taken back."))
    return back_to(request, reverse("growth-record"))


@require_POST
@page(roles=LEADERS)
def use_version(request: PageRequest, number: int) -> HttpResponse:
    """Let another version of a probability speak."""
    growth.use_fit(request.member, number, now=clock.system_clock())
    toast_after(request, _("Put in use; the customers are judged by it within minutes."))
    return redirect(f"{reverse('growth-record')}#trust")
