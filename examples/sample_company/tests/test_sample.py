"""The sample company: the same from the same seed, carried on without a seam, and honestly hard to see through."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from enishi.store.kinds import KINDS

from .. import Sample
from ..care import contact_rows, ticket_rows
from ..companies import company
from ..days import work_factors
from ..events import CARRIES, account_events, event_tables
from ..events import crowd as people_of
from ..money import contracts, invoice_rows, subscription_rows
from ..records import chunks, company_rows, rows_of_account
from ..stories import STORIES
from ..strangers import stranger_messages
from ..texts import TOPICS, closing
from ..truth import chance_of_ending, truth_row, write_truth
from ..world import Customer, customer

UNTIL = date(2026, 11, 20)
SAMPLE = Sample(until=UNTIL)
MANY = 400


@cache
def crowd() -> list[Customer]:
    return [customer(SAMPLE, index) for index in range(MANY)]


# ---- the seed ------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_company() -> None:
    again = Sample(until=UNTIL)
    for index in (0, 7, 33):
        first, second = customer(SAMPLE, index), customer(again, index)
        assert rows_of_account(SAMPLE, first, UNTIL) == rows_of_account(again, second, UNTIL)
        assert account_events(SAMPLE, first).equals(account_events(again, second))


def test_another_seed_gives_another_company() -> None:
    other = Sample(until=UNTIL, seed=1)
    assert [company(SAMPLE, n).region for n in range(30)] != [company(other, n).region for n in range(30)]


def test_an_account_does_not_depend_on_how_many_there_are() -> None:
    few, many = Sample(until=UNTIL, accounts=10), Sample(until=UNTIL, accounts=100_000)
    assert rows_of_account(few, customer(few, 4), UNTIL) == rows_of_account(many, customer(many, 4), UNTIL)


# ---- carrying on ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [3, 8, 21])
def test_events_go_on_without_seam_or_repetition(index: int) -> None:
    middle = UNTIL - timedelta(days=47)
    early = Sample(until=middle, first_day=SAMPLE.start)
    before = account_events(early, customer(early, index))["message_id"].to_pylist()
    after = account_events(SAMPLE, customer(SAMPLE, index), after=middle)["message_id"].to_pylist()
    whole = account_events(SAMPLE, customer(SAMPLE, index))["message_id"].to_pylist()
    assert sorted([*before, *after]) == sorted(whole)
    assert len(set(whole)) == len(whole)


def test_only_news_is_told_again() -> None:
    small = Sample(until=UNTIL, accounts=12)
    news = next(iter(chunks(small, after=UNTIL)))
    assert not any(news.values())
    week = next(iter(chunks(small, after=UNTIL - timedelta(days=7))))
    whole = next(iter(chunks(small)))
    assert 0 < sum(map(len, week.values())) < sum(map(len, whole.values())) / 10


def test_nothing_is_told_before_it_happened() -> None:
    for who in crowd()[:40]:
        for kind, rows in rows_of_account(SAMPLE, who, UNTIL).items():
            for row in rows:
                for name, value in row.items():
                    if isinstance(value, date) and name not in ("due_on", "renewal_on", "ended_on"):
                        day = value.date() if hasattr(value, "date") else value
                        assert day <= UNTIL, (kind, name, row)


# ---- the doors -----------------------------------------------------------------------------------------------


def test_every_field_is_one_of_its_kind() -> None:
    gathered = next(iter(chunks(Sample(until=UNTIL, accounts=25)))) | company_rows(SAMPLE, UNTIL)
    assert set(gathered) == set(KINDS)
    for kind, rows in gathered.items():
        names = {field.name for field in KINDS[kind].fields}
        required = {field.name for field in KINDS[kind].fields if field.required}
        assert rows, kind
        for row in rows:
            assert required <= set(row) <= names, (kind, row)


def test_ids_are_never_used_twice() -> None:
    for kind, rows in next(iter(chunks(Sample(until=UNTIL, accounts=40)))).items():
        key = ("id", "effective_on") if kind == "subscription" else ("id",)
        counts = Counter(tuple(row[name] for name in key) for row in rows)
        assert counts.most_common(1)[0][1] == 1, kind


def test_terms_follow_each_other_and_the_last_one_tells_the_end() -> None:
    seen = 0
    for who in crowd()[:150]:
        rows = list(subscription_rows(SAMPLE, who, UNTIL))
        for contract in {row["id"] for row in rows}:
            mine = [row for row in rows if row["id"] == contract]
            days = [row["effective_on"] for row in mine]
            assert days == sorted(set(days))
            assert not any("ended_on" in row for row in mine[:-1])
            seen += "ended_on" in mine[-1]
    assert seen > 10


def test_invoices_fit_the_contract() -> None:
    who = next(c for c in crowd() if not c.yearly and c.company.currency == "JPY")
    terms = contracts(SAMPLE, who)[0]
    row = [r for r in invoice_rows(SAMPLE, who, UNTIL) if r["id"].startswith(terms.id)][-1]
    assert row["amount"] == terms.at(row["issued_on"]).monthly()


# ---- people and days -----------------------------------------------------------------------------------------


def test_both_languages_and_both_currencies_occur() -> None:
    assert {c.company.language for c in crowd()} == {"ja", "en"}
    assert {c.company.currency for c in crowd()} == {"JPY", "USD"}
    texts = {
        c.company.language: next(iter(ticket_rows(SAMPLE, c, UNTIL)), {}).get("body", "")
        for c in crowd()[:60]
    }
    assert texts["en"].isascii()
    assert not texts["ja"].isascii()


def test_names_carry_readings() -> None:
    for who in crowd()[:50]:
        if who.company.language == "ja":
            assert who.company.kana
            assert all(row["name_kana"] for row in contact_rows(SAMPLE, who, UNTIL))


def test_people_rest_on_holidays() -> None:
    start = date(2026, 1, 1)
    factors = work_factors(start, 365, "JP")
    for day in (date(2026, 1, 1), date(2026, 5, 5), date(2026, 11, 22)):
        assert factors[(day - start).days] < 0.1
    assert factors[(date(2026, 6, 3) - start).days] > 0.9


def test_events_happen_while_the_customer_is_there() -> None:
    for who in crowd()[:30]:
        events = account_events(SAMPLE, who)
        if events.num_rows:
            last = max(events["occurred_at"].to_pylist()).date()
            assert last <= who.last_day(UNTIL)


def test_a_large_sample_streams() -> None:
    """The first tables of 100,000 accounts come at once: nothing is drawn ahead."""
    tables = event_tables(Sample(until=UNTIL, accounts=100_000, activity=0.1))
    assert sum(next(tables).num_rows for _ in range(5)) > 0


def test_strangers_write_from_a_customers_domain() -> None:
    messages = list(stranger_messages(SAMPLE))
    domains = {c.company.domain for c in crowd()}
    assert len({m["context"]["groupId"] for m in messages}) == 4
    assert {m["userId"].partition("@")[2] for m in messages} <= domains
    middle = UNTIL - timedelta(days=10)
    later = list(stranger_messages(SAMPLE, after=middle))
    assert 0 < len(later) < len(messages)


# ---- stories -------------------------------------------------------------------------------------------------


def lost(who: Customer) -> bool:
    return who.ending is not None and who.ending.notice_on <= UNTIL


def test_every_story_occurs_and_stories_decide_who_leaves() -> None:
    by_story = {story.id: [c for c in crowd() if c.story == story.id] for story in STORIES}
    assert all(by_story.values())
    shares = {story: np.mean([lost(c) for c in cs]) for story, cs in by_story.items()}
    assert 0.15 < np.mean([lost(c) for c in crowd()]) < 0.32
    assert shares["healthy"] < 0.16
    assert shares["quietly_ready"] < 0.16
    assert shares["never_onboarded"] > 0.4
    assert all(shares[s] > shares["healthy"] for s in ("outage_hit", "champion_left", "downsized"))
    assert all(0 < share < 1 for share in shares.values()), "no story decides everything"


def panel() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows of (living account, month): lost within 90 days, and what could be known."""
    labels, columns = [], {name: [] for name in ("hazard", "use", "value", "warmth", "power")}
    for month in range(1, 22):
        day = SAMPLE.start + timedelta(days=30 * month)
        week = SAMPLE.week(day)
        for who in crowd():
            if who.since > day or (who.ending and who.ending.notice_on <= day):
                continue
            labels.append(bool(who.ending and who.ending.notice_on <= day + timedelta(days=90)))
            columns["hazard"].append(1 - np.prod(1 - who.hazard[week : week + 13]))
            for name in ("use", "value", "warmth", "power"):
                columns[name].append(-who.course.paths[name][week])
    return np.array(labels), {name: np.array(values) for name, values in columns.items()}


