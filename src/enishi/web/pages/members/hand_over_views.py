"""One hand-over of customers: who went where, whose they are now, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Member
from enishi.web import words
from enishi.web.actors import names_by_mail
from enishi.web.feedback import back_to, toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.portfolio.reads import forget_counts
from enishi.work import api as work
from enishi.work.api import HandOver, TakenBack

A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """A hand-over in words."""

    made: HandOver
    before: str
    after: str


def _shown(made: HandOver, names: dict[str, str]) -> Shown:
    def said(mail: str) -> str:
        return names.get(mail.lower(), mail) or pgettext("owner", "Nobody")

    return Shown(made, ", ".join(said(mail) for mail in made.held), said(made.to))


def hand_overs_shown(member: Member) -> list[Shown]:
    """The last hand-overs of a member's customers."""
    names = names_by_mail()
    return [_shown(one, names) for one in work.hand_overs_of(member)]


def told_over(moved: int, heir: Member | None) -> str:
    if heir is None:
        told = ngettext(
            "%(count)s customer has no owner now.", "%(count)s customers have no owner now.", moved
        )
        return told % {"count": f"{moved:,}"}
    told = ngettext(
        "%(count)s customer was handed over to %(name)s.",
        "%(count)s customers were handed over to %(name)s.",
        moved,
    )
    return told % {"count": f"{moved:,}", "name": words.person(heir)}


def told_back(made: HandOver, done: TakenBack) -> str:
    """What came back, to whom, and what did not."""
    if not done.moved:
        return _("No customer went back: all were given on since, or their owner may no longer hold any.")
    told = ngettext(
        "%(count)s customer is back with %(name)s.", "%(count)s customers are back with %(name)s.", done.moved
    ) % {"count": f"{done.moved:,}", "name": _shown(made, names_by_mail()).before}
    if not done.kept:
        return told
    more = ngettext(
        "%(count)s stays where it is: given on since, or the owner may no longer hold any.",
        "%(count)s stay where they are: given on since, or the owner may no longer hold any.",
        done.kept,
    )
    return f"{told} " + more % {"count": f"{done.kept:,}"}


@page(roles=LEADERS)
def handed_over(request: PageRequest, number: int) -> HttpResponseBase:
    """The customers of a hand-over; posted to, it is taken back."""
    made = work.find_hand_over(request.member, number)
    if request.method == "POST":
        done = work.take_back(request.member, made, now=timezone.now())
        forget_counts()
        toast_after(request, told_back(made, done), kind="info" if done.moved else "error")
        return back_to(request, reverse("handed-over", args=[number]))
    accounts = visible_accounts(request.member).filter(pk__in=made.numbers)
    ordered = accounts.select_related("owner", "state").order_by("name_kana", "name", "pk")
    able = {pk for mail in made.owners() for pk in made.held[mail]}
    context = {
        "shown": _shown(made, names_by_mail()),
        "page": Paginator(ordered, A_PAGE).get_page(request.GET.get("page")),
        "able": sum(one.pk in able for one in made.still_held()),
        "may_see_members": request.member.role == "admin",
    }
    return render(request, "pages/members/hand_over.html", context)
