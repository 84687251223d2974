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
def home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> Home:
    """Forty companies of which every third goes silent; a copy of their facts of one's own."""
    shutil.copytree(published, tmp_path / "home")
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "home"))
    make_accounts()
    return Home(tmp_path / "home")
