"""Words in both languages, and the folding that lets people find names however they type them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("ja", "en")

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@dataclass(frozen=True, slots=True)
class Text:
    """A short text that exists in English and in Japanese."""

    en: str
    ja: str

    def in_language(self, language: str) -> str:
        """The text for a language code such as ``ja`` or ``en-gb``; English where it is neither."""
        return self.ja if language.lower().startswith("ja") else self.en

    @classmethod
    def parse(cls, value: str | Mapping[str, str]) -> Text:
        """A text from a definitions file: one string for both languages, or ``{en: …, ja: …}``."""
        if isinstance(value, str):
            return cls(value, value)
        return cls(value.get("en") or value["ja"], value.get("ja") or value["en"])


def fold(text: str) -> str:
    """The form in which names are compared: width, case and kana kind do not matter.

    >>> fold("ｶﾌﾞｼｷ ＡＢＣ") == fold("かぶしき abc")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA_TO_HIRAGANA).split())
