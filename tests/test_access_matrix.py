"""Every address, opened as everyone, answers as docs/access.md says; and a member's scope holds everywhere."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.access import Route, list_routes, make_cast, observe, read_table
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_every_address_answers_everyone_as_the_table_says() -> None:
    table = read_table()
    wrong, seen = [], set()
    for method, row, statuses in observe(make_cast()):
        seen.add((method, row))
        if table.get((method, row)) != statuses:
            wrong.append(f"{method} {row}: {statuses}, the table says {table.get((method, row), 'nothing')}")
    assert not wrong, "\n".join(wrong)
    assert set(table) == seen, f"rows of addresses that are gone: {set(table) - seen}"


def test_own_book_member_finds_nothing_of_others() -> None:
    """Who sees only their own accounts gets 404 for everything about another's, never a look at it."""
    world = make_world()
    client = Client(raise_request_exception=False)
    client.force_login(world.members["tanaka"])
    foreign = world.accounts["sakura"]
    assert foreign.owner != world.members["tanaka"]
    for route in list_routes():
        if not route.pattern.startswith("/accounts/<int:number>/"):
            continue
        path = Route(route.pattern, route.name).path(world)
        assert str(foreign.pk) in path
        for method in (client.get, client.post):
            response = method(path)
            assert response.status_code in (403, 404, 405), f"{path}: {response.status_code}"
            assert foreign.name not in response.getvalue().decode()


def test_own_book_member_sees_own_accounts_only_in_lists() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.members["tanaka"])
    for path in ("/", "/accounts/", "/palette/?q=", "/palette/?q=さくら"):
        text = client.get(path).content.decode()
        assert world.accounts["sakura"].name not in text, path


def test_deactivated_member_is_out_at_once() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.members["tanaka"])
    assert client.get("/me/").status_code == 200
    world.members["tanaka"].is_active = False
    world.members["tanaka"].save()
    assert client.get("/me/").status_code == 302
