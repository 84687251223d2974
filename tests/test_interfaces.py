"""Interfaces that scripts rely on (docs/interfaces.md): each is there, and the test named beside it too."""

from __future__ import annotations

import re
import subprocess
from datetime import date

import click
import pandas as pd
import pytest

from enishi.cli.main import enishi
from enishi.metrics.revenue import bridge, movements, rates
from enishi.metrics.surveys import nps
from tests.test_docs import ROOT

PROMISED = {
    "init": [],
    "import": ["KIND", "FILE", "--map", "--dry-run"],
    "score": ["--as-of"],
    "explain": ["ACCOUNT", "--json"],
    "serve": ["--port"],
    "doctor": ["--json"],
    "backtest": ["--outcome", "--every", "--from", "--to", "--json"],
    "forecast": ["--horizon", "--as-of", "--json"],
}


def test_each_promise_names_a_test_that_is_there() -> None:
    named = re.findall(
        r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")
    )
    assert len(named) > 10
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} has no {name}"


@pytest.mark.parametrize("name", PROMISED)
def test_the_commands_take_what_scripts_give(name: str) -> None:
    command = enishi.get_command(click.Context(enishi), name)
    assert command is not None
    taken = {word for p in command.params for word in [*p.opts, p.make_metavar(click.Context(command))]}
    assert set(PROMISED[name]) <= taken
    assert "--data" in {word for p in enishi.params for word in p.opts}


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        (["PORT=8123", "DATA=some/dir"], '--data "some/dir" serve --demo --accounts 400 --port 8123'),
        ([], " serve --demo --accounts 400 --port 8000"),
    ],
)
def test_make_installs_and_serves_where_asked(settings: list[str], served: str) -> None:
    def would_do(*words: str) -> str:
        done = subprocess.run(
            ["make", "--dry-run", "--always-make", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return re.sub(" +", " ", done.stdout)

    assert f".venv/bin/enishi{served if served.startswith(' ') else f' {served}'}" in would_do(
        "run", *settings
    )
    assert "pip install" in would_do("install")
    assert "--editable ." in would_do("install")


def test_nps_tells_its_margin_and_counts() -> None:
    found = nps([10, 9, 9, 8, 7, 6, 0, None, float("nan")])
    assert (found.n, found.promoters, found.passives, found.detractors) == (7, 3, 2, 2)
    assert found.score == pytest.approx(100 / 7)
    assert found.margin == pytest.approx(1.96 * 100 * ((5 / 7 - 1 / 49) / 7) ** 0.5)
    assert (found.low, found.high) == (found.score - found.margin, found.score + found.margin)


def test_movements_and_rates_of_the_worked_example() -> None:
    """Start 100k, new 20k, expansion 15k, contraction 5k, churn 8k, from the subscriptions themselves."""
    start, day, end = date(2026, 4, 1), date(2026, 4, 15), date(2026, 5, 1)
    before = date(2026, 1, 1)
    periods = [
        (1, before, day, 40_000), (1, day, None, 55_000),
        (2, before, day, 52_000), (2, day, None, 47_000),
        (3, before, day, 8_000),
        (4, day, None, 20_000),
    ]  # fmt: skip
    moves = movements(pd.DataFrame(periods, columns=["account_id", "start", "stop", "mrr"]))
    found = bridge(moves, start, end)
    assert (found.opening, found.new, found.expansion, found.contraction, found.churn) == (
        100_000, 20_000, 15_000, 5_000, 8_000,
    )  # fmt: skip
    assert found.closing == 122_000
    rated = rates(found)
    assert (round(rated.nrr, 4), round(rated.grr, 4), round(rated.quick_ratio, 2)) == (1.02, 0.87, 2.69)
