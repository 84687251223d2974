"""All shipped metrics of all accounts as of a day, beside one hand-written pass over the raw events and pandas.

``python -m tests.bench.bench_metrics [--events 10000000] [--accounts 20000] [--json] [--no-pandas]``

Each way runs in a process of its own, so that its peak memory is its own. ``panel`` answers every metric of the
registry from the daily counts; ``hand-written SQL`` and ``pandas`` answer only the usage metrics, from the raw
events, as one would write them first.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

FIRST, DAYS = date(2023, 1, 1), 365
LAST = FIRST + timedelta(days=DAYS - 1)
EPOCH = date(1970, 1, 1).toordinal()
FEATURES = 25
CHUNKS = 10  # of days: one Parquet file each
PER_SESSION = 4

HAND_WRITTEN = """
WITH e AS (SELECT g.account_id, user_no, event, day, date_diff('day', day, DATE '{day}') AS ago
           FROM read_parquet({files}) JOIN accounts g USING (group_no)
           WHERE day <= DATE '{day}' AND known_on <= DATE '{day}'),
power AS (SELECT account_id, count(*) FILTER (now >= 12) AS power_users,
                 count(*) FILTER (now >= 12) - count(*) FILTER (before >= 12) AS power_users_change
          FROM (SELECT account_id, user_no, count(DISTINCT day) FILTER (ago < 28) AS now,
                       count(DISTINCT day) FILTER (ago >= 28 AND ago < 56) AS before
                FROM e WHERE ago < 56 GROUP BY ALL) GROUP BY ALL)
SELECT account_id, count(DISTINCT user_no) FILTER (ago < 1) AS active_users_1,
       count(DISTINCT user_no) FILTER (ago < 7) AS active_users_7,
       count(DISTINCT user_no) FILTER (ago < 28) AS active_users_28,
       count(DISTINCT day) FILTER (ago < 28) AS active_days_28,
       count(*) FILTER (ago < 28) AS events_28, count(*) FILTER (ago < 90) AS events_90,
       count(*) FILTER (ago < 28 AND event = 'login') AS logins_28,
       min(ago) AS days_since_last_seen, max(ago) AS days_since_first_use, count(*) AS events_ever,
       count(DISTINCT event) FILTER (ago < 28 AND event <> 'login') AS feature_breadth_28,
       count(DISTINCT event) FILTER (ago < 90 AND event <> 'login') AS feature_breadth_90,
       any_value(power_users) AS power_users, any_value(power_users_change) AS power_users_change
