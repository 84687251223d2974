"""Tone and topic: what is learned, when "unknown" is said, what is kept, and which of two versions is better."""

from __future__ import annotations

import numpy as np
import pytest

from enishi.forecasts.answers import compare_reports, measure_answers, measure_scorer
from enishi.forecasts.sentences import Sentence, read_corpus
from enishi.forecasts.wording import Judged, TextReader, TextScorer, choose_threshold

FEW = ("login_access", "outage_performance", "staff_change", "praise_success")


def few(language: str) -> list[Sentence]:
    every = read_corpus(language)
    return [one for topic in FEW for one in [each for each in every if each.topic == topic][:60]]


@pytest.fixture(scope="module")
def sentences() -> dict[str, list[Sentence]]:
    return {language: few(language) for language in ("ja", "en")}


@pytest.fixture(scope="module")
def reader(sentences: dict[str, list[Sentence]]) -> TextReader:
    told: list[float] = []
    found = TextReader(strengths=(10.0,), word_weights=(0.35,), aim=0.75).fit(sentences, told.append)
    assert told == [0.5, 1.0]
    return found


def test_clear_texts_are_read_and_strange_ones_are_unknown(reader: TextReader) -> None:
    texts = [
        "パスワードを変えてもログインできず、業務が止まって困っています。",
        "The whole system is down again and pages do not load, we are furious.",
        "Ich kann mich nicht anmelden, bitte helfen Sie mir",
        "qwxz vbnk jjkpw zzxq",
        "",
    ]
    ja, en, german, noise, empty = reader.judge(texts)
    assert (ja.tone, ja.topic, ja.language) == ("negative", "login_access", "ja")
    assert (en.topic, en.language) == ("outage_performance", "en")
    assert 0.5 < en.topic_confidence <= 1
    assert german == Judged(None, None, 0.0, 0.0, "other")
    assert (noise.tone, noise.topic, noise.topic_confidence) == (None, None, 0.0)
    assert empty.topic is None
    assert isinstance(reader, TextScorer)
    assert reader.judge([]) == []


def test_a_judgement_depends_on_nothing_but_the_text(reader: TextReader) -> None:
    texts = ["I cannot log in", "後任に引き継ぎます", "Great, thank you!"]
    together = reader.judge(texts)
    assert together == [reader.judge([text])[0] for text in texts]
    assert together[::-1] == reader.judge(texts[::-1])


def test_what_is_kept_says_the_same_and_holds_no_words(
    reader: TextReader, sentences: dict[str, list[Sentence]]
) -> None:
    state = reader.to_bytes()
    again = TextReader.from_bytes(state)
    texts = [one.text for every in sentences.values() for one in every]
    before, after = reader.judge(texts), again.judge(texts)
    assert np.allclose([a.tone_confidence for a in before], [a.tone_confidence for a in after], atol=0.01)
    assert (
        np.mean([(a.tone, a.topic) == (b.tone, b.topic) for a, b in zip(before, after, strict=True)]) > 0.98
    )
    assert again.to_bytes() == TextReader.from_bytes(again.to_bytes()).to_bytes()
    assert b"password" not in state
    with pytest.raises(ValueError, match=r"pickle|format|file"):
        TextReader.from_bytes(b"\x80\x04nonsense")


def test_the_report_reads_the_test_part_only(
    reader: TextReader, sentences: dict[str, list[Sentence]]
) -> None:
    report = reader.report(sentences)
    for language, every in sentences.items():
        test = [one for one in every if one.split == "test"]
        topic = report[language]["topic"]
        assert topic["n"] == len(test)
        assert topic["accuracy"]["low"] < topic["accuracy"]["share"] < topic["accuracy"]["high"]
        assert topic["accuracy"]["share"] > 0.6
        assert topic["unknown"]["share"] + topic["known"]["n"] / topic["n"] == pytest.approx(1)
        assert sum(map(sum, topic["confusion"])) == len(test)
    assert reader.report({})["en"]["tone"]["accuracy"] == {"share": None, "low": None, "high": None, "n": 0}
    other = measure_scorer(reader, sentences)
    assert other["ja"]["tone"]["known"] == report["ja"]["tone"]["known"]


