"""The news of the sample's customers: told of those who really leave, and seen where it matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.world import sign_in

from enishi.accounts.models import Contact, Member
from enishi.ingest.api import drain
from enishi.kit.clock import end_of_day
from enishi.kit.home import Home
from enishi.stakeholders.api import judge_book
from enishi.stakeholders.models import AccountRelationship

from ..care import contacts
from ..load import load_records, save_members
from ..press import news_rows
from ..sample import ZONE, Sample
from ..world import Customer, customer

UNTIL = date(2026, 11, 20)
SAMPLE = Sample(until=UNTIL)
CROWD = [customer(SAMPLE, index) for index in range(SAMPLE.accounts)]
NEWS = [(who, row) for who in CROWD for row in news_rows(SAMPLE, who, UNTIL)]


def test_some_dozen_customers_are_in_the_news_and_most_are_not() -> None:
    assert {row["type"] for _who, row in NEWS} >= {
        "person_left",
        "person_joined",
        "merger",
        "funding",
        "layoffs",
    }
    assert 60 < len(NEWS) < 200
    assert len({who.id for who, _row in NEWS}) < len(CROWD) / 3
    assert len({row["headline"] for _who, row in NEWS}) == len(NEWS)


def test_news_speaks_the_customers_language_and_links_to_nobodys_site() -> None:
    for who, row in NEWS:
        assert row["headline"].replace("“", "").replace("”", "").isascii() == (who.company.language == "en")
        assert who.company.name in row["headline"]
        assert row["url"].startswith("https://")
        assert row["url"].split("/")[2].endswith(".example")
        assert max(who.since, SAMPLE.start) <= row["published_on"] <= who.last_day(UNTIL)


def test_who_is_said_to_leave_really_leaves_some_weeks_later() -> None:
    for who, row in NEWS:
        if row["type"] == "person_left":
            (gone,) = [one.gone_on for one in contacts(SAMPLE, who) if _named(who, one.row, row["headline"])]
            assert gone is not None
            assert timedelta() < gone - row["published_on"] < timedelta(days=61)
    assert {"contact" in row for _who, row in NEWS if row["type"] == "person_left"} == {True, False}


def _named(who: Customer, person: dict[str, str], headline: str) -> bool:
    family, given = person["family_name"], person["given_name"]
    return (f"{given} {family}" if who.company.language == "en" else f"{family}{given}") in headline


@pytest.mark.django_db
def test_a_departure_in_the_news_is_a_sign_and_stands_in_the_timeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one whose source names the contact, and of one whom only the headline names; neither was told to us."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    save_members()
    load_records(Sample(until=UNTIL, accounts=12), now=datetime(2026, 11, 20, 9, tzinfo=UTC))
    drain(home)
    judge_book(UNTIL, now=end_of_day(UNTIL, ZONE), home=home)
    signs = {
        one["contact"]: one["signs"] for found in AccountRelationship.objects.all() for one in found.departing
    }
    leader = Member.objects.filter(scope="all").first()
    assert leader is not None
    for number, headline in (
        ("C000009-P2", "Minato Shoji Inc.: VP Operations Felix Keller to leave"),
        ("C000011-P2", "代表取締役社長 福田徹氏が退任へ"),
    ):
        contact = Contact.objects.get(outside_id=number)
        assert "news" in signs[contact.pk], number
        for language, words in (("ja", "退任・異動"), ("en", "Person leaves")):
            Member.objects.filter(pk=leader.pk).update(language=language)
            page = sign_in(leader).get(f"/accounts/{contact.account_id}/timeline/?kind=news").content.decode()
            assert headline in page
            assert words in page
