from pathlib import Path

import pytest

from enishi.store.tests.fakes import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")
