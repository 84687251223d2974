"""What became of accounts, for the judgements: defined in the engine (:mod:`enishi.forecasts.outcomes`)."""

from enishi.forecasts.outcomes import Outcome, read_labels

__all__ = ["Outcome", "read_labels"]
