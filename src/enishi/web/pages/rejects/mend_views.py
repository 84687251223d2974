"""Correcting many rejected items alike: what is wrong, what it would mend, the result."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.ingest.corrections import DATES, NAME, VALUES, Rule
from enishi.ingest.mending import AT_ONCE, Pile, Trial, forget, start, start_again, try_rule
from enishi.ingest.mending import pile_of as pile_of_correction
from enishi.ingest.models import Correction
from enishi.kit.home import Home
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.rejects.mending import ORDERS, bench_of, examples_of, pile_of, rule_of, told_rule
from enishi.web.pages.rejects.reads import kind_title, language
from enishi.web.pages.setup.frame import setup_tabs

Asked = dict[str, Any]


def _acts() -> list[tuple[str, str]]:
    return [
        (VALUES, _("A value means another")),
        (NAME, _("A name means another")),
        (DATES, _("Dates are written differently")),
    ]


def _show(request: PageRequest, asked: Asked, trial: Trial | None = None, error: str = "") -> HttpResponse:
    bench = bench_of(pile_of(asked), asked)
    if bench is None:
        return HttpResponseRedirect(reverse("rejects"))
    rule = rule_of(bench, asked) if trial else None
    context = {
        "tabs": setup_tabs(request.member, "rejects"),
        "bench": bench,
        "kind": kind_title(bench.pile.kind),
        "acts": _acts(),
        "orders": ORDERS,
        "asked": asked,
        "trial": trial,
        "examples": examples_of(trial, dict(bench.choices)) if trial else [],
        "reasons": [(text.in_language(language()), n) for text, n in trial.reasons] if trial else [],
        "untouched": trial.looked - trial.touched if trial else 0,
        "seen": _digest(bench.pile, rule) if rule else "",
        "error": error,
    }
    return render(request, "pages/rejects/alike.html", context, status=422 if error else 200)


def _digest(pile: Pile, rule: Rule) -> str:
    """What tells that a rule is applied as it was tried."""
    told = json.dumps([pile.kind, pile.source, pile.reason, pile.place, rule.as_json()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def tried_digest(asked: Asked) -> str:
    """The digest of what a form states; empty where it states nothing."""
    bench = bench_of(pile_of(asked), asked)
    rule = rule_of(bench, asked) if bench else None
    return _digest(bench.pile, rule) if bench and rule else ""


@require_GET
@page(roles=LEADERS, whole_book=True)
def alike(request: PageRequest) -> HttpResponseBase:
    """The form for items that wait for one reason."""
    return _show(request, request.GET.dict())


@page(roles=LEADERS, whole_book=True)
@require_POST
def attempt(request: PageRequest) -> HttpResponseBase:
    """What the correction would do; nothing is written."""
    return _tried(request, request.POST.dict())


def _tried(request: PageRequest, asked: Asked) -> HttpResponse:
    bench = bench_of(pile_of(asked), asked)
    if bench is None:
        return HttpResponseRedirect(reverse("rejects"))
    rule = rule_of(bench, asked)
    if rule is None:
        return _show(request, asked, error=_("Say first what is meant."))
    return _show(request, asked, try_rule(bench.pile, rule, timezone.now()))


@page(roles=LEADERS, whole_book=True)
@require_POST
def apply(request: PageRequest) -> HttpResponseBase:
    """Apply a correction that was tried; one that was changed since is tried first."""
    asked = request.POST.dict()
    bench = bench_of(pile_of(asked), asked)
    rule = rule_of(bench, asked) if bench else None
    if bench is None or rule is None or asked.get("seen") != _digest(bench.pile, rule):
        return _tried(request, asked)
    keep = asked.get("keep") == "1"
    made = start(
        Home.from_environment(), bench.pile, rule, keep=keep, actor=request.member, now=timezone.now()
    )
    return HttpResponseRedirect(reverse("correction", args=[made.pk]))


def _found(number: int) -> Correction:
    made = Correction.objects.filter(pk=number).first()
    if made is None:
        raise Http404
    return made


@require_GET
@page(roles=LEADERS, whole_book=True)
def result(request: PageRequest, number: int) -> HttpResponseBase:
    """What became of the items."""
    made = _found(number)
    place = 1 if language().startswith("ja") else 0
    reasons = [(json.loads(told)[place], count) for told, count in made.reasons.items()]
    context = {
        "tabs": setup_tabs(request.member, "rejects"),
        "made": made,
        "kind": kind_title(made.kind),
        "rule": told_rule(made),
        "reasons": sorted(reasons, key=lambda found: -found[1])[:10],
        "running": made.status == Correction.Status.WAITING,
        "failed": made.status == Correction.Status.FAILED,
        "left": pile_of_correction(made).waiting().count(),
        "at_once": AT_ONCE,
    }
    return render(request, "pages/rejects/correction.html", context)


@require_GET
@page(roles=LEADERS, whole_book=True)
def progress(request: PageRequest, number: int) -> HttpResponseBase:
    """The progress line; when all is done, the whole page is asked for anew."""
    made = _found(number)
    if made.status == Correction.Status.WAITING:
        return render(request, "pages/rejects/_progress.html", {"made": made})
    return HttpResponse(headers={"HX-Redirect": reverse("correction", args=[made.pk])})


@page(roles=LEADERS, whole_book=True)
@require_POST
def again(request: PageRequest, number: int) -> HttpResponseBase:
    """Go on with a correction that stopped at an error."""
    made = _found(number)
    start_again(Home.from_environment(), made, actor=request.member, now=timezone.now())
    return HttpResponseRedirect(reverse("correction", args=[made.pk]))


@page(roles=LEADERS, whole_book=True)
@require_POST
def forget_it(request: PageRequest, number: int) -> HttpResponseBase:
    """What comes later is no longer corrected by it."""
    forget(_found(number), actor=request.member)
    toast_after(request, _("The correction was forgotten."))
    return HttpResponseRedirect(reverse("rejects"))
