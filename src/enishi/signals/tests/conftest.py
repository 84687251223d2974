from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from enishi.kit.home import Home
from enishi.signals.tests.world import make_accounts, publish_world


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts")
    publish_world(folder)
    return folder


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Home:
    """A copy of the published facts of one's own."""
    shutil.copytree(published, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def accounts(db: None) -> None:
    make_accounts()
