"""Who would change band today if an edited scorecard were in force, within the scope of the member who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from enishi.accounts.models import Member, Scope
from enishi.signals.api import preview, preview_lines
from enishi.web.badges import band_word
from enishi.web.pages.health.backtests import in_scope
from enishi.web.pages.health.builder import chosen_accounts
from enishi.web.pages.health.metric_reads import scope_ids

MOST_SHOWN = 12
BANDS = ("red", "yellow", "green", "unknown")


def _distribution(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    total = sum(found["after"].values()) or 1
    rows, start = [], 0.0
    for band in BANDS:
        before, after = found["before"].get(band, 0), found["after"].get(band, 0)
        width = 100 * after / total
        rows.append(
            {
                "band": band,
                "word": band_word(band),
                "before": before,
                "after": after,
                "movement": after - before,
                "from": f"{start:.2f}",
                "width": f"{width:.2f}",
            }
        )
        start += width
    return rows


def _moved(found: Mapping[str, Any], fits: Callable[[str, str], bool]) -> int:
    """How many accounts make a move of one sort."""
    return sum(int(n) for move, n in found["move_counts"].items() if fits(*move.split("->")))


def _histogram(counts: Sequence[int]) -> list[dict[str, Any]]:
    most = max(counts, default=0) or 1
    return [
        {
            "from": index * 10,
            "n": n,
            "x": index * 10,
            "y": f"{40 - 40 * n / most:.2f}",
            "height": f"{40 * n / most:.2f}",
        }
        for index, n in enumerate(counts)
    ]


MOST_LINES = 3


def _lines(
    member: Member, slug: str, body: Mapping[str, Any], today: date, names: str
) -> list[dict[str, Any]]:
    """What each measure gives the accounts asked for, under the scorecard in force and under the edited one."""
    accounts = chosen_accounts(member, names)[:MOST_LINES]
    found = preview_lines(body, today, [account.pk for account in accounts], slug=slug)
    return [{"account": account, **found[account.pk]} for account in accounts if account.pk in found]


def preview_card(
    member: Member, slug: str, body: Mapping[str, Any], today: date, names: str = ""
) -> dict[str, Any]:
    """The distribution before and after and the moves over the accounts the member sees, and chosen accounts' lines.

    Args:
        names: accounts to show line by line, separated by commas; empty: the largest ones.
    """
    seen = None if member.scope == Scope.ALL else scope_ids(member).tolist()
    found = preview(dict(body), today, slug=slug, accounts=seen)
    moves = in_scope(member, found["moves"])
    moves = sorted(moves, key=lambda m: (BANDS.index(m["after"]), m["tenths_after"] or 0))
    return {
        "accounts": found["accounts_today"],
        "is_part": seen is not None,
        "changed": sum(found["move_counts"].values()),
        "newly_judged": _moved(found, lambda before, after: before == "unknown" != after),
        "no_longer_judged": _moved(found, lambda before, after: before != "unknown" == after),
        "distribution": _distribution(found),
        "histogram": _histogram(found["histogram"]),
        "moves": moves[:MOST_SHOWN],
        "more": max(0, len(moves) - MOST_SHOWN),
        "accounts_shown": _lines(member, slug, body, today, names),
    }
