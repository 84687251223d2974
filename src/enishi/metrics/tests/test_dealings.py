"""Orders and service by day, as known on a day."""

import pytest

from enishi.metrics.dealings import order_days, service_days
from enishi.metrics.revenue import number_of
from enishi.metrics.tests.world import ALPHA, TODAY, ago


def test_orders_stand_on_their_days_as_far_as_they_were_known(facts):
    found = order_days(facts, TODAY).set_index("day")
    assert set(found["account_id"]) == {ALPHA}
    assert found["minor"].to_dict() == {number_of(ago(k)): 100 + k for k in (5, 89, 90)}
    assert found["orders"].sum() == 3
    earlier = order_days(facts, ago(30))
    assert sorted(earlier["day"]) == [number_of(ago(90)), number_of(ago(89))]


def test_service_counts_minutes_costs_and_tickets(facts):
    found = service_days(facts, TODAY)
    assert not found.duplicated(["account_id", "day"]).any()
    assert found["tickets"].sum() > 0
    assert (found["day"] <= number_of(TODAY)).all()
    earlier = service_days(facts, ago(30))
    later = found[found["day"] > number_of(ago(30))]
    assert len(earlier) <= len(found) - len(later)
    assert found[["minutes", "cost", "foreign"]].to_numpy() == pytest.approx(0)
