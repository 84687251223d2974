"""One shape of error for people and programs; headers on every answer; the door of pages."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from enishi.accounts.models import AuditLine, Member, Role, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    client = Client()
    client.force_login(
        Member.objects.create_user("v@example.jp", None, role=Role.VIEWER, scope=Scope.ALL, language="en")
    )
    return client


def test_pages_forbid_inline_code_and_framing(viewer: Client) -> None:
    answer = viewer.get("/me/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_refusal_is_a_page_for_people_and_json_for_programs(viewer: Client) -> None:
    page = viewer.get("/audit/")
    assert page.status_code == 403
    assert b"Your role does not open this page" in page.content
    told = viewer.get("/audit/", headers={"Accept": "application/json"})
    assert told.status_code == 403
    assert told.json()["error"] == "not_allowed"
    assert told.json()["request"] == told.headers["X-Request-Id"]
    by_htmx = viewer.get("/audit/", headers={"HX-Request": "true"})
    assert by_htmx.json()["message"]


def test_nobody_is_sent_to_sign_in_with_the_way_back() -> None:
    client = Client()
    assert client.get("/people/?q=a").headers["Location"] == "/sign-in/?next=%2Fpeople%2F%3Fq%3Da"
    by_htmx = client.get("/people/", headers={"HX-Request": "true"})
    assert by_htmx.status_code == 401
    assert by_htmx.headers["HX-Redirect"].startswith("/sign-in/")
    assert client.get("/people/", headers={"Accept": "application/json"}).status_code == 401


def test_not_found_names_the_address_in_the_readers_language(viewer: Client) -> None:
    assert "There is no page at /nothing/" in viewer.get("/nothing/").content.decode()
    japanese = Client(headers={"accept-language": "ja"}).get("/nothing/").content.decode()
    assert "/nothing/ というページはありません" in japanese


def test_a_form_without_its_token_is_refused_with_words() -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    answer = client.post("/language/", {"language": "en"})
    assert answer.status_code == 403
    assert b"This form has expired" in answer.content


def test_language_is_the_members_own(viewer: Client) -> None:
    assert b'<html lang="en"' in viewer.get("/me/").content
    viewer.post("/language/", {"language": "ja", "next": "https://elsewhere.example/"})
    assert Member.objects.get(email="v@example.jp").language == "ja"
    assert b'<html lang="ja"' in viewer.get("/me/").content
    away = viewer.post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/"


def test_audit_lines_carry_the_address(viewer: Client) -> None:
    viewer.post("/me/", {"family_name": "渡辺", "given_name": "結衣", "name_kana": "", "language": "ja"})
    line = AuditLine.objects.get(verb="member_changed")
    assert line.address == "127.0.0.1"
    assert line.detail["family_name"] == ["", "渡辺"]


def test_alive_and_ready() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert Client().get("/readyz").json()["database"] == "ok"


def test_attempts_on_other_addresses_do_not_push_a_lock_out_out(tmp_path):
    """The cache keeps the lock-outs; one that forgets at random beyond 300 entries could be flooded."""
    from django.core.cache.backends.filebased import FileBasedCache

    cache = FileBasedCache(str(tmp_path), settings.CACHES["default"])
    for number in range(600):
        cache.set(f"wrong-password:{number}", [1], 900)
    assert all(cache.get(f"wrong-password:{number}") for number in range(600))


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/people/5/hand-over/", "/people/5/"),
        ("/accounts/views/default/", "/accounts/"),
        ("/accounts/22/notes/add/", "/accounts/22/notes/"),
        ("/setup/keys/write/3/revoke/", "/setup/keys/write/3/"),
        ("/language/", "/"),
    ],
)
def test_the_address_of_a_form_s_answer_leads_to_its_page(address: str, page: str) -> None:
    boss = Client()
    boss.force_login(Member.objects.create_user("a@example.jp", None, role=Role.ADMIN, scope=Scope.ALL))
    assert boss.get(address, follow=True).redirect_chain[-1] == (page, 302)
    assert boss.get(address, headers={"HX-Request": "true"}).status_code == 405
