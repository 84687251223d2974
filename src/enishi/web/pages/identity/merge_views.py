"""Two accounts that are one company."""

from __future__ import annotations

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.merging import merge_accounts, preview_merge, unmerge_accounts
from enishi.accounts.models import Account, Merge
from enishi.ingest.identity import list_twins
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.signals.models import AccountState
from enishi.store.kinds import KINDS
from enishi.web.asking import day_in
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.identity.frame import chosen_account, desk_tabs, language
from enishi.web.pages.setup.frame import setup_tabs

A_PAGE = 25


@require_GET
@page(roles=LEADERS)
def merges(request: PageRequest) -> HttpResponseBase:
    """Choose two accounts, see those that look alike, and what was merged before."""
    visible = visible_accounts(request.member)
    done = Merge.objects.filter(survivor__in=visible).select_related("account", "survivor")
    twins = [
        {"account": twin.account, "survivor": twin.survivor, "why": twin.why.in_language(language())}
        for twin in list_twins(visible)
    ]
    context = {
        "tabs": setup_tabs(request.member, "identity"),
        "desk": desk_tabs("identity-merges"),
        "twins": twins,
        "page": Paginator(done, A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "pages/identity/merges.html", context)


def _pair(request: PageRequest, asked: dict[str, str]) -> tuple[Account, Account]:
    account = chosen_account(request.member, asked.get("account", ""))
    survivor = chosen_account(request.member, asked.get("survivor", ""))
    if account is None or survivor is None:
        raise EnishiError(
            "account_missing",
            Text("Choose both customers from the list.", "顧客を二つとも一覧から選んでください。"),
        )
    return account, survivor


@require_GET
@page(roles=LEADERS)
def preview(request: PageRequest) -> HttpResponseBase:
    """What a merge would do, before it is done."""
    return _show_preview(request, *_pair(request, request.GET.dict()))


def _show_preview(request: PageRequest, account: Account, survivor: Account) -> HttpResponse:
    found = preview_merge(account, survivor)
    money = dict(
        AccountState.objects.filter(account__in=[account, survivor]).values_list("account_id", "mrr")
    )
    both = [money.get(account.pk), money.get(survivor.pk)]
    context = {
        "tabs": setup_tabs(request.member, "identity"),
        "desk": desk_tabs("identity-merges"),
        "account": account,
        "survivor": survivor,
        "records": [(KINDS[kind].plural.in_language(language()), n) for kind, n in found.records.items()],
        "followers": found.followers,
        "outside_ids": found.outside_ids,
        "differences": [(d.title.in_language(language()), d.merged, d.survivor) for d in found.differences],
        "same_people": found.same_people,
        "today": company_day(timezone.now()),
        "mrr": both,
        "mrr_after": sum(filter(None, both)) if any(value is not None for value in both) else None,
    }
    return render(request, "pages/identity/merge.html", context)


def _since(bond: str, stated: str) -> date | None:
    """The day on which the two became one, where they were not one all along."""
    if bond == "duplicates":
        return None
    since = day_in(stated)
    if since is None:
        raise EnishiError(
            "bond_missing",
            Text(
                "Say whether the two were one company all along, or from which day on.",
                "以前から同一の企業なのか、いつ一つになったのかを指定してください。",
            ),
            fields={"since": Text("A day is needed.", "日付を指定してください。")},
        )
    return since


@page(roles=LEADERS)
@require_POST
def merge(request: PageRequest) -> HttpResponseBase:
    """Merge two accounts."""
    account, survivor = _pair(request, request.POST.dict())
    since = _since(request.POST.get("bond", ""), request.POST.get("since", ""))
    done = merge_accounts(account, survivor, actor=request.member, now=timezone.now(), since=since)
    text = _("%(merged)s was merged into %(survivor)s.") % {"merged": account.name, "survivor": survivor.name}
    toast_after(request, text, undo=reverse("identity-unmerge", args=[done.pk]))
    return HttpResponseRedirect(reverse("identity-merges"))


@page(roles=LEADERS)
@require_POST
def unmerge(request: PageRequest, number: int) -> HttpResponseBase:
    """Take a merge back."""
    found = Merge.objects.filter(pk=number, survivor__in=visible_accounts(request.member)).first()
    if found is None:
        raise Http404
    unmerge_accounts(found, actor=request.member, now=timezone.now())
    toast_after(request, _("%(name)s stands alone again.") % {"name": found.account.name})
    return HttpResponseRedirect(reverse("identity-merges"))
