"""Both languages everywhere: every text has its Japanese, none is fuzzy, and one text has one translation."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

SOURCE = Path(__file__).resolve().parents[1] / "src" / "enishi"
CATALOGUES = sorted(SOURCE.rglob("locale/ja/LC_MESSAGES/django.po"))
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
# The API's guide shows an example record with a Japanese name.
EXAMPLES = {"guide.html"}
JAPANESE = re.compile(r"[぀-ヿ㐀-鿿]")
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "_"}
CONTEXT_CALLS = {"pgettext", "pgettext_lazy"}

Key = tuple[str, str]  # context, text


def _known() -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = defaultdict(set)
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            if not entry.obsolete:
                text = entry.msgstr or entry.msgstr_plural.get(0, "")
                found[entry.msgctxt or "", entry.msgid].add(text)
    return found


def _used(code: str) -> set[Key]:
    """The texts a Python source (or a template turned into one) asks to translate."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        words = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in CALLS and words:
            found.add(("", words[0]))
        elif name in CONTEXT_CALLS and len(words) >= 2:
            found.add((words[0], words[1]))
    return found


def _template_keys(path: Path) -> set[Key]:
    """Django turns a template into something xgettext reads: pick its calls out one by one."""
    text = templatize(path.read_text(encoding="utf-8"))
    found = set()
    for call in re.finditer(r"\b(n?p?gettext|_)\((?:[^()]|\([^()]*\))*\)", text):
        try:
            found |= _used(call[0].replace(", count)", ", 1)"))
        except SyntaxError:
            continue
    return found


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(SOURCE).parents[3]))
def test_catalogue_is_whole(path: Path) -> None:
    catalogue = polib.pofile(str(path))
    assert [entry.msgid for entry in catalogue if "fuzzy" in entry.flags] == []
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []


def test_one_text_has_one_translation() -> None:
    """All catalogues are merged into one; where a word means two things it needs a context."""
    assert {key: texts for key, texts in _known().items() if len(texts) > 1} == {}


def test_every_text_used_is_translated() -> None:
    known = _known()
    missing = set()
    for path in sorted(SOURCE.rglob("*.py")):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        missing |= {(key, path.name) for key in _used(path.read_text(encoding="utf-8")) if key not in known}
    for path in TEMPLATES:
        missing |= {(key, path.name) for key in _template_keys(path) if key not in known}
    django_knows = {(("", "English"), "settings.py")}
    assert missing - django_knows == set()


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if path.name not in EXAMPLES], ids=lambda path: path.name
)
def test_no_japanese_is_written_into_templates(path: Path) -> None:
    assert JAPANESE.findall(path.read_text(encoding="utf-8")) == []
