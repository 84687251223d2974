"""The list as it stood on a past day, with what became of each account beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from enishi.accounts.models import Account, Member
from enishi.segments.api import shown_tiers
from enishi.signals.models import AccountState
from enishi.signals.stages import CHURNED
from enishi.web.pages.account.beside import badges_beside
from enishi.web.pages.portfolio import past_rows, reads
from enishi.web.pages.portfolio.present import Row, list_context, rights_of, strip_pieces, tier_rows
from enishi.web.pages.portfolio.query import NONE, Query
from enishi.web.pages.portfolio.words import all_words


@dataclass(frozen=True, slots=True)
class Now:
    """What is thought of an account today, in tenths, and what it gained or lost since then; or its ``fate``: ``left``,
    ``merged`` or ``deleted`` since, of which nothing is thought."""

    band: str
    tenths: int | None
    change: int | None
    fate: str = ""


def past_context(
    member: Member, query: Query, book: pd.DataFrame, *, day: date, today: date, unit: int
) -> dict[str, Any]:
    """Everything the list of a past day draws."""
    rest = past_rows.select(book, member, query.without("band", "tier"), day=day, unit=unit)
    found = past_rows.order(past_rows.select(book, member, query, day=day, unit=unit), query)
    first = min((query.page - 1) * reads.PAGE_SIZE, reads.MAX_ROWS - reads.PAGE_SIZE)
    shown = list(past_rows.rows(found.iloc[first : first + reads.PAGE_SIZE]))
    more = len(found) > first + reads.PAGE_SIZE and first + reads.PAGE_SIZE < reads.MAX_ROWS
    slices, words = past_rows.slices(rest), all_words()
    context = list_context(member, query, shown, more, slices, day, words)
    strip, fates = _strip(slices, rest, query)
    tiers = shown_tiers(day)
    fell, rose = _movers(found) if query.page == 1 else ([], [])
    return context | {
        "rows": _with_now(context["rows"]),
        "today": today,
        "asked": day,
        "origins": say_origins(book, day),
        "suffix": f"?as_of={day.isoformat()}",
        "strip": strip_pieces(strip, query),
        "fates": fates,
        "tiers_of_today": tiers.today,
        "tiers_first": tiers.first,
        "tiers": tier_rows(_tiers(slices, rest, query, words["tier"]), query, words["tier"]),
        "fell": fell,
        "rose": rose,
        "notices": badges_beside([account.pk for account in (*fell, *rose)], day, day),
        "now_address": replace(query, as_of=None, page=1).address,
        "rights": rights_of(member) | {"acts": False},
    }


def say_origins(book: pd.DataFrame, day: date) -> list[str]:
    """How the scores of a day came about, where that was not on the day itself, the latest first."""
    if book.empty:
        return []
    found = (
        book[past_rows.ORIGIN].drop_duplicates().sort_values("computed_on", ascending=False, kind="stable")
    )
    said = (past_rows.say_origin(entry, day) for entry in found.to_dict("records"))
    return list(dict.fromkeys(text for text in said if text))


def _with_now(rows: Sequence[Row]) -> list[tuple[Row, Now]]:
    states = AccountState.objects.only("stage", "band", "tenths").in_bulk([row.account.pk for row in rows])
    paired = []
    for row in rows:
        state, then = states.get(row.account.pk), row.account.state.tenths
        fate = _fate(row.account.merged_into_id, row.account.deleted_at, state.stage if state else "")
        if state is None or fate:
            paired.append((row, Now("unknown", None, None, fate)))
            continue
        change = None if state.tenths is None or then is None else state.tenths - then
        paired.append((row, Now(state.band, state.tenths, change)))
    return paired


def _fate(merged_into: int | None, deleted_at: datetime | None, stage: str) -> str:
    """Why nothing is thought of an account any more; empty for a customer."""
    if merged_into:
        return "merged"
    return "deleted" if deleted_at else "left" if stage == CHURNED else ""


def _strip(
    slices: Sequence[reads.Slice], frame: pd.DataFrame, query: Query
) -> tuple[list[reads.BandCount], dict[str, int]]:
    """Accounts by band then; ``before`` holds how many of them stand in the band now. Beside it how many are customers
    no longer, by what became of them: the two add up to those of then."""
    tiers = query.choices.get("tier", ())
    held = frame[frame["tier"].replace("", NONE).isin(tiers)] if tiers and len(frame) else frame
    ids = {int(pk) for pk in held["account_id"]} if len(held) else set()
    bands: Counter[str] = Counter()
    fates: Counter[str] = Counter()
    known = Account.objects.values_list("pk", "merged_into", "deleted_at", "state__stage", "state__band")
    for pk, merged, deleted, stage, band in known.order_by().iterator(chunk_size=10_000) if ids else ():
        if pk in ids:
            fate = _fate(merged, deleted, stage or "")
            fates[fate] += bool(fate)
            bands[band or "unknown"] += not fate
    strip = [replace(count, before=bands[count.band]) for count in reads.band_strip(slices, tiers)]
    return strip, {fate: n for fate, n in fates.items() if n}


def _tiers(
    slices: Sequence[reads.Slice], frame: pd.DataFrame, query: Query, order: dict[str, str]
) -> list[reads.TierCount]:
    changes: dict[str, int] = {}
    if "m.mrr_change_90" in frame:
        bands = query.choices.get("band", ())
        held = frame[frame["band"].isin(bands)] if bands else frame
        summed = held.groupby("tier")["m.mrr_change_90"].sum()
        changes = {str(tier): round(float(change)) for tier, change in summed.items()}
    return reads.count_tiers(slices, query, list(order), changes)


def _movers(frame: pd.DataFrame) -> tuple[list[Account], list[Account]]:
    """Whose score fell and rose most in the week before the day."""
    if frame.empty:
        return [], []
    change = pd.to_numeric(frame["change"])
    fell = frame.loc[change[change < 0].nsmallest(reads.MOVERS).index]
    rose = frame.loc[change[change > 0].nlargest(reads.MOVERS).index]
    return list(past_rows.rows(fell)), list(past_rows.rows(rose))
