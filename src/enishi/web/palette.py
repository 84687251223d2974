"""The command palette: accounts, people, pages and actions by name, reading or Latin letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import jaconv
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Contact, Member, Scope, search_text
from enishi.accounts.search import named
from enishi.kit.text import fold
from enishi.web.context import navigation
from enishi.web.guard import ADMINS, LEADERS, PageRequest, page
from enishi.web.words import person

MOST = 8

# Further spellings by which the pages are found, folded.
SPELLINGS = {
    "today": ("today", "きょう", "今日", "kyou"),
    "portfolio": ("accounts", "customers", "こきゃく", "顧客", "kokyaku"),
    "health": ("health", "score", "へるす", "すこあ"),
    "revenue": ("revenue", "mrr", "nrr", "しゅうえき", "収益", "shuueki"),
    "setup": ("setup", "settings", "せってい", "設定", "settei"),
    "members": ("members", "people", "めんばー"),
    "audit": ("audit", "かんさ", "監査", "kansa"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette. ``find`` holds the spellings by which it is found."""

    title: str
    address: str
    icon: str
    note: str = ""
    band: str = ""
    find: tuple[str, ...] = field(default=())

    def matches(self, spellings: list[str]) -> bool:
        texts = [fold(self.title), *self.find]
        return any(spelling in text for spelling in spellings for text in texts)


def spellings(query: str) -> list[str]:
    """The forms in which a query is compared: folded, and as kana where it was typed in Latin letters."""
    folded = fold(query)
    if not folded:
        return []
    kana = fold(jaconv.alphabet2kana(folded)) if folded.isascii() else folded
    return list(dict.fromkeys([folded, kana]))


def _any_of(column: str, forms: list[str]) -> Q:
    wanted = Q()
    for form in forms:
        wanted |= Q(**{f"{column}__contains": form})
    return wanted


def find_accounts(member: Member, forms: list[str]) -> list[Entry]:
    wanted = reduce(or_, (named(form) for form in forms), Q())
    found = visible_accounts(member).filter(wanted)
    rows = found.select_related("state").order_by("-state__at_stake", "id")[:MOST]
    return [
        Entry(
            account.name,
            reverse("account", args=[account.pk]),
            "building",
            account.name_kana,
            account.state.band if hasattr(account, "state") else "unknown",
        )
        for account in rows
    ]


def find_people(member: Member, forms: list[str]) -> list[Entry]:
    if not forms:
        return []
    people = (
        Contact.objects.filter(
            _any_of("search", forms),
            account__in=visible_accounts(member),
            deleted_at__isnull=True,
            erased_at__isnull=True,
        )
        .select_related("account")
        .order_by("id")[:MOST]
    )
    return [
        Entry(
            one.full_name,
            f"{reverse('account-tab', args=[one.account_id, 'people'])}#contact-{one.pk}",
            "user",
            one.account.name,
        )
        for one in people
    ]


def find_members(member: Member, forms: list[str]) -> list[Entry]:
    """Colleagues, leading to their settings or, for those who may not change these, to their customers."""
    if not forms or member.scope == Scope.OWN:
        return []
    people = Member.objects.order_by("-is_active", "name_kana", "email")
    if member.role not in ADMINS:
        people = people.filter(is_active=True)
    found = [one for one in people if _is_called(one, forms)]
    return [
        Entry(person(one), _address_of(one, member), "user", one.get_role_display()) for one in found[:MOST]
    ]


def _is_called(one: Member, forms: list[str]) -> bool:
    text = search_text(one.email, one.name_kana, one.full_name, f"{one.family_name} {one.given_name}")
    return any(form in text for form in forms)


def _address_of(one: Member, asker: Member) -> str:
    if asker.role in ADMINS:
        return reverse("member", args=[one.pk])
    return f"{reverse('portfolio')}?owner={one.pk}"


def list_pages(request: HttpRequest) -> list[Entry]:
    return [
        Entry(
            item["title"],
            item["address"],
            item["icon"],
            f"g {item['key']}",
            find=SPELLINGS.get(item["name"], ()),
        )
        for item in navigation(request)
    ]


def list_actions(member: Member) -> list[Entry]:
    entries = [
        Entry(_("My settings"), reverse("me"), "user", find=("me", "profile", "じぶん", "個人設定")),
        Entry(
            _("Change my password"),
            reverse("account_change_password"),
            "lock",
            find=("password", "ぱすわーど"),
        ),
        Entry(
            _("Second factor"), reverse("mfa_index"), "shield-lock", find=("2fa", "mfa", "にようそ", "二要素")
        ),
    ]
    if member.role in LEADERS and member.scope == Scope.ALL:
        entries.append(
            Entry(
                _("Import a file"),
                reverse("imports"),
                "database-import",
                find=("import", "csv", "とりこみ", "取り込み", "torikomi"),
            )
        )
    if member.role in LEADERS:
        entries.append(
            Entry(
                _("Company settings"),
                reverse("company"),
                "building-community",
                find=("company", "かいしゃ", "会社"),
            )
        )
        entries.append(
            Entry(
                _("Name events and products"),
                reverse("names"),
                "tag",
                find=("names", "events", "めいしょう", "名称", "いべんと"),
            )
        )
    if member.role in ADMINS:
        entries.append(
            Entry(
                _("Invite a member"),
                f"{reverse('members')}?invite=1",
                "user-plus",
                find=("invite", "しょうたい", "招待"),
            )
        )
        entries.append(
            Entry(
                _("Hand a member's customers over"),
                reverse("members"),
                "users",
                find=("handover", "hand over", "ひきつぎ", "引き継ぎ", "引継ぎ", "引継", "hikitsugi"),
            )
        )
        entries.append(
            Entry(_("Mail sent"), reverse("outbox"), "mail", find=("mail", "outbox", "めーる", "送信"))
        )
    return entries


@require_GET
@page()
def palette(request: PageRequest) -> HttpResponseBase:
    """Find what was typed; with nothing typed, the accounts with most at stake and the pages."""
    forms = spellings(request.GET.get("q", "")[:100])

    def narrowed(entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if not forms or entry.matches(forms)]

    groups: list[dict[str, Any]] = [
        {"title": _("Customers"), "entries": find_accounts(request.member, forms)},
        {"title": _("People"), "entries": find_people(request.member, forms)},
        {"title": _("Members"), "entries": find_members(request.member, forms)},
        {"title": _("Pages"), "entries": narrowed(list_pages(request))},
        {"title": _("Actions"), "entries": narrowed(list_actions(request.member))},
    ]
    return render(request, "frame/palette.html", {"groups": [group for group in groups if group["entries"]]})
