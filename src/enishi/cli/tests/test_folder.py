"""A mistyped data folder is told, and not made; a folder that cannot be written is refused with words."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from enishi.kit.home import Home
from enishi.store.manifest import read_manifest, write_manifest


def enishi(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own: Django is set up once a process."""
    environment = {k: v for k, v in os.environ.items() if k not in ("ENISHI_HOME", "DATABASE_URL")}
    with socket.socket() as probe:  # the usual port may be taken by somebody's own Enishi
        probe.bind(("127.0.0.1", 0))
        environment["ENISHI_PORT"] = str(probe.getsockname()[1])
    return subprocess.run(
        [sys.executable, "-m", "enishi.cli.main", "--lang", "en", *arguments],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["doctor", "score", "serve"])
def test_a_mistyped_folder_is_not_made(command: str, tmp_path: Path) -> None:
    done = enishi("--data", str(tmp_path / "typo"), command)
    assert done.returncode == 1
    assert "no installation in" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = enishi("--data", str(tmp_path / "file" / "below"), "init")
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_customer_data_in_a_checkout_is_passed_over_by_git(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git, "this test needs git"
    subprocess.run([git, "init", "-q", tmp_path], check=True)
    home = Home(tmp_path / "anything")
    home.prepare()
    home.secret.write_text("s")
    seen = subprocess.run(
        [git, "-C", tmp_path, "status", "--porcelain", "-uall"], check=True, capture_output=True
    )
    assert seen.stdout == b""


def test_facts_published_before_an_update_are_published_anew_by_init(tmp_path: Path) -> None:
    """An older program published customers without a column that is read now."""
    home = Home(tmp_path / "data")
    (tmp_path / "account.csv").write_text("id,name,seller\nC1,Acme,Jo Field\n", encoding="utf-8")
    (tmp_path / "subscription.csv").write_text(
        "id,account,amount,currency,interval,started_on\nS1,C1,1000,JPY,month,2026-01-01\n", encoding="utf-8"
    )
    imports = [("import", kind, str(tmp_path / f"{kind}.csv")) for kind in ("account", "subscription")]
    for arguments in (("init",), *imports):
        done = enishi("--data", str(home.root), *arguments)
        assert done.returncode == 0, done.stderr
    asked = ("--data", str(home.root), "asof", "2026-06-30", "--json")
    assert [one["name"] for one in json.loads(enishi(*asked).stdout)["accounts"]] == ["Acme"]
    manifest = read_manifest(home.published)
    for entry in manifest.tables["record_account"]:
        path = home.published / entry.path
        pq.write_table(pq.read_table(path).drop_columns(["seller"]), path)
    write_manifest(home.published, msgspec.structs.replace(manifest, schema="older"))
    assert enishi(*asked).returncode != 0
    assert enishi("--data", str(home.root), "init").returncode == 0
    again = enishi(*asked)
    assert again.returncode == 0, again.stderr
    assert [one["name"] for one in json.loads(again.stdout)["accounts"]] == ["Acme"]
    (held,) = read_manifest(home.published).tables["record_account"]
    assert pq.read_table(home.published / held.path)["seller"].to_pylist() == ["Jo Field"]
