from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from enishi.definitions.contracts import Topic
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords, count_churn, count_mentions, match_topics, read_attributes
from enishi.signals.evidence import FACT_NAMES, find_facts, newest_mentions
from enishi.store.testing import publish

D = date


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def head(record: int, account: int, on: date, **more: object) -> dict[str, object]:
    return {"record_id": record, "account_id": account, "valid_on": on, **more}


def test_attributes_are_those_known_and_in_force_on_each_day(home: Home) -> None:
    publish(
        home,
        "record_account",
        [
            head(1, 1, D(2026, 1, 1), stage="onboarding", size="S"),
            head(1, 1, D(2026, 6, 1), stage="adoption", size="S"),
            head(2, 2, D(2026, 3, 1), stage="adoption"),
        ],
    )
    publish(
        home,
        "record_subscription",
        [
            head(10, 1, D(2026, 1, 1), product="crm", plan="basic", amount=100, started_on=D(2026, 1, 1)),
            head(10, 1, D(2026, 5, 1), product="crm", plan="pro", amount=200, started_on=D(2026, 1, 1)),
            head(11, 2, D(2026, 3, 1), product="crm", plan="basic", amount=1, started_on=D(2026, 3, 1), ended_on=D(2026, 6, 1)),
        ],
    )  # fmt: skip
    with KnownRecords(home) as records:
        frame = read_attributes(records, [D(2026, 4, 1), D(2026, 6, 2)])
    rows = {(r.as_of.date(), r.account_id): (r.stage, r.plan) for r in frame.itertuples()}
    assert rows == {
        (D(2026, 4, 1), 1): ("onboarding", "basic"),
        (D(2026, 4, 1), 2): ("adoption", "basic"),
        (D(2026, 6, 2), 1): ("adoption", "pro"),
        (D(2026, 6, 2), 2): ("adoption", ""),
    }


@pytest.mark.parametrize("at_once", [1, 7, 1_000_000])
def test_many_days_asked_at_once_say_what_each_day_says_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Versions, merges, a contract's end known late, an end told later and an account deleted lie between the days."""
    accounts = [
        *(head(n, n, D(2026, 1, n), stage="onboarding", size="S") for n in (1, 2, 3, 4)),
        head(1, 1, D(2026, 4, 1), stage="adoption", size="M"),
        head(4, 4, D(2026, 5, 1), deleted=True),
    ]
    begun = {"product": "crm", "amount": 5, "started_on": D(2026, 1, 5)}
    contracts = [
        head(10, 1, D(2026, 1, 5), plan="basic", **begun),
        head(10, 1, D(2026, 3, 1), plan="pro", **begun),
        head(11, 2, D(2026, 1, 5), plan="basic", **begun),
        head(11, 2, D(2026, 4, 20), plan="basic", ended_on=D(2026, 3, 31), **begun),
        head(12, 3, D(2026, 1, 5), plan="basic", ended_on=D(2026, 2, 15), **{**begun, "amount": 9}),
    ]
    publish(home, "record_account", accounts)
    publish(home, "record_subscription", contracts)
    publish(home, "merge", [head(3, 1, D(2026, 3, 10)), head(2, 1, D(2026, 5, 10))])
    monkeypatch.setattr("enishi.metrics.known.VERSIONS_AT_ONCE", at_once)
    days = [D(2025, 12, 31) + timedelta(days=k) for k in range(0, 150, 5)]
    keys = ["as_of", "account_id"]
    sql = "select subscription.record_id, account_id, coalesce(cast(ended_on as text), '') as ended from subscription"
    with KnownRecords(home) as records:
        together = read_attributes(records, days)
        alone = pd.concat([read_attributes(records, [day]) for day in days])
        joined = pd.concat(records.query_days(sql.replace("select", "select as_of,"), days))
        single = {day: records.query(sql, day) for day in days}
    assert together["stage"].nunique() == 2
    assert together["days_since_contract"].notna().any()
    pd.testing.assert_frame_equal(
        together.sort_values(keys, ignore_index=True),
        alone.sort_values(keys, ignore_index=True),
        check_dtype=False,  # days without an account have no type of text
    )
    for day, frame in single.items():
        rows = joined[pd.to_datetime(joined["as_of"]) == pd.Timestamp(day)].drop(columns="as_of")
        assert sorted(rows.itertuples(index=False, name=None)) == sorted(
            frame.itertuples(index=False, name=None)
        )


