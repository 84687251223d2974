"""The book as it was judged on a past day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Max, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Member
from enishi.signals.models import AccountState, Band, HealthScore
from enishi.web.pages.portfolio.query import Query
from enishi.web.pages.portfolio.reads import BANDS, PAGE_SIZE, BandCount


@dataclass(frozen=True, slots=True)
class Then:
    """One account on the past day, beside what is thought of it now."""

    account: Account
    tenths: int | None
    band: str
    tenths_now: int | None
    band_now: str

    @property
    def change(self) -> int | None:
        if self.tenths is None or self.tenths_now is None:
            return None
        return self.tenths_now - self.tenths


def judged_day(asked: date) -> date | None:
    """The last day on or before ``asked`` for which scores are kept (daily for 90 days, weekly before)."""
    return HealthScore.objects.filter(day__lte=asked).aggregate(day=Max("day"))["day"]


def _scores(member: Member, query: Query, day: date, scorecards: list[str]) -> QuerySet[HealthScore]:
    """The scores of a day within scope, one per account: of the scorecard that judges the account now."""
    scores = HealthScore.objects.filter(day=day, account__in=visible_accounts(member))
    if len(scorecards) > 1:
        scores = scores.filter(scorecard=F("account__state__scorecard"))
    for word in query.text.split():
        scores = scores.filter(account__search__contains=word)
    return scores


def _scorecards() -> list[str]:
    return list(
        AccountState.objects.exclude(scorecard="").order_by().values_list("scorecard", flat=True).distinct()
    )


def strip_then(member: Member, query: Query, day: date) -> list[BandCount]:
    """Accounts by band on that day; ``before`` holds how many stand in the band now."""
    scores = _scores(member, query, day, _scorecards())
    then = dict(scores.order_by().values_list("band").annotate(Count("pk")))
    now = dict(scores.order_by().values_list("account__state__band").annotate(Count("pk")))
    total = sum(then.values())
    return [
        BandCount(band, then.get(band, 0), now.get(band, 0), then.get(band, 0) / total if total else 0.0, 0)
        for band in BANDS
    ]


def rows_then(member: Member, query: Query, day: date) -> tuple[list[Then], bool]:
    """One page of accounts as judged on ``day``, lowest score first unless asked otherwise."""
    scores = _scores(member, query, day, _scorecards())
    if bands := query.choices.get("band"):
        scores = scores.filter(band__in=bands)
    scores = scores.select_related("account", "account__owner", "account__state")
    order = F("tenths").desc(nulls_last=True) if query.sort == "-score" else F("tenths").asc(nulls_last=True)
    first = (query.page - 1) * PAGE_SIZE
    found = list(scores.order_by(order, "account_id").defer("lines")[first : first + PAGE_SIZE + 1])
    return [_then(score) for score in found[:PAGE_SIZE]], len(found) > PAGE_SIZE


def _then(score: HealthScore) -> Then:
    state = getattr(score.account, "state", None)
    return Then(
        account=score.account,
        tenths=score.tenths,
        band=score.band,
        tenths_now=state.tenths if state else None,
        band_now=state.band if state else Band.UNKNOWN,
    )
