"""What was read becomes a fact with a day: without look-ahead, and without rewriting what was said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.pages import world  # noqa: F401
from tests.world import NOW, World, at_hour, days_ago, make_record

from enishi.accounts.models import Record, RecordVersion
from enishi.forecasts.api import Judged
from enishi.kit.clock import system_clock
from enishi.texts import api, learning, scorers
from enishi.texts.models import TextJudgement


class ByWord:
    """Judges by one word; each version knows another one."""

    name = "by word"
    bad = "slow"

    def judge(self, texts: list[str]) -> list[Judged]:
        return [Judged("negative" if self.bad in text else "neutral", None, 1.0, 0.0, "en") for text in texts]


class ByOtherWord(ByWord):
    name = "by another word"
    bad = "late"


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Puts one of the two in use; both can be called for the past."""
    every = {one.name: one() for one in (ByWord, ByOtherWord)}
    monkeypatch.setattr("enishi.texts.readings.scorer_of", lambda model: every[model.scorer])
    monkeypatch.setattr("enishi.texts.judging.scorer_of", lambda model: every[model.scorer])

    def use(one: type[ByWord]) -> None:
        monkeypatch.setattr(scorers, "named_scorer", lambda: every[one.name])
        monkeypatch.setattr(learning, "named_scorer", lambda: every[one.name])

    use(ByWord)
    return use


def read(now=NOW) -> None:  # type: ignore[no-untyped-def]
    while not api.judge_new_texts(now):
        pass


def readings(record: Record) -> list[tuple[date, float | None, int]]:
    rows = RecordVersion.objects.filter(kind="reading", record_id=record.pk).order_by("pk")
    return [(row.known_at.date(), row.data.get("tone"), row.data["model"]) for row in rows]


def live(record: Record, now=NOW) -> None:  # type: ignore[no-untyped-def]
    RecordVersion.objects.filter(kind="ticket", record_id=record.pk).update(backfill=False)


def test_history_counts_from_its_day_and_what_came_live_from_when_it_was_read(
    world: World,  # noqa: F811
    scorer: object,
) -> None:
    account = world.accounts["sakura"]
    old = make_record(account, "ticket", at_hour(days_ago(40)), subject="so slow")
    fresh = make_record(account, "ticket", at_hour(days_ago(2)), subject="slow again")
    stated = make_record(account, "ticket", at_hour(days_ago(2)), subject="slow", tone=0.3)
    answer = make_record(
        account, "survey_answer", at_hour(days_ago(2)), measure="nps", score=3, comment="slow"
    )
    live(fresh)
    read()
    assert readings(old) == [(at_hour(days_ago(40)).date(), -0.7, 1)]
    assert readings(fresh) == [(NOW.date(), -0.7, 1)], "the days before it was read had no tone"
    assert readings(stated) == readings(answer) == []
    read(NOW + timedelta(minutes=5))
    assert len(readings(old)) == 1


def test_a_new_version_counts_from_its_own_day_and_only_where_it_says_otherwise(world: World, scorer) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    account, later = world.accounts["sakura"], NOW + timedelta(days=3)
    both = make_record(account, "ticket", at_hour(days_ago(9)), subject="slow and late")
    other = make_record(account, "ticket", at_hour(days_ago(9)), subject="late")
    read()
    scorer(ByOtherWord)
    make_record(account, "ticket", later - timedelta(hours=1), subject="late again")
    read(later)
    assert readings(both) == [(at_hour(days_ago(9)).date(), -0.7, 1)]
    assert readings(other) == [(at_hour(days_ago(9)).date(), 0.0, 1), (later.date(), -0.7, 2)]
    # History that arrives now is read by the version of each of its days.
    old = make_record(account, "ticket", at_hour(days_ago(20)), subject="late delivery")
    read(later + timedelta(hours=1))
    assert readings(old) == [(at_hour(days_ago(20)).date(), 0.0, 1), (later.date(), -0.7, 2)]


def test_corrections_and_other_wordings_count_from_their_day(
    world: World,  # noqa: F811
    scorer: object,
) -> None:
    record = make_record(world.accounts["sakura"], "ticket", at_hour(days_ago(9)), subject="slow")
    first = (at_hour(days_ago(9)).date(), -0.7, 1)
    read()
    judgement, sato = TextJudgement.objects.get(record_id=record.pk), world.members["sato"]
    day = NOW + timedelta(days=1)
    api.correct_judgement(sato, judgement.pk, tone="positive", topic="", now=day)
    assert readings(record) == [first, (day.date(), 0.7, 0)]
    api.withdraw_correction(sato, judgement.pk, now=day + timedelta(days=1))
    taken = [first, (day.date(), 0.7, 0), ((day + timedelta(days=1)).date(), -0.7, 1)]
    assert readings(record) == taken
    Record.objects.filter(pk=record.pk).update(data={"subject": "fine"}, updated_at=system_clock())
    version = RecordVersion.objects.filter(kind="ticket", record_id=record.pk).get()
    version.pk, version.data, version.known_at = None, {"subject": "fine"}, day + timedelta(days=2)
    version.backfill = False
    version.save()
    read(day + timedelta(days=2))
    assert readings(record) == [*taken, ((day + timedelta(days=2)).date(), 0.0, 1)]
    Record.objects.filter(pk=record.pk).update(deleted_at=day + timedelta(days=3), updated_at=system_clock())
    read(day + timedelta(days=3))
    assert readings(record)[-1] == ((day + timedelta(days=3)).date(), None, 1)


def test_a_correction_counts_over_what_the_source_states_until_it_is_withdrawn(
    world: World,  # noqa: F811
    scorer: object,
) -> None:
    """What the model reads there is not noted; a confirmation of the model's word is a person's word as well."""
    stated = make_record(world.accounts["sakura"], "ticket", at_hour(days_ago(9)), subject="slow", tone=0.4)
    plain = make_record(world.accounts["sakura"], "ticket", at_hour(days_ago(9)), subject="slow")
    read()
    assert readings(stated) == []
    judgement, sato = TextJudgement.objects.get(record_id=stated.pk), world.members["sato"]
    day = NOW + timedelta(days=1)
    for tone, value, after in (("negative", -0.7, 0), ("negative", -0.7, 1), ("", None, 2)):
        api.correct_judgement(sato, judgement.pk, tone=tone, topic="", now=day + timedelta(days=after))
        assert readings(stated)[-1][1:] == (value, 0)
    assert [row[0] for row in readings(stated)] == [day.date(), (day + timedelta(days=2)).date()]
    api.withdraw_correction(sato, judgement.pk, now=day + timedelta(days=3))
    assert readings(stated)[-1] == ((day + timedelta(days=3)).date(), None, 1)
    api.correct_judgement(
        sato, TextJudgement.objects.get(record_id=plain.pk).pk, tone="negative", topic="", now=day
    )
    assert readings(plain)[-1] == (day.date(), -0.7, 0)
