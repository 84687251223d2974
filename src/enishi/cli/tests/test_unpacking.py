"""Unpacking a backup writes plain files below its folder and nothing else, on every Python from 3.11.0 on."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from enishi.cli.restoring import unpack
from enishi.cli.snapshot_format import ABOUT, SUMS
from enishi.kit.errors import EnishiError


def packed(path: Path, files: dict[str, bytes], *others: tarfile.TarInfo) -> Path:
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {**files, SUMS: sums.encode()}.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content), 0o4777, 1_700_000_000
            tar.addfile(info, io.BytesIO(content))
        for other in others:
            tar.addfile(other)
    return path


def test_files_come_back_without_the_filters_of_later_pythons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tarfile, "data_filter")
    source = packed(tmp_path / "b.tar.gz", {ABOUT: b"{}", "store/published/a.parquet": b"rows"})
    assert unpack(source, tmp_path / "out") == {}
    written = tmp_path / "out" / "store" / "published" / "a.parquet"
    assert written.read_bytes() == b"rows"
    assert (written.stat().st_mode & 0o7777, int(written.stat().st_mtime)) == (0o755, 1_700_000_000)


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for source in (
        packed(tmp_path / "a.tar.gz", {ABOUT: b"{}", "../outside": b"x"}),
        packed(tmp_path / "b.tar.gz", {ABOUT: b"{}"}, link),
    ):
        with pytest.raises(EnishiError, match="no whole backup"):
            unpack(source, tmp_path / "out" / source.name)
    assert not (tmp_path / "out" / "outside").exists()
