"""The room's door: names only."""

from enishi.forecasts.panel import snapshot_days
from enishi.signals.alerts import check_alerts, check_new_records
from enishi.signals.filling import backfill_scores
from enishi.signals.history import drop_future_scores, explain, lines_of, scores_as_of
from enishi.signals.limits import Limit, limit_of, margin_of
from enishi.signals.outcomes import Outcome
from enishi.signals.outdated import is_behind
from enishi.signals.past import book_as_of, first_known_day, names_on
from enishi.signals.provenance import (
    Provenance,
    provenance_of,
    rules_stamp,
    stored_week_ago,
    week_text,
)
from enishi.signals.reads import (
    band_distribution,
    band_moves,
    count_unpriced,
    list_movers,
    list_states,
    metric_catalogue,
    score_history,
    signal_history,
    stake_of,
)
from enishi.signals.scoring import overrides_on, refresh_scores, score_day
from enishi.signals.trials import (
    Trial,
    ask_backtest,
    default_outcome,
    default_start,
    preview,
    renew_records,
    run_backtest,
    scorecard_in_force,
)
from enishi.signals.trying import preview_lines

__all__ = [
    "Limit",
    "Outcome",
    "Provenance",
    "Trial",
    "ask_backtest",
    "backfill_scores",
    "band_distribution",
    "band_moves",
    "book_as_of",
    "check_alerts",
    "check_new_records",
    "count_unpriced",
    "default_outcome",
    "default_start",
    "drop_future_scores",
    "explain",
    "first_known_day",
    "is_behind",
    "limit_of",
    "lines_of",
    "list_movers",
    "list_states",
    "margin_of",
    "metric_catalogue",
    "names_on",
    "overrides_on",
    "preview",
    "preview_lines",
    "provenance_of",
    "refresh_scores",
    "renew_records",
    "rules_stamp",
    "run_backtest",
    "score_day",
    "score_history",
    "scorecard_in_force",
    "scores_as_of",
    "signal_history",
    "snapshot_days",
    "stake_of",
    "stored_week_ago",
    "week_text",
]
