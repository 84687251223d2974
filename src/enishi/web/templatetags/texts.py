"""Tones and topics of texts as words of the reader's language."""

from __future__ import annotations

from django import template

from enishi.web.pages.texts.words import tone_words, topic_words

register = template.Library()


@register.filter
def tone_word(value: str) -> str:
    """``negative`` → negative, 否定的."""
    return tone_words().get(value, value)


@register.filter
def topic_word(value: str) -> str:
    """``login_access`` → Sign-in and access, ログイン・権限."""
    return topic_words().get(value, value)
