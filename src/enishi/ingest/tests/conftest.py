from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enishi.accounts.models import Company
from enishi.ingest.models import WriteKey
from enishi.kit.clock import HandClock
from enishi.kit.home import Home

START = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.update_or_create(pk=1, defaults={"time_zone": "Asia/Tokyo"})[0]


@pytest.fixture
def make_key(db: None) -> Callable[..., tuple[WriteKey, str]]:
    def make(name: str = "web app", **fields: object) -> tuple[WriteKey, str]:
        row = WriteKey(name=name, **fields)
        text = row.assign()
        row.save()
        return row, text

    return make
