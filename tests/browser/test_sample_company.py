"""The sample company behind the real service, as `make run` starts it: pages that hold figures, not only forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.checks import LOOKS, check_page, take_picture
from tests.browser.conftest import PATIENCE, Open, Server, run_module, serving
from tests.browser.sample import PICTURES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("sample")]

ADMIN = "admin@enishi.example"
TABS = ("", "usage/", "people/", "revenue/", "tickets/", "timeline/")
PHOTOGRAPHED = [("en", "desk")] if PICTURES else []
LANGUAGES = pytest.mark.parametrize(("language", "size"), [*LOOKS, *PHOTOGRAPHED])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``enishi serve`` with web, consumer and worker on a small sample company."""
    home = tmp_path_factory.mktemp("sample") / "home"
    home.mkdir()
    run_module("tests.browser.sample", home)
    with serving(home, "enishi.cli.main", "serve", "--port") as running:
        yield running


def csm(server: Server) -> str:
    """Who carries the most accounts."""
    rows = server.ask(
        "select m.email from accounts_member m join accounts_account a on a.owner_id = m.id"
        " where m.role = 'csm' group by m.email order by count(*) desc, m.email limit 1"
    )
    return str(rows[0][0])


def worst_account(server: Server) -> int:
    """The account with the lowest score that still pays."""
    rows = server.ask(
        "select account_id from signals_accountstate where tenths > 0 order by tenths, account_id limit 1"
    )
    return int(rows[0][0])


def ailing_account(server: Server) -> int:
    """The account with the most money at stake, of those in red that are still in use."""
    rows = server.ask(
        "select account_id from signals_accountstate where band = 'red' and last_seen_on >= date('now', '-8 day')"
        " order by at_stake desc, account_id limit 1"
    )
    return int(rows[0][0]) if rows else worst_account(server)


@LANGUAGES
def test_today_lists_whom_to_call_and_why(
    open_window: Open, server: Server, language: str, size: str
) -> None:
    window = open_window(csm(server), language=language, size=size)
    page = window.go("/?view=team")
    check_page(window, "sample-today")
    take_picture(window, "today")
    expect(page.locator("[data-card]").first).to_be_visible()
    assert re.search(r"[0-9]", page.locator("[data-card]").first.inner_text())


@LANGUAGES
def test_portfolio_today_and_on_a_past_day(
    open_window: Open, server: Server, language: str, size: str
) -> None:
    window = open_window(ADMIN, language=language, size=size)
    page = window.go("/accounts/")
    assert page.locator("tbody tr").count() >= 10
    check_page(window, "sample-portfolio")
    take_picture(window, "portfolio")
    past = datetime.now(UTC).date() - timedelta(days=60)
    page = window.go(f"/accounts/?as_of={past}")
    # The worker may still be at something long when it is asked for the day.
    expect(page.locator("tbody tr").nth(9)).to_be_visible(timeout=1000 * 4 * PATIENCE)
    assert page.locator("input[type=date]").first.input_value() == str(past)
    check_page(window, "sample-portfolio-past")


@LANGUAGES
def test_every_tab_of_an_account_holds_its_facts(
    open_window: Open, server: Server, language: str, size: str
) -> None:
    window = open_window(ADMIN, language=language, size=size)
    number = worst_account(server)
    for tab in TABS:
        page = window.go(f"/accounts/{number}/{tab}")
        check_page(window, f"sample-account-{tab.strip('/') or 'overview'}")
        if tab in ("usage/", "revenue/", ""):
            expect(page.locator("main svg").first).to_be_visible()
    window.go(f"/accounts/{ailing_account(server)}/")
    check_page(window, "sample-account-ailing")
    take_picture(window, "account")


@LANGUAGES
def test_revenue_shows_where_money_moves(open_window: Open, server: Server, language: str, size: str) -> None:
    window = open_window(ADMIN, language=language, size=size)
    for query in ("", "?by=tier", "?kind=quarter", "?kind=year"):
        page = window.go(f"/revenue/{query}")
        expect(page.locator("main table:visible").first).to_be_visible()
        check_page(window, f"sample-revenue{re.sub(r'[^a-z]+', '-', query).rstrip('-')}")


def test_the_score_is_tried_on_the_past_by_the_worker(open_window: Open, server: Server) -> None:
    """Asked for in the page, computed by the worker, shown with its verdict."""
    window = open_window(ADMIN)
    page = window.go("/health/")
    page.get_by_role("button", name=re.compile("検証する")).first.click()
    window.settle()
    expect(page.locator("main")).to_contain_text("AUC", timeout=1000 * 4 * PATIENCE)
    for language in ("ja", "en"):
        window = open_window(ADMIN, language=language)
        page = window.go("/health/")
        check_page(window, "sample-health")
        expect(page.locator("main")).to_contain_text("AUC")
        take_picture(window, "health")
