"""Tone and topic of what people write, in Japanese and English: a small model that says "unknown" where it does not know.

Character n-grams (and words, in English), weighted by how rare they are, and counts of telling words
(:mod:`~enishi.forecasts.lexicon`) go into a regularised multinomial logistic regression for each language and question.
With more columns than sentences it is fitted in the space the sentences span, which is exact for an L2 penalty and takes
seconds (Hastie & Tibshirani 2004, *Efficient quadratic regularization for expression arrays*). The strength of the regularisation, the temperature that makes confidences
mean what they say (Guo et al. 2017, *On calibration of modern neural networks*), and the confidence below which nothing
is said follow from sentences of train and valid, each judged by what was learned from the others; strength and weight are
chosen on valid alone. The test part is read once, by :meth:`TextReader.report`.

n-grams are hashed, so that what is kept holds no word anybody wrote. Learned state is arrays and plain numbers
(:meth:`TextReader.to_bytes`), never code.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from enishi.forecasts.answers import LABELS, measure_answers
from enishi.forecasts.languages import detect_language, plain
from enishi.forecasts.lexicon import count_words
from enishi.forecasts.sentences import Sentence

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float64]
HEADS = LABELS
BUCKETS = 2**18
STRENGTHS = (3.0, 10.0, 30.0)
WORD_WEIGHTS = (0.25, 0.5)
AIM = 0.85
"""Of what is said, so much shall be right: the confidence below which nothing is said follows from it."""
LEAST_ANSWERS = 30
FOLDS = 3
"""Parts of train and valid together, each judged by what was learned from the others, that tell temperature and threshold."""
LONGEST = 2_000
"""Characters that are read of a text: what somebody wants stands at its beginning."""
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a text says.

    Args:
        tone: ``negative``, ``neutral``, ``positive``; None: unknown.
        topic: one of :data:`~enishi.forecasts.sentences.TOPICS`; None: unknown.
        tone_confidence, topic_confidence: the probability, 0 to 1, of the likeliest label, also where it is too low
            to be said; 0 where the text could not be read at all.
        language: as :func:`~enishi.forecasts.languages.detect_language` found it.
    """

    tone: str | None
    topic: str | None
    tone_confidence: float
    topic_confidence: float
    language: str


@runtime_checkable
class TextScorer(Protocol):
    """Whatever judges texts: the small model here, or a stronger one of the company's own.

    ``name`` tells scorers apart and is shown beside what they say; :meth:`judge` gives one judgement per text, in
    their order, and must depend on nothing but the text.
    """

    name: str

    def judge(self, texts: Sequence[str]) -> list[Judged]: ...


def _grams(language: str) -> list[Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    common = {"n_features": BUCKETS, "alternate_sign": False, "norm": None, "preprocessor": plain}
    if language == "ja":
        return [HashingVectorizer(analyzer="char", ngram_range=(1, 4), **common)]
    words = {"token_pattern": r"(?u)\b\w[\w']*\b|[!?]+", "analyzer": "word", "ngram_range": (1, 2)}
    return [
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common),
        HashingVectorizer(**words, **common),
    ]


def _counts(language: str, texts: Sequence[str]) -> csr_matrix:
    """Dampened counts of hashed n-grams, (texts, columns)."""
    from scipy.sparse import hstack

    cut = [text[:LONGEST] for text in texts]
    found = hstack([gram.transform(cut) for gram in _grams(language)], format="csr")
    found.data = 1 + np.log(found.data)
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as numbers: ``grams`` (n, features) of unit length, ``words`` (n, words), and ``known`` (n,), the share of
    each one's n-grams that stood in the sentences learned from."""

    grams: csr_matrix
    words: Floats
    known: Floats

    def __getitem__(self, places: npt.NDArray[Any]) -> Rows:
        return Rows(self.grams[places], self.words[places], self.known[places])

    def products(self, other: Rows, weight: float) -> Floats:
        """Inner products with the rows of another, (n, m); words count ``weight``."""
        found: Floats = (self.grams @ other.grams.T).toarray() + weight**2 * self.words @ other.words.T
        return found


@dataclass(frozen=True, slots=True)
class Features:
    """Which n-grams count, and how much: those that stood in at least two sentences.

    Args:
        columns: sorted column numbers, (features,).
        rarity: inverse document frequencies, (features,).
        least_known: a text of whose n-grams a smaller share is known is not judged.
    """

    columns: npt.NDArray[np.int32]
    rarity: Floats
    least_known: float = 0.0

    def rows(self, language: str, texts: Sequence[str]) -> Rows:
        from scipy.sparse import diags
        from sklearn.preprocessing import normalize

        counts = _counts(language, texts)
        kept = counts[:, self.columns]
        share = np.diff(kept.indptr) / np.maximum(1, np.diff(counts.indptr))
        cut = [text[:LONGEST] for text in texts]
        return Rows(normalize(kept @ diags(self.rarity)), count_words(language, cut), share)


