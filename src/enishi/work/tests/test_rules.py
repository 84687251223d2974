"""The order of the queue: data and a day in, places with reasons out."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.work.contracts import Judgement
from enishi.work.plays import declared_plays, declared_rule
from enishi.work.rules import changed_since, fingerprint, is_news, place, rank, reasons_of, weakest_of

TODAY = date(2026, 11, 20)
PLAYS = declared_plays()
RULE = declared_rule()


def cause(name: str = "disconnection", strength: int = 60, **more: Any) -> dict[str, Any]:
    evidence = [{"en": "No contact", "ja": "やり取りなし", "on": "2026-11-01", "kind": "", "record_id": None}]
    return {
        "cause": name,
        "strength": strength,
        "tag": "",
        "since": "2026-11-01",
        "evidence": evidence,
        **more,
    }


def alert(name: str = "champion_gone", since: date = TODAY) -> dict[str, Any]:
    return {"alert": name, "since": since.isoformat(), "evidence": []}


def judged(number: int = 1, band: str = "red", **more: Any) -> Judgement:
    return Judgement(number, band, **{"tenths": 400, "tenths_week_ago": 400, "at_stake": 1_000_000, **more})


def test_a_score_in_danger_without_a_cause_names_what_costs_it_most() -> None:
    def line(name: str, points: float | None, weight: float) -> dict[str, Any]:
        return {"title_en": name, "title_ja": name, "points": points, "weight": weight}

    lines = [
        line("NPS", 6, 0.1), line("Use", 8.4, 0.3), line("Tone", None, 0.3), line("Users", 15, 0.2), line("Price", 40, 0.05),
        line("Seats", 60, 0.9), line("Cap", 0, 0),
    ]  # fmt: skip
    weakest = weakest_of(lines)
    assert [one.en for one in weakest] == ["Use (8 points)", "Users (15 points)", "NPS (6 points)"]
    told = reasons_of(judged(weakest=weakest), TODAY)[0].evidence
    assert told is not None
    assert told.ja == "点数を最も下げている項目: Use(8点)、Users(15点)、NPS(6点)"
    plain = reasons_of(judged(), TODAY)[0].evidence
    assert plain is not None
    assert plain.ja == "スコアが危険域にあります"


def test_calm_accounts_call_for_nobody() -> None:
    assert place(judged(band="green"), TODAY, PLAYS) is None
    assert place(judged(band="yellow"), TODAY, PLAYS) is None
    assert place(judged(band="unknown", tenths=None, tenths_week_ago=None), TODAY, PLAYS) is None


@pytest.mark.parametrize(
    ("judgement", "trigger", "play"),
    [
        (judged(), "band:red", "ask_how_things_are"),
        (judged(causes=(cause(),)), "cause:disconnection", "rebuild_the_tie"),
        (
            judged(causes=(cause("disvaluation", tag="product"),)),
            "cause:disvaluation/product",
            "hand_to_product",
        ),
        (judged(causes=(cause("downturn", tag="product"),)), "cause:downturn/product", "adapt_the_contract"),
        (
            judged(causes=(cause(strength=80),), alerts=(alert(),)),
            "alert:champion_gone",
            "thank_and_introduce",
        ),
        (
            judged(causes=(cause(strength=80),), alerts=(alert(since=TODAY - timedelta(days=40)),)),
            "cause:disconnection",
            "rebuild_the_tie",
        ),
        (judged(band="green", tenths=700, tenths_week_ago=850), "score:falling", "ask_how_things_are"),
        (judged(band="yellow", renewal_on=TODAY + timedelta(days=20)), "renewal:near", "prepare_renewal"),
    ],
)
def test_the_strongest_reason_leads_and_its_play_follows(
    judgement: Judgement, trigger: str, play: str
) -> None:
    found = place(judgement, TODAY, PLAYS)
    assert found is not None
    assert found.main.trigger == trigger
    assert found.play.id == play


def test_customers_who_left_call_for_nobody() -> None:
    assert place(judged(has_left=True, causes=(cause(),)), TODAY, PLAYS) is None


def test_money_times_urgency_makes_the_order() -> None:
    small_but_burning = judged(1, at_stake=1_000_000, causes=(cause(strength=100),), alerts=(alert(),))
    large_and_calmer = judged(2, at_stake=10_000_000)
    larger_still = judged(3, at_stake=11_000_000)
    ranked = rank([small_but_burning, large_and_calmer, larger_still], TODAY, PLAYS)
    assert [item.account_id for item in ranked] == [3, 2, 1]
    assert ranked[0].priority == 11_000_000 * 40 // 100 * 15 // 100


def test_the_chance_of_the_act_and_the_price_of_its_minutes_count() -> None:
    call = judged(1, alerts=(alert("payment_late"),), at_stake=2_000_000)  # 15 minutes, one in seven
    meeting = judged(2, causes=(cause("disvaluation", 75),), at_stake=1_900_000)  # an hour, one in four
    ranked = rank([call, meeting], TODAY, PLAYS, hour_cost=6_000)
    assert [item.account_id for item in ranked] == [2, 1]
    assert [item.cost for item in ranked] == [6_000, 1_500]
    assert ranked[0].priority == 1_900_000 * 55 // 100 * 25 // 100 - 6_000
    assert place(judged(at_stake=100), TODAY, PLAYS, hour_cost=6_000).priority == 0  # type: ignore[union-attr]


def test_a_weak_cause_calls_for_nobody_but_is_placed_when_asked_for() -> None:
    weak = judged(band="green", causes=(cause(strength=RULE.strong_cause - 1),))
    assert place(weak, TODAY, PLAYS) is None
    assert place(weak, TODAY, PLAYS, weaker=True) is not None
    assert place(weak, TODAY, PLAYS, promise_due=True) is not None
    assert place(judged(band="green", causes=(cause(strength=RULE.strong_cause),)), TODAY, PLAYS) is not None


def test_a_band_that_fell_calls() -> None:
    fallen = place(judged(band="yellow", band_week_ago="green"), TODAY, PLAYS)
    assert fallen is not None
    assert fallen.main.trigger == "band:fell"
    assert place(judged(band="yellow", band_week_ago="yellow"), TODAY, PLAYS) is None


def test_a_due_promise_calls_by_itself() -> None:
    promised = place(judged(band="green"), TODAY, PLAYS, promise_due=True)
    assert promised is not None
    assert promised.play.id == "keep_the_promise"


def test_promises_come_first_whatever_their_money() -> None:
    ranked = rank([judged(1, at_stake=9_000_000), judged(2, at_stake=1)], TODAY, PLAYS, frozenset({2}))
    assert [item.account_id for item in ranked] == [2, 1]
    assert ranked[0].promise_due


def test_without_money_urgency_decides() -> None:
    ranked = rank([judged(1, at_stake=0), judged(2, at_stake=0, causes=(cause(strength=90),))], TODAY, PLAYS)
    assert [item.account_id for item in ranked] == [2, 1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    band=st.sampled_from(["red", "yellow", "green", "unknown"]),
    tenths=st.integers(0, 1000),
    before=st.integers(0, 1000),
    strengths=st.lists(st.integers(0, 100), max_size=4),
    renewal=st.none() | st.integers(-10, 200),
    stake=st.integers(0, 10**12),
)
def test_urgency_is_the_sum_of_its_reasons_and_priority_never_passes_the_stake(
    band: str, tenths: int, before: int, strengths: list[int], renewal: int | None, stake: int
) -> None:
    judgement = judged(
        band=band,
        tenths=tenths,
        tenths_week_ago=before,
        causes=tuple(cause(strength=strength) for strength in strengths),
        renewal_on=None if renewal is None else TODAY + timedelta(days=renewal),
        at_stake=stake,
    )
    found = place(judgement, TODAY, PLAYS)
    assert (found is None) == (not any(reason.calls for reason in reasons_of(judgement, TODAY)))
    if found:
        assert found.urgency == min(100, sum(part.points for part in found.parts))
        assert found.priority <= stake


def test_what_does_not_pay_its_time_says_so_and_counts_as_nothing() -> None:
    found = place(judged(at_stake=18_000), TODAY, PLAYS, hour_cost=5000)
    assert found is not None
    saved = 18_000 * found.urgency * round(1000 * found.play.chance) // 100_000
    assert found.gain == saved - found.cost < 0
    assert found.priority == 0


def test_put_aside_until_something_new_is_true() -> None:
    seen = fingerprint(judged(band="yellow", causes=(cause(),), alerts=(alert(),)), TODAY)
    assert not is_news(judged(band="yellow", causes=(cause(strength=99),), alerts=(alert(),)), seen)
    assert not is_news(judged(band="green"), seen), "better is no news"
    assert is_news(judged(band="red", causes=(cause(),), alerts=(alert(),)), seen)
    assert is_news(judged(band="yellow", causes=(cause("downturn"),)), seen)
    assert is_news(judged(band="yellow", alerts=(alert("use_stopped"),)), seen)


@pytest.mark.parametrize(("days", "news"), [(-3, False), (-1, False), (0, False), (1, True)])
def test_only_a_later_firing_of_an_alert_is_news(days: int, news: bool) -> None:
    """History that comes in late moves the day on which an alert began, to and fro, but never past the day it was seen."""
    seen = fingerprint(judged(alerts=(alert(since=TODAY - timedelta(days=2)),)), TODAY)
    assert is_news(judged(alerts=(alert(since=TODAY + timedelta(days=days)),)), seen) is news


def test_a_fingerprint_kept_before_days_were_still_counts() -> None:
    kept = hashlib.blake2s(f"alert:champion_gone@{TODAY}".encode(), digest_size=3).hexdigest()
    assert not is_news(judged(alerts=(alert(),)), f"3 {kept}")
    assert is_news(judged(alerts=(alert(since=TODAY + timedelta(days=9)),)), f"3 {kept}")


def test_overnight_reaches_back_over_the_weekend() -> None:
    assert changed_since(date(2026, 11, 20)) == date(2026, 11, 19)
    assert changed_since(date(2026, 11, 22)) == date(2026, 11, 20)
    assert changed_since(date(2026, 11, 23)) == date(2026, 11, 20)
