"""From facts to probabilities: a panel of 24 monthly snapshots of 100,000 customers with every shipped metric, a fit with
its calibration, and the scores of all customers; beside the library's time for the same models on a ready-made matrix.

``python -m tests.bench.bench_forecast [--accounts 100000] [--events 10000000] [--json]``; ``BENCH_CACHE`` names a folder in
which the generated facts stay for the next run. Each step runs in a process of its own, so that its peak memory is its own.

``library`` is scikit-learn's LogisticRegression on the ready-made design matrices of the panel (same columns, same folds,
same number of fits), Platt's calibration on what they said, and the probabilities of all customers. ``library on the
sampled rows`` has the matrices of the very fits the forecaster makes: beyond 150,000 labelled rows it samples accounts.
What the forecaster does besides, from the panel's columns on, is choosing among prior strengths, recalibrating, intervals
that heed accounts, and a challenger; ``whole`` adds the panel itself. Both peers are told, the sampled one is the harder.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

FIRST, DAYS = date(2022, 1, 1), 730
LAST = FIRST + timedelta(days=DAYS - 1)
HORIZON = 90
SNAPSHOTS = 24
YEARLY_LOSS = 0.12

Figures = dict[str, float]


def contracts(accounts: int) -> list[dict[str, Any]]:
    """One contract each, begun within the first half year; who has few seats leaves sooner."""
    random = np.random.default_rng(11)
    began = random.integers(0, 180, accounts)
    seats = random.integers(5, 200, accounts)
    stayed = random.exponential(365 / YEARLY_LOSS * np.sqrt(seats / 70))
    rows = []
    for number in range(accounts):
        start = FIRST + timedelta(days=int(began[number]))
        end = start + timedelta(days=int(min(stayed[number], 9999)))
        row = {
            "record_id": number + 1, "account_id": number + 1, "valid_on": start, "started_on": start, "product": "core",
            "interval": "month", "seats": int(seats[number]), "amount": int(seats[number]) * 1000, "term_months": 12,
        }  # fmt: skip
        rows.append(row | ({"ended_on": end, "notice_on": end - timedelta(days=30)} if end <= LAST else {}))
    return rows


def prepare(folder: Path, events: int, accounts: int) -> None:
    from tests.bench import events as book

    book.FIRST, book.DAYS = FIRST, DAYS
    book.make(folder, events, accounts, contracts(accounts))


def days() -> list[date]:
    """The last month-ends."""
    from enishi.forecasts.panel import snapshot_days

    return snapshot_days("month", FIRST, LAST + timedelta(days=1))[-SNAPSHOTS:]


# ---- the steps, each in a process of its own -----------------------------------------------------------------


def panel(folder: Path, kept: Path) -> None:
    from enishi.forecasts.panel import build_panel
    from enishi.kit.home import Home

    built = build_panel(Home(folder), days(), f"churn:{HORIZON}")
    built.to_parquet(kept / "panel.parquet")


def fit(folder: Path, kept: Path) -> None:
    """Fit, calibrate and score, from the panel's columns."""
    import pandas as pd

    from enishi.forecasts import ChurnForecaster

    rows = pd.read_parquet(kept / "panel.parquet")
    began = time.perf_counter()
    forecaster = ChurnForecaster(HORIZON).fit(rows)
    fitted = time.perf_counter()
    today = rows[rows["as_of"] == rows["as_of"].max()]
    forecaster.predict(today)
    _note(kept, "fit", {"fit s": fitted - began, "score s": time.perf_counter() - fitted, "rows": len(rows)})


def matrices(folder: Path, kept: Path) -> None:
    """The design matrices of the forecaster's fits, ready-made for the library."""
    _matrices(kept, sample=True)


def all_matrices(folder: Path, kept: Path) -> None:
    """The design matrices of the same fits on every labelled row of the panel."""
    _matrices(kept, sample=False)


