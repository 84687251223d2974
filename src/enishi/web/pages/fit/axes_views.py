"""The axes of fit: the form or the text to change them, versions and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.accounts.models import Scope
from enishi.definitions.api import (
    BadDefinition,
    changes_between,
    default_body,
    get_fit,
    known_metrics,
    parse_body,
)
from enishi.definitions.compare import full_body
from enishi.definitions.fit import FIT_ATTRIBUTES, FIT_FACTS, FitInput
from enishi.definitions.rules import as_json
from enishi.fit import api as room
from enishi.fit.rules import ATTRIBUTE_TITLES
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.fit.axes_form import SENT, read_axes, shown_values, with_weights
from enishi.web.pages.fit.present import effect_rows, language
from enishi.web.pages.health.card_form import shown_pairs
from enishi.web.pages.health.card_present import mistakes_of, own_mistakes, title_words
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.health.declared import (
    Declared,
    edit_as_text,
    go_back,
    put_in_force,
    show_versions,
)

KIND = "fit"
MOST_SHOWN = 12


def _in_force() -> tuple[str, dict[str, Any]]:
    """The name and body of the axes in force; the shipped ones where none are."""
    found = get_fit()
    return (found.slug, dict(found.version.body)) if found else ("default", default_body(KIND, "default"))


def _titles() -> dict[str, str]:
    own = {name: metric.title for name, metric in metric_catalogue().items()} | FIT_FACTS
    return {name: title.in_language(language()) for name, title in own.items()}


def _usual(attribute: str, metric: str, titles: Mapping[str, str]) -> str:
    if attribute in ATTRIBUTE_TITLES:
        return ATTRIBUTE_TITLES[attribute].in_language(language())
    return titles.get(attribute or metric, attribute or metric)


def input_words(one: FitInput, titles: Mapping[str, str]) -> str:
    """What an input is called: its own title, else that of what it reads."""
    if one.title:
        return Text.parse(one.title).in_language(language())
    return _usual(one.attribute, one.metric, titles) or one.id


def _input(
    one: Mapping[str, Any], place: str, titles: Mapping[str, str], mistakes: Mapping[str, str]
) -> dict[str, Any]:
    usual = _usual(one.get("attribute") or "", one.get("metric") or "", titles)
    own = Text.parse(one["title"]).in_language(language()) if one.get("title") else ""
    return {
        **one, "key": f"input:{one['id']}", "shown": own or usual or one["id"], "source": usual,
        "title_words": title_words(one.get("title")), "rows": shown_pairs({"points": one.get("points", [])}),
        "value_rows": shown_values(one), "mistakes": own_mistakes(mistakes, place),
    }  # fmt: skip


def _form(body: Mapping[str, Any], error: EnishiError | None = None) -> dict[str, Any]:
    mistakes, titles = mistakes_of(error), _titles()
    whole = full_body(KIND, body)
    axes = [
        {
            **axis, "key": f"axis:{axis['id']}", "new_key": f"new:{axis['id']}", "title_words": title_words(axis.get("title")),
            "description_words": title_words(axis.get("description")),
            "mistakes": own_mistakes(mistakes, f"axes[{i}]"),
            "inputs": [_input(one, f"axes[{i}].inputs[{j}]", titles, mistakes) for j, one in enumerate(axis.get("inputs", []))],
        }
        for i, axis in enumerate(whole.get("axes", []))
    ]  # fmt: skip
    least = whole.get("minimum_coverage", 0.4)
    return {
        "sent": SENT, "axes": axes, "bands": whole.get("bands", {}), "mistakes": mistakes, "band_mistakes": own_mistakes(mistakes, "bands"), "error": error,
        "least": round(100 * least, 2) if isinstance(least, int | float) else least,
        "title_words": title_words(whole.get("title")), "description_words": title_words(whole.get("description")),
        "attributes": [(f"attribute:{name}", ATTRIBUTE_TITLES[name].in_language(language())) for name in FIT_ATTRIBUTES],
        "metrics": sorted(((f"metric:{name}", title) for name, title in titles.items()), key=lambda pair: pair[1]),
        "empty_pairs": [("", "")] * 3, "empty_values": [("", "")] * 3,
    }  # fmt: skip


@page(roles=LEADERS)
def edit(request: PageRequest) -> HttpResponse:
    """The axes in a form; with ``suggested`` the weights that fit the past are filled in, for a person to put in force."""
    slug, before = _in_force()
    if request.method != "POST":
        return render(
            request,
            "pages/fit/axes.html",
            _form(_suggested(before) if "suggested" in request.GET else before),
        )
    body = read_axes(before, request.POST)
    part = request.headers.get("HX-Request") == "true"
    try:
        typed = parse_body(KIND, body, known_metrics())
    except BadDefinition as error:
        if part:
            return render(request, "pages/fit/_effect.html", {"error": error, "n": len(error.fields)})
        return render(request, "pages/fit/axes.html", _form(body, error), status=422)
    if part:
        same = as_json(typed) == as_json(parse_body(KIND, before))
        changes = changes_between(KIND, before, body)
        return render(request, "pages/fit/_effect.html", {"changes": changes, "same": same})
    if as_json(typed) == as_json(parse_body(KIND, before)):
        toast_after(request, _("Nothing has changed."))
        return redirect("fit")
    return put_in_force(request, KIND, slug, body, reverse("fit"))


@require_POST
@page(roles=LEADERS)
def preview(request: PageRequest) -> HttpResponse:
    """Who would change band with the axes of the form, among the customers in view."""
    _slug, before = _in_force()
    try:
        typed = parse_body(KIND, read_axes(before, request.POST), known_metrics())
    except BadDefinition as error:
        return render(request, "pages/fit/_effect.html", {"error": error, "n": len(error.fields)})
    if room.last_run() is None:
        return HttpResponse()
    today = company_day(system_clock())
    tried = room.try_axes(request.member, typed, today, MOST_SHOWN)
    titles = _titles()
    context = {
        "effects": [
            effect_rows(title, effect)
            for title, effect in ((_("Fit at the sale"), tried.sale), (_("Fit now"), tried.now))
            if effect.accounts
        ],
        "unread": [
            input_words(one, titles) for axis in typed.axes for one in axis.inputs if one.id in tried.unread
        ],
        "is_part": request.member.scope != Scope.ALL,
    }
    return render(request, "pages/fit/_preview.html", context)


def _suggested(before: Mapping[str, Any]) -> Mapping[str, Any]:
    run = room.last_run()
    said = run.suggestion if run else {}
    return with_weights(before, said["names"], said["weights"]) if "weights" in said else before


@page(roles=LEADERS)
def edit_text(request: PageRequest) -> HttpResponse:
    """The axes as text: check, compare in words, put in force."""
    slug, before = _in_force()
    one = Declared(KIND, slug, before, _TITLE, _crumbs(), reverse("fit-axes"), reverse("fit"))
    return edit_as_text(request, one)


_TITLE = Text("Axes of fit", "適合度の軸")


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Right customers"), reverse("fit"))]


@require_GET
@page()
def versions(request: PageRequest) -> HttpResponse:
    """Who changed what of the axes, when and why."""
    slug, _body = _in_force()
    return show_versions(request, KIND, slug, _crumbs(), reverse("fit-axes-rollback"), _TITLE)


@require_POST
@page(roles=LEADERS)
def rollback(request: PageRequest) -> HttpResponse:
    """Put an earlier version in force again."""
    slug, _body = _in_force()
    go_back(request, KIND, slug)
    return redirect("fit-axes-versions")
