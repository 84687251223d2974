"""The terms of contracts: what holds on a day after any sequence of statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from itertools import count

import pytest
from django.apps import apps
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enishi.accounts import settling
from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Record, RecordVersion
from enishi.accounts.removing import delete_records, undo_import
from enishi.accounts.tests.test_save_records import save, statuses
from enishi.store.kinds import KINDS

pytestmark = pytest.mark.django_db
START = date(2026, 1, 1)
SPAN = 400
FIELDS = ("amount", "seats", "plan")
FIRST = {"amount": "100", "seats": 1, "plan": "a", "started_on": START.isoformat()}
NAMES = count()


def at(day: int) -> date:
    return START + timedelta(days=day)


def noon(day: int) -> datetime:
    return datetime.combine(at(day), time(3), UTC)


def state(number: str, today: int, stated: int | None = None, **values: object) -> str:
    """Say something about a contract on a day, maybe of another day."""
    row = {"id": number, **values} | ({} if stated is None else {"effective_on": at(stated).isoformat()})
    return save("subscription", row, now=noon(today))[0].status


def contract() -> str:
    number = f"s{next(NAMES)}"
    if not Account.objects.filter(outside_id="a").exists():
        save("account", {"id": "a", "name": "A"}, now=noon(0))
    assert state(number, 0, account="a", **FIRST) == "created"
    return number


def told(number: str) -> dict[date, dict]:
    """The terms by the day they hold from, as every reader takes them: the newest version of a day."""
    versions = RecordVersion.objects.filter(outside_id=number, kind="subscription").order_by("pk")
    return {version.valid_on: version.data for version in versions}


def of(terms: dict[date, dict], day: int) -> dict:
    return terms[max(start for start in terms if start <= at(day))]


def on(number: str, day: int) -> dict:
    return of(told(number), day)


def runs(terms: dict[date, dict], day: int) -> bool:
    found = of(terms, day)
    return not found.get("ended_on") or found["ended_on"] > at(day).isoformat()


class Points:
    """The other way to the same answer: each field's changes by their day; what a day has is the newest of them."""

    def __init__(self) -> None:
        self.of = {name: {0: FIRST[name]} for name in FIELDS}

    def value(self, name: str, day: int) -> object:
        return self.of[name][max(start for start in self.of[name] if start <= day)]

    def say(self, day: int, values: dict[str, object]) -> None:
        for name, value in values.items():
            if self.value(name, day) != value:
                self.of[name][day] = value
                held = sorted(self.of[name].items())
                kept = [step for n, step in enumerate(held) if n == 0 or step[1] != held[n - 1][1]]
                self.of[name] = dict(kept)


values_said = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.sampled_from(("100", "150", "200")),
        "seats": st.integers(1, 3),
        "plan": st.sampled_from("ab"),
    },
).filter(bool)
steps = st.lists(
    st.tuples(st.integers(0, 60), st.none() | st.integers(0, SPAN), values_said), min_size=1, max_size=6
)
quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quick
@example([(0, 1, {"seats": 2}), (1, None, {"amount": "100"})])
@given(steps)
def test_a_day_has_what_the_latest_statement_that_speaks_of_it_says(db, said):
    number, points, today = contract(), Points(), 0
    for later, stated, values in said:
        today += later
        state(number, today, stated, **values)
        points.say(today if stated is None else stated, values)
        terms = told(number)
        for day in sorted({0, today, SPAN, *(d for of in points.of.values() for d in of), stated or 0}):
            found = of(terms, day)
            assert {name: found[name] for name in FIELDS} == {n: points.value(n, day) for n in FIELDS}
    with pytest.MonkeyPatch.context() as patched:  # the nights between, in one
        patched.setattr(settling, "_LOOK_BACK", timedelta(days=SPAN))
        settling.roll_terms(noon(today))
    assert {n: Record.objects.get(outside_id=number).data[n] for n in FIELDS} == {
        n: points.value(n, today) for n in FIELDS
    }


@quick
@given(steps, st.integers(0, 60), st.integers(0, SPAN), st.none() | st.integers(0, SPAN), st.integers(0, 60))
def test_a_notice_and_an_end_hold_for_the_whole_contract(db, said, later, end, notice, after):
    number, today = contract(), 0
    for step, stated, values in said:
        today += step
        state(number, today, stated, **values)
    ended = {"ended_on": at(end + 1).isoformat(), "notice_on": at(min(end, notice or end)).isoformat()}
    today += later
    assert state(number, today, **ended) == "updated"
    terms = told(number)
    for day in (*range(0, SPAN + 100, 7), end, end + 1):
        assert runs(terms, day) == (day <= end), day
        if at(day).isoformat() >= ended["notice_on"]:
            assert of(terms, day)["notice_on"] == ended["notice_on"]
    state(number, today + after, today + after, seats=7)
    terms = told(number)
    assert not any(runs(terms, day) for day in range(end + 1, SPAN + 100, 7))
    state(number, today + after, ended_on=None, notice_on=None)
    terms = told(number)
    assert all(runs(terms, day) for day in range(0, SPAN + 100, 7))
    assert "notice_on" not in on(number, SPAN + 200)


