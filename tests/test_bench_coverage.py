"""The bench of the revenue forecast's ranges reads contracts as the product does."""

from __future__ import annotations

import re

import pytest

from tests.bench import coverage as bench


def test_the_bench_of_ranges_forecasts_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--companies", "1", "--accounts", "150", "--months", "16", "--every", "3"])
    told = capsys.readouterr().out.splitlines()
    assert "forecasts" in told[1]
    months = {int(line.split()[0]): line for line in told[2:]}
    assert set(months) <= set(bench.MONTHS_AHEAD)
    assert all(len(re.findall(r"\d+% \(\d+%-\d+%\)", line)) == 3 for line in months.values())