def _learn_features(language: str, texts: Sequence[str]) -> Features:
    counts = _counts(language, texts)
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    columns = np.flatnonzero(seen >= 2)
    rarity = np.log((1 + len(texts)) / (1 + seen[columns])) + 1
    return Features(columns.astype(np.int32), rarity)


@dataclass(frozen=True, slots=True)
class Head:
    """One question's answer for one language.

    Args:
        grams: (features, labels). words: (words, labels). bias: (labels,).
        temperature: scores are divided by it before they become probabilities.
        threshold: the probability from which the likeliest label is said; above 1: never.
        strength: of the data against the prior (scikit-learn's ``C``). word_weight: what a telling word counts.
    """

    labels: tuple[str, ...]
    grams: Floats
    words: Floats
    bias: Floats
    temperature: float = 1.0
    threshold: float = 0.0
    strength: float = 1.0
    word_weight: float = 1.0

    def scores(self, rows: Rows) -> Floats:
        found: Floats = np.asarray(rows.grams @ self.grams, dtype=float) + rows.words @ self.words + self.bias
        return found

    def probabilities(self, rows: Rows) -> Floats:
        return _softmax(self.scores(rows) / self.temperature)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """The space some rows span: ``base`` (n, rank) turns inner products with them into coordinates."""

    rows: Rows
    base: Floats
    own: Floats
    weight: float

    @classmethod
    def of(cls, rows: Rows, weight: float) -> Span:
        from scipy.linalg import cholesky, solve_triangular

        products = rows.products(rows, weight)
        products[np.diag_indices_from(products)] += (
            1e-6  # two sentences of the same words span no more than one
        )
        own = cholesky(products, lower=True)
        base = solve_triangular(own, np.eye(len(own)), lower=True).T
        return cls(rows, base, own, weight)

    def head(self, labels: Sequence[str], names: tuple[str, ...], strength: float) -> Head:
        """The logistic regression of these rows' labels, its coefficients in terms of n-grams and words again."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(self.own, np.asarray(labels))
        found, bias = np.zeros((len(self.base), len(names))), np.full(len(names), -20.0)
        place = [names.index(str(name)) for name in model.classes_]
        coefficients, intercept = model.coef_, model.intercept_
        if len(place) == 2:  # scikit-learn keeps one row for two labels
            coefficients, intercept = np.vstack([0 * coefficients, coefficients]), np.array([0.0, *intercept])
        found[:, place], bias[place] = self.base @ coefficients.T, intercept
        grams, words = np.asarray(self.rows.grams.T @ found), self.weight**2 * self.rows.words.T @ found
        return Head(names, grams, words, bias, strength=strength, word_weight=self.weight)


def _log_loss(probabilities: Floats, truth: npt.NDArray[np.intp]) -> float:
    return float(-np.log(np.clip(probabilities[np.arange(len(truth)), truth], 1e-12, 1)).mean())


def _temper(head: Head, rows: Rows, truth: npt.NDArray[np.intp]) -> tuple[Head, float]:
    """The head with the temperature of least log loss on rows it was not fitted on, and that loss."""
    temperature, loss = _temperature(head.scores(rows), truth)
    return replace(head, temperature=temperature), loss


def _temperature(scores: Floats, truth: npt.NDArray[np.intp]) -> tuple[float, float]:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: _log_loss(_softmax(scores / np.exp(log)), truth), bounds=(-3, 2), method="bounded"
    )
    return float(np.exp(found.x)), float(found.fun)


def _cross_scores(
    language: str, used: Sequence[Sentence], name: str, choice: Head
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Scores (n, labels) of each sentence by a head learned from the other parts alone, and its true label (n,)."""
    labels = [getattr(one, name) for one in used]
    truth = np.array([HEADS[name].index(label) for label in labels], dtype=np.intp)
    scores = np.zeros((len(used), len(HEADS[name])))
    for part in range(FOLDS):
        mine = np.arange(len(used)) % FOLDS == part
        others, held = np.flatnonzero(~mine).tolist(), np.flatnonzero(mine).tolist()
        features = _learn_features(language, [used[p].text for p in others])
        span = Span.of(features.rows(language, [used[p].text for p in others]), choice.word_weight)
        head = span.head([labels[p] for p in others], HEADS[name], choice.strength)
        scores[held] = head.scores(features.rows(language, [used[p].text for p in held]))
    return scores, truth


