"""Alerts that must not wait for the night: judged for a few accounts as soon as their facts are in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from enishi.accounts.company import company_day, company_remembered
from enishi.accounts.models import RecordVersion
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.signals.book import SignalBook
from enishi.signals.context import Rules, load_rules
from enishi.signals.evidence import find_facts, newest_mentions
from enishi.signals.judging import judge
from enishi.signals.models import AccountState, Cursor, Signal
from enishi.signals.panel import living_accounts, living_rows, read_frame
from enishi.signals.states import ReasonWriter, needed_facts
from enishi.signals.turns import in_turn
from enishi.store.api import Published

CURSOR = "alerts"
LOOK_BACK = timedelta(days=2)
RELEVANT_KINDS = frozenset({"contact", "incident", "invoice", "ticket", "survey_answer", "subscription"})
"""Kinds of record whose arrival calls for a look at once."""


def check_alerts(
    account_ids: Collection[int], day: date, *, now: datetime, home: Home | None = None
) -> list[Signal]:
    """Judge causes and alerts of some accounts at once; returns the signals newly opened.

    Scores are left to the next pass: peers make them a matter of everyone. Causes and alerts compare an account with
    itself, and with what is common to all as the last pass found it, so they can be had for a few.
    """
    if not account_ids:
        return []
    home = home or Home.from_environment()
    with in_turn(home), company_remembered():
        rules = load_rules([])
        with KnownRecords(home) as records:
            frame = living_rows(read_frame(home, [day], rules, records=records, accounts=account_ids))
            facts = find_facts(records, needed_facts(rules), day) | newest_mentions(
                records, frame.mentions, day
            )
        judgement = judge(frame.rows, rules)
        writer = ReasonWriter(judgement, facts)
        book = SignalBook(account_ids)
        rows = frame.rows.index.to_numpy()
        book.advance(judgement, rows, writer, day, now)
        opened = book.write()
        _refresh_states(rules, judgement.accounts.tolist(), writer, book)
    return opened


def _refresh_states(rules: Rules, accounts: list[int], writer: ReasonWriter, book: SignalBook) -> None:
    """Show the new causes and alerts where lists read them."""
    states = {s.pk: s for s in AccountState.objects.filter(pk__in=accounts)}
    for row, account in enumerate(accounts):
        if (state := states.get(account)) is None:
            continue
        state.causes = writer.cause_entries(row, book.since(account))
        state.main_cause = state.causes[0]["cause"] if state.causes else ""
        state.alerts = [
            {"alert": alert.id, "since": signal.since.isoformat(), "evidence": signal.evidence}
            for alert in rules.causes.alerts
            if (signal := book.open.get((account, f"alert:{alert.id}")))
        ]
    AccountState.objects.bulk_update(states.values(), ["causes", "main_cause", "alerts"], batch_size=200)


def check_new_records(*, now: datetime, home: Home | None = None) -> list[Signal]:
    """Follow the records that came in since the last call and judge the accounts they concern, at once.

    Made to be called every minute: without news it costs one small read. Only versions that can already be read are
    followed; the rest waits for the next call. An incident that hit everyone concerns every account.
    """
    home = home or Home.from_environment()
    readable = Published(home).manifest.versions
    cursor, new = Cursor.objects.get_or_create(name=CURSOR, defaults={"position": readable})
    if new or cursor.position >= readable:
        return []
    fresh = RecordVersion.objects.filter(
        id__gt=cursor.position, id__lte=readable, kind__in=RELEVANT_KINDS, recorded_at__gte=now - LOOK_BACK
    )
    named = set(fresh.order_by().values_list("account_id", flat=True).distinct())
    accounts = living_accounts() if None in named else {number for number in named if number}
    opened = check_alerts(sorted(accounts), company_day(now), now=now, home=home)
    Cursor.objects.filter(name=CURSOR, position__lt=readable).update(position=readable)
    return opened
