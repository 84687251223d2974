"""What time settles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Contact, Member, Record, RecordVersion
from enishi.accounts.settling import roll_terms, settle_references
from enishi.store.kinds import KINDS

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def save(kind, *rows, now=NOW):
    return save_records(KINDS[kind], rows, source="crm", actor="test", now=now)


def test_an_owner_a_parent_and_a_contact_are_found_when_they_come():
    save("account", {"id": "a", "name": "A", "owner": "ken@vendor.example", "parent": "top"})
    save("ticket", {"id": "t", "account": "a", "contact": "c@a.example", "opened_at": NOW})
    assert settle_references(NOW) == 0
    ken = Member.objects.create_user("ken@vendor.example")
    save("account", {"id": "top", "name": "Top"})
    save("contact", {"id": "c", "account": "a", "email": "c@a.example"})
    assert settle_references(LATER) == 3
    account = Account.objects.get(outside_id="a")
    assert (account.owner, account.parent.outside_id, account.extra) == (ken, "top", {})
    assert Record.objects.get().contact == Contact.objects.get()
    assert settle_references(LATER) == 0


def test_an_owner_who_stands_keeps_the_customer_when_the_one_a_file_named_joins():
    ono = Member.objects.create_user("ono@vendor.example")
    save("account", {"id": "a", "name": "A", "owner": "ono@vendor.example"})
    save("account", {"id": "a", "owner": "ken@vendor.example"}, now=LATER)
    Member.objects.create_user("ken@vendor.example")
    assert settle_references(LATER) == 0
    assert Account.objects.get().owner == ono


def test_a_price_from_next_month_shows_when_the_month_comes():
    save("account", {"id": "a", "name": "A"})
    first = {"id": "s", "account": "a", "amount": 1000, "started_on": "2025-01-01"}
    save("subscription", first, {**first, "amount": 2000, "effective_on": "2026-05-25"})
    assert Record.objects.get().data["amount"] == "1000"
    assert roll_terms(NOW) == 0
    count = RecordVersion.objects.count()
    assert roll_terms(LATER) == 1
    assert Record.objects.get().data["amount"] == "2000"
    assert (roll_terms(LATER), RecordVersion.objects.count()) == (0, count)
