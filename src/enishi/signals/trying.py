"""An edited scorecard against the one in force, line by line, for chosen accounts of today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from enishi.definitions.rules import parse_body
from enishi.kit.home import Home
from enishi.signals.context import Card, load_rules
from enishi.signals.judging import judge
from enishi.signals.states import LineWriter
from enishi.signals.trials import _rows_of_today, scorecard_in_force


def preview_lines(
    body: Mapping[str, Any],
    today: date,
    accounts: Collection[int],
    *,
    slug: str = "default",
    home: Home | None = None,
) -> dict[int, dict[str, Any]]:
    """Account -> ``before`` and ``after`` in tenths (None: unknown), and ``lines`` of both scorecards by measure.

    A line is ``{title_en, title_ja, text_en, text_ja, before, after}`` with tenths, None where one of the
    scorecards has no such line. Lines add up to the scores.

    Raises:
        BadDefinition: the body has mistakes.
    """
    draft = parse_body("scorecard", body)
    rules = load_rules([Card("draft", draft), Card("published", scorecard_in_force(slug))])
    rows = _rows_of_today(home or Home.from_environment(), today, rules)
    after, before = judge(rows, rules).evaluations[:2]
    writers = LineWriter(before, rules), LineWriter(after, rules)
    numbers = rows["account_id"].to_numpy()
    places = {int(number): row for row, number in enumerate(numbers) if int(number) in set(accounts)}
    found = {}
    for account in accounts:
        if (row := places.get(account)) is not None:
            found[account] = {
                "before": int(before.tenths[row]) if before.known[row] else None,
                "after": int(after.tenths[row]) if after.known[row] else None,
                "lines": _paired(writers[0].lines(row), writers[1].lines(row)),
            }
    return found


def _paired(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    then = {line["measure"]: line for line in before}
    now = {line["measure"]: line for line in after}
    paired = []
    for measure in dict.fromkeys([*now, *then]):
        line = now.get(measure) or then[measure]
        words = {name: line[name] for name in ("title_en", "title_ja", "text_en", "text_ja")}
        old, new = (side[measure]["tenths"] if measure in side else None for side in (then, now))
        paired.append({**words, "before": old, "after": new, "changed": old != new})
    return paired
