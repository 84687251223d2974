"""What is refused, and the advice that goes with it: told before anything is changed, and to be pasted as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enishi.cli.checks import nothing_there
from enishi.cli.main import run
from enishi.cli.words import use_language
from enishi.kit.home import Home

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    use_language("en")
    monkeypatch.setattr("sys.argv", [".venv/bin/enishi"])
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "data"))
    # The test's database stands in for the data folder's file.
    monkeypatch.setattr("enishi.cli.installation.pending_migrations", lambda: [])
    home = Home.from_environment()
    home.prepare()
    return home


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["score", "--as-of"], ["asof"]])
def test_a_day_to_come_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "2130-01-01", "--json"]) == 1
    assert told(capsys)["error"] == "future_day"


def test_a_remedy_can_be_pasted(home: Home) -> None:
    (finding,) = nothing_there(home)
    assert finding.remedy is not None
    for text in (finding.remedy.en, finding.remedy.ja):
        assert f"`.venv/bin/enishi --data {home.root} init`" in text
