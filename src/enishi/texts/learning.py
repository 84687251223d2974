"""Learning from corrections: a new version is fitted, measured on the fixed test part, and published if no worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.models import Member
from enishi.forecasts.api import (
    TEXT_LANGUAGES,
    Sentence,
    TextReader,
    compare_reports,
    corpus_digest,
    measure_scorer,
    read_corpus,
    split_of,
)
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.text import Text
from enishi.texts.models import TextCorrection, TextModel, TextUse
from enishi.texts.scorers import model_in_use, named_scorer, scorer_of
from enishi.texts.sources import SOURCES

ENOUGH = 5
"""New corrections from which on the nightly job learns anew."""
SHIPPED = Text(
    "Learned from the sentences that come with Enishi.", "Enishi付属の例文から学習したモデルです。"
)
Status = TextModel.Status


def shipped_sentences() -> dict[str, list[Sentence]]:
    """The sentences that come with Enishi, by language."""
    return {language: read_corpus(language) for language in TEXT_LANGUAGES}


def ensure_model(now: datetime) -> TextModel:
    """The version in use. The first one is learned here, in some seconds, from the sentences that come along; where the
    setting names another scorer, that is put in use."""
    model = model_in_use()
    named = named_scorer()
    wanted = named.name if named else TextReader.name
    if model is not None and model.scorer == wanted:
        return model
    if named:
        return _adopt(named.name, now)
    older = TextModel.objects.filter(scorer=wanted, status=Status.RETIRED).exclude(used_from=None).first()
    return _use(older, now) if older else learn(begin(SYSTEM, now), now)


def begin(actor: Member | str, now: datetime, *, scorer: str = TextReader.name) -> TextModel:
    """A version that is still to be learned."""
    number = (TextModel.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    who = actor.email if isinstance(actor, Member) else actor
    return TextModel.objects.create(number=number, scorer=scorer, made_by=who, made_at=now)


def _adopt(name: str, now: datetime) -> TextModel:
    """Put the scorer the setting names in use, measured on the same test part."""
    model = TextModel.objects.filter(scorer=name).exclude(report={}).first() or begin(
        SYSTEM, now, scorer=name
    )
    model.report, model.corpus = measure_scorer(scorer_of(model), shipped_sentences()), corpus_digest()
    model.reason = {"en": f"Named by the setting: {name}.", "ja": f"設定で指定された判定器「{name}」です。"}
    model.save()
    return _use(model, now)


def learn(model: TextModel, now: datetime) -> TextModel:
    """Learn a version that was begun, and publish it if it is no worse than the one in use."""
    try:
        _learn(model, now)
    except Exception as error:
        model.status, model.error = Status.FAILED, f"{error}"[-2000:]
        model.save()
        raise
    return model


def _learn(model: TextModel, now: datetime) -> None:
    sentences = shipped_sentences()
    said, until = corrected_sentences()
    taught = {language: [*every, *said.get(language, ())] for language, every in sentences.items()}
    reader = TextReader().fit(taught, lambda share: _tell(model, share))
    model.report = reader.report(sentences)
    model.report["own"] = _own(reader, said)
    model.state, model.corpus = reader.to_bytes(), corpus_digest()
    model.corrections = sum(one.split == "train" for every in said.values() for one in every)
    model.corrected_until = until
    model.progress = 100
    _decide(model, sentences, now)


def _tell(model: TextModel, share: float) -> None:
    TextModel.objects.filter(pk=model.pk).update(progress=round(90 * share))


def corrected_sentences() -> tuple[dict[str, list[Sentence]], datetime | None]:
    """What people corrected, as sentences by language, and until when. A fifth, by the text, is never learned from:
    it shows how well the company's own texts are read."""
    rows = list(TextCorrection.objects.filter(withdrawn_at=None))
    found: dict[str, list[Sentence]] = {}
    for kind, source in SOURCES.items():
        mine = {row.record_id: row for row in rows if row.kind == kind}
        for number, piece in source.find(list(mine)).items():
            row = mine[number]
            if piece.digest == row.digest:
                split = "test" if split_of(piece.text) == "test" else "train"
                found.setdefault(row.language, []).append(
                    Sentence(piece.text, row.topic, row.tone, kind, split)
                )
    return found, max((row.made_at for row in rows), default=None)


