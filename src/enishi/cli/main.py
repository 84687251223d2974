"""The ``enishi`` command. Each command stands in a module of its own name and is imported when it is called.

Exit codes: 0 done · 1 refused or failed, with the reason · 2 wrong usage · 3 done, but something wants a look
(rejected rows, warnings of ``doctor``) · 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from enishi import __version__
from enishi.cli.words import _Spoken, choose_language, language, option, say
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

# Name: module. In the order of a first acquaintance.
COMMANDS = {
    "init": "init",
    "demo": "demo",
    "serve": "serve",
    "import": "import_",
    "undo": "undo",
    "score": "score",
    "explain": "explain",
    "asof": "asof",
    "backtest": "backtest",
    "forecast": "forecast",
    "real": "real",
    "member": "member",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "restore",
}


class Commands(_Spoken, click.Group):
    """The commands by name, imported one at a time so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"enishi.cli.{COMMANDS[cmd_name]}").command
        return found


@click.group(
    cls=Commands,
    text=Text(
        "Enishi: who is about to leave or ready to grow, and why.",
        "Enishi: どのお客様が離れそうか、伸びそうか、その理由を示します。",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ENISHI_HOME",
    en="The data folder (ENISHI_HOME; without it a folder in your data directory).",
    ja="データフォルダー(環境変数 ENISHI_HOME。省略時はユーザーのデータディレクトリ内)。",
)
@option(
    "--lang",
    type=click.Choice(["ja", "en"]),
    en="Language of the output (otherwise that of the terminal).",
    ja="出力の言語(省略時は端末の言語)。",
)
@click.version_option(__version__, prog_name="enishi")
def enishi(data: Path | None, lang: str | None) -> None:
    if lang:
        choose_language(["--lang", lang])
    if data is not None:
        os.environ["ENISHI_HOME"] = str(data.expanduser().resolve())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every refusal becomes a message with its remedy and an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        choose_language(given)
    except EnishiError as error:
        tell_error(error, "--json" in given)
        sys.exit(1)
    sys.exit(run(given))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result: Any = enishi.main(args=arguments, prog_name="enishi", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except EnishiError as error:
        tell_error(error, "--json" in arguments)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(say("Interrupted.", "中断しました。"), err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def tell_error(error: EnishiError, as_json: bool) -> None:
    """The error in this run's language: a JSON object for machines, else message, fields and what to do."""
    if as_json:
        click.echo(json.dumps(error.as_dict(language()), ensure_ascii=False))
        return
    click.secho(f"{say('Error', 'エラー')}: {say(error.message)}", fg="red", err=True)
    for name, text in error.fields.items():
        if say(text) not in say(error.message):
            click.echo(f"  {name}: {say(text)}", err=True)
    if error.hint:
        click.echo(f"→ {say(error.hint)}", err=True)


if __name__ == "__main__":
    main()
