from __future__ import annotations

import math
from datetime import timedelta

import pytest

from enishi.accounts.models import Account, Member, Scope
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.models import HealthScore
from enishi.signals.tests.world import ACCOUNTS, NOW, TODAY, stop_day

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


def test_pages_read_within_the_member_s_scope(home: Home) -> None:
    boss = Member.objects.create_user("boss@example.jp", role="manager", scope=Scope.ALL)
    csm = Member.objects.create_user("csm@example.jp", scope=Scope.OWN)
    Account.objects.filter(pk__lte=10).update(owner=csm)
    api.score_day(TODAY - timedelta(days=7), now=NOW, home=home)
    api.score_day(TODAY, now=NOW, home=home)
    assert api.list_states(boss).count() == ACCOUNTS
    assert api.list_states(csm).count() == 10
    whole, own = api.band_distribution(boss), api.band_distribution(csm)
    assert [line.band for line in whole] == ["red", "yellow", "green", "unknown"]
    assert sum(line.accounts for line in whole) == sum(line.accounts_week_ago for line in whole) == ACCOUNTS
    assert sum(line.accounts for line in own) == 10
    assert all(before != after for before, after in api.band_moves(boss))
    fallen, risen = api.list_movers(boss)
    assert all((state.change or 0) < 0 for state in fallen)
    assert all((state.change or 0) > 0 for state in risen)
    assert [day for day, _, _ in api.score_history(csm, 3, TODAY)] == [TODAY - timedelta(days=7), TODAY]
    assert {s.type for s in api.signal_history(csm, 3)} >= {"cause:disengagement"}
    for read in (lambda: api.score_history(csm, 30, TODAY), lambda: api.signal_history(csm, 30)):
        with pytest.raises(NotFound):
            read()


def test_the_catalogue_tells_coverage_and_use(home: Home) -> None:
    boss = Member.objects.create_user("boss@example.jp", scope=Scope.ALL)
    api.score_day(TODAY, now=NOW, home=home)
    lines = {line.id: line for line in api.metric_catalogue(boss)}
    assert lines["events_90"].coverage == 1
    assert lines["events_90"].used_by == ("default",)
    assert lines["nps_latest"].covered == 0
    assert lines["usage_trend_28"].unit == "log_ratio"
    assert api.metric_catalogue(Member(is_active=False))[0].coverage == 0


def test_a_fall_of_use_is_told_by_counts_in_lines_kept_lines_and_causes(home: Home) -> None:
    number, day = 3, stop_day(3) + timedelta(days=26)  # type: ignore[operator]
    api.score_day(day, now=NOW, home=home)
    told = api.explain(number, day, home=home)
    line = next(line for line in told["lines"] if line["measure"] == "trend")
    now, before = line["amounts"]
    assert f"{now} times in 28 days, {before} times in the 28 before" in line["text_en"]
    assert now < before
    assert line["value"] == pytest.approx(max(-2, math.log((now + 5) / (before + 5))), abs=1e-6)
    kept = api.lines_of(HealthScore.objects.get(account=number, day=day), home=home)
    assert next(line for line in kept if line["measure"] == "trend")["text_ja"] == line["text_ja"]
    said = [text["en"] for cause in told["causes"] for text in cause["evidence"]]
    assert any("usually" in text or "in the 28 before" in text for text in said)
