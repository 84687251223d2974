"""The example of the guide is taken as it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from enishi.definitions.actions import import_folder

GUIDE = Path(__file__).parents[4] / "docs" / "how-to"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["define-a-metric.md", "define-a-metric.ja.md"])
def test_the_metric_of_the_guide_is_a_definition(tmp_path, name):
    text = (GUIDE / name).read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "big.yaml").write_text(text, encoding="utf-8")
    found = import_folder(tmp_path, actor="test", now=datetime(2026, 4, 1, tzinfo=UTC))
    assert [(result.status, result.error) for result in found] == [("created", None)]
