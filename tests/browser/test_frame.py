"""The frame around every page: sign-in page, command palette, keys, theme."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.checks import check_page
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADMIN = "sato@soratech.example"


def test_sign_in_page_in_both_languages(open_window: Open) -> None:
    for language in ("ja", "en"):
        for size in ("desk", "phone"):
            window = open_window(language=language, size=size)
            window.go("/sign-in/")
            assert window.page.locator("html").get_attribute("lang") == language
            check_page(window, "sign-in")
    window.go("/password/reset/")
    check_page(window, "password-reset")


def test_palette_finds_by_kana_and_latin_letters(open_window: Open) -> None:
    window = open_window(ADMIN)
    page = window.go("/setup/")
    page.keyboard.press("/")
    page.wait_for_selector("#palette[open] [role=option]")
    name = page.locator("#palette .palette-name").first.inner_text()
    reading = page.locator("#palette [role=option] small").first.inner_text()
    page.fill("#palette input", reading[:3])
    page.wait_for_function(
        "name => document.querySelector('#palette .palette-name')?.textContent === name", arg=name
    )
    check_page(window, "palette")
    page.fill("#palette input", "kansa")
    page.locator("#palette [role=option]").filter(has_text="監査ログ").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/")


def test_keyboard_goes_and_helps(open_window: Open) -> None:
    window = open_window(ADMIN)
    page = window.go("/setup/")
    page.keyboard.press("?")
    assert page.locator("#keys[open]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/people/")
    window.settle()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr.row-at").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/*/")


def test_theme_is_chosen_and_kept(open_window: Open) -> None:
    window = open_window(ADMIN)
    page = window.go("/setup/")
    page.locator(".side-person summary").click()
    page.locator(".side-person [data-theme-choice=dark]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.reload()
    window.settle()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_palette_leads_to_people_and_actions(open_window: Open) -> None:
    """A person by romaji and by half-width kana, an action by its reading; nothing of accounts out of sight."""
    window = open_window("takahashi@soratech.example")
    page = window.go("/")
    page.keyboard.press("Control+k")
    options = page.locator("#palette [role=option]")
    for typed in ("yamamoto", "ﾔﾏﾓﾄ", "山本"):
        page.fill("#palette input", typed)
        expect(options.first).to_contain_text("山本 太一")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/#contact-*")
    window.settle()
    expect(page.locator(":target")).to_contain_text("山本 太一")
    page.keyboard.press("/")
    page.fill("#palette input", "naniwa")
    expect(options.filter(has_text="浪速物産")).to_have_count(0)
    page.fill("#palette input", "jibun")
    expect(options.first).to_contain_text("個人設定")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/")


def test_enter_waits_for_the_answer_to_the_newest_letters(open_window: Open) -> None:
    """The list may still answer fewer letters than were typed; what it shows first then is not what was meant."""
    window = open_window(ADMIN)
    page = window.go("/setup/")
    page.keyboard.press("/")
    page.wait_for_selector("#palette[open] [role=option]")
    held: list[Route] = []
    page.route("**/palette/?q=kansa", lambda route: held.append(route))
    with page.expect_request("**/palette/?q=kansa"):
        page.fill("#palette input", "kansa")
        page.keyboard.press("Enter")
    assert page.url.endswith("/setup/")
    assert page.locator("#palette[open]").is_visible()
    held[-1].continue_()
    page.wait_for_url("**/audit/")
