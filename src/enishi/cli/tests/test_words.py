"""The command line speaks the language of the person, and every command exists in both."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from enishi.cli.main import COMMANDS, enishi, run
from enishi.cli.words import choose_language, say, this_program, use_language
from enishi.cli.wrapping import width_of, wrap_japanese


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


def help_of(*arguments: str) -> str:
    result = CliRunner().invoke(enishi, [*arguments, "--help"], prog_name="enishi")
    assert result.exit_code == 0, result.output
    return result.output


def test_help_lists_every_command_in_both_languages() -> None:
    english = help_of()
    assert all(f"\n  {name}" in english for name in COMMANDS)
    assert "Usage: enishi" in english
    use_language("ja")
    japanese = help_of()
    assert "使い方: enishi" in japanese
    assert "バックアップ" not in english
    assert "環境とデータを点検し" in japanese


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_command_explains_itself(name: str, language: str) -> None:
    use_language(language)
    shown = help_of(name)
    assert any(ord(letter) > 0x3000 for letter in shown) == (language == "ja")


def _commands(group: click.Group) -> Iterator[click.Command]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command)
        else:
            yield command


def test_every_command_that_tells_something_can_tell_it_to_machines() -> None:
    silent = {"serve"}
    for command in _commands(enishi):
        names = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in names or command.name in silent, command.name


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "ja", "init"], {"LANG": "en_US.UTF-8"}, "ja"),
        (["--lang=en", "init"], {"LANG": "ja_JP.UTF-8"}, "en"),
        (["init"], {"LANG": "ja_JP.UTF-8"}, "ja"),
        (["init"], {"LANG": "ja_JP.UTF-8", "ENISHI_LANG": "en"}, "en"),
        (["init"], {"LANG": "C"}, "en"),
    ],
)
def test_the_language_is_chosen(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], language: str
) -> None:
    for name in ("ENISHI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_language(arguments) == language
    assert say("one", "一つ") == ("一つ" if language == "ja" else "one")


def test_wrong_usage_is_told_in_the_language_and_by_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    use_language("ja")
    assert run(["serve", "--bogus"]) == 2
    assert "エラー" in capsys.readouterr().err
    assert run(["nonsense"]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--prt", "8"], "'--port' ではありませんか"),
        (["serve", "--port", "99999999"], "範囲"),
        (["asof", "6/30"], "の形で指定してください"),
        (["--data", "x", "serve", "--only", "all"], "次のいずれでもありません"),
    ],
)
def test_wrong_usage_is_told_in_japanese(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENISHI_HOME", "unchanged")
    use_language("ja")
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_hint_names_the_data_folder_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/enishi"])
    monkeypatch.setenv("ENISHI_HOME", "/a b")
    assert this_program() == ".venv/bin/enishi --data '/a b'"
    monkeypatch.delenv("ENISHI_HOME")
    assert this_program() == ".venv/bin/enishi"


def test_japanese_help_breaks_between_phrases_by_screen_width() -> None:
    text = "データフォルダー(環境変数 ENISHI_HOME。省略時はユーザーのデータディレクトリ内)。"
    for width in range(24, 80, 3):
        lines = wrap_japanese(text, width, preserve_paragraphs=True).splitlines()
        assert all(width_of(line) <= width for line in lines)
        for whole in ("データフォルダー", "環境変数", "ENISHI_HOME", "ユーザーの", "データディレクトリ"):
            assert any(whole in line for line in lines), f"{whole} is cut at width {width}"
        assert not any(line.startswith(("。", "、", ")")) for line in lines)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("一時的な環境で\n実行します", "一時的な環境で実行します"),
        ("、\nchurn:90 は", "、churn:90 は"),
        ("JSON\nLines", "JSON Lines"),
    ],
)
def test_a_line_break_of_the_source_leaves_a_space_between_latin_words_only(written: str, shown: str) -> None:
    assert wrap_japanese(written, 60) == shown


def test_a_phrase_wider_than_the_line_is_cut() -> None:
    lines = wrap_japanese("顧客企業管理基盤整備事業", 8).splitlines()
    assert "".join(lines) == "顧客企業管理基盤整備事業"
    assert max(map(width_of, lines)) <= 8