def _matrices(kept: Path, sample: bool) -> None:
    import pandas as pd

    from enishi.forecasts import ChurnForecaster
    from enishi.forecasts.champion import STRENGTHS
    from enishi.forecasts.folds import make_folds
    from enishi.forecasts.rows import labelled_rows, sampled

    panel = pd.read_parquet(kept / "panel.parquet")
    forecaster = ChurnForecaster(HORIZON)
    forecaster.leaks_ = []  # none was planted
    rows = labelled_rows(panel, HORIZON)
    rows = sampled(rows, 0) if sample else rows
    folds = make_folds(rows.keys, 0)
    made = []
    for learn, judge in folds.pairs:
        past, now = rows.take(learn), rows.take(judge)
        design, _ = forecaster._prepare(past)
        made.append((design.matrix(past.panel), past.labels, design.matrix(now.panel), now.labels))
    design, _ = forecaster._prepare(rows)
    today = panel[panel["as_of"] == panel["as_of"].max()]
    ready = {
        "folds": made,
        "all": (design.matrix(rows.panel), rows.labels, design.matrix(today)),
        "strengths": len(STRENGTHS),
    }
    (kept / "matrices.pickle").write_bytes(pickle.dumps(ready))


def library(folder: Path, kept: Path) -> None:
    """The library on whichever matrices were made last."""
    from sklearn.linear_model import LogisticRegression

    ready = pickle.loads((kept / "matrices.pickle").read_bytes())
    began = time.perf_counter()
    said, came = [], []
    for past, labels, now, then in ready["folds"]:
        for strength in np.geomspace(0.01, 10, ready["strengths"]):
            fitted = LogisticRegression(C=strength, max_iter=1000).fit(past, labels)
        said.append(fitted.decision_function(now))
        came.append(then)
    LogisticRegression().fit(np.concatenate(said)[:, None], np.concatenate(came))
    rows, labels, today = ready["all"]
    LogisticRegression(max_iter=1000).fit(rows, labels).predict_proba(today)
    _note(kept, "library", {"s": time.perf_counter() - began, "columns": rows.shape[1], "learned": len(rows)})


STEPS: dict[str, Callable[[Path, Path], None]] = {
    "panel": panel, "fit": fit, "matrices": matrices, "library": library, "all matrices": all_matrices,
}  # fmt: skip
ORDER = {
    "panel": "panel", "fit": "fit", "matrices": "matrices", "library on the sampled rows": "library",
    "all matrices": "all matrices", "library": "library",
}  # fmt: skip


def _note(kept: Path, name: str, figures: Figures) -> None:
    (kept / f"{name}.json").write_text(json.dumps(figures))


def one(step: str, folder: Path, kept: Path) -> Figures:
    import pandas as pd  # noqa: F401 - loading libraries is not the work measured
    import sklearn.linear_model  # noqa: F401

    import enishi.metrics.api  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    STEPS[step](folder, kept)
    found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    noted = kept / f"{step}.json"
    more = json.loads(noted.read_text()) if noted.exists() else {}
    return {**found, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, **more}


def measured(step: str, folder: Path, kept: Path) -> Figures:
    command = [sys.executable, "-m", "tests.bench.bench_forecast", "--one", step]
    done = subprocess.run(
        [*command, "--folder", str(folder), "--kept", str(kept)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def run(folder: Path, events: int, accounts: int) -> dict[str, Any]:
    prepare(folder, events, accounts)
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        found: dict[str, Any] = {told: measured(step, folder, Path(name)) for told, step in ORDER.items()}
    ours = found["fit"]["fit s"] + found["fit"]["score s"]
    memory = max(found["fit"]["gigabytes"], found["panel"]["gigabytes"])
    found = {told: figures for told, figures in found.items() if "matrices" not in told}
    for peer in ("library on the sampled rows", "library"):
        pure = found[peer]["s"]
        found[f"fit, calibrate and score / {peer} (aim: at most 3)"] = ours / pure
        found[f"whole with the panel / {peer} (aim: at most 3)"] = (ours + found["panel"]["wall"]) / pure
        found[f"memory / {peer} (aim: at most 3)"] = memory / found[peer]["gigabytes"]
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kept", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.kept)))
        return
    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as name:
        folder = Path(os.environ.get("BENCH_CACHE") or name) / f"forecast-{options.events}-{options.accounts}"
        found = {"accounts": options.accounts, "snapshots": SNAPSHOTS}
        found |= run(folder, options.events, options.accounts)
    print(json.dumps(found) if options.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
