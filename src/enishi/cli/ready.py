"""What pages of a large book read first, made ready by the worker, so that no person waits for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import translation

from enishi.accounts.company import company_day, company_remembered, get_company
from enishi.accounts.models import Account, Member, Scope

LATELY = timedelta(minutes=15)
OF_LATE = timedelta(days=3)
LARGE = 5_000  # customers from which figures of money are worked out before somebody asks for them


def make_ready(now: datetime, since: timedelta = LATELY) -> int:
    """Read anew the whole book, and the books of those who were there within ``since``; returns how many."""
    from enishi.web.pages.portfolio import reads
    from enishi.web.pages.portfolio.ranks import write_ranks
    from enishi.web.pages.portfolio.words import minor_units
    from enishi.web.pages.revenue import voices
    from enishi.work import api as work
    from enishi.work.reads import key_of

    done: set[str] = set()
    with company_remembered():
        today, unit = company_day(now), minor_units(get_company().currency)
        write_ranks()
        for member in _readers(now - since):
            views = {work.usual_view(member), work.views_of(member)[-1]}
            for view in sorted(views - {one for one in views if key_of(member, one) in done}):
                work.make_ready(member, today, view)
                done.add(key_of(member, view))
            if (scope := f"portfolio:{reads.scope_key(member)}") not in done:
                reads.make_ready(member, today, unit)
                voices.make_ready(member, today)
                done.add(scope)
        return len(done) + _money_ready(today)


def _money_ready(today: date) -> int:
    """Executive page, forecast and unit economics of a large book, as who sees all opens them, in each language; returns how
    many."""
    from enishi.web.pages.executive import present as executive
    from enishi.web.pages.outlook import readying as outlook
    from enishi.web.pages.value import present as value

    lead = _who_sees_all()
    if lead is None or Account.objects.count() < LARGE:
        return 0
    for language, _title in settings.LANGUAGES:
        with translation.override(language):
            outlook.make_ready(lead, today)
            executive.make_ready(lead, today)
            value.make_ready(lead)
    return 3 * len(settings.LANGUAGES)


def _who_sees_all() -> Member | None:
    return Member.objects.filter(is_active=True, scope=Scope.ALL).order_by("pk").first()


def _readers(since: datetime) -> list[Member]:
    """One who sees all, then everybody who was there."""
    lead = _who_sees_all()
    there = (
        Member.objects.filter(is_active=True)
        .filter(Q(usersession__last_seen_at__gte=since))
        .distinct()
        .order_by("pk")
    )
    return [*([lead] if lead else []), *(one for one in there if one != lead)]
