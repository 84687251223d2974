"""Every text of the pages exists in Japanese: run by ``make check``.

Extracts the messages of the code and the templates with xgettext (through Django), in a copy of the tree, and
compares them with the committed catalogues: a message without an entry, an entry without a translation, a fuzzy
entry and one message with two translations are all refused.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
Key = tuple[str, str]


def committed() -> tuple[set[Key], list[str]]:
    """The messages that have a Japanese text, and complaints about entries that lack one."""
    known: set[Key] = set()
    first: dict[Key, tuple[str, str]] = {}
    complaints = []
    for path in sorted((ROOT / "src").rglob("locale/ja/LC_MESSAGES/django.po")):
        for entry in polib.pofile(str(path)):
            if entry.obsolete:
                continue
            if entry.fuzzy or not entry.translated():
                complaints.append(
                    f"{path.relative_to(ROOT)}:{entry.linenum}: no Japanese for {entry.msgid!r}"
                )
            key, text = (entry.msgctxt or "", entry.msgid), entry.msgstr or entry.msgstr_plural.get(0, "")
            place = f"{path.relative_to(ROOT)}:{entry.linenum}"
            # Django merges all catalogues into one: of two texts the later loaded wins on every page.
            said, where = first.setdefault(key, (text, place))
            if said != text:
                complaints.append(f"{place}: {entry.msgid!r} is {text!r} here and {said!r} at {where}")
            known.add(key)
    return known, complaints


def extracted() -> dict[Key, str]:
    """Every message the source asks for, with the first place it stands at."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(
            ROOT / "src",
            copy,
            ignore=shutil.ignore_patterns("dist", "node_modules", "__pycache__", "tests", "*.po", "*.mo"),
        )
        (copy / "locale").mkdir()
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "-l", "ja", "-v", "0"],
            cwd=copy,
            check=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
        )
        found: dict[Key, str] = {}
        for path in copy.rglob("django.po"):
            for entry in polib.pofile(str(path)):
                place = ":".join(entry.occurrences[0]) if entry.occurrences else str(path.relative_to(copy))
                found.setdefault((entry.msgctxt or "", entry.msgid), f"src/{place.removeprefix('./')}")
        return found


def djangos_own() -> set[Key]:
    """Messages Django and allauth translate themselves; repeating them would be idle."""
    import allauth
    import django

    keys: set[Key] = set()
    for package in (django, allauth):
        for path in Path(package.__file__).parent.rglob("locale/ja/LC_MESSAGES/django.po"):
            keys |= {(e.msgctxt or "", e.msgid) for e in polib.pofile(str(path)) if e.translated()}
    return keys


def main() -> int:
    if shutil.which("xgettext") is None:
        print("check_translations: xgettext is missing. Run scripts/system-packages.", file=sys.stderr)
        return 1
    known, complaints = committed()
    known |= djangos_own()
    complaints += [
        f"{place}: no entry for {message!r}" for (context, message), place in sorted(extracted().items(), key=lambda i: i[1])
        if (context, message) not in known
    ]  # fmt: skip
    for line in complaints:
        print(line)
    print(f"translations: {len(known)} known, {len(complaints)} missing")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