@quick
@given(steps, st.integers(1, 200), st.integers(0, 100), st.integers(-50, 50))
def test_only_what_is_stated_after_the_end_opens_a_contract_again(db, said, end, gap, moved):
    number, today = contract(), 0
    for step, stated, values in said:
        today += step
        state(number, today, stated, **values)
    state(number, today, 0, ended_on=at(end).isoformat())
    terms = told(number)
    assert not any(runs(terms, day) for day in range(end, SPAN + 100, 7))
    opened = end + gap
    state(number, today, opened, ended_on=None, amount="300")
    days = [*range(0, SPAN + 100, 7), opened, end, end - 1]
    terms = told(number)
    assert [runs(terms, d) for d in days] == [d < end or d >= opened for d in days]
    corrected = max(1, min(end + moved, opened))
    state(number, today, 0, ended_on=at(corrected).isoformat())
    terms = told(number)
    assert [runs(terms, d) for d in days] == [d < corrected or d >= opened for d in days]


@pytest.mark.parametrize("empty", [{}, {"effective_on": None}, {"effective_on": ""}])
def test_a_way_back_to_the_first_terms_takes_effect(empty):
    number = contract()
    first = {**FIRST, **empty}
    assert state(number, 90, **{**first, "amount": "150"}) == "updated"
    assert state(number, 91, **{**first, "amount": "150"}) == "unchanged"
    assert state(number, 200, **first) == "updated"
    assert state(number, 201, **first) == "unchanged"
    assert [on(number, day)["amount"] for day in (0, 89, 90, 199, 200, 300)] == [
        "100", "100", "150", "150", "100", "100",
    ]  # fmt: skip
    assert Record.objects.get(outside_id=number).data["amount"] == "100"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("backfill", [False, True])
def test_a_file_that_tells_a_history_changes_nothing_when_it_comes_again(turned, backfill):
    number = contract()
    rows = [
        {"id": number, **FIRST, "effective_on": None},
        {"id": number, **FIRST, "amount": "150", "effective_on": at(50).isoformat()},
        {"id": number, **FIRST, "amount": "200", "effective_on": at(300).isoformat(), "ended_on": None},
    ]
    rows = rows[::-1] if turned else rows
    say = lambda: statuses(save("subscription", *rows, now=noon(100), backfill=backfill))  # noqa: E731
    assert sorted(say()) == ["unchanged", "updated", "updated"]
    before = told(number)
    assert say() == ["unchanged"] * 3
    state(number, 120, amount="170")
    assert say() == ["unchanged"] * 3
    assert {k: v["amount"] for k, v in told(number).items()} == {
        **{k: v["amount"] for k, v in before.items()},
        at(120): "170",
    }


def test_a_history_in_a_new_file_may_begin_anywhere_in_it():
    rows = [
        {"id": "n", "account": "a", **FIRST, "amount": "200", "effective_on": at(300).isoformat()},
        {"id": "n", "account": "a", **FIRST, "effective_on": None},
        {"id": "n", "account": "a", **FIRST, "amount": "150", "effective_on": at(50).isoformat()},
    ]
    contract()
    assert sorted(statuses(save("subscription", *rows, now=noon(100)))) == ["created", "updated", "updated"]
    assert [on("n", day)["amount"] for day in (0, 50, 300)] == ["100", "150", "200"]
    assert statuses(save("subscription", *rows, now=noon(110))) == ["unchanged"] * 3
    apart = {"n": at(50)}
    first = {**rows[1], "seats": 9}
    assert statuses(save("subscription", first, now=noon(120), dated=apart)) == ["updated"]
    assert [on("n", day)["seats"] for day in (0, 50, 300)] == [9, 9, 9]
    assert [on("n", day)["amount"] for day in (0, 120, 300)] == ["100", "150", "200"]


def test_a_notice_after_an_announced_rise_is_shown_at_once():
    number = contract()
    state(number, 10, 300, amount="200")
    given_on, end = at(20).isoformat(), at(299).isoformat()
    assert state(number, 20, notice_on=given_on, ended_on=end, end_reason="too dear") == "updated"
    row = Record.objects.get(outside_id=number).data
    assert (row["notice_on"], row["ended_on"], row["amount"]) == (given_on, end, "100")
    assert on(number, 300)["ended_on"] == end


def test_an_end_told_for_a_coming_day_is_a_notice_given_on_the_day_it_is_told():
    number = contract()
    assert state(number, 20, ended_on=at(300).isoformat(), end_reason="price") == "updated"
    row = Record.objects.get(outside_id=number).data
    assert (row["notice_on"], row["ended_on"]) == (at(20).isoformat(), at(300).isoformat())
    assert state(number, 30, ended_on=at(300).isoformat(), end_reason="price") == "unchanged", (
        "the same list again"
    )
    assert state(number, 40, ended_on=at(310).isoformat()) == "updated"
    assert on(number, 40)["notice_on"] == at(20).isoformat(), "the notice stands, the end has moved"
    assert state(number, 50, ended_on=None) == "updated"
    assert {"notice_on", "ended_on"} & set(Record.objects.get(outside_id=number).data) == set(), (
        "taken back as told"
    )


