"""Where the company requires a second factor, every address leads whoever has none to its set-up, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import Resolver404, resolve

from enishi.accounts.company import get_company
from enishi.accounts.models import AuditLine, FactorRule, Member
from enishi.web.factors import OPEN_WITHOUT
from enishi.web.guard import LEADERS
from tests.access import COLUMNS, Route, list_routes
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

SET_UP = "/me/factor/app/"


def require(rule: str) -> None:
    company = get_company()
    company.factor_rule, company.factor_since = rule, datetime(2020, 1, 1, tzinfo=UTC)
    company.save()


def signed_in(member: Member) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(member)
    return client


def pages(world: World) -> list[tuple[Route, str]]:
    """Every address of the pages; the API asks for a key and is not concerned."""
    found = []
    for route in list_routes():
        path = route.path(world)
        try:
            match = resolve(path)
        except Resolver404:
            continue
        if "rest" not in match.namespaces and match.view_name != "api-unknown":
            found.append((route, path))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("column", [column for column, name in COLUMNS.items() if name])
def test_every_address_leads_to_the_set_up(column: str) -> None:
    world = make_world()
    require(FactorRule.ALL)
    member = world.members[COLUMNS[column] or ""]
    before, wrong, opened = AuditLine.objects.count(), [], set()
    for route, path in pages(world):
        client = signed_in(member)  # the last answer may have signed out
        for method in ("get", "post"):
            answer = getattr(client, method)(path)
            led = answer.status_code == 302 and answer.headers["Location"] == SET_UP
            if not led and route.name not in OPEN_WITHOUT:
                wrong.append(f"{method} {path}: {answer.status_code}")
            if not led:
                opened.add(route.name)
    assert wrong == []
    assert opened <= OPEN_WITHOUT
    assert {"mfa_activate_totp", "account_logout", "language"} <= opened
    assert AuditLine.objects.count() == before, "nothing was done"
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("column", [column for column, name in COLUMNS.items() if name])
def test_where_leaders_need_one_the_others_work_as_ever(column: str) -> None:
    world = make_world()
    member = world.members[COLUMNS[column] or ""]
    paths = ["/", "/me/", "/accounts/", "/health/", "/revenue/"]
    before = [signed_in(member).get(path).status_code for path in paths]
    require(FactorRule.LEADERS)
    after = [signed_in(member).get(path) for path in paths]
    if member.role in LEADERS:
        assert {answer.headers.get("Location") for answer in after} == {SET_UP}
    else:
        assert [answer.status_code for answer in after] == before
