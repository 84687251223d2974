"""The list of members and one member."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Role, Team
from enishi.kit.errors import EnishiError
from enishi.web import members as acts
from enishi.web.asking import number_in
from enishi.web.factors import has_factor, remove_factor
from enishi.web.feedback import back_to, toast_after
from enishi.web.guard import ADMINS, LEADERS, PageRequest, page
from enishi.web.locks import unlock_member
from enishi.web.pages.members.forms import HeirForm, InviteForm, RightsForm
from enishi.web.pages.members.hand_over_views import hand_overs_shown, told_back, told_over
from enishi.web.pages.members.reads import Filters, door_of, held_by, list_members, state_of
from enishi.web.pages.portfolio.reads import forget_counts
from enishi.work import api as work
from enishi.work.api import check_may_own, may_act

A_PAGE = 50
LEAVE = "id_leave_%s"  # the second form of heirs on a page


def find_member(number: int) -> Member:
    member = Member.objects.select_related("team", "invitation").filter(pk=number).first()
    if member is None:
        raise Http404
    return member


def tabs(current: str) -> list[dict[str, object]]:
    return [
        {
            "title": _("Members"),
            "address": reverse("members"),
            "current": current == "members",
            "count": None,
        },
        {"title": _("Teams"), "address": reverse("teams"), "current": current == "teams", "count": None},
    ]


@require_GET
@page(roles=LEADERS)
def members(request: PageRequest) -> HttpResponseBase:
    """Everyone, narrowed and page by page."""
    return _list(request, InviteForm())


def _list(request: PageRequest, form: InviteForm, status: int = 200) -> HttpResponseBase:
    asked = request.GET
    filters = Filters(
        asked.get("q", ""), asked.get("role", ""), asked.get("team", ""), asked.get("state", "")
    )
    shown = Paginator(list_members(filters), A_PAGE).get_page(asked.get("page"))
    now, company = timezone.now(), get_company()
    context = {
        "page": shown,
        "rows": [
            (member, state_of(member, now), door_of(member, company, getattr(member, "has_factor", False)))
            for member in shown
        ],
        "filters": filters,
        "roles": Role.choices,
        "teams": list(Team.objects.values_list("pk", "name")),
        "states": [("active", _("Active")), ("invited", _("Invited")), ("inactive", _("Deactivated"))],
        "form": form,
        "open_invite": bool(form.errors) or "invite" in asked,
        "may_change": request.member.role == Role.ADMIN,
        "tabs": tabs("members"),
    }
    return render(request, "pages/members/members.html", context, status=status)


@page(roles=ADMINS)
@require_POST
def invite_member(request: PageRequest) -> HttpResponseBase:
    """Invite somebody by mail."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invited = acts.invite(request.member, form.cleaned_data, timezone.now())
        except EnishiError as refusal:
            for name, text in refusal.fields.items():
                form.add_error(name, text.in_language(request.member.language))
        else:
            toast_after(request, _("The invitation is on its way to %(email)s.") % {"email": invited.email})
            return HttpResponseRedirect(reverse("members"))
    return _list(request, form, status=422)


@page(roles=ADMINS)
def member(request: PageRequest, number: int) -> HttpResponseBase:
    """One member: rights, invitation, hand-over, end."""
    subject = find_member(number)
    form = RightsForm(request.POST or None, instance=Member.objects.get(pk=number))
    if request.method == "POST" and form.is_valid():
        changed = acts.change_member(request.member, subject, form.cleaned_data)
        toast_after(request, _("Saved.") if changed else _("Nothing was changed."))
        left = "role" in changed and not may_act(subject) and held_by(subject).all
        return HttpResponseRedirect(reverse("member", args=[number]) if left else reverse("members"))
    return _show(request, subject, form=form)


def _show(
    request: PageRequest,
    subject: Member,
    *,
    form: RightsForm | None = None,
    heirs: HeirForm | None = None,
    leave: HeirForm | None = None,
) -> HttpResponseBase:
    """A member's page, with the form that was filled in wrongly, if any."""
    held = held_by(subject)
    context = {
        "subject": subject,
        "state": state_of(subject, timezone.now()),
        "form": form or RightsForm(instance=Member.objects.get(pk=subject.pk)),
        "door": door_of(subject, get_company(), has_factor(subject)),
        "has_factor": has_factor(subject),
        "heirs": heirs or HeirForm(leaving=subject),
        "leave": leave or HeirForm(leaving=subject, auto_id=LEAVE),
        "held": held,
        "handed": hand_overs_shown(subject),
        "stranded": held.all and not may_act(subject),
        "self": subject.pk == request.member.pk,
    }
    wrong = any(one and one.errors for one in (form, heirs, leave))
    return render(request, "pages/members/member.html", context, status=422 if wrong else 200)


