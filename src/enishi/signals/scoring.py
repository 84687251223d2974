"""The daily pass: read the frame of today and a week ago, judge, write states, scores and signals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.accounts.audit import SYSTEM
from enishi.accounts.company import company_day, company_remembered, get_company, refuse_future
from enishi.definitions.actions import install_defaults
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords, contracts_in_force, count_churn
from enishi.signals.bands import CODES, UNKNOWN, Codes, trend_arrows
from enishi.signals.book import SignalBook
from enishi.signals.context import Rules, load_rules
from enishi.signals.derived import common_dips
from enishi.signals.evidence import find_facts, newest_mentions
from enishi.signals.hooks import tiers_on, worth_on
from enishi.signals.judging import Judgement, judge
from enishi.signals.mapping import Floats, column
from enishi.signals.models import AccountState, HealthScore, Override, ScoringRun
from enishi.signals.money import ChurnBase, at_stake, without_price, yearly_revenue
from enishi.signals.panel import Frame, day_end, living_accounts, read_frame, week_before
from enishi.signals.products import product_scores
from enishi.signals.states import ReasonWriter, needed_facts
from enishi.signals.turns import in_turn
from enishi.signals.writing import BATCH, Pass, write_batch, write_scores
from enishi.store.api import Published

LINES_KEPT_UP_TO = 5000
"""Above this many accounts the lines of past days are not stored: they are computed again when asked for."""
TREND_WEEKS = 12

Progress = Callable[[float, float], object]


def score_day(
    day: date,
    *,
    now: datetime,
    home: Home | None = None,
    accounts: Collection[int] | None = None,
    progress: Progress | None = None,
) -> ScoringRun:
    """Score every account as of ``day`` and rewrite its state.

    Args:
        accounts: rewrite only these (peers are still everyone).
        progress: told how much is done, and of how much.

    A day to come is refused. A failed pass leaves its run with the error and raises; what was written before stays.
    """
    refuse_future(day, now)
    home = home or Home.from_environment()
    run = ScoringRun.objects.create(day=day, started_at=now, facts_generation=Published(home).generation)
    try:
        with in_turn(home), company_remembered():
            run.accounts, run.common_dip = _score(day, now, home, accounts, progress or _silent)
    except Exception as error:
        run.status, run.error = "failed", f"{type(error).__name__}: {error}"
        run.save()
        raise
    run.status, run.progress, run.finished_at = "done", 100, _finished(now)
    run.save()
    return run


LONGEST_REST = timedelta(minutes=15)
REST_PER_SECOND = 5
"""A pass is followed by a rest of so many times its own length: small books follow the facts within a minute, large
ones do not keep the machine busy with nothing else."""


def refresh_scores(*, now: datetime, home: Home | None = None) -> ScoringRun | None:
    """Score today if facts arrived since it was last scored, or the day is new; None where there is nothing to do, or
    the last pass is too fresh for its size. Made to be called every minute. What was judged by a clock that ran ahead is
    judged again."""
    home = home or Home.from_environment()
    today, generation = company_day(now), Published(home).generation
    last = ScoringRun.objects.filter(status="done").order_by("-pk").first()
    if last is not None and last.day >= today and last.started_at <= now:
        if last.facts_generation >= generation:
            return None
        took = (last.finished_at or last.started_at) - last.started_at
        if last.accounts and now < last.started_at + min(LONGEST_REST, REST_PER_SECOND * took):
            return None
    return score_day(today, now=now, home=home)


def _silent(done: float, total: float) -> None:
    """Nobody asked how far we are."""


def _finished(now: datetime) -> datetime:
    from django.utils import timezone

    return max(now, timezone.now())


def _score(
    day: date, now: datetime, home: Home, accounts: Collection[int] | None, progress: Progress
) -> tuple[int, float]:
    """How many accounts were judged, and what their use has in common on the day."""
    install_defaults(SYSTEM, now)
    rules = load_rules()
    with KnownRecords(home) as records:
        frame = read_frame(home, [week_before(day), day], rules, records=records, every_metric=True)
        progress(40, 100)
        facts = find_facts(records, needed_facts(rules), day) | newest_mentions(records, frame.mentions, day)
        churn, contracts = ChurnBase(*count_churn(records, day)), contracts_in_force(records, day)
    judgement = judge(frame.rows, rules)
    progress(50, 100)
    this = _prepare(day, now, judgement, churn, contracts, accounts)
    book = SignalBook(accounts)
    writer = ReasonWriter(judgement, facts)
    book.advance(judgement, this.now_rows, writer, day, now)
    for start in range(0, len(this.now_rows), BATCH):
        span = range(start, min(start + BATCH, len(this.now_rows)))
        write_batch(this, span, writer, book)
        progress(50 + 50 * span.stop / len(this.now_rows), 100)
    if accounts is None:
        _drop_departed(book, day)
    book.write()
    write_scores(_product_scores(home, this, frame, rules))
    return len(this.now_rows), _dip_of(frame.rows, day)


def _dip_of(rows: pd.DataFrame, day: date) -> float:
    found = common_dips(rows)[(rows["as_of"] == pd.Timestamp(day)).to_numpy()]
    return float(found[0]) if len(found) else 0.0


def _product_scores(home: Home, this: Pass, frame: Frame, rules: Rules) -> list[HealthScore]:
    if not rules.product_slugs:
        return []
    wanted = set(this.accounts.tolist())
    today = frame.rows["as_of"] == pd.Timestamp(this.day)
    rows = frame.rows[today & frame.rows["account_id"].isin(wanted)].reset_index(drop=True)
    held = {slug: bands_before(this.day, wanted, slug) for slug in rules.product_slugs}
    return product_scores(home, [this.day], rules, rows, held, this.now)


def _drop_departed(book: SignalBook, day: date) -> None:
    """States and signals of accounts that are deleted or merged away; those merely without facts keep theirs."""
    living = living_accounts()
    book.end_departed(living, day)
    gone = set(AccountState.objects.values_list("pk", flat=True)) - living
    AccountState.objects.filter(pk__in=gone).delete()


def _prepare(
    day: date,
    now: datetime,
    judgement: Judgement,
    churn: ChurnBase,
    contracts: Mapping[int, bool],
    accounts: Collection[int] | None,
) -> Pass:
    wanted = living_accounts() if accounts is None else living_accounts() & set(accounts)
    now_rows, week_rows = pair_rows(judgement, day, week_before(day), wanted)
    ids = judgement.accounts[now_rows]
    held = bands_before(day, wanted)
    before = np.array([held.get(int(a), UNKNOWN) for a in ids], dtype=np.int8)
    bands = judgement.bands_after(now_rows, before)
    overrides, company = overrides_on(day), get_company()
    return Pass(
        day=day,
        now=now,
        judgement=judgement,
        now_rows=now_rows,
        week_rows=week_rows,
        bands=bands,
        week_bands=_week_bands(judgement, week_rows, ids, week_before(day)),
        trends=_trends(judgement, now_rows, ids, day),
        stakes=stakes_of(judgement, now_rows, _stated(bands, ids, overrides), contracts),
        unpriced=unpriced(judgement, now_rows, contracts),
        overrides=overrides,
        tiers=tiers_on(day),
        worth=worth_on(day),
        monthly_churn=churn.monthly_rate,
        margin=float(company.gross_margin),
        keep_lines=len(now_rows) <= LINES_KEPT_UP_TO,
        columns={str(n): judgement.rows[n].to_numpy(dtype=object) for n in judgement.rows.columns},
    )


def _stated(bands: Codes, ids: NDArray[np.int64], overrides: Mapping[int, str]) -> Codes:
    """The bands that stand: where a person set one, that."""
    pairs = zip(ids.tolist(), bands.tolist(), strict=True)
    return np.array([CODES.get(overrides.get(account, ""), band) for account, band in pairs], dtype=np.int8)


def pair_rows(
    judgement: Judgement, day: date, earlier: date, wanted: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of the wanted accounts on ``day``, and of the same accounts on the earlier day (-1: none)."""
    days = judgement.rows["as_of"].to_numpy()
    accounts = judgement.accounts
    then = {int(accounts[i]): int(i) for i in np.flatnonzero(days == np.datetime64(earlier, "ns"))}
    rows = [int(i) for i in np.flatnonzero(days == np.datetime64(day, "ns")) if int(accounts[i]) in wanted]
    return (
        np.array(rows, dtype=np.int64),
        np.array([then.get(int(accounts[i]), -1) for i in rows], dtype=np.int64),
    )


