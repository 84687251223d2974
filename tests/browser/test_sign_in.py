"""Journeys through sign-in: second factor, lock-out, invitation, reset, sessions."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time

import pytest

from tests.browser.checks import check_page
from tests.browser.conftest import Open, Server, Window
from tests.browser.seed import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADMIN = "sato@soratech.example"


def code_of(secret: str, at: float | None = None) -> str:
    """What an authenticator app shows (RFC 6238, 30 s, six digits)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int((at or time.time()) // 30))
    digest = hmac.new(key, counter, "sha1").digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def sign_in(window: Window, email: str, password: str = PASSWORD) -> None:
    page = window.go("/sign-in/")
    page.fill("#id_login", email)
    page.fill("#id_password", password)
    page.click("main button.btn-primary")
    window.settle()


def confirm(window: Window) -> None:
    """Give the password again where the page asks for it."""
    if "/me/confirm/" in window.page.url:
        window.page.fill("input[type=password]", PASSWORD)
        window.page.locator("main form button.btn-primary").click()
        window.settle()


def test_second_factor_from_switching_on_to_signing_in(open_window: Open) -> None:
    window = open_window()
    sign_in(window, "watanabe@soratech.example")
    page = window.go("/me/factor/")
    check_page(window, "factor")
    page.get_by_role("link", name="有効にする").click()
    window.settle()
    confirm(window)
    check_page(window, "factor-app")
    secret = page.input_value("#authenticator_secret")
    page.fill("input[name=code]", "000000")
    page.locator("main form button.btn-primary").click()
    window.settle()
    assert page.locator(".field-error").first.inner_text().strip()
    secret = page.input_value("#authenticator_secret")
    page.fill("input[name=code]", code_of(secret))
    page.locator("main form button.btn-primary").click()
    window.settle()
    check_page(window, "recovery-codes")
    codes = re.findall(r"\d{8}", page.locator("#codes").inner_text())
    assert len(codes) == 10

    later = open_window(language="en")
    sign_in(later, "watanabe@soratech.example")
    assert later.page.url.endswith("/sign-in/factor/")
    check_page(later, "second-factor")
    later.page.fill("#id_code", codes[0])
    later.page.locator("main button.btn-primary").click()
    later.settle()
    assert later.page.locator("nav.side").count() == 1
    again = open_window(language="en")
    sign_in(again, "watanabe@soratech.example")
    again.page.fill("#id_code", codes[0])
    again.page.locator("main button.btn-primary").click()
    again.settle()
    assert again.page.locator("#id_code_error").is_visible(), "a recovery code works once"


def test_wrong_passwords_lock_with_a_message(open_window: Open) -> None:
    window = open_window()
    for _ in range(5):
        sign_in(window, "ito@soratech.example", "wrong-password-1")
        assert "正しくありません" in window.page.locator(".notice-danger").inner_text()
    sign_in(window, "ito@soratech.example")
    assert "あと約15分" in window.page.locator(".notice-danger").inner_text()
    check_page(window, "locked")


def _link(server: Server, kind: str, address: str) -> str:
    """The link of the latest mail of a kind, read as its receiver would."""
    text = server.ask(
        "SELECT text FROM outreach_message WHERE kind = ? AND address = ? ORDER BY id DESC LIMIT 1",
        kind,
        address,
    )[0][0]
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found[0].removeprefix(server.url)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_invitation_from_sending_to_working(open_window: Open, server: Server, language: str) -> None:
    address = f"kato-{language}@soratech.example"
    admin = open_window(ADMIN, language=language)
    page = admin.go("/people/")
    page.locator("button[data-opens=invite]").click()
    page.wait_for_selector("#invite[open]")
    check_page(admin, "invite")
    page.fill("#invite #id_email", address)
    page.select_option("#invite #id_role", "csm")
    page.select_option("#invite #id_language", language)
    page.locator("#invite form button.btn-primary").click()
    admin.settle()
    assert address in page.locator("#toasts").inner_text()
    assert address in page.locator("table.grid").inner_text()
    subject = server.ask("SELECT subject FROM outreach_message WHERE address = ?", address)[0][0]
    assert ("招待" if language == "ja" else "invites") in subject

    old = _link(server, "invitation", address)
    row = page.locator("tr", has_text=address)
    row.locator("form button").click()
    admin.settle()
    invited = open_window(language=language, quiet=True)
    invited.go(old)
    assert invited.page.locator("#id_password").count() == 0, "the earlier link stops working"
    invited = open_window(language=language)
    invited.go(_link(server, "invitation", address))
    check_page(invited, "invitation")
    form = invited.page
    form.fill("#id_family_name", "加藤")
    form.fill("#id_given_name", "蓮")
    form.fill("#id_password", "12345")
    form.locator("main button.btn-primary").click()
    invited.settle()
    invited.complaints.clear()  # the browser reports the 422 of a form sent back with its errors
    assert form.locator("#id_password_error").is_visible()
    form.fill("#id_password", "yama-to-kawa-2026")
    form.locator("main button.btn-primary").click()
    invited.settle()
    sign_in(invited, address, "yama-to-kawa-2026")
    assert form.locator(".side-person").inner_text().startswith("加")
    assert form.locator("html").get_attribute("lang") == language


def test_password_reset_by_mail(open_window: Open, server: Server) -> None:
    window = open_window()
    page = window.go("/password/reset/")
    page.fill("input[type=email]", "tanaka@soratech.example")
    page.locator("main button.btn-primary").click()
    window.settle()
    check_page(window, "password-reset-sent")
    window.go(_link(server, "password_reset_key", "tanaka@soratech.example"))
    check_page(window, "password-new")
    for name in ("password1", "password2"):
        page.fill(f"input[name={name}]", "atarashii-kotoba-26")
    page.locator("main button.btn-primary").click()
    window.settle()
    sign_in(window, "tanaka@soratech.example", "atarashii-kotoba-26")
    assert page.locator("nav.side").count() == 1


def test_sessions_are_listed_and_ended(open_window: Open) -> None:
    first, second = open_window(), open_window()
    for window in (first, second):
        sign_in(window, "takahashi@soratech.example")
    page = first.go("/me/sessions/")
    assert page.locator("table.grid tbody tr").count() >= 2
    page.locator("main form button.btn-primary").click()
    first.settle()
    second.go("/me/")
    assert "/sign-in/" in second.page.url


def test_company_settings_are_saved_and_previewed(open_window: Open) -> None:
    window = open_window(ADMIN, language="en")
    page = window.go("/setup/company/")
    page.select_option("#id_holiday_country", "DE")
    page.locator("#holidays-list").get_by_text("Tag der Deutschen Einheit").or_(
        page.locator("#holidays-list").get_by_text("German Unity Day")
    ).first.wait_for()
    page.select_option("#id_holiday_country", "JP")
    page.select_option("#id_fiscal_year_start", "1")
    page.fill("#id_extra_holidays", "2026-12-29 Winter break\nsoon")
    page.locator("#company form button.btn-primary").click()
    window.settle()
    window.complaints.clear()  # the browser reports the 422 of a form sent back with its errors
    assert "soon" in page.locator("#id_extra_holidays_error").inner_text()
    page.fill("#id_extra_holidays", "2026-12-29 Winter break")
    page.fill("#id_gross_margin", "72.5")
    page.locator("#company form button.btn-primary").click()
    window.settle()
    assert page.input_value("#id_gross_margin") == "72.5"
    assert page.input_value("#id_extra_holidays") == "2026-12-29 Winter break"
    window.go("/audit/?verb=company_changed")
    assert "80.0% → 72.5%" in page.locator("table.grid").inner_text()
