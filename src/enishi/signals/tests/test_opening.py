"""A signal keeps what it was opened on, whatever is learned of it later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.models import Signal
from enishi.signals.tests.world import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]
DAY = timedelta(days=1)


def test_what_it_opened_on_stays_while_the_evidence_follows(home: Home) -> None:
    first = TODAY - 10 * DAY
    api.score_day(first, now=NOW - 10 * DAY, home=home)
    opened = {signal.pk: signal.evidence for signal in Signal.objects.all()}
    assert {signal.pk: signal.opening for signal in Signal.objects.all()} == opened
    api.score_day(TODAY, now=NOW, home=home)
    later = Signal.objects.filter(pk__in=opened)
    assert {signal.pk: signal.opening for signal in later} == opened
    assert any(signal.evidence != signal.opening for signal in later)


def test_of_the_past_too_it_is_what_was_known_on_the_first_day(home: Home) -> None:
    start, stop = TODAY - 60 * DAY, TODAY - 25 * DAY
    api.backfill_scores(stop, start, now=NOW, home=home)
    grown = [s for s in Signal.objects.filter(since__gt=start + 10 * DAY) if s.evidence != s.opening]
    assert grown
    for signal in grown[:3]:
        kind, _colon, name = signal.type.partition(":")
        told = api.explain(signal.account_id, signal.since, home=home)[f"{kind}s"]
        assert next(one for one in told if one[kind] == name)["evidence"] == signal.opening
