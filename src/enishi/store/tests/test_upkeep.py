"""Compaction, retention, erasure and rebuilding, each verified by reading back."""

import os
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enishi.store.compaction import FAN_IN
from enishi.store.contracts import Erasure, Version
from enishi.store.durable import write_durably
from enishi.store.erasure import cutoff, find_traces
from enishi.store.manifest import read_manifest
from enishi.store.pins import pinned
from enishi.store.published import GRACE_SECONDS, Published
from enishi.store.tests.fakes import START, Bench, event, us


def counted(bench: Bench) -> int:
    return sum(int(str(row["n"])) for row in bench.rows("usage"))


def test_files_of_a_day_stay_few_and_keep_every_row(bench: Bench) -> None:
    with bench.consumer() as consumer:
        for number in range(3 * FAN_IN):
            bench.send(event(f"a{number}"), event(f"b{number}", START - timedelta(days=1)))
            consumer.catch_up()
    assert len(Published(bench.home).files("events")) < 2 * FAN_IN
    assert len(bench.rows("events")) == counted(bench) == 6 * FAN_IN
    assert len(bench.rows("usage")) < 2 * FAN_IN


def test_old_days_are_sealed_into_their_month(bench: Bench) -> None:
    for number in range(3):
        bench.send(event(f"a{number}", bench.clock()))
        bench.catch_up()
        bench.clock.advance(days=1)
    bench.clock.advance(days=60)
    bench.send(event("z", bench.clock()))
    published = bench.catch_up()
    assert sorted({file.part for file in published.entries("events")}) == ["2026-03", "2026-05-12"]
    assert len(bench.rows("events")) == counted(bench) == 4


def test_backfilled_history_lies_in_months(bench: Bench) -> None:
    bench.send(*(event(f"a{n}", START - timedelta(days=n), backfill=True) for n in range(400)))
    published = bench.catch_up()
    parts = {file.part for file in published.entries("events")}
    assert len(parts) < 36 + 14
    inside = published.files("usage", date(2025, 6, 1), date(2025, 6, 30))
    assert len(inside) == 1


def test_files_outlive_their_listing_by_the_grace_time(bench: Bench) -> None:
    bench.send(event("a"))
    reader = bench.catch_up()
    before = reader.files("events")
    for number in range(FAN_IN):
        bench.send(event(f"b{number}"))
        bench.catch_up()
    assert before[0] not in Published(bench.home).files("events")
    assert Path(before[0]).exists()
    bench.clock.advance(seconds=GRACE_SECONDS + 1)
    bench.send(event("c"))
    bench.catch_up()
    assert not Path(before[0]).exists()


def test_a_pinned_generation_stays_whole_however_long_it_is_held(bench: Bench) -> None:
    """A backup that outlasts the grace time while files are merged, dropped and erased."""
    for number in range(FAN_IN - 1):
        bench.send(event(f"a{number}"))
        bench.catch_up()
    manifest = read_manifest(bench.home.published)
    paths = [file.path for files in manifest.tables.values() for file in files]
    with pinned(bench.home, manifest) as held:
        for number in range(3):
            bench.clock.advance(seconds=GRACE_SECONDS + 1)
            bench.send(event(f"b{number}"))
            bench.catch_up()
        assert not all((bench.home.published / path).exists() for path in paths)
        rows = pa.concat_tables(
            [pq.ParquetFile(held / file.path).read() for file in manifest.tables["events"]]
        )
        assert sorted(rows["message_id"].to_pylist()) == sorted(f"a{n}" for n in range(FAN_IN - 1))
        assert all((held / path).exists() for path in paths)
    assert list(bench.home.published.with_name("pins").iterdir()) == []


def test_the_pin_of_a_dead_process_is_removed(bench: Bench) -> None:
    bench.send(event("a"))
    bench.catch_up()
    dead = bench.home.published.with_name("pins") / "dead"
    dead.mkdir(parents=True)
    with pinned(bench.home, read_manifest(bench.home.published)) as held:
        bench.catch_up()
        assert not dead.exists()
        assert held.exists()


def test_what_a_crash_left_is_removed(bench: Bench) -> None:
    bench.send(event("a"))
    bench.catch_up()
    folder = bench.home.published / "events" / "2026-03-10"
    (folder / "half.parquet.part").write_bytes(b"x")
    (folder / "unlisted.parquet").write_bytes(b"x")
    bench.catch_up()
    assert len(list(folder.iterdir())) == 1