def test_without_any_records_everything_is_empty(home: Home) -> None:
    topics = [Topic(id="price", title="Price", words=("高い",))]
    with KnownRecords(home) as records:
        assert read_attributes(records, [D(2026, 1, 1)]).empty
        assert find_facts(records, FACT_NAMES, D(2026, 1, 1)) == {name: {} for name in FACT_NAMES}
        matches = match_topics(records, topics, D(2026, 1, 1))
    assert matches.empty
    assert newest_mentions(records, matches, D(2026, 1, 1)) == {}
    panel = pd.DataFrame({"as_of": [pd.Timestamp(2026, 1, 1)], "account_id": [1]})
    assert count_mentions(records, matches, topics, panel)["mentions_price"].tolist() == [0.0]


def test_a_merged_account_s_records_lead_to_the_survivor_from_the_day_of_the_merge(home: Home) -> None:
    publish(home, "record_contact", [head(5, 7, D(2026, 1, 1), role="champion", left_on=D(2026, 2, 1))])
    publish(home, "merge", [head(7, 8, D(2026, 3, 1)), head(8, 9, D(2026, 4, 1))])
    with KnownRecords(home) as records:
        found = [list(find_facts(records, ["champion_gone"], day)["champion_gone"]) for day in
                 (D(2026, 1, 15), D(2026, 2, 15), D(2026, 3, 15), D(2026, 4, 15))]  # fmt: skip
    assert found == [[], [7], [8], [9]]


def test_evidence_is_what_was_known_and_not_what_came_later(home: Home) -> None:
    publish(
        home,
        "record_invoice",
        [
            head(1, 1, D(2026, 1, 1), due_on=D(2026, 1, 31), paid_on=D(2026, 3, 1), amount=1),
            head(2, 1, D(2026, 2, 1), due_on=D(2026, 2, 28), amount=1),
        ],
    )
    publish(
        home,
        "record_ticket",
        [head(3, 1, D(2026, 1, 5), opened_at=datetime(2026, 1, 5, 3, tzinfo=UTC), severity="urgent", resolved_at=datetime(2026, 1, 9, tzinfo=UTC), tone=-0.8)],
    )  # fmt: skip
    publish(
        home, "record_incident", [head(4, None, D(2026, 1, 7), started_at=datetime(2026, 1, 7, tzinfo=UTC))]
    )
    with KnownRecords(home) as records:
        early = find_facts(records, FACT_NAMES, D(2026, 2, 10))
        late = find_facts(records, FACT_NAMES, D(2026, 3, 10))
        before = find_facts(records, ["severe_ticket"], D(2026, 1, 6))
    assert early["overdue_invoice"][1].record_id == 1
    assert late["overdue_invoice"][1].record_id == 2
    assert before["severe_ticket"][1].record_id == 3
    assert early["severe_ticket"] == {}
    assert early["harsh_ticket"][1].on == D(2026, 1, 5)
    assert early["incident"][0].kind == "incident"


def test_topics_are_found_in_both_languages_and_counted_from_the_day_they_were_known(home: Home) -> None:
    publish(
        home,
        "record_ticket",
        [
            head(
                1,
                1,
                D(2026, 1, 5),
                known_on=D(2026, 2, 1),
                opened_at=datetime(2026, 1, 5, tzinfo=UTC),
                subject="料金が高すぎます",
            ),
            head(
                2,
                1,
                D(2026, 3, 1),
                opened_at=datetime(2026, 3, 1, tzinfo=UTC),
                body="This is Too Expensive (really)",
            ),
            head(3, 2, D(2026, 3, 1), opened_at=datetime(2026, 3, 1, tzinfo=UTC), category="Pricing"),
            head(4, 2, D(2026, 3, 1), opened_at=datetime(2026, 3, 1, tzinfo=UTC), body="fine"),
        ],
    )
    publish(
        home,
        "record_survey_answer",
        [
            head(
                9,
                3,
                D(2026, 3, 2),
                measure="nps",
                score=1,
                comment="高すぎる",
                answered_at=datetime(2026, 3, 2, tzinfo=UTC),
            )
        ],
    )
    topics = [
        Topic(id="price", title="Price", words=("高すぎ", "too expensive"), categories=("pricing",), days=90)
    ]
    days = [pd.Timestamp(d) for d in ("2026-01-20", "2026-02-02", "2026-03-10", "2026-04-30", "2026-07-01")]
    panel = pd.DataFrame([(d, a) for d in days for a in (1, 2, 3)], columns=["as_of", "account_id"])
    with KnownRecords(home) as records:
        matches = match_topics(records, topics, D(2026, 7, 1))
        counts = count_mentions(records, matches, topics, panel)["mentions_price"].tolist()
        newest = [
            newest_mentions(records, matches, day)["mention_price"][1]
            for day in (D(2026, 3, 10), D(2026, 2, 10))
        ]
    assert [counts[i : i + 3] for i in range(0, 15, 3)] == [
        [0, 0, 0],
        [1, 0, 0],
        [2, 1, 1],
        [1, 1, 1],
        [0, 0, 0],
    ]
    assert [fact.record_id for fact in newest] == [2, 1]


