"""The documents do not lie: links lead somewhere, commands and options exist, both languages say the same."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from enishi.cli.main import enishi

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HOW_TO = tuple(
    f"docs/how-to/{path.stem}" for path in (ROOT / "docs/how-to").glob("*.md") if ".ja" not in path.name
)
TRANSLATED = ("README", "docs/getting-started", "docs/operations", "docs/ideas", *sorted(HOW_TO))
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.S)
INLINE = re.compile(r"`((?:enishi|make) [^`]+)`")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("name", names(DOCUMENTS))
def test_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{name} links to {target}"


def commands(text: str) -> Iterator[str]:
    """What a reader would type: shell blocks, and inline code that starts with a command of ours."""
    for language, block in BLOCK.findall(text):
        if language in ("sh", "shell", "bash"):
            joined = block.replace("\\\n", " ")
            yield from (line.partition(" #")[0].strip() for line in joined.splitlines() if line.strip())
    yield from INLINE.findall(text)


def typed(program: str) -> list[tuple[str, list[str]]]:
    found = []
    for path in DOCUMENTS:
        for line in commands(path.read_text(encoding="utf-8")):
            line = line.removeprefix(".venv/bin/")
            if line.split()[0] == program and "…" not in line:
                found.append(
                    (str(path.relative_to(ROOT)), shlex.split(line.replace("$(date +%F)", "today"))[1:])
                )
    return found


def test_documented_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    settings = set(re.findall(r"^([A-Z]+) \?=", makefile, re.M))
    asked = typed("make")
    assert asked
    for name, words in asked:
        for word in words:
            setting, equals, _ = word.partition("=")
            assert (setting in settings) if equals else (word in targets or word == "TARGET"), (
                f"{name}: make {word}"
            )


def test_documented_commands_and_options_exist() -> None:
    asked = typed("enishi")
    assert len(asked) > 20
    for name, words in asked:
        check(name, enishi, words)


def check(name: str, command: click.Command, words: list[str]) -> None:
    """Walk the words: options must exist, and the first other word of a group must be one of its commands."""
    options = {
        option: p
        for p in command.params
        for option in [*p.opts, *p.secondary_opts]
        if isinstance(p, click.Option)
    }
    skip = False
    for place, word in enumerate(words):
        if skip:
            skip = False
        elif word.startswith("-"):
            if word in ("--help", "-h", "--version"):
                return
            assert word in options, f"{name}: {command.name} knows no {word}"
            skip = not options[word].is_flag  # type: ignore[attr-defined]
        elif isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), word)
            assert inner is not None, f"{name}: there is no command {word}"
            check(name, inner, words[place + 1 :])
            return


@pytest.mark.parametrize("pair", [(f"{name}.md", f"{name}.ja.md") for name in TRANSLATED])
def test_both_languages_show_the_same_commands(pair: tuple[str, str]) -> None:
    english, japanese = ((ROOT / name).read_text(encoding="utf-8") for name in pair)

    def shell(text: str) -> list[str]:
        return [
            re.sub(r'"[^"]*"|<[^>]*>', "", line.partition("#")[0]).strip()
            for language, block in BLOCK.findall(text)
            if language == "sh"
            for line in block.splitlines()
        ]

    assert shell(english) == shell(japanese)
    assert english.count("\n## ") == japanese.count("\n## ")


def test_the_reference_is_current() -> None:
    path = ROOT / "scripts" / "write_reference.py"
    spec = importlib.util.spec_from_file_location("write_reference", path)
    assert spec is not None
    assert spec.loader is not None
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    assert written.stale() == [], "run python scripts/write_reference.py"


def test_the_changelog_knows_the_version() -> None:
    from enishi import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