def test_retention_drops_raw_events_and_keeps_counts(bench: Bench) -> None:
    bench.send(*(event(f"a{n}", START - timedelta(days=30 * n), backfill=True) for n in range(12)))
    before = bench.catch_up()
    bench.application.months = 3
    bench.send(event("b"))
    after = bench.catch_up()
    assert after.raw_from == date(2025, 12, 1)
    assert all(str(row["day"]) >= "2025-12-01" for row in bench.rows("events"))
    assert counted(bench) == 13
    assert after.rewritten > before.generation
    bench.send(event("a11", START - timedelta(days=330), backfill=True))
    bench.send(event("late", START - timedelta(days=200), backfill=True))
    bench.catch_up()
    assert counted(bench) == 14
    assert all(str(row["day"]) >= "2025-12-01" for row in bench.rows("events"))


def test_the_cutoff_is_a_months_first_day() -> None:
    assert cutoff(date(2026, 3, 10), 3) == date(2025, 12, 1)
    assert cutoff(date(2026, 3, 31), 15) == date(2024, 12, 1)


def contact_version(number: int, contact: int, kind: str = "contact", **data: object) -> Version:
    return Version(
        number, kind, contact if kind == "contact" else 90 + number, 5, None if kind == "contact" else contact,
        date(2026, 3, 1), us(START), us(START), False, False, "crm", f"out-{contact}", data,
    )  # fmt: skip


@pytest.fixture
def person(bench: Bench) -> Bench:
    bench.application.known = [
        contact_version(
            1, 3, name="佐藤花子", email="hanako@acme.example", role="champion", memo="secret-note"
        ),
        contact_version(2, 4, name="鈴木一郎"),
        contact_version(3, 3, "survey_answer", score=9, comment="hanako says hi", type="nps"),
        contact_version(4, 3, "link", system="product", value="hanako", target="user"),
        contact_version(5, 4, "link", system="product", value="ichiro", target="user"),
    ]
    bench.send(
        event("a", user="hanako", properties='{"mail":"hanako@acme.example"}'),
        event("b", user="ichiro"),
        event("c", user="", anonymous="hanako-device"),
        event("d", user="hanako", anonymous="hanako-device"),
    )
    bench.catch_up()
    return bench


def test_a_person_is_erased_from_every_table(person: Bench) -> None:
    erasure = Erasure(1, [("product", "hanako")], 3)
    assert find_traces(person.home, erasure) > 0
    person.application.to_erase.append(erasure)
    person.catch_up()
    assert find_traces(person.home, erasure) == 0
    assert [row["message_id"] for row in person.rows("events")] == ["b"]
    assert [row["user_id"] for row in person.rows("users")] == ["ichiro"]
    assert counted(person) == 1
    assert len(person.rows("memberships")) == 1
    assert person.rows("aliases") == []
    assert [row["value"] for row in person.rows("link")] == ["ichiro"]
    contacts = {row["record_id"]: row for row in person.rows("record_contact")}
    assert (contacts[3]["name"], contacts[3]["extra"], contacts[3]["outside_id"]) == (None, None, "erased-3")
    assert contacts[3]["role"] == "champion"
    assert contacts[4]["name"] == "鈴木一郎"
    (answer,) = person.rows("record_survey_answer")
    assert (answer["score"], answer["comment"]) == (9.0, None)


def test_nothing_of_the_person_stays_on_the_disk(person: Bench) -> None:
    person.application.to_erase.append(Erasure(1, [("product", "hanako")], 3))
    person.application.known = []
    person.catch_up()
    person.clock.advance(seconds=GRACE_SECONDS + 1)
    person.send(event("z"))
    person.catch_up()
    left = [
        path
        for path in person.home.root.rglob("*")
        if path.is_file()
        and any(word in path.read_bytes() for word in (b"hanako", "佐藤".encode(), b"secret-note"))
    ]
    assert left == []


