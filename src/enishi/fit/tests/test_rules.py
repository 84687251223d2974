"""Fit from what is known: points, reasons, and what came, without a database."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.fit.contracts import Book
from enishi.fit.facts import first_loss, notices_of, sales
from enishi.fit.rules import judge_book, points_of, value_words
from enishi.fit.sellers import seller_of
from enishi.kit.text import Text

NOTHING_STATED = pd.DataFrame(columns=["account_id", "input", "points", "from", "to"])
NAMES = {"seats": ("count", Text("Seats", "ライセンス数"))}
DAY = 20_000


def fit(**changed):
    body = {
        "title": "Fit",
        "axes": [
            {"id": "success", "title": "Success", "weight": 60, "inputs": [
                {"id": "channel", "attribute": "channel", "values": [{"values": ["紹介", "Referral"], "points": 100}, {"values": ["広告"], "points": 0}]},
                {"id": "first", "metric": "days_to_value_observed", "at": "start", "points": [[0, 100], [89, 0]]},
                {"id": "told", "title": "Told", "stated": True},
            ]},
            {"id": "size", "title": "Size", "weight": 40, "inputs": [{"id": "seats", "metric": "seats", "points": [[0, 0], [100, 100]]}]},
        ],
    }  # fmt: skip
    return parse_body("fit", {**body, **changed})


def known(**columns):
    return pd.DataFrame(columns, index=pd.Index([1, 2, 3], dtype="int64"))


def book(**changed):
    table = known(channel=["紹介", "広告", "新聞"], seats=[100.0, 10.0, np.nan], mrr=[50.0, 5.0, 1.0])
    start = known(days_to_value_observed=[5.0, 90.0, 3.0], time_to_first_value=[5.0, np.nan, 3.0])
    moves = pd.DataFrame(
        [(1, DAY - 500, "new", 50, 50), (2, DAY - 500, "new", 5, 5), (2, DAY - 300, "churn", -5, 0), (3, DAY - 30, "new", 1, 1)],
        columns=["account_id", "day", "kind", "amount", "after"],
    )  # fmt: skip
    base = {
        "day": DAY, "sold": pd.Series({1: DAY - 500, 2: DAY - 500, 3: DAY - 30}), "here": frozenset({1, 3}), "at_sale": table,
        "at_start": start.loc[[1, 2]], "now": table, "stated": NOTHING_STATED, "moves": moves,
        "notices": pd.Series(dtype=float), "first_loss": DAY - 500, "earned": pd.Series({1: 10.0, 2: -3.0}),
    }  # fmt: skip
    return Book(**{**base, **changed})


def test_points_of_attributes_and_metrics():
    axes = fit().axes
    channel, _first, _told = axes[0].inputs
    table = known(channel=["referral ", "広告", "新聞"], seats=[50.0, 500.0, np.nan])
    assert points_of(channel, table).tolist()[:2] == [100, 0]
    assert np.isnan(points_of(channel, table)[3]), "a value without points is unknown, not the middle"
    seats = points_of(axes[1].inputs[0], table)
    assert seats.tolist()[:2] == [50, 100]
    assert np.isnan(seats[3])
    assert points_of(channel, known(x=[1, 2, 3])).isna().all()


def test_the_fit_at_the_sale_knows_nothing_later():
    judged = judge_book(book(), fit(), NAMES)
    assert judged.sale.tenths.tolist()[:2] == [1000, 40]
    assert judged.sale.band.tolist() == ["good", "poor", ""]
    inputs = [one["id"] for axis in judged.sale.axes[1] for one in axis["inputs"]]
    assert inputs == ["channel", "seats"], "first value shows after the sale, and nobody stated anything"
    for account in (1, 2):
        axes = judged.sale.axes[account]
        assert sum(axis["tenths"] for axis in axes) == judged.sale.tenths[account]
        assert all(axis["tenths"] == sum(one["tenths"] for one in axis["inputs"]) for axis in axes)


def test_the_present_fit_adds_the_first_90_days_once_they_are_over():
    judged = judge_book(book(), fit(), NAMES)
    assert sorted(judged.now.tenths.index) == [1, 3], "who has left has no present fit"
    assert [one["id"] for one in judged.now.axes[1][0]["inputs"]] == ["channel", "first"]
    assert [one["id"] for one in judged.now.axes[3][0]["inputs"]] == ["channel"]
    assert judged.now.axes[3][0]["inputs"][0]["text_en"] == "新聞: no points declared"


def test_what_people_stated_counts_from_its_day_to_its_end():
    stated = pd.DataFrame([(1, "told", 0.0, DAY - 10, DAY + 5)], columns=NOTHING_STATED.columns)
    judged = judge_book(book(stated=stated), fit(), NAMES)
    assert judged.sale.tenths[1] == 1000, "stated after the sale"
    assert judged.now.tenths[1] < 1000
    ended = judge_book(book(stated=stated.assign(to=DAY - 1)), fit(), NAMES)
    assert ended.now.tenths[1] == judge_book(book(), fit(), NAMES).now.tenths[1]
    early = judge_book(book(stated=stated.assign(**{"from": DAY - 600})), fit(), NAMES)
    assert early.sale.tenths[1] == 700


def test_what_came_of_a_sale_is_said_with_its_reasons():
    judged = judge_book(book(), fit(), NAMES)
    assert [reason["code"] for reason in judged.reasons[2]] == [
        "left_early",
        "never_onboarded",
        "loss_making",
    ]
    assert 1 not in judged.reasons
    assert "7" in judged.reasons[2][0]["ja"]
    assert (judged.record["observed"], judged.record["lost"], judged.record["verdict"]) == (2, 1, "early")
    assert judged.suggestion["have"] == 1


def test_words_of_values():
    first = fit().axes[0].inputs[1]
    assert value_words(first, 90.0, NAMES).ja == "90日以内に未到達"
    assert value_words(fit().axes[0].inputs[0], "紹介", NAMES).en == "紹介"


def test_a_sale_is_the_first_paid_day_and_a_replaced_contract_is_no_loss():
    stretches = pd.DataFrame(
        [(1, 100, 200, 150), (1, 200, 2_932_896, 2_932_896), (2, 100, 300, 250)],
        columns=["account_id", "start", "stop", "notice"],
    )
    moves = pd.DataFrame(
        [(1, 100, "new"), (2, 100, "new"), (2, 300, "churn")], columns=["account_id", "day", "kind"]
    )
    notices = notices_of(stretches, moves, 400)
    assert notices.to_dict() == {2: 250}
    assert first_loss(moves, notices, 400) == 250
    assert first_loss(moves, notices, 240) is None
    assert sales(moves, {1: None, 2: None, 3: None}, 400).to_dict() == {1: 100, 2: 100}


@pytest.mark.parametrize(
    ("extra", "seller"),
    [
        ({"営業担当": "山田 太郎"}, "山田 太郎"),
        ({"Sales Rep": " A. Smith "}, "A. Smith"),
        ({"sold_by": "a@b.example", "営業担当": "x"}, "a@b.example"),
        ({"備考": "x"}, ""),
        (None, ""),
    ],
)
def test_the_seller_is_found_under_the_names_sources_use(extra, seller):
    assert seller_of(extra) == seller


def test_the_shipped_axes_judge_what_every_company_has():
    shipped = parse_body("fit", default_body("fit", "default"))
    table = known(
        contacts_known=[3.0, 0.0, np.nan],
        decision_makers=[1.0, 0.0, np.nan],
        seats=[20.0, 1.0, np.nan],
        mrr=[5.0, 5.0, 5.0],
    )
    judged = judge_book(book(at_sale=table, now=table), shipped, NAMES)
    assert judged.sale.tenths[1] > judged.sale.tenths[2]
    assert np.isnan(judged.sale.tenths[3])
