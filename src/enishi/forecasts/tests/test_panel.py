"""Panels of a small world: what is known on each day, and what is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from enishi.forecasts import build_panel, snapshot_days
from enishi.forecasts.evaluation import auc
from enishi.forecasts.late import count_late, without_hindsight
from enishi.forecasts.leaks import find_leaks, without_leaks
from enishi.forecasts.panel import learnable, read_features, training_days
from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts, panel
from enishi.store.testing import publish

D = date
FIRST, LAST = D(2025, 1, 1), D(2026, 6, 30)
DAYS = [D(2025, 6, 30), D(2025, 9, 30), D(2025, 12, 31)]
FEW = ["tickets_opened_90", "tenure_days", "days_to_renewal", "active_days_28"]
ACCOUNTS = 40


def left_on(number):
    """Every other account leaves, spread over a year."""
    return D(2025, 8, 1) + timedelta(days=8 * number) if number % 2 else None


def ticket(number, account, on, **more):
    return {
        "record_id": number, "account_id": account, "valid_on": on, "opened_at": datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
        "subject": "?", **more,
    }  # fmt: skip


@pytest.fixture
def home(tmp_path):
    home, numbers = Home(tmp_path), range(1, ACCOUNTS + 1)
    publish(home, "record_account", [
        {"record_id": n, "valid_on": FIRST, "name": f"C{n}", "since": FIRST, "size": "small" if n < 20 else "large"}
        for n in numbers
    ])  # fmt: skip
    terms = {
        "valid_on": FIRST,
        "started_on": FIRST,
        "amount": 1000,
        "recurring": True,
        "currency": "JPY",
        "plan": "Basic",
    }
    publish(home, "record_subscription", [
        {"record_id": 100 + n, "account_id": n, **terms} for n in numbers
    ] + [
        {"record_id": 100 + n, "account_id": n, **terms, "ended_on": day, "known_on": day} for n in numbers if (day := left_on(n))
    ])  # fmt: skip
    publish(home, "groups", [{"group_no": n, "group_id": f"c{n}", "first_day": FIRST} for n in numbers])
    publish(home, "link", [
        {"record_id": n, "account_id": n, "value": f"c{n}", "target": "account", "valid_on": D(1970, 1, 1)} for n in numbers
    ])  # fmt: skip
    weeks = [FIRST + timedelta(days=7 * k) for k in range((LAST - FIRST).days // 7 + 1)]
    publish(home, "usage", [
        {"group_no": n, "user_no": n, "day": day, "event": "Report Made"}
        for n in numbers for day in weeks if not (end := left_on(n)) or day < end
    ])  # fmt: skip
    publish(home, "record_ticket", [ticket(n, n, D(2025, 3, 1) + timedelta(days=n)) for n in numbers])
    return home


def test_the_words_of_a_contract_are_those_of_the_one_with_the_most_money(home):
    terms = {"valid_on": FIRST, "started_on": FIRST, "recurring": True, "currency": "JPY"}
    publish(home, "record_subscription", [
        {"record_id": 500, "account_id": 2, "amount": 5000, "plan": "Gold", **terms},
        {"record_id": 501, "account_id": 4, "amount": 1000, "plan": "Twin", **terms},
        {"record_id": 50, "account_id": 6, "plan": "Free", **terms},
    ])  # fmt: skip
    found = read_features(home, DAYS[:1], FEW)
    assert len(found) == ACCOUNTS
    assert found.set_index("account_id")["plan"][[2, 4, 6]].tolist() == ["Gold", "Basic", "Basic"]


def test_rows_are_customers_of_their_day_with_what_became_of_them(home):
    found = build_panel(home, DAYS, "churn:90", metrics=FEW)
    assert list(found.columns[:5]) == ["as_of", "account_id", "label", "lost_on", "ends_on"]
    assert not found.duplicated(["as_of", "account_id"]).any()
    assert len(found[found["as_of"] == pd.Timestamp(DAYS[0])]) == ACCOUNTS
    lost = found[found["label"] == 1]
    assert ((lost["lost_on"] > lost["as_of"]) & (lost["lost_on"] <= lost["ends_on"])).all()
    assert found["tenure_days"].dtype == np.float32
    assert found["size"].cat.categories.tolist() == ["large", "small"]
    assert found["plan"].unique().tolist() == ["Basic"]


def test_a_panel_of_many_days_is_that_of_each(home):
    together = build_panel(home, DAYS, "churn:90", metrics=FEW)
    apart = pd.concat([build_panel(home, [day], "churn:90", metrics=FEW) for day in DAYS], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart, check_categorical=False)


def test_facts_of_later_days_change_no_row(home):
    before = build_panel(home, DAYS, "churn:90", metrics=FEW)
    gone = [n for n in range(1, ACCOUNTS + 1) if left_on(n)]
    publish(home, "record_ticket", [ticket(900 + n, n, left_on(n) + timedelta(days=3)) for n in gone])
    pd.testing.assert_frame_equal(build_panel(home, DAYS, "churn:90", metrics=FEW), before)


def test_tickets_filed_back_after_the_loss_do_not_help(home):
    """Somebody files three tickets about each customer that left, dated some weeks before the loss."""
    before = build_panel(home, DAYS, "churn:90", metrics=FEW)
    rows, number = [], 2000
    for n in range(1, ACCOUNTS + 1):
        for ago in (95, 60, 30) if left_on(n) else ():
            on = left_on(n) - timedelta(days=ago)
            rows.append(
                ticket(number := number + 1, n, on, known_on=on, recorded_on=left_on(n) + timedelta(days=5))
            )
    publish(home, "record_ticket", rows)
    assert count_late(home) == {"ticket": len(rows)}
    with duckdb_facts(home) as facts:
        planted = panel(facts, DAYS, ["tickets_opened_90"])
    assert planted["tickets_opened_90"].sum() > before["tickets_opened_90"].sum(), (
        "the leak is there for who takes it"
    )
    pd.testing.assert_frame_equal(build_panel(home, DAYS, "churn:90", metrics=FEW), before)


def test_history_imported_at_once_counts_from_when_it_happened(home):
    """Before a source delivers, nothing of it could have been recorded in time."""
    old = [
        ticket(3000 + n, n, D(2025, 6, 1), source="other", recorded_on=D(2026, 5, 1))
        for n in range(1, ACCOUNTS + 1)
    ]
    publish(home, "record_ticket", old)
    assert count_late(home) == {}
    with without_hindsight(home) as (honest, late):
        assert (honest, late) == (home, {})
    found = build_panel(home, DAYS[:1], "churn:90", metrics=FEW)
    assert (found["tickets_opened_90"] >= 1).all()


def test_the_shadow_of_the_facts_goes_when_it_was_read(home):
    publish(home, "record_ticket", [ticket(5000, 1, D(2025, 6, 1), recorded_on=D(2025, 12, 1))])
    with without_hindsight(home) as (honest, late):
        assert late == {"ticket": 1}
        assert honest.root.is_dir()
    assert not honest.root.exists()


def test_only_rows_whose_horizon_has_ended_teach(home):
    found = build_panel(home, DAYS, "churn:90", metrics=FEW)
    kept = learnable(found, D(2025, 12, 31))
    assert kept["as_of"].max() == pd.Timestamp(2025, 9, 30)
    assert kept["label"].notna().all()
    assert len(learnable(found, D(2025, 9, 1))) == 0


def test_snapshots_stand_at_the_ends_of_months():
    assert snapshot_days("month", D(2026, 1, 1), D(2026, 3, 1)) == [
        D(2025, 12, 31),
        D(2026, 1, 31),
        D(2026, 2, 28),
    ]
    assert training_days(D(2026, 3, 1), D(2026, 1, 5)) == [D(2026, 1, 31), D(2026, 2, 28)]
    assert training_days(D(2026, 2, 28), D(2026, 1, 5)) == [D(2026, 1, 31)], (
        "the day itself is not yet learned from"
    )


# ------------------------------------------------------------------------------------------------ leaks


@pytest.fixture
def rows():
    random = np.random.default_rng(3)
    account = np.repeat(np.arange(300), 4)
    label = (random.random(300) < 0.15).astype(float)[account]
    honest = random.normal(size=len(account)) - 1.2 * label
    frame = pd.DataFrame({"as_of": D(2026, 1, 1), "account_id": account, "label": label, "use": honest})
    return frame.assign(plan=random.choice(["a", "b"], len(frame)))


def test_honest_columns_are_kept(rows):
    assert find_leaks(rows) == []
    assert auc(rows["label"], -rows["use"]) > 0.75


@pytest.mark.parametrize("flag", [
    lambda y: y,
    lambda y: 1 - 3 * y,
    lambda y: y.astype(bool),
    lambda y: y.map({1.0: "lost", 0.0: "kept"}).astype("category"),
    lambda y: y.where(y == 1),  # a date of the end, missing for everybody else
    lambda y: np.where(y == 1, np.random.default_rng(1).normal(size=len(y)), np.nan),
])  # fmt: skip
def test_the_outcome_under_another_name_is_refused_by_name(rows, flag):
    kept, leaks = without_leaks(rows.assign(status_code=flag(rows["label"])))
    assert [leak.column for leak in leaks] == ["status_code"]
    assert "'status_code'" in leaks[0].text.en
    assert "status_code" in leaks[0].text.ja
    assert "status_code" not in kept


def test_a_list_of_some_of_those_gone_is_refused_too(rows):
    some = (rows["label"] == 1) & (rows["account_id"] % 5 < 3)
    assert [leak.column for leak in find_leaks(rows.assign(list=np.where(some, "x", "")))] == ["list"]


@pytest.fixture
def lives():
    """Months of customers who leave by chance alone: rows from which they had not left yet, then those of the last three."""
    random = np.random.default_rng(5)
    found = []
    for account in range(400):
        months, left = int(random.integers(4, 24)), random.random() < 0.3
        found.append(pd.DataFrame({
            "account_id": account, "as_of": pd.date_range("2024-01-31", periods=months, freq="ME"), "left": left,
            "label": [float(left and months - at <= 3) for at in range(months)],
            "use": random.poisson(3, months).astype(float) * (np.arange(months) > random.integers(0, 4)),
        }))  # fmt: skip
    rows = pd.concat(found, ignore_index=True)
    rows["use"] -= rows["label"] * (random.random(len(rows)) < 0.5)
    return rows.drop(columns="left"), rows["left"]


@pytest.mark.parametrize("flag", [
    lambda left: np.where(left, "Former customer", "Retail"),
    lambda left: np.where(left, np.nan, 40.0 + np.arange(len(left)) % 300),  # a renewal date that was emptied
    lambda left: np.where(left, 0.0, 1.0 + np.arange(len(left)) % 77),  # seats of a contract that is over
])  # fmt: skip
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_what_was_told_afterwards_of_the_whole_past_is_refused(lives, flag, share):
    rows, left = lives
    marked = left & (rows["account_id"] % 100 < 100 * share)
    (leak,) = find_leaks(rows.assign(told=flag(marked)))
    assert leak.column == "told"
    assert "told after they had left" in leak.text.en


def test_what_was_known_then_is_no_leak_however_telling(lives):
    rows, left = lives
    random = np.random.default_rng(6)
    branch = random.integers(0, 8, 400)[rows["account_id"]].astype(str)
    gave_up = left & (rows["account_id"] % 3 == 0)  # a third of those who left never used it
    never = rows["use"].mask(gave_up, 0.0)
    soon = (rows["label"] == 1) & (random.random(len(rows)) < 0.6)
    early = np.where(soon | (random.random(len(rows)) < 0.01), "ending", "")
    assert find_leaks(rows.assign(branch=branch, never=never, early=early)) == []


def test_few_losses_refuse_nothing(rows):
    few = rows[(rows["label"] == 0) | (rows["account_id"] < 40)]
    assert find_leaks(few.assign(flag=few["label"])) == []


def test_rows_not_yet_decided_play_no_part(rows):
    open_rows = rows.assign(label=np.nan, flag=0.0)
    assert [leak.column for leak in find_leaks(pd.concat([rows.assign(flag=rows["label"]), open_rows]))] == [
        "flag"
    ]