def test_a_file_and_its_name_are_on_the_disk_before_anyone_relies_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut, unlike a killed process, takes along what was not synced."""
    path, synced = tmp_path / "f", list[tuple[int, bool]]()
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((os.fstat(handle).st_ino, path.exists())))
    write_durably(path, lambda part: part.write_bytes(b"x"))
    assert synced == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_an_erased_persons_messages_are_not_counted_again(person: Bench) -> None:
    person.application.to_erase.append(Erasure(1, [("product", "hanako")], 3))
    person.catch_up()
    person.send(event("a", user="hanako"), event("new", user="hanako"))
    person.catch_up()
    assert sorted(str(row["message_id"]) for row in person.rows("events")) == ["b", "new"]
    numbers = {row["user_no"] for row in person.rows("users")}
    assert len(numbers) == 2


def test_another_time_zone_moves_every_day(bench: Bench) -> None:
    late = START.replace(hour=16)
    bench.send(event("a", late - timedelta(days=1)), event("b", late - timedelta(days=90), backfill=True))
    bench.application.known = [
        Version(
            1,
            "account",
            5,
            5,
            None,
            date(2026, 3, 1),
            us(late),
            us(late),
            False,
            False,
            "crm",
            "A",
            {"name": "A"},
        )
    ]
    before = bench.catch_up()
    days = {row["message_id"]: str(row["day"]) for row in bench.rows("events")}
    assert days == {"a": "2026-03-10", "b": "2025-12-11"}
    assert str(bench.rows("record_account")[0]["known_on"]) == "2026-03-11"
    bench.application.zone_name = "America/New_York"
    after = bench.catch_up()
    rows = {row["message_id"]: row for row in bench.rows("events")}
    assert {key: str(row["day"]) for key, row in rows.items()} == {"a": "2026-03-09", "b": "2025-12-10"}
    assert str(rows["b"]["known_on"]) == "2025-12-10"
    assert str(rows["a"]["known_on"]) == "2026-03-09"
    assert sorted(str(row["day"]) for row in bench.rows("usage")) == ["2025-12-10", "2026-03-09"]
    assert str(bench.rows("record_account")[0]["known_on"]) == "2026-03-10"
    assert (after.zone, after.days_changed_since(before.generation)) == ("America/New_York", None)


def counted_by(bench: Bench, table: str) -> int:
    return sum(int(str(row["n"])) for row in bench.rows(table))


def test_time_zones_change_after_retention_and_nothing_is_lost_or_counted_twice(bench: Bench) -> None:
    """Events of the first day kept raw lie before it in New York: they leave, their usage and their ids stay."""
    edge = START.replace(month=1, day=31, hour=17)  # 1 February in Tokyo
    sent = [event(f"e{n}", edge, backfill=True) for n in range(3)]
    bench.send(*sent, event("now"), event("old", START - timedelta(days=90), backfill=True))
    bench.application.months = 1
    bench.catch_up()
    for zone in ("America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "America/New_York", "Asia/Tokyo"):
        bench.application.zone_name = zone
        published = bench.catch_up()
        assert published.manifest.zone == zone
        assert [counted_by(bench, name) for name in ("usage", "group_days", "group_months")] == [5, 5, 5]
        assert all(str(row["day"]) >= "2026-02-01" for row in bench.rows("events"))
    bench.home.writer.unlink()  # ids survive its loss, too
    bench.send(*sent)
    bench.catch_up()
    assert (counted(bench), [row["message_id"] for row in bench.rows("events")]) == (5, ["now"])


def test_record_tables_are_carried_anew_when_their_columns_change(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import enishi.store.rebuild as rebuilding

    bench.application.known = [contact_version(1, 3, name="佐藤")]
    before = bench.catch_up()
    monkeypatch.setattr(rebuilding, "fingerprint", lambda: "other")
    after = bench.catch_up()
    assert after.rewritten > before.generation
    assert len(bench.rows("record_contact")) == 1


def test_a_lost_writer_is_made_again_from_what_was_published(bench: Bench) -> None:
    bench.send(event("a"), event("b", user="ito"))
    bench.catch_up()
    bench.home.writer.unlink()
    bench.send(event("a"), event("c", user="ito"), event("d", user="abe"))
    bench.catch_up()
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a", "b", "c", "d"]
    assert len({row["user_no"] for row in bench.rows("users")}) == 3
    assert counted(bench) == 4


def test_an_older_writer_put_back_is_replaced_by_what_was_published(bench: Bench) -> None:
    bench.send(event("a"))
    bench.catch_up()
    older = bench.home.writer.read_bytes()
    bench.send(event("b", user="ito"))
    bench.catch_up()
    bench.home.writer.write_bytes(older)
    bench.send(event("b", user="ito"), event("c", user="abe"))
    bench.catch_up()
    assert sorted(str(row["message_id"]) for row in bench.rows("events")) == ["a", "b", "c"]
    assert len({row["user_no"] for row in bench.rows("users")}) == 3
    assert counted(bench) == 3


def test_after_an_older_application_database_is_put_back_nothing_is_left_out(bench: Bench) -> None:
    """It gives numbers a second time: what bears one that was carried before must be carried all the same."""
    bench.application.known = [contact_version(n, n, name=f"before {n}") for n in range(1, 6)]
    bench.catch_up()
    bench.application.known = [contact_version(n, n, name=f"before {n}") for n in (1, 2)]
    bench.application.known.append(contact_version(3, 9, name="after"))
    bench.catch_up()
    assert sorted(str(row["name"]) for row in bench.rows("record_contact")) == [
        "after",
        "before 1",
        "before 2",
    ]
    bench.application.known.append(contact_version(4, 10, name="later"))
    bench.catch_up()
    assert len(bench.rows("record_contact")) == 4
    assert Published(bench.home).manifest.versions == 4
