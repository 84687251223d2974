"""The score and its explanation: by example, and by property over arbitrary cards and panels."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.definitions.contracts import Scorecard
from enishi.definitions.reads import get_default_scorecard
from enishi.definitions.rules import parse_body
from enishi.signals.apportion import apportion
from enishi.signals.card import MISSING, OBSERVED, STALE, change_lines, evaluate

LINEAR = {"type": "points", "points": [[0, 0], [100, 100]]}


def make_card(measures: list[dict[str, Any]], **more: Any) -> Scorecard:
    groups = sorted({m["group"] for m in measures})
    body = {
        "title": "t",
        "groups": [{"id": g, "title": g, "weight": 1} for g in groups],
        "measures": [{"mapping": LINEAR, **m} for m in measures],
        **more,
    }
    card: Scorecard = parse_body("scorecard", body)
    return card


def make_panel(**columns: Any) -> pd.DataFrame:
    rows = max(len(v) for v in columns.values())
    return pd.DataFrame({"as_of": [date(2026, 1, 1)] * rows, "account_id": range(1, rows + 1), **columns})


TWO = [
    {"id": "a", "metric": "ma", "group": "g", "weight": 20},
    {"id": "b", "metric": "mb", "group": "g", "weight": 15},
    {"id": "c", "metric": "mc", "group": "g", "weight": 22},
]


def test_the_field_s_documented_example() -> None:
    result = evaluate(make_card(TWO), make_panel(ma=[47], mb=[59], mc=[21]))
    assert result.tenths.tolist() == [401]  # (20x47 + 15x59 + 22x21) / 57 = 40.12
    assert result.lines.sum() == 401


def test_missing_is_reweighted_neutral_or_bad_as_declared() -> None:
    panel = make_panel(ma=[80.0], mb=[np.nan])
    for rule, expected in (("reweight", 800), ("neutral", 650), ("bad", 400)):
        card = make_card(
            [
                {"id": "a", "metric": "ma", "group": "g", "weight": 1},
                {"id": "b", "metric": "mb", "group": "g", "weight": 1, "missing": rule},
            ]
        )
        result = evaluate(card, panel)
        assert result.tenths.tolist() == [expected]
        assert result.status[0, 1] == MISSING
        assert result.coverage[0] == 0.5


def test_a_group_without_data_leaves_its_weight_to_the_others() -> None:
    card = make_card(
        [
            {"id": "a", "metric": "ma", "group": "g", "weight": 1},
            {"id": "b", "metric": "mb", "group": "h", "weight": 9},
        ]
    )
    result = evaluate(card, make_panel(ma=[30.0], mb=[np.nan]))
    assert result.tenths.tolist() == [300]
    assert result.weight.tolist() == [[1.0, 0.0]]


def test_too_little_coverage_is_unknown_and_not_green() -> None:
    card = make_card(
        [
            {"id": "a", "metric": "ma", "group": "g", "weight": 1},
            {"id": "b", "metric": "mb", "group": "g", "weight": 9},
        ],
        minimum_coverage=0.5,
    )
    result = evaluate(card, make_panel(ma=[100.0, 100.0], mb=[np.nan, 0.0]))
    assert result.known.tolist() == [False, True]
    assert result.lines[0].tolist() == [0, 0, 0]


def test_use_within_a_week_alone_gives_no_score_where_others_are_on_record() -> None:
    panel = make_panel(
        ma=[90.0] * 5, record_kinds=[0, 0, 1, np.nan, 0], days_since_first_use=[9, 9, 9, 9, np.nan],
        days_since_last_seen=[3, 2, 9, 9, np.nan],
    )  # fmt: skip
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1}])
    assert evaluate(card, panel).known.tolist() == [False, True, True, True, False]


def test_a_stale_value_counts_as_missing_or_is_kept_as_declared() -> None:
    panel = make_panel(ma=[100.0], mb=[0.0], **{"age:mb": [40]})
    for stale, expected in (("missing", 1000), ("keep", 500)):
        card = make_card(
            [
                {"id": "a", "metric": "ma", "group": "g", "weight": 1},
                {"id": "b", "metric": "mb", "group": "g", "weight": 1, "freshness_days": 30, "stale": stale},
            ]
        )
        result = evaluate(card, panel)
        assert result.tenths.tolist() == [expected]
        assert result.status[0, 1] == STALE
    assert evaluate(card, panel, {"mb": 60}).status[0, 1] == STALE  # the measure's own limit wins


def test_the_metric_s_own_freshness_holds_where_the_measure_has_none() -> None:
    card = make_card(
        [
            {"id": "a", "metric": "ma", "group": "g", "weight": 1},
            {"id": "b", "metric": "mb", "group": "g", "weight": 1},
        ]
    )
    panel = make_panel(ma=[100.0], mb=[0.0], **{"age:mb": [40]})
    assert evaluate(card, panel, {"mb": 30}).tenths.tolist() == [1000]
    assert evaluate(card, panel, {"mb": 60}).tenths.tolist() == [500]


def test_weight_zero_is_watched_and_not_scored() -> None:
    card = make_card(
        [
            {"id": "a", "metric": "ma", "group": "g", "weight": 1},
            {"id": "b", "metric": "mb", "group": "g", "weight": 0},
        ]
    )
    result = evaluate(card, make_panel(ma=[60.0], mb=[0.0]))
    assert result.tenths.tolist() == [600]
    assert result.status[0, 1] == OBSERVED
    assert result.points[0, 1] == 0


def test_the_lowest_cap_that_applies_binds_and_has_its_own_line() -> None:
    card = make_card(
        [{"id": "a", "metric": "ma", "group": "g", "weight": 1}],
        caps=[
            {"id": "x", "title": "x", "at_most": 50, "when": [{"metric": "mx", "op": ">=", "value": 1}]},
            {"id": "y", "title": "y", "at_most": 40, "when": [{"metric": "my", "op": "==", "value": 1}]},
        ],
    )
    result = evaluate(card, make_panel(ma=[90.0, 90.0, 30.0, 90.0], mx=[1, 0, 1, np.nan], my=[1, 0, 1, 0]))
    assert result.tenths.tolist() == [400, 900, 300, 900]
    assert result.cap.tolist() == [1, -1, -1, -1]
    assert result.lines[0].tolist() == [900, -500]


def test_what_was_last_heard_of_a_quiet_source_caps_nothing() -> None:
    cap = {"id": "x", "title": "x", "at_most": 50, "when": [{"metric": "mx", "op": ">=", "value": 1}]}
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1}], caps=[cap])
    panel = make_panel(ma=[90.0, 90.0], mx=[1, 1], **{"age:mx": [30, 31]})
    assert evaluate(card, panel, {"mx": 30}).tenths.tolist() == [500, 900]


def test_severe_tickets_that_stay_open_hold_the_shipped_score_down() -> None:
    count = [0.0, 2.0, 3.0, 5.0, 6.0, 13.0, np.nan]
    best = {"days_since_last_seen": 0.0, "active_days_28": 20.0, "nps_latest": 10.0, "csat_latest": 5.0}
    panel = make_panel(
        **{name: [value] * len(count) for name, value in best.items()}, tickets_severe_open=count
    )
    tenths = evaluate(get_default_scorecard(), panel).tenths.tolist()
    assert min(tenths[0], tenths[1], tenths[6]) > 700
    assert tenths[2:6] == [650, 650, 550, 550]


def test_tenure_decides_which_table_holds() -> None:
    mapping = {
        "type": "points",
        "points": [[0, 0], [100, 100]],
        "by_tenure": [{"until_days": 90, "points": [[0, 50], [100, 100]]}, {"points": [[0, 0], [100, 50]]}],
    }
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": mapping}])
    result = evaluate(card, make_panel(ma=[0.0, 0.0, 100.0, 100.0], tenure_days=[10, 90, 400, np.nan]))
    assert result.tenths.tolist() == [500, 0, 500, 1000]


def test_bands_mapping_takes_the_highest_step_reached() -> None:
    steps = {
        "type": "bands",
        "below": 5,
        "steps": [{"at_least": 1, "points": 50}, {"at_least": 3, "points": 100}],
    }
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": steps}])
    assert evaluate(card, make_panel(ma=[0, 1, 2.9, 3])).tenths.tolist() == [50, 500, 500, 1000]


def test_bands_mapping_by_tenure() -> None:
    steps = {
        "type": "bands",
        "steps": [{"at_least": 1, "points": 50}],
        "by_tenure": [{"until_days": 30, "steps": [{"at_least": 0, "points": 80}]}],
    }
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": steps}])
    assert evaluate(card, make_panel(ma=[0, 0], tenure_days=[3, 300])).tenths.tolist() == [800, 0]


def test_a_log_scale_gives_equal_points_for_equal_ratios() -> None:
    mapping = {"type": "points", "scale": "log", "points": [[0, 0], [99, 100]]}
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": mapping}])
    assert evaluate(card, make_panel(ma=[0, 9, 99, 500])).tenths.tolist() == [0, 500, 1000, 1000]


def test_percentile_compares_with_peers_of_the_same_day_only() -> None:
    mapping = {"type": "percentile", "peers": ["plan"], "minimum": 2}
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": mapping}])
    panel = make_panel(ma=[1.0, 2.0, 3.0, 4.0, 9.0], plan=["s", "s", "b", "b", "b"])
    panel["as_of"] = [date(2026, 1, 1)] * 4 + [date(2026, 2, 1)]
    result = evaluate(card, panel)
    assert result.tenths.tolist() == [250, 750, 250, 750, 0]
    assert result.known.tolist() == [True, True, True, True, False]


def test_percentile_falls_back_to_wider_peers_where_there_are_too_few() -> None:
    mapping = {
        "type": "percentile",
        "peers": ["plan"],
        "minimum": 3,
        "better": "lower",
        "points": [[0, 0], [100, 100]],
    }
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": mapping}])
    result = evaluate(card, make_panel(ma=[1.0, 2.0, 3.0, 4.0], plan=["s", "b", "b", "b"]))
    assert result.tenths.tolist() == [875, 833, 500, 167]


def test_a_manual_measure_reads_what_a_person_stated() -> None:
    card = make_card(
        [
            {"id": "a", "metric": "ma", "group": "g", "weight": 1},
            {"id": "pulse", "manual": True, "group": "g", "weight": 1},
        ]
    )
    panel = make_panel(ma=[50.0, 50.0], **{"manual:pulse": [100.0, np.nan]})
    assert evaluate(card, panel).tenths.tolist() == [750, 500]


# ------------------------------------------------------------------------------------------ properties

values = st.one_of(st.just(float("nan")), st.floats(-10, 120, allow_nan=False, width=32))


@st.composite
def cards_and_panels(draw: st.DrawFn, days: int = 1) -> tuple[Scorecard, list[pd.DataFrame]]:
    count = draw(st.integers(1, 7))
    measures = [
        {
            "id": f"m{i}",
            "metric": f"v{i}",
            "group": draw(st.sampled_from(["g", "h", "k"])),
            "weight": draw(st.sampled_from([0, 1, 3, 7, 12.5])) if i else 2,
            "missing": draw(st.sampled_from(["reweight", "neutral", "bad"])),
        }
        for i in range(count)
    ]
    caps = [
        {
            "id": f"c{i}",
            "title": "c",
            "at_most": draw(st.integers(0, 100)),
            "when": [{"metric": f"v{draw(st.integers(0, count - 1))}", "op": "<", "value": 30}],
        }
        for i in range(draw(st.integers(0, 2)))
    ]
    card = make_card(measures, caps=caps, minimum_coverage=draw(st.sampled_from([0, 0.4])))
    rows = draw(st.integers(1, 6))
    panels = [
        make_panel(**{f"v{i}": draw(st.lists(values, min_size=rows, max_size=rows)) for i in range(count)})
        for _ in range(days)
    ]
    return card, panels


@given(cards_and_panels())
@settings(max_examples=150, deadline=None)
def test_lines_add_up_to_the_score_exactly(case: tuple[Scorecard, list[pd.DataFrame]]) -> None:
    card, (panel,) = case
    result = evaluate(card, panel)
    assert (result.lines.sum(axis=1) == result.tenths).all()
    assert ((result.tenths >= 0) & (result.tenths <= 1000)).all()
    assert (np.abs(result.lines[:, :-1] - result.exact[:, :-1]) <= 1 + 1e-6).all()
    assert (result.lines[:, -1] <= 0).all()
    assert np.allclose(result.weight.sum(axis=1)[result.known], 1)
    assert (result.groups.sum(axis=1) == result.lines[:, :-1].sum(axis=1)).all()


@given(cards_and_panels(days=2))
@settings(max_examples=150, deadline=None)
def test_change_lines_add_up_to_the_change_exactly(case: tuple[Scorecard, list[pd.DataFrame]]) -> None:
    card, (before, after) = case
    then, now = evaluate(card, before), evaluate(card, after)
    rows = np.flatnonzero(then.known & now.known)
    moved = change_lines(now, then, np.column_stack([rows, rows]))
    assert (moved.sum(axis=1) == now.tenths[rows] - then.tenths[rows]).all()
    still = now.exact[rows] == then.exact[rows]
    assert (moved[still] == 0).all()


@given(st.lists(st.floats(-50, 50, allow_nan=False, width=32), min_size=1, max_size=8))
def test_apportioned_parts_reach_the_total(parts: list[float]) -> None:
    exact = np.array([parts])
    total = np.round(exact.sum(axis=1)).astype(np.int64)
    whole = apportion(exact, total)
    assert (whole.sum(axis=1) == total).all()


def test_apportion_reaches_even_a_total_far_off() -> None:
    assert apportion(np.array([[1.0, 2.0]]), np.array([9])).sum() == 9
    assert apportion(np.zeros((2, 0)), np.zeros(2, dtype=np.int64)).shape == (2, 0)


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "==", "!="])
def test_a_missing_value_satisfies_no_condition(op: str) -> None:
    cap = {"id": "x", "title": "x", "at_most": 1, "when": [{"metric": "mx", "op": op, "value": 3}]}
    card = make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1}], caps=[cap])
    assert evaluate(card, make_panel(ma=[90.0], mx=[np.nan])).tenths.tolist() == [900]
    assert evaluate(card, make_panel(ma=[90.0])).tenths.tolist() == [900]


def percentile_card(**mapping: Any) -> Scorecard:
    full = {"type": "percentile", "minimum": 2, **mapping}
    return make_card([{"id": "a", "metric": "ma", "group": "g", "weight": 1, "mapping": full}])


def test_a_young_customer_is_ranked_among_the_young() -> None:
    card = percentile_card(peers=["tenure"])
    panel = make_panel(ma=[1.0, 2.0, 30.0, 40.0], tenure_days=[10, 20, 900, 1000])
    assert evaluate(card, panel).tenths.tolist() == [250, 750, 250, 750]
    unknown = make_panel(ma=[1.0, 2.0, 30.0, 40.0], tenure_days=[10, np.nan, np.nan, 1000])
    assert evaluate(card, unknown).tenths.tolist() == [125, 250, 750, 875]


def test_those_who_have_gone_are_ranked_but_are_nobody_s_peers() -> None:
    card = percentile_card(peers=["plan"])
    panel = make_panel(
        ma=[0.0, 0.0, 0.0, 0.0, 5.0, 9.0],
        stage=["churned", "", "", "", "", ""],
        days_since_last_seen=[0, 180, 0, 0, 0, 0],
        mrr=[1, 1, 0, 0, 1, 1],
        orders_90=[0, 0, 0, 3, 0, 0],
    )
    result = evaluate(card, panel)
    assert result.tenths.tolist() == [167, 167, 167, 167, 500, 833]  # peers: the fourth, fifth and sixth
    assert len(result) == 6


def test_with_too_few_peers_the_fallback_gives_points_for_the_amount() -> None:
    fallback = {
        "type": "points",
        "points": [[0, 0], [10, 100]],
        "by_tenure": [{"until_days": 30, "points": [[0, 50], [10, 100]]}, {"points": [[0, 0], [10, 100]]}],
    }
    card = percentile_card(peers=["plan"], minimum=3, fallback=fallback)
    few = evaluate(card, make_panel(ma=[4.0, 4.0, np.nan], tenure_days=[10, 300, 300]))
    assert few.tenths.tolist() == [700, 400, 0]
    assert few.known.tolist() == [True, True, False]
    assert few.alone[:, 0].tolist() == [True, True, False]
    enough = evaluate(card, make_panel(ma=[4.0, 5.0, 6.0], tenure_days=[10, 300, 300]))
    assert enough.tenths.tolist() == [167, 500, 833]
    assert not enough.alone.any()


def test_who_has_no_contract_on_record_is_a_peer_of_those_who_have_one() -> None:
    panel = make_panel(ma=[0.0, 5.0, 9.0], mrr=[1.0, np.nan, np.nan], orders_90=[0, 0, np.nan])
    assert evaluate(percentile_card(peers=["plan"]), panel).tenths.tolist() == [167, 500, 833]
