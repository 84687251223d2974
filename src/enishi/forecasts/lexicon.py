"""Words that tell a topic or a tone, counted in texts: what somebody of the trade knows before any sentence is read.

The lists are data (``corpus/words.<language>.txt``), written for this project: ``label: word, word, …``. English entries
match whole words, ``*`` stands for any ending; Japanese ones match anywhere. A word of praise or blame that is denied
("not bad", 「問題ありません」) is counted apart, so that the model can learn what its denial means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from enishi.forecasts.languages import plain
from enishi.forecasts.sentences import FOLDER, TONES, TOPICS

COLUMNS = (*TOPICS, *TONES, "negative_denied", "positive_denied", "asks", "exclaims")
_PLACE = {name: place for place, name in enumerate(COLUMNS)}
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*\*?")
_DENYING = frozenset(
    ("not", "never", "no", "nothing", "none", "hardly", "without", "cannot", "nor", "nobody")
)
_REACH = 3  # words before a word of praise or blame among which its denial is looked for
_DENIED_JA = re.compile(r"[^。、!?]{0,3}?(?:ない|なく|なし|無く|無い|ません|ず|なかった)")
_ASKS = re.compile(r"\?|でしょうか|ますか")

Entry = tuple[str, tuple[str, ...]]  # a label and the further words of a phrase


def read_words(language: str, folder: Path = FOLDER) -> dict[str, tuple[str, ...]]:
    """Label -> its words.

    Raises:
        ValueError: a label that is no topic and no tone.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in (folder / f"words.{language}.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        label, _, words = line.partition(":")
        if label not in TOPICS and label not in TONES:
            raise ValueError(f"words.{language}.txt: unknown label {label!r}")
        found[label] = tuple(dict.fromkeys(plain(word) for word in words.split(",") if word.strip()))
    return found


@cache
def _english() -> Mapping[str, list[Entry]]:
    """First word of each entry, with its ``*``, -> the entries that begin with it."""
    found: dict[str, list[Entry]] = {}
    for label, phrases in read_words("en").items():
        for phrase in phrases:
            first, *rest = _WORD.findall(phrase)
            found.setdefault(first, []).append((label, tuple(rest)))
    return found


def _count_english(text: str) -> Iterator[str]:
    """The column of every word found in a text."""
    words, entries = _WORD.findall(text), _english()
    for at, word in enumerate(words):
        for start in (word, *(f"{word[:length]}*" for length in range(2, len(word) + 1))):
            for label, rest in entries.get(start, ()):
                if all(_fits(one, words, at + 1 + step) for step, one in enumerate(rest)):
                    yield f"{label}_denied" if label in TONES and _is_denied(label, words, at) else label


def _fits(wanted: str, words: Sequence[str], at: int) -> bool:
    if at >= len(words):
        return False
    return words[at].startswith(wanted[:-1]) if wanted.endswith("*") else words[at] == wanted


def _is_denied(label: str, words: Sequence[str], at: int) -> bool:
    near = words[max(0, at - _REACH) : at]
    return label != "neutral" and any(word in _DENYING or word.endswith("n't") for word in near)


@cache
def _japanese() -> Mapping[str, re.Pattern[str]]:
    """Label -> its words, the longest first, so that a phrase is not lost to its first word."""
    return {
        label: re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
        for label, words in read_words("ja").items()
    }


def _count_japanese(text: str) -> Iterator[str]:
    for label, pattern in _japanese().items():
        for found in pattern.finditer(text):
            denied = label in ("negative", "positive") and _DENIED_JA.match(text, found.end())
            yield f"{label}_denied" if denied else label


def count_words(language: str, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """How often words of each label stand in each text, dampened by the logarithm.

    Args:
        texts: (n,) texts of the language.

    Returns:
        (n, len(COLUMNS)).
    """
    counts = np.zeros((len(texts), len(COLUMNS)))
    found = _count_japanese if language == "ja" else _count_english
    for row, text in enumerate(map(plain, texts)):
        for name in found(text):
            counts[row, _PLACE[name]] += 1
        counts[row, _PLACE["asks"]] = len(_ASKS.findall(text))
        counts[row, _PLACE["exclaims"]] = text.count("!")
    return np.log1p(counts)