FROM e LEFT JOIN power USING (account_id) GROUP BY account_id
"""


def generate(folder: Path, events: int, accounts: int) -> None:
    """Sessions of some events each by random people on random days; raw events and their daily counts."""
    from enishi.kit.home import Home
    from enishi.store.testing import publish

    home, users, rng = Home(folder), accounts * 25, np.random.default_rng(7)
    numbers = range(1, accounts + 1)
    publish(home, "record_account", [{"record_id": n, "valid_on": FIRST, "since": FIRST} for n in numbers])
    publish(home, "groups", [{"group_no": n, "group_id": str(n), "first_day": FIRST} for n in numbers])
    head = {"target": "account", "system": "product", "valid_on": FIRST}
    publish(home, "link", [{"record_id": n, "account_id": n, "value": str(n), **head} for n in numbers])
    terms = {"valid_on": FIRST, "started_on": FIRST, "interval": "month", "seats": 20, "product": "core"}
    publish(
        home,
        "record_subscription",
        [{"record_id": n, "account_id": n, "amount": n, **terms} for n in numbers],
    )
    for low in range(0, DAYS, -(-DAYS // CHUNKS)):
        high = min(low + -(-DAYS // CHUNKS), DAYS)
        _publish_days(home, low, high, events * (high - low) // DAYS, users, accounts, rng)


def _publish_days(home: Any, low: int, high: int, n: int, users: int, accounts: int, rng: Any) -> None:
    import duckdb

    from enishi.store.schema import EVENTS, USAGE
    from enishi.store.testing import publish

    sessions = max(n // PER_SESSION, 1)
    user = np.repeat(rng.integers(1, users + 1, sessions), PER_SESSION)
    day = np.sort(np.repeat(rng.integers(low, high, sessions), PER_SESSION)) + FIRST.toordinal() - EPOCH
    names = np.array(["login", *(f"feature {k}" for k in range(FEATURES))])
    days = pa.array(day.astype(np.int32), pa.int32()).cast(pa.date32())
    instants = pa.array(day * 86_400_000_000, pa.timestamp("us"))
    event = pa.array(names[np.minimum(rng.geometric(0.15, len(user)) - 1, FEATURES)])
    columns = {
        "message_id": pa.array(np.arange(len(user)).astype(str)), "message_hash": pa.array(np.arange(len(user))),
        "group_no": pa.array((user - 1) % accounts + 1), "user_no": pa.array(user), "event": event, "day": days,
        "known_on": days, "recorded_on": days, "occurred_at": instants, "received_at": instants,
    }  # fmt: skip
    same = {"type": "track", "product": "core", "properties": "{}", "source": "bench"}
    columns |= {name: pa.array([text] * len(user)) for name, text in same.items()}
    raw = pa.table(columns).select(EVENTS.names).cast(EVENTS)
    publish(home, "events", raw)
    counted = duckdb.sql(
        "SELECT group_no, user_no, event, product, day, known_on, count(*) AS n, min(occurred_at) AS first_at, "
        "max(occurred_at) AS last_at FROM raw GROUP BY ALL ORDER BY day, group_no"
    ).to_arrow_table()
    publish(home, "usage", counted.select(USAGE.names).cast(USAGE))


def run_panel(folder: Path, day: date) -> int:
    from enishi.kit.home import Home
    from enishi.metrics.api import duckdb_facts, panel

    with duckdb_facts(Home(folder)) as facts:
        return int(panel(facts, [day])["events_90"].sum())


def run_hand(folder: Path, day: date) -> int:
    import duckdb

    con, files = _raw(folder)
    con.execute("CREATE TABLE accounts AS SELECT range AS group_no, range AS account_id FROM range(10000000)")
    found = con.execute(HAND_WRITTEN.format(day=day, files=files)).fetchnumpy()
    assert isinstance(con, duckdb.DuckDBPyConnection)
    return int(found["events_90"].sum())


def _raw(folder: Path) -> tuple[Any, list[str]]:
    import duckdb

    from enishi.kit.home import Home
    from enishi.store.api import Published

    return duckdb.connect(), Published(Home(folder)).files("events")


def run_pandas(folder: Path, day: date) -> int:
    import pandas as pd

    _, files = _raw(folder)
    columns = ["group_no", "user_no", "event", "day"]
    e = pd.concat([pd.read_parquet(f, columns=columns) for f in files])
    e["ago"] = (pd.Timestamp(day) - pd.to_datetime(e["day"])).dt.days
    e = e[e["ago"] >= 0]
    parts = [e[e["ago"] < w].groupby("group_no")["user_no"].nunique() for w in (1, 7, 28)]
    parts += [e[e["ago"] < w].groupby("group_no").size() for w in (28, 90)]
    parts += [
        e[(e["ago"] < w) & (e["event"] != "login")].groupby("group_no")["event"].nunique() for w in (28, 90)
    ]
    parts += [e.groupby("group_no")["ago"].agg(["min", "max"])]
    for low in (0, 28):
        span = e[(e["ago"] >= low) & (e["ago"] < low + 28)]
        active = span.groupby(["group_no", "user_no"])["ago"].nunique()
        parts.append((active >= 12).groupby("group_no").sum())
    pd.concat(parts, axis=1)
    return int(parts[4].sum())


WAYS = {"panel": run_panel, "hand-written SQL": run_hand, "pandas": run_pandas}


def measured(way: str, folder: Path, day: date) -> dict[str, float]:
    """One way in a process of its own: wall and CPU seconds of the work, peak memory of the process."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.bench_metrics",
        "--one",
        way,
        "--folder",
        str(folder),
        "--day",
        str(day),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def one(way: str, folder: Path, day: date) -> dict[str, float]:
    import duckdb  # noqa: F401 - loading libraries is not the work measured
    import pandas as pd  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    events = WAYS[way](folder, day)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {**figures, "gigabytes": peak, "events_90": events}


def run(events: int = 10_000_000, accounts: int = 20_000, pandas: bool = True) -> dict[str, dict[str, float]]:
    """All ways over the same facts; their ``events_90`` must agree."""
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        folder = Path(name)
        generate(folder, events, accounts)
        ways = [w for w in WAYS if pandas or w != "pandas"]
        found = {way: measured(way, folder, LAST) for way in ways}
        agreed = {figures["events_90"] for figures in found.values()}
        if len(agreed) != 1:
            raise AssertionError(f"the ways disagree: {found}")
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-pandas", action="store_true")
    parser.add_argument("--one", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--day", type=date.fromisoformat, default=LAST, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.day)))
        return
    found = run(options.events, options.accounts, not options.no_pandas)
    print(json.dumps(found) if options.json else _table(found, options.events, options.accounts))


def _table(found: dict[str, dict[str, float]], events: int, accounts: int) -> str:
    base = found["panel"]["cpu"]
    rows = [
        f"{events:,} events, {accounts:,} accounts, as of one day",
        f"{'way':20}{'wall s':>10}{'CPU s':>10}{'GB':>8}{'CPU, panel = 1':>18}",
    ]
    for way, figures in found.items():
        rows.append(
            f"{way:20}{figures['wall']:10.2f}{figures['cpu']:10.2f}{figures['gigabytes']:8.2f}{figures['cpu'] / base:18.2f}"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