@page(roles=ADMINS)
@require_POST
def send_again(request: PageRequest, number: int) -> HttpResponseBase:
    """Send the invitation once more; the earlier link stops working."""
    subject = find_member(number)
    acts.send_invitation(request.member, subject, timezone.now())
    toast_after(request, _("The invitation is on its way to %(email)s.") % {"email": subject.email})
    return HttpResponseRedirect(reverse("members"))


@page(roles=ADMINS)
@require_POST
def revoke(request: PageRequest, number: int) -> HttpResponseBase:
    """Take the invitation back."""
    subject = find_member(number)
    acts.revoke_invitation(request.member, subject)
    toast_after(request, _("The invitation of %(email)s was taken back.") % {"email": subject.email})
    return HttpResponseRedirect(reverse("members"))


def _heirs_asked(request: PageRequest, subject: Member, auto_id: str = "id_%s") -> HeirForm:
    number = number_in(request.POST.get("heir"))
    if chosen := Member.objects.filter(pk=number).first() if number is not None else None:
        check_may_own(chosen)
    return HeirForm(request.POST, leaving=subject, auto_id=auto_id)


@page(roles=ADMINS)
@require_POST
def deactivate_member(request: PageRequest, number: int) -> HttpResponseBase:
    """Shut a member out and hand the customers over."""
    subject = find_member(number)
    heir = None
    if held_by(subject).all:
        form = _heirs_asked(request, subject, LEAVE)
        if not form.is_valid():
            return _show(request, subject, leave=form)
        heir = form.cleaned_data["heir"]
    handed = acts.deactivate(request.member, subject, heir)
    told, undo = _("%(email)s can no longer sign in.") % {"email": subject.email}, ""
    if handed:
        told, undo = f"{told} {told_over(len(handed.numbers), heir)}", f"?handed-over={handed.line.pk}"
    toast_after(request, told, undo=reverse("member-reactivate", args=[number]) + undo)
    return HttpResponseRedirect(reverse("members"))


@page(roles=ADMINS)
@require_POST
def reactivate_member(request: PageRequest, number: int) -> HttpResponseBase:
    """Let a member in again; ``handed-over`` names the hand-over that is taken back along with it."""
    subject, handed = find_member(number), number_in(request.GET.get("handed-over"))
    if not subject.has_usable_password():
        acts.send_invitation(request.member, subject, timezone.now())
    else:
        acts.reactivate(request.member, subject)
    told = _("%(email)s can sign in again.") % {"email": subject.email}
    if handed is not None:
        made = work.find_hand_over(request.member, handed)
        told += " " + told_back(made, work.take_back(request.member, made, now=timezone.now()))
    toast_after(request, told)
    return back_to(request, reverse("members"))


@page(roles=ADMINS)
@require_POST
def hand_over_accounts(request: PageRequest, number: int) -> HttpResponseBase:
    """Give a member's customers to another."""
    subject = find_member(number)
    form = _heirs_asked(request, subject)
    if not form.is_valid():
        return _show(request, subject, heirs=form)
    heir = form.cleaned_data["heir"]
    if handed := acts.hand_over(request.member, subject, heir):
        forget_counts()
        undo = reverse("handed-over", args=[handed.line.pk])
        toast_after(request, told_over(len(handed.numbers), heir), undo=undo)
    return HttpResponseRedirect(reverse("member", args=[number]))


@page(roles=ADMINS)
@require_POST
def unlock(request: PageRequest, number: int) -> HttpResponseBase:
    """Let a member who mistyped the password try again at once."""
    subject = find_member(number)
    done = unlock_member(request.member, subject)
    toast_after(request, _("The sign-in is unlocked.") if done else _("The sign-in is not locked."))
    return HttpResponseRedirect(reverse("member", args=[number]))


@page(roles=ADMINS)
@require_POST
def take_factor_away(request: PageRequest, number: int) -> HttpResponseBase:
    """For a member who lost the phone: the password alone opens again, and their sessions end."""
    subject = find_member(number)
    if subject.pk == request.member.pk:
        return HttpResponseRedirect(reverse("mfa_index"))
    done = remove_factor(request.member, subject)
    toast_after(request, _("The second factor is removed.") if done else _("There is no second factor."))
    return HttpResponseRedirect(reverse("member", args=[number]))
