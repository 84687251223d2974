"""The corpus holds what it says: enough sentences, fixed splits, and no near-duplicates across them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from enishi.forecasts.languages import detect_language, plain
from enishi.forecasts.lexicon import COLUMNS, count_words, read_words
from enishi.forecasts.sentences import (
    FOLDER,
    LANGUAGES,
    SPLITS,
    TONES,
    TOPICS,
    Sentence,
    corpus_digest,
    read_corpus,
    split_of,
)

ALIKE = 0.6
"""Share of common three-letter runs from which on two sentences are the same with another word in it."""


def grams(text: str) -> frozenset[str]:
    found = plain(text).replace(" ", "")
    return frozenset(found[i : i + 3] for i in range(len(found) - 2)) or frozenset([found])


def near_duplicates(sentences: list[Sentence]) -> list[tuple[str, str]]:
    """Pairs in different splits that are nearly the same; candidates share a rare run of letters."""
    sets = [grams(one.text) for one in sentences]
    where: dict[str, list[int]] = {}
    for place, found in enumerate(sets):
        for gram in found:
            where.setdefault(gram, []).append(place)
    pairs: Counter[tuple[int, int]] = Counter()
    for places in where.values():
        if len(places) <= 40:
            pairs.update((a, b) for at, a in enumerate(places) for b in places[at + 1 :])
    return [
        (sentences[a].text, sentences[b].text)
        for (a, b), common in pairs.items()
        if sentences[a].split != sentences[b].split
        and common >= 0.3 * min(len(sets[a]), len(sets[b]))
        and len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= ALIKE
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_corpus_is_large_varied_and_split_for_good(language: str) -> None:
    every = read_corpus(language)
    assert len(every) >= 1500
    assert len({one.text for one in every}) == len(every)
    topics, tones, splits = (
        Counter(getattr(one, name) for one in every) for name in ("topic", "tone", "split")
    )
    assert set(topics) == set(TOPICS)
    assert min(topics.values()) >= 60
    assert set(tones) == set(TONES)
    assert min(tones.values()) >= 350
    assert set(splits) == set(SPLITS)
    assert splits["test"] >= 0.17 * len(every)
    assert near_duplicates(every) == []
    strange = [one.text for one in every if detect_language(one.text) != language]
    assert len(strange) <= 5, strange[:10]


def test_near_duplicates_would_be_found() -> None:
    first = Sentence(
        "The invoice for October was wrong again, please have it corrected.",
        "billing_invoice",
        "negative",
        split="train",
    )
    second = Sentence(
        "The invoice for August was wrong again, please have it corrected.",
        "billing_invoice",
        "negative",
        split="test",
    )
    assert near_duplicates([first, second]) == [(first.text, second.text)]


def test_a_split_follows_from_the_text_alone() -> None:
    assert split_of("ログインできません。") == split_of("ログインできません。")
    assert {split_of(f"sentence {n}") for n in range(50)} == set(SPLITS)
    assert len(corpus_digest()) == 16


def test_wrong_lines_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en.csv").write_text(
        "text,topic,tone,kind,split\nHello,weather,neutral,mail,train\n", encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"en\.csv, line 2"):
        read_corpus("en", tmp_path)
    (tmp_path / "words.en.txt").write_text("weather: rain\n", encoding="utf-8")
    with pytest.raises(ValueError, match="weather"):
        read_words("en", tmp_path)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ログインできません", "ja"), ("契約更新済", "ja"), ("SSOの設定でerrorが出ます", "ja"), ("ﾛｸﾞｲﾝ不可", "ja"),
        ("Login broken", "en"), ("Dear Müller, the invoice is wrong", "en"), ("ok", "en"),
        ("We cannot log in to the app. ログインできない状態です。至急対応お願いします。", "mixed"),
        ("我们无法登录，请帮忙", "other"), ("Ich kann mich nicht anmelden", "other"), ("해지하고 싶습니다", "other"),
        ("Bonjour, la facture est fausse", "other"), ("No puedo entrar en la cuenta", "other"), ("12:30", "other"),
        ("", "other"), ("👍", "other"),
    ],
)  # fmt: skip
def test_the_language_is_told(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_telling_words_are_counted_and_denied_ones_apart() -> None:
    names = {name: place for place, name in enumerate(COLUMNS)}
    bad, not_bad = count_words("en", ["This is bad!", "It is not bad at all"])
    assert bad[names["negative"]] > 0
    assert bad[names["exclaims"]] > 0
    assert (not_bad[names["negative"]], not_bad[names["negative_denied"]] > 0) == (0, True)
    good, unhappy = count_words("ja", ["満足しています", "満足していません"])
    assert good[names["positive"]] > 0
    assert unhappy[names["positive_denied"]] > 0
    (single,) = count_words("en", ["single sign-on fails for everyone"])
    assert single[names["login_access"]] > 0
    assert (FOLDER / "words.en.txt").exists()


def test_a_long_text_without_blanks_is_read_at_once() -> None:
    """Strangers write these texts: were the time to grow with the square of their length, this would take minutes."""
    assert detect_language("利用できないので困っています" * 30_000) == "ja"
    assert plain("困" * 100_000 + "@") == "困" * 100_000 + "@"
