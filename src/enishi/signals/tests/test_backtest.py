"""The record of a score: nothing sees its own future, nothing censored counts, and the verdict is plain."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.actions import install_defaults, save_draft
from enishi.definitions.reads import default_body, get_default_scorecard, list_scorecards
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.signals.api import (
    Outcome,
    Trial,
    ask_backtest,
    preview,
    renew_records,
    run_backtest,
    snapshot_days,
)
from enishi.signals.asof import KnownRecords
from enishi.signals.backtest import Snapshots, _missed, report, verdict
from enishi.signals.context import load_rules
from enishi.signals.models import Backtest, HealthScore, Override, ScoringRun
from enishi.signals.outcomes import read_labels
from enishi.signals.panel import read_frame
from enishi.signals.real import as_table
from enishi.signals.tests.world import FIRST, NOW, TODAY, record, stop_day
from enishi.signals.trials import backtest_job, default_start
from enishi.store.testing import publish

pytestmark = pytest.mark.slow

D = date
DAYS = tuple(snapshot_days("month", D(2025, 6, 1), D(2026, 4, 1)))
SILENCE = Outcome("silence", 60)


def trial(**more: Any) -> Trial:
    return Trial(
        **{
            "draft": get_default_scorecard(),
            "outcome": SILENCE,
            "days": DAYS,
            "every": "month",
            "draws": 100,
            **more,
        }
    )


# ------------------------------------------------------------------------------ on published facts


@pytest.fixture(scope="module")
def result(published: Any, django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    with django_db_blocker.unblock():
        return run_backtest(trial(), home=Home(published))


@pytest.mark.django_db
def test_the_score_tells_those_who_will_stop_from_those_who_stay(result: dict[str, Any]) -> None:
    assert result["churned"] >= 10
    assert result["score"]["auc"] > 0.75
    assert result["score"]["low"] <= result["score"]["auc"] <= result["score"]["high"]
    assert result["score"]["n"] == result["recency"]["n"] == result["rows"] - result["unknown"]
    assert 0 <= result["score"]["brier"] <= 0.25
    rates = {band["band"]: band["observed"] for band in result["bands"]}
    assert rates["red"] > rates["green"]
    assert result["lead_time"]["churns"] >= result["lead_time"]["alarmed"] > 0
    assert result["alarms_per_week"] > 0
    assert (result["from"], result["to"], result["snapshots"]) == ("2025-06-01", "2026-04-01", 11)
    assert {"code", "en", "ja"} == set(result["verdict"])


@pytest.mark.django_db
def test_a_planted_future_leak_is_harmless(home: Home, result: dict[str, Any]) -> None:
    """Facts that give the answer away, dated before the loss but learned after it, change no figure."""
    lost = [(n, stop) for n in range(1, 41) if (stop := stop_day(n))]
    publish(home, "record_contact", [
        record(5000 + n, n, stop - timedelta(days=90), role="champion", left_on=stop - timedelta(days=90), known_on=TODAY)
        for n, stop in lost
    ])  # fmt: skip
    publish(home, "record_account", [
        record(n, None, stop - timedelta(days=90), name=f"Company {n}", since=FIRST, stage="churned", known_on=TODAY)
        for n, stop in lost
    ])  # fmt: skip
    publish(home, "record_ticket", [
        record(6000 + n, n, stop - timedelta(days=60), subject="解約します", known_on=TODAY,
               opened_at=pd.Timestamp(stop - timedelta(days=60)).to_pydatetime(), severity="urgent", tone=-1.0)
        for n, stop in lost
    ])  # fmt: skip
    publish(home, "record_survey_answer", [
        record(7000 + n, n, stop - timedelta(days=80), measure="nps", score=0, comment="他社へ乗り換えます", known_on=TODAY,
               answered_at=pd.Timestamp(stop - timedelta(days=80)).to_pydatetime())
        for n, stop in lost
    ])  # fmt: skip
    publish(home, "usage", [
        {"group_no": n, "user_no": n * 10 + 9, "day": day, "known_on": TODAY, "event": "Stayed", "product": "P", "n": 99}
        for n in range(1, 41) if not stop_day(n) for day in DAYS
    ])  # fmt: skip
    assert_unmoved(run_backtest(trial(), home=home), result)


@pytest.mark.django_db
def test_a_day_s_frame_is_the_same_whatever_is_corrected_deleted_or_merged_later(home: Home) -> None:
    """Records that stood on the day: stated anew, taken away, and their accounts merged, all of it learned later."""
    day, numbers = D(2026, 1, 5), range(1, 9)
    opened = datetime(2025, 12, 20, tzinfo=UTC)
    kinds: dict[str, dict[str, Any]] = {
        "record_ticket": {"opened_at": opened, "subject": "高すぎるので解約します", "severity": "low", "tone": -0.2},
        "record_contact": {"role": "champion"},
        "record_subscription": {"started_on": FIRST, "product": "P", "plan": "Basic", "amount": 100, "seats": 5, "currency": "JPY", "interval": "month"},
        "record_survey_answer": {"measure": "nps", "score": 3, "comment": "使いにくい", "answered_at": opened},
    }  # fmt: skip
    for place, (table, values) in enumerate(kinds.items(), 8):
        publish(home, table, [record(place * 1000 + n, n, D(2025, 12, 20), **values) for n in numbers])
    install_defaults("system", NOW)
    before = frame_of(home, day, [day])
    assert before.filter(like="mentions_").to_numpy().sum() > 0
    changed: dict[str, dict[str, Any]] = {
        "record_ticket": {"opened_at": opened + timedelta(days=60), "subject": "高すぎるので解約します", "tone": 1.0},
        "record_contact": {"role": "user", "left_on": D(2025, 12, 21)},
        "record_subscription": {"started_on": FIRST, "ended_on": D(2025, 12, 24), "amount": 1, "end_reason": "高すぎる"},
        "record_survey_answer": {"measure": "nps", "score": 10, "answered_at": opened + timedelta(days=60)},
    }  # fmt: skip
    for place, (table, values) in enumerate(changed.items(), 8):
        publish(home, table, [
            record(place * 1000 + n, n, D(2025, 12, 20), known_on=TODAY, deleted=n > 4, **(values if n <= 4 else kinds[table]))
            for n in numbers
        ])  # fmt: skip
    publish(home, "record_account", [record(5, None, FIRST, name="Company 5", known_on=TODAY, deleted=True)])
    publish(home, "merge", [record(6, 7, D(2025, 12, 1), known_on=TODAY)])
    pd.testing.assert_frame_equal(frame_of(home, day, [day]), before)
    pd.testing.assert_frame_equal(frame_of(home, day, [day, TODAY]), before)


def frame_of(home: Home, day: date, days: list[date]) -> pd.DataFrame:
    with KnownRecords(home) as records:
        rows = read_frame(home, days, load_rules(), records=records).rows
    found = rows[rows["as_of"] == pd.Timestamp(day)].sort_values("account_id").reset_index(drop=True)
    return found[sorted(found.columns)]


def assert_unmoved(leaked: dict[str, Any], result: dict[str, Any]) -> None:
    for name in ("score", "recency", "bands", "lead_time", "churned", "rows"):
        assert leaked[name] == result[name], name


@pytest.mark.django_db
def test_what_is_dated_after_the_loss_tells_nothing_before_it(home: Home, result: dict[str, Any]) -> None:
    """History brought in later counts from when it happened: a ticket about the loss, the loss under another name, use
    that a wrong clock dated years ahead."""
    lost = [n for n in range(1, 41) if stop_day(n)]
    after = DAYS[-1] + timedelta(days=2)
    publish(home, "record_ticket", [
        record(6000 + n, n, after, subject="解約後の問い合わせ", severity="urgent", tone=-1.0,
               opened_at=pd.Timestamp(after).to_pydatetime())
        for n in lost
    ])  # fmt: skip
    publish(home, "record_account", [
        record(n, None, after, name=f"Company {n}", since=FIRST, stage="churned", industry="lost")
        for n in lost
    ])  # fmt: skip
    publish(home, "usage", [
        {"group_no": n, "user_no": n * 10, "day": D(2031, 1, 1), "known_on": FIRST, "event": "Cancelled", "product": "P", "n": 9}
        for n in lost
    ])  # fmt: skip
    assert_unmoved(run_backtest(trial(), home=home), result)
    beyond = read_labels(home, [D(2026, 6, 1)], SILENCE)
    assert beyond["label"].isna().all(), "a wrong clock makes nothing observed"


@pytest.mark.django_db
def test_snapshots_beyond_what_is_observed_are_censored_not_retained(home: Home) -> None:
    days = [D(2026, 4, 28), D(2026, 5, 1), D(2026, 6, 1)]
    labels = read_labels(home, days, SILENCE)
    known = labels.groupby("as_of")["label"].apply(lambda column: column.notna().any())
    assert known.tolist() == [True, False, False]  # the last event is on 28 or 29 June
    late = run_backtest(trial(days=tuple(days)), home=home)
    assert late["censored"] > 0
    assert late["rows"] == int(labels["label"].notna().sum())
    assert late["snapshots"] == 3


@pytest.mark.django_db
def test_recorded_churn_counts_from_the_earlier_of_notice_and_end(home: Home) -> None:
    contract = {"product": "P", "amount": 100, "interval": "month", "started_on": FIRST}
    publish(home, "record_subscription", [
        record(1, 1, FIRST, **contract, notice_on=D(2025, 7, 10), ended_on=D(2025, 12, 31)),
        record(2, 2, FIRST, **contract, ended_on=D(2025, 7, 10)),
        record(3, 2, D(2025, 7, 10), **{**contract, "started_on": D(2025, 7, 10)}),
        record(4, 3, FIRST, **contract),
        record(5, 4, FIRST, **contract, notice_on=D(2025, 6, 15), ended_on=D(2025, 7, 1)),
        record(6, 5, FIRST, **contract, ended_on=D(2026, 6, 25)),
    ])  # fmt: skip
    days = [D(2025, 6, 30), D(2026, 6, 20)]
    labels = read_labels(home, days, Outcome("churn", 90), early=True)
    early = labels[labels["as_of"] == "2025-06-30"].set_index("account_id")
    assert early["label"].to_dict() == {1: 1, 2: 0, 3: 0, 5: 0}  # 4 had given notice; 2 went on
    assert early.loc[1, "lost_on"] == pd.Timestamp("2025-07-10")
    late = labels[labels["as_of"] == "2026-06-20"].set_index("account_id")["label"]
    assert late[5] == 1  # already seen
    assert np.isnan(late[3])  # nobody knows yet
    learned = read_labels(home, days, Outcome("churn", 90))
    assert learned.loc[learned["as_of"] == "2026-06-20", "label"].isna().all(), (
        "or only losses would be learned from"
    )


# ------------------------------------------------------------------------------------- on made-up rows


def made_up(
    seed: int = 0, rows: int = 900, shuffled: bool = False
) -> tuple[Snapshots, pd.DataFrame, pd.DataFrame]:
    """A score that tells, of 90 accounts over 10 quarters; shuffled: labels dealt out among the rows."""
    random = np.random.default_rng(seed)
    days = pd.date_range("2023-01-01", periods=10, freq="QS")
    frame = pd.DataFrame(
        {"as_of": np.tile(days, rows // 10), "account_id": np.repeat(np.arange(rows // 10), 10)}
    )
    risk = random.normal(size=rows)
    label = (risk + random.normal(size=rows) > 1.2).astype(float)
    if shuffled:
        label = random.permutation(label)
    tenths = np.clip(500 - 200 * risk, 0, 1000).round()
    band = np.where(tenths < 350, "red", np.where(tenths < 600, "yellow", "green"))
    base = frame.assign(
        days_since_last_seen=random.integers(0, 90, rows).astype(float), events_90=10.0, tenure_days=400.0
    )
    labels = frame.assign(label=label, lost_on=frame["as_of"] + pd.Timedelta(days=30))
    return Snapshots(frame.assign(tenths=tenths, band=band)), base, labels


def test_shuffled_labels_give_about_one_half() -> None:
    told = report(*made_up(), Outcome("churn", 90), draws=200)
    assert told["score"]["auc"] > 0.75
    assert told["monotone"]
    assert told["verdict"]["code"] == "better"
    shuffled = report(*made_up(shuffled=True), Outcome("churn", 90), draws=200)
    assert abs(shuffled["score"]["auc"] - 0.5) < 0.06
    assert shuffled["score"]["low"] < 0.5 < shuffled["score"]["high"]
    assert shuffled["verdict"]["code"] != "better"


def test_churns_missed_are_those_not_red_when_last_looked_at() -> None:
    draft, base, labels = made_up()
    told = report(draft, base, labels, Outcome("churn", 90), draws=200)
    assert told["missed"]
    assert all(entry["band"] != "red" for entry in told["missed"])


def test_of_churns_missed_with_the_same_score_the_first_customers_are_shown_on_every_machine() -> None:
    rows = pd.DataFrame({"account_id": range(1, 61), "as_of": pd.Timestamp(2026, 1, 31), "lost_on": pd.NaT, "label": 1.0,
                         "band": "green", "tenths": 900})  # fmt: skip
    shown = [entry["account_id"] for entry in _missed(rows)]
    assert shown == list(range(1, len(shown) + 1))
    assert _missed(rows.sample(frac=1, random_state=1)) == _missed(rows)


def test_a_row_without_a_score_is_told_and_left_out_of_both() -> None:
    draft, base, labels = made_up()
    draft.rows.loc[:99, "tenths"] = np.nan
    draft.rows.loc[:99, "band"] = "unknown"
    told = report(draft, base, labels, Outcome("churn", 90), draws=200)
    assert told["unknown"] == 100
    assert told["score"]["n"] == told["recency"]["n"] == 800
    assert {band["band"] for band in told["bands"]} == {"red", "yellow", "green", "unknown"}


def test_the_published_version_stands_beside_the_draft() -> None:
    draft, base, labels = made_up()
    worse = Snapshots(
        draft.rows.assign(tenths=draft.rows["tenths"].sample(frac=1, random_state=1).to_numpy())
    )
    good = report(draft, base, labels, Outcome("churn", 90), published=worse, draws=100)
    assert good["published"]["auc"] < good["score"]["auc"]
    assert good["against_published"]["low"] > 0
    bad = report(worse, base, labels, Outcome("churn", 90), published=draft, draws=100)
    assert bad["verdict"]["code"] == "worse_than_published"


@pytest.mark.parametrize(
    ("churned", "interval", "code"),
    [
        (9, (0.1, 0.05, 0.2), "too_few"),
        (50, (None, None, None), "too_few"),
        (50, (0.1, 0.05, 0.2), "better"),
        (50, (0.1, -0.05, 0.2), "ahead_not_proved"),
        (50, (0.0, -0.05, 0.2), "no_better_than_recency"),
        (50, (-0.1, -0.2, -0.05), "worse_than_recency"),
    ],
)
def test_the_verdict_is_plain(churned: int, interval: tuple[Any, Any, Any], code: str) -> None:
    result = {
        "outcome": "churn:90",
        "churned": churned,
        "score": {"auc": 0.8},
        "recency": {"auc": 0.7},
        "against_recency": dict(zip(("value", "low", "high"), interval, strict=True)),
    }
    found = verdict(result)
    assert found.code == code
    assert found.text.en
    assert found.text.ja.endswith("。")


def test_outcomes_and_rhythms_are_read_strictly() -> None:
    assert Outcome.parse("silence:180") == Outcome("silence", 180)
    assert str(Outcome.parse("churn:90")) == "churn:90"
    for text in ("silence", "churn:0", "gone:3", "churn:90 "):
        with pytest.raises(EnishiError):
            Outcome.parse(text)
    with pytest.raises(EnishiError):
        snapshot_days("fortnight", D(2026, 1, 1), D(2026, 2, 1))
    assert snapshot_days("quarter", D(2014, 1, 1), D(2014, 4, 1)) == [D(2013, 12, 31), D(2014, 3, 31)]


# ------------------------------------------------------------------------------------------------ jobs


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
@pytest.mark.both
def test_a_queued_back_test_keeps_its_result_and_who_would_move(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Home, "from_environment", lambda: home)
    install_defaults("system", NOW)
    body = default_body("scorecard", "default") | {"bands": {"green": 90, "yellow": 50, "margin": 1}}
    draft = save_draft("scorecard", "default", body, actor="system", now=NOW)
    span = {"start": D(2025, 8, 1), "end": D(2026, 4, 1), "every": "quarter", "outcome": "silence:60"}
    row = ask_backtest(draft, member=None, now=NOW, **span)  # type: ignore[arg-type]
    backtest_job.func(row.pk, TODAY.isoformat())
    row.refresh_from_db()
    assert (row.status, row.progress, row.error) == ("done", 100, "")
    assert row.result["published"]["auc"] is not None
    assert row.result["accounts_today"] == 40
    assert row.result["moves"]
    assert row.result["moves"][0]["name"].startswith("Company")
    assert sum(row.result["move_counts"].values()) == len(row.result["moves"])
    shown = preview(body, TODAY, home=home)
    assert shown["moves"] == row.result["moves"]
    assert sum(shown["after"].values()) == sum(shown["histogram"]) == 40
    held, by_hand = [move for move in shown["moves"] if move["tenths_after"] > 720][:2]
    yesterday = {"scorecard": "default", "version": draft, "day": TODAY - timedelta(days=1), "coverage": 1}
    HealthScore.objects.create(account_id=held["account_id"], band=held["before"], **yesterday)
    ScoringRun.objects.create(day=yesterday["day"], status="done")
    stated = {"band": "red", "reason": "r", "made_at": NOW - timedelta(days=1), "expires_on": TODAY}
    Override.objects.create(account_id=by_hand["account_id"], **stated)
    wide = body | {"bands": {"green": 90, "yellow": 50, "margin": 18}}
    assert preview(wide, TODAY, home=home)["moves"] == [m for m in shown["moves"] if m not in (held, by_hand)]


@pytest.mark.django_db
def test_a_failed_back_test_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no room")

    install_defaults("system", NOW)
    draft = save_draft("scorecard", "default", default_body("scorecard", "default"), actor="system", now=NOW)
    row = Backtest.objects.create(
        version=draft,
        parameters={"outcome": "silence:60", "every": "month", "from": "2026-01-01", "to": "2026-03-01"},
    )
    monkeypatch.setattr("enishi.signals.trials.run_backtest", fail)
    with pytest.raises(RuntimeError):
        backtest_job.func(row.pk, TODAY.isoformat())
    row.refresh_from_db()
    assert (row.status, row.error) == ("failed", "RuntimeError: no room")


@pytest.mark.django_db
def test_by_default_nothing_is_judged_before_the_first_use(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts are known for years before their use is: those days would all count as unknown."""
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    publish(home, "record_account", [record(1, None, D(2019, 1, 1), name="Company 1", since=D(2019, 1, 1))])
    assert default_start(home, TODAY) == FIRST + timedelta(days=1)
    assert default_start(home, FIRST + timedelta(days=930)) == FIRST + timedelta(days=200)
    install_defaults("test", NOW)
    draft = save_draft("scorecard", "early", default_body("scorecard", "default"), actor="test", now=NOW)
    row = ask_backtest(draft, member=None, now=NOW, outcome="silence:60")
    assert row.parameters["from"] == default_start(home, TODAY).isoformat()
    days = snapshot_days("month", default_start(home, TODAY), D(2026, 4, 1))
    told = run_backtest(trial(days=tuple(days)), home=home)
    assert told["unknown"] < 0.05 * told["rows"]


