"""In the first minutes a page says that it is being worked out, not that facts are missing or nobody fits."""

from __future__ import annotations

from typing import Any

import pytest
from tests.world import TODAY, make_world, sign_in

from enishi.kit.home import Home
from enishi.signals.models import ScoringRun
from enishi.store.testing import publish

pytestmark = pytest.mark.django_db

PAGES = (
    "/revenue/forecast/",
    "/revenue/value/",
    "/revenue/fit/",
    "/executive/",
    "/growth/",
    "/health/texts/",
    "/accounts/relations/",
)
FACTS = {
    "subscription": {"started_on": TODAY, "amount": 1, "currency": "JPY", "interval": "month"},
    "ticket": {},
    "contact": {},
}


def test_pages_are_being_worked_out_once_facts_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home.from_environment()
    home.prepare()
    client = sign_in(make_world().suzuki)
    for address in PAGES:
        assert 'id="first-time"' not in client.get(address).content.decode(), address
    for kind, values in FACTS.items():
        publish(home, f"record_{kind}", [{"record_id": 1, "account_id": 1, "valid_on": TODAY, **values}])
    ScoringRun.objects.create(day=TODAY, status="running", progress=37)
    for address in PAGES:
        page = client.get(address).content.decode()
        assert 'id="first-time"' in page, address
        assert 'value="37"' in page
        assert f'hx-get="{address}"' in page
