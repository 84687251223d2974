"""Which Parquet files make up the published facts: one small JSON file, replaced whole."""

from __future__ import annotations

from pathlib import Path

import msgspec

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.store.durable import write_durably

MANIFEST = "manifest.json"
VERSION = 1


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """One immutable Parquet file.

    Args:
        path: below the published folder.
        part: its partition: a day (``2026-11-21``), a month of sealed history (``2026-03``), or empty for
            tables that are not partitioned. Compaction merges within a partition.
        first, last: smallest and largest ``day`` inside, ISO; empty where the table has no day.
        level: how many times its rows were merged.
    """

    path: str
    rows: int
    bytes: int
    part: str = ""
    first: str = ""
    last: str = ""
    level: int = 0


class Retired(msgspec.Struct, frozen=True):
    """A file no longer listed, kept for readers that still hold an older manifest."""

    path: str
    at: float  # seconds since the epoch


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One generation of the published facts.

    Args:
        generation: ascending; changes whenever any reader would see something else.
        batch: the last of the consumer's transactions whose rows are in the files.
        inbox, versions: the last inbox body and record version they carry.
        schema: fingerprint of the record tables' columns; another one means they are carried anew.
        zone: the company's time zone by which the days were computed.
        raw_from: raw events before this day were dropped by retention; empty: none were.
        changed: by table, the generation at which its content (not only its files) last changed.
        rewritten: the generation at which days already published last changed (erasure, zone, retention):
            whoever keeps derived values folds in new days while this stands still, and starts over when not.
        days: by day, the generation at which usage of that day last arrived.
        history: generations at which history arrived (facts that count as known before the day they came) or was
            withdrawn, each with the first day it tells of; only those that no later one reaches back beyond.
        withdrawn: the delivery that was withdrawn last, and how many events it had brought.
        rolled: the definition (:data:`enishi.store.rollups.ROLLED`) by which the roll-ups of all usage were made.
    """

    generation: int = 0
    batch: int = 0
    inbox: int = 0
    versions: int = 0
    schema: str = ""
    zone: str = "UTC"
    raw_from: str = ""
    published_at: str = ""
    tables: dict[str, list[File]] = {}
    retired: list[Retired] = []
    changed: dict[str, int] = {}
    rewritten: int = 0
    days: dict[str, int] = {}
    history: list[tuple[int, str]] = []
    withdrawn: tuple[str, int] = ("", 0)
    rolled: int = 0
    version: int = VERSION


_decode = msgspec.json.Decoder(Manifest).decode


def read_manifest(published: Path) -> Manifest:
    """The newest manifest; an empty one where nothing was published yet.

    Raises:
        EnishiError: ``store_too_new`` where a later Enishi wrote it.
    """
    try:
        manifest = _decode((published / MANIFEST).read_bytes())
    except FileNotFoundError:
        return Manifest()
    if manifest.version > VERSION:
        raise EnishiError(
            "store_too_new",
            Text(
                f"The store in {published} was written by a newer Enishi (format {manifest.version}).",
                f"{published} のデータは、より新しい版のEnishi(形式 {manifest.version})で書かれています。",
            ),
            Text("Update Enishi and start again.", "Enishiを更新してから、もう一度お試しください。"),
        )
    return manifest


def write_manifest(published: Path, manifest: Manifest) -> None:
    """Replace the manifest: the one moment at which readers see the next generation."""
    content = msgspec.json.encode(manifest)
    write_durably(published / MANIFEST, lambda part: part.write_bytes(content))
