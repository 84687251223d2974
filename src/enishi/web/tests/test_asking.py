"""Numbers and days as somebody typed them."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from enishi.accounts.models import Member, Role, Scope
from enishi.web.asking import BIGGEST, day_in, number_in, numbers_in


@pytest.mark.parametrize(
    "text", ["", None, "-1", "1.5", "²", "٣", "1e3", "0x1", str(BIGGEST + 1), "9" * 5000]
)
def test_what_no_row_can_have_is_no_number(text: str | None) -> None:
    assert number_in(text) is None
    assert numbers_in([text or "", "12"]) == [12]


def test_numbers_are_read_up_to_the_biggest() -> None:
    assert (number_in("0"), number_in(" 42 "), number_in(str(BIGGEST))) == (0, 42, BIGGEST)


@pytest.mark.parametrize("text", ["", None, "today", "2026-02-30", "9999-12-31", "0001-01-01", "1899-12-31"])
def test_what_no_calendar_of_facts_has_is_no_day(text: str | None) -> None:
    assert day_in(text) is None


def test_days_are_read_within_the_years_facts_may_have() -> None:
    assert day_in(" 2026-11-23 ") == date(2026, 11, 23)
    assert (day_in("1900-01-01"), day_in("2200-12-31")) == (date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/growth/?owner={'9' * 23}", 200),
        ("/accounts/?as_of=9999-12-31", 200),
        (f"/accounts/{'9' * 23}/overview/", 404),
    ],
)
def test_pages_leave_out_what_they_cannot_read(address: str, status: int) -> None:
    client = Client()
    client.force_login(
        Member.objects.create_user("a@example.jp", None, role=Role.ADMIN, scope=Scope.ALL, language="en")
    )
    assert client.get(address).status_code == status