@pytest.mark.django_db
def test_the_record_is_renewed_each_week_by_itself(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(home.root))
    publish(home, "record_account", [record(1, None, D(2019, 1, 1), name="Company 1", since=D(2019, 1, 1))])
    install_defaults("test", NOW)
    early = datetime.combine(FIRST + timedelta(days=100), time(), UTC)
    assert renew_records(early) == [], "too little has been seen to be judged"
    tried = [row.version.definition.slug for row in renew_records(NOW)]
    assert tried == [entry.slug for entry in list_scorecards()]
    assert renew_records(NOW + timedelta(days=6)) == []
    assert len(renew_records(NOW + timedelta(days=8))) == len(tried)


@pytest.mark.django_db
def test_nothing_is_tried_before_there_is_any_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    install_defaults("test", NOW)
    assert renew_records(NOW) == []


def test_without_any_facts_the_default_is_two_years(tmp_path: Path) -> None:
    assert default_start(Home(tmp_path), TODAY) == TODAY - timedelta(days=730)


@pytest.mark.parametrize(("losses", "quartiles"), [(3, False), (4, True)])
def test_a_handful_of_lead_times_has_no_quartiles(losses: int, quartiles: bool) -> None:
    """Three losses are told by their median alone, in the result and on the terminal."""
    day, numbers = pd.Timestamp("2025-01-01"), np.arange(40)
    rows = pd.DataFrame({"as_of": day, "account_id": numbers})
    draft = Snapshots(rows.assign(tenths=100.0 + numbers, band="red"))
    base = rows.assign(days_since_last_seen=1.0, events_90=10.0, tenure_days=400.0)
    gone = numbers < losses
    labels = rows.assign(
        label=gone.astype(float), lost_on=[day + pd.Timedelta(days=37) if g else pd.NaT for g in gone]
    )
    told = report(draft, base, labels, Outcome("churn", 90), draws=20)
    lead = told["lead_time"]
    assert (lead["alarmed"], lead["median"]) == (losses, 37)
    assert (lead["low"] is not None) == quartiles
    told |= {"from": "2025-01-01", "to": "2025-01-01"}
    for language, word in (("en", "quartiles"), ("ja", "四分位")):
        assert (word in as_table(told, language)) == quartiles
