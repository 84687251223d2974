"""No page may be written to from elsewhere: without the token of its own form, every one of them refuses."""

from __future__ import annotations

import pytest
from django.test import Client

from enishi.accounts.models import AuditLine
from tests.access import list_routes
from tests.world import make_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_every_page_asks_for_its_own_token() -> None:
    world = make_world()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(world.members["sato"])
    before = AuditLine.objects.count()
    pages = [route for route in list_routes() if not route.pattern.startswith("/api/")]
    open_ones = []
    for route in pages:
        for method in (client.post, client.put, client.patch, client.delete):
            answer = method(route.path(world))
            if answer.status_code != 403:
                open_ones.append(f"{route.pattern}: {answer.status_code}")
    assert len(pages) > 100
    assert not open_ones, open_ones
    assert AuditLine.objects.count() == before


def test_the_api_takes_no_cookie_for_a_key() -> None:
    world = make_world()
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.members["sato"])
    for method in (client.get, client.post, client.delete):
        assert method("/api/v1/accounts", content_type="application/json").status_code in (401, 405)
