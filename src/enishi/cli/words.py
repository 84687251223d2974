"""The language of the command line: ``--lang``, else the environment's, and the little of Click that needs words."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import click.core
import click.exceptions
import click.formatting
import click.types

from enishi.cli.wrapping import wrap_japanese
from enishi.kit.errors import EnishiError
from enishi.kit.text import LANGUAGES, Text

_wrap_text = click.formatting.wrap_text
_language: ContextVar[str] = ContextVar("language", default="en")

CLICK_WORDS = {
    "Usage:": "使い方:",
    "Options": "オプション",
    "Commands": "コマンド",
    "Positional arguments": "引数",
    "Show this message and exit.": "この説明を表示して終了します。",
    "Show the version and exit.": "バージョンを表示して終了します。",
    "Error: {message}": "エラー: {message}",
    "Try '{command} {option}' for help.": "使い方は「{command} {option}」で確認できます。",
    "Invalid value: {message}": "値が正しくありません: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} の値が正しくありません: {message}",
    "Missing argument": "引数がありません",
    "Missing option": "オプションがありません",
    "Missing parameter": "パラメーターがありません",
    "Missing command.": "コマンドを指定してください。",
    "No such option {name!r}.": "オプション {name!r} はありません。",
    "No such command {name!r}.": "コマンド {name!r} はありません。",
    "Could not open file {filename!r}: {message}": "ファイル {filename!r} を開けません: {message}",
    "Aborted!": "中止しました。",
    "default: {default}": "既定値: {default}",
    "env var: {var}": "環境変数: {var}",
    "required": "必須",
    "Did you mean {possibility}?": "{possibility} ではありませんか。",
    "(Did you mean one of: {possibilities}?)": "(候補: {possibilities})",
    "{value!r} is not {choice}.": "{value!r} は {choice} ではありません。",
    "{value!r} is not one of {choices}.": "{value!r} は次のいずれでもありません: {choices}",
    "{value!r} is not a valid {number_type}.": "{value!r} は数値ではありません。",
    "{value} is not in the range {range}.": "{value} は範囲 {range} の外です。",
    "{name} {filename!r} is a file.": "{filename!r} はファイルです。フォルダーを指定してください。",
    "{name} {filename!r} is a directory.": "{filename!r} はフォルダーです。",
    "Got unexpected extra argument ({args})": "余分な引数があります({args})",
    "Got unexpected extra arguments ({args})": "余分な引数があります({args})",
    "{name} {filename!r} does not exist.": "{filename!r} がありません。",
}


def choose_language(arguments: Sequence[str]) -> str:
    """The language of this run: ``--lang``, ``ENISHI_LANG``, or that of the terminal (English where it is neither).

    Raises:
        EnishiError: ``bad_language`` where ``ENISHI_LANG`` asks for one there is not.
    """
    own = os.environ.get("ENISHI_LANG", "")
    if own and not _argument(arguments) and own.lower()[:2] not in LANGUAGES:
        raise EnishiError(
            "bad_language",
            Text(f"ENISHI_LANG={own} is no language of Enishi.", f"ENISHI_LANG={own} には対応していません。"),
            Text("Write ja or en, or leave it out.", "ja または en を指定するか、設定を外してください。"),
        )
    wanted = _argument(arguments) or next(
        (
            value
            for name in ("ENISHI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
            if (value := os.environ.get(name))
        ),
        "en",
    )
    language = "ja" if wanted.lower().startswith("ja") else "en"
    use_language(language)
    return language


def _argument(arguments: Sequence[str]) -> str:
    for place, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
    return ""


def use_language(language: str) -> None:
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language}")
    _language.set(language)
    for module in (click.core, click.decorators, click.exceptions, click.formatting, click.types):
        module._ = _click_word  # type: ignore[attr-defined]
        module.ngettext = _click_number  # type: ignore[attr-defined]
    click.formatting.wrap_text = wrap_japanese if language == "ja" else _wrap_text


def _click_word(message: str) -> str:
    return CLICK_WORDS.get(message, message) if language() == "ja" else message


def _click_number(one: str, many: str, count: int) -> str:
    return _click_word(one if count == 1 else many)


def language() -> str:
    """``ja`` or ``en``."""
    return _language.get()


def say(en: str | Text, ja: str = "") -> str:
    """The text in this run's language."""
    text = en if isinstance(en, Text) else Text(en, ja)
    return text.in_language(language())


class _Spoken(click.Command):
    """A command whose help exists in both languages."""

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = text

    def get_short_help_str(self, limit: int = 45) -> str:
        return say(self.text).strip().partition("\n")[0]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        found = super().get_params(ctx)
        for param in found:
            if param.name == "version" and isinstance(param, click.Option):
                param.help = _click_word("Show the version and exit.")
        return found

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _click_word("Show this message and exit.")
        return found

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = say(self.text)
        super().format_help_text(ctx, formatter)


class Command(_Spoken):
    pass


class SpokenOption(click.Option):
    """An option whose help exists in both languages."""

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = say(self.text)
        return super().get_help_record(ctx)


def this_program() -> str:
    """How to call this program again for the same data folder, to be typed as it stands."""
    home = os.environ.get("ENISHI_HOME")
    return f"{program_name()} --data {shlex.quote(home)}" if home else program_name()


def program_name() -> str:
    """How this program was called, without its folder where the shell finds it by itself."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "enishi" else "enishi"
    return "enishi" if os.path.dirname(program) in os.get_exec_path() else program


_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class _Day(click.DateTime):
    """A day, shown in help as people write it and not as a pattern of the library; any way that begins with the year
    is read."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return super().convert(value, param, ctx)
        match = _YEAR_FIRST.fullmatch(value.strip())
        written = "-".join(match.groups()) if match else ""
        try:
            return datetime.strptime(written, "%Y-%m-%d")  # noqa: DTZ007 - a calendar day, no instant
        except ValueError:
            self.fail(
                say(
                    f"'{value}' is no day. Write it as 2026-10-01.",
                    f"「{value}」は日付として読めません。2026-10-01 の形で指定してください。",
                ),
                param,
                ctx,
            )

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "YYYY-MM-DD"


DAY = _Day(["%Y-%m-%d"])


def option(*names: str, en: str, ja: str, **kwargs: Any) -> Any:
    """``click.option`` with its help in both languages."""
    return click.option(*names, cls=SpokenOption, text=Text(en, ja), **kwargs)


def spoken(name: str, *, en: str, ja: str, **kwargs: Any) -> Any:
    """``click.command`` with its help in both languages."""
    return click.command(name, cls=Command, text=Text(en, ja), **kwargs)


def json_option() -> Any:
    """The switch every command has that tells something."""
    return option(
        "--json",
        "as_json",
        is_flag=True,
        en="Print one JSON object for machines.",
        ja="機械処理用にJSONで出力します。",
    )
