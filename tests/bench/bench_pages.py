"""Today and the tabs of one account in a book of 100,000: server CPU (median and 95th percentile) and wall time.

Run ``make bench`` or ``python -m tests.bench.bench_pages [accounts]``. The account measured has two years of facts: a
score a day, 200 contacts logged, 120 tickets, 24 invoices, 20 people. The goal is under 100 ms of server CPU.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta

from tests.bench.bench_portfolio import measure, prepare

ACCOUNT = 7
TABS = ("", "people/", "revenue/", "tickets/", "timeline/", "notes/")
RECORDS = {"interaction": 200, "ticket": 120, "invoice": 24, "survey_answer": 16, "subscription": 2}


def run(accounts: int = 100_000) -> dict[str, dict[str, float]]:
    """Fill a book and open each page as the manager who sees all; Today also as a CSM with a book of their own."""
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
    enrich(ACCOUNT)
    chief, csm = (Member.objects.get(email=f"{name}@bench.example") for name in ("chief", "csm3"))
    pages = {"Today, everyone": (chief, "/?view=all"), "Today, own book": (csm, "/")} | {
        f"account {tab.strip('/') or 'overview'}": (chief, f"/accounts/{ACCOUNT}/{tab}") for tab in TABS
    }
    results = {}
    for name, (member, path) in pages.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(member)

        def open_page(client: Client = client, path: str = path) -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        results[name] = measure(open_page)
    return results


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
        for name, times in found.items():
            print(f"{name:20s}", "  ".join(f"{key} {value:7.1f} ms" for key, value in times.items()))
