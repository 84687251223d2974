"""People of the sample: titles and departments that belong together, a company that is set up."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from enishi.accounts.models import Company
from examples.sample_company.load import set_up_company
from examples.sample_company.people import DEPARTMENT_OF, TITLES_EN, TITLES_JA, person


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
