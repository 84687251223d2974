"""Every page a member meets, looked at in both languages, wide and narrow: console, width, WCAG AA."""

from __future__ import annotations

import pytest

from tests.browser.checks import check_page
from tests.browser.conftest import Open, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADMIN = "sato@soratech.example"
PAGES = {
    "today": "/",
    "portfolio": "/accounts/",
    "health": "/health/",
    "scorecards": "/health/scorecards/",
    "scorecard": "/health/scorecards/default/",
    "metrics": "/health/metrics/",
    "coverage": "/health/coverage/",
    "causes": "/health/rules/causes/",
    "definitions": "/health/definitions/",
    "revenue": "/revenue/",
    "imports": "/setup/imports/",
    "keys": "/setup/keys/",
    "rejects": "/setup/rejects/",
    "identity": "/setup/identity/",
    "api-guide": "/api/v1/docs",
}
TABS = ("", "usage/", "people/", "revenue/", "tickets/", "timeline/")


@pytest.mark.parametrize(("language", "size"), [("ja", "desk"), ("en", "phone")])
@pytest.mark.parametrize("name", PAGES)
def test_page(open_window: Open, name: str, language: str, size: str) -> None:
    window = open_window(ADMIN, language=language, size=size)
    window.go(PAGES[name])
    check_page(window, name)


@pytest.mark.parametrize(("language", "size"), [("ja", "desk"), ("en", "phone")])
def test_account(open_window: Open, server: Server, language: str, size: str) -> None:
    number = server.ask("SELECT account_id FROM signals_accountstate WHERE band = 'red' LIMIT 1")[0][0]
    window = open_window(ADMIN, language=language, size=size)
    for tab in TABS:
        answer = window.page.request.get(f"{server.url}/accounts/{number}/{tab}")
        if answer.status == 404:
            continue
        window.go(f"/accounts/{number}/{tab}")
        check_page(window, f"account-{tab.strip('/') or 'overview'}")
