"""The door under attack: codes and links work once, sessions change hands with nobody, and nothing tells who exists."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from enishi.accounts.models import Member
from enishi.outreach.models import Message

pytestmark = pytest.mark.django_db

MAIL, PASSWORD = "tanaka@vendor.example", "nagai-tabiji-2026"


@pytest.fixture
def member() -> Member:
    return Member.objects.create_user(MAIL, PASSWORD, language="en", given_name="Emily")


@pytest.fixture
def secret(member: Member) -> str:
    made = generate_totp_secret()
    TOTP.activate(member, made)
    RecoveryCodes.activate(member)
    return made


def sign_in(password: str = PASSWORD, mail: str = MAIL, **more: str) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": mail, "password": password, **more})
    return client


def is_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def code_of(secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1 + ahead]))


def test_the_password_alone_does_not_open_what_has_a_second_factor(secret: str) -> None:
    client = sign_in()
    assert not is_in(client)
    client.post("/sign-in/factor/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_code_works_once_for_as_long_as_it_would_be_taken(secret: str) -> None:
    """Codes of the neighbouring half minutes are taken too, so one must be remembered that much longer."""
    code = code_of(secret, ahead=1)
    first = sign_in()
    first.post("/sign-in/factor/", {"code": code})
    assert is_in(first)
    cache.delete_many(
        [f"allauth.mfa.totp.used?user={Member.objects.get().pk}&code={code}"]
    )  # its half minute is over
    second = sign_in()
    second.post("/sign-in/factor/", {"code": f" {code} "})
    assert not is_in(second)


def test_guessing_codes_locks(secret: str) -> None:
    client = sign_in()
    for guess in range(6):
        client.post("/sign-in/factor/", {"code": f"{guess:06}"})
    client.post("/sign-in/factor/", {"code": code_of(secret)})
    assert not is_in(client)
    again = sign_in()  # the right password does not lift it
    again.post("/sign-in/factor/", {"code": code_of(secret)})
    assert not is_in(again)


def test_a_recovery_code_works_once(member: Member, secret: str) -> None:
    code = RecoveryCodes.activate(member).generate_codes()[3]
    first = sign_in()
    first.post("/sign-in/factor/", {"code": code})
    assert is_in(first)
    second = sign_in()
    second.post("/sign-in/factor/", {"code": code})
    assert not is_in(second)


@pytest.mark.usefixtures("member")
def test_a_session_from_before_is_worth_nothing_after() -> None:
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"login": MAIL, "password": "wrong"})
    before = client.cookies.get(settings.SESSION_COOKIE_NAME)
    planted = before.value if before else ""
    client.post("/sign-in/", {"login": MAIL, "password": PASSWORD})
    assert is_in(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not is_in(other)


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "https:evil.example",
        "javascript:alert(1)", "///evil.example", "http://localhost:9999/", "http://[::1]/", " //evil.example",
        "https://testserver@evil.example/", "\t//evil.example",
    ],
)  # fmt: skip
def test_the_way_back_leads_nowhere_else(elsewhere: str) -> None:
    client = Client()
    answer = client.post("/sign-in/", {"login": MAIL, "password": PASSWORD, "next": elsewhere})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    answer = client.post("/language/", {"language": "en", "next": elsewhere})
    assert answer.headers["Location"] == "/"


@pytest.mark.usefixtures("member")
def test_the_way_back_leads_to_our_own_pages() -> None:
    answer = Client().post("/sign-in/", {"login": MAIL, "password": PASSWORD, "next": "/accounts/?q=a"})
    assert answer.headers["Location"] == "/accounts/?q=a"


def reset_link(client: Client) -> str:
    client.post("/password/reset/", {"email": MAIL})
    found = re.search(r"https?://\S+/password/reset/\S+", Message.objects.latest("pk").text)
    assert found
    return found[0]


@pytest.mark.usefixtures("member")
def test_the_link_for_a_new_password_stands_on_our_own_address() -> None:
    """Whoever asks may say any host; the letter goes to somebody else."""
    assert reset_link(Client(headers={"host": "localhost"})).startswith(settings.CONFIGURATION.url + "/")


def follow(link: str, password: str) -> int:
    client = Client()
    answer = client.get(link.removeprefix(settings.CONFIGURATION.url), follow=True)
    if answer.redirect_chain:
        return client.post(
            answer.redirect_chain[-1][0], {"password1": password, "password2": password}
        ).status_code
    return answer.status_code


@pytest.mark.usefixtures("member")
def test_a_new_password_ends_other_sessions_and_the_link_works_once() -> None:
    thief = sign_in()
    assert is_in(thief)
    link = reset_link(Client())
    assert follow(link, "atarashii-michi-77") == 302
    assert not is_in(thief)
    assert is_in(sign_in("atarashii-michi-77"))
    follow(link, "mata-betsu-no-88")
    assert not is_in(sign_in("mata-betsu-no-88"))


def shown(answer: Any) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    return re.sub(r"(tanaka|nobody)@vendor\.example|csrf[^\"' >]*|nonce-\S+|[0-9a-zA-Z]{64}", "", text)


@pytest.mark.usefixtures("member")
def test_no_answer_tells_which_addresses_are_members() -> None:
    asked, signed = [], []
    for mail in (MAIL, "nobody@vendor.example"):
        client = Client()
        answer = client.post("/password/reset/", {"email": mail}, follow=True)
        asked.append((answer.status_code, answer.redirect_chain, shown(answer)))
        answer = client.post("/sign-in/", {"login": mail, "password": "wrong-wrong-1"})
        signed.append((answer.status_code, shown(answer)))
    assert asked[0] == asked[1]
    assert signed[0] == signed[1]
    assert Message.objects.count() == 1


def test_an_invited_member_cannot_sign_in_or_reset_before_accepting() -> None:
    Member.objects.create_user("new@vendor.example", None, is_active=False)
    client = Client()
    client.post("/password/reset/", {"email": "new@vendor.example"})
    client.post("/sign-in/", {"login": "new@vendor.example", "password": ""})
    assert not Message.objects.exists()
    assert not is_in(client)
