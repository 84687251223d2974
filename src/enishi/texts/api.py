"""The room's door: names only."""

from enishi.texts.actions import access_judgement, correct_judgement, withdraw_correction
from enishi.texts.jobs import ask_learning
from enishi.texts.judging import judge_new_texts
from enishi.texts.learning import learn_if_due, learning_now, new_corrections, use_version
from enishi.texts.models import TextCorrection, TextJudgement, TextModel
from enishi.texts.reads import (
    GROWTH_DAYS,
    Growing,
    Read,
    growing_topics,
    judged_texts,
    judgements_of,
    list_models,
    topics_between,
    visible_corrections,
    visible_judgements,
    wordings,
)
from enishi.texts.scorers import judge_texts, model_in_use
from enishi.texts.sources import Piece, Source, digest_of, provide_source

__all__ = [
    "GROWTH_DAYS",
    "Growing",
    "Piece",
    "Read",
    "Source",
    "TextCorrection",
    "TextJudgement",
    "TextModel",
    "access_judgement",
    "ask_learning",
    "correct_judgement",
    "digest_of",
    "growing_topics",
    "judge_new_texts",
    "judge_texts",
    "judged_texts",
    "judgements_of",
    "learn_if_due",
    "learning_now",
    "list_models",
    "model_in_use",
    "new_corrections",
    "provide_source",
    "topics_between",
    "use_version",
    "visible_corrections",
    "visible_judgements",
    "withdraw_correction",
    "wordings",
]
