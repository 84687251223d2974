"""What answers about texts are worth: shares right, known and unknown, the confusion table, and which of two is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from enishi.forecasts.evaluation import wilson
from enishi.forecasts.sentences import LANGUAGES, TONES, TOPICS, Sentence
from enishi.kit.text import Text

LABELS: dict[str, tuple[str, ...]] = {"tone": TONES, "topic": tuple(TOPICS)}
WORSE_OVERALL, WORSE_SOMEWHERE = 0.005, 0.02
"""By so much the share of right answers may be lower, over all and in one language and question, for a new version to be
called no worse: one or two sentences of the test part."""


class Judge(Protocol):
    def judge(self, texts: Sequence[str]) -> Sequence[Any]: ...


def measure_answers(
    truth: Sequence[str],
    said: Sequence[str | None],
    best: Sequence[str],
    labels: Sequence[str],
    confidence: Sequence[float] = (),
) -> dict[str, Any]:
    """What answers are worth, by Wilson's interval (level .95) of each share.

    Args:
        truth: the true labels, (n,). said: the answers, None for "unknown", (n,).
        best: the likeliest labels, also where nothing was said, (n,).

    Returns:
        ``n``; ``accuracy`` (of the likeliest labels), ``unknown`` (share) and ``known`` (accuracy where something was
        said), each ``{share, low, high, n}``; ``labels``: per label ``n``, ``known`` and ``right``; ``confusion``:
        rows are true labels, columns what was said, the last one "unknown"; ``gap``: mean confidence less accuracy.
    """
    n = len(truth)
    answered = [place for place, answer in enumerate(said) if answer is not None]
    places = {label: place for place, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels) + 1), dtype=int)
    for true, answer in zip(truth, said, strict=True):
        table[places[true], places[answer] if answer is not None else -1] += 1
    hits = sum(a == b for a, b in zip(truth, best, strict=True))
    return {
        "n": n,
        "accuracy": _share(hits, n),
        "unknown": _share(n - len(answered), n),
        "known": _share(sum(truth[p] == said[p] for p in answered), len(answered)),
        "labels": {
            label: {"n": int(row.sum()), "known": int(row[:-1].sum()), "right": int(row[place])}
            for place, (label, row) in enumerate(zip(labels, table, strict=True))
        },
        "confusion": table.tolist(),
        "gap": round(float(np.mean(confidence)) - hits / n, 4) if n and len(confidence) else None,
    }


def _share(count: int, n: int) -> dict[str, Any]:
    if not n:
        return {"share": None, "low": None, "high": None, "n": 0}
    found = wilson(count, n)
    return {"share": count / n, "low": found.low, "high": found.high, "n": n}


def measure_scorer(scorer: Judge, sentences: Mapping[str, Sequence[Sentence]]) -> dict[str, Any]:
    """Any scorer on the test part: language -> question -> :func:`measure_answers`. What it does not know counts as not
    right, since its second thoughts cannot be seen."""
    found: dict[str, Any] = {}
    for language, every in sentences.items():
        test = [one for one in every if one.split == "test"]
        judged = scorer.judge([one.text for one in test])
        found[language] = {
            head: measure_answers(
                [getattr(one, head) for one in test],
                [getattr(one, head) for one in judged],
                [getattr(one, head) or "" for one in judged],
                labels,
            )
            for head, labels in LABELS.items()
        }
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether a new version is no worse than an old one, and the sentence that says so."""

    no_worse: bool
    text: Text


def compare_reports(new: Mapping[str, Any], old: Mapping[str, Any]) -> Comparison:
    """The publishing rule, on two reports of the same test part.

    The mean share of right answers over languages and questions may be at most :data:`WORSE_OVERALL` lower, and in none
    of them more than :data:`WORSE_SOMEWHERE`.
    """
    pairs = [
        (language, head, new[language][head]["accuracy"]["share"], old[language][head]["accuracy"]["share"])
        for language in LANGUAGES
        if language in new and language in old
        for head in LABELS
        if head in old[language]
    ]
    pairs = [pair for pair in pairs if pair[2] is not None and pair[3] is not None]
    if not pairs:
        return Comparison(True, Text("There is nothing to compare with.", "比較対象がありません。"))
    now, before = (float(np.mean([pair[place] for pair in pairs])) for place in (2, 3))
    fallen = [pair for pair in pairs if pair[2] < pair[3] - WORSE_SOMEWHERE]
    no_worse = now >= before - WORSE_OVERALL and not fallen
    en, ja = (
        f"{now:.1%} right on the fixed test sentences, {before:.1%} before",
        f"固定の評価用例文での正解率 {now:.1%}(これまで {before:.1%})",
    )
    if no_worse:
        return Comparison(
            True, Text(f"{en}: no worse, published.", f"{ja}。悪化していないため公開しました。")
        )
    return Comparison(False, Text(f"{en}: worse, not published.", f"{ja}。悪化したため公開していません。"))
