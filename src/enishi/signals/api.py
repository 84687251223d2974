"""The room's door: names only."""

from enishi.signals.history import backfill_scores, explain, lines_of, scores_as_of
from enishi.signals.scoring import score_day

__all__ = ["backfill_scores", "explain", "lines_of", "score_day", "scores_as_of"]
