"""The facts behind a cause or an alert: which record, and when. One question per named fact, for all accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from enishi.definitions.contracts import Topic
from enishi.signals.asof import KnownRecords, match_topics, stand_on


@dataclass(frozen=True, slots=True)
class Fact:
    """A record that speaks for a rule: its day, kind and number."""

    on: date
    kind: str
    record_id: int


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    on: str
    where: str
    order: str = '"on" desc'
    table: str = ""  # where it is not the kind's own

    @property
    def source(self) -> str:
        return self.table or f'"{self.kind}"'


_DAY = "$day"
_QUESTIONS = {
    "low_nps": _Question(
        "survey_answer", "cast(answered_at as date)", "measure = 'nps' and score between 0 and 6"
    ),
    "low_csat": _Question(
        "survey_answer", "cast(answered_at as date)", "measure = 'csat' and score between 0 and 2.5"
    ),
    "harsh_ticket": _Question(
        "ticket",
        "cast(opened_at as date)",
        f"tone >= -1 and tone < 0 and opened_at > {_DAY} - interval 90 day",
        "tone",
        "(select ticket.* replace (if(reading.by_person, reading.tone, coalesce(ticket.tone, reading.tone)) as tone) "
        "from ticket left join reading using (record_id))",
    ),
    "severe_ticket": _Question(
        "ticket", "cast(opened_at as date)", "severity in ('high', 'urgent') and resolved_at is null"
    ),
    "champion_gone": _Question(
        "contact", "left_on", "role in ('champion', 'decision_maker') and left_on is not null"
    ),
    "bounced_contact": _Question("contact", "bounced_on", "bounced_on is not null"),
    "last_contact": _Question(
        "interaction", "cast(occurred_at as date)", "coalesce(two_way, type in ('call', 'meeting', 'visit'))"
    ),
    "seats_cut": _Question("subscription", "valid_on", "seats is not null"),
    "overdue_invoice": _Question(
        "invoice",
        "due_on",
        f"paid_on is null and not coalesce(paid, false) and voided_on is null and due_on < {_DAY}",
        '"on"',
    ),
    "last_order": _Question("order", "cast(ordered_at as date)", "true"),
    "incident": _Question("incident", "cast(started_at as date)", "true"),
}
FACT_NAMES = frozenset(_QUESTIONS)


def find_facts(records: KnownRecords, names: Iterable[str], day: date) -> dict[str, dict[int, Fact]]:
    """For each named fact, account -> the record that speaks for it as of ``day``.

    An incident that hit everyone stands under account 0. Names without a question (``last_seen``,
    ``mention_…``) are answered by their callers.
    """
    return {name: _answer(records, _QUESTIONS[name], day) for name in set(names) & FACT_NAMES}


class DayFacts(Mapping[str, Mapping[int, Fact]]):
    """The named facts of a day, each asked for when it is first quoted."""

    def __init__(self, records: KnownRecords, topics: Sequence[Topic], day: date) -> None:
        self.records, self.topics, self.day = records, topics, day
        self.found: dict[str, dict[int, Fact]] = {}

    def __getitem__(self, name: str) -> Mapping[int, Fact]:
        if name not in self.found:
            self.found[name] = self._ask(name)
        return self.found[name]

    def _ask(self, name: str) -> dict[int, Fact]:
        if name in _QUESTIONS:
            return _answer(self.records, _QUESTIONS[name], self.day)
        wanted = [topic for topic in self.topics if name == f"mention_{topic.id}"]
        return (
            newest_mentions(self.records, match_topics(self.records, wanted, self.day), self.day).get(
                name, {}
            )
            if wanted
            else {}
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def _answer(records: KnownRecords, question: _Question, day: date) -> dict[int, Fact]:
    if not records.has(question.kind):
        return {}
    sql = (
        f'select coalesce(account_id, 0) as account_id, record_id, {question.on} as "on" '  # noqa: S608
        f"from {question.source} "
        f"where ({question.where}) and {question.on} <= $day "
        f"qualify row_number() over (partition by account_id order by {question.order}, record_id desc) = 1"
    )
    frame = records.query(sql, day)
    return _as_facts(frame, question.kind)


def _as_facts(frame: pd.DataFrame, kind: str) -> dict[int, Fact]:
    days = pd.to_datetime(frame["on"]).dt.date
    return {
        int(account): Fact(on, kind, int(record))
        for account, record, on in zip(frame["account_id"], frame["record_id"], days, strict=True)
    }


def newest_mentions(records: KnownRecords, matches: pd.DataFrame, day: date) -> dict[str, dict[int, Fact]]:
    """``mention_<topic>`` -> account -> the newest text known on the day."""
    if matches.empty:
        return {}
    known = matches[stand_on(matches, day)]
    known = known.assign(account_id=records.led(known["account_id"], day))
    newest = known.sort_values(["on", "kind", "record_id"]).drop_duplicates(
        ["topic", "account_id"], keep="last"
    )
    found: dict[str, dict[int, Fact]] = {}
    for row in newest.itertuples():
        fact = Fact(pd.Timestamp(row.on).date(), str(row.kind), int(row.record_id))  # type: ignore[arg-type]
        found.setdefault(f"mention_{row.topic}", {})[int(row.account_id)] = fact  # type: ignore[arg-type]
    return found


def fact_for(facts: Mapping[str, Mapping[int, Fact]], name: str, account_id: int) -> Fact | None:
    """The account's own record for a fact, or the one that concerns everyone."""
    found = facts.get(name, {})
    return found.get(account_id) or found.get(0)
