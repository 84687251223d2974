"""The same message id of two applications is two messages; of one application it counts once, for ever."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import msgspec
import numpy as np
import pytest

from enishi.store import seen
from enishi.store.contracts import Erasure
from enishi.store.hashing import message_hashes
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.published import Published
from enishi.store.tests.fakes import START, Bench, event

OTHER = {"source": "batch job", "stream": "stream-2"}


def counted(bench: Bench) -> int:
    return sum(int(str(row["n"])) for row in bench.rows("usage"))


def added(bench: Bench, *events: dict[str, object]) -> int:
    """By how much the count grows when these arrive."""
    before = counted(bench)
    bench.send(*events)
    bench.catch_up()
    return counted(bench) - before


def lose_writer(bench: Bench) -> None:
    bench.home.writer.unlink()


def test_two_applications_may_use_the_same_ids(bench: Bench) -> None:
    assert added(bench, event("1"), event("1", **OTHER), event("1"), event("1", **OTHER)) == 2
    assert added(bench, event("1"), event("1", **OTHER)) == 0
    assert added(bench, event("2", **OTHER)) == 1
    assert added(bench, event("2"), event("2", **OTHER)) == 1


def test_a_renamed_or_replaced_key_is_the_same_application(bench: Bench) -> None:
    assert added(bench, event("1")) == 1
    assert added(bench, event("1", source="web app, new key")) == 0


@pytest.mark.parametrize("writer_is_lost", [False, True])
def test_what_retention_removed_is_not_counted_again(bench: Bench, writer_is_lost: bool) -> None:
    old = START - timedelta(days=300)
    assert added(bench, event("1", old, backfill=True), event("2")) == 2
    bench.application.months = 3
    assert added(bench, event("late", old, backfill=True)) == 1  # its day is gone: counted, never stored
    assert [row["message_id"] for row in bench.rows("events")] == ["2"]
    if writer_is_lost:
        lose_writer(bench)
    again = [event(name, old, backfill=True) for name in ("1", "2", "late")]
    assert added(bench, *again) == 0
    assert added(bench, *(one | OTHER for one in again)) == 3


@pytest.mark.parametrize("writer_is_lost", [False, True])
def test_what_an_erased_person_sent_is_not_counted_again(bench: Bench, writer_is_lost: bool) -> None:
    added(bench, event("1", user="hanako"), event("2", user="ichiro"))
    bench.application.to_erase.append(Erasure(1, [("product", "hanako")], None))
    bench.catch_up()
    if writer_is_lost:
        lose_writer(bench)
    assert added(bench, event("1", user="hanako"), event("2", user="ichiro")) == 0
    assert not any(b"hanako" in path.read_bytes() for path in bench.home.published.glob("seen/*"))


@pytest.fixture
def earlier(bench: Bench) -> Bench:
    """A data folder from before streams: ids were one space, and retention forgot those it removed."""
    old = START - timedelta(days=300)
    before = {"stream": ""}
    bench.application.months = 3
    bench.send(event("dropped", old, backfill=True, **before))
    bench.send(event("1", **before), event("row:9", source="events.csv", **before))
    bench.catch_up()
    with duckdb.connect(str(bench.home.writer)) as writer:
        writer.execute("DELETE FROM layout")
        writer.execute("INSERT INTO seen SELECT * FROM seen_in_all")
        writer.execute("DROP TABLE seen_in_all")
        assert writer.execute("SELECT count(*) FROM seen").fetchall() == [(3,)]
    manifest = read_manifest(bench.home.published)
    tables = {name: files for name, files in manifest.tables.items() if name != "seen"}
    write_manifest(bench.home.published, msgspec.structs.replace(manifest, tables=tables))
    return bench


@pytest.mark.parametrize("writer_is_lost", [False, True])
def test_a_folder_from_before_is_carried_over(earlier: Bench, writer_is_lost: bool) -> None:
    assert added(earlier, event("1")) == 0
    if writer_is_lost:
        lose_writer(earlier)
    assert added(earlier, event("1"), event("1", **OTHER)) == 1
    # Nobody knows any more which application these came from: they go on counting for all.
    for name in ("dropped", "row:9"):
        assert added(earlier, event(name), event(name, **OTHER), event(name, stream="file:product")) == 0
    assert added(earlier, event("2"), event("2", **OTHER)) == 2


def test_carrying_over_cut_short_is_done_again(earlier: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import enishi.store.memory as memory

    real = memory.write_seen

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "write_seen", full)
    with pytest.raises(OSError, match="space"):
        earlier.consumer()
    monkeypatch.setattr(memory, "write_seen", real)
    assert added(earlier, event("1"), event("dropped"), event("row:9")) == 0
    assert added(earlier, event("1", **OTHER)) == 1


def test_files_of_remembered_ids_stay_few(bench: Bench) -> None:
    bench.application.months = 3
    for number in range(40):
        added(bench, event(f"late{number}", START - timedelta(days=200), backfill=True))
    assert len(Published(bench.home).manifest.tables["seen"]) < 20
    lose_writer(bench)
    assert (
        added(bench, *(event(f"late{n}", START - timedelta(days=200), backfill=True) for n in range(40))) == 0
    )


def test_one_id_of_two_streams_never_agrees() -> None:
    hashes = message_hashes(["x"] * 1000, [f"stream {n}" for n in range(1000)])
    assert len(set(hashes[:, 0].tolist())) == 1000
    assert len(set(hashes[:, 1].tolist())) == 1
    mixed = message_hashes(["x", "y"], ["a", "b"])
    assert mixed.tolist() == [*message_hashes(["x"], ["a"]).tolist(), *message_hashes(["y"], ["b"]).tolist()]


def test_the_filter_of_ids_never_says_no_wrongly_and_seldom_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_SMALLEST", 1 << 16)
    chance = np.random.default_rng(5)
    held, fresh = (
        chance.integers(-(2**63), 2**63 - 1, (count, 2), dtype=np.int64) for count in (2048, 200_000)
    )
    bloom = seen.Bloom(2048)
    bloom.add(held)
    assert bloom.capacity == 2 * len(held)
    assert bloom.may_contain(held).all()
    assert bloom.may_contain(fresh).sum() < 20  # with one word an id it were 85
