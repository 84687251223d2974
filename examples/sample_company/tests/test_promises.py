"""The sample's people have promises to keep, whatever the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import NOW, TODAY, World, make_world

from enishi.definitions.api import event_title, get_names, install_defaults, list_versions
from enishi.work import api as work
from examples.sample_company import naming
from examples.sample_company.catalogue import PRODUCTS
from examples.sample_company.promises import FEW, plan_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_everyone_with_customers_has_something_to_keep(world: World) -> None:
    assert plan_work(NOW)
    for name in ("takahashi", "smith", "tanaka"):
        due = list(work.my_promises(world.members[name], TODAY))
        assert len(due) >= FEW, name
        assert any(task.due_on and task.due_on < TODAY for task in due), "one is overdue"
        assert work.later_tasks(world.members[name], TODAY).exists()
    english = work.my_promises(world.smith, TODAY).values_list("title", flat=True)
    assert all(title.isascii() for title in english)
    assert work.handed_over(world.suzuki).count() == 3
    assert not work.my_promises(world.ito, TODAY).exists(), "sales look after nobody"


def test_told_again_it_adds_only_what_lacks(world: World) -> None:
    plan_work(NOW)
    assert plan_work(NOW) == 0
    assert plan_work(NOW + timedelta(days=1)) == 0


def test_former_customers_are_promised_nothing(world: World) -> None:
    plan_work(NOW)
    minato = world.accounts["minato"]
    assert not work.tasks_of(minato).exists(), "there is no contract that runs"


def test_every_product_and_feature_has_a_name_in_both_languages(world: World) -> None:
    sold = {product.id for product in PRODUCTS.values()}
    done = {feature.event for product in PRODUCTS.values() for feature in product.features}
    assert sold == set(naming.PRODUCTS)
    assert done == set(naming.EVENTS)
    install_defaults("system", NOW)
    naming.name_things(NOW)
    assert event_title(get_names(), "report_exported").ja == "レポート出力"
    naming.name_things(NOW)
    assert list_versions("names", "default").count() == 2, "told again, nothing is named anew"
