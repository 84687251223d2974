"""All shipped metrics of all accounts as of a day, beside one hand-written pass over the raw events and pandas.

``python -m tests.bench.bench_metrics [--events 10000000] [--accounts 20000] [--json] [--no-pandas]``

``BENCH_EVENTS`` sets the number of events, ``BENCH_CACHE`` a folder in which the generated events stay for the next run
(delete it to be rid of them); without it they are made anew and removed.

Each way runs in a process of its own, so that its peak memory is its own, and their answers are compared before a
time counts. ``panel`` answers every metric of the registry; ``hand-written SQL`` and ``pandas`` answer those of use and
contract from the raw events, as one would write them first. ``fold`` makes the counts of one new day out of its events.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LAST = date(2023, 12, 31)
WEEKS = 13

HAND_WRITTEN = """
WITH g AS (SELECT group_no, account_id FROM read_parquet({groups}) JOIN read_parquet({link}) ON value = group_id),
m AS (SELECT user_no, any_value(account_id) AS account_id FROM read_parquet({memberships}) JOIN g USING (group_no)
      GROUP BY user_no HAVING count(DISTINCT group_no) = 1),
e AS (SELECT coalesce(g.account_id, m.account_id) AS account_id, r.user_no, product, event, day,
             date_diff('day', day, DATE '{day}') AS ago
      FROM read_parquet({events}) r LEFT JOIN g USING (group_no) LEFT JOIN m ON r.group_no = 0 AND r.user_no = m.user_no
      WHERE day <= DATE '{day}' AND known_on <= DATE '{day}' AND type IN ('track', 'page', 'screen')),
p AS (SELECT account_id, user_no, max(now) AS now, max(before) AS before
      FROM (SELECT account_id, user_no, count(DISTINCT day) FILTER (ago < 28) >= 12 AS now,
                   count(DISTINCT day) FILTER (ago >= 28) >= 12 AS before
            FROM e WHERE ago < 56 AND user_no > 0 GROUP BY account_id, user_no, product) GROUP BY ALL),
power AS (SELECT account_id, count(*) FILTER (now) AS power_users,
                 count(*) FILTER (now) - count(*) FILTER (before) AS power_users_change FROM p GROUP BY ALL),
past AS (SELECT account_id, count(*) FILTER (ago < 28) AS recent, count(*) FILTER (ago >= 28) AS earlier
         FROM (SELECT DISTINCT account_id, user_no, product, ago FROM e WHERE ago < 196) GROUP BY ALL),
used AS (
  SELECT account_id, count(DISTINCT user_no) FILTER (ago < 1) AS active_users_1,
         count(DISTINCT user_no) FILTER (ago < 7) AS active_users_7,
         count(DISTINCT user_no) FILTER (ago < 28) AS active_users_28,
         count(DISTINCT day) FILTER (ago < 28) AS active_days_28,
         count(*) FILTER (ago < 28) AS events_28, count(*) FILTER (ago < 90) AS events_90,
         count(*) FILTER (ago < 28 AND event = 'login') AS logins_28,
         min(ago) AS days_since_last_seen, max(ago) AS days_since_first_use, count(*) AS events_ever,
         count(DISTINCT event) FILTER (ago < 28 AND event <> 'login') AS feature_breadth_28,
         count(DISTINCT event) FILTER (ago < 90 AND event <> 'login') AS feature_breadth_90,
         min(day) FILTER (event <> 'login') AS first_value,
         {weeks}
  FROM e GROUP BY account_id),
terms AS (SELECT account_id, sum(seats)::DOUBLE AS seats, sum(amount)::DOUBLE AS mrr FROM read_parquet({subscriptions})
          WHERE started_on <= DATE '{day}' AND (ended_on IS NULL OR ended_on > DATE '{day}') GROUP BY ALL)
SELECT a.record_id AS account_id, used.* EXCLUDE (account_id, first_value), terms.* EXCLUDE (account_id),
       past.* EXCLUDE (account_id), coalesce(power_users, 0) AS power_users, coalesce(power_users_change, 0) AS power_users_change,
       date_diff('day', a.since, DATE '{day}') AS tenure_days,
       greatest(0, date_diff('day', a.since, first_value)) AS time_to_first_value
