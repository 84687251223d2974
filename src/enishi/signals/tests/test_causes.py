from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from enishi.definitions.contracts import Causes
from enishi.definitions.reads import default_body
from enishi.definitions.rules import parse_body
from enishi.signals.causes import judge_causes, open_signals, rule_metric
from enishi.signals.derived import add_derived, common_dips, latest_dip
from enishi.signals.models import ScoringRun

BODY: Causes = parse_body("causes", default_body("causes", "default"))
NAMES = [cause.id for cause in BODY.causes]
ALERTS = [alert.id for alert in BODY.alerts]


def judge(**values: Any) -> Any:
    """One account, in a book too small to have anything in common."""
    row = pd.DataFrame(
        {"as_of": [date(2026, 1, 1)], "account_id": [1], **{k: [v] for k, v in values.items()}}
    )
    return judge_causes(BODY, add_derived(row, 0.0).assign(**{k: [v] for k, v in values.items()}))


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"nps_latest": 2.0}, "disvaluation"),
        ({"mentions_price": 3}, "disvaluation"),
        ({"champions_gone_90": 1, "champions": 0, "contacts_known": 2}, "disconnection"),
        ({"days_since_contact": 730}, "disconnection"),
        ({"days_unanswered": 730}, "disconnection"),
        ({"days_since_last_seen": 60}, "disengagement"),
        ({"usage_trend_28": -1.8}, "disengagement"),
        ({"seats_change_90": -10}, "downturn"),
        ({"days_overdue": 70}, "downturn"),
        ({"mentions_downsizing": 1}, "downturn"),
    ],
)
def test_each_cause_is_named_by_its_own_signs(values: dict[str, float], cause: str) -> None:
    result = judge(**values)
    number, strength = result.ranked(0)[0]
    assert NAMES[number] == cause
    assert strength >= 40
    assert result.rules_of(0, number)


def test_a_healthy_account_and_one_without_data_show_no_cause() -> None:
    assert (
        judge(days_since_last_seen=1, nps_latest=9, champions=1, contacts_known=5, days_overdue=0).ranked(0)
        == []
    )
    assert judge(days_since_last_seen=np.nan).ranked(0) == []


def test_witnesses_of_one_cause_support_one_another() -> None:
    gone: dict[str, Any] = {"champions_gone_90": 1, "champions": 0}
    one, two = judge(**gone), judge(**gone, bounced_contacts=1)
    index = NAMES.index("disconnection")
    assert one.strengths[0, index] == pytest.approx(60)
    assert two.strengths[0, index] == pytest.approx(100 * (1 - 0.4 * 0.9))
    assert [two.rules[i][1].id for i in two.rules_of(0, index)] == ["champion_gone", "bounced"]


def test_rules_that_look_at_the_same_thing_count_once_and_are_said_once() -> None:
    values = {"usage_trend_28": -1.5, "use_vs_own_past": -0.9, "usage_slope_z": -3, "usage_slope_90": -0.1}
    result, index = judge(**values), NAMES.index("disengagement")
    assert result.strengths[0, index] == pytest.approx(50), "the strongest of three views of one fall"
    assert [result.rules[i][1].id for i in result.rules_of(0, index)] == ["own_past"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"nps_latest": 5.0}, {"mentions_price": 1}),
        ({"use_vs_own_past": -0.5}, {"power_users": 0}),
        ({"champions_gone_90": 1, "champions": 1}, {"bounced_contacts": 3}),
    ],
)
def test_one_weak_sign_names_no_cause_and_two_of_different_kinds_do(
    one: dict[str, float], other: dict[str, float]
) -> None:
    assert judge(**one).ranked(0) == []
    assert judge(**other).ranked(0) == []
    assert len(judge(**one, **other).ranked(0)) == 1


@pytest.mark.parametrize("values", [{"champions_lost": 1}, {"days_since_last_seen": 45}, {"nps_latest": 3.0}])
def test_one_strong_sign_is_enough(values: dict[str, float]) -> None:
    assert len(judge(**values).ranked(0)) == 1


