"""Scenarios and narrowed views cost a drawing: nobody asks for them without end."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.world import make_world, sign_in

from enishi.web.pages.outlook import views
from enishi.web.rest.allowances import Allowances

pytestmark = pytest.mark.django_db
PAGE = "/revenue/forecast/"


def test_scenarios_are_limited_per_person_and_minute_and_the_plain_page_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = make_world()
    moment = [600.0]
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    monkeypatch.setattr(views, "DRAWS_A_MINUTE", 2)
    monkeypatch.setattr(
        views, "Allowances", lambda folder, limit: Allowances(folder, limit, clock=lambda: moment[0])
    )
    client = sign_in(world.suzuki)
    asked = [
        client.get(PAGE + query) for query in ("?churn=120", "export/?by=tier&segment=high", "?churn=130")
    ]
    assert [answer.status_code for answer in asked] == [200, 302, 429]
    assert "60秒待って" in asked[2].content.decode()
    assert client.get(PAGE).status_code == 200
    assert sign_in(world.takahashi).get(PAGE + "?churn=120").status_code == 200, "each has their own"
    moment[0] += 60
    assert client.get(PAGE + "?churn=130").status_code == 200