def bands_before(day: date, accounts: Collection[int], product_card: str = "") -> dict[int, int]:
    """The computed band each account held last before ``day``, from its newest score of the last month.

    The band is the account's, whatever scorecard gave it: one that moves to another card, or whose card is retired,
    keeps its band while it is within the margin, so that the move itself flips nothing.

    Args:
        product_card: the band under this product's scorecard instead, which stands beside the account's own.
    """
    scores = HealthScore.objects.filter(day__lt=day, day__gte=day - timedelta(days=31))
    scores = scores.filter(scorecard=product_card) if product_card else scores.filter(own=True)
    rows = scores.order_by("day").values_list("account_id", "band")
    return {account: CODES[band] for account, band in rows if account in accounts}


def _week_bands(judgement: Judgement, rows: NDArray[np.int64], ids: NDArray[np.int64], day: date) -> Codes:
    """What was said a week ago where it was said, else what today's rules say of that day."""
    kept = HealthScore.objects.filter(day=day, own=True)
    stored = dict(kept.values_list("account_id", "band"))
    codes = np.full(len(rows), UNKNOWN, dtype=np.int8)
    there = rows >= 0
    nothing = np.full(int(there.sum()), UNKNOWN, dtype=np.int8)
    codes[there] = judgement.bands_after(rows[there], nothing)
    for i, account in enumerate(ids.tolist()):
        if account in stored and there[i]:
            codes[i] = CODES[stored[account]]
    return codes


