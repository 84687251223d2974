"""What a number, a currency and a pair of dates may be: declared once, refused row by row, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Company, Record
from enishi.store.kinds import KINDS

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, tzinfo=UTC)
AT = "2026-10-01T00:00:00Z"


@pytest.fixture(autouse=True)
def account() -> None:
    Company.objects.update_or_create(pk=1, defaults={"time_zone": "Asia/Tokyo", "currency": "JPY"})
    save("account", {"id": "A", "name": "A"})


def save(kind: str, *rows: dict[str, Any]) -> list[Any]:
    return save_records(KINDS[kind], rows, source="crm", actor="t", now=NOW)


def answer(measure: str, score: float) -> dict[str, Any]:
    return {"id": f"{measure}{score}", "account": "A", "measure": measure, "score": score, "answered_at": AT}


SUB = {"account": "A", "amount": 1, "started_on": "2026-10-01"}
TICKET = {"account": "A", "opened_at": AT}
RATE = {"currency": "EUR", "on": "2026-01-01"}


@pytest.mark.parametrize(
    ("kind", "row", "field", "told"),
    [
        ("survey_answer", answer("nps", 47), "score", "(0 to 10) (NPS)"),
        ("survey_answer", answer("nps", -3.5), "score", "'-3.5'"),
        ("survey_answer", answer("csat", 101), "score", "(0 to 100) (CSAT)"),
        ("ticket", TICKET | {"tone": 55}, "tone", "(-1 to 1)"),
        ("ticket", TICKET | {"reopened": -1}, "reopened", "(0 or more)"),
        ("ticket", TICKET | {"resolved_at": "2026-09-01T00:00:00Z"}, "resolved_at", "lies before 'Opened'"),
        ("ticket", TICKET | {"first_reply_at": "2026-09-30T23:00:00Z"}, "first_reply_at", "lies before 'Opened'"),
        ("incident", {"started_at": AT, "ended_at": "2026-09-30T00:00:00Z"}, "ended_at", "lies before 'Started'"),
        ("incident", {"started_at": AT, "minutes": -5}, "minutes", "(0 or more)"),
        ("exchange_rate", RATE | {"rate": 0}, "rate", "(more than 0)"),
        ("exchange_rate", RATE | {"rate": -100}, "rate", "(more than 0)"),
        ("subscription", SUB | {"ended_on": "2026-01-01"}, "ended_on", "lies before 'Started on' (2026-10-01)"),
        ("subscription", SUB | {"currency": "XTS"}, "currency", "ISO 4217"),
        ("subscription", SUB | {"currency": "XAU"}, "currency", "ISO 4217"),
        ("subscription", SUB | {"seats": -1}, "seats", "(0 or more)"),
        ("account", {"id": "B", "name": "B", "employees": -3}, "employees", "(0 or more)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_place_value_and_remedy(
    kind: str, row: dict[str, Any], field: str, told: str
) -> None:
    bad, good = save(
        kind, {"id": "x", **row}, {"id": "y", **({"name": "y"} if kind == "account" else fitting(kind))}
    )
    assert (bad.status, good.status) == ("rejected", "created")
    assert set(bad.errors) == {field}
    assert told in bad.errors[field].en
    assert "correct" in bad.errors[field].en or "write" in bad.errors[field].en
    assert bad.errors[field].ja.endswith(("修正してください。", "入力してください。"))


def fitting(kind: str) -> dict[str, Any]:
    """A row at the ends of its ranges."""
    return {
        "survey_answer": answer("nps", 10),
        "ticket": TICKET | {"tone": -1, "reopened": 0, "resolved_at": AT, "first_reply_at": AT},
        "incident": {"started_at": AT, "ended_at": AT, "minutes": 0},
        "exchange_rate": RATE | {"rate": 0.0001},
        "subscription": SUB | {"ended_on": "2026-10-01", "currency": "XOF", "seats": 0},
    }[kind]


def test_a_day_without_a_time_of_day_counts_as_the_whole_day() -> None:
    row = TICKET | {"id": "t", "opened_at": "2026-10-01T09:30:00+09:00", "resolved_at": "2026-10-01"}
    assert save("ticket", row)[0].status == "created"


def test_an_end_is_compared_with_the_start_that_is_kept() -> None:
    save("subscription", SUB | {"id": "s"})
    (result,) = save("subscription", {"id": "s", "ended_on": "2026-09-30"})
    assert "2026-09-30" in result.errors["ended_on"].ja


def test_what_was_kept_before_is_no_reason_to_refuse_another_field() -> None:
    save("survey_answer", answer("nps", 7))
    Record.objects.update(data=Record.objects.get().data | {"score": 47})
    (result,) = save("survey_answer", {"id": "nps7", "comment": "late"})
    assert result.status == "updated"
    (result,) = save("survey_answer", {"id": "nps7", "measure": "nps"})
    assert set(result.errors) == {"score"}