FROM read_parquet({accounts}) a LEFT JOIN used ON used.account_id = a.record_id
LEFT JOIN power ON power.account_id = a.record_id LEFT JOIN terms ON terms.account_id = a.record_id
LEFT JOIN past ON past.account_id = a.record_id
"""
ZERO_WITHOUT = (
    "active_users_1", "active_users_7", "active_users_28", "active_days_28", "events_28", "events_90", "logins_28",
    "events_ever", "feature_breadth_28", "feature_breadth_90", "power_users", "power_users_change",
)  # fmt: skip


def finished(frame: pd.DataFrame) -> pd.DataFrame:
    """What follows from the counts, for a way that works them out itself."""
    import numpy as np

    from enishi.metrics.trends import weekly_slope

    f = frame.set_index("account_id").sort_index()
    f["stickiness"] = f["active_users_7"] / f["active_users_28"].where(f["active_users_28"] > 0)
    f["licence_utilisation"] = f["active_users_28"] / f["seats"]
    weeks = f[[f"w{k}" for k in reversed(range(WEEKS))]].to_numpy(dtype=float)
    now, before = weeks[:, -4:].sum(axis=1), weeks[:, -8:-4].sum(axis=1)
    age = f["days_since_first_use"].to_numpy(dtype=float)
    trend = np.clip(np.log((now + 5) / (before + 5)), -2, 2)
    f["usage_trend_28"] = np.where((age >= 55) & (now + before > 0), trend, np.nan)
    first = np.array([7 * (k + 1) for k in reversed(range(WEEKS))])
    used = weeks.sum(axis=1, keepdims=True) > 0
    totals = np.where(used & (np.nan_to_num(age, nan=-1.0)[:, None] + 1 >= first), weeks, np.nan)
    f["usage_slope_90"], f["usage_slope_90_se"] = weekly_slope(totals)
    usual: Any = f["earlier"].fillna(0) * 28 / np.where(age >= 111, np.minimum(age - 27, 168), np.nan)
    lately = f["recent"].fillna(0).where(f["recent"].notna() | f["earlier"].notna())
    f["use_vs_own_past"] = np.clip(np.log((lately + 5) / (usual + 5)), -2, 2)
    return f.drop(columns=["recent", "earlier", *(f"w{k}" for k in range(WEEKS))]).astype(float)


def run_panel(folder: Path, day: date) -> pd.DataFrame:
    from enishi.kit.home import Home
    from enishi.metrics.api import duckdb_facts, panel

    with duckdb_facts(Home(folder)) as facts:
        return panel(facts, [day]).drop(columns="as_of").set_index("account_id")


def run_hand(folder: Path, day: date) -> pd.DataFrame:
    import duckdb

    tables = ("groups", "link", "memberships", "events", "record_account", "record_subscription")
    files = {name.removeprefix("record_"): _files(folder, name) for name in tables}
    weeks = ", ".join(f"count(*) FILTER (ago // 7 = {k}) AS w{k}" for k in range(WEEKS))
    query = HAND_WRITTEN.format(
        day=day, weeks=weeks, accounts=files["account"], subscriptions=files["subscription"], **files
    )
    return finished(duckdb.connect().sql(query).df())


def _files(folder: Path, table: str) -> list[str]:
    from enishi.kit.home import Home
    from enishi.store.api import Published

    return Published(Home(folder)).files(table)


def run_pandas(folder: Path, day: date) -> pd.DataFrame:
    import pandas as pd

    def read(table: str, columns: list[str]) -> Any:
        return pd.concat([pd.read_parquet(f, columns=columns) for f in _files(folder, table)])

    e = read("events", ["group_no", "user_no", "product", "event", "day", "known_on", "type"])
    e["day"], e["known_on"] = pd.to_datetime(e["day"]), pd.to_datetime(e["known_on"])
    now = pd.Timestamp(day)
    e = e[(e["day"] <= now) & (e["known_on"] <= now) & e["type"].isin(["track", "page", "screen"])]
    linked = read("groups", ["group_no", "group_id"]).merge(
        read("link", ["value", "account_id"]), left_on="group_id", right_on="value"
    )
    members = read("memberships", ["group_no", "user_no"]).merge(linked, on="group_no")
    members = members.drop_duplicates("user_no", keep=False).set_index("user_no")["account_id"]
    e["account_id"] = e["group_no"].map(linked.set_index("group_no")["account_id"])
    e["account_id"] = e["account_id"].fillna(e["user_no"].map(members)).astype("int64")
    e["ago"] = (now - e["day"]).dt.days
    accounts = read("record_account", ["record_id", "since"]).set_index("record_id")
    terms = read("record_subscription", ["account_id", "seats", "amount"]).groupby("account_id").sum()
    f = pd.DataFrame(index=accounts.index)
    by = e.groupby("account_id")
    f["days_since_last_seen"], f["days_since_first_use"] = by["ago"].min(), by["ago"].max()
    f["events_ever"] = by.size()
    for days in (1, 7, 28):
        f[f"active_users_{days}"] = e[e["ago"] < days].groupby("account_id")["user_no"].nunique()
    month, quarter = e[e["ago"] < 28], e[e["ago"] < 90]
    f["active_days_28"] = month.groupby("account_id")["day"].nunique()
    f["events_28"], f["events_90"] = month.groupby("account_id").size(), quarter.groupby("account_id").size()
    f["logins_28"] = month[month["event"] == "login"].groupby("account_id").size()
    for days in (28, 90):
        used = e[(e["ago"] < days) & (e["event"] != "login")]
        f[f"feature_breadth_{days}"] = used.groupby("account_id")["event"].nunique()
    power = []
    for low in (0, 28):
        span = e[(e["ago"] >= low) & (e["ago"] < low + 28)]
        active = span.groupby(["account_id", "user_no", "product"])["ago"].nunique()
        often = active[active >= 12].reset_index().drop_duplicates(["account_id", "user_no"])
        power.append(often.groupby("account_id").size().reindex(f.index).fillna(0))
    f["power_users"], f["power_users_change"] = power[0], power[0] - power[1]
    weekly = e[e["ago"] < 7 * WEEKS]
    weekly = weekly.groupby(["account_id", weekly["ago"] // 7]).size().unstack()
    for k in range(WEEKS):
        f[f"w{k}"] = weekly[k]
    days_used = e[e["ago"] < 196].drop_duplicates(["account_id", "user_no", "product", "ago"])
    f["recent"] = days_used[days_used["ago"] < 28].groupby("account_id").size()
    f["earlier"] = days_used[days_used["ago"] >= 28].groupby("account_id").size()
    first = pd.to_datetime(e[e["event"] != "login"].groupby("account_id")["day"].min())
    since = pd.to_datetime(accounts["since"])
    f["tenure_days"], f["time_to_first_value"] = (now - since).dt.days, (first - since).dt.days.clip(lower=0)
    f["seats"], f["mrr"] = terms["seats"], terms["amount"].astype(float)
    counts = [*ZERO_WITHOUT, *(f"w{k}" for k in range(WEEKS))]
    f[counts] = f[counts].fillna(0)
    return finished(f.rename_axis("account_id").reset_index())


FIRST_TIME = "panel, first time"
WAYS = {"panel": run_panel, "hand-written SQL": run_hand, "pandas": run_pandas}


def one(way: str, folder: Path, day: date, answer: Path) -> dict[str, float]:
    """One way: wall and CPU seconds of the work, peak memory of the process; its answer as a file."""
    import duckdb  # noqa: F401 - loading libraries is not the work measured
    import pandas as pd  # noqa: F401

    import enishi.metrics.api  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](folder, day)
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    found.astype(float).to_parquet(answer)
    return {**figures, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2}


def measured(way: str, folder: Path, answer: Path) -> dict[str, float]:
    """One way in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_metrics", "--one", way, "--folder", str(folder)]
    done = subprocess.run([*command, "--answer", str(answer)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(answers: dict[str, Path]) -> int:
    """How many metrics all ways gave; an AssertionError where two differ."""
    import pandas as pd

    frames = {way: pd.read_parquet(path) for way, path in answers.items()}
    panel = frames.pop("panel")
    for way, frame in frames.items():
        expected = panel[frame.columns]
        pd.testing.assert_frame_equal(expected, frame, rtol=1e-9, check_names=False, obj=f"panel and {way}")
    return len(next(iter(frames.values())).columns)


def fold(folder: Path, day: date) -> dict[str, float]:
    """Counting one new day: from its events, as they wait in the consumer, to the files readers see."""
    import duckdb

    from enishi.store.manifest import read_manifest, write_manifest
    from enishi.store.parquet import write_file
    from enishi.store.publishing import COUNTED, USAGE_OF
    from enishi.store.rollups import roll_up
    from enishi.store.schema import USAGE

    database, files = duckdb.connect(), _files(folder, "events")
    database.execute(f"CREATE TABLE pending AS SELECT * FROM read_parquet({files}) WHERE day = DATE '{day}'")
    manifest = read_manifest(folder / "store" / "published")
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        wall, cpu = time.perf_counter(), time.process_time()
        query = USAGE_OF.format(rows="pending", counted=COUNTED)
        usage = database.sql(query).to_arrow_table().select(USAGE.names).cast(USAGE)
        write_file(Path(name), "usage", usage, f"{day}")
        roll_up(Path(name), usage, datetime(2024, 1, 1, tzinfo=UTC).date())
        write_manifest(Path(name), manifest)
        figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    events = database.sql("SELECT count(*) FROM pending").fetchall()[0][0]
    return {**figures, "events": events, "cpu_us_per_event": figures["cpu"] / max(events, 1) * 1e6}


def run(folder: Path, events: int, accounts: int, pandas: bool) -> dict[str, Any]:
    """All ways over the same facts; their answers must agree."""
    from tests.bench.events import make

    make(folder, events, accounts)
    ways = [w for w in WAYS if pandas or w != "pandas"]
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        answers = {way: Path(name) / f"{number}.parquet" for number, way in enumerate(ways)}
        # Compiled queries outlive the process, so that only the first evaluation of an installation makes them.
        found: dict[str, Any] = {FIRST_TIME: measured("panel", folder, answers["panel"])}
        found |= {way: measured(way, folder, answers[way]) for way in ways}
        found["metrics compared"] = compare(answers)
    found["fold one day"] = fold(folder, LAST)
    hand, panel = found["hand-written SQL"], found["panel"]
    aim = " (aim: at most 0.2)" if events >= 100_000_000 else ""
    for unit in ("wall", "cpu"):
        found[f"panel / SQL, {unit}{aim}"] = panel[unit] / hand[unit]
        found[f"fold / SQL, {unit} (aim: under 0.02)"] = found["fold one day"][unit] / hand[unit]
        if pandas:
            found[f"pandas / panel, {unit} (aim: at least 10)"] = found["pandas"][unit] / panel[unit]
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=int(os.environ.get("BENCH_EVENTS", "10000000")))
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-pandas", action="store_true", help="beyond 20 M events it is left out anyway")
    parser.add_argument("--one", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(one(options.one, options.folder, LAST, options.answer)))
        return
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        cache = os.environ.get("BENCH_CACHE")
        folder = Path(cache or name) / f"events-{options.events}-{options.accounts}"
        pandas = not options.no_pandas and options.events <= 20_000_000
        found = {"events": options.events, "accounts": options.accounts}
        found |= run(folder, options.events, options.accounts, pandas)
    print(json.dumps(found) if options.json else _table(found))


def _table(found: dict[str, Any]) -> str:
    rows = [f"{found['events']:,} events, {found['accounts']:,} accounts, as of one day"]
    rows.append(f"{'way':20}{'wall s':>10}{'CPU s':>10}{'GB':>8}")
    for way in (w for w in (FIRST_TIME, *WAYS, "fold one day") if w in found):
        figures = found[way]
        memory = f"{figures['gigabytes']:8.2f}" if "gigabytes" in figures else ""
        rows.append(f"{way:20}{figures['wall']:10.2f}{figures['cpu']:10.2f}{memory}")
    rows += [f"{name:44}{value:8.3f}" for name, value in found.items() if " / " in name]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
