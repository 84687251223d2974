"""Every page a member meets, looked at in both languages, wide and narrow, light and dark: console, width, WCAG AA."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.browser.checks import LOOKS, check_at_both_widths
from tests.browser.conftest import Open, Window

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADMIN, MANAGER = (f"{name}@soratech.example" for name in ("sato", "suzuki"))
BOOK = {
    "portfolio": "/accounts/?all=1",
    "portfolio-filtered": "/accounts/?band=red&q=株式会社",
    "portfolio-past": "/accounts/?as_of=2026-08-15",
    "relations": "/accounts/relations/",
    "revenue": "/revenue/",
    "forecast-revenue": "/revenue/forecast/",
    "targets": "/revenue/targets/",
    "executive": "/executive/",
    "unit-economics": "/revenue/value/",
    "unit-assumptions": "/revenue/value/settings/",
    "health": "/health/",
    "scorecards": "/health/scorecards/",
    "scorecard": "/health/scorecards/default/",
    "scorecard-versions": "/health/scorecards/default/versions/",
    "metrics": "/health/metrics/",
    "metric": "/health/metrics/events_90/",
    "metric-builder": "/health/metrics/new/",
    "coverage": "/health/coverage/",
    "texts": "/health/texts/",
    "text-corrections": "/health/texts/corrections/",
    "churn-forecast": "/health/forecast/",
    "causes": "/health/rules/causes/",
    "tiers": "/health/rules/tiers/",
    "definitions": "/health/definitions/",
    "fit": "/revenue/fit/",
    "fit-accounts": "/revenue/fit/accounts/?what=all",
    "fit-axes": "/revenue/fit/axes/",
    "fit-axes-text": "/revenue/fit/axes/text/",
    "fit-axes-versions": "/revenue/fit/axes/versions/",
    "growth": "/growth/",
    "growth-hour": "/growth/next-hour/",
    "growth-next": "/growth/next-product/",
    "growth-record": "/growth/record/",
    "growth-offers": "/growth/offers/",
    "growth-offer": "/growth/offers/more_seats/",
}
HOUSE = {
    "today-admin": "/",
    "setup": "/setup/",
    "company": "/setup/company/",
    "imports": "/setup/imports/",
    "keys": "/setup/keys/",
    "rejects": "/setup/rejects/",
    "names": "/setup/names/",
    "identity": "/setup/identity/",
    "api-guide": "/api/v1/docs",
    "members": "/people/",
    "teams": "/people/teams/",
    "audit": "/audit/",
    "outbox": "/outbox/",
    "me": "/me/",
    "sessions": "/me/sessions/",
    "not-found": "/nothing/",
}


def look_at(window: Window, pages: Mapping[str, str]) -> None:
    """Every page of a table; all that is wrong is said together."""
    wrong = []
    for name, path in pages.items():
        window.go(path)
        if name == "not-found":
            window.complaints = [line for line in window.complaints if "404" not in line]
        try:
            check_at_both_widths(window, name)
        except AssertionError as problem:
            wrong.append(str(problem))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("language", "size"), LOOKS)
@pytest.mark.parametrize(("member", "pages"), [(MANAGER, BOOK), (ADMIN, HOUSE)], ids=["book", "house"])
def test_pages_are_accessible_and_fit(
    open_window: Open, member: str, pages: Mapping[str, str], language: str, size: str
) -> None:
    look_at(open_window(member, language=language, size=size), pages)


def test_dark_pages_keep_their_contrast(open_window: Open) -> None:
    names = ("portfolio", "health", "scorecard", "metrics", "setup", "company", "members", "audit")
    look_at(open_window(ADMIN, dark=True), {name: {**BOOK, **HOUSE}[name] for name in names})
