"""The outbox page: what was given up is seen and tried again; sign-in links are nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from enishi.accounts.models import Member, Role, Scope
from enishi.outreach.api import Letter, Message, write_to_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Member:
    return Member.objects.create_user("sato@example.jp", None, role=Role.ADMIN, scope=Scope.ALL)


@pytest.fixture
def client(admin: Member) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def write(admin: Member, kind: str) -> Message:
    return write_to_member(kind, kind, admin, Letter("件名です", ("秘密の文",)), now=timezone.now())


def test_given_up_is_seen_and_tried_again(client: Client, admin: Member) -> None:
    message = write(admin, "news")
    Message.objects.update(status="dead", error="SMTPServerDisconnected: no server")
    assert "件名です" in client.get("/outbox/?status=dead").content.decode()
    assert "件名です" not in client.get("/outbox/?status=sent").content.decode().partition("<tbody>")[2]
    page = client.get(f"/outbox/{message.pk}/").content.decode()
    assert "no server" in page
    assert "秘密の文" in page
    client.post(f"/outbox/{message.pk}/again/")
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 0)
    client.post(f"/outbox/{message.pk}/cancel/")
    assert client.post(f"/outbox/{message.pk}/again/").status_code == 409


def test_sign_in_links_are_not_shown(client: Client, admin: Member) -> None:
    message = write(admin, "invitation")
    assert "秘密の文" not in client.get(f"/outbox/{message.pk}/").content.decode()
