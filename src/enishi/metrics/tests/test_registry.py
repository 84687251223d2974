from pathlib import Path

import pytest

from enishi.kit.errors import NotFound
from enishi.metrics.api import REGISTRY, get_metric
from enishi.metrics.reference import catalogue
from enishi.metrics.relations import RELATIONS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "metrics.md"
CORE = {
    "active_users_1",
    "active_users_7",
    "active_users_28",
    "active_days_28",
    "active_days_364",
    "events_28",
    "events_90",
    "logins_28",
    "days_since_last_seen",
    "stickiness",
    "feature_breadth_28",
    "feature_breadth_90",
    "usage_trend_28",
    "use_vs_own_past",
    "usage_slope_90",
    "usage_slope_90_se",
    "power_users",
    "power_users_change",
    "licence_utilisation",
    "seats",
    "seats_change_90",
    "tenure_days",
    "days_since_first_use",
    "time_to_first_value",
    "tickets_opened_28",
    "tickets_opened_90",
    "tickets_open",
    "tickets_severe_open",
    "tickets_reopened_90",
    "ticket_tone_90",
    "tickets_read_90",
    "hours_to_resolve_90",
    "outage_minutes_28",
    "outage_minutes_90",
    "days_overdue",
    "amount_overdue",
    "nps_latest",
    "nps_trend",
    "csat_latest",
    "days_since_contact",
    "contacts_known",
    "decision_makers",
    "champions",
    "champions_gone_90",
    "champions_lost",
    "people_in_touch_180",
    "key_people_quiet",
    "bounced_contacts",
    "trainings_done",
    "mrr",
    "mrr_change_90",
    "plan_changes_90",
    "days_to_renewal",
    "orders_90",
    "order_amount_90",
    "days_since_order",
}


def test_the_core_set_is_there():
    assert set(REGISTRY) >= CORE


@pytest.mark.parametrize("metric", REGISTRY.values(), ids=lambda m: m.id)
def test_a_metric_says_everything_in_both_languages(metric):
    for text in (metric.title, metric.help):
        assert "" not in (text.en, text.ja)
        assert text.en != text.ja
    assert metric.relation in RELATIONS
    assert metric.parts or metric.finish
    assert all(id in REGISTRY for id in metric.of)


def test_an_unknown_id_is_named():
    with pytest.raises(NotFound, match="nonsense"):
        get_metric("nonsense")


def test_the_catalogue_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == catalogue(), (
        "run python -m enishi.metrics.reference > docs/reference/metrics.md"
    )
