"""Estimators: frames in, intervals and reasons out."""

from enishi.forecasts.acquisition import UnitCost, spread_costs, unit_cost, unit_costs
from enishi.forecasts.answers import Comparison, compare_reports, measure_scorer
from enishi.forecasts.btyd import BetaGeometricNBD
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
from enishi.forecasts.lifetime import TenureHazard, spells, tally
from enishi.forecasts.ltv import NotEnoughHistory, simple_ltv
from enishi.forecasts.profit import ProfitCurve, break_even, cumulative_profit, project
from enishi.forecasts.readiness import find_wins, ladders, usual_uplift
from enishi.forecasts.recommend import NextProduct, try_out
from enishi.forecasts.sbg import ShiftedBetaGeometric
from enishi.forecasts.sentences import LANGUAGES as TEXT_LANGUAGES
from enishi.forecasts.sentences import TONES, TOPICS, Sentence, corpus_digest, read_corpus, split_of
from enishi.forecasts.spending import GammaGamma
from enishi.forecasts.survival import TimeToEvent, survival_at, time_to_event
from enishi.forecasts.wording import Judged, TextReader, TextScorer

__all__ = [
    "TEXT_LANGUAGES",
    "TONES",
    "TOPICS",
    "BetaGeometricNBD",
    "Comparison",
    "GammaGamma",
    "Interval",
    "Judged",
    "NextProduct",
    "NotEnoughHistory",
    "ProfitCurve",
    "Sentence",
    "ShiftedBetaGeometric",
    "TenureHazard",
    "TextReader",
    "TextScorer",
    "TimeToEvent",
    "UnitCost",
    "alarms_per_week",
    "auc",
    "auc_difference",
    "auc_with_interval",
    "break_even",
    "brier",
    "brier_skill",
    "calibration_error",
    "clustered_rate",
    "compare_reports",
    "corpus_digest",
    "counts_by_use",
    "cumulative_profit",
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
    "project",
    "read_corpus",
    "reliability",
    "simple_ltv",
    "spells",
    "split_of",
    "spread_costs",
    "survival_at",
    "tally",
    "time_to_event",
    "try_out",
    "unit_cost",
    "unit_costs",
    "usual_uplift",
    "wilson",
]  # fmt: skip
