"""Teams: made, renamed, removed."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enishi.accounts.models import Role, Team
from enishi.web.feedback import toast_after
from enishi.web.guard import ADMINS, LEADERS, PageRequest, not_allowed, page
from enishi.web.members import delete_team, save_team
from enishi.web.pages.members.forms import TeamForm
from enishi.web.pages.members.reads import of_today
from enishi.web.pages.members.views import tabs


def _find(number: int) -> Team:
    team = Team.objects.filter(pk=number).first()
    if team is None:
        raise Http404
    return team


@page(roles=LEADERS)
def teams(request: PageRequest) -> HttpResponseBase:
    """The teams with their members and customers; administrators add one."""
    may_change = request.member.role == Role.ADMIN
    if request.method == "POST" and not may_change:
        raise not_allowed()
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        save_team(request.member, None, form.cleaned_data["name"])
        toast_after(request, _("Saved."))
        return HttpResponseRedirect(reverse("teams"))
    rows = Team.objects.annotate(
        people=Count("member", filter=Q(member__is_active=True), distinct=True),
        customers=Count("member__accounts", filter=of_today("member__accounts"), distinct=True),
    )
    context = {"teams": rows, "form": form, "may_change": may_change, "tabs": tabs("teams")}
    return render(request, "pages/members/teams.html", context, status=422 if form.errors else 200)


@page(roles=ADMINS)
def team(request: PageRequest, number: int) -> HttpResponseBase:
    """Rename a team."""
    subject = _find(number)
    form = TeamForm(request.POST or None, instance=Team.objects.get(pk=number))
    if request.method == "POST" and form.is_valid():
        save_team(request.member, subject, form.cleaned_data["name"])
        toast_after(request, _("Saved."))
        return HttpResponseRedirect(reverse("teams"))
    return render(
        request,
        "pages/members/team.html",
        {"team": subject, "form": form},
        status=422 if form.errors else 200,
    )


@page(roles=ADMINS)
@require_POST
def delete(request: PageRequest, number: int) -> HttpResponseBase:
    """Remove a team; its members stay."""
    subject = _find(number)
    delete_team(request.member, subject)
    toast_after(request, _("The team is gone; its members have no team now."))
    return HttpResponseRedirect(reverse("teams"))
