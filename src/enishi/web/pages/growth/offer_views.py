"""The catalogue of offers: what is in force in words, the form or text to change it, versions and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_day
from enishi.accounts.models import Member, Scope
from enishi.definitions.api import (
    BadDefinition,
    changes_between,
    default_body,
    find_published,
    known_metrics,
    parse_body,
    retire,
)
from enishi.definitions.models import DefinitionVersion
from enishi.definitions.rules import as_json
from enishi.growth import api as growth
from enishi.growth.book import asked_of, read_rows
from enishi.growth.contracts import Listed
from enishi.growth.reads import sold_now, trials_now
from enishi.growth.rules import judge
from enishi.kit import clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.growth import offer_present
from enishi.web.pages.growth.offer_form import read_offer
from enishi.web.pages.growth.tabs import tabs
from enishi.web.pages.health.card_form import identifier
from enishi.web.pages.health.card_present import mistakes_of
from enishi.web.pages.health.declared import (
    Declared,
    edit_as_text,
    go_back,
    put_in_force,
    show_versions,
)
from enishi.web.pages.portfolio.words import product_words

KIND = "offer"
MOST_TRIED = 20_000
MOST_SHOWN = 50


def find_offer(slug: str) -> tuple[DefinitionVersion, dict[str, Any]]:
    """The version in force and its body; NotFound where there is none."""
    found = find_published(KIND, slug)
    if found is None:
        raise NotFound(
            "unknown_offer",
            Text(f"There is no offer '{slug}'.", f"「{slug}」という提案はカタログにありません。"),
        )
    return found.version, dict(found.version.body)


@require_GET
@page()
def offers(request: PageRequest) -> HttpResponse:
    """Every offer in force, in words, with what the last judging found."""
    run, mine = growth.last_run(), growth.counts_by_offer(request.member)
    bases = growth.counts_by_offer(request.member, "basis")
    whole = request.member.scope == Scope.ALL
    sold = run.sold if run else {}
    named = {*sold.get("ladders", {}), *(name for pair in sold.get("companions", []) for name in pair[:2])}
    context = {
        "tabs": tabs("growth-offers"),
        "offers": [offer_present.shown(offer, run, mine, bases, whole=whole) for offer in growth.catalogue()],
        "whole": whole,
        "run": run,
        "sold": offer_present.sold_words(run, product_words(named)),
        "edits": request.member.role in LEADERS,
    }
    return render(request, "pages/growth/offers.html", context)


def _effect(member: Member, slug: str, before: Mapping[str, Any], typed: Any) -> dict[str, Any]:
    """What the edited offer changes, in words, and for how many of the member's customers it would be ready."""
    old = parse_body(KIND, before) if before else None
    found: dict[str, Any] = {"changes": changes_between(KIND, as_json(old), as_json(typed)) if old else []}
    seen = set(visible_accounts(member).values_list("pk", flat=True)[: MOST_TRIED + 1])
    if len(seen) > MOST_TRIED:
        return found | {"many": True}
    today = company_day(clock.system_clock())
    pair = [Listed(slug, body) for body in (old, typed) if body is not None]
    sold = sold_now(today)
    rows = read_rows(sold, pair, today)
    rows = rows[rows["account_id"].isin(seen)].reset_index(drop=True)
    asked = asked_of(sold, pair, today, trials_now())
    judged = [judge(offer, rows, asked).counts for offer in pair]
    names = {
        "ready": _("Ready now"),
        "later": _("Ready later"),
        "no_sign": _("No sign yet"),
        "blocked": _("Held back by a rule"),
    }
    found["rows"] = [
        (title, judged[0][name] if old else None, judged[-1][name]) for name, title in names.items()
    ]
    return found


def _form(
    slug: str, body: Mapping[str, Any], error: EnishiError | None = None, *, new: bool = False
) -> dict[str, Any]:
    mistakes = mistakes_of(error)
    return offer_present.offer_form(body, mistakes) | {"slug": slug, "error": error, "new": new}


@page(roles=LEADERS)
def edit(request: PageRequest, slug: str) -> HttpResponse:
    """An offer in a form; what would change is shown while editing, then it is put in force."""
    _version, before = find_offer(slug)
    return _edit(request, slug, before)


@page(roles=LEADERS)
def new(request: PageRequest) -> HttpResponse:
    """A new offer, beginning as a copy of a shipped one or of one in force."""
    base = request.GET.get("of", "more_seats")
    found = find_published(KIND, base)
    body = dict(found.version.body) if found else default_body(KIND, "more_seats")
    if request.method != "POST":
        return render(request, "pages/growth/offer_form.html", _form("", {**body, "title": ""}, new=True))
    return _edit(request, "", body, new=True)


def _edit(request: PageRequest, slug: str, before: Mapping[str, Any], *, new: bool = False) -> HttpResponse:
    if request.method != "POST":
        return render(request, "pages/growth/offer_form.html", _form(slug, before, new=new))
    part = request.headers.get("HX-Request") == "true"
    body = read_offer(before, request.POST)
    try:
        typed = parse_body(KIND, body, known_metrics())
    except BadDefinition as error:
        if part:
            return render(request, "pages/growth/_effect.html", {"error": error, "n": len(error.fields)})
        return render(request, "pages/growth/offer_form.html", _form(slug, body, error, new=new), status=422)
    if part:
        effect = _effect(request.member, slug or "new", {} if new else before, typed)
        return render(request, "pages/growth/_effect.html", {"effect": effect, "new": new})
    if not new and as_json(typed) == as_json(parse_body(KIND, before)):
        toast_after(request, _("Nothing has changed."))
        return redirect("growth-offers")
    if new:
        taken = set(
            DefinitionVersion.objects.filter(definition__kind=KIND).values_list("definition__slug", flat=True)
        )
        slug = identifier(Text.parse(typed.title).en, taken)
    return put_in_force(request, KIND, slug, body, reverse("growth-offers"))


@page(roles=LEADERS)
def edit_text(request: PageRequest, slug: str) -> HttpResponse:
    """An offer as text: check, compare in words, put in force."""
    _version, before = find_offer(slug)
    title, form = Text.parse(before.get("title") or slug), reverse("growth-offer", args=[slug])
    return edit_as_text(
        request, Declared(KIND, slug, before, title, _crumbs(), form, reverse("growth-offers"))
    )


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Growth"), reverse("growth")), (_("Catalogue of offers"), reverse("growth-offers"))]


@require_GET
@page()
def versions(request: PageRequest, slug: str) -> HttpResponse:
    """Who changed what of an offer, when and why."""
    find_offer(slug)
    return show_versions(request, KIND, slug, _crumbs(), reverse("growth-offer-rollback", args=[slug]))


@require_POST
@page(roles=LEADERS)
def rollback(request: PageRequest, slug: str) -> HttpResponse:
    """Put an earlier version in force again."""
    find_offer(slug)
    go_back(request, KIND, slug)
    return redirect("growth-offer-versions", slug)


@require_POST
@page(roles=LEADERS)
def take_out(request: PageRequest, slug: str) -> HttpResponse:
    """Take an offer out of the catalogue; its versions and what was offered stay."""
    find_offer(slug)
    retire(KIND, slug, actor=request.member, now=clock.system_clock())
    toast_after(request, _("The offer is out of the catalogue."))
    return redirect("growth-offers")
