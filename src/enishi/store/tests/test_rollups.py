"""Roll-ups kept by many small publishes say what the raw events say, however they came."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import duckdb
import msgspec

from enishi.store.compaction import FAN_IN, PAST_SHARE
from enishi.store.contracts import Erasure
from enishi.store.manifest import read_manifest, write_manifest
from enishi.store.parquet import DAY_COLUMNS
from enishi.store.published import Published
from enishi.store.rollups import PAST, ROLLED
from enishi.store.schema import GROWN, ROLLUPS
from enishi.store.tests.fakes import START, Bench, event, us

Counted = dict[str, Counter[tuple[object, ...]]]
Row = tuple[Any, ...]


def in_the_events(bench: Bench) -> Counted:
    """What each roll-up must say, counted in plain Python."""
    days: Counter[tuple[object, ...]] = Counter()
    users: Counter[tuple[object, ...]] = Counter()
    features: Counter[tuple[object, ...]] = Counter()
    months: list[Row] = []
    uses: list[Row] = []
    for row in bench.rows("events"):
        group, user, day, known = row["group_no"], row["user_no"], row["day"], row["known_on"]
        assert isinstance(day, date)
        assert isinstance(known, date)
        late = known if known > day else None
        days[group, 0 if group else user, row["product"], day, known] += 1
        users[group, user, row["product"], day, late] = 1
        owner = group, 0 if group else user
        features[*owner, row["event"], row["product"], day, late] = 1
        known = max(day, known)
        months.append(((*owner, row["product"], known.replace(day=1)), 1, day, day))
        uses.append(((*owner, row["event"]), known, day))
    found = {"group_days": days, "user_months": users, "feature_months": features}
    return found | {"group_months": summed(months), "first_uses": news(uses)}


def summed(rows: list[Row]) -> Counter[tuple[object, ...]]:
    """Rows of ``(key, n, first, last)`` with n added up and the days folded."""
    found: dict[Any, Any] = {}
    for key, n, first, last in rows:
        total, low, high = found.get(key, (0, first, last))
        found[key] = total + n, min(low, first), max(high, last)
    return Counter((*key, *values) for key, values in found.items())


def news(rows: list[Row]) -> Counter[tuple[object, ...]]:
    """Rows of ``(key, since, first)`` without those of which one known before says as much."""
    found: Counter[tuple[object, ...]] = Counter()
    earliest: dict[Any, Any] = {}
    for key, since, first in sorted(rows):
        if key not in earliest or first < earliest[key]:
            earliest[key] = first
            found[*key, since, first] = 1
    return found


def _keyed(row: dict[str, Any], columns: int) -> Row:
    values = tuple(row.values())
    return values[:columns], *values[columns:]


def in_the_rollups(bench: Bench) -> Counted:
    found: Counted = {
        "group_months": summed([_keyed(row, 4) for row in bench.rows("group_months")]),
        "first_uses": news([_keyed(row, 3) for row in bench.rows("first_uses")]),
    }
    for table in set(ROLLUPS) - set(GROWN):
        counter: Counter[tuple[object, ...]] = Counter()
        for row in bench.rows(table):
            if table == "group_days":
                counter[tuple(v for k, v in row.items() if k != "n")] += row["n"]  # type: ignore[operator]
                continue
            month, bits = row["month"], row["days"]
            assert isinstance(month, date)
            assert isinstance(bits, int)
            used = [month + timedelta(days=30 - bit) for bit in range(31) if bits >> bit & 1]
            assert row.get("first_day", min(used)) == min(used)
            head = tuple(v for k, v in row.items() if k not in ("month", "late_on", "days", "first_day"))
            for day in used:
                counter[(*head, day, row["late_on"])] = 1
        found[table] = counter
    return found


def send(bench: Bench, number: int) -> None:
    """A publish with events of today, of yesterday arriving late, of long ago, with and without a group."""
    user, group = f"u{number % 3}", ("acme", "", "beta")[number % 3]
    now = bench.clock()
    late = now - timedelta(days=1 + number % 2)
    bench.send(
        event(f"a{number}", now, received_us=us(now), user=user, group=group),
        event(f"b{number}", late, received_us=us(now), user="u9", group=group),
        event(f"c{number}", START - timedelta(days=7 * number), backfill=True, user=user, group="acme"),
    )
    bench.catch_up()


def test_rollups_follow_every_publish_and_compaction(bench: Bench) -> None:
    for number in range(2 * FAN_IN + 3):
        send(bench, number)
        if number % 4 == 0:
            bench.clock.advance(days=5)
    assert in_the_rollups(bench) == in_the_events(bench)
    assert (
        len(Published(bench.home).files("user_months")) < len(Published(bench.home).files("usage")) + FAN_IN
    )


def test_what_only_grows_becomes_one_past(bench: Bench) -> None:
    for number in range(24):
        bench.clock.advance(days=10)
        send(bench, number)
    rows = {table: bench.rows(table) for table in GROWN}
    today = bench.clock().date()
    for table in GROWN:
        files = Published(bench.home).entries(table)
        assert [file.part for file in files].count(PAST) == 1
        over = [file for file in files if PAST < file.part < f"{today:%Y-%m}"]
        past = sum(file.rows for file in files if file.part == PAST)
        assert PAST_SHARE * sum(file.rows for file in over) < past
    assert len(rows["first_uses"]) < len(in_the_events(bench)["feature_months"]) / 2


def test_an_erased_person_leaves_the_rollups(bench: Bench) -> None:
    for number in range(4):
        send(bench, number)
    before = in_the_rollups(bench)
    bench.application.to_erase = [Erasure(1, (("product", "u1"), ("product", "u9")), None)]
    bench.catch_up()
    after = in_the_rollups(bench)
    assert after == in_the_events(bench)
    assert sum(after["group_days"].values()) < sum(before["group_days"].values())


def test_another_time_zone_moves_the_rollups(bench: Bench) -> None:
    bench.send(*(event(f"a{n}", START - timedelta(hours=5 * n), backfill=n % 2 == 0) for n in range(40)))
    bench.catch_up()
    before = in_the_rollups(bench)
    bench.application.zone_name = "America/Los_Angeles"
    bench.catch_up()
    assert in_the_rollups(bench) == in_the_events(bench) != before


def test_a_store_without_rollups_gets_them(bench: Bench) -> None:
    for number in range(3):
        send(bench, number)
    manifest = read_manifest(bench.home.published)
    bare = {name: files for name, files in manifest.tables.items() if name not in ROLLUPS}
    write_manifest(bench.home.published, msgspec.structs.replace(manifest, tables=bare, rolled=0))
    assert not Published(bench.home).rolled
    send(bench, 3)
    assert Published(bench.home).rolled
    assert in_the_rollups(bench) == in_the_events(bench)


def test_files_of_a_rollup_are_found_by_day(bench: Bench) -> None:
    bench.send(*(event(f"a{n}", START - timedelta(days=30 * n), backfill=True) for n in range(6)))
    published = bench.catch_up()
    for table in ROLLUPS:
        for file in published.entries(table):
            days = duckdb.sql(f"SELECT * FROM '{published.folder / file.path}'").to_arrow_table()
            low = min(days[DAY_COLUMNS[table]].to_pylist())
            assert file.first == low.isoformat()
            assert str(published.folder / file.path) in published.files(table, low, low)


def test_rollups_of_another_definition_are_not_read(bench: Bench) -> None:
    bench.send(event("a"))
    assert bench.catch_up().rolled
    manifest = read_manifest(bench.home.published)
    write_manifest(bench.home.published, msgspec.structs.replace(manifest, rolled=ROLLED + 1))
    assert not Published(bench.home).rolled
