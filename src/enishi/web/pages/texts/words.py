"""Tones, topics, languages and kinds of text in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.forecasts.api import TONES, TOPICS
from enishi.texts.models import TextKind


def tone_words() -> dict[str, str]:
    return {
        "negative": pgettext("tone", "negative"),
        "neutral": pgettext("tone", "neutral"),
        "positive": pgettext("tone", "positive"),
    }


def topic_words() -> dict[str, str]:
    language = get_language() or "ja"
    return {topic: title.in_language(language) for topic, title in TOPICS.items()}


def language_words() -> dict[str, str]:
    return {
        "ja": _("Japanese"),
        "en": _("English"),
        "mixed": _("both mixed"),
        "other": _("another language"),
    }


def kind_words() -> dict[str, str]:
    return {str(value): str(label) for value, label in TextKind.choices}


def choices() -> dict[str, Any]:
    """What a form offers."""
    tones, topics = tone_words(), topic_words()
    return {
        "tones": [(name, tones[name]) for name in TONES],
        "topics": [(name, topics[name]) for name in TOPICS],
    }