def choose_threshold(confidence: Floats, right: npt.NDArray[np.bool_], aim: float = AIM) -> float:
    """The lowest confidence from which on the share of right answers reaches ``aim``, less one standard error so that it
    holds on other texts too and not just half of the time; 1.01 where none does.

    Args:
        confidence: of the likeliest label, (n,). right: whether it was the true one, (n,).
    """
    order, count = np.argsort(-confidence, kind="stable"), np.arange(1, len(confidence) + 1)
    share = np.cumsum(right[order]) / count
    sure = share - np.sqrt(aim * (1 - aim) / count)
    enough = np.flatnonzero((sure >= aim) & (count >= min(LEAST_ANSWERS, len(order))))
    return float(confidence[order][enough[-1]]) if len(enough) else 1.01


def _known(sentences: Sequence[Sentence], head: str) -> npt.NDArray[np.intp]:
    """Places of the sentences whose label of this question is known."""
    return np.flatnonzero([getattr(one, head) in HEADS[head] for one in sentences])


_NUMBERS = ("temperature", "threshold", "strength", "word_weight")


class TextReader:
    """Judges tone and topic. ``fit`` chooses on ``valid``, then learns from ``train`` and ``valid`` together.

    Args:
        aim: the share of answers that shall be right; it sets how often "unknown" is said.
        strengths: candidates for the strength of the data against the prior. word_weights: and for what a telling
            word counts beside the n-grams.

    Attributes:
        features_: language -> :class:`Features`. heads_: (language, question) -> :class:`Head`.
    """

    name = "enishi"

    def __init__(
        self,
        *,
        aim: float = AIM,
        strengths: Sequence[float] = STRENGTHS,
        word_weights: Sequence[float] = WORD_WEIGHTS,
    ) -> None:
        self.aim, self.strengths, self.word_weights = aim, tuple(strengths), tuple(word_weights)
        self.features_: dict[str, Features] = {}
        self.heads_: dict[tuple[str, str], Head] = {}

    def fit(
        self, sentences: Mapping[str, Sequence[Sentence]], progress: Progress | None = None
    ) -> TextReader:
        """Learn from sentences by language.

        Args:
            sentences: language -> sentences; those of the split ``test`` are left alone. A label that is empty is
                not learned from.
            progress: called with the share done, 0 to 1.

        Raises:
            ValueError: a language has fewer than two labels of a question, or no sentence to validate on.
        """
        import scipy.linalg  # noqa: F401  limits hold for what is loaded before
        import sklearn.linear_model  # noqa: F401
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # products this small only wait for each other on more processors
            for done, (language, every) in enumerate(sentences.items(), start=1):
                self._fit_language(language, [one for one in every if one.split != "test"])
                if progress:
                    progress(done / len(sentences))
        return self

    def _fit_language(self, language: str, used: list[Sentence]) -> None:
        train = [one for one in used if one.split == "train"]
        valid = [one for one in used if one.split == "valid"]
        features = _learn_features(language, [one.text for one in train])
        rows, held = (features.rows(language, [one.text for one in part]) for part in (train, valid))
        chosen = {head: self._choose(rows, held, train, valid, head) for head in HEADS}
        final = _learn_features(language, [one.text for one in used])
        least = float(np.quantile(held.known, 0.005)) if len(valid) else 0.0
        self.features_[language] = replace(final, least_known=least)
        every = final.rows(language, [one.text for one in used])
        for name, choice in chosen.items():
            places = _known(used, name)
            span = Span.of(every[places], choice.word_weight)
            fitted = span.head([getattr(used[p], name) for p in places], HEADS[name], choice.strength)
            scores, truth = _cross_scores(language, [used[p] for p in places], name, choice)
            temperature = _temperature(scores, truth)[0]
            said = _softmax(scores / temperature)
            threshold = choose_threshold(said.max(axis=1), said.argmax(axis=1) == truth, self.aim)
            self.heads_[language, name] = replace(fitted, temperature=temperature, threshold=threshold)

    def _choose(
        self, rows: Rows, held: Rows, train: Sequence[Sentence], valid: Sequence[Sentence], name: str
    ) -> Head:
        """The head of least log loss on the validation part; its strength and weight are what counts."""
        places, others = _known(train, name), _known(valid, name)
        labels = [getattr(train[p], name) for p in places]
        if len(set(labels)) < 2 or not len(others):
            raise ValueError(
                f"{name}: at least two labels to learn and one sentence to validate on are needed."
            )
        truth = np.array([HEADS[name].index(getattr(valid[p], name)) for p in others], dtype=np.intp)
        spans = [Span.of(rows[places], weight) for weight in self.word_weights]
        tried = [
            _temper(span.head(labels, HEADS[name], c), held[others], truth)
            for span in spans
            for c in self.strengths
        ]
        return min(tried, key=lambda one: one[1])[0]

    def judge(self, texts: Sequence[str]) -> list[Judged]:
        """One judgement per text, in their order. A language the reader did not learn gives "unknown"."""
        spoken = [detect_language(text) for text in texts]
        found: list[Judged] = [Judged(None, None, 0.0, 0.0, language) for language in spoken]
        for language in self.features_:
            places = [place for place, one in enumerate(spoken) if one == language]
            if places:
                for place, judged in zip(
                    places, self._judge(language, [texts[p] for p in places]), strict=True
                ):
                    found[place] = judged
        return found

    def _judge(self, language: str, texts: Sequence[str]) -> list[Judged]:
        features = self.features_[language]
        rows = features.rows(language, texts)
        readable = rows.known >= features.least_known
        said = {head: self._say(self.heads_[language, head], rows, readable) for head in HEADS}
        return [
            Judged(tone, topic, sure, certain, language)
            for (tone, sure), (topic, certain) in zip(said["tone"], said["topic"], strict=True)
        ]

    @staticmethod
    def _say(head: Head, rows: Rows, readable: npt.NDArray[np.bool_]) -> list[tuple[str | None, float]]:
        chances = head.probabilities(rows)
        best, sure = chances.argmax(axis=1), chances.max(axis=1)
        said = readable & (sure >= head.threshold)
        return [
            (head.labels[b] if s else None, round(float(c), 4) if r else 0.0)
            for b, c, s, r in zip(best, sure, said, readable, strict=True)
        ]

    def report(self, sentences: Mapping[str, Sequence[Sentence]]) -> dict[str, Any]:
        """How well held-out sentences are read; plain values, as JSON takes them.

        Args:
            sentences: language -> sentences; only those of the split ``test`` are read.

        Returns:
            language -> question -> :func:`measure_answers` of the test part.
        """
        found: dict[str, Any] = {}
        for language in self.features_:
            test = [one for one in sentences.get(language, ()) if one.split == "test"]
            judged = self._judge(language, [one.text for one in test]) if test else []
            best = {head: self._best(language, head, test) for head in HEADS}
            found[language] = {
                head: measure_answers(
                    [getattr(one, head) for one in test],
                    [getattr(one, head) for one in judged],
                    best[head],
                    HEADS[head],
                    confidence=[getattr(one, f"{head}_confidence") for one in judged],
                )
                | {"threshold": round(self.heads_[language, head].threshold, 4)}
                for head in HEADS
            }
        return found

    def _best(self, language: str, head: str, test: Sequence[Sentence]) -> list[str]:
        """The likeliest label of each, also where too little is known to say it."""
        if not test:
            return []
        rows = self.features_[language].rows(language, [one.text for one in test])
        return [HEADS[head][place] for place in self.heads_[language, head].scores(rows).argmax(axis=1)]

    def to_bytes(self) -> bytes:
        """The learned state as a compressed NumPy archive of plain arrays, about 1 MB."""
        arrays: dict[str, Any] = {}
        told: dict[str, Any] = {"format": 1, "aim": self.aim, "languages": {}, "heads": []}
        for language, features in self.features_.items():
            told["languages"][language] = features.least_known
            arrays[f"{language}:columns"] = features.columns
            arrays[f"{language}:rarity"] = features.rarity.astype(np.float32)
        for (language, name), head in self.heads_.items():
            arrays[f"{language}:{name}:grams"] = head.grams.astype(np.float16)
            arrays[f"{language}:{name}:words"], arrays[f"{language}:{name}:bias"] = head.words, head.bias
            values = {key: getattr(head, key) for key in _NUMBERS}
            told["heads"].append({"language": language, "name": name, "labels": list(head.labels), **values})
        kept = io.BytesIO()
        np.savez_compressed(kept, told=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8), **arrays)
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, state: bytes) -> TextReader:
        """The reader whose :meth:`to_bytes` gave ``state``; weights are kept to three digits.

        Raises:
            ValueError: the state is of another format.
        """
        with np.load(io.BytesIO(state), allow_pickle=False) as kept:
            told = json.loads(kept["told"].tobytes())
            if told.get("format") != 1:
                raise ValueError(f"The state is of format {told.get('format')}; this program reads format 1.")
            reader = cls(aim=told["aim"])
            for language, least in told["languages"].items():
                rarity = kept[f"{language}:rarity"].astype(float)
                reader.features_[language] = Features(kept[f"{language}:columns"], rarity, least)
            for head in told["heads"]:
                place = f"{head['language']}:{head['name']}"
                grams, words, bias = (
                    kept[f"{place}:{part}"].astype(float) for part in ("grams", "words", "bias")
                )
                values = {key: head[key] for key in _NUMBERS}
                made = Head(tuple(head["labels"]), grams, words, bias, **values)
                reader.heads_[head["language"], head["name"]] = made
        return reader
