"""The short form of ``make crash``."""

from pathlib import Path

import pytest

from tests.crash import run


@pytest.mark.slow
@pytest.mark.both
def test_nothing_acknowledged_is_lost_and_nothing_counted_twice(tmp_path: Path) -> None:
    outcome = run(tmp_path, kills=10, seed=20260310, pause=0.9)
    assert outcome.acknowledged > 500
    assert outcome.is_exact, outcome
