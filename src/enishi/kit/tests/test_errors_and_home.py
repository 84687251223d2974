"""Errors a person can act on, and the data folder."""

import pytest

from enishi.kit.errors import Conflict, EnishiError, NotAllowed, NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text


def test_an_error_says_what_where_and_what_to_do():
    error = EnishiError("bad_seats", Text("Row 3: -2 seats", "3行目: -2席"), Text("Give 0 or more", "0以上にしてください"),
                        {"seats": Text("negative", "負の数です")})  # fmt: skip
    assert error.as_dict("ja") == {
        "error": "bad_seats", "message": "3行目: -2席", "hint": "0以上にしてください", "fields": {"seats": "負の数です"},
    }  # fmt: skip
    assert error.as_dict("en")["message"] == str(error)
    assert [kind.status for kind in (EnishiError, NotFound, NotAllowed, Conflict)] == [400, 404, 403, 409]


def test_the_data_folder_is_its_owners_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "here"))
    home = Home.from_environment()
    home.prepare()
    assert home.root.stat().st_mode & 0o777 == 0o700
    paths = [
        home.database,
        home.inbox,
        home.writer,
        home.published,
        home.uploads,
        home.exports,
        home.logs,
        home.secret,
    ]
    assert all(path.is_relative_to(home.root) for path in paths)


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_without_a_setting_the_folder_is_the_users_own(monkeypatch, system, tmp_path):
    monkeypatch.delenv("ENISHI_HOME")
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Home.from_environment().root.name == "enishi"
