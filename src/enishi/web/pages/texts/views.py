"""Text reading: what do customers write about, in which tone, and how well is that read?"""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from enishi.accounts.company import company_day
from enishi.kit import clock
from enishi.texts import api as room
from enishi.web.guard import LEADERS, WORKERS, PageRequest, page
from enishi.web.pages.health.tabs import tabs
from enishi.web.pages.texts import reads
from enishi.web.pages.texts.words import choices, kind_words, language_words


@require_GET
@page()
def texts(request: PageRequest) -> HttpResponse:
    """The record of the model, what was read lately, and topics over time."""
    model = room.model_in_use()
    context: dict[str, Any] = {
        "tabs": tabs("texts"),
        "model": model,
        "query": request.GET,
        "kinds": list(kind_words().items()),
        "languages": list(language_words().items()),
        "leads": request.member.role in LEADERS,
        "may_correct": request.member.role in WORKERS,
        "new_corrections": room.new_corrections(),
        "learning": room.learning_now(),
        "versions": room.list_models()[:20],
        **choices(),
        **reads.list_page(request.member, request.GET, kind_words()),
    }
    if model is not None:
        context |= {
            "marks": reads.marks_of(model),
            "topic_rows": reads.topic_rows(model),
            "own": model.report.get("own"),
            "confusions": [
                {"language": words, "id": f"tones-{name}", "spec": spec}
                for name, words in language_words().items()
                if (spec := reads.confusion_chart(model, name, "tone"))
            ],
            "mistaken": [
                {"language": words, "id": f"topics-{name}", "spec": spec}
                for name, words in language_words().items()
                if (spec := reads.confusion_chart(model, name, "topic"))
            ],
        }
    return render(request, "pages/texts/texts.html", context)


CHART_SECONDS = 600


@require_GET
@page()
def topics(request: PageRequest) -> HttpResponse:
    """Topics over time, drawn when the page is there: of a large book many texts are counted, and kept for minutes."""
    today = company_day(clock.system_clock())
    key = f"texts-topics:{request.member.pk}:{today}:{get_language()}"
    chart = cache.get_or_set(key, lambda: reads.topics_chart(request.member, today) or {}, CHART_SECONDS)
    return render(request, "pages/texts/topics.html", {"chart": chart})


@require_GET
@page()
def corrections(request: PageRequest) -> HttpResponse:
    """What people corrected, when, and the way back."""
    context = reads.corrections_page(request.member, request.GET, kind_words())
    may = request.member.role in WORKERS
    return render(
        request, "pages/texts/corrections.html", {**context, "tabs": tabs("texts"), "may_correct": may}
    )


@require_GET
@page()
def learning(request: PageRequest) -> HttpResponse:
    """How far the learning of a version is; when it is over, the page is drawn anew."""
    found = room.learning_now()
    if found is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "pages/texts/progress.html", {"learning": found})


@require_GET
@page()
def chip(request: PageRequest, number: int) -> HttpResponse:
    """One judgement as it stands beside its text."""
    return chip_of(request, room.access_judgement(request.member, number))


def chip_of(request: PageRequest, row: room.TextJudgement) -> HttpResponse:
    read = room.Read(row, later=row.model.made_at >= row.written_at)
    context = {"read": read, "may_correct": request.member.role in WORKERS}
    return render(request, "pages/texts/chip.html", context)
