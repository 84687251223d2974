"""``make bench``: run every ``bench_*.py`` here, one after the other, and print all results as one table.

Each runs in a process of its own with ``--json`` and prints one JSON object as its last line. Names on the command
line choose among them. Trust the ratios of one run, not the seconds of two.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def benches(wanted: list[str]) -> list[str]:
    """Names of the measurements, without ``bench_``."""
    every = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    if unknown := set(wanted) - set(every):
        raise SystemExit(f"There is no bench {', '.join(sorted(unknown))}. Choose among: {', '.join(every)}")
    return [name for name in every if not wanted or name in wanted]


def run(name: str) -> tuple[dict[str, Any] | None, float]:
    """The JSON a measurement printed last, or None where it failed; and its seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.bench_{name}", "--json"],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": "src"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    found = json.loads(lines[-1]) if done.returncode == 0 and lines else None
    return found, time.monotonic() - began


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every number of a JSON object with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path} · {key}" if path else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            name = inner.get("name", place) if isinstance(inner, dict) else place
            yield from flat(inner, f"{path} · {name}")
    elif isinstance(value, bool | int | str) and not isinstance(value, float):
        yield path, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    elif isinstance(value, float):
        yield path, f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def main() -> int:
    names = benches(sys.argv[1:])
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores", flush=True)
    failed = []
    for name in names:
        print(f"\n{name} ...", flush=True)
        found, seconds = run(name)
        if found is None:
            failed.append(name)
            print(f"  failed after {seconds:.0f} s", flush=True)
            continue
        for path, value in flat(found):
            if not path.endswith("· name"):
                print(f"  {path:<76} {value:>16}", flush=True)
        print(f"  ({seconds:.0f} s)", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
