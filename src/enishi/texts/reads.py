"""Judgements for pages and for other rooms, scoped by the member who asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member, Scope
from enishi.kit.clock import end_of_day
from enishi.texts.models import TextCorrection, TextJudgement, TextModel
from enishi.texts.sources import SOURCES, digest_of


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


def visible_judgements(member: Member) -> QuerySet[TextJudgement]:
    """Judgements of texts about accounts the member sees, newest first."""
    rows = TextJudgement.objects.select_related("account", "model").defer("model__state")
    if member.is_active and member.scope == Scope.ALL:
        return rows.filter(account__deleted_at=None, account__merged_into=None)
    return rows.filter(account__in=visible_accounts(member))


def wordings(rows: Sequence[TextJudgement]) -> dict[tuple[str, int], str]:
    """The texts of some judgements, by kind and number; those that changed since are left out."""
    found = {}
    for kind, source in SOURCES.items():
        digests = {row.record_id: row.digest for row in rows if row.kind == kind}
        for number, piece in source.find(list(digests)).items() if digests else ():
            if piece.digest == digests[number]:
                found[kind, number] = piece.text
    return found


def topics_by_month(member: Member, since: date) -> list[dict[str, Any]]:
    """Month, topic, number of texts and of negative ones, within the member's scope. Months are the company's."""
    start = end_of_day(since, company_zone())
    rows = visible_judgements(member).filter(written_at__gte=start).order_by()
    month = TruncMonth("written_at", tzinfo=company_zone())
    counted = rows.annotate(month=month).values("month", "topic")
    found = counted.annotate(n=Count("pk"), negative=Count("pk", filter=Q(tone="negative")))
    return [dict(row) for row in found]


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
