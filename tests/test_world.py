"""The cast is what it says it is."""

import pytest

from enishi.accounts.access import visible_accounts
from enishi.signals.models import AccountState
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_each_member_sees_their_scope() -> None:
    world = make_world()
    assert visible_accounts(world.sato).count() == 6
    assert set(visible_accounts(world.takahashi)) == {
        world.sakura, world.fuji, world.hokuto, world.minato, world.acme,
    }  # fmt: skip
    assert list(visible_accounts(world.smith)) == [world.acme]


def test_lines_add_up_to_the_score() -> None:
    make_world()
    for state in AccountState.objects.filter(tenths__isnull=False):
        assert sum(line["tenths"] for line in state.lines) == state.tenths
        assert sum(line["tenths"] for line in state.changes) == state.tenths - state.tenths_week_ago
