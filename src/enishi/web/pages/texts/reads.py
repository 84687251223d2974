"""What the page shows: the list to correct, the record of the model, topics over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.models import Member
from enishi.accounts.search import named
from enishi.forecasts.api import TONES, TOPICS
from enishi.metrics.periods import add_months
from enishi.texts.api import (
    Read,
    TextCorrection,
    TextJudgement,
    TextModel,
    topics_between,
    visible_corrections,
    visible_judgements,
    wordings,
)
from enishi.web.pages.texts.words import language_words, tone_words, topic_words
from enishi.web.paging import Bounded

A_PAGE = 25
MONTHS = 12
MOST_LINES = 6
UNKNOWN = "unknown"
_FILTERS = ("language", "kind")


@dataclass(frozen=True, slots=True)
class Line:
    """A judged text in the list."""

    read: Read
    text: str
    kind: str
    language: str


def list_page(member: Member, query: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """A page of judged texts within the member's scope, newest first."""
    rows = visible_judgements(member, query.get("q", "").strip()[:100])
    for name in _FILTERS:
        if query.get(name):
            rows = rows.filter(**{name: query[name]})
    for name in ("tone", "topic"):
        if query.get(name):
            rows = rows.filter(**{name: "" if query[name] == UNKNOWN else query[name]})
    if query.get("state") == UNKNOWN:
        rows = rows.filter(Q(tone="") | Q(topic=""), corrected=False)
    elif query.get("state") == "corrected":
        rows = rows.filter(corrected=True)
    page = Bounded(rows, A_PAGE).get_page(query.get("page", "1"))
    shown = list(page.object_list)
    texts, languages = wordings(shown), language_words()
    lines = [
        Line(
            Read(row, later=row.model.made_at >= row.written_at),
            texts.get((row.kind, row.record_id), ""),
            kinds.get(row.kind, row.kind),
            languages.get(row.language, row.language),
        )
        for row in shown
    ]
    return {"page": page, "lines": lines}


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction in the list: the text, what stood there and what somebody said; ``judgement`` to take it back by."""

    row: TextCorrection
    text: str
    kind: str
    before: tuple[str, str]
    after: tuple[str, str]
    judgement: int | None


def corrections_page(member: Member, query: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """A page of corrections, newest first; ``q`` finds customers and those who corrected."""
    rows = visible_corrections(member)
    if words := query.get("q", "").strip()[:100]:
        who = Q(made_by__family_name__icontains=words) | Q(made_by__given_name__icontains=words)
        rows = rows.filter(named(words, "account__") | who | Q(made_by__email__icontains=words))
    page = Bounded(rows, A_PAGE).get_page(query.get("page", "1"))
    shown = list(page.object_list)
    texts, tones, topics = wordings(shown), tone_words(), topic_words()
    held = _judgements_of(shown)

    def said(tone: str, topic: str) -> tuple[str, str]:
        return tones.get(tone, ""), topics.get(topic, "")

    found = [
        Corrected(
            row,
            texts.get((row.kind, row.record_id), ""),
            kinds.get(row.kind, row.kind),
            said(row.before.get("tone", ""), row.before.get("topic", "")),
            said(row.tone, row.topic),
            held.get((row.kind, row.record_id)) if row.withdrawn_at is None else None,
        )
        for row in shown
    ]
    return {"page": page, "corrections": found, "query": query}


def _judgements_of(rows: Sequence[TextCorrection]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for kind in {row.kind for row in rows}:
        numbers = [row.record_id for row in rows if row.kind == kind]
        mine = TextJudgement.objects.filter(kind=kind, record_id__in=numbers, corrected=True)
        found |= {(kind, number): pk for pk, number in mine.values_list("pk", "record_id")}
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """How well one question is read in one language."""

    language: str
    question: str
    report: Mapping[str, Any]


def marks_of(model: TextModel) -> list[Mark]:
    """The record of a version on the fixed test part."""
    questions, languages = {"tone": pgettext("text", "Tone"), "topic": _("Topic")}, language_words()
    return [
        Mark(languages[language], questions[question], model.report[language][question])
        for question in questions
        for language in ("ja", "en")
        if language in model.report
    ]


def topic_rows(model: TextModel) -> list[dict[str, Any]]:
    """Per topic and language: how many test sentences, how many were said, how many of these rightly."""
    titles = topic_words()
    found = []
    for topic in TOPICS:
        cells = []
        for language in ("ja", "en"):
            counts = model.report.get(language, {}).get("topic", {}).get("labels", {}).get(topic)
            right = counts["right"] / counts["known"] if counts and counts["known"] else None
            cells.append({**(counts or {"n": 0, "known": 0, "right": 0}), "share": right})
        found.append({"title": titles[topic], "cells": cells})
    return found


def confusion_chart(model: TextModel, language: str, question: str) -> dict[str, Any] | None:
    """Rows: what a sentence truly is; columns: what was said. Shares of the row."""
    table = model.report.get(language, {}).get(question, {}).get("confusion")
    if not table:
        return None
    words = tone_words() if question == "tone" else topic_words()
    names = [words[name] for name in (TONES if question == "tone" else TOPICS)]
    cells = [
        [column, row, round(count / total, 3)]
        for row, counts in enumerate(table)
        if (total := sum(counts))
        for column, count in enumerate(counts)
    ]
    return {
        "kind": "heatmap",
        "x": [*names, pgettext("text", "unknown")],
        "y": names,
        "cells": cells,
        "labels": question == "tone",
        "low": 0,
        "high": 1,
        "format": "percent",
    }


def topics_chart(member: Member, today: date) -> dict[str, Any] | None:
    """Texts per month by topic, the most frequent topics of the year; the rest is left out."""
    firsts = [add_months(today.replace(day=1), -back) for back in reversed(range(MONTHS))]
    by_month = {
        first: topics_between(member, first, add_months(first, 1) - timedelta(days=1)) for first in firsts
    }
    counts = {
        (topic, month): n for month, found in by_month.items() for topic, (n, _negative) in found.items()
    }
    months = [month for month in firsts if by_month[month]]
    if not months:
        return None
    totals = {topic: sum(n for (name, _m), n in counts.items() if name == topic) for topic in TOPICS}
    most = sorted((topic for topic in totals if totals[topic]), key=lambda topic: -totals[topic])[:MOST_LINES]
    titles = topic_words()
    return {
        "kind": "line",
        "x": [month_words(month) for month in months],
        "series": [
            {
                "name": titles[topic],
                "values": [counts.get((topic, month), 0) for month in months],
                "colour": f"c{place + 1}",
            }
            for place, topic in enumerate(most)
        ],
        "zero": True,
    }


def month_words(month: date) -> str:
    return f"{month.year}年{month.month}月" if (get_language() or "ja").startswith("ja") else f"{month:%b %Y}"
