"""Laying out Japanese help: by width on the screen, and broken between phrases, which no spaces separate."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# A phrase: opening marks, a run of one script (kanji, katakana, Latin), the hiragana that belongs to it, closing marks.
_PHRASE = re.compile(
    r"\s+|[「『(([【]*(?:[一-龠々〆0-90-9]+|[ァ-ヶー]+|[!-'*-Z\\^-~]+)?[ぁ-ん]*[、。」』))\]】・:]*|."
)


def width_of(text: str) -> int:
    """Columns on a terminal: wide and ambiguous characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def wrap_japanese(
    text: str,
    width: int = 78,
    initial_indent: str = "",
    subsequent_indent: str = "",
    preserve_paragraphs: bool = False,
) -> str:
    """As ``click.formatting.wrap_text``."""
    paragraphs = text.split("\n\n") if preserve_paragraphs else [text]
    return "\n\n".join(
        "\n".join(_lines(_joined(paragraph), width, initial_indent, subsequent_indent))
        for paragraph in paragraphs
    )


def _joined(paragraph: str) -> str:
    """One line: a break in the source is a space only between two words in Latin letters."""
    return re.sub(r"(?<=[!-~])\s*\n\s*(?=[!-~])", " ", paragraph).replace("\n", "")


def _lines(text: str, width: int, first: str, later: str) -> Iterator[str]:
    line = first
    begun = False
    for phrase in _phrases(text.strip(), width - width_of(later)):
        if begun and width_of(line) + width_of(phrase.rstrip()) > width:
            yield line.rstrip()
            line, begun = later, False
        if begun or phrase.strip():
            line += phrase
            begun = True
    yield line.rstrip()


def _phrases(text: str, most: int) -> Iterator[str]:
    """The phrases; one that is wider than a line is cut."""
    for found in _PHRASE.finditer(text):
        phrase = found.group()
        while width_of(phrase) > most > 1:
            fits = next(n for n in range(len(phrase), 0, -1) if width_of(phrase[:n]) <= most)
            yield phrase[:fits]
            phrase = phrase[fits:]
        if phrase:
            yield phrase
