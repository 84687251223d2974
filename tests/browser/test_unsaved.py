"""Leaving a form with something typed into it asks first; with nothing typed, and after saving, it does not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

MANAGER = "suzuki@soratech.example"
FORMS = {
    "/health/scorecards/default/": "#card-form input[name='bands:green']",
    "/health/metrics/new/": "#metric-form input[name='title:ja']",
    "/health/rules/tiers/edit/": "#rules-form input[type=number]",
    "/health/rules/causes/text/": "textarea[name=text]",
}


class Asked:
    """The browser's questions on leaving, answered as told."""

    def __init__(self, page: Page) -> None:
        self.questions, self.leave = 0, False
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        assert dialog.type == "beforeunload"
        self.questions += 1
        if self.leave:
            dialog.accept()
        else:
            dialog.dismiss()


def leave(page: Page) -> None:
    """Follow a link of the side bar."""
    page.locator("nav a[href='/accounts/']").first.click()


def put(page: Page, field: str, text: str) -> None:
    page.locator(field).first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


@pytest.mark.parametrize("address", FORMS)
def test_leaving_asks_only_where_something_was_typed(open_window: Open, address: str) -> None:
    window = open_window(MANAGER)
    page = window.go(address)
    asked = Asked(page)
    page.locator(FORMS[address]).first.click()
    leave(page)
    page.wait_for_url("**/accounts/**")
    assert asked.questions == 0, "nothing was typed"
    window.go(address)
    put(page, FORMS[address], "7")
    typed = page.locator(FORMS[address]).first.input_value()
    leave(page)
    assert asked.questions == 1
    assert page.url.endswith(address)
    assert page.locator(FORMS[address]).first.input_value() == typed, "one stays, and keeps what was typed"
    asked.leave = True
    leave(page)
    page.wait_for_url("**/accounts/**")
    assert asked.questions == 2


def test_saving_a_scorecard_asks_nothing_and_nothing_is_asked_afterwards(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/health/scorecards/default/")
    asked = Asked(page)
    page.locator("#card-form input[name='bands:green']").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("73")
    window.press("下書きとして保存する")
    assert page.locator("#card-form input[name='bands:green']").input_value() == "73"
    leave(page)
    page.wait_for_url("**/accounts/**")
    assert asked.questions == 0


def test_a_form_that_came_back_with_a_mistake_is_still_unsaved(open_window: Open) -> None:
    window = open_window(MANAGER, quiet=True)  # the browser names the refusal on its console
    page = window.go("/health/metrics/new/")
    asked = Asked(page)
    put(page, "#metric-form input[name='title:ja']", "大口の書き出し")
    put(page, "#metric-form input[name=id]", "Not An Id")
    with page.expect_navigation():
        page.locator("#metric-form button.btn-primary").last.click()
    window.settle()
    page.locator("main").click(
        position={"x": 3, "y": 3}
    )  # a browser asks only where somebody has touched the page
    assert page.locator("#metric-form input[name='title:ja']").input_value() == "大口の書き出し"
    leave(page)
    assert asked.questions == 1


def test_a_text_that_was_checked_and_not_put_in_force_is_still_unsaved(open_window: Open) -> None:
    window = open_window(MANAGER)
    page = window.go("/health/rules/causes/text/")
    asked = Asked(page)
    text = page.locator("textarea[name=text]").input_value()
    assert "shown_from: 40" in text
    page.locator("textarea[name=text]").fill(text.replace("shown_from: 40", "shown_from: 41"))
    with page.expect_navigation():
        page.locator("button[value=check]").click()
    window.settle()
    page.locator("main").click(position={"x": 3, "y": 3})
    leave(page)
    assert asked.questions == 1