def test_of_texts_of_one_day_the_same_is_the_newest_in_whatever_order_they_come(home: Home) -> None:
    publish(home, "record_ticket", [
        head(n, 1, D(2026, 1, 5), opened_at=datetime(2026, 1, 5, tzinfo=UTC), subject="高すぎます")
        for n in range(1, 41)
    ])  # fmt: skip
    topics = [Topic(id="price", title="Price", words=("高すぎ",), days=90)]
    with KnownRecords(home) as records:
        matches = match_topics(records, topics, D(2026, 2, 1))
        for texts in (matches, matches.iloc[::-1]):
            assert newest_mentions(records, texts, D(2026, 2, 1))["mention_price"][1].record_id == 40


def test_what_a_merged_account_said_counts_at_the_survivor_from_the_day_they_became_one(home: Home) -> None:
    publish(home, "record_ticket", [
        head(n, account, D(2026, 1, 5), opened_at=datetime(2026, 1, 5, tzinfo=UTC), subject="高すぎます")
        for n, account in ((1, 7), (2, 8))
    ])  # fmt: skip
    publish(home, "merge", [head(7, 8, D(2026, 2, 1))])
    topics = [Topic(id="price", title="Price", words=("高すぎ",), days=90)]
    days = [pd.Timestamp(2026, 1, 31), pd.Timestamp(2026, 2, 1)]
    panel = pd.DataFrame([(d, a) for d in days for a in (7, 8)], columns=["as_of", "account_id"])
    with KnownRecords(home) as records:
        matches = match_topics(records, topics, D(2026, 2, 1))
        assert count_mentions(records, matches, topics, panel)["mentions_price"].tolist() == [1, 1, 0, 2]
        told = [set(newest_mentions(records, matches, day.date())["mention_price"]) for day in days]
    assert told == [{7, 8}, {8}]


def test_an_account_keeps_its_own_attributes_and_takes_on_the_contracts_of_what_it_took_in(
    home: Home,
) -> None:
    publish(home, "record_account", [head(7, 7, D(2026, 1, 1), name="Seven", stage="onboarding", industry="IT"),
                                     head(8, 8, D(2026, 1, 1), name="Eight", stage="adoption")])  # fmt: skip
    publish(home, "record_subscription", [
        head(70, 7, D(2024, 1, 1), started_on=D(2024, 1, 1), ended_on=D(2026, 3, 1), product="P", amount=9),
        head(80, 8, D(2024, 1, 1), started_on=D(2024, 1, 1), product="Q", amount=5),
    ])  # fmt: skip
    publish(home, "merge", [head(7, 8, D(2026, 2, 1))])
    with KnownRecords(home) as records:
        before, after = (read_attributes(records, [day]) for day in (D(2026, 1, 15), D(2026, 2, 15)))
        assert count_churn(records, D(2026, 1, 15)) == (2, 0)
        assert count_churn(records, D(2026, 3, 15)) == (1, 0)
    assert sorted(before["account_id"]) == [7, 8]
    found = after[["account_id", "stage", "industry", "product"]].to_dict("records")
    assert found == [{"account_id": 8, "stage": "adoption", "industry": "", "product": "P"}]


PRICE = [Topic(id="price", title="Price", words=("高すぎ",), days=90)]


def mentions(home: Home, account: int, days: list[date]) -> list[float]:
    panel = pd.DataFrame({"as_of": pd.to_datetime(days), "account_id": account})
    with KnownRecords(home) as records:
        matches = match_topics(records, PRICE, max(days))
        return count_mentions(records, matches, PRICE, panel)["mentions_price"].tolist()


