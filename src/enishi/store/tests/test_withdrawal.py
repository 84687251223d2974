"""A delivery that was taken back never came, as far as anybody can ask."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from enishi.store.contracts import Erasure, Withdrawal
from enishi.store.published import Published
from enishi.store.rollups import folded
from enishi.store.schema import EVENT_TABLES, ROLLUPS
from enishi.store.tests.fakes import START, Bench, event, us

AT = us(START) + 7
ASKED = Withdrawal("import:1:x", "usage.csv", (AT, AT + 5))


def row(message_id: str, days: int = 0, **changes: Any) -> dict[str, object]:
    """A row of the file, so many days ago."""
    file: dict[str, Any] = {
        "source": "usage.csv",
        "stream": "file:product",
        "received_us": AT,
        "delivery": ASKED.delivery,
    }
    return event(message_id, START - timedelta(days=days), backfill=True, **(file | changes))


FILE = [
    *(row(f"f{n}", n) for n in (0, 5, 30, 75)),  # with others' user and group, most days their own
    row("f-more", 30, event="exported", user="ito"),  # a user who belongs to the group from then on
    row("f-group", 3, group="typo", user="nobody"),
    row("f-corrected", 2, received_us=AT + 5),
]
BEFORE = [event("a"), event("b", START - timedelta(days=5)), event("c", user="ito")]
AFTER = [
    event("d", START - timedelta(days=30), backfill=True),
    event("e", group="globex"),
    row("x", received_us=AT + 9),
]


ADDITIVE = {
    **{table: folded(table, "facts") for table in ROLLUPS},
    "usage": "SELECT * REPLACE (sum(n)::BIGINT AS n, min(first_at) AS first_at, max(last_at) AS last_at) FROM facts GROUP BY "
    "group_no, user_no, event, product, day, known_on",
    "memberships": "SELECT group_no, user_no, min(known_on) AS known_on FROM facts GROUP BY ALL",
}


def rows_of(bench: Bench, table: str) -> list[dict[str, Any]]:
    """The rows as a reader adds them up."""
    files = Published(bench.home).files(table)
    if not files or table not in ADDITIVE:
        return bench.rows(table)
    with duckdb.connect() as database:
        database.read_parquet(files).create_view("facts")
        return database.sql(ADDITIVE[table]).to_arrow_table().to_pylist()


def told(bench: Bench) -> dict[str, list[list[str]]]:
    """All tables, by names instead of numbers: those depend on who came first."""
    names = {("user_no", r["user_no"]): r["user_id"] for r in bench.rows("users")}
    names |= {("group_no", r["group_no"]): r["group_id"] for r in bench.rows("groups")}
    names |= {("previous_no", number): name for (kind, number), name in names.items() if kind == "user_no"}
    found = {}
    for table in set(EVENT_TABLES) - {"users", "groups"}:
        rows = rows_of(bench, table)
        found[table] = sorted([str(names.get((k, v), v)) for k, v in sorted(r.items())] for r in rows)
    found["users"] = sorted([str(r["user_id"])] for r in bench.rows("users"))
    found["groups"] = sorted([str(r["group_id"])] for r in bench.rows("groups"))
    return found


def send_all(bench: Bench, *parts: list[dict[str, object]]) -> Published:
    for part in parts:
        bench.send(*part)
    return bench.catch_up()


def withdraw(bench: Bench) -> Published:
    bench.application.to_withdraw.append(ASKED)
    return bench.catch_up()


def test_nothing_tells_that_a_withdrawn_file_ever_came_and_it_may_come_again(
    bench: Bench, tmp_path: Path
) -> None:
    send_all(bench, BEFORE, FILE)
    before = send_all(bench, AFTER)
    whole = told(bench)
    after = withdraw(bench)
    other = Bench(tmp_path / "other")
    send_all(other, BEFORE, AFTER)
    assert bench.application.taken_back == [(len(FILE), ["typo"])]
    ours, theirs = told(bench), told(other)
    for table in theirs:
        assert ours[table] == theirs[table], table
    assert after.history_since(before.generation) == (START - timedelta(days=75)).date()
    assert after.rewritten > before.generation
    assert withdraw(bench).generation == after.generation  # done already: nothing to do again
    assert bench.application.taken_back[1:] == [(len(FILE), ["typo"])]
    bench.home.writer.unlink()  # what is free and what is not outlives the writer's database
    send_all(bench, FILE, BEFORE, AFTER, FILE)
    assert told(bench) == whole


def test_what_is_kept_as_counts_stays_and_whom_somebody_erased_does_not_come_back(bench: Bench) -> None:
    send_all(bench, BEFORE, FILE)
    bench.application.months = 2
    bench.application.to_erase.append(Erasure(1, [("product", "nobody")], None))
    send_all(bench, AFTER)
    assert Published(bench.home).raw_from == date(2026, 1, 1)
    withdraw(bench)
    assert bench.application.taken_back == [(len(FILE) - 2, [])]  # one is older, one was hers
    uses = len(BEFORE) + len(AFTER)
    assert sum(int(str(r["n"])) for r in bench.rows("usage")) == uses + 1
    send_all(bench, FILE)
    assert sum(int(str(r["n"])) for r in bench.rows("usage")) == uses + len(FILE) - 1
    assert "nobody" not in {str(r["user_id"]) for r in bench.rows("users")}
