"""The portfolio at 100,000 accounts: server CPU (median and 95th percentile) and wall time of each kind of page.

Run ``make bench`` or ``python -m tests.bench.bench_portfolio [accounts]``. It works in a data folder of its own.
The goal is under 100 ms of server CPU for a page; the first page after a scoring also counts the book anew.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

ASKS = {
    "first page": "all=1",
    "own book of a CSM": "all=1",
    "sorted by renewal": "sort=renewal",
    "sorted by a metric": "sort=-m.events_90&cols=score,m.events_90",
    "sorted by name": "sort=name",
    "red in one industry": "band=red&industry=製造",
    "rare name": "q=shouji99",
    "common word": "q=商事",
    "an alert": "alert=champion_gone",
    "renewal within 90 days": "renewal=90&sort=renewal",
    "word, band and metric": "q=商事&band=yellow&sort=-m.events_90",
    "page 100": "page=100",
}
TIMES = 20


def prepare() -> None:
    os.environ["ENISHI_HOME"] = os.environ.get("ENISHI_BENCH_HOME") or tempfile.mkdtemp(
        prefix="enishi-bench-"
    )
    os.environ["DJANGO_SETTINGS_MODULE"] = "enishi.web.settings"
    import django

    django.setup()


def measure(call: Callable[[], Any]) -> dict[str, float]:
    """CPU milliseconds of the first call, median and 95th percentile of the further ones, and the slowest wall time."""
    cpu, wall = [], []
    for _ in range(TIMES + 1):
        c, w = time.process_time(), time.perf_counter()
        call()
        cpu.append((time.process_time() - c) * 1000)
        wall.append((time.perf_counter() - w) * 1000)
    further = sorted(cpu[1:])
    return {
        "first": round(cpu[0], 1),
        "cpu": round(further[TIMES // 2], 1),
        "p95": round(further[math.ceil(0.95 * TIMES) - 1], 1),
        "wall": round(max(wall[1:]), 1),
    }


def run(accounts: int = 100_000) -> dict[str, dict[str, float]]:
    """Fill a book and open every kind of page of it as a manager who sees all."""
    prepare()
    from django.core.management import call_command
    from django.test import Client

    from enishi.accounts.models import Account, Member
    from enishi.cli.chores import refresh_statistics
    from enishi.kit.home import Home
    from tests.bench.portfolio_rows import fill_book

    Home.from_environment().prepare()
    call_command("migrate", verbosity=0)
    if Account.objects.count() < accounts:
        fill_book(accounts)
        refresh_statistics()
    chief, csm = (
        Member.objects.get(email="chief@bench.example"),
        Member.objects.get(email="csm3@bench.example"),
    )
    results = {}
    for name, ask in ASKS.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(csm if "CSM" in name else chief)

        def open_page(client: Client = client, ask: str = ask) -> None:
            answer = client.get(f"/accounts/?{ask}")
            assert answer.status_code == 200, answer.status_code

        results[name] = measure(open_page)
    return results


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    found = run(*sizes[:1])
    if "--json" in sys.argv:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, times in found.items():
            print(
                f"{name:24s} cpu {times['cpu']:7.1f} ms   p95 {times['p95']:7.1f} ms   first {times['first']:7.1f} ms   wall {times['wall']:7.1f} ms"
            )
