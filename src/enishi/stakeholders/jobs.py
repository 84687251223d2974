"""Keeping the book of relationships up with the facts."""

from __future__ import annotations

from datetime import datetime, timedelta

from enishi.accounts.company import company_day
from enishi.kit.home import Home
from enishi.stakeholders.book import judge_book
from enishi.stakeholders.models import RelationshipRun
from enishi.store.api import Published

LONGEST_REST = timedelta(hours=6)
REST_PER_SECOND = 60
"""A pass is followed by a rest of so many times its own length: a small book follows the facts within minutes, a large
one is judged a few times a day."""


def refresh_relationships(now: datetime, home: Home | None = None) -> RelationshipRun | None:
    """Judge the book again where facts arrived or the day is new; None where there is nothing to do yet."""
    home = home or Home.from_environment()
    today, generation = company_day(now), Published(home).generation
    last = RelationshipRun.objects.exclude(finished_at=None).first()
    if last is not None and last.day >= today and last.started_at <= now:
        if last.generation >= generation:
            return None
        took = (last.finished_at or last.started_at) - last.started_at
        if now < last.started_at + min(LONGEST_REST, REST_PER_SECOND * took):
            return None
    old = RelationshipRun.objects.filter(started_at__lt=now - timedelta(days=30))
    old.delete()
    return judge_book(today, now=now, home=home)