def _own(reader: TextReader, said: Mapping[str, Sequence[Sentence]]) -> dict[str, Any]:
    """How well corrected texts that were not learned from are read: n, right and known by question."""
    held = [one for every in said.values() for one in every if one.split == "test"]
    judged = reader.judge([one.text for one in held])
    return {
        head: {
            "n": sum(bool(getattr(one, head)) for one in held),
            "known": sum(
                bool(getattr(a, head) and getattr(b, head)) for a, b in zip(held, judged, strict=True)
            ),
            "right": sum(
                bool(getattr(a, head)) and getattr(a, head) == getattr(b, head)
                for a, b in zip(held, judged, strict=True)
            ),
        }
        for head in ("tone", "topic")
    }


def _decide(model: TextModel, sentences: Mapping[str, Sequence[Sentence]], now: datetime) -> None:
    """Publish it, or keep it with the reason why not."""
    before = model_in_use()
    if before is None or before.scorer != TextReader.name:
        model.reason = {"en": SHIPPED.en, "ja": SHIPPED.ja}
        _use(model, now)
        return
    old = before.report if before.corpus == model.corpus else scorer_of(before).report(sentences)  # type: ignore[attr-defined]
    verdict = compare_reports(model.report, old)
    model.reason = {"en": verdict.text.en, "ja": verdict.text.ja}
    if verdict.no_worse:
        _use(model, now)
        return
    model.status, model.state = Status.REFUSED, b""
    model.save()
    write_audit(model.made_by, "text_model_refused", model, detail={"number": model.number})


@transaction.atomic
def _use(model: TextModel, now: datetime, actor: Member | str | None = None) -> TextModel:
    before = model_in_use()
    TextModel.objects.filter(status=Status.IN_USE).update(status=Status.RETIRED)
    model.status, model.used_from = Status.IN_USE, now
    model.save()
    TextUse.objects.create(model=model, since=now)
    detail = {"number": model.number, "replaced": before.number if before else None}
    write_audit(actor or model.made_by, "text_model_published", model, detail=detail)
    return model


def use_version(number: int, *, member: Member, now: datetime) -> TextModel:
    """Go back, or forward, to a version that was in use before; every text is judged by it again."""
    model = TextModel.objects.filter(number=number).first()
    if (
        model is None
        or model.status != Status.RETIRED
        or (model.scorer == TextReader.name and not model.state)
    ):
        raise Conflict(
            "version_not_usable",
            Text(
                f"Version {number} was never in use, or is in use already.",
                f"第{number}版は、使用されたことがないか、すでに使用中です。",
            ),
        )
    scorer_of(model)
    return _use(model, now, member)


def learning_now() -> TextModel | None:
    """The version being learned, if one is; one that was given up half-way does not count for longer than an hour."""
    since = system_clock() - timedelta(hours=1)
    return TextModel.objects.defer("state").filter(status=Status.TRAINING, made_at__gte=since).first()


def new_corrections() -> int:
    """Corrections no version has learned from yet."""
    last = (
        TextModel.objects.filter(scorer=TextReader.name)
        .exclude(corrected_until=None)
        .aggregate(last=Max("corrected_until"))["last"]
    )
    rows = TextCorrection.objects.filter(withdrawn_at=None)
    return (rows.filter(made_at__gt=last) if last else rows).count()


def learn_if_due(now: datetime) -> TextModel | None:
    """Each night: learn anew where enough was corrected since, or where Enishi came with other sentences."""
    model = model_in_use()
    if model is None or model.scorer != TextReader.name or learning_now():
        return None
    if new_corrections() < ENOUGH and model.corpus == corpus_digest():
        return None
    return learn(begin(SYSTEM, now), now)


def check_idle() -> None:
    """Refuse to learn two versions at once."""
    if learning_now():
        raise EnishiError(
            "already_learning",
            Text("A version is being learned already.", "すでに学習を実行中です。"),
            Text("Wait until it has finished.", "完了するまでお待ちください。"),
        )
