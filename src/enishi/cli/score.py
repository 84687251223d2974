"""``enishi score``: score every account."""

from __future__ import annotations

from datetime import date, datetime

from enishi.cli.installation import open_installation
from enishi.cli.scoring import read_texts, score_all, score_past, score_then
from enishi.cli.show import show_json, show_table
from enishi.cli.words import DAY, json_option, option, say, spoken
from enishi.kit.clock import system_clock

BANDS = {
    "green": ("● Good", "● 良好"),
    "yellow": ("▲ Caution", "▲ 注意"),
    "red": ("■ Danger", "■ 危険"),
    "unknown": ("– Unknown", "– 不明"),
}


@spoken(
    "score",
    en="Score every account as of today, or as known on a past day.\n\n--past also fills the history, as it would have been judged then.",
    ja="すべての顧客企業のスコアを計算します(本日、または過去の時点)。\n\n--past を付けると、過去の履歴も当時の情報で計算します。",
)
@option("--as-of", "day", type=DAY, en="The day (today).", ja="対象日(省略時は本日)。")
@option("--past", is_flag=True, en="Fill the history too.", ja="過去の履歴も計算します。")
@json_option()
def command(day: datetime | None, past: bool, as_json: bool) -> None:
    home = open_installation()
    from enishi.accounts.company import company_day, refuse_future
    from enishi.ingest.api import drain

    now = system_clock()
    today = company_day(now)
    asked = day.date() if day else today
    refuse_future(asked, now)
    drain(home)
    if read_texts(now):
        drain(home)
    if past:
        score_past(today, now)
    counts = _score(asked, today, now)
    if as_json:
        show_json({"day": asked, "accounts": sum(counts.values()), "bands": counts})
    else:
        show_bands(asked, counts)


def _score(asked: date, today: date, now: datetime) -> dict[str, int]:
    """Bands of a day. A past day is judged as it was known then; the pages keep showing today."""
    from django.db.models import Count

    from enishi.signals.models import AccountState

    if asked == today:
        score_all(asked, now)
        customers = AccountState.objects.exclude(stage="churned")
        found = dict(customers.values_list("band").annotate(n=Count("pk")).order_by())
    else:
        found = {}
        for score in score_then(asked, now).values():
            found[score.band] = found.get(score.band, 0) + 1
    return {band: found.get(band, 0) for band in BANDS}


def show_bands(day: date, counts: dict[str, int]) -> None:
    total = sum(counts.values())
    rows = [
        [say(*BANDS[band]), count, f"{count / total:.0%}" if total else ""] for band, count in counts.items()
    ]
    show_table(
        [say("Band", "区分"), say("Accounts", "顧客企業"), say("Share", "割合")],
        rows,
        say(f"As of {day}: {total} account{'' if total == 1 else 's'}", f"{day} 時点: {total}社"),
        right=(1, 2),
    )
