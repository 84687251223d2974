"""In which language somebody reads before and after the first sign-in, and that who has no name is asked for it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.web.models import Invitation

pytestmark = pytest.mark.django_db

MAIL, PASSWORD = "boss@vendor.example", "nagai-tabiji-2026"


def sign_in(language: str, then: str = "") -> tuple[Client, str]:
    """A browser that speaks a language, and where signing in leads to."""
    client = Client(headers={"Accept-Language": language})
    answer = client.post(f"/sign-in/?next={then}", {"login": MAIL, "password": PASSWORD, "next": then})
    return client, answer.headers["Location"]


@pytest.mark.parametrize(
    ("asked", "told"), [("en-GB", "en"), ("fr, ja;q=0.5", "ja"), ("de", "en"), ("", "en")]
)
def test_a_visitor_reads_as_the_browser_says_or_else_the_company(asked: str, told: str) -> None:
    company = get_company()
    company.language = "en"
    company.save()
    page = Client(headers={"Accept-Language": asked} if asked else {}).get("/sign-in/").content.decode()
    assert f'<html lang="{told}"' in page


def test_who_was_added_on_the_command_line_keeps_the_language_of_the_first_sign_in_page() -> None:
    member = Member.objects.create_user(MAIL, PASSWORD, language="en", given_name="Emily")
    for asked, kept in (("ja", "ja"), ("en", "ja")):
        assert sign_in(asked)[1] == "/"
        member.refresh_from_db()
        assert member.language == kept


def test_who_was_invited_keeps_what_they_chose() -> None:
    member = Member.objects.create_user(MAIL, PASSWORD, language="en", given_name="Emily")
    now = timezone.now()
    Invitation.objects.create(member=member, digest="x", invited_by=member, sent_at=now, expires_at=now)
    sign_in("ja")
    member.refresh_from_db()
    assert member.language == "en"


def test_who_has_no_name_is_asked_for_it_and_goes_on() -> None:
    member = Member.objects.create_user(MAIL, PASSWORD, language="en")
    assert member.full_name == "boss"
    client, asked = sign_in("en", "/setup/")
    assert asked == "/me/?next=%2Fsetup%2F"
    assert "Your name is not known yet" in client.get(asked).content.decode()
    named = {"family_name": "Ward", "given_name": "Emily", "language": "en"}
    assert client.post(asked, named).headers["Location"] == "/setup/"
    assert sign_in("en", "/setup/")[1] == "/setup/"
