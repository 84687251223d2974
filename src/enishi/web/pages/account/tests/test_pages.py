"""Today and the account page, as each role opens them."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.world import World, make_world

from enishi.kit import clock

pytestmark = pytest.mark.django_db
TABS = ("usage", "people", "revenue", "tickets", "timeline", "notes")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = make_world()
    monkeypatch.setattr(clock, "system_clock", world.clock)
    return world


def as_member(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.members[name])
    return client


def test_today_opens(world: World) -> None:
    response = as_member(world, "takahashi").get("/")
    assert response.status_code == 200
    assert "株式会社さくら商事" in response.content.decode()


@pytest.mark.parametrize("tab", ["", *TABS])
def test_every_tab_opens(world: World, tab: str) -> None:
    client = as_member(world, "takahashi")
    address = f"/accounts/{world.sakura.pk}/" + (f"{tab}/" if tab else "")
    assert client.get(address).status_code == 200
    assert client.get(f"{address}?as_of=2026-11-01").status_code == 200
