"""The outbox: once per key, again after failures, given up in the end, taken over from the dead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail

from enishi.accounts.models import Account, AuditLine, Contact, Member
from enishi.kit.clock import HandClock
from enishi.kit.errors import Conflict
from enishi.outreach.actions import cancel, record_consent, send_again, write_to_contact, write_to_member
from enishi.outreach.letters import Letter
from enishi.outreach.models import Message, Purpose
from enishi.outreach.rules import WAITS
from enishi.outreach.sending import send_due

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
LETTER = Letter(
    "件名", ("本文です。",), greeting="佐藤 直子 様", button="開く", address="https://enishi.example/x"
)
pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def member() -> Member:
    return Member.objects.create_user("sato@example.jp", None, language="ja")


def queue(member: Member, key: str = "k1") -> Message:
    return write_to_member(key, "test", member, LETTER, now=NOW)


def test_a_message_goes_out_once_in_text_and_html(member: Member, clock: HandClock) -> None:
    first, second = queue(member), queue(member)
    assert first.pk == second.pk
    assert send_due(clock) == {"sent": 1, "later": 0, "dead": 0}
    assert send_due(clock)["sent"] == 0
    (sent,) = mail.outbox
    assert sent.to == ["sato@example.jp"]
    assert "https://enishi.example/x" in sent.body
    assert "本文です。" in sent.alternatives[0][0]
    assert sent.extra_headers["Message-ID"].startswith("<")


def test_failures_are_tried_again_and_given_up(
    member: Member, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(member)

    def broken(self: Any, fail_silently: bool = False) -> int:
        raise SMTPServerDisconnected("no server")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", broken)
        for wait in WAITS:
            assert send_due(clock)["later"] == 1
            assert send_due(clock) == {"sent": 0, "later": 0, "dead": 0}, "not before its time"
            clock.advance(seconds=wait.total_seconds())
        assert send_due(clock)["dead"] == 1
    message = Message.objects.get()
    assert message.status == "dead"
    assert "no server" in message.error
    send_again(message, member, clock())
    assert send_due(clock)["sent"] == 1
    assert AuditLine.objects.filter(verb="message_sent_again").exists()


def test_a_claim_of_a_dead_sender_is_taken_over_with_the_same_id(member: Member, clock: HandClock) -> None:
    message = queue(member)
    Message.objects.filter(pk=message.pk).update(status="sending", claimed_at=NOW, attempts=1)
    clock.advance(minutes=14)
    assert send_due(clock)["sent"] == 0
    clock.advance(minutes=2)
    assert send_due(clock)["sent"] == 1


def test_contacts_need_consent_for_marketing(member: Member, clock: HandClock) -> None:
    account = Account.objects.create(name="花山", source="crm", outside_id="1")
    contact = Contact.objects.create(
        account=account, email="a@hanayama.example", source="crm", outside_id="c1"
    )

    def write(key: str) -> Message:
        return write_to_contact(
            key, "news", contact, LETTER, purpose=Purpose.MARKETING, language="ja", now=clock()
        )

    assert write("n1").status == "refused"
    record_consent(contact, True, source="form", actor=member, now=clock())
    assert write("n2").status == "queued"
    clock.advance(**{"minutes": 1})
    record_consent(contact, False, source="unsubscribe link", actor="contact", now=clock())
    assert write("n3").status == "refused"
    assert send_due(clock)["sent"] == 1


def test_a_sent_message_cannot_be_cancelled(member: Member, clock: HandClock) -> None:
    message = queue(member)
    send_due(clock)
    with pytest.raises(Conflict):
        cancel(message, member)
    waiting = queue(member, "k2")
    cancel(waiting, member)
    clock.advance(seconds=timedelta(days=1).total_seconds())
    assert send_due(clock)["sent"] == 0
