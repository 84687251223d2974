"""Who judges: the model in use, or another scorer named by ``ENISHI_TEXT_SCORER``.

A stronger scorer is any object with a ``name`` and ``judge(texts)``
(:class:`~enishi.forecasts.wording.TextScorer`), named as ``package.module:name``; a class or function is called
without arguments to make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.conf import settings

from enishi.forecasts.api import Judged, TextReader, TextScorer, detect_language
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.texts.models import TextModel

SETTING = "ENISHI_TEXT_SCORER"


def named_scorer() -> TextScorer | None:
    """The scorer the setting names; None without it.

    Raises:
        EnishiError: ``bad_setting`` where it cannot be loaded or does not judge.
    """
    place = settings.CONFIGURATION.text_scorer
    return _load(place) if place else None


@lru_cache(maxsize=4)
def _load(place: str) -> TextScorer:
    module, _colon, name = place.partition(":")
    try:
        found: Any = getattr(import_module(module), name)
        made = found() if isinstance(found, type) or not hasattr(found, "judge") else found
    except Exception as error:
        raise _refused(place, f"{type(error).__name__}: {error}") from error
    if not isinstance(made, TextScorer):
        raise _refused(place, "judge, name")
    return made


def _refused(place: str, why: str) -> EnishiError:
    return EnishiError(
        "bad_setting",
        Text(
            f"{SETTING} names '{place}', which cannot judge texts ({why}).",
            f"{SETTING} に指定された「{place}」で文章を判定できません({why})。",
        ),
        Text(
            "Write package.module:name of an object with 'name' and 'judge(texts)', or leave the setting out.",
            "name と judge(texts) を備えたオブジェクトを package.module:name の形でご指定いただくか、設定を削除してください。",
        ),
    )


def model_in_use() -> TextModel | None:
    """The version whose word counts, without its state."""
    return TextModel.objects.defer("state").filter(status=TextModel.Status.IN_USE).first()


def scorer_of(model: TextModel) -> TextScorer:
    """The scorer of a version; kept in memory for the next call."""
    if model.scorer == TextReader.name:
        return _reader(model.pk, model.made_at, model.corpus)
    named = named_scorer()
    if named is None or named.name != model.scorer:
        raise _refused(model.scorer, SETTING)
    return named


@lru_cache(maxsize=2)
def _reader(pk: int, made_at: datetime, corpus: str) -> TextReader:
    """``made_at`` and ``corpus`` tell versions of one number apart: another database, a backup played back."""
    state = TextModel.objects.values_list("state", flat=True).get(pk=pk)
    return TextReader.from_bytes(bytes(state))


def judge_texts(texts: Sequence[str]) -> list[Judged]:
    """Tone and topic of each text by the version in use; all unknown while there is none yet."""
    model = model_in_use()
    if model is None:
        return [Judged(None, None, 0.0, 0.0, detect_language(text)) for text in texts]
    return scorer_of(model).judge(texts)
