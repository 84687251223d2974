"""Customers and Health as people use them: by keyboard, by click, by name."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

MANAGER = "suzuki@soratech.example"
CSM = "takahashi@soratech.example"


def test_the_keyboard_walks_ticks_and_opens(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/accounts/?all=1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#accounts input[data-pick]:checked").count() == 1
    assert page.locator("#bulk").is_visible()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/*/")


def test_a_click_on_the_strip_filters_and_the_address_keeps_it(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/accounts/?all=1")
    page.locator(".strip-piece").first.click()
    window.settle()
    assert "band=red" in page.url
    shown = page.locator("#accounts tbody tr").count()
    page.reload()
    window.settle()
    assert page.locator("#accounts tbody tr").count() == shown
    page.locator(".chips .chip").first.click()
    window.settle()
    assert page.locator("#accounts tbody tr").count() > shown


def test_kana_finds_a_kanji_name(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/accounts/?all=1")
    page.fill("#filters input[name=q]", "ﾌｼﾞｾｲｷ")
    page.keyboard.press("Enter")
    window.settle()
    assert page.locator("#accounts tbody tr").count() == 1
    assert "富士精機" in page.locator("#accounts tbody th").inner_text()


def test_a_view_is_kept_under_a_name(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/accounts/?band=red&sort=mrr")
    page.locator(".views-list").locator("xpath=..").locator("summary").click()
    page.fill(".view-save input[name=name]", "危険な顧客")
    page.locator(".view-save button").click()
    window.settle()
    assert "view=" in page.url
    assert "危険な顧客" in page.locator(".page-actions summary").first.inner_text()


def test_a_task_is_made_for_the_ticked(open_window: Open) -> None:
    window = open_window(CSM)
    page = window.go("/accounts/?all=1")
    page.locator("#accounts input[data-pick]").first.check()
    page.locator("#bulk [data-opens=bulk-task]").click()
    page.locator("#bulk-task button.btn-primary").click()
    assert "入力してください" in page.locator("#bulk-task .notice").inner_text()
    assert page.locator("#accounts input[data-pick]:checked").count() == 1
    page.fill("#bulk-title", "状況を伺う")
    page.locator("#bulk-task button.btn-primary").click()
    expect(page.locator("#toasts")).not_to_be_empty()


def test_a_changed_weight_is_previewed_and_kept_as_a_draft(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/health/scorecards/default/")
    page.fill("input[name='bands:green']", "71")
    page.locator("input[name='bands:green']").blur()
    window.settle()
    page.wait_for_selector("#preview table")
    margin = page.locator("input[name='bands:margin']")
    for wrong in ("-5", "1e"):  # what the field refuses, and what it cannot even read
        margin.fill("")
        margin.press_sequentially(wrong)
        margin.blur()
        page.wait_for_selector("#preview .notice")
    margin.fill("2")
    margin.blur()
    page.wait_for_selector("#preview table")
    page.locator(".bulkbar button.btn-primary").click()
    window.settle()
    assert page.locator("input[name='bands:green']").input_value() == "71"
    assert page.locator(".page-top .badge-info").count() == 1
