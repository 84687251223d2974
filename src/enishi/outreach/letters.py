"""A letter becomes subject, text and HTML in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.template.loader import render_to_string
from django.utils import translation

from enishi.accounts.company import get_company


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, written in one language: paragraphs, perhaps one button, perhaps small print."""

    subject: str
    paragraphs: tuple[str, ...]
    greeting: str = ""
    button: str = ""
    address: str = ""
    small: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def render(letter: Letter, language: str) -> Rendered:
    """The letter as plain text and as HTML with the same words."""
    context = {"letter": letter, "company": get_company(), "language": language}
    with translation.override(language):
        return Rendered(
            subject=" ".join(letter.subject.split()),
            text=render_to_string("outreach/letter.txt", context).strip() + "\n",
            html=render_to_string("outreach/letter.html", context),
        )