def test_no_notice_is_made_up_where_one_is_stated_or_the_end_is_none_of_the_future():
    stated, over, history, moved = (contract() for _ in range(4))
    state(stated, 20, ended_on=at(300).isoformat(), notice_on=at(10).isoformat())
    assert on(stated, 20)["notice_on"] == at(10).isoformat()
    state(stated, 30, ended_on=None)
    assert on(stated, 30)["notice_on"] == at(10).isoformat(), (
        "a notice of its own day stays when the end is taken back"
    )
    state(over, 20, ended_on=at(20).isoformat())
    assert "notice_on" not in on(over, 20)
    save("subscription", {"id": history, "ended_on": at(300).isoformat()}, now=noon(20), backfill=True)
    assert "notice_on" not in on(history, 20), "history tells no day of its telling"
    save("subscription", {"id": moved, "ended_on": at(300).isoformat()}, now=noon(20), backfill=True)
    state(moved, 30, ended_on=at(350).isoformat())
    assert "notice_on" not in on(moved, 30), "a term's end that moves on is a renewal"


def test_a_contract_that_moves_takes_its_announced_terms_along():
    number = contract()
    state(number, 10, 300, amount="200")
    save("account", {"id": "b", "name": "B"}, now=noon(10))
    state(number, 20, account="b")
    later = RecordVersion.objects.filter(outside_id=number, valid_on=at(300)).order_by("pk").last()
    assert later.account_id == Account.objects.get(outside_id="b").pk


def test_terms_that_have_not_begun_are_corrected_where_they_begin():
    contract()
    ahead = {"id": "later", "account": "a", **FIRST, "started_on": at(100).isoformat()}
    save("subscription", ahead, now=noon(0))
    state("later", 10, seats=5)
    assert {day: one["seats"] for day, one in told("later").items()} == {at(100): 5}


def delete(number: str, today: int) -> None:
    delete_records(KINDS["subscription"], [number], source="crm", actor="t", now=noon(today))


def stands(number: str, day: int, known: int) -> dict | None:
    """The terms on a day by what was known on another; none where the newest of them is a deletion."""
    versions = RecordVersion.objects.filter(
        outside_id=number, kind="subscription", valid_on__lte=at(day), known_at__lte=noon(known)
    )
    newest = versions.order_by("valid_on", "pk").last()
    return None if newest is None or newest.deleted else newest.data


def test_a_deleted_contract_does_not_come_back_with_its_announced_terms():
    number = contract()
    state(number, 10, 300, amount="200")
    delete(number, 20)
    assert [bool(stands(number, day, 20)) for day in (19, 20, 299, 300, 390)] == [True, *[False] * 4]
    assert stands(number, 300, 19)["amount"] == "200", "what was known before stays"


@pytest.mark.parametrize("stated", [None, 5, 35, 60])
@pytest.mark.parametrize("row", [{}, {"seats": 7}])
def test_a_contract_that_comes_again_runs_from_then_on_with_what_was_announced(row, stated):
    number = contract()
    state(number, 10, 300, amount="200")
    delete(number, 20)
    assert state(number, 50, stated, account="a", **row) == "created"
    begin = max(50, stated or 0) if stated != 35 else 35
    assert [bool(stands(number, day, 50)) for day in (19, 20, begin - 1)] == [True, False, False]
    found = [stands(number, day, 50) for day in (begin, 299, 300, 390)]
    assert [one and one["amount"] for one in found] == ["100", "100", "200", "200"]
    assert {one["seats"] for one in found if one} == {row.get("seats", 1)}
    assert state(number, 51, account="a", **row) == ("unchanged" if stated != 60 or not row else "updated")


def test_an_end_that_came_by_an_undone_import_goes_from_all_terms():
    number = contract()
    state(number, 10, 300, amount="200")
    row = {"id": number, "ended_on": at(50).isoformat()}
    save_records(KINDS["subscription"], [row], source="crm", actor="t", now=noon(20), import_id=77)
    assert [runs(told(number), day) for day in (60, 310)] == [False, False]
    undo_import(77, actor="t", now=noon(30))
    assert [runs(told(number), day) for day in (60, 310)] == [True, True]


def test_contracts_deleted_before_lose_their_announced_terms_too():
    number, kept = contract(), contract()
    for one in (number, kept):
        state(one, 10, 300, amount="200")
    delete(number, 20)
    RecordVersion.objects.filter(deleted=True, valid_on=at(300)).delete()
    assert stands(number, 300, 20), "as it was"
    module = import_module("enishi.accounts.migrations.0010_deleted_with_announced_terms")
    for _again in range(2):
        module.end_announced_terms(apps, None)
        assert [stands(number, day, 20) for day in (20, 300)] == [None, None]
        assert RecordVersion.objects.filter(deleted=True).count() == 2
    assert stands(kept, 300, 20)
