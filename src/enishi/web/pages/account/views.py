"""The account: what is going on here, what should I do?"""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enishi.accounts.access import access_account, access_on_day
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Role
from enishi.kit import clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.web.guard import PageRequest, page
from enishi.web.pages.account import export as files
from enishi.web.pages.account import panels
from enishi.web.pages.account.asked import Asked, asked_day, find_survivor
from enishi.web.pages.account.known import named_then
from enishi.web.pages.account.links import tab_address
from enishi.web.pages.account.present import TABS, page_context

EXPORTING = frozenset({Role.ADMIN.value, Role.MANAGER.value, Role.CSM.value, Role.SALES.value})


@require_GET
@page()
def account(request: PageRequest, number: int, tab: str = "overview") -> HttpResponse:
    """One tab of the account page, as it is now or as it was known on ``?as_of``."""
    if tab not in TABS:
        raise NotFound("unknown_tab", Text(f"There is no tab “{tab}”.", f"「{tab}」というタブはありません。"))
    if found := find_survivor(request.member, number):
        merged, survivor = found
        day = asked_day(request.GET, company_day(clock.system_clock()))
        as_of = day.isoformat() if day else ""
        return HttpResponseRedirect(tab_address(survivor.pk, tab, as_of=as_of, merged=str(merged.pk)))
    return render(request, f"pages/account/tabs/{tab}.html", page_context(_asked(request, number), tab))


def _asked(request: PageRequest, number: int) -> Asked:
    now = clock.system_clock()
    today = company_day(now)
    as_of = asked_day(request.GET, today)
    found = access_on_day(request.member, number, as_of) if as_of else access_account(request.member, number)
    return Asked(request.member, named_then(found, as_of), as_of, today, now, request.GET)


@require_GET
@page()
def panel(request: PageRequest, number: int, name: str) -> HttpResponse:
    """A part that reads the facts and comes after the page: usage map, revenue over time."""
    if name not in panels.PANELS:
        raise NotFound("unknown_panel", Text(f"There is no part “{name}”.", f"「{name}」はありません。"))
    asked = _asked(request, number)
    return render(request, f"pages/account/panels/{name}.html", panels.PANELS[name](asked))


@require_GET
@page(roles=EXPORTING)
def export(request: PageRequest, number: int, form: str) -> HttpResponse:
    """Everything held of the account, as a file."""
    found = access_account(request.member, number)
    body = files.account_file(found, form)
    write_audit(request.member, "account_exported", found, detail={"format": form})
    ending = "xlsx" if form == "xlsx" else "zip"
    name = quote(f"{found.name}.{ending}")
    disposition = f"attachment; filename=\"account-{found.pk}.{ending}\"; filename*=UTF-8''{name}"
    return HttpResponse(body, content_type=files.TYPES[form], headers={"Content-Disposition": disposition})
