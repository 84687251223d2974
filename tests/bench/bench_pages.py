"""Portfolio, Today and the tabs of one account in a book of 100,000: server CPU (median and 95th percentile), wall time
and database queries of each page.

Run ``make bench BENCH=pages`` or ``python -m tests.bench.bench_pages [accounts] [--json]``. It fills a data folder of its
own; ``ENISHI_BENCH_HOME`` names one to keep and use again. The account measured has two years of facts: a score a day,
200 contacts logged, 120 tickets, 24 invoices, 20 people. The goal is under 100 ms of server CPU for every page; ``first``
is the first call of a process that finds everything as the scoring left it.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

ACCOUNT = 7
TABS = ("", "people/", "revenue/", "tickets/", "timeline/", "notes/")
RECORDS = {"interaction": 200, "ticket": 120, "invoice": 24, "survey_answer": 16, "subscription": 2}
LISTS = {
    "first page": "all=1",
    "sorted by renewal": "sort=renewal",
    "sorted by a metric": "sort=-m.events_90&cols=score,m.events_90",
    "sorted by name": "sort=name",
    "red in one industry": "band=red&industry=製造",
    "rare name": "q=shouji99",
    "common word": "q=商事",
    "one alert": "alert=champion_gone",
    "renewal within 90 days": "renewal=90&sort=renewal",
    "word, band and metric": "q=商事&band=yellow&sort=-m.events_90",
    "page 100": "page=100",
}
MONEY = {
    "growth": "/growth/",
    "growth, one offer by name": "/growth/?offer=more_seats&sort=name",
    "growth, page 100": "/growth/?page=100",
    "growth, common word": "/growth/?q=商事",
    "fit": "/revenue/fit/",
    "fit accounts": "/revenue/fit/accounts/",
    "fit accounts, all by score": "/revenue/fit/accounts/?what=all&sort=sale",
    "fit accounts, one channel by name": "/revenue/fit/accounts/?what=all&channel=Web&sort=name",
    "relationships": "/accounts/relations/",
    "texts": "/health/texts/",
    "value accounts": "/revenue/value/accounts/",
    "unit economics": "/revenue/value/",
    "revenue forecast": "/revenue/forecast/",
    "executive": "/executive/",
}
TIMES = 20


def prepare() -> None:
    os.environ["ENISHI_HOME"] = os.environ.get("ENISHI_BENCH_HOME") or tempfile.mkdtemp(
        prefix="enishi-bench-"
    )
    os.environ["DJANGO_SETTINGS_MODULE"] = "enishi.web.settings"
    import django

    django.setup()


def fill(accounts: int) -> None:
    """A book of that size, scored, with what the worker makes ready after a scoring."""
    from django.core.management import call_command

    from enishi.accounts.models import Account
    from enishi.cli.chores import refresh_statistics
    from enishi.cli.ready import OF_LATE, make_ready
    from enishi.kit.home import Home
    from enishi.signals.models import ScoringRun
    from enishi.web.pages.portfolio.ranks import forget_ranks
    from tests.bench.portfolio_rows import fill_book

    Home.from_environment().prepare()
    call_command("migrate", verbosity=0)
    if Account.objects.count() < accounts:
        fill_book(accounts)
        refresh_statistics()
    now = datetime.now(UTC)
    ScoringRun.objects.create(day=now.date(), status="done", finished_at=now)
    enrich(ACCOUNT)
    judge(accounts, now)
    make_ready(now, OF_LATE)
    forget_ranks()


def judge(accounts: int, now: datetime) -> None:
    """What the rooms of forecasts and money keep of each account, and the statement of revenue they would have made."""
    from enishi.cli.chores import refresh_statistics
    from enishi.definitions.api import install_defaults
    from enishi.outlook.api import forecast_today
    from enishi.value.models import AccountValue
    from tests.bench.judged_rows import fill_contracts, fill_judgements

    if AccountValue.objects.count() >= accounts:
        return
    install_defaults("system", now)
    fill_judgements(accounts, now)
    fill_contracts(accounts, now)
    refresh_statistics()
    forecast_today(now)


def pages() -> dict[str, tuple[str, str]]:
    """Name of each page -> who opens it, and its address."""
    lists = {f"portfolio, {name}": ("chief", f"/accounts/?{ask}") for name, ask in LISTS.items()}
    return {
        "Today, everyone": ("chief", "/?view=all"),
        "Today, own book": ("csm3", "/"),
        **{
            f"account, {tab.strip('/') or 'overview'}": ("chief", f"/accounts/{ACCOUNT}/{tab}")
            for tab in TABS
        },
        **lists,
        "portfolio, own book of a CSM": ("csm3", "/accounts/?all=1"),
        **{name: ("chief", path) for name, path in MONEY.items()},
        "growth, own book of a CSM": ("csm3", "/growth/"),
        "fit accounts, own book of a CSM": ("csm3", "/revenue/fit/accounts/?what=all"),
    }


def run(accounts: int = 100_000) -> dict[str, dict[str, float]]:
    """Open every page as the manager who sees all, or as a CSM with a book of their own."""
    prepare()
    from django.test import Client

    from enishi.accounts.models import Member

    fill(accounts)
    results = {}
    for name, (who, path) in pages().items():
        client = Client(headers={"host": "localhost"})
        client.force_login(Member.objects.get(email=f"{who}@bench.example"))

        def open_page(client: Client = client, path: str = path) -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        results[name] = {**measure(open_page), "queries": count_queries(open_page)}
    return results


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


def count_queries(call: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        call()
    return len(seen)


def enrich(number: int) -> None:
    """Two years of facts for one account."""
    from enishi.accounts.models import Account, Contact, Record
    from enishi.definitions.api import install_defaults
    from enishi.definitions.models import DefinitionVersion
    from enishi.signals.models import HealthScore
    from tests.bench.portfolio_rows import LINES

    if Record.objects.filter(account=number).exists():
        return
    now, account = datetime.now(UTC), Account.objects.get(pk=number)
    install_defaults("system", now)
    card = DefinitionVersion.objects.get(definition__kind="scorecard", definition__slug="default")
    HealthScore.objects.bulk_create(
        HealthScore(
            account=account, scorecard="default", version=card, day=now.date() - timedelta(days=days),
            tenths=600 + days % 50, band="yellow", coverage=0.9, lines=LINES if days < 40 else [],
        )
        for days in range(730)
    )  # fmt: skip
    Contact.objects.bulk_create(
        Contact(
            account=account, family_name="山田", given_name=f"太郎{n}", role="user", source="bench", outside_id=f"p{n}",
            since=now.date() - timedelta(days=700),
        )
        for n in range(20)
    )  # fmt: skip
    Record.objects.bulk_create(
        Record(
            kind=kind, account=account, source="bench", outside_id=f"{kind}{n}",
            happened_at=now - timedelta(days=3 * n + 1), data=_data(kind, now.date() - timedelta(days=3 * n + 1)),
        )
        for kind, count in RECORDS.items()
        for n in range(count)
    )  # fmt: skip


def _data(kind: str, on: date) -> dict[str, object]:
    day, at = on.isoformat(), f"{on.isoformat()}T01:00:00+00:00"
    return {
        "interaction": {"type": "call", "two_way": True, "minutes": 20, "occurred_at": at, "subject": "ご利用状況の確認", "body": "来月の予定を伺った。" * 4},
        "ticket": {"subject": "帳票の表示が遅い", "body": "月次の帳票が表示されるまで10分かかります。" * 3, "severity": "high", "opened_at": at, "resolved_at": at},
        "invoice": {"amount": "120000", "currency": "JPY", "issued_on": day, "due_on": day, "paid_on": day},
        "survey_answer": {"measure": "nps", "score": 7, "answered_at": at, "comment": "便利です。"},
        "subscription": {"product": "desk", "plan": "Business", "amount": "120000", "currency": "JPY", "interval": "month", "recurring": True, "seats": 40, "started_on": "2024-01-01"},
    }[kind]  # fmt: skip


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    found = run(*sizes[:1])
    if "--json" in sys.argv:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, figures in found.items():
            print(f"{name:36s}", "  ".join(f"{key} {value:7.1f}" for key, value in figures.items()))
