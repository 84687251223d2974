"""One service on one data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from enishi.accounts.models import Account
from enishi.cli import serve
from enishi.cli.serve import _begin_with_sample, _only_one
from enishi.cli.words import use_language
from enishi.kit.errors import Conflict
from enishi.kit.home import Home


def test_a_second_service_on_the_same_data_is_refused(tmp_path: Path) -> None:
    first = _only_one(Home(tmp_path))
    with pytest.raises(Conflict, match="running already"):
        _only_one(Home(tmp_path))
    first.release()
    _only_one(Home(tmp_path)).release()


@pytest.mark.django_db
def test_the_sample_begins_only_where_nobody_set_anything_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_language("en")
    brought: list[Path] = []
    monkeypatch.setattr("enishi.cli.setting_up.pending_migrations", lambda: [])
    monkeypatch.setattr(serve, "bring_sample", lambda home, wanted, now: brought.append(home.root))
    monkeypatch.setattr(serve, "score_sample", lambda now: None)
    home = Home(tmp_path)
    _begin_with_sample(home, 6)
    assert brought == [tmp_path]
    _begin_with_sample(home, 6)  # as after `enishi init`
    assert brought == [tmp_path]
    said = capsys.readouterr().out
    assert f"enishi --data {tmp_path} demo" in said
    assert "make run DATA=" in said
    Account.objects.create(name="Ours", source="crm", outside_id="1", search="ours")
    _begin_with_sample(home, 6)
    assert "sample" not in capsys.readouterr().out
