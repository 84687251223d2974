"""Estimators: frames in, intervals and reasons out."""

from enishi.forecasts.answers import Comparison, compare_reports, measure_scorer
from enishi.forecasts.evaluation import (
    Interval,
    alarms_per_week,
    auc,
    auc_difference,
    auc_with_interval,
    brier,
    brier_skill,
    calibration_error,
    clustered_rate,
    lead_times,
    lift_at,
    observed_rate_by_band,
    reliability,
    wilson,
)
from enishi.forecasts.labels import counts_by_use, is_held, label_contracts, label_silence
from enishi.forecasts.languages import detect_language
from enishi.forecasts.ltv import NotEnoughHistory, simple_ltv
from enishi.forecasts.readiness import find_wins, ladders, usual_uplift
from enishi.forecasts.recommend import NextProduct, try_out
from enishi.forecasts.sentences import LANGUAGES as TEXT_LANGUAGES
from enishi.forecasts.sentences import TONES, TOPICS, Sentence, corpus_digest, read_corpus, split_of
from enishi.forecasts.survival import TimeToEvent, survival_at, time_to_event
from enishi.forecasts.wording import Judged, TextReader, TextScorer

__all__ = [
    "TEXT_LANGUAGES",
    "TONES",
    "TOPICS",
    "Comparison",
    "Interval",
    "Judged",
    "NextProduct",
    "NotEnoughHistory",
    "Sentence",
    "TextReader",
    "TextScorer",
    "TimeToEvent",
    "alarms_per_week",
    "auc",
    "auc_difference",
    "auc_with_interval",
    "brier",
    "brier_skill",
    "calibration_error",
    "clustered_rate",
    "compare_reports",
    "corpus_digest",
    "counts_by_use",
    "detect_language",
    "find_wins",
    "is_held",
    "label_contracts",
    "label_silence",
    "ladders",
    "lead_times",
    "lift_at",
    "measure_scorer",
    "observed_rate_by_band",
    "read_corpus",
    "reliability",
    "simple_ltv",
    "split_of",
    "survival_at",
    "time_to_event",
    "try_out",
    "usual_uplift",
    "wilson",
]  # fmt: skip
