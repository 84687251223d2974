"""Judgements for pages and for other rooms, scoped by the member who asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member, Scope
from enishi.accounts.search import find_named, named
from enishi.forecasts.api import TOPICS
from enishi.kit.clock import end_of_day
from enishi.texts.models import TextCorrection, TextJudgement, TextModel
from enishi.texts.sources import SOURCES, digest_of

GROWTH_DAYS = 90


@dataclass(frozen=True, slots=True)
class Growing:
    """A topic of which more is written: texts of the last 90 days, of the 90 before, and negative ones of late."""

    topic: str
    now: int
    before: int
    negative: int


@dataclass(frozen=True, slots=True)
class Read:
    """A judgement beside its text. ``later``: the version that read it is younger than the text."""

    judgement: TextJudgement
    later: bool

    @property
    def tone(self) -> str:
        return self.judgement.tone

    @property
    def topic(self) -> str:
        return self.judgement.topic


def judgements_of(
    kind: str, texts: dict[int, str] | Collection[int], as_of: date | None = None
) -> dict[int, Read]:
    """Judgements of records whose accounts the caller has checked.

    Args:
        texts: number -> wording shown; a judgement of another wording is left out. Or numbers alone.
        as_of: of a past day, corrections made since are marked ``later`` too.
    """
    rows = TextJudgement.objects.select_related("model").defer("model__state")
    found = {row.record_id: row for row in rows.filter(kind=kind, record_id__in=list(texts))}
    end = end_of_day(as_of, company_zone()) if as_of else None
    said = _corrected_since(kind, found, end) if end else set()
    return {
        number: Read(row, later=_is_later(row, end) or number in said)
        for number, row in found.items()
        if not isinstance(texts, dict) or digest_of(texts[number]) == row.digest
    }


def _is_later(row: TextJudgement, end: datetime | None) -> bool:
    """Whether the version that judged was not there yet: on the past day that is shown, else when it was written."""
    return row.model.made_at >= (end or row.written_at)


def _corrected_since(kind: str, found: Collection[int], end: datetime) -> set[int]:
    rows = TextCorrection.objects.filter(
        kind=kind, record_id__in=list(found), withdrawn_at=None, made_at__gte=end
    )
    return set(rows.values_list("record_id", flat=True))


def visible_judgements(member: Member, name: str = "") -> QuerySet[TextJudgement]:
    """Judgements of texts about accounts the member sees, newest first.

    Args:
        name: only of customers named so.
    """
    rows = TextJudgement.objects.select_related("account", "model").defer("model__state")
    seen = visible_accounts(member).order_by()
    few = find_named(name) if name else None
    if name:
        seen = seen.filter(named(name) if few is None else Q(pk__in=few))
    if few is not None or member.scope != Scope.ALL:
        return rows.filter(account__in=seen)
    # Asked row by row: joined, SQLite first goes through every account for a filter of those that are shown.
    return rows.filter(Exists(seen.filter(pk=OuterRef("account_id"))))


def visible_corrections(member: Member) -> QuerySet[TextCorrection]:
    """What people said of texts about accounts the member sees, also what was taken back since, newest first."""
    rows = TextCorrection.objects.select_related("account", "made_by")
    return rows.filter(account__in=visible_accounts(member))


def wordings(rows: Sequence[TextJudgement | TextCorrection]) -> dict[tuple[str, int], str]:
    """The texts of some judgements, by kind and number; those that changed since are left out."""
    found = {}
    for kind, source in SOURCES.items():
        digests = {row.record_id: row.digest for row in rows if row.kind == kind}
        for number, piece in source.find(list(digests)).items() if digests else ():
            if piece.digest == digests[number]:
                found[kind, number] = piece.text
    return found


def topics_between(
    member: Member, since: date, until: date, accounts: Collection[int] | QuerySet[Any] | None = None
) -> dict[str, tuple[int, int]]:
    """Topic -> number of texts and of negative ones written from one day to another (both count), in the member's scope.

    Args:
        accounts: of these alone.
    """
    zone = company_zone()
    start, end = end_of_day(since - timedelta(days=1), zone), end_of_day(until, zone)
    rows = visible_judgements(member)
    if (
        accounts is not None
    ):  # by their numbers, without a join: few of many are found by the index of the account
        seen = visible_accounts(member).filter(pk__in=accounts).values_list("pk", flat=True)
        rows = TextJudgement.objects.filter(account__in=list(seen))
    rows = rows.filter(written_at__gte=start, written_at__lt=end)
    counted = rows.order_by().values_list("topic", "tone").annotate(n=Count("pk"))
    found: dict[str, tuple[int, int]] = {}
    for topic, tone, n in counted:
        every, negative = found.get(topic, (0, 0))
        found[topic] = (every + n, negative + n * (tone == "negative"))
    return found


def growing_topics(
    member: Member, today: date, accounts: Collection[int] | QuerySet[Any]
) -> tuple[list[Growing], int]:
    """Topics of which some accounts write more than before, beyond chance, and the number of their texts of late.

    The last 90 days are laid against the 90 before: a topic counts where chance alone gives its number of late (of both
    together, each with even odds; a binomial test on one side) less often than in one of twenty such looks at all topics.
    """
    from scipy.special import betainc

    now = topics_between(member, today - timedelta(days=GROWTH_DAYS - 1), today, accounts)
    last = today - timedelta(days=GROWTH_DAYS)
    before = topics_between(member, last - timedelta(days=GROWTH_DAYS - 1), last, accounts)
    found = []
    for topic, (n, negative) in now.items():
        earlier = before.get(topic, (0, 0))[0]
        chance = float(betainc(n, earlier + 1, 0.5))  # n or more of n + earlier even throws
        if topic and chance < 0.05 / len(TOPICS):
            found.append(Growing(topic, n, earlier, negative))
    return sorted(found, key=lambda one: one.before - one.now), sum(n for n, _negative in now.values())


def judged_texts(
    accounts: Collection[int] | None = None, *, since: datetime | None = None, kinds: Collection[str] = ()
) -> pd.DataFrame:
    """Judgements for rooms above: one row per text, newest first.

    Returns:
        ``kind, record_id, account_id, written_at, language, tone, topic, tone_confidence, topic_confidence, corrected,
        model`` (number of the version), ``later`` (the version is younger than the text). Unknown tone or topic: "".
    """
    rows = TextJudgement.objects.all()
    if accounts is not None:
        rows = rows.filter(account_id__in=list(accounts))
    if since is not None:
        rows = rows.filter(written_at__gte=since)
    if kinds:
        rows = rows.filter(kind__in=list(kinds))
    columns = (
        "kind", "record_id", "account_id", "written_at", "language", "tone", "topic", "tone_confidence",
        "topic_confidence", "corrected", "model__number", "model__made_at",
    )  # fmt: skip
    frame = pd.DataFrame(list(rows.values_list(*columns)), columns=columns)
    frame["later"] = frame["model__made_at"] >= frame["written_at"] if len(frame) else pd.Series(dtype=bool)
    return frame.rename(columns={"model__number": "model"}).drop(columns="model__made_at")


def list_models() -> list[TextModel]:
    """Every version, newest first, without its state."""
    return list(TextModel.objects.defer("state"))
