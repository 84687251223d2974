"""A reader learned in a moment from a few sentences of the corpus, and once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from enishi.forecasts.api import Sentence, TextReader, read_corpus
from enishi.texts import learning

FEW = ("login_access", "outage_performance", "staff_change", "praise_success")
_LEARNED: dict[int, TextReader] = {}


class QuickReader(TextReader):
    """Tries one strength only, is content with less, and learns the same sentences once."""

    def __init__(self, **options: object) -> None:
        super().__init__(aim=0.75, strengths=(10.0,), word_weights=(0.35,))

    def fit(
        self, sentences: Mapping[str, Sequence[Sentence]], progress: Callable[[float], None] | None = None
    ) -> TextReader:
        key = hash(tuple(one for every in sentences.values() for one in every))
        if key not in _LEARNED:
            _LEARNED[key] = super().fit(sentences, progress)
        return _LEARNED[key]


@pytest.fixture(scope="session")
def few_sentences() -> dict[str, list[Sentence]]:
    """Every language, but four topics only, and fifty sentences of each."""
    found: dict[str, list[Sentence]] = {}
    for language in ("ja", "en"):
        every = read_corpus(language)
        found[language] = [
            one for topic in FEW for one in [each for each in every if each.topic == topic][:60]
        ]
    return found


@pytest.fixture(autouse=True)
def quick_learning(monkeypatch: pytest.MonkeyPatch, few_sentences: dict[str, list[Sentence]]) -> None:
    monkeypatch.setattr(learning, "shipped_sentences", lambda: few_sentences)
    monkeypatch.setattr(learning, "TextReader", QuickReader)
