"""For tests of pages: the cast, a hand-turned clock, and a signed-in client for each member."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from django.conf import settings
from django.test import Client

from enishi.kit import clock
from tests.world import World, make_world

SignIn = Callable[[str], Client]


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    world = make_world()
    import_module(
        settings.ROOT_URLCONF
    )  # pages that are first imported later would keep the cast's clock for good
    monkeypatch.setattr(clock, "system_clock", world.clock)
    return world


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """``sign_in("takahashi")`` gives a browser in which that member is signed in."""

    def enter(name: str) -> Client:
        client = Client()
        client.force_login(world.members[name])
        return client

    return enter
