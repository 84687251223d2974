from __future__ import annotations

import math
from datetime import date

import pytest

from enishi.definitions.contracts import Cap, Condition, Measure, PercentileMapping, PointsMapping
from enishi.kit.text import Text
from enishi.metrics.api import REGISTRY
from enishi.signals.texts import (
    cap_text,
    compared_text,
    compares_peers,
    evidence_text,
    line_text,
    measure_title,
    plain_log_ratio,
    show_value,
    unit_of,
)

USERS = Text("Active users (28 days)", "28日間の利用者数")


@pytest.mark.parametrize(
    ("value", "unit", "en", "ja"),
    [
        (12.0, "people", "12 people", "12人"),
        (1.0, "people", "1 person", "1人"),
        (3.0, "days", "3 days", "3日"),
        (2.0, "count", "2", "2件"),
        (0.45, "ratio", "45%", "45%"),
        (1234567.0, "money", "1,234,567", "1,234,567"),
        (math.log(0.5), "log_ratio", "−50%", "−50%"),
        (-0.4, "points", "−0.4", "−0.4"),
        (12.34, "score", "12.3", "12.3"),
        (90.0, "minutes", "90 minutes", "90分"),
    ],
)
def test_values_are_shown_with_their_unit(value: float, unit: str, en: str, ja: str) -> None:
    assert show_value(value, unit) == Text(en, ja)


@pytest.mark.parametrize(
    ("value", "points", "status", "ja"),
    [
        (12.0, 80, "ok", "28日間の利用者数 12人 → 80点"),
        (12.0, 80, "observed", "28日間の利用者数 12人 → 80点(観察のみ)"),
        (12.0, 80, "stale", "28日間の利用者数 12人 → 80点(古い値)"),
        (12.0, None, "stale", "28日間の利用者数 12人(情報が古いため除外)"),
        (12.0, None, "missing", "28日間の利用者数 12人(比較できる顧客が少ないため除外)"),
        (None, None, "missing", "28日間の利用者数 データがないため除外"),
        (None, 50, "missing", "28日間の利用者数 データなし(50点として計算)"),
    ],
)
def test_a_line_says_value_points_and_what_became_of_it(
    value: float | None, points: int | None, status: str, ja: str
) -> None:
    text = line_text(USERS, value, "people", points, status, False)
    assert text.ja == ja
    assert text.en.startswith("Active users (28 days): ")


def test_a_rank_among_peers_says_so() -> None:
    assert line_text(USERS, 12.0, "people", 80, "ok", True).en.endswith("→ 80 points among peers")


def test_titles_and_caps() -> None:
    plain = Measure(id="x", group="g", mapping=PointsMapping(points=((0, 0), (1, 1))))
    named = Measure(id="x", group="g", title={"en": "X", "ja": "エックス"}, mapping=PercentileMapping())
    assert measure_title(plain, USERS) == USERS
    assert measure_title(plain, None).en == "x"
    assert measure_title(named, USERS).ja == "エックス"
    assert (compares_peers(plain), compares_peers(named)) == (False, True)
    cap = Cap(
        id="c", title={"en": "Late", "ja": "遅延"}, when=(Condition(metric="m", op=">", value=1),), at_most=45
    )
    assert cap_text(cap) == Text("Late: at most 45 points", "遅延:上限45点")


def test_evidence_puts_value_and_day_in() -> None:
    template = Text("Nothing for {value} since {on}", "{on}から{value}ありません")
    assert evidence_text(template, 30.0, "days", date(2026, 1, 2)).ja == "2026-01-02から30日ありません"
    assert evidence_text(template, None, "days", None).en == "Nothing for  since "


def test_a_log_ratio_is_read_as_a_percentage() -> None:
    assert unit_of("usage_trend_28", "ratio") == "log_ratio"
    assert unit_of("stickiness", "ratio") == "ratio"


def test_a_fall_is_told_by_its_size() -> None:
    told = evidence_text(Text("Fell by {amount}", "{amount}減りました"), -2.0, "people", None)
    assert told == Text("Fell by 2 people", "2人減りました")


@pytest.mark.parametrize(("value", "unit"), [(-0.003, "log_ratio"), (0.003, "log_ratio"), (-0.001, "ratio")])
def test_what_rounds_to_zero_has_no_sign(value: float, unit: str) -> None:
    assert show_value(value, unit) == Text("0%", "0%")


@pytest.mark.parametrize(
    ("metric", "now", "before", "en", "ja"),
    [
        ("usage_trend_28", 0, 11, "0 times in 28 days, 11 times in the 28 before", "直近28日は0回、その前の28日は11回"),
        ("usage_trend_28", 0, 0, "0 times in 28 days, 0 times in the 28 before", "直近28日は0回、その前の28日は0回"),
        (
            "use_vs_own_past", 1, 12.43,
            "1 day of use in 28 days (all people), usually 12.4 days", "直近28日は延べ1日、平常は延べ12.4日",
        ),
        ("nps_latest", 4.5, 2, "4.5, the average of 2 people within a year", "2人の平均4.5点(1年以内)"),
    ],
)  # fmt: skip
def test_a_damped_ratio_is_told_by_what_it_compares_and_a_mean_by_its_people(
    metric: str, now: float, before: float, en: str, ja: str
) -> None:
    compared = REGISTRY[metric].compared
    assert compared is not None
    told = compared_text(compared, now, before)
    assert told == Text(en, ja)
    line = line_text(USERS, -0.18, "log_ratio", 63, "ok", "", told)
    assert (line.en, line.ja) == (f"{USERS.en}: {en} → 63 points", f"{USERS.ja} {ja} → 63点")
    assert evidence_text(Text("Less: {amounts}", "減少({amounts})"), -0.18, "log_ratio", None, told) == Text(
        f"Less: {en}", f"減少({ja})"
    )


def test_a_rule_that_asks_for_the_percentage_gets_the_one_without_damping() -> None:
    assert show_value(plain_log_ratio(0, 11, -1.16) or 0, "log_ratio").en == "−100%"
    assert show_value(plain_log_ratio(5, 10, -0.4) or 0, "log_ratio").en == "−50%"
    assert plain_log_ratio(3, 0, 0.47) == 0.47
