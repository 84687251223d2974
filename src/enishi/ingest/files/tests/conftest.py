"""A data folder, and files brought to it."""

from __future__ import annotations

import pytest

from enishi.ingest.files.importing import import_file
from enishi.ingest.files.tests.bringing import NOW
from enishi.kit.home import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def bring(home, tmp_path):
    def take(text, kind="account", name="顧客.csv", now=NOW, **options):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return import_file(home, path, kind, actor="test", now=now, **options)

    return take