def test_shuffled_labels_teach_nothing(sentences: dict[str, list[Sentence]]) -> None:
    rng = np.random.default_rng(0)
    every = sentences["en"]
    labels = rng.permutation([one.topic for one in every])
    mixed = [
        Sentence(one.text, str(label), one.tone, one.kind, one.split)
        for one, label in zip(every, labels, strict=True)
    ]
    found = TextReader(strengths=(10.0,), word_weights=(0.35,)).fit({"en": mixed})
    topic = found.report({"en": mixed})["en"]["topic"]
    assert topic["accuracy"]["low"] < 1 / len(FEW) + 0.1
    assert topic["unknown"]["share"] > 0.5, "nothing reaches the aim, so little is said"


def test_the_threshold_is_the_lowest_that_reaches_the_aim() -> None:
    confidence = np.linspace(0.99, 0.01, 99)
    right = confidence > 0.4
    assert choose_threshold(confidence, right, 1.0) == pytest.approx(0.41)
    assert choose_threshold(confidence, right, 0.5) < 0.41
    assert choose_threshold(confidence, np.zeros(99, dtype=bool), 0.5) == 1.01


def test_too_little_to_learn_from_is_refused() -> None:
    one_label = [
        Sentence(f"text {n}", "competitor", "neutral", split=split)
        for n in range(9)
        for split in ("train", "valid")
    ]
    with pytest.raises(ValueError, match="two labels"):
        TextReader().fit({"en": one_label})


def report_of(*shares: float) -> dict[str, object]:
    values = iter(shares)
    return {
        language: {head: {"accuracy": {"share": next(values)}} for head in ("tone", "topic")}
        for language in ("ja", "en")
    }


def test_a_new_version_is_published_only_if_no_worse() -> None:
    old = report_of(0.75, 0.7, 0.75, 0.7)
    assert compare_reports(report_of(0.76, 0.7, 0.75, 0.7), old).no_worse
    assert compare_reports(report_of(0.748, 0.7, 0.75, 0.7), old).no_worse, "a sentence or two is chance"
    assert not compare_reports(report_of(0.74, 0.69, 0.74, 0.69), old).no_worse
    fallen = compare_reports(report_of(0.80, 0.75, 0.80, 0.67), old)
    assert not fallen.no_worse, "better in the mean, but much worse in one place"
    assert "公開していません" in fallen.text.ja
    assert compare_reports({}, old).no_worse


def test_answers_are_measured_with_what_was_left_unknown() -> None:
    truth, said = ["a", "a", "b", "b"], ["a", None, "a", "b"]
    found = measure_answers(truth, said, ["a", "b", "a", "b"], ("a", "b"), confidence=[0.9, 0.4, 0.7, 0.8])
    assert found["accuracy"]["share"] == 0.5
    assert found["unknown"]["share"] == 0.25
    assert found["known"]["share"] == pytest.approx(2 / 3)
    assert found["confusion"] == [[1, 0, 1], [1, 1, 0]]
    assert found["labels"]["a"] == {"n": 2, "known": 1, "right": 1}
    assert found["gap"] == pytest.approx(0.2)


@pytest.mark.slow
def test_the_whole_corpus_is_read_well_enough() -> None:
    every = {language: read_corpus(language) for language in ("ja", "en")}
    report = TextReader(strengths=(10.0,), word_weights=(0.35,)).fit(every).report(every)
    for language in every:
        assert report[language]["tone"]["accuracy"]["share"] > 0.70
        assert report[language]["topic"]["accuracy"]["share"] > 0.60
        for head in ("tone", "topic"):
            assert report[language][head]["known"]["low"] > 0.75
            assert abs(report[language][head]["gap"]) < 0.08
