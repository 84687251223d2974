"""One service on one data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from enishi.cli.serve import _only_one
from enishi.kit.errors import Conflict
from enishi.kit.home import Home


def test_a_second_service_on_the_same_data_is_refused(tmp_path: Path) -> None:
    first = _only_one(Home(tmp_path))
    with pytest.raises(Conflict, match="running already"):
        _only_one(Home(tmp_path))
    first.release()
    _only_one(Home(tmp_path)).release()
