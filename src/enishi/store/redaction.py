"""Taking an erased person out of the texts that others' events hold: properties, names of pages and of files.

The events stay; a mark takes the person's place. Ids of messages are left as they are: a writer made again knows by them
what it has seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enishi.kit.home import Home
from enishi.store.changing import Change
from enishi.store.compaction import read_file
from enishi.store.contracts import Words
from enishi.store.manifest import Manifest, read_manifest

_REPEATED = ["event", "product", "source"]  # few values, each looked at once
_COLUMNS = {"events": ("properties", *_REPEATED), "usage": ("event", "product")}

Rows = npt.NDArray[np.int64]


def redact(home: Home, words: Words, now: datetime, streams: Mapping[str, str]) -> None:
    """Rewrite every file in which a text names the person. Nothing may be pending."""
    change = Change(home, read_manifest(home.published), now, streams)
    for table, columns in _COLUMNS.items():
        for file in change.before.tables.get(table, []):
            found = _naming(home.published / file.path, columns, words)
            if not found:
                continue
            rows = read_file(home.published / file.path)
            if table == "usage":
                days = rows["day"].take(np.concatenate([*found.values()])).unique().to_pylist()
                change.months |= {day.replace(day=1) for day in days}
            for column, places in found.items():
                rows = _redacted(rows, column, places, words)
            change.replace(table, file, rows)
    change.commit()


def _redacted(rows: pa.Table, column: str, places: Rows, words: Words) -> pa.Table:
    at, values = rows.schema.get_field_index(column), rows[column].combine_chunks()
    texts = [words.without(column, text) for text in values.take(places).to_pylist()]
    mask = np.zeros(rows.num_rows, dtype=bool)
    mask[places] = True
    told = pc.replace_with_mask(values, mask, pa.array(texts, values.type))
    return rows.set_column(at, rows.schema.field(column), told)


def words_left(home: Home, manifest: Manifest, words: Words) -> int:
    """How many published rows hold a text that names the person."""
    files = ((table, file) for table in _COLUMNS for file in manifest.tables.get(table, []))
    return sum(_count(home.published / file.path, _COLUMNS[table], words) for table, file in files)


def count_naming(files: Iterable[str], words: Words, others: Collection[int]) -> int:
    """In how many events, but those of some users, a text names the person.

    Args:
        files: paths of published events.
    """
    return sum(_count(Path(file), _COLUMNS["events"], words, others) for file in files)


def _count(path: Path, columns: Iterable[str], words: Words, but: Collection[int] = ()) -> int:
    found = _naming(path, columns, words)
    if not found:
        return 0
    users = pq.ParquetFile(path).read(columns=["user_no"])["user_no"].to_numpy()
    rows = np.unique(np.concatenate([*found.values()]))
    return int(np.count_nonzero(~np.isin(users[rows], [*but])))


def _naming(path: Path, columns: Iterable[str], words: Words) -> dict[str, Rows]:
    """The rows of a file whose texts name the person, by column; without those of which no row does."""
    if not words.near:
        return {}
    found = {column: _rows_naming(path, column, words) for column in columns}
    return {column: rows for column, rows in found.items() if len(rows)}


def _rows_naming(path: Path, column: str, words: Words) -> Rows:
    start, found = 0, [np.empty(0, dtype=np.int64)]
    dictionary = [column] if column in _REPEATED else []
    for batch in pq.ParquetFile(path, read_dictionary=dictionary).iter_batches(columns=[column]):
        found.append(start + _naming_in(batch.column(0), column, words))
        start += batch.num_rows
    return np.concatenate(found)


def _naming_in(values: pa.Array, column: str, words: Words) -> Rows:
    if pa.types.is_dictionary(values.type):
        meant = _naming_in(values.dictionary, column, words)
        return np.flatnonzero(np.isin(values.indices.fill_null(-1).to_numpy(zero_copy_only=False), meant))
    near = pc.fill_null(pc.match_substring_regex(values, words.near, ignore_case=True), False)
    places = np.flatnonzero(near.to_numpy(zero_copy_only=False))
    texts = values.take(places).to_pylist()
    named = [words.without(column, text) != text for text in texts]
    return places[np.array(named, dtype=bool)]
