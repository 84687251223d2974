"""When a session was last used: noted without a write per page, and at once where it is used from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from enishi.accounts.models import Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(Member.objects.create(email="a@b.example", role="manager", scope="all"))
    client.get("/me/", headers={"User-Agent": "first"})
    return client


def back_date(minutes: int) -> UserSession:
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=minutes))
    return UserSession.objects.get()


def test_a_page_soon_after_writes_nothing(browser: Client) -> None:
    before = back_date(minutes=4)
    browser.get("/me/", headers={"User-Agent": "first"})
    assert UserSession.objects.get().last_seen_at == before.last_seen_at


def test_a_page_later_is_noted(browser: Client) -> None:
    before = back_date(minutes=6)
    browser.get("/me/", headers={"User-Agent": "first"})
    assert UserSession.objects.get().last_seen_at > before.last_seen_at


def test_another_browser_or_address_is_noted_at_once(browser: Client) -> None:
    browser.get("/me/", headers={"User-Agent": "second"})
    assert UserSession.objects.get().user_agent == "second"
    browser.get("/me/", headers={"User-Agent": "second"}, REMOTE_ADDR="192.0.2.9")
    assert UserSession.objects.get().ip == "192.0.2.9"