@pytest.mark.parametrize(
    ("values", "alert"),
    [
        ({"power_users_change": -2}, "power_users_falling"),
        ({"champions_gone_90": 1}, "champion_gone"),
        ({"outage_minutes_28": 45}, "outage_suffered"),
        ({"days_overdue": 8}, "payment_late"),
        ({"days_since_last_seen": 15, "events_90": 40}, "use_stopped"),
    ],
)
def test_each_alert_fires_on_its_fact(values: dict[str, float], alert: str) -> None:
    result = judge(**values)
    assert [name for name, fired in zip(ALERTS, result.alerts[0], strict=True) if fired] == [alert]


def test_the_tag_is_the_topic_with_most_mentions() -> None:
    assert judge(mentions_product=2, mentions_competition=1).tags.tolist() == ["product"]
    assert judge(mentions_competition=1).tags.tolist() == ["competition"]
    assert judge(mentions_price=5).tags.tolist() == [""]


def test_a_signal_opens_high_and_closes_low() -> None:
    strengths = np.array([[44.0], [45.0], [40.0], [34.0]])
    assert open_signals(strengths, np.zeros((4, 1), bool), BODY)[:, 0].tolist() == [False, True, False, False]
    assert open_signals(strengths, np.ones((4, 1), bool), BODY)[:, 0].tolist() == [True, True, True, False]


def test_the_sentence_quotes_the_metric_the_rule_is_graded_by() -> None:
    rules = {rule.id: rule for cause in BODY.causes for rule in cause.rules}
    assert rule_metric(rules["onboarding_stalled"]) == "tenure_days"
    assert rule_metric(rules["champion_gone"]) == "champions_gone_90"


def test_a_body_without_rules_judges_nothing() -> None:
    empty: Causes = parse_body("causes", {"causes": [], "alerts": []})
    result = judge_causes(empty, pd.DataFrame({"as_of": [date(2026, 1, 1)], "account_id": [1]}))
    assert result.strengths.shape == (1, 0)
    assert result.alerts.shape == (1, 0)


def test_a_quarter_without_contact_alone_opens_nothing() -> None:
    assert not open_signals(judge(days_since_contact=120).strengths, np.zeros((1, 4), dtype=bool), BODY).any()


def book(day: str, values: list[float], **more: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"as_of": pd.Timestamp(day), "account_id": range(len(values)), "use_vs_own_past": values, **more}
    )


def disengaged(rows: pd.DataFrame) -> list[bool]:
    found = judge_causes(BODY, add_derived(rows.assign(power_users=0), common_dips(rows)))
    return [bool(found.ranked(row)) for row in range(len(rows))]


def test_what_lowers_the_use_of_everybody_is_no_sign_of_one() -> None:
    """The holidays of August, in which one customer falls much further than the others; a week later all are back."""
    rest, back = [-0.5] * 30, [0.1] * 30
    rows = pd.concat(
        [book("2026-08-15", [*rest, -1.3]), book("2026-09-15", [*back, -0.6])], ignore_index=True
    )
    assert disengaged(rows) == [False] * 30 + [True] + [False] * 30 + [True]


def test_few_customers_have_nothing_in_common_and_former_ones_do_not_count() -> None:
    assert disengaged(book("2026-08-15", [-0.5] * 19)) == [True] * 19
    gone = book("2026-08-15", [-0.9] * 25 + [0.0] * 20 + [-0.6], stage=["churned"] * 25 + ["adoption"] * 21)
    assert disengaged(gone)[-1]


@pytest.mark.django_db
def test_a_few_accounts_are_judged_by_what_the_last_pass_found_common_to_all() -> None:
    day = date(2026, 8, 15)
    assert latest_dip(day) == 0
    for on, dip, status in ((day, -0.4, "done"), (day, -0.9, "failed")):
        ScoringRun.objects.create(day=on, common_dip=dip, status=status)
    assert latest_dip(day + timedelta(days=1)) == -0.4
    assert latest_dip(day + timedelta(days=30)) == 0, "the holidays are over"
