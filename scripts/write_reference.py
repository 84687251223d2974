"""Writes the pages of ``docs/reference`` that can be made from the program; ``--check`` only compares.

``tests/test_docs.py`` fails where a page is out of date: run ``python scripts/write_reference.py``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import click
import msgspec

from enishi.cli.main import COMMANDS, enishi
from enishi.cli.words import SpokenOption, _Spoken
from enishi.definitions import contracts
from enishi.kit.text import Text
from enishi.metrics.reference import catalogue
from enishi.store.kinds import KINDS, Field, Kind, Type

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
MADE = "Made by `python scripts/write_reference.py`; a test fails when it is out of date."


def both(text: Text) -> str:
    """English and Japanese, once where they agree."""
    return text.en if text.en == text.ja else f"{text.en} / {text.ja}"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# ---- the command line ----------------------------------------------------------------------------------------


def command_line() -> str:
    """Every command with its options, in both languages."""
    lines = [
        "# The command line / コマンドライン", "", MADE, "",
        "`enishi [--data DIR] [--lang ja|en] COMMAND …`; without `--data` the folder of `ENISHI_HOME`, else `enishi` in",
        "your data directory. Output goes to standard output, progress and errors to the error stream.", "",
        "| exit code | meaning |", "| --- | --- |",
        "| 0 | done / 正常終了 |",
        "| 1 | refused or failed, with the reason; `doctor`: errors / エラー |",
        "| 2 | wrong usage / 使い方の誤り |",
        "| 3 | done, but something wants a look: rejected rows, warnings of `doctor` / 完了(要確認あり) |",
        "| 130 | interrupted / 中断 |", "",
        "With `--json` a command prints one JSON object; an error is then "
        '`{"error": code, "message": …, "hint": …, "fields": {…}}`.', "",
    ]  # fmt: skip
    context = click.Context(enishi, info_name="enishi")
    for name in COMMANDS:
        command = enishi.get_command(context, name)
        if command is not None:
            lines += _command(command, f"enishi {name}")
    return "\n".join(lines).rstrip() + "\n"


def _command(command: click.Command, name: str) -> Iterator[str]:
    positional = " ".join(_argument(p) for p in command.params if isinstance(p, click.Argument))
    yield f"## `{name}{' ' + positional if positional else ''}`"
    yield ""
    if isinstance(command, _Spoken):
        yield from (command.text.en.strip(), "", command.text.ja.strip(), "")
    options = [p for p in command.params if isinstance(p, SpokenOption) and not p.hidden]
    if options:
        yield "| option | default | meaning |"
        yield "| --- | --- | --- |"
        for option in options:
            shown = "" if option.is_flag or not option.show_default else f"`{option.default}`"
            yield f"| `{', '.join(option.opts)}`{_values(option)} | {shown} | {cell(both(option.text))} |"
        yield ""
    if isinstance(command, click.Group):
        for inner in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), inner)
            if found is not None:
                yield from _command(found, f"{name} {inner}")


def _argument(param: click.Argument) -> str:
    name = (param.metavar or param.name or "").upper()
    return name if param.required else f"[{name}]"


def _values(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " " + " ".join(f"`{value}`" for value in option.type.choices)
    return ""


# ---- files and records ---------------------------------------------------------------------------------------

FORMS = {
    Type.TEXT: "text", Type.DOMAIN: "domain (example.com, https://www.example.com/)", Type.LINK: "web address (http or https)", Type.INTEGER: "whole number", Type.NUMBER: "number", Type.MONEY: "amount (¥1,200, 1200.50)",
    Type.CURRENCY: "ISO 4217 code", Type.BOOLEAN: "yes/no (true, 1, 済, はい)", Type.DATE: "date (2024-04-01, 2024年4月1日)",
    Type.INSTANT: "date and time", Type.EMAIL: "mail address", Type.CHOICE: "one of",
    Type.ACCOUNT: "id or name of an account", Type.CONTACT: "id or mail address of a contact",
    Type.MEMBER: "mail address of a member",
}  # fmt: skip


def files() -> str:
    """Every kind of record and its columns: files, REST and `enishi import` take the same."""
    lines = [
        "# Kinds and their columns / 取り込める種類と列", "", MADE, "",
        "The same columns in files (`enishi import KIND FILE`, or Setup → Files) and in REST, at the path that stands with each kind. **Bold**",
        "columns are required. Headings are recognised by the name, the titles of both languages and further spellings;",
        "columns nobody knows are kept with the record.", "",
        "## `events` · Usage events / 利用イベント", "",
        "| column | title | holds |", "| --- | --- | --- |",
        "| **`occurred_at`** | When / 日時 | date and time |",
        "| **`account`** | Account / 顧客企業 | id of the account; unknown ones are made |",
        "| `user` | User / 利用者 | id of the person |",
        "| **`event`** | Event / イベント | what was done |",
        "| any other | | kept as a property of the event |", "",
    ]  # fmt: skip
    for kind in KINDS.values():
        lines += _kind(kind)
    return "\n".join(lines).rstrip() + "\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield f"## `{kind.name}` · {both(kind.plural)}"
    yield ""
    yield f"REST: `/api/v1/{kind.slug}`"
    yield ""
    if kind.effective:
        yield (
            f"Values hold from `{kind.effective}`: a later row with a later day is a change, with the same day a"
            " correction."
        )
        yield ""
    yield "| column | title | holds |"
    yield "| --- | --- | --- |"
    for field in kind.fields:
        name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
        yield f"| {name} | {cell(both(field.title))} | {cell(_holds(field))} |"
    yield ""


def _holds(field: Field) -> str:
    form = FORMS[field.type]
    if field.choices:
        form = "one of " + ", ".join(f"`{value}` ({title.ja})" for value, title in field.choices)
    for allowed in field.ranges:
        form += f", {allowed.text.en}" + (f" for `{allowed.when[1]}`" if allowed.when else "")
    if field.not_before:
        form += f", not before `{field.not_before}`"
    if field.done:
        form += ", at most a day ahead"
    if field.help:
        form += f". {field.help.en}"
    if field.known_from:
        form += f" (known from `{field.known_from}` on)"
    return form


# ---- definitions ---------------------------------------------------------------------------------------------

BODIES = {
    "Scorecard": "scorecard",
    "Causes": "causes",
    "Tiers": "tiers",
    "Stages": "stages",
    "Names": "names",
    "Offer": "offer",
}


def definitions() -> str:
    """The format of scorecard, causes, tiers, stages and names, made from their types."""
    lines = [
        "# Definitions / 定義ファイルの書式", "", MADE, "",
        "The rules are data: YAML (or JSON) under Health, each version kept. Unknown names are refused with their place.",
        "A text is one string for both languages or `{en: …, ja: …}`. The shipped ones stand in",
        "[src/enishi/definitions/defaults](../../src/enishi/definitions/defaults).", "",
    ]  # fmt: skip
    seen: set[str] = set()
    for name, kind in BODIES.items():
        lines += [f"## `{kind}`", ""]
        for struct in _family(getattr(contracts, name)):
            if struct.__name__ not in seen:
                seen.add(struct.__name__)
                lines += _struct(struct, top=struct.__name__ == name)
    return "\n".join(lines).rstrip() + "\n"


def _family(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    yield struct
    for field in msgspec.structs.fields(struct):
        for inner in _structs_in(field.type):
            yield from _family(inner)


def _structs_in(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in get_args(kind):
        yield from _structs_in(part)


def _struct(struct: type[msgspec.Struct], top: bool) -> Iterator[str]:
    config = struct.__struct_config__
    tag = f" (`{config.tag_field}: {config.tag}`)" if config.tag_field else ""
    if not top:
        yield f"### {struct.__name__}{tag}"
        yield ""
    said = inspect.cleandoc(struct.__doc__ or "")
    if said and not said.startswith("Common behaviour"):
        yield from (_prose(said), "")
    yield "| name | holds | default |"
    yield "| --- | --- | --- |"
    for field in msgspec.structs.fields(struct):
        default = "required" if field.required else _default(field)
        yield f"| `{field.encode_name}` | {cell(_type(field.type))} | {cell(default)} |"
    yield ""


def _prose(doc: str) -> str:
    """A docstring as Markdown: what it says of single fields becomes a list."""
    text, _, fields = doc.replace("``", "`").partition("\nArgs:\n")
    items = re.sub(r"\n\s{5,}", " ", fields)
    listed = [f"- `{name}`: {said}" for name, said in re.findall(r"^\s*(\w+): (.*)$", items, re.M)]
    return "\n".join([text.strip(), *([""] if listed else []), *listed])


def _default(field: Any) -> str:
    if field.default is msgspec.NODEFAULT:
        return ""
    value = msgspec.to_builtins(field.default)
    return "" if value in ("", None, [], {}) else f"`{msgspec.json.encode(value).decode()}`"


def _type(kind: Any) -> str:
    if kind in (str, int, float, bool):
        return {str: "text", int: "whole number", float: "number", bool: "true/false"}[kind]
    if kind is type(None):
        return "nothing"
    if kind == contracts.Words:
        return "text or {en, ja}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind.__name__
    return _compound(get_origin(kind), get_args(kind))


def _compound(origin: Any, parts: tuple[Any, ...]) -> str:
    if str(origin).endswith("Literal"):
        return ", ".join(f"`{part}`" for part in parts if part != "")
    if origin in (tuple, list):
        inner = [_type(part) for part in parts if part is not Ellipsis]
        return f"list of {inner[0]}" if Ellipsis in parts or origin is list else f"[{', '.join(inner)}]"
    if origin is dict:
        return f"{_type(parts[0])} → {_type(parts[1])}"
    return " or ".join(_type(part) for part in parts if part is not type(None))


PAGES = {
    "command-line.md": command_line,
    "kinds.md": files,
    "definitions.md": definitions,
    "metrics.md": catalogue,
}


def stale() -> list[str]:
    """Names of pages that do not say what the program does."""
    return [name for name, make in PAGES.items() if _read(FOLDER / name) != make()]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    old = stale()
    if "--check" in arguments:
        print(
            "\n".join(f"docs/reference/{name} is out of date" for name in old) or "The reference is current."
        )
        return 1 if old else 0
    for name in old:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
