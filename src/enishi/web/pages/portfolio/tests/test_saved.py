"""Views under a name: one's own, the team's, and the one the page opens with."""

import pytest
from tests.world import World, make_world

from enishi.accounts.models import AuditLine
from enishi.kit.errors import EnishiError, NotFound
from enishi.web.pages.portfolio import saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_shared_view_is_seen_by_the_team_alone(world: World) -> None:
    saved.save_view(world.takahashi, "東の危険", "band=red", shared=True)
    saved.save_view(world.takahashi, "自分用", "band=yellow")
    assert [v.name for v in saved.list_views(world.smith)] == ["東の危険"]
    assert list(saved.list_views(world.tanaka)) == []
    assert {v.name for v in saved.list_views(world.takahashi)} == {"東の危険", "自分用"}


def test_the_same_name_again_replaces_what_it_held(world: World) -> None:
    saved.save_view(world.smith, "Mine", "band=red")
    view = saved.save_view(world.smith, " Mine ", "band=green", default=True)
    assert [v.address for v in saved.list_views(world.smith)] == ["band=green"]
    assert saved.find_default(world.smith) == view
    verbs = AuditLine.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["view_saved", "view_changed"]


def test_a_default_that_is_no_longer_shared_is_not_opened(world: World) -> None:
    view = saved.save_view(world.takahashi, "東", "band=red", shared=True)
    saved.set_default(world.smith, view.pk)
    assert saved.find_default(world.smith) == view
    saved.save_view(world.takahashi, "東", "band=red", shared=False)
    assert saved.find_default(world.smith) is None


def test_only_its_owner_deletes_a_view(world: World) -> None:
    view = saved.save_view(world.takahashi, "東", "band=red", shared=True)
    with pytest.raises(NotFound):
        saved.delete_view(world.smith, view.pk)
    with pytest.raises(NotFound):
        saved.delete_view(world.tanaka, view.pk)
    saved.delete_view(world.takahashi, view.pk)
    assert list(saved.list_views(world.takahashi)) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_view_needs_a_name(world: World, name: str) -> None:
    with pytest.raises(EnishiError) as refusal:
        saved.save_view(world.smith, name, "band=red")
    assert refusal.value.code == "bad_view_name"
