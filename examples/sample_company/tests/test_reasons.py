"""A story that is never told cannot be found: what the customer goes through shows in what it says and suffers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from enishi.definitions.reads import default_body

from ..care import incident_rows, interaction_rows, ticket_rows
from ..sample import Sample
from ..world import Customer, customer

UNTIL = date(2026, 6, 30)
SAMPLE = Sample(until=UNTIL, accounts=600)
WORDS = {
    topic["id"]: [*topic["words"], *(f"[{c}]" for c in topic.get("categories", ()))]
    for topic in default_body("causes", "default")["topics"]
}
HALF_A_YEAR = timedelta(days=182)


def those_with(story: str) -> list[tuple[Customer, date]]:
    """Customers of a story that has gone on for half a year while they were customers, with the day it set in."""
    found = []
    for who in (customer(SAMPLE, index) for index in range(SAMPLE.accounts)):
        course = who.course
        if who.story == story and course.onset is not None:
            onset = SAMPLE.day(7 * course.onset)
            ends = onset + HALF_A_YEAR
            lasts = course.recovery is None or SAMPLE.day(7 * course.recovery) > ends
            if lasts and ends <= who.last_day(UNTIL):
                found.append((who, onset))
    return found


def said(who: Customer, since: date) -> str:
    talks = [f"{row['subject']} {row['body']}" for row in interaction_rows(SAMPLE, who, UNTIL) if within(row["occurred_at"].date(), since)]  # fmt: skip
    asked = [f"{row['subject']} {row['body']} [{row['category']}]" for row in ticket_rows(SAMPLE, who, UNTIL) if within(row["opened_at"].date(), since)]  # fmt: skip
    return " ".join(talks + asked).lower()


def within(day: date, since: date) -> bool:
    return since <= day <= since + HALF_A_YEAR


@pytest.mark.slow
@pytest.mark.parametrize(
    ("story", "topic"),
    [("downsized", "downsizing"), ("acquired", "acquisition"), ("price_complaint", "price")],
)
def test_most_customers_speak_of_what_they_go_through(story: str, topic: str) -> None:
    telling = [
        any(word.lower() in said(who, since) for word in WORDS[topic]) for who, since in those_with(story)
    ]
    assert telling
    assert sum(telling) > len(telling) / 2


@pytest.mark.slow
@pytest.mark.parametrize("topic", ["downsizing", "acquisition"])
def test_nobody_speaks_of_it_without_cause(topic: str) -> None:
    for who, since in those_with("power_users_fading"):
        assert not any(word.lower() in said(who, since) for word in WORDS[topic])


@pytest.mark.slow
def test_those_hit_by_outages_suffer_long_ones() -> None:
    suffered = [
        sum(
            row["minutes"]
            for row in incident_rows(SAMPLE, who, UNTIL)
            if within(row["started_at"].date(), since)
        )
        for who, since in those_with("outage_hit")
    ]
    assert suffered
    assert sum(minutes >= 240 for minutes in suffered) > len(suffered) / 2