def _trends(
    judgement: Judgement, rows: NDArray[np.int64], ids: NDArray[np.int64], day: date
) -> NDArray[np.str_]:
    """The tested arrow from today's score and the stored weekly ones of the scorecard it is made by."""
    cards = [card.slug for card in judgement.rules.cards]
    slugs = [cards[number] if number >= 0 else "" for number in judgement.chosen[rows]]
    weekly = weekly_scores(ids, slugs, day)
    weekly[:, -1] = np.where(judgement.known[rows], judgement.tenths[rows], np.nan)
    arrows = np.full(len(rows), "", dtype="<U4")
    for i, card in enumerate(judgement.rules.cards):
        own = judgement.chosen[rows] == i
        arrows[own] = trend_arrows(weekly[own], card.body.trend)
    return arrows


def weekly_scores(ids: NDArray[np.int64], scorecards: Sequence[str], day: date) -> Floats:
    """(accounts, TREND_WEEKS + 1) stored scores in tenths at weekly steps up to ``day``, NaN where there is none.

    Args:
        scorecards: of each account, whose scores are asked for: two scorecards measure on two scales, and the step from
            one to the other is no change of the account.
    """
    days = [day - timedelta(days=7 * k) for k in range(TREND_WEEKS, -1, -1)]
    place = {day: k for k, day in enumerate(days)}
    index = {key: i for i, key in enumerate(zip(ids.tolist(), scorecards, strict=True))}
    weekly = np.full((len(ids), len(days)), np.nan)
    rows = HealthScore.objects.filter(day__in=days, tenths__isnull=False, scorecard__in=set(scorecards))
    asked = rows.values_list("account_id", "scorecard", "day", "tenths")
    for account, scorecard, on, tenths in asked.iterator(chunk_size=20_000):
        if (i := index.get((account, scorecard))) is not None:
            weekly[i, place[on]] = tenths
    return weekly


def stakes_of(
    judgement: Judgement, rows: NDArray[np.int64], bands: Codes, contracts: Mapping[int, bool]
) -> NDArray[np.int64]:
    """Money at stake of some rows, in minor units; 0 where it is unknown (:func:`unpriced`).

    Args:
        contracts: accounts with a contract in force, and whether they have given notice of all they hold.
    """
    frame = judgement.rows
    yearly = yearly_revenue(column(frame, "mrr"), column(frame, "order_amount_90"))[rows]
    yearly = np.where(unpriced(judgement, rows, contracts), 0.0, yearly)
    gone = np.isin(judgement.accounts[rows], [account for account, leaving in contracts.items() if leaving])
    strongest = judgement.causes.strongest(rows)
    out = np.zeros(len(rows), dtype=np.int64)
    for i, card in enumerate(judgement.rules.cards):
        own = judgement.chosen[rows] == i
        out[own] = at_stake(yearly[own], bands[own], strongest[own], gone[own], card.body.stake)
    return out


def unpriced(
    judgement: Judgement, rows: NDArray[np.int64], contracts: Mapping[int, bool]
) -> NDArray[np.bool_]:
    """The rows whose money is unknown, though a contract is in force."""
    return without_price(
        column(judgement.rows, "mrr")[rows], np.isin(judgement.accounts[rows], list(contracts))
    )


def overrides_on(day: date) -> dict[int, str]:
    """Account -> the band a person put over the computed one, in force on the day."""
    limit = day_end(day)
    rows = Override.objects.filter(made_at__lt=limit, expires_on__gte=day).order_by("made_at")
    return {row.account_id: row.band for row in rows if row.ended_at is None or row.ended_at >= limit}
