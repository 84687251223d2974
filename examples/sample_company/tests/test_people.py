"""People of the sample: titles and departments that belong together, a company that is set up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from enishi.accounts.models import Company
from examples.sample_company.load import set_up_company
from examples.sample_company.people import DEPARTMENT_OF, TITLES_EN, TITLES_JA, VENDOR_DOMAIN, person
from examples.sample_company.sample import Sample
from examples.sample_company.sellers import hardness, seller_of
from examples.sample_company.world import Customer, customer

SAMPLE = Sample(until=date(2026, 11, 20))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nobody_of_the_board_belongs_to_a_department(language: str) -> None:
    random = np.random.default_rng(7)
    people = [person(random, role, language) for role in TITLES_JA for _n in range(60)]
    above = {"代表取締役社長", "取締役", "執行役員", "Chief Operating Officer", "VP Operations"}
    assert {one.department for one in people if one.title in above} == {""}
    assert all(one.department for one in people if DEPARTMENT_OF.get(one.title, "drawn"))
    known = {title for titles in (TITLES_JA, TITLES_EN) for some in titles.values() for title in some}
    assert set(DEPARTMENT_OF) <= known


@pytest.mark.django_db
def test_loading_settles_the_calendar_and_takes_the_loaders_language() -> None:
    now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    set_up_company("en", now)
    set_up_company("", now)
    company = Company.objects.get()
    assert (company.language, company.fiscal_year_start, company.set_up_at) == ("en", 4, now)
    set_up_company("ja", datetime(2027, 1, 1, tzinfo=UTC))
    company.refresh_from_db()
    assert (company.language, company.set_up_at) == ("ja", now)


def test_some_sellers_sell_to_whoever_signs() -> None:
    """Who oversells has smaller and shorter deals, and more of them come to nothing; nobody sells only good or bad ones."""
    sold: dict[str | None, list[Customer]] = {}
    for index in range(400):
        who = customer(SAMPLE, index)
        sold.setdefault(seller_of(SAMPLE, who), []).append(who)
    hard = {name: np.mean([hardness(c) > 0.5 for c in mine]) for name, mine in sold.items()}
    assert None in sold, "some came by themselves"
    assert hard["長谷 圭吾"] > 2 * hard[f"takumi.sakai@{VENDOR_DOMAIN}"]
    assert all(0 < share < 1 for share in hard.values())
    assert all(who.company.language == "en" for who in sold["Daniel Brooks"])
