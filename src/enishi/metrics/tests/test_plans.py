"""Compiled queries that outlive the process: used again, never mistaken for others."""

import ibis
import pandas as pd
import pytest

from enishi.metrics import plans
from enishi.metrics.api import FactSettings, compile_metric, duckdb_facts, panel
from enishi.metrics.plans import Plans
from enishi.metrics.tests.world import TODAY, ago, publish_world


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("ENISHI_PLANS", raising=False)
    return publish_world(tmp_path)


def test_installations_of_one_program_may_share_what_is_compiled(home, tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_PLANS", str(tmp_path / "shared"))
    new_process(monkeypatch)
    ask(home)
    new_process(monkeypatch)
    monkeypatch.setattr(ibis, "to_sql", no_building)
    ask(publish_world(tmp_path / "another"))


def new_process(monkeypatch):
    monkeypatch.setattr(Plans, "_known", {})


FEW = (
    "active_users_28",
    "logins_28",
    "feature_breadth_28",
    "mrr",
    "nps_latest",
)  # with and without kept results


def ask(home, metrics=FEW, **more):
    with duckdb_facts(home, FactSettings(**more)) as facts:
        return panel(facts, [TODAY, ago(16)], metrics)


def no_building(*_, **__):
    raise AssertionError("a query was built again")


def test_another_process_builds_nothing(home, monkeypatch):
    new_process(monkeypatch)
    first = ask(home, metrics=None)
    new_process(monkeypatch)
    monkeypatch.setattr(ibis, "to_sql", no_building)
    pd.testing.assert_frame_equal(ask(home, metrics=None), first, check_exact=True)


def test_other_settings_are_other_plans(home, monkeypatch):
    new_process(monkeypatch)
    ask(home)
    new_process(monkeypatch)
    counted = ask(home, login_events=("Export Made",)).set_index(["as_of", "account_id"])["logins_28"]
    assert counted[TODAY, 1] == 4


def test_what_was_deleted_is_built_again(home, monkeypatch):
    new_process(monkeypatch)
    first = ask(home)
    for number, path in enumerate(sorted(home.plans.glob("*/*.json"))):
        if number % 3 == 0:
            path.unlink()
        elif number % 3 == 1:
            path.write_text("{")
    new_process(monkeypatch)
    pd.testing.assert_frame_equal(ask(home), first, check_exact=True)


def test_plans_of_another_version_go(home, monkeypatch):
    new_process(monkeypatch)
    ask(home)
    before = {path.name for path in home.plans.iterdir()}
    monkeypatch.setattr(plans, "source_version", lambda: "later")
    new_process(monkeypatch)
    ask(home)
    assert len(before) == 1
    assert {path.name for path in home.plans.iterdir()} == {"later"}


def test_a_metric_of_ones_own_is_not_kept(home, monkeypatch):
    new_process(monkeypatch)
    own = compile_metric({"id": "own", "title": "Own", "type": "count"})
    with duckdb_facts(home) as facts:
        panel(facts, [TODAY], [own])
    assert not any("custom" in path.read_text() for path in home.plans.glob("*/*.json"))
