"""The score over time, with what happened on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import Account, Record, RecordVersion
from enishi.kit.clock import end_of_day
from enishi.kit.text import MINUS
from enishi.signals.api import Provenance, provenance_of
from enishi.signals.models import HealthScore
from enishi.web import words
from enishi.web.pages.account.known import incidents_of, numbers_of, numbers_then, people_of
from enishi.web.pages.account.words import say_origin

DAYS = 365
MOST_MARKS = 8
NEAR = 0.12  # share of the axis within which two marks would run into each other


def trend(account: Account, until: date, as_of: date | None) -> dict[str, Any] | None:
    """A line chart's spec of the last year's scores; None where fewer than two are known."""
    first = until - timedelta(days=DAYS)
    scores = HealthScore.objects.filter(account=account, own=True, day__gt=first, day__lte=until)
    kept = list(scores.order_by("day").select_related("version").defer("lines", "groups", "version__body"))
    rows = [(score.day, score.tenths) for score in kept]
    if sum(tenths is not None for _day, tenths in rows) < 2:
        return None
    days = [day for day, _tenths in rows]
    origins = [provenance_of(score) for score in kept]
    language = get_language() or "ja"
    values = [None if tenths is None else tenths / 10 for _day, tenths in rows]
    return {
        "kind": "line",
        "x": [words.day(day, language) for day in days],
        "days": [day.isoformat() for day in days],
        "series": [{"name": _("Score"), "values": values, "step": True}],
        "min": 0,
        "max": 100,
        "interval": 25,
        "digits": 1,
        "marks": _marks(account, days, as_of),
        "remarks": [say_origin(one) for one in origins],
        "afterwards": _afterwards(origins),
    }


def _afterwards(origins: Sequence[Provenance]) -> str:
    """One sentence on the points made after their day, or by a version published after it; each point's is in the table."""
    found = [one for one in origins if not one.live]
    if not found:
        return ""
    language = get_language() or "ja"
    names = {"from": words.day(found[0].day, language), "to": words.day(found[-1].day, language)}
    last = max(found, key=lambda one: one.computed_on)
    return _("Not scored on their own day: %(from)s to %(to)s") % names + f" · {say_origin(last)}"


def _marks(account: Account, days: Sequence[date], as_of: date | None) -> list[dict[str, str]]:
    first, last = days[0], days[-1]
    return day_marks([(day, title) for day, title in happenings(account, as_of) if first <= day], first, last)


def day_marks(happened: Iterable[tuple[date, str]], first: date, last: date) -> list[dict[str, str]]:
    """What happened until ``last``, each at its day on an axis from ``first``. What is too near to be written beside
    each other is said at the first of them; the newest :data:`MOST_MARKS` are said."""
    apart = NEAR * (last - first).days
    said: dict[date, list[str]] = {}
    titles: dict[date, list[str]] = {}  # what the day itself brought
    lines: dict[date, date] = {}  # day -> where it is said
    for day, title in sorted(happened):
        if day > last:
            break
        place = max(said, default=None)
        if place is None or (day - place).days >= apart:
            place = day
        said.setdefault(place, []).append(title)
        titles.setdefault(day, []).append(title)
        lines.setdefault(day, place)
    shown = sorted(said)[-MOST_MARKS:]
    return [
        {
            "day": day.isoformat(),
            "label": " / ".join(dict.fromkeys(said[day])) if day == place else "",
            "title": " / ".join(dict.fromkeys(titles[day])),
        }
        for day, place in lines.items()
        if place in shown
    ]


def happenings(account: Account, as_of: date | None) -> Iterable[tuple[date, str]]:
    """Outages, departures of those who matter, and changes of contract, each with its day."""
    for incident in incidents_of(account, as_of):
        yield company_day(incident.happened_at), _("Outage")
    for person in people_of(account, as_of):
        if person.left_on and person.role in ("champion", "decision_maker"):
            title = _("Champion left") if person.role == "champion" else _("Decision maker left")
            yield person.left_on, title
    yield from contract_changes(account, as_of)


def contract_changes(account: Account, as_of: date | None) -> Iterable[tuple[date, str]]:
    """Days from which a subscription has another plan, other seats, or notice of its end."""
    numbers = set(Record.objects.filter(account=account, kind="subscription").values_list("pk", flat=True))
    theirs = numbers_then(account, as_of) if as_of else set[int]()
    numbers |= numbers_of(theirs, "subscription")
    versions = RecordVersion.objects.filter(kind="subscription", record_id__in=numbers, deleted=False)
    if as_of:
        versions = versions.filter(known_at__lt=end_of_day(as_of, company_zone()), valid_on__lte=as_of)
        versions = versions.filter(account_id__in=theirs)
    before: dict[int, dict[str, Any]] = {}
    for version in versions.order_by("record_id", "valid_on", "pk"):
        data, last = version.data, before.get(version.record_id)
        if last is not None:
            yield from _differences(version.valid_on, last, data, as_of)
        elif data.get("notice_on"):
            yield from _notice(data, as_of)
        before[version.record_id] = data


def _differences(
    day: date, before: dict[str, Any], after: dict[str, Any], as_of: date | None
) -> Iterable[tuple[date, str]]:
    if after.get("plan") != before.get("plan"):
        yield day, _("Plan changed")
    old, new = before.get("seats"), after.get("seats")
    if isinstance(old, int) and isinstance(new, int) and old != new:
        yield day, _("Seats %(change)s") % {"change": f"{new - old:+,d}".replace("-", MINUS)}
    if after.get("notice_on") and not before.get("notice_on"):
        yield from _notice(after, as_of)


def _notice(data: dict[str, Any], as_of: date | None) -> Iterable[tuple[date, str]]:
    day = date.fromisoformat(data["notice_on"])
    if as_of is None or day <= as_of:
        yield day, _("Notice given")