def ticket(known_on: date, opened_on: date, **more: object) -> dict[str, object]:
    opened = datetime(opened_on.year, opened_on.month, opened_on.day, 3, tzinfo=UTC)
    return head(1, 7, D(2026, 1, 1), known_on=known_on, opened_at=opened) | {"subject": "高すぎます"} | more


def test_a_day_s_mentions_are_the_same_asked_alone_and_among_later_days(home: Home) -> None:
    early, corrected, moved, gone = D(2026, 1, 10), D(2026, 3, 2), D(2026, 3, 6), D(2026, 3, 10)
    publish(home, "record_ticket", [
        ticket(D(2026, 1, 1), D(2026, 1, 1)),
        ticket(D(2026, 3, 1), D(2026, 2, 15)),
        ticket(D(2026, 3, 5), D(2026, 2, 15), account_id=8),
        ticket(D(2026, 3, 8), D(2026, 2, 15), account_id=8, deleted=True),
    ])  # fmt: skip
    days = [early, corrected, moved, gone]
    for account, told in ((7, [1, 1, 0, 0]), (8, [0, 0, 1, 0])):
        assert mentions(home, account, days) == told
        assert [mentions(home, account, [day])[0] for day in days] == told


def test_a_mention_goes_with_the_words_that_were_corrected_and_with_an_import_that_was_undone(
    home: Home,
) -> None:
    first, second, third = D(2026, 1, 2), D(2026, 1, 12), D(2026, 1, 22)
    publish(home, "record_ticket", [
        ticket(D(2026, 1, 1), D(2026, 1, 1)),
        ticket(D(2026, 1, 10), D(2026, 1, 1), subject="問題なし"),
        ticket(D(2026, 1, 20), D(2026, 1, 1)),
    ])  # fmt: skip
    assert mentions(home, 7, [first, second, third]) == [1, 0, 1]
    publish(home, "record_ticket", [ticket(D(2026, 1, 1), D(2026, 1, 1), deleted=True)])  # as if never known
    assert mentions(home, 7, [first, second, third]) == [0, 0, 0]


def test_the_reason_a_contract_ended_is_that_of_the_terms_in_force_on_the_day(home: Home) -> None:
    terms = {"started_on": D(2025, 1, 1), "ended_on": D(2026, 1, 5)}
    publish(home, "record_subscription", [
        head(5, 7, D(2026, 1, 5), known_on=D(2026, 1, 5), end_reason="高すぎた", **terms),
        head(5, 7, D(2026, 1, 1), known_on=D(2026, 1, 10), end_reason="高すぎた", **terms),
        head(5, 7, D(2026, 2, 1), known_on=D(2026, 1, 10), started_on=D(2025, 1, 1)),
    ])  # fmt: skip
    assert mentions(home, 7, [D(2026, 1, 4), D(2026, 1, 6), D(2026, 1, 31), D(2026, 2, 1)]) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("zone", "hour", "day"),
    [("Asia/Tokyo", 16, 2), ("America/New_York", 3, 31), ("Europe/London", 23, 2), ("UTC", 23, 1)],
)
def test_the_day_of_a_text_is_the_company_s(home: Home, zone: str, hour: int, day: int) -> None:
    """Written on 1 August in Greenwich. In Tokyo it is the 2nd by then, in New York still 31 July, and in London, whose
    summer time the winter day that asks does not have, an hour later than in Greenwich."""
    written, on = datetime(2025, 8, 1, hour, 30, tzinfo=UTC), D(2025, 7 if day == 31 else 8, day)
    row = head(1, 7, D(2025, 7, 1), opened_at=written, subject="高すぎます", severity="urgent", tone=-0.9)
    publish(home, "record_ticket", [row], zone=zone)
    assert mentions(home, 7, [on - timedelta(days=1), on]) == [0, 1]
    assert mentions(home, 7, [on + timedelta(days=k) for k in (89, 90)]) == [1, 0]
    with KnownRecords(home) as records:
        matches = match_topics(records, PRICE, D(2025, 12, 1))
        assert newest_mentions(records, matches, D(2025, 12, 1))["mention_price"][7].on == on
        assert find_facts(records, ["severe_ticket"], D(2025, 12, 1))["severe_ticket"][7].on == on
