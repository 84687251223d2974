"""What may not be in the repository: registry addresses, paths of one machine, secrets, large files, unfinished words."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1_000_000

# Written in pieces, so that this file does not find itself.
FORBIDDEN = {
    "a registry's address": "|".join(
        (
            r"pypi\." + "org",
            "python" + "hosted",
            "registry\\." + "npmjs",
            r"deb\." + "debian",
            r"security\." + "debian",
        )
    ),
    "a path of one machine": r"(^|[^A-Za-z0-9_.])/(" + "wo" + "rk|fa" + r"rm|ro" + r"ot|tmp/res" + r"earch)/",
    "a secret": "-----BEGIN [A-Z ]*PRIVATE " + "KEY|AK" + r"IA[0-9A-Z]{16}|gh" + r"p_[A-Za-z0-9]{30}",
    "an unfinished word": r"\b(TO" + "DO|FIX" + r"ME)\b|Not" + "ImplementedError",
}


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    assert listed.returncode == 0, listed.stderr.decode()
    return tuple(
        ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()
    )


@cache
def texts() -> dict[Path, str]:
    found = {}
    for path in tracked():
        try:
            found[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_written(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.M)
    hits = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}: {match.group().strip()}"
        for path, text in texts().items()
        for match in pattern.finditer(text)
    ]
    assert not hits, f"{what}: {hits[:10]}"


def test_no_large_files_and_no_lock_files_with_addresses() -> None:
    large = [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > LARGEST]
    assert not large
    assert not [path for path in tracked() if re.fullmatch(r"uv\.lock|pylock.*\.toml", path.name)]


def test_python_files_stay_small() -> None:
    long = [
        (str(path.relative_to(ROOT)), text.count("\n"))
        for path, text in texts().items()
        if path.suffix == ".py" and "migrations" not in path.parts and text.count("\n") > 500
    ]
    assert not long


def test_nothing_built_is_committed() -> None:
    built = [
        path
        for path in tracked()
        if path.suffix in {".mo", ".pyc"} or "dist" in path.parts or "node_modules" in path.parts
    ]
    assert not built


def test_programs_may_be_started() -> None:
    for name in (".ci/run", "scripts/system-packages", "scripts/with-postgres"):
        assert (ROOT / name).stat().st_mode & 0o111, name


def test_the_tests_keep_out_of_the_data_folder_of_whoever_runs_them() -> None:
    from django.conf import settings

    own = Path(os.environ["ENISHI_HOME"])
    assert own.name.startswith("enishi-test-")
    assert settings.CONFIGURATION.home.root == own
    for place in (settings.CACHES["default"]["LOCATION"], settings.EMAIL_FILE_PATH):
        assert Path(place).is_relative_to(own)
