"""Lines of the audit log, narrowed by who, what, which account and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict

from enishi.accounts.models import AuditLine
from enishi.kit.clock import end_of_day
from enishi.kit.text import fold


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; days are the company's, both ends included."""

    actor: str = ""
    verb: str = ""
    account: str = ""
    since: date | None = None
    until: date | None = None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_filters(asked: QueryDict) -> Filters:
    return Filters(
        asked.get("actor", "").strip(),
        asked.get("verb", "").strip(),
        asked.get("account", "").strip(),
        _day(asked.get("since", "")),
        _day(asked.get("until", "")),
    )


def list_lines(filters: Filters, zone: ZoneInfo) -> QuerySet[AuditLine]:
    """The lines, newest first."""
    lines = AuditLine.objects.select_related("account", "member").order_by("-at", "-id")
    if filters.actor:
        lines = lines.filter(actor__icontains=filters.actor)
    if filters.verb:
        lines = lines.filter(verb=filters.verb)
    if filters.account:
        folded = fold(filters.account)
        lines = lines.filter(Q(account__search__contains=folded) | Q(target_label__icontains=filters.account))
    if filters.since:
        start = datetime.combine(filters.since, datetime.min.time(), zone).astimezone(UTC)
        lines = lines.filter(at__gte=start)
    if filters.until:
        lines = lines.filter(at__lt=end_of_day(filters.until, zone))
    return lines


def known_verbs() -> list[str]:
    return list(AuditLine.objects.order_by("verb").values_list("verb", flat=True).distinct())
