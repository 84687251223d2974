"""Ids that lead nowhere, and those that do."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import visible_accounts
from enishi.accounts.linking import Wanted, link_ids, unlink_id
from enishi.accounts.models import Contact, OutsideId
from enishi.accounts.search import named
from enishi.ingest.api import UnmatchedGroup, UnmatchedUser, list_unmatched_groups, list_unmatched_users
from enishi.ingest.identity import (
    AccountIndex,
    Suggestion,
    accept,
    make_accounts,
    suggest_groups,
    suggest_users,
)
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text, fold
from enishi.web.asking import number_in
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.identity.frame import chosen_account, desk_tabs, language, search_accounts
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 50
_MOST = 5000


def _row_key(system: str, value: str) -> str:
    return f"{system}\t{value}"


def _row(
    found: UnmatchedGroup | UnmatchedUser, value: str, suggestion: Suggestion | None
) -> dict[str, object]:
    return {
        "key": _row_key(found.system, value),
        "system": found.system,
        "value": value,
        "events": found.events,
        "users": getattr(found, "users", None),
        "email": getattr(found, "email", ""),
        "first": found.first_day,
        "last": found.last_day,
        "account": suggestion.account if suggestion else None,
        "contact": suggestion.contact if suggestion else None,
        "why": suggestion.why.in_language(language()) if suggestion else "",
    }


@require_GET
@page(roles=LEADERS)
def groups(request: PageRequest) -> HttpResponseBase:
    """Groups of the product that are no customer yet, with what they probably are."""
    found = _narrowed(list_unmatched_groups(Home.from_environment(), _MOST), request.GET.get("q", ""))
    shown = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    index = AccountIndex(visible_accounts(request.member))
    rows = [_row(g, g.group_id, s) for g, s in zip(shown, suggest_groups(list(shown), index), strict=True)]
    context = {
        "tabs": setup_tabs(request.member, "identity"),
        "desk": desk_tabs("identity"),
        "page": shown,
        "rows": rows,
        "q": request.GET.get("q", ""),
        "suggested": any(row["account"] for row in rows),
    }
    return render(request, "pages/identity/groups.html", context)


def _narrowed(found: list[UnmatchedGroup], text: str) -> list[UnmatchedGroup]:
    wanted = fold(text)
    return [group for group in found if wanted in fold(group.group_id)] if wanted else found


@require_GET
@page(roles=LEADERS)
def users(request: PageRequest) -> HttpResponseBase:
    """People of the product who belong to no customer yet."""
    wanted = fold(request.GET.get("q", ""))
    found = list_unmatched_users(Home.from_environment(), _MOST)
    if wanted:
        found = [user for user in found if wanted in fold(f"{user.user_id} {user.email}")]
    shown = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    index = AccountIndex(visible_accounts(request.member))
    rows = [_row(u, u.user_id, s) for u, s in zip(shown, suggest_users(list(shown), index), strict=True)]
    context = {
        "tabs": setup_tabs(request.member, "identity"),
        "desk": desk_tabs("identity-users"),
        "page": shown,
        "rows": rows,
        "q": request.GET.get("q", ""),
        "suggested": any(row["account"] for row in rows),
    }
    return render(request, "pages/identity/users.html", context)


def _picked(request: PageRequest) -> list[tuple[str, str, str]]:
    """The ticked rows: system, id, and the field that names the account for it."""
    picked = []
    for text in request.POST.getlist("pick"):
        number, _bar, key = text.partition(":")
        system, tab, value = key.partition("\t")
        if tab and number_in(number) is not None:
            picked.append((system, value, number))
    return picked


@page(roles=LEADERS)
@require_POST
def settle_groups(request: PageRequest) -> HttpResponseBase:
    """Link the ticked groups to the accounts beside them, or make accounts of them."""
    picked, now = _picked(request), timezone.now()
    if request.POST.get("verb") == "make":
        made = make_accounts([(system, value) for system, value, _n in picked], actor=request.member, now=now)
        text = ngettext("%(n)s customer was made.", "%(n)s customers were made.", made) % {"n": made}
    else:
        wanted = [
            Wanted(system, value, account)
            for system, value, number in picked
            if (account := chosen_account(request.member, request.POST.get(f"account-{number}", "")))
        ]
        linked = accept(wanted, actor=request.member, now=now)
        text = ngettext("%(n)s id was linked.", "%(n)s ids were linked.", linked) % {"n": linked}
    toast_after(request, text)
    return HttpResponseRedirect(reverse("identity"))


@page(roles=LEADERS)
@require_POST
def settle_users(request: PageRequest) -> HttpResponseBase:
    """Link the ticked users to the accounts (and contacts) beside them."""
    wanted = []
    for system, value, number in _picked(request):
        account = chosen_account(request.member, request.POST.get(f"account-{number}", ""))
        if account:
            contact = Contact.objects.filter(
                pk=_number(request, f"contact-{number}"), account=account
            ).first()
            wanted.append(Wanted(system, value, account, contact, OutsideId.Target.USER))
    linked = accept(wanted, actor=request.member, now=timezone.now())
    toast_after(request, ngettext("%(n)s id was linked.", "%(n)s ids were linked.", linked) % {"n": linked})
    return HttpResponseRedirect(reverse("identity-users"))


def _number(request: PageRequest, name: str) -> int:
    return number_in(request.POST.get(name)) or 0


@require_GET
@page(roles=LEADERS)
def find_accounts(request: PageRequest) -> HttpResponseBase:
    """Options for a field that names an account, as one types."""
    text = next((str(value) for name, value in request.GET.items() if name != "csrfmiddlewaretoken"), "")
    found = search_accounts(request.member, text.partition(" #")[0])[:20] if len(text) > 0 else []
    return render(request, "pages/identity/_options.html", {"accounts": found})


@require_GET
@page(roles=LEADERS)
def ids(request: PageRequest) -> HttpResponseBase:
    """Which id of which system leads where."""
    text = request.GET.get("q", "").strip()
    rows = OutsideId.objects.filter(account__in=visible_accounts(request.member)).select_related(
        "account", "contact"
    )
    if system := request.GET.get("system", ""):
        rows = rows.filter(system=system)
    if text:
        rows = rows.filter(value__icontains=text) | rows.filter(named(text, "account__"))
    systems = OutsideId.objects.order_by("system").values_list("system", flat=True).distinct()
    context = {
        "tabs": setup_tabs(request.member, "identity"),
        "desk": desk_tabs("identity-ids"),
        "page": Paginator(rows.order_by("-made_at", "-pk"), A_PAGE).get_page(request.GET.get("page")),
        "q": text,
        "system": system,
        "systems": [(name, name) for name in systems[:100]],
    }
    return render(request, "pages/identity/ids.html", context)


@page(roles=LEADERS)
@require_POST
def add_id(request: PageRequest) -> HttpResponseBase:
    """Let an outside id lead to an account."""
    account = chosen_account(request.member, request.POST.get("account", ""))
    system, value = request.POST.get("system", "").strip(), request.POST.get("value", "").strip()
    if not account or not system or not value or len(system) > 60 or len(value) > 250:
        raise EnishiError(
            "id_incomplete",
            Text("Name the system, the id and the customer.", "システム、ID、顧客をすべて指定してください。"),
        )
    target = OutsideId.Target.USER if request.POST.get("target") == "user" else OutsideId.Target.ACCOUNT
    wanted = Wanted(system, value, account, None, target)
    from_now = request.POST.get("since") == "now"
    link_ids([wanted], actor=request.member, now=timezone.now(), from_now=from_now)
    toast_after(request, _("The id leads to %(name)s.") % {"name": account.name})
    return HttpResponseRedirect(reverse("identity-ids"))


@page(roles=LEADERS)
@require_POST
def unlink(request: PageRequest, number: int) -> HttpResponseBase:
    """Let an outside id lead nowhere."""
    visible = visible_accounts(request.member)
    link = OutsideId.objects.filter(pk=number, account__in=visible).first()
    if link is None:
        raise Http404
    unlink_id(link, actor=request.member, now=timezone.now(), from_now=request.POST.get("since") == "now")
    toast_after(request, _("The id leads nowhere now. It can be linked again at any time."))
    return HttpResponseRedirect(reverse("identity-ids"))
