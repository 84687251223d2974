"""Today and the account page as people use them: clicked through in both languages, wide and with a thumb."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import LOOKS, check_at_both_widths, check_page
from tests.browser.conftest import Open, Server, Window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

CSM, MANAGER, READER = (f"{name}@soratech.example" for name in ("takahashi", "suzuki", "watanabe"))
TABS = ("", "usage/", "people/", "revenue/", "tickets/", "timeline/", "notes/")


def account(server: Server, name: str) -> int:
    return int(server.ask("select id from accounts_account where name = ?", name)[0][0])


def card(page: Page, name: str) -> object:
    return page.locator("[data-card]", has_text=name)


def toast(window: Window, words: str) -> None:
    expect(window.page.locator("#toasts")).to_contain_text(words)


@pytest.mark.parametrize(("language", "size"), LOOKS)
def test_every_part_is_accessible_and_fits(
    open_window: Open, server: Server, language: str, size: str
) -> None:
    window = open_window(CSM, language=language, size=size)
    window.go("/?view=team")
    window.page.locator("[data-card] details").first.locator("summary").click()
    check_at_both_widths(window, "today")
    sakura = account(server, "株式会社さくら商事")
    for tab in TABS:
        window.go(f"/accounts/{sakura}/{tab}")
        check_at_both_widths(window, f"account-{tab.strip('/') or 'overview'}")
    window.go(f"/accounts/{sakura}/?as_of=2026-11-01")
    check_at_both_widths(window, "account-as-of")


def test_dark_pages_keep_their_contrast(open_window: Open, server: Server) -> None:
    window = open_window(CSM, dark=True)
    window.go("/")
    check_page(window, "today")
    for tab in ("", "people/", "tickets/"):
        window.go(f"/accounts/{account(server, '株式会社さくら商事')}/{tab}")
        check_page(window, f"account-{tab.strip('/') or 'overview'}")


def test_a_morning_in_japanese(open_window: Open) -> None:
    """Done and undone, snoozed, a call logged with a promise, the promise kept: without leaving the page."""
    window = open_window(CSM)
    page = window.go("/")
    fuji = page.locator("[data-card]", has_text="富士精機株式会社")
    fuji.get_by_role("button", name="対応済みにする").click()
    expect(fuji).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="元に戻す").click()
    expect(fuji).to_have_count(1)

    fuji.get_by_role("button", name="対応を記録").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("富士精機株式会社")
    check_page(window, "today-log")
    dialog.get_by_label("約束したこと").fill("研修の候補日を送る")
    dialog.get_by_label("期限").fill("2026-11-20")
    dialog.get_by_label("お客様から応答があった").check()
    dialog.get_by_role("button", name="記録する").click()
    expect(dialog).to_have_count(0)
    promise = page.locator("#promises li", has_text="研修の候補日を送る")
    expect(promise).to_have_count(1)
    expect(fuji).to_contain_text("約束")
    promise.get_by_role("button").click()
    expect(promise).to_have_count(0)

    fuji.get_by_role("button", name="あとで").click()
    dialog.get_by_label("2週間").check()
    dialog.get_by_label("理由").fill("研修の返事待ち")
    check_page(window, "today-later")
    dialog.get_by_role("button", name="あとで対応にする").click()
    expect(fuji).to_have_count(0)
    expect(page.locator(".aside-list")).to_contain_text("対応済み・あとで対応")
    page.locator(".aside-list summary").click()
    page.locator(".aside-list").get_by_role("button", name="リストに戻す").click()
    expect(fuji).to_have_count(1)


def test_the_keyboard_alone(open_window: Open) -> None:
    window = open_window(CSM)
    page = window.go("/?view=team")
    first, second = page.locator("[data-card]").nth(0), page.locator("[data-card]").nth(1)
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("s")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    name = first.locator("h2").inner_text()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)


def test_an_account_in_english(open_window: Open, server: Server) -> None:
    """A manager looks, overrides, writes a note, deletes it and takes that back, and looks at a past day."""
    window = open_window(MANAGER, language="en")
    number = account(server, "Acme Corporation")
    page = window.go(f"/accounts/{number}/")
    expect(page.locator("tfoot strong")).to_have_text(page.locator(".score-now strong").inner_text())
    page.locator("summary[aria-label='More']").click()
    page.get_by_role("button", name="Override the band").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Caution").check()
    dialog.get_by_label("Reason").fill("Agreed with their CFO")
    dialog.get_by_role("button", name="Set the band").click()
    expect(page.locator("#score")).to_contain_text("Agreed with their CFO")
    expect(page.locator("#score")).to_contain_text("Computed:")
    page.get_by_role("button", name="End the override").click()
    expect(page.locator("#score")).not_to_contain_text("Agreed with their CFO")

    window.go(f"/accounts/{number}/notes/")
    page.get_by_label("New note").fill("Budget is decided in April.")
    page.get_by_role("button", name="Add the note").click()
    note = page.locator("article.note", has_text="Budget is decided in April.")
    expect(note).to_have_count(1)
    note.get_by_role("button", name="Delete").click()
    expect(note).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Undo").first.click()
    expect(note).to_have_count(1)

    window.go(f"/accounts/{number}/revenue/?as_of=2026-10-20")
    expect(page.locator(".notice").first).to_contain_text("This is what was known on 20 Oct 2026.")
    expect(page.locator("body")).not_to_contain_text("overdue")
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator("body")).to_contain_text("overdue")


def test_readers_only_read(open_window: Open, server: Server) -> None:
    window = open_window(READER)
    page = window.go("/")
    expect(page.locator("[data-card]").first).to_be_visible()
    assert page.locator("[hx-post]").count() == 0
    page = window.go(f"/accounts/{account(server, '株式会社さくら商事')}/")
    assert page.locator("[hx-post], main [hx-get*='/act/']").count() == 0
    expect(page.locator("body")).not_to_contain_text(re.compile("対応を記録"))
