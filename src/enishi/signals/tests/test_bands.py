from __future__ import annotations

import numpy as np

from enishi.definitions.contracts import ScoreBands, TrendRule
from enishi.signals.bands import GREEN, RED, UNKNOWN, YELLOW, next_bands, plain_bands, trend_arrows
from enishi.signals.limits import margin_of

BANDS = ScoreBands(green=60, yellow=40, margin=3)


def walk(scores: list[int | None]) -> list[int]:
    """The band day by day for one account."""
    band = np.array([UNKNOWN], dtype=np.int8)
    path = []
    for score in scores:
        known = np.array([score is not None])
        band = next_bands(np.array([score or 0]), known, band, BANDS)
        path.append(int(band[0]))
    return path


def test_limits_alone_decide_the_first_band() -> None:
    tenths = np.array([600, 599, 400, 399, 900])
    known = np.array([True, True, True, True, False])
    assert plain_bands(tenths, known, BANDS).tolist() == [GREEN, YELLOW, YELLOW, RED, UNKNOWN]


def test_a_score_that_wavers_about_a_limit_keeps_its_band() -> None:
    assert walk([605, 595, 605, 571, 569, 605, 629, 630]) == [
        GREEN, GREEN, GREEN, GREEN, YELLOW, YELLOW, YELLOW, GREEN,
    ]  # fmt: skip


def test_a_band_that_is_not_what_its_limits_give_says_why() -> None:
    fallen, risen = margin_of(BANDS, 571, "green"), margin_of(BANDS, 428, "red")
    assert fallen
    assert "「良好」の下限60点を下回っていますが、緩衝幅(3点)" in fallen.ja
    assert risen
    assert "「注意」の下限40点に達していますが、緩衝幅(3点)" in risen.ja
    assert risen.en.endswith("the band stays “Danger”.")
    for tenths, band in ((600, "green"), (599, "yellow"), (500, "red"), (569, "green"), (None, "unknown")):
        assert margin_of(BANDS, tenths, band) is None, (tenths, band)


def test_a_fall_through_two_limits_is_followed_at_once() -> None:
    assert walk([700, 200, 700]) == [GREEN, RED, GREEN]
    assert walk([200, 620]) == [RED, YELLOW]  # green only beyond its margin


def test_unknown_forgets_the_band_held() -> None:
    assert walk([605, None, 595]) == [GREEN, UNKNOWN, YELLOW]


def test_the_arrow_needs_a_change_beyond_the_usual_movement() -> None:
    rule = TrendRule(weeks=4, minimum=3, z=1.96)
    quiet = [500.0] * 9
    noisy = [500.0, 560, 480, 570, 470, 560, 480, 560, 500]
    weekly = np.array(
        [
            [*quiet, 500, 500, 500, 450],  # a step beyond doubt
            [*noisy, 520, 500, 480, 450],  # the same step inside the noise
            [*quiet, 500, 500, 500, 510],  # under the minimum
            [*quiet, 510, 520, 530, 545],
            [*range(900, 720, -20), 720, 700, 680, 660],  # a steady slide
        ],
        dtype=float,
    )
    assert trend_arrows(weekly, rule).tolist() == ["down", "flat", "flat", "up", "down"]


def test_no_arrow_without_history() -> None:
    rule = TrendRule()
    assert trend_arrows(np.full((1, 4), 500.0), rule).tolist() == [""]
    gaps = np.array([[np.nan] * 9 + [500, 500, 500, 400]], dtype=float)
    assert trend_arrows(gaps, rule).tolist() == [""]