def test_no_single_channel_gives_it_away_and_none_is_useless() -> None:
    labels, columns = panel()
    aucs = {name: roc_auc_score(labels, values) for name, values in columns.items()}
    assert 0.8 < aucs.pop("hazard") < 0.95, "even who knows the true hazard cannot know the outcome"
    assert all(0.55 < auc < 0.9 for auc in aucs.values()), aucs


def test_use_declines_before_the_notice() -> None:
    falls = []
    for who in crowd():
        if who.ending and lost(who) and who.since < who.ending.notice_on - timedelta(days=200):
            week = SAMPLE.week(who.ending.notice_on)
            path = who.course.paths["use"]
            falls.append(path[week] / max(path[max(week - 26, 0)], 0.05))
    assert np.median(falls) < 0.75
    assert np.quantile(falls, 0.9) > 0.9, "some use it to the end"


def test_seasonal_customers_dip_and_come_back() -> None:
    for who in [c for c in crowd() if c.story == "seasonal" and c.ending is None][:8]:
        path = who.course.paths["use"][20 : SAMPLE.window_weeks]
        assert path.min() < 0.75 * path.max()


# ---- the truth -----------------------------------------------------------------------------------------------


def test_truth_is_written_apart_with_hazards(tmp_path: Path) -> None:
    few = Sample(until=UNTIL, accounts=3)
    write_truth(few, tmp_path / "truth.jsonl.gz")
    with gzip.open(tmp_path / "truth.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    assert [row["account"] for row in rows] == ["C000001", "C000002", "C000003"]
    assert all(len(row["hazard"]) == few.weeks for row in rows)
    assert 0 <= chance_of_ending(rows[0], 10, 13) <= 1
    assert rows[0] == json.loads(json.dumps(truth_row(few, customer(few, 0))))


def test_no_product_code_knows_the_truth() -> None:
    root = Path(__file__).resolve().parents[3]
    for path in (root / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "sample_company.truth" not in text, path
        assert 'find_sample("truth")' not in text, path
    for name in ("load", "records", "events", "care", "money"):
        assert "truth" not in (root / "examples" / "sample_company" / f"{name}.py").read_text(
            encoding="utf-8"
        )


def test_a_customer_is_never_left_by_chance_without_anybody_who_uses_it() -> None:
    """Not even by a champion who leaves, unless nobody else had come by then."""
    for who in crowd():
        people = people_of(SAMPLE, who)
        days = np.arange(people.first.min(), SAMPLE.weeks * 7)
        if who.story == "champion_left":
            days = days[days >= people.first[1:].min()]
        there = (people.first[:, None] <= days) & (days < people.last[:, None])
        assert ((there * people.rate[:, None]).max(axis=0) >= CARRIES).all(), who.id


def test_a_tone_has_its_words() -> None:
    howto, bug = TOPICS["howto"], TOPICS["bug"]
    assert len({closing(howto, tone, "ja") for tone in (-0.4, 0.0, 0.5)}) == 3
    assert closing(howto, 0.0, "en") == closing(bug, -0.6, "en") == "", "a complaint says enough by itself"
